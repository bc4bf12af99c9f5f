//! Writes a document as one HTML page that needs nothing else.
//!
//! The template escapes every text; the pictures escape theirs. There is no
//! script, and the page's own policy forbids any, along with every address.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use sha2::{Digest, Sha256};

use crate::document::{Block, Document};
use crate::escape;
use crate::look::Look;
use crate::{RenderError, twin};

pub(crate) const PAGE: &str = include_str!("../../../assets/report.html");
pub(crate) const STYLE: &str = include_str!("../../../assets/report.css");

/// Writes the page.
pub(crate) fn render(document: &Document, look: &Look) -> Result<String, RenderError> {
    let style = look.style.as_deref().unwrap_or(STYLE);
    let page = look.page.as_deref().unwrap_or(PAGE);
    let failed = |error: minijinja::Error| RenderError::Template(Box::new(error));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_filter("clean", |text: &str| escape::clean(text));
    environment.add_filter("percent", percent);
    environment.add_filter("exact", exact);
    environment.add_template("page", page).map_err(failed)?;
    let page = environment.get_template("page").map_err(failed)?;
    page.render(context! {
        doc => Serde(document),
        pictures => pictures(document),
        style => Value::from_safe_string(style.to_owned()),
        style_hash => Value::from_safe_string(STANDARD.encode(Sha256::digest(style.as_bytes()))),
        proof => twin::proof(document)?,
    })
    .map_err(failed)
}

/// A share as a length of a bar, in percent of its cell.
fn percent(share: f64) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    format!("{:.1}", share * 100.0)
}

/// The exact value for programs that read the page; nothing where there is none.
fn exact(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

/// The drawn figures by their number; place 0 stands for none.
fn pictures(document: &Document) -> Vec<Value> {
    let mut pictures = vec![Value::from("")];
    let mut put = |number: usize, svg: String| {
        if pictures.len() <= number {
            pictures.resize(number + 1, Value::from(""));
        }
        pictures[number] = Value::from_safe_string(svg);
    };
    for block in document.sections.iter().flat_map(|it| &it.blocks) {
        match block {
            Block::Charts { charts } => charts.iter().for_each(|it| put(it.number, it.svg())),
            Block::Lane(lane) => put(lane.number, lane.svg()),
            Block::Curve(curve) => put(curve.number, curve.svg()),
            _ => {}
        }
    }
    pictures
}
