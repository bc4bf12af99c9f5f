//! What a plan may become next, and what is missing for it.
//!
//! The life of a plan is the table [`TRANSITIONS`]; whatever is not in it is refused. Two
//! steps need more than the table: an approval, and the beginning of carrying out. What is
//! missing for them is told all at once, each with what to do.
//!
//! * In: a plan, who, when. Out: the plan in its next state, or what is missing.
//! * Never: reads a clock; a time is an argument.
//!
//! Start at [`TRANSITIONS`], [`approve`] and [`begin`].

use std::fmt;

use model::plan::check;
use model::plan::{Approval, Class, Expected, Plan, Prediction, State};
use model::time::{Moment, SECOND_NS, duration_text};

use crate::document;

/// A prediction, and an approval, is fresh for so long.
pub const FRESH_NS: i64 = 24 * 3600 * SECOND_NS;

/// Clocks of two machines may differ by so much before "later than now" is believed.
pub const CLOCKS_NS: i64 = 5 * 60 * SECOND_NS;

/// Approvals that a plan keeps; more say nothing new.
const APPROVALS_MOST: usize = 64;

/// One step that a plan may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// From here
    pub from: State,
    /// to here,
    pub to: State,
    /// because of this.
    pub because: &'static str,
}

const fn step(from: State, to: State, because: &'static str) -> Transition {
    Transition { from, to, because }
}

/// Every step, in the order of a life. What is not here does not happen.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = &[
    step(State::Draft, State::Predicted, "its effect was predicted"),
    step(State::Predicted, State::Predicted, "its effect was predicted again"),
    step(State::Approved, State::Predicted, "its effect was predicted again, which voids the approval"),
    step(State::Expired, State::Predicted, "its effect was predicted again"),
    step(State::RolledBack, State::Predicted, "its effect was predicted again, after it was taken back"),
    step(State::Predicted, State::Approved, "somebody agreed to these contents"),
    step(State::Approved, State::Approved, "somebody else agreed to the same contents"),
    step(State::Predicted, State::Rejected, "somebody said no"),
    step(State::Approved, State::Rejected, "somebody withdrew the approval"),
    step(State::Approved, State::Expired, "nobody carried it out while the approval was fresh"),
    step(State::Predicted, State::Draft, "it was edited"),
    step(State::Approved, State::Draft, "it was edited, which voids prediction and approvals"),
    step(State::Expired, State::Draft, "it was edited"),
    step(State::Rejected, State::Draft, "it was edited"),
    step(State::RolledBack, State::Draft, "it was edited after it was taken back"),
    step(State::Approved, State::Applying, "an agent took it on"),
    step(State::Applying, State::Applied, "the last action was carried out"),
    step(State::Applied, State::Confirmed, "it was confirmed in time"),
    step(State::Confirmed, State::Validated, "what was measured is as predicted"),
    step(State::Confirmed, State::Mispredicted, "what was measured is not as predicted"),
    step(State::Applying, State::RolledBack, "everything is as before"),
    step(State::Applied, State::RolledBack, "everything is as before"),
    step(State::Confirmed, State::RolledBack, "everything is as before"),
    step(State::Validated, State::RolledBack, "everything is as before"),
    step(State::Mispredicted, State::RolledBack, "everything is as before"),
    step(State::Applying, State::RollbackFailed, "something could not be put back"),
    step(State::Applied, State::RollbackFailed, "something could not be put back"),
    step(State::Confirmed, State::RollbackFailed, "something could not be put back"),
    step(State::Validated, State::RollbackFailed, "something could not be put back"),
    step(State::Mispredicted, State::RollbackFailed, "something could not be put back"),
    step(State::RollbackFailed, State::RolledBack, "what was left over was put back by hand, and read back"),
];

/// Why a step is refused, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is missing.
    pub what: String,
    /// What to do, as a sentence without its full stop.
    pub next: String,
}

impl Missing {
    fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.next)
    }
}

/// A step was refused for at least one reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.missing))]
pub struct Refused {
    /// Every reason, the first to mend first.
    pub missing: Vec<Missing>,
}

