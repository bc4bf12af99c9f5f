//! What speaks for and against each candidate, in sentences.
//!
//! Start at [`fill`].

use model::time::duration_text;
use model::unit::digits;

use crate::frame::Frame;

use super::names::{self, Names};
use super::rank::{self, MOVED, Ranking};
use super::shift::Move;
use super::window::Scene;
use super::{Candidate, Limiting};

/// Below this many scales a series moves as much without any disturbance.
const WITHIN_USUAL: f64 = 3.0;

/// From this size on a rank correlation is worth a sentence for.
const AGREES: f64 = 0.7;

/// Below this size it is worth a sentence against.
const DISAGREES: f64 = 0.3;

/// Below this share of rows with a value it is worth a sentence.
const FULL: f64 = 0.9;

/// At most so many names in one sentence.
const MOST_NAMES: usize = 3;

/// Adds the sentences of all candidates.
pub(super) fn fill(
    frame: &Frame,
    names: &Names,
    scene: &Scene,
    (ranking, limiting): (&Ranking, &[Limiting]),
    candidates: &mut [Candidate],
) {
    let teller = Teller {
        frame,
        names,
        scene,
        ranking,
        limiting,
    };
    for candidate in candidates {
        candidate.supports = teller.supports(candidate);
        candidate.against = teller.against(candidate);
    }
}

struct Teller<'a> {
    frame: &'a Frame,
    names: &'a Names,
    scene: &'a Scene,
    ranking: &'a Ranking,
    limiting: &'a [Limiting],
}

impl Teller<'_> {
    fn supports(&self, candidate: &Candidate) -> Vec<String> {
        let mut said = vec![self.movement(candidate)];
        said.extend(self.companions(candidate));
        said.extend(self.lead(candidate));
        if let (Some(rho), Some(symptom)) = (candidate.correlation, self.symptom())
            && rho.abs() >= AGREES
        {
            let how = if rho > 0.0 { "with" } else { "against" };
            said.push(format!(
                "it goes {how} {symptom} through the disturbance (rank correlation {rho:.2})"
            ));
        }
        let part = self.names.part[candidate.line];
        let callers = &self.ranking.callers[part];
        if !callers.is_empty() {
            let callers = self.list(callers);
            said.push(format!(
                "{} is called by {callers}, disturbed too: a callee explains its callers",
                candidate.part
            ));
        }
        if !candidate.class.is_outcome() && candidate.class != names::Class::Other {
            let class = candidate.class.name();
            said.push(format!("it is a resource ({class}), which can be a cause"));
        }
        if self.ranking.suspects[candidate.line].limited == Some(true) {
            let here = |it: &&Limiting| it.class == candidate.class;
            let limiting = self.limiting.iter().find(here);
            said.extend(limiting.map(|it| format!("{} limited meanwhile", it.title)));
        }
        said
    }

    fn against(&self, candidate: &Candidate) -> Vec<String> {
        let mut said = Vec::new();
        let shift = &candidate.shift;
        if shift.kind == Move::Shifted && shift.scales.abs() < WITHIN_USUAL {
            said.push(format!(
                "{:.1} times its usual variation is no more than it moves anyway",
                shift.scales.abs()
            ));
        }
        if shift.kind == Move::Shifted && shift.scales.abs() < shift.against_all.abs() / 2.0 {
            said.push("most of the difference was there before the disturbance".to_owned());
        }
        said.extend(self.lateness(candidate));
        if self.ranking.suspects[candidate.line].limited == Some(false) {
            said.push("it measures nothing of what limited meanwhile".to_owned());
        }
        let part = self.names.part[candidate.line];
        if let Some(callee) = self.ranking.callee[part] {
            said.push(format!(
                "{} calls {}, which is disturbed as well and may explain it",
                candidate.part, self.names.parts[callee]
            ));
        }
        if !self.ranking.reached[part] {
            said.push(format!(
                "no known call leads from the symptom's part to {}",
                candidate.part
            ));
        }
        if candidate.class.is_outcome() {
            let class = candidate.class.name();
            said.push(format!(
                "{class} is what a part's users feel, more often an effect than a cause"
            ));
        }
        if self.names.bad[candidate.line] * shift.scales < 0.0 {
            said.push("it moved to its better side".to_owned());
        }
        if let (Some(symptom), rho) = (self.symptom(), candidate.correlation.unwrap_or(0.0))
            && rho.abs() < DISAGREES
        {
            said.push(format!("it does not go up and down with {symptom}"));
        }
        if candidate.coverage < FULL && shift.kind != Move::Vanished {
            said.push(format!(
                "it has values in only {:.0} % of the disturbed rows",
                candidate.coverage * 100.0
            ));
        }
        if said.is_empty() {
            said.push(
                "nothing that was measured; a cause that was not measured would look the same"
                    .to_owned(),
            );
        }
        said
    }

    fn movement(&self, candidate: &Candidate) -> String {
        let shift = &candidate.shift;
        let unit = &self.frame.lines[candidate.line].series.unit;
        let text = |value: f64| match unit.code() {
            "{value}" => digits(value),
            _ => unit.text(value),
        };
        let after = text(shift.after);
        match shift.kind {
            Move::Appeared => format!("it was not there before and is at {after} since"),
            Move::Vanished => format!("it was at {} and is gone since", text(shift.before)),
            Move::Shifted | Move::Unknown => {
                let before = text(shift.before);
                let way = if shift.after >= shift.before {
                    "rose"
                } else {
                    "fell"
                };
                let size = match shift.scale > 0.0 {
                    true => format!("{} times its usual variation", digits(shift.scales.abs())),
                    false => "after it had never moved".to_owned(),
                };
                format!("it {way} from {before} to {after}, {size}")
            }
        }
    }

    fn companions(&self, candidate: &Candidate) -> Option<String> {
        let part = self.names.part[candidate.line];
        let own = self.names.family[candidate.line];
        let moved = self.ranking.suspects.iter().enumerate();
        let moved = moved.filter(|(line, suspect)| {
            self.names.part[*line] == part
                && self.names.family[*line] != own
                && suspect.shift.strength() >= MOVED
        });
        let count = names::distinct(moved.map(|(line, _)| self.names.family[line]));
        let of = self.names.families[part] - 1;
        (count > 0).then(|| {
            format!(
                "{count} of {of} other measures of {} moved with it",
                candidate.part
            )
        })
    }

    fn lead(&self, candidate: &Candidate) -> Option<String> {
        if let Some(rows) = self.ranking.suspects[candidate.line].lead {
            let lead = duration_text(rank::seconds(self.frame, rows));
            return Some(format!("it moved {lead} before the symptom"));
        }
        let first = self.ranking.first == Some(candidate.line);
        first.then(|| "nothing surely moved earlier".to_owned())
    }

    fn lateness(&self, candidate: &Candidate) -> Option<String> {
        let rows = self.ranking.suspects[candidate.line].later?;
        let first = self.frame.lines.get(self.ranking.first?)?.told();
        let late = duration_text(rank::seconds(self.frame, rows));
        Some(format!("it moved {late} after {first}"))
    }

    fn symptom(&self) -> Option<String> {
        let line = self.frame.lines.get(self.scene.symptom?)?;
        Some(line.told())
    }

    fn list(&self, parts: &[usize]) -> String {
        let names = parts.iter().take(MOST_NAMES);
        let names: Vec<&str> = names.map(|it| self.names.parts[*it].as_str()).collect();
        match parts.len() - names.len() {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}
