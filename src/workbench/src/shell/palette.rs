//! The palette: commands, series, hosts, sessions, notes and times by a few letters.
//!
//! A first sign chooses what is looked for: `>` commands, `@` notes, `:` a time;
//! without one, commands or things to go to, as the palette was opened.

use std::path::PathBuf;

use eframe::egui::{self, Context, Key, RichText, Ui, vec2};
use model::series::SeriesKey;
use model::time::{Moment, parse_duration_ns};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::Scene;
use super::Wish;
use crate::commands::{self, ALL, CATEGORIES};
use crate::theme;

/// Lines listed at once.
const LISTED: usize = 14;

/// Things searched at once: more series than any host has.
const SEARCHED_MAX: usize = 50_000;

/// Scratch that lives between frames. Never data, never saved.
#[derive(Default)]
pub struct State {
    open: Option<Kind>,
    query: String,
    chosen: usize,
    found: Option<(String, Kind, u64, Vec<Line>)>,
    matcher: Option<Matcher>,
}

/// What the palette looks for without a first sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Commands.
    Commands,
    /// Series, hosts, sessions.
    Things,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Do this.
    Command(commands::Id),
    /// Draw this series.
    Series(SeriesKey),
    /// Show only this host's plots, or all again.
    Host(String),
    /// Open this session.
    File(PathBuf),
    /// Go to this note.
    Note(u32),
    /// Go to this moment.
    Time(Moment),
}

#[derive(Clone, Debug)]
struct Line {
    text: String,
    /// Further words by which it is found.
    also: &'static str,
    aside: String,
    choice: Choice,
    enabled: bool,
}

impl State {
    /// Opens the palette.
    pub fn open(&mut self, kind: Kind) {
        *self = Self {
            open: Some(kind),
            matcher: self.matcher.take(),
            ..Self::default()
        };
    }

    /// Whether it takes the keys.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// Draws the palette, if it is open.
pub(super) fn ui(ctx: &Context, state: &mut State, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    let Some(kind) = state.open else {
        return;
    };
    let screen = ctx.content_rect();
    let area = egui::Modal::default_area(egui::Id::unique("palette")).anchor(
        egui::Align2::CENTER_TOP,
        vec2(0.0, (screen.height() * 0.12).min(120.0)),
    );
    let modal = egui::Modal::new(egui::Id::unique("palette")).area(area);
    let answer = modal.show(ctx, |ui| {
        ui.set_width(620.0_f32.min(screen.width() - 40.0));
        palette_ui(ui, state, (kind, scene))
    });
    if let Some(choice) = answer.inner {
        state.open = None;
        wishes.push(Wish::Palette(choice));
    } else if answer.should_close() {
        state.open = None;
    }
}

fn palette_ui(ui: &mut Ui, state: &mut State, (kind, scene): (Kind, &Scene<'_>)) -> Option<Choice> {
    let hint = match kind {
        Kind::Commands => "Find a command; @ notes, : a time such as :14:07 or :-5m",
        Kind::Things => "Go to a series, host or session; > commands, @ notes, : a time",
    };
    let step = step(ui);
    let edit = egui::TextEdit::singleline(&mut state.query)
        .hint_text(hint)
        .desired_width(f32::INFINITY)
        .id_salt("palette query");
    let response = ui.add(edit);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::SearchInput, true, "Palette search")
    });
    response.request_focus();
    if response.changed() {
        state.chosen = 0;
    }
    state.refresh(kind, scene);
    let Some((_, _, _, lines)) = &state.found else {
        return None;
    };
    let last = lines.len().saturating_sub(1);
    state.chosen = state.chosen.saturating_add_signed(step).min(last);
    let mut picked = None;
    let mut clicked = None;
    if lines.is_empty() {
        ui.weak("Nothing fits. Fewer letters find more.");
    }
    egui::ScrollArea::vertical()
        .max_height(420.0)
        .show(ui, |ui| {
            for (place, line) in lines.iter().enumerate() {
                if line_ui(ui, line, (place, state.chosen)) {
                    clicked = Some(line);
                }
            }
        });
    let enter = ui.input(|input| input.key_pressed(Key::Enter));
    let chosen = lines.get(state.chosen).filter(|_| enter);
    if let Some(line) = clicked.or(chosen).filter(|line| line.enabled) {
        picked = Some(line.choice.clone());
    }
    picked
}

