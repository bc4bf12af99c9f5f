//! The help pages as the program carries them: pages, their sections, and where links lead.
//!
//! The pages are Markdown in `assets/help`, one sentence a line, and read as well in the
//! repository. A place in them is written `page` or `page#section`, where a section is named
//! by its heading as code hosts name it ([`slug`]); [`topics`] says which place speaks of
//! which finding and screen, [`link`] asks the window to show one.
//!
//! * In: text that is built in. Out: sections, places, hits of a search.
//! * Never: reads a file; tests hold every link against the pages.
//!
//! Start at [`PAGES`] and [`Manual::find`].

pub mod link;
pub mod topics;

#[cfg(test)]
mod tests;

/// One page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its file in `assets/help`, without the ending.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A page of `assets/help`.
macro_rules! page {
    ($name:literal) => {
        Page {
            name: $name,
            text: include_str!(concat!("../../../assets/help/", $name, ".md")),
        }
    };
}

/// Every page, in reading order. Add yours here.
pub const PAGES: &[Page] = &[
    page!("README"),
    page!("tour"),
    page!("window"),
    page!("collection"),
    page!("analysis"),
    page!("optimization"),
    page!("reporting"),
    page!("security"),
    page!("missing"),
    page!("glossary"),
    page!("keyboard"),
];

/// The page that opens first.
pub const INDEX: &str = "README";

/// The page that lists every command; the window shows its own table in its place.
pub const KEYBOARD: &str = "keyboard";

/// Headings deeper than this are no sections of their own.
const DEEPEST: usize = 3;

/// A part of a page from one heading to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// One for the title of the page, two and three below.
    pub level: usize,
    /// The heading.
    pub title: &'static str,
    /// The heading and what stands below it.
    pub text: &'static str,
}

/// Where in the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which of [`PAGES`].
    pub page: usize,
    /// Which of its sections; zero is its beginning.
    pub section: usize,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a place in the pages.
    Inside(Place),
    /// Out of the program.
    Outside(String),
    /// To nothing that is there.
    Nowhere,
}

/// A section that has all words of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub place: Place,
    /// The line that has the first word, plain.
    pub line: String,
}

/// All pages, split into sections.
#[derive(Clone, Debug)]
pub struct Manual {
    sections: Vec<Vec<Section>>,
}

impl Default for Manual {
    fn default() -> Self {
        Self {
            sections: PAGES.iter().map(|page| sections(page.text)).collect(),
        }
    }
}

impl Manual {
    /// The sections of a page; none of a page that is not there.
    pub fn sections(&self, page: usize) -> &[Section] {
        self.sections.get(page).map_or(&[], Vec::as_slice)
    }

    /// The title of a page.
    pub fn title(&self, page: usize) -> &'static str {
        self.sections(page).first().map_or("", |it| it.title)
    }

    /// The place of an address such as `analysis` or `analysis#anomaly-spike`.
    pub fn find(&self, address: &str) -> Option<Place> {
        let (name, anchor) = address.split_once('#').unwrap_or((address, ""));
        let page = PAGES.iter().position(|page| page.name == name)?;
        let section = match anchor {
            "" => 0,
            anchor => self
                .sections(page)
                .iter()
                .position(|section| slug(section.title) == anchor)?,
        };
        Some(Place { page, section })
    }

    /// Where a link of a page leads.
    pub fn target(&self, page: usize, destination: &str) -> Target {
        if destination.contains("://") {
            return Target::Outside(destination.to_owned());
        }
        let name = PAGES.get(page).map_or("", |page| page.name);
        let (file, anchor) = destination.split_once('#').unwrap_or((destination, ""));
        let name = match file {
            "" => Some(name),
            file => file.strip_suffix(".md"),
        };
        let place = name.and_then(|name| self.find(&format!("{name}#{anchor}")));
        place.map_or(Target::Nowhere, Target::Inside)
    }

    /// Sections of which every word of the search is in heading or text, in reading order;
    /// those that have all of them in the heading come first. The words are in lower case.
    pub fn search(&self, words: &[String]) -> Vec<Hit> {
        let (mut named, mut others) = (Vec::new(), Vec::new());
        let pages = self.sections.iter().enumerate();
        for (place, section) in pages.flat_map(|(page, sections)| {
            let sections = sections.iter().enumerate();
            sections.map(move |(section, it)| (Place { page, section }, it))
        }) {
            let has = |text: &str| {
                let text = text.to_lowercase();
                words.iter().all(|word| text.contains(word.as_str()))
            };
            if !has(section.text) {
                continue;
            }
            let hit = Hit {
                place,
                line: line_with(section.text, words.first().map_or("", String::as_str)),
            };
            match has(section.title) {
                true => named.push(hit),
                false => others.push(hit),
            }
        }
        named.append(&mut others);
        named
    }
}

/// The first line below the heading that has the word, else the first one, without marks.
fn line_with(text: &str, word: &str) -> String {
    let lines = || text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let found = lines().find(|line| line.to_lowercase().contains(word));
    plain(found.or_else(|| lines().next()).unwrap_or_default())
}

/// A line as it is read: without marks of items and emphasis, links by their text.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.trim_start_matches(['*', '-', ' ', '>', '|', '#']);
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        rest = match link.split_once("](") {
            Some((text, after)) => {
                plain.push_str(text);
                after.split_once(')').map_or("", |(_, rest)| rest)
            }
            None => {
                plain.push('[');
                link
            }
        };
    }
    plain.push_str(rest);
    plain.replace(['`', '*', '|'], "").trim().to_owned()
}

/// The sections of a page; text before the first heading belongs to none.
fn sections(text: &'static str) -> Vec<Section> {
    let mut found: Vec<(usize, usize, &'static str)> = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        let level = line.bytes().take_while(|it| *it == b'#').count();
        let title = line.get(level..).and_then(|rest| rest.strip_prefix(' '));
        if let (false, 1..=DEEPEST, Some(title)) = (fenced, level, title) {
            found.push((at, level, title.trim()));
        }
        at += line.len();
    }
    let ends = found.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
    let ends: Vec<usize> = ends.collect();
    let with_ends = found.iter().zip(ends);
    with_ends
        .map(|((from, level, title), to)| Section {
            level: *level,
            title,
            text: &text[*from..to],
        })
        .collect()
}

/// The name of a heading in links: in lower case, blanks as hyphens, without other signs.
///
/// # Source
///
/// What GitHub and other code hosts make of a heading, for headings without markup.
pub fn slug(title: &str) -> String {
    let kept = title.chars().filter_map(|it| match it {
        ' ' => Some('-'),
        '-' | '_' => Some(it),
        _ if it.is_alphanumeric() => Some(it),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

/// The destinations of all links of a text, in order; none of those in code.
pub fn links(text: &str) -> Vec<&str> {
    let (mut all, mut fenced) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second part lies between two backquotes: code.
        for part in line.split('`').step_by(2) {
            let ends = part.split("](").skip(1);
            all.extend(ends.filter_map(|rest| rest.split_once(')').map(|(it, _)| it)));
        }
    }
    all
}
