//! The Report screen by its labels.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use model::report::{Draft, Item};
use model::time::{Moment, SECOND_NS, Span};
use model::unit::Unit;
use report::document::{Block, Document, Fact, Run, SCHEMA, Section, Token};
use report::request::Request;
use report::sources::Sources;

use super::{Action, Data, State};
use crate::export::Form;
use crate::inquiry::Stage;
use crate::view::testing;

fn whole() -> Span {
    Span {
        from: Moment(0),
        to: Moment(100 * SECOND_NS),
    }
}

/// A document of one number, and one that was written by hand.
fn document() -> Arc<Document> {
    let mut sources = Sources::new("shop.kymo", whole());
    let source = sources.id("web-1/system.cpu.utilization", "samples");
    let mut token = Token::new(0.42, &Unit::new("1"), "p95", source);
    token.id = "0123456789ab".to_owned();
    let runs = vec![
        Run::text("The processor: "),
        Run::Number(token),
        Run::Loose {
            text: "7".to_owned(),
        },
    ];
    Arc::new(Document {
        schema: SCHEMA,
        kymo: "0.1.0".to_owned(),
        kind: "performance",
        title: "Load test".to_owned(),
        author: String::new(),
        session: "shop.kymo".to_owned(),
        window: whole(),
        facts: vec![Fact::text("Session", "shop.kymo")],
        sections: vec![Section::new(
            "summary",
            "Summary",
            vec![Block::Paragraph { runs }],
        )],
        sources: sources.into_list(),
        request: Request::new("performance", whole()),
    })
}

/// What the screen is shown with.
struct Shown {
    stored: bool,
    drafts: Vec<Draft>,
    document: Option<Arc<Document>>,
    asked: Option<Draft>,
}

impl Shown {
    fn of(draft: Draft) -> Self {
        Self {
            stored: true,
            asked: Some(draft.clone()),
            drafts: vec![draft],
            document: Some(document()),
        }
    }

    fn data(&self) -> Data<'_> {
        Data {
            stored: self.stored,
            drafts: &self.drafts,
            pinned: &[],
            whole: whole(),
            selection: None,
            document: self.document.as_ref(),
            asked: self.asked.as_ref(),
            version: 1,
            asked_version: 1,
            stage: Stage::Idle,
            trouble: None,
            verified: None,
        }
    }
}

fn after(shown: &Shown, does: impl FnOnce(&mut Harness<'_>)) -> Vec<Action> {
    let mut state = State::default();
    let mut actions = Vec::new();
    let mut harness = testing::harness([1200.0, 800.0], |ui| {
        actions.extend(super::ui(ui, &mut state, &shown.data()));
    });
    harness.run();
    does(&mut harness);
    harness.run();
    drop(harness);
    actions
}

fn draft() -> Draft {
    Draft {
        items: vec![
            Item::Part("summary".to_owned()),
            Item::Text("It was 12 % slower.".to_owned()),
            Item::Part("quality".to_owned()),
        ],
        ..Draft::new("performance")
    }
}

/// The items of the last draft that was asked for.
fn edited(actions: &[Action]) -> Vec<Item> {
    let last = actions.iter().rev().find_map(|it| match it {
        Action::Edit(draft) => Some(draft.items.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}

#[test]
fn without_a_session_it_says_what_a_report_is_about() {
    let mut shown = Shown::of(draft());
    shown.stored = false;
    let actions = after(&shown, |harness| harness.get_by_label("Open…").click());
    assert_eq!(actions, [Action::Open]);
}

#[test]
fn a_draft_is_made_once_and_again_when_it_changed() {
    let mut shown = Shown::of(draft());
    assert_eq!(after(&shown, |_| ()), []);
    shown.asked = None;
    let actions = after(&shown, |_| ());
    assert!(
        actions.iter().all(|it| matches!(it, Action::Make(_))),
        "{actions:?}"
    );
    assert!(!actions.is_empty());
}

#[test]
fn items_are_moved_and_removed_by_their_buttons() {
    let shown = Shown::of(draft());
    let actions = after(&shown, |harness| {
        harness.get_by_label("Move up Data quality").click();
    });
    let items = edited(&actions);
    assert_eq!(items[1], Item::Part("quality".to_owned()), "{items:?}");
    let actions = after(&shown, |harness| {
        harness.get_by_label("Remove Summary").click();
    });
    assert_eq!(edited(&actions).len(), 2);
}

#[test]
fn the_text_says_which_numbers_lead_to_no_source() {
    let shown = Shown::of(draft());
    after(&shown, |harness| {
        harness.get_by_label("Edit It was 12 % slower.").click();
        harness.run();
        harness.get_by_label_contains("1 number leads to no source");
    });
}

#[test]
fn the_preview_tells_numbers_and_what_was_written_by_hand() {
    let shown = Shown::of(draft());
    after(&shown, |harness| {
        harness.get_by_label("The processor: 42 %7");
        harness.get_by_label_contains("1 numbers lead to 1 sources");
        harness.get_by_label_contains("1 written by hand");
    });
}

#[test]
fn another_kind_and_another_form() {
    let shown = Shown::of(draft());
    let actions = after(&shown, |harness| {
        harness.get_by_label("Trend").click();
        harness.run();
        harness.get_by_label("Where it is heading");
        harness.get_by_label("Export ▾").click();
        harness.run();
        harness.get_by_label("Markdown").click();
    });
    let exported = actions.iter().find_map(|it| match it {
        Action::Export(form, draft) => Some((*form, draft.kind.clone())),
        _ => None,
    });
    assert_eq!(exported, Some((Form::Markdown, "trend".to_owned())));
}