fn listed(missing: &[Missing]) -> String {
    let texts: Vec<String> = missing.iter().map(Missing::to_string).collect();
    texts.join("; ")
}

/// Who may approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approver {
    /// The author too.
    Anyone,
    /// Somebody else than the author.
    OtherThanAuthor,
}

/// What is known when somebody wants to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent<'a> {
    /// Who.
    pub who: &'a str,
    /// Now.
    pub at: Moment,
    /// Metrics of class C or X that were acknowledged one by one.
    pub acknowledged: &'a [String],
    /// Version of the models of this build.
    pub version: &'a str,
    /// Who may.
    pub approver: Approver,
}

/// The step from one state to another, if there is one.
pub fn transition(from: State, to: State) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|it| it.from == from && it.to == to)
}

/// The states that may come next, in the order of the table.
pub fn next_states(from: State) -> impl Iterator<Item = &'static Transition> {
    TRANSITIONS.iter().filter(move |it| it.from == from)
}

/// Whether the contents of a plan may be edited in this state: not while it is carried
/// out, and not afterwards, when the plan says what was done.
pub fn is_editable(state: State) -> bool {
    state == State::Draft || transition(state, State::Draft).is_some()
}

/// Takes a step that needs nothing but to be in the table: what an agent reports, a
/// rejection, a confirmation, the outcome of a validation.
///
/// # Errors
///
/// [`Refused`] where there is no such step, and for those that have a function of their
/// own: [`predicted`], [`approve`], [`begin`], [`expire`].
pub fn advance(plan: &mut Plan, to: State, at: Moment) -> Result<(), Refused> {
    let own = match to {
        State::Predicted => Some("predict its effect"),
        State::Approved => Some("approve it"),
        State::Applying => Some("apply it"),
        State::Draft => Some("edit it"),
        State::Expired => Some("wait: it expires by itself"),
        _ => None,
    };
    if let Some(next) = own {
        let what = format!("a plan does not become {} by a word", to.name());
        return Err(refused(Missing::new(what, next)));
    }
    allowed(plan.state, to)?;
    if to == State::Applied {
        plan.applied = Some(at);
    }
    plan.state = to;
    Ok(())
}

/// Takes in a prediction made for these contents; approvals of an earlier one are void.
///
/// # Errors
///
/// [`Refused`] where the plan is carried out already, where it is faulty, or where the
/// prediction was made for other contents.
pub fn predicted(
    plan: &mut Plan,
    prediction: Prediction,
    expected: Vec<Expected>,
) -> Result<(), Refused> {
    allowed(plan.state, State::Predicted)?;
    let mut missing = faulty(plan);
    if prediction.hash != document::mandate_hash(plan) {
        missing.push(Missing::new(
            "the prediction was made for other contents",
            "predict again",
        ));
    }
    none_missing(missing)?;
    plan.prediction = Some(prediction);
    plan.expected = expected;
    plan.approvals.clear();
    plan.applied = None;
    plan.state = State::Predicted;
    Ok(())
}

/// What is missing for an approval; empty where nothing is.
pub fn missing_for_approval(plan: &Plan, consent: &Consent<'_>) -> Vec<Missing> {
    if let Err(refused) = allowed(plan.state, State::Approved) {
        return refused.missing;
    }
    let mut missing = faulty(plan);
    missing.extend(stale(plan, consent));
    missing.extend(unacknowledged(plan, consent.acknowledged));
    missing.extend(wrong_person(plan, consent));
    missing
}

/// Records an approval of exactly these contents.
///
/// # Errors
///
/// [`Refused`] with everything that [`missing_for_approval`] finds.
pub fn approve(plan: &mut Plan, consent: &Consent<'_>) -> Result<(), Refused> {
    none_missing(missing_for_approval(plan, consent))?;
    plan.approvals.retain(|it| it.who != consent.who);
    plan.approvals.push(Approval {
        who: consent.who.to_owned(),
        at: consent.at,
        hash: document::mandate_hash(plan),
        acknowledged: to_acknowledge(plan).map(|it| it.metric.clone()).collect(),
    });
    plan.state = State::Approved;
    Ok(())
}