/// How far the arrow keys move the choice; the text field does not see them.
fn step(ui: &Ui) -> isize {
    ui.input_mut(|input| {
        let down = input.count_and_consume_key(egui::Modifiers::NONE, Key::ArrowDown);
        let up = input.count_and_consume_key(egui::Modifiers::NONE, Key::ArrowUp);
        down as isize - up as isize
    })
}

fn line_ui(ui: &mut Ui, line: &Line, (place, chosen): (usize, usize)) -> bool {
    let weak = theme::of(ui.visuals()).text_weak;
    ui.push_id(place, |ui| {
        let button = egui::Button::selectable(place == chosen, &line.text)
            .shortcut_text(RichText::new(&line.aside).color(weak))
            .min_size(vec2(ui.available_width(), 0.0));
        let response = ui.add_enabled(line.enabled, button);
        if place == chosen {
            response.scroll_to_me(None);
        }
        response.clicked()
    })
    .inner
}

impl State {
    fn refresh(&mut self, kind: Kind, scene: &Scene<'_>) {
        let version = scene.session.version();
        let same = self.found.as_ref().is_some_and(|(query, known, of, _)| {
            *query == self.query && *known == kind && *of == version
        });
        if same {
            return;
        }
        let (sign, rest) = match self.query.chars().next() {
            Some(sign @ ('>' | '@' | ':')) => (sign, &self.query[sign.len_utf8()..]),
            _ if kind == Kind::Commands => ('>', self.query.as_str()),
            _ => (' ', self.query.as_str()),
        };
        let rest = rest.trim();
        let lines = match sign {
            ':' => times(rest, scene),
            '@' => notes(scene),
            '>' => command_lines(scene),
            _ => things(scene),
        };
        let lines = match sign {
            ':' => lines,
            _ => {
                let matcher = self
                    .matcher
                    .get_or_insert_with(|| Matcher::new(Config::DEFAULT));
                ranked(lines, rest, matcher)
            }
        };
        self.found = Some((self.query.clone(), kind, version, lines));
    }
}

/// The lines that fit, best first; all in their order without a query.
fn ranked(lines: Vec<Line>, query: &str, matcher: &mut Matcher) -> Vec<Line> {
    if query.is_empty() {
        return lines.into_iter().take(LISTED * 4).collect();
    }
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, Line)> = lines
        .into_iter()
        .filter_map(|line| {
            let words = format!("{} {}", line.text, line.also);
            let text = Utf32Str::new(&words, &mut buffer);
            Some((pattern.score(text, matcher)?, line))
        })
        .collect();
    scored.sort_by_key(|(score, line)| (!line.enabled, std::cmp::Reverse(*score)));
    let best = scored.into_iter().take(LISTED * 4);
    best.map(|(_, line)| line).collect()
}

fn command_lines(scene: &Scene<'_>) -> Vec<Line> {
    let title = |category| {
        let found = CATEGORIES.iter().find(|(known, _)| *known == category);
        found.map_or("", |(_, title)| *title)
    };
    let lines = ALL
        .iter()
        .filter(|command| command.id != commands::Id::Palette);
    let lines = lines.map(|command| Line {
        text: format!("{}: {}", title(command.category), scene.facts.name(command)),
        also: command.key,
        aside: commands::keys(command),
        choice: Choice::Command(command.id),
        enabled: scene.facts.allow(command),
    });
    lines.collect()
}

