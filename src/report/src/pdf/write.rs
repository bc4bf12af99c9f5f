//! Writes placed pieces as a PDF: tagged, with an outline, links and embedded fonts.
//!
//! The file is checked against PDF/UA-1 while it is written. It holds no date and no
//! random number.
//!
//! Start at [`write`].

use krilla::action::Action;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::{Page, PageSettings};
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, SerializeSettings};
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::usvg::Tree;

use super::contents;
use super::flow::{Anchor, Piece, What};
use super::layout::{Layout, titled};
use super::look::{self, Ink, Style, TOP};
use super::tags::Drawn;
use crate::RenderError;
use crate::document::Document;
use crate::escape::clean;
use crate::fonts::{Face, Fonts};
use crate::picture::Studio;

/// Longest text that is read out for a link.
const MOST_TOLD: usize = 160;

/// What is the same for all pages.
struct Press<'a> {
    document: &'a Document,
    layout: &'a Layout,
    fonts: &'a Fonts,
    faces: [Font; 3],
    pictures: Vec<Tree>,
    drawn: Drawn,
}

/// Writes the file.
///
/// # Errors
///
/// [`RenderError::Picture`] or [`RenderError::Pdf`], which no document should cause.
pub(crate) fn write(
    document: &Document,
    layout: &Layout,
    fonts: &Fonts,
) -> Result<Vec<u8>, RenderError> {
    let studio = Studio::new();
    let pictures = layout.pictures.iter().map(|it| studio.tree(fonts, it));
    let mut press = Press {
        document,
        layout,
        fonts,
        faces: faces().ok_or(RenderError::Fonts)?,
        pictures: pictures.collect::<Result<_, _>>()?,
        drawn: Drawn::none_of(&layout.tree),
    };
    let mut file = krilla::Document::new_with(settings()?);
    for pieces in &layout.pages.pages {
        let settings = PageSettings::from_wh(look::PAGE.0, look::PAGE.1);
        let mut page = file.start_page_with(settings.unwrap_or_default());
        press.page(&mut page, pieces);
        page.finish();
    }
    file.set_outline(press.outline());
    file.set_metadata(press.metadata());
    file.set_tag_tree(layout.tree.tagged(&press.drawn));
    file.finish().map_err(|error| pdf_error(&error))
}

fn settings() -> Result<SerializeSettings, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| RenderError::Pdf(format!("{error:?}").into()))?;
    Ok(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    })
}

fn pdf_error(error: &krilla::error::KrillaError) -> RenderError {
    let text = match error {
        krilla::error::KrillaError::Validation(errors) => format!("{errors:?}"),
        other => other.to_string(),
    };
    RenderError::Pdf(text.into())
}

fn faces() -> Option<[Font; 3]> {
    let read = |face: Face| Font::new(Data::from(face.bytes()), 0);
    Some([read(Face::Regular)?, read(Face::Strong)?, read(Face::Mono)?])
}