/// What is missing for carrying out; empty where nothing is.
///
/// At least one approval must be of exactly these contents and not older than
/// [`FRESH_NS`].
pub fn missing_for_begin(plan: &Plan, at: Moment) -> Vec<Missing> {
    if let Err(refused) = allowed(plan.state, State::Applying) {
        return refused.missing;
    }
    let mut missing = faulty(plan);
    let hash = document::mandate_hash(plan);
    let own: Vec<&Approval> = plan.approvals.iter().filter(|it| it.hash == hash).collect();
    if own.is_empty() {
        let what = match plan.approvals.is_empty() {
            true => "nobody approved it",
            false => "it was changed since it was approved",
        };
        missing.push(Missing::new(what, "approve these contents"));
    } else if !own.iter().any(|it| is_fresh(it.at, at)) {
        let newest = own.iter().map(|it| it.at).max().unwrap_or_default();
        missing.push(Missing::new(
            age("the approval", newest, at),
            "approve it again",
        ));
    }
    if !plan.actions.iter().any(|it| it.kind.setting().is_some()) {
        missing.push(Missing::new(
            "no action can be carried out by an agent",
            "carry out what is for people by hand, or add an action",
        ));
    }
    missing
}

/// Begins to carry a plan out.
///
/// # Errors
///
/// [`Refused`] with everything that [`missing_for_begin`] finds.
pub fn begin(plan: &mut Plan, at: Moment) -> Result<(), Refused> {
    none_missing(missing_for_begin(plan, at))?;
    plan.applied = None;
    plan.state = State::Applying;
    Ok(())
}

/// Whether a prediction or an approval made at one time still counts at another; one that
/// seems to be made later than now, by more than clocks differ, does not.
pub fn is_fresh(made: Moment, now: Moment) -> bool {
    let age_ns = now.0.saturating_sub(made.0);
    (-CLOCKS_NS..FRESH_NS).contains(&age_ns)
}

/// Lets an approval expire that nobody used in time; says whether it did.
pub fn expire(plan: &mut Plan, at: Moment) -> bool {
    let is_old = plan.approvals.iter().all(|it| !is_fresh(it.at, at));
    let expires = plan.state == State::Approved && is_old;
    if expires {
        plan.approvals.clear();
        plan.state = State::Expired;
    }
    expires
}

/// Takes note that the contents changed: back to a draft, prediction and approvals void.
pub fn edited(plan: &mut Plan) {
    plan.state = State::Draft;
    plan.expected.clear();
    plan.prediction = None;
    plan.approvals.clear();
    plan.applied = None;
}

/// The metrics that must be acknowledged one by one: bounds only, or refused.
pub fn to_acknowledge(plan: &Plan) -> impl Iterator<Item = &Expected> {
    let unsure = |it: &&Expected| matches!(it.class, Class::C | Class::X);
    plan.expected.iter().filter(unsure)
}

fn refused(missing: Missing) -> Refused {
    Refused {
        missing: vec![missing],
    }
}

fn none_missing(missing: Vec<Missing>) -> Result<(), Refused> {
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Refused { missing }),
    }
}

fn allowed(from: State, to: State) -> Result<(), Refused> {
    if transition(from, to).is_some() {
        return Ok(());
    }
    let what = format!(
        "a plan that is {} does not become {}",
        from.name(),
        to.name()
    );
    let names: Vec<&str> = next_states(from).map(|it| it.to.name()).collect();
    let next = match names.as_slice() {
        [] => "duplicate it and go on with the copy".to_owned(),
        names => format!("from here it may become {}", names.join(", ")),
    };
    Err(refused(Missing::new(what, next)))
}

fn faulty(plan: &Plan) -> Vec<Missing> {
    let faults = check::faults(plan);
    let told = |it: check::Fault| Missing::new(it.place, it.why);
    faults.into_iter().map(told).collect()
}

