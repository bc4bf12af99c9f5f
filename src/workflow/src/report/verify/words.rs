//! Holds the text of a report against the one that this version writes, in every look
//! that is known here.
//!
//! A page of another look may show anything beside its numbers, and a style sheet may hide
//! and draw text; so only whole pages count as compared.
//!
//! Start at [`compared`].

use report::check::Check;
use report::document::Document;
use report::look::Look;
use report::twin::Reading;
use report::{Dress, Format, Pictures};

use super::super::draft;
use super::Against;
use crate::problem::Problem;

/// How the text around the numbers stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Byte for byte what this version writes.
    Same,
    /// They differ: somebody altered them.
    Altered,
    /// Not compared: what is seen may be other than what was computed.
    NotCompared(Unlike),
}

/// Why words could not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// The data changed, so other words follow.
    Data,
    /// Another version wrote them.
    Version,
    /// The session has another name now.
    Name,
    /// The page was not made in a look that is known here.
    Look,
    /// The page is Kymo's own but for its style sheet.
    Style,
}

impl Unlike {
    /// What it is, and what may help.
    pub fn text(self) -> &'static str {
        match self {
            Self::Data => "its data changed, so other words follow",
            Self::Version => "another version of Kymo wrote them; that version can compare them",
            Self::Name => "its session has another name now; give it back the one in the report",
            Self::Look => {
                "the page is in a look that is not known here; name what it was made with: --template FILE, --style FILE"
            }
            Self::Style => {
                "its style sheet is not known here and may hide or draw text; name the one it was made with: --style FILE"
            }
        }
    }
}

/// How the words of a report stand, given the same report made anew.
pub(super) fn compared(
    (text, reading): (&str, &Reading),
    document: &Document,
    (against, check): (&Against, &Check),
) -> Result<Words, Problem> {
    if !check.stale.is_empty() {
        return Ok(Words::NotCompared(Unlike::Data));
    }
    let looks = looks(against)?;
    // Its version is a word of the report like others; numbers were computed by this one.
    let own = Document {
        kymo: reading.kymo.clone(),
        ..document.clone()
    };
    if looks.iter().any(|it| is_same(text, &own, it)) {
        return Ok(Words::Same);
    }
    Ok(if reading.kymo != document.kymo {
        Words::NotCompared(Unlike::Version)
    } else if reading.session != document.session {
        Words::NotCompared(Unlike::Name)
    } else {
        of_look(text, &own, &looks)
    })
}

/// How the words of a report stand that is none of those made anew.
fn of_look(text: &str, own: &Document, looks: &[Look]) -> Words {
    let Some(style) = style_of(text) else {
        return match is_json(text) {
            true => Words::Altered,
            false => Words::NotCompared(Unlike::Look),
        };
    };
    let sheet = |it: &Look| {
        it.style
            .clone()
            .unwrap_or_else(|| Look::files()[1].1.to_owned())
    };
    if looks.iter().any(|it| sheet(it) == style) {
        return Words::Altered;
    }
    let restyled = |it: &Look| Look {
        style: Some(style.to_owned()),
        ..it.clone()
    };
    match looks.iter().any(|it| is_same(text, own, &restyled(it))) {
        true => Words::NotCompared(Unlike::Style),
        false => Words::NotCompared(Unlike::Look),
    }
}

/// The looks that are known here: what is named, else the user's own; and Kymo's.
fn looks(against: &Against) -> Result<Vec<Look>, Problem> {
    let named = draft::look(against.template.as_deref(), against.style.as_deref())?;
    let mut looks = vec![named];
    if looks != [Look::OWN] {
        looks.push(Look::OWN);
    }
    Ok(looks)
}

/// Whether a report is what this version writes in a look. A template that does not fit
/// made no report.
fn is_same(text: &str, document: &Document, look: &Look) -> bool {
    let format = match is_json(text) {
        true => Format::Json,
        false => Format::Html,
    };
    let pictures = Pictures::Left;
    let made = report::render_as(document, format, Dress { look, pictures });
    made.is_ok_and(|it| it.bytes == text.as_bytes())
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn style_of(page: &str) -> Option<&str> {
    const BEGIN: &str = "<style>";
    let from = page.find(BEGIN)? + BEGIN.len();
    let length = page[from..].find("</style>")?;
    Some(&page[from..from + length])
}