impl Press<'_> {
    fn page(&mut self, page: &mut Page<'_>, pieces: &[Piece]) {
        let mut surface = page.surface();
        for piece in pieces {
            self.draw(&mut surface, piece);
        }
        surface.finish();
        for piece in pieces {
            self.link(page, piece);
        }
    }

    fn draw(&mut self, surface: &mut Surface<'_>, piece: &Piece) {
        if matches!(piece.what, What::Link { .. }) {
            return;
        }
        let tag = match (piece.leaf, &piece.what) {
            (None, _) => ContentTag::Artifact(artifact(piece)),
            (Some(_), What::Text { .. }) => ContentTag::Span(SpanTag::empty()),
            (Some(_), _) => ContentTag::Other,
        };
        let identifier = surface.start_tagged(tag);
        match &piece.what {
            What::Text { text, style } => self.text(surface, (text, *style), (piece.x, piece.y)),
            What::Area { width, height, ink } => {
                let area = Rect::from_xywh(piece.x, piece.y, *width, *height);
                if let Some(area) = area {
                    fill(surface, *ink);
                    let mut path = PathBuilder::new();
                    path.push_rect(area);
                    if let Some(path) = path.finish() {
                        surface.draw_path(&path);
                    }
                }
            }
            What::Picture {
                picture,
                width,
                height,
            } => {
                let size = Size::from_wh(*width, *height);
                if let (Some(tree), Some(size)) = (self.pictures.get(*picture), size) {
                    surface.push_transform(&Transform::from_translate(piece.x, piece.y));
                    surface.draw_svg(tree, size, SvgSettings::default());
                    surface.pop();
                }
            }
            What::Link { .. } => {}
        }
        surface.end_tagged();
        if let Some(leaf) = piece.leaf {
            self.drawn.note(leaf, identifier);
        }
    }

    /// Text letter by letter, each from the face that has it.
    fn text(&self, surface: &mut Surface<'_>, (text, style): (&str, Style), at: (f32, f32)) {
        fill(surface, style.ink);
        let mut x = at.0;
        let mut run: Vec<KrillaGlyph> = Vec::with_capacity(text.len());
        let mut run_face = style.face;
        let mut run_from = x;
        for (place, letter) in text.char_indices() {
            let glyph = self.fonts.glyph(style.face, letter);
            if glyph.face != run_face {
                self.glyphs(
                    surface,
                    (&run, run_face),
                    (text, style.size, run_from, at.1),
                );
                run.clear();
                (run_face, run_from) = (glyph.face, x);
            }
            run.push(KrillaGlyph::new(
                GlyphId::new(glyph.id.into()),
                glyph.advance,
                0.0,
                0.0,
                0.0,
                place..place + letter.len_utf8(),
                None,
            ));
            x += glyph.advance * style.size;
        }
        self.glyphs(
            surface,
            (&run, run_face),
            (text, style.size, run_from, at.1),
        );
    }

    fn glyphs(
        &self,
        surface: &mut Surface<'_>,
        (glyphs, face): (&[KrillaGlyph], Face),
        (text, size, x, y): (&str, f32, f32, f32),
    ) {
        if !glyphs.is_empty() {
            let font = self.faces[face as usize].clone();
            surface.draw_glyphs(Point::from_xy(x, y), glyphs, font, text, size, false);
        }
    }

    fn link(&mut self, page: &mut Page<'_>, piece: &Piece) {
        let What::Link { width, height, to } = &piece.what else {
            return;
        };
        let area = Rect::from_xywh(piece.x, piece.y, width.max(0.1), *height);
        let (Some(leaf), Some(area), Some(place)) = (piece.leaf, area, self.destination(*to))
        else {
            return;
        };
        let target = Target::Action(Action::Goto(place.into()));
        let link = LinkAnnotation::new(area, target);
        let link = Annotation::new_link(link, Some(self.told(*to)));
        self.drawn.note(leaf, page.add_tagged_annotation(link));
    }

    fn destination(&self, to: Anchor) -> Option<XyzDestination> {
        let place = self.layout.pages.places.get(&to)?;
        // A little above, so that it does not stick to the edge of the window.
        let y = (place.y - 6.0).max(0.0);
        Some(XyzDestination::new(
            place.page,
            Point::from_xy(look::LEFT - 10.0, y),
        ))
    }

    /// What is read out for a link.
    fn told(&self, to: Anchor) -> String {
        let text = match to {
            Anchor::Source(number) => {
                let source = self.document.sources.get(number.wrapping_sub(1));
                let series = source.map_or("", |it| it.series.as_str());
                format!("Source {number}: {series}")
            }
            Anchor::Heading(place) | Anchor::Entry(place) => {
                let heading = self.layout.headings.get(place);
                let text = heading.map_or("", |it| it.text.as_str());
                format!("To {text}")
            }
        };
        clean(&text).chars().take(MOST_TOLD).collect()
    }

    /// Sections and what is within them.
    fn outline(&self) -> Outline {
        let mut outline = Outline::new();
        let mut open: Option<OutlineNode> = None;
        for (place, heading) in self.layout.headings.iter().enumerate() {
            let Some(target) = self.destination(Anchor::Heading(place)) else {
                continue;
            };
            let node = OutlineNode::new(heading.text.clone(), target);
            match open.as_mut().filter(|_| heading.level > 2) {
                Some(section) => section.push_child(node),
                None => {
                    if let Some(before) = open.replace(node) {
                        outline.push_child(before);
                    }
                }
            }
        }
        if let Some(last) = open {
            outline.push_child(last);
        }
        outline
    }

    fn metadata(&self) -> Metadata {
        Metadata::new()
            .title(titled(&self.document.title))
            .language("en".to_owned())
            .creator(format!("Kymo {}", clean(&self.document.kymo)))
    }
}

fn artifact(piece: &Piece) -> Artifact {
    let kind = match &piece.what {
        _ if contents::is_margin(piece.y) && piece.y < TOP => ArtifactType::Header,
        _ if contents::is_margin(piece.y) => ArtifactType::Footer,
        What::Text { .. } => ArtifactType::PaginationOther,
        _ => ArtifactType::Layout,
    };
    Artifact::with_kind(kind)
}

fn fill(surface: &mut Surface<'_>, ink: Ink) {
    let [red, green, blue] = ink.rgb();
    surface.set_stroke(None);
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }));
}