fn age(what: &str, made: Moment, now: Moment) -> String {
    let seconds = now.0.saturating_sub(made.0) as f64 / SECOND_NS as f64;
    match seconds < 0.0 {
        true => format!(
            "{what} seems to be made {} from now, so a clock is wrong",
            duration_text(-seconds)
        ),
        false => format!("{what} is {} old", duration_text(seconds)),
    }
}

/// Whether there is a prediction of these contents, by these models, of today.
fn stale(plan: &Plan, consent: &Consent<'_>) -> Option<Missing> {
    let Some(prediction) = &plan.prediction else {
        return Some(Missing::new("it was not predicted", "predict its effect"));
    };
    if prediction.hash != document::mandate_hash(plan) {
        return Some(Missing::new(
            "it was changed since it was predicted",
            "predict again",
        ));
    }
    if prediction.version != consent.version {
        let what = format!(
            "it was predicted by models {}, these are {}",
            prediction.version, consent.version
        );
        return Some(Missing::new(what, "predict again"));
    }
    if !is_fresh(prediction.at, consent.at) {
        let what = age("the prediction", prediction.at, consent.at);
        return Some(Missing::new(what, "predict again"));
    }
    let is_mute = plan.expected.is_empty();
    is_mute.then(|| Missing::new("the prediction speaks of no metric", "predict again"))
}

fn unacknowledged(plan: &Plan, acknowledged: &[String]) -> Vec<Missing> {
    let open = to_acknowledge(plan).filter(|it| !acknowledged.contains(&it.metric));
    let told = |it: &Expected| {
        let why = match (&it.refused, it.class) {
            // The reason stands with the prediction; the code names it.
            (Some(refused), _) => {
                let code = refused.split(':').next().unwrap_or(refused);
                format!("it was refused ({code})")
            }
            (None, Class::X) => "it was refused".to_owned(),
            _ => "only bounds are known".to_owned(),
        };
        let what = format!("{} was not acknowledged, and {why}", it.metric);
        let next = match &it.record_next {
            Some(record) => format!("acknowledge it, or record first: {record}"),
            None => "acknowledge it".to_owned(),
        };
        Missing::new(what, next)
    };
    open.map(told).collect()
}