fn things(scene: &Scene<'_>) -> Vec<Line> {
    let line = |text: String, aside: &str, choice| Line {
        text,
        also: "",
        aside: aside.to_owned(),
        choice,
        enabled: true,
    };
    let several = scene.session.hosts().len() > 1;
    let hosts = scene.session.hosts().iter().filter(|_| several);
    let hosts = hosts.map(|host| line(host.clone(), "host", Choice::Host(host.clone())));
    let examples = scene
        .desk
        .examples
        .iter()
        .map(|it| line(it.name.clone(), "example", Choice::File(it.path.clone())));
    let recent = scene.desk.recent.files.iter().map(|path| {
        line(
            path.display().to_string(),
            "recent",
            Choice::File(path.clone()),
        )
    });
    let series = scene.session.series().iter().map(|series| {
        let name = match several {
            true => series.key.to_string(),
            false => series.key.column(),
        };
        line(name, series.unit.code(), Choice::Series(series.key.clone()))
    });
    let all = hosts.chain(recent).chain(examples).chain(series);
    all.take(SEARCHED_MAX).collect()
}

fn notes(scene: &Scene<'_>) -> Vec<Line> {
    let notes = scene.session.notes().iter().map(|note| Line {
        text: note.text.clone(),
        also: "",
        aside: scene.clock.text(note.span.from),
        choice: Choice::Note(note.id),
        enabled: true,
    });
    notes.collect()
}

fn times(text: &str, scene: &Scene<'_>) -> Vec<Line> {
    let found = moment(text, scene.timeline.moment(), scene.session.span().to);
    let line = |at: Moment| Line {
        text: format!("Go to {}", scene.clock.text(at)),
        also: "",
        aside: "time".to_owned(),
        choice: Choice::Time(at),
        enabled: true,
    };
    found.map(line).into_iter().collect()
}

/// Reads a moment: in full, `-5m` before the end, or a time of the shown day in UTC.
fn moment(text: &str, shown: Moment, end: Moment) -> Option<Moment> {
    if let Some(length) = text.strip_prefix('-') {
        return Some(end.plus_ns(-parse_duration_ns(length)?));
    }
    let clock = text.split(':').count();
    if (2..=3).contains(&clock) && text.len() <= 12 {
        let day = shown.strftime("%Y-%m-%d", model::time::Zone::Utc);
        let seconds = if clock == 2 { ":00" } else { "" };
        return format!("{day} {text}{seconds}").parse().ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_full_and_in_short() {
        let shown: Moment = "2026-01-31T12:00:00Z".parse().expect("a moment");
        let end = shown.plus_ns(60_000_000_000);
        let text = |short: &str| moment(short, shown, end).map(|it| it.to_string());
        assert_eq!(text("14:07").as_deref(), Some("2026-01-31T14:07:00Z"));
        assert_eq!(text("14:07:09").as_deref(), Some("2026-01-31T14:07:09Z"));
        assert_eq!(text("-1m").as_deref(), Some("2026-01-31T12:00:00Z"));
        assert_eq!(
            text("2026-01-30T00:00:00Z").as_deref(),
            Some("2026-01-30T00:00:00Z")
        );
        for wrong in ["", "noon", "-", "25:99", "::"] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn letters_in_order_find_a_line_and_what_works_comes_first() {
        let line = |text: &str, enabled| Line {
            text: text.to_owned(),
            also: "view.theme",
            aside: String::new(),
            choice: Choice::Time(Moment(0)),
            enabled,
        };
        let lines = vec![
            line("File: Quit", true),
            line("View: Dark colors", false),
            line("View: Dark, really", true),
        ];
        let mut matcher = Matcher::new(Config::DEFAULT);
        let found = ranked(lines, "dark", &mut matcher);
        let texts: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["View: Dark, really", "View: Dark colors"]);
        assert_eq!(ranked(found, "theme", &mut matcher).len(), 2);
    }
}