fn wrong_person(plan: &Plan, consent: &Consent<'_>) -> Option<Missing> {
    let plain = |name: &str| name.trim().to_lowercase();
    let who = plain(consent.who);
    if who.is_empty() {
        return Some(Missing::new("nobody is named", "say who approves"));
    }
    if plan.approvals.len() >= APPROVALS_MOST {
        return Some(Missing::new("it has enough approvals", "apply it"));
    }
    if consent.approver == Approver::Anyone {
        return None;
    }
    if plain(&plan.author).is_empty() {
        return Some(Missing::new("its author is not named", "name the author"));
    }
    let is_author = plain(&plan.author) == who;
    is_author.then(|| {
        Missing::new(
            "the author may not approve it",
            "ask somebody else to approve it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    const DAY: i64 = FRESH_NS;

    fn at(ns: i64) -> Moment {
        sample::NOW.plus_ns(ns)
    }

    fn consent<'a>(acknowledged: &'a [String]) -> Consent<'a> {
        Consent {
            who: "second desk",
            at: at(10),
            acknowledged,
            version: "m1",
            approver: Approver::OtherThanAuthor,
        }
    }

    fn whats(missing: &[Missing]) -> String {
        let whats: Vec<&str> = missing.iter().map(|it| it.what.as_str()).collect();
        whats.join("; ")
    }

    #[test]
    fn a_plan_lives_from_draft_to_its_verdict() {
        let mut plan = sample::checkout();
        sample::predict(&mut plan);
        let ok = ["tcp.listen_drops".to_owned()];
        assert_eq!(approve(&mut plan, &consent(&ok)), Ok(()));
        assert_eq!(plan.approvals[0].acknowledged, ok);
        assert_eq!(begin(&mut plan, at(20)), Ok(()));
        for to in [State::Applied, State::Confirmed, State::Validated] {
            assert_eq!(advance(&mut plan, to, at(30)), Ok(()));
        }
        assert_eq!(plan.applied, Some(at(30)));
        assert!(!is_editable(plan.state));
        assert_eq!(advance(&mut plan, State::RolledBack, at(40)), Ok(()));
    }

    #[test]
    fn everything_missing_is_told_with_what_to_do() {
        let mut plan = sample::checkout();
        let told = |plan: &Plan, it: &Consent<'_>| whats(&missing_for_approval(plan, it));
        assert_eq!(
            told(&plan, &consent(&[])),
            "a plan that is draft does not become approved"
        );
        sample::predict(&mut plan);
        assert_eq!(
            told(&plan, &consent(&[])),
            "tcp.listen_drops was not acknowledged, and it was refused (I7 not-a-resource)"
        );
        let ok = ["tcp.listen_drops".to_owned()];
        let author = Consent {
            who: " Performance Desk",
            ..consent(&ok)
        };
        assert_eq!(told(&plan, &author), "the author may not approve it");
        let anyone = Consent {
            approver: Approver::Anyone,
            ..author
        };
        assert_eq!(told(&plan, &anyone), "");
        let old = Consent {
            at: at(DAY),
            ..consent(&ok)
        };
        assert_eq!(told(&plan, &old), "the prediction is 24 h 00 min old");
        let early = Consent {
            at: at(-DAY),
            ..consent(&ok)
        };
        assert!(told(&plan, &early).contains("a clock is wrong"));
        let newer = Consent {
            version: "m2",
            ..consent(&ok)
        };
        assert_eq!(
            told(&plan, &newer),
            "it was predicted by models m1, these are m2"
        );
        plan.actions.remove(2);
        let missing = missing_for_approval(&plan, &consent(&ok));
        assert_eq!(whats(&missing), "it was changed since it was predicted");
        assert_eq!(missing[0].next, "predict again");
    }

    #[test]
    fn only_exactly_what_was_approved_is_carried_out_and_only_in_time() {
        let mut plan = sample::checkout();
        sample::predict(&mut plan);
        let ok = ["tcp.listen_drops".to_owned()];
        assert_eq!(
            whats(&missing_for_begin(&plan, at(0))),
            "a plan that is predicted does not become applying"
        );
        assert_eq!(approve(&mut plan, &consent(&ok)), Ok(()));
        let late = missing_for_begin(&plan, at(DAY + 10));
        assert_eq!(whats(&late), "the approval is 24 h 00 min old");
        let mut changed = plan.clone();
        changed.guardrails.clear();
        let other = missing_for_begin(&changed, at(20));
        assert_eq!(whats(&other), "it was changed since it was approved");
        let mut expired = plan.clone();
        assert!(!expire(&mut expired, at(DAY)));
        assert!(expire(&mut expired, at(DAY + 10)));
        assert_eq!(expired.state, State::Expired);
        assert!(advance(&mut plan, State::Applied, at(20)).is_err());
        assert_eq!(advance(&mut plan, State::Rejected, at(20)), Ok(()));
    }

    #[test]
    fn a_prediction_of_other_contents_is_not_taken() {
        let mut plan = sample::checkout();
        let prediction = Prediction {
            hash: document::hash("other"),
            version: "m1".to_owned(),
            at: at(0),
        };
        assert!(predicted(&mut plan, prediction, Vec::new()).is_err());
        assert_eq!(plan.state, State::Draft);
    }

    #[test]
    fn every_state_is_reached_and_steps_stand_once() {
        for (i, it) in TRANSITIONS.iter().enumerate() {
            let same = |other: &&Transition| (other.from, other.to) == (it.from, it.to);
            assert_eq!(TRANSITIONS.iter().filter(same).count(), 1, "{i}: {it:?}");
        }
        let mut seen = vec![State::Draft];
        while let Some(step) = TRANSITIONS
            .iter()
            .find(|it| seen.contains(&it.from) && !seen.contains(&it.to))
        {
            seen.push(step.to);
        }
        assert_eq!(seen.len(), 12, "{seen:?}");
    }
}
