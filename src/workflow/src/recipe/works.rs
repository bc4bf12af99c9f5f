//! What each step does, and how what it made is looked at again.
//!
//! Every step finds its input by path within the run folder and can be done again: what an
//! earlier attempt left is replaced.
//!
//! Start at [`execute`] and [`validate`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::finding::{Kept, Severity};
use model::plan::Plan;
use model::recipe::{Deliver, Recipe, Step, Until};
use model::time::Moment;
use model::unit::counted;

use super::{Launcher, collect, reports, standards};
use crate::deliver::{self, Parcel, RealClock, Retry, Target};
use crate::input::Input;
use crate::jobs::Context;
use crate::library::label::{self, Change};
use crate::outfile::replace;
use crate::planning::{self, book, file};
use crate::problem::{Problem, Sort};
use crate::records;
use crate::stored::{Stored, on_progress, told};
use crate::{findings, tables};

/// The recording within a run folder.
pub const SESSION: &str = "collect/session.kymo";

/// The predicted plan within a run folder.
pub const PLAN: &str = "optimize/plan.ron";

/// What came of planning within a run folder.
pub const ANSWER: &str = "optimize/answer.json";

/// What the standards said within a run folder.
pub const COMPLIANCE: &str = "comply/compliance.json";

/// The record of deliveries within a run folder.
pub const DELIVERED: &str = "deliver.jsonl";

/// Fact with the sum of the ids of findings.
const IDS: &str = "ids";

/// Facts of a step, as they are logged.
pub(super) type Facts = BTreeMap<String, String>;

/// Where a step works.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) recipe: Recipe,
    /// The run folder.
    pub(super) folder: PathBuf,
    /// The folder that the recipe's own paths are relative to.
    pub(super) base: PathBuf,
    pub(super) launcher: Launcher,
}

impl Bench {
    pub(super) fn session(&self) -> PathBuf {
        self.folder.join(SESSION)
    }

    fn opened(&self, context: &Context) -> Result<Stored, Problem> {
        Ok(Stored::open(&self.session(), context)?.0)
    }

    fn make_folder(&self, step: Step) -> Result<(), Problem> {
        let folder = self.folder.join(step.name());
        std::fs::create_dir_all(&folder).map_err(|error| {
            let what = format!("could not make {}", folder.display());
            Problem::from_error(what, &error, Sort::of_io(&error))
        })
    }

    /// The files that reports are written to.
    pub(super) fn reports(&self) -> Vec<PathBuf> {
        let all = self.recipe.report.iter();
        all.map(|it| self.folder.join(reports::path(it))).collect()
    }
}

/// What a step did, in words and facts.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) text: String,
    pub(super) facts: Facts,
}

impl Done {
    fn new(text: String, facts: &[(&str, String)]) -> Self {
        let facts = facts
            .iter()
            .map(|(name, it)| ((*name).to_owned(), it.clone()));
        Self {
            text,
            facts: facts.collect(),
        }
    }
}

/// Does a step.
pub(super) fn execute(bench: &Bench, step: Step, context: &Context) -> Result<Done, Problem> {
    if step != Step::Deliver {
        bench.make_folder(step)?;
    }
    match step {
        Step::Collect => collected(bench, context),
        Step::Analyze => analyzed(bench, context),
        Step::Optimize => optimized(bench, context),
        Step::Comply => complied(bench, context),
        Step::Report => reported(bench, context),
        Step::Deliver => delivered(bench, context),
    }
}

/// Looks at what a step made; says what was found, or what is wrong.
pub(super) fn validate(bench: &Bench, step: Step, context: &Context) -> Result<Done, Problem> {
    let wrong = |why: String| Problem {
        what: format!(
            "what the step {} made is not as the recipe asks",
            step.name()
        ),
        why,
        what_to_do: String::new(),
        sort: Sort::NotUsable,
    };
    match step {
        Step::Collect => recording_holds(bench, context),
        Step::Analyze => findings_kept(bench, context),
        Step::Optimize => answer_there(bench).map_err(wrong),
        Step::Comply => compliance_there(bench).map_err(wrong),
        Step::Report => reports_there(bench).map_err(wrong),
        Step::Deliver => delivered_there(bench).map_err(wrong),
    }
}

fn collected(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let session = bench.session();
    set_aside(&session)?;
    let collect = &bench.recipe.collect;
    let said = match &collect.take {
        Some(path) => taken(&bench.base.join(path), &session, context)?,
        None => {
            let site = collect::Site {
                collect,
                out: &session,
                launcher: &bench.launcher,
            };
            collect::record(&site, context)?
        }
    };
    labelled(bench)?;
    let text = match said.as_slice() {
        [] => "recorded".to_owned(),
        said => said.join("; "),
    };
    Ok(Done::new(text, &[("session", SESSION.to_owned())]))
}

/// Tags and build of the recipe go into the session.
fn labelled(bench: &Bench) -> Result<(), Problem> {
    let collect = &bench.recipe.collect;
    let change = Change {
        add: collect.tags.clone(),
        build: (!collect.build.is_empty()).then(|| collect.build.clone()),
        ..Change::default()
    };
    if !change.is_empty() {
        label::apply(&bench.session(), &change)?;
    }
    Ok(())
}

/// Copies a session, so that the original stays as it is.
fn taken(from: &Path, to: &Path, context: &Context) -> Result<Vec<String>, Problem> {
    let (stored, notes) = Stored::open(from, context)?;
    let whole = stored.span();
    tables::trim(&stored, (whole, &[]), to, context)?;
    let mut said = vec![format!("took {}", from.display())];
    said.extend(notes);
    Ok(said)
}

/// Something that is in the way is kept under another name.
fn set_aside(session: &Path) -> Result<(), Problem> {
    if std::fs::symlink_metadata(session).is_err() {
        return Ok(());
    }
    let aside = collect::aside(session);
    std::fs::rename(session, &aside).map_err(|error| {
        let what = format!("could not move {} aside", session.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    })
}

/// What a recording that was interrupted is good for: it is packed where it is long
/// enough, else kept aside. Says what was done; `None` where there is nothing.
pub(super) fn recovered(bench: &Bench, context: &Context) -> Result<Option<Done>, Problem> {
    let session = bench.session();
    if std::fs::symlink_metadata(&session).is_err() {
        return Ok(None);
    }
    let long_enough = match &bench.recipe.collect.until {
        Until::For(_) => true,
        // Whether its condition was fulfilled is not known of a recording that was cut.
        Until::When(_) => false,
    };
    let held = long_enough && recording_holds(bench, context).is_ok();
    if held && session.is_file() {
        labelled(bench)?;
        let text = "the recording of the interrupted attempt is whole".to_owned();
        return Ok(Some(Done::new(text, &[("session", SESSION.to_owned())])));
    }
    if held {
        let packed = session.with_file_name("packed.kymo");
        if packed.exists() {
            remove(&packed)?;
        }
        let stored = bench.opened(context)?;
        tables::trim(&stored, (stored.span(), &[]), &packed, context)?;
        set_aside(&session)?;
        std::fs::rename(&packed, &session).map_err(|error| {
            let what = format!("could not move {}", packed.display());
            Problem::from_error(what, &error, Sort::of_io(&error))
        })?;
        labelled(bench)?;
        let text = "the recording of the interrupted attempt was recovered and packed".to_owned();
        return Ok(Some(Done::new(text, &[("session", SESSION.to_owned())])));
    }
    set_aside(&session)?;
    Ok(None)
}

fn remove(path: &Path) -> Result<(), Problem> {
    std::fs::remove_file(path).map_err(|error| {
        let what = format!("could not remove {}", path.display());
        Problem::from_error(what, &error, Sort::of_io(&error))
    })
}

fn recording_holds(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let session = bench.session();
    let wrong = |why: String| Problem {
        what: "the recording is not as the recipe asks".to_owned(),
        why,
        what_to_do: "kymo info on it says more; a lower collect.coverage takes less".to_owned(),
        sort: Sort::NotUsable,
    };
    let stored = bench.opened(context)?;
    let collect = &bench.recipe.collect;
    let coverage = stored.coverage().into_iter();
    let shares = coverage.map(|it| it.share).filter(|it| it.is_finite());
    let least = shares.fold(1.0, f64::min);
    if least < collect.coverage {
        return Err(wrong(format!(
            "{:.1} % of the samples are there, and it asks for {:.1} %",
            least * 100.0,
            collect.coverage * 100.0
        )));
    }
    let seconds = stored.span().seconds();
    if collect.take.is_none() {
        if let Until::For(length) = &collect.until {
            // The last sample lies up to one cadence before the end.
            let wanted = (length.seconds() - collect.every.seconds()) * collect.coverage;
            if seconds < wanted {
                return Err(wrong(format!("it is {seconds:.1} s long, not {length}")));
            }
        }
        let (hosts, wanted) = (stored.hosts().len(), collect.targets.len());
        if hosts < wanted {
            return Err(wrong(format!("it holds {hosts} of {wanted} hosts")));
        }
    }
    if stored.span().is_empty() {
        return Err(wrong("it holds no sample".to_owned()));
    }
    let bytes = std::fs::metadata(&session).map_or(0, |it| it.len());
    if session.is_file() {
        whole(&stored, context).map_err(wrong)?;
    }
    Ok(Done::new(
        format!("{seconds:.1} s, {:.1} % of the samples", least * 100.0),
        &[
            (SESSION, sum_of_samples(&stored)),
            ("coverage", format!("{least:.4}")),
            ("seconds", format!("{seconds:.3}")),
            ("bytes", bytes.to_string()),
        ],
    ))
}

/// Whether every byte of a session is as it was written, by its own sums; what is not.
fn whole(stored: &Stored, context: &Context) -> Result<(), String> {
    let report = store::verify::verify(stored.session(), &mut on_progress(context));
    match report.problems.first() {
        None => Ok(()),
        Some(first) => Err(format!("it changed since it was written: {}", told(first))),
    }
}

/// What stands for the samples of a session, whatever is noted beside them.
fn sum_of_samples(stored: &Stored) -> String {
    let segments = &stored.session().manifest().segments;
    let mut sums: Vec<String> = segments
        .iter()
        .map(|it| format!("{} {}", it.sha256, it.path))
        .collect();
    sums.sort_unstable();
    records::hex(&digest(&sums.join("\n")))
}

/// Facts named by a path within the run folder hold the sum of what lies there.
fn is_sum(name: &str) -> bool {
    name.contains('/')
}

/// Whether what a step made is still what the log has of it, and as the recipe asks.
pub(super) fn unchanged(bench: &Bench, step: Step, logged: &Facts) -> Result<(), Problem> {
    let changed = |name: &str, why: &str| Problem {
        what: format!("what the step {} made does not stand", step.name()),
        why: format!("{name} {why}"),
        what_to_do: String::new(),
        sort: Sort::NotUsable,
    };
    // Files first: what changed is told as that, and not as what it became.
    let files = logged
        .iter()
        .filter(|(name, _)| is_sum(name) && *name != SESSION);
    for (name, sum) in files {
        match records::sha256(&bench.folder.join(name)) {
            Ok(now) if now == *sum => {}
            Ok(_) => return Err(changed(name, "changed since it was written")),
            Err(error) => return Err(changed(name, &format!("cannot be read: {error}"))),
        }
    }
    let found = validate(bench, step, &Context::default())?;
    let own = |it: &&str| {
        logged
            .get(*it)
            .is_some_and(|sum| found.facts.get(*it) != Some(sum))
    };
    match [SESSION, IDS].iter().copied().find(own) {
        None => Ok(()),
        Some(SESSION) => Err(changed(SESSION, "is another recording than before")),
        Some(_) => Err(changed("the list of findings", "changed since it was kept")),
    }
}

fn analyzed(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let input = Input::open(&bench.session(), context)?;
    let found = findings::all(&input, context)?;
    let stored = match input.stored {
        Some(stored) => stored,
        None => bench.opened(context)?,
    };
    let count = found.len();
    stored.keep(Kept {
        kymo: findings::VERSION.to_owned(),
        findings: found,
        ..stored.kept().unwrap_or_default()
    })?;
    Ok(Done::new(
        format!("kept {}", counted(count, "finding")),
        &[],
    ))
}

fn findings_kept(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let wrong = |why: String| Problem {
        what: "the findings are not as the recipe asks".to_owned(),
        why,
        what_to_do: "a recording that shows more, or a smaller analyze.least_findings".to_owned(),
        sort: Sort::NotUsable,
    };
    let stored = bench.opened(context)?;
    let kept = stored.kept().filter(Kept::analyzed);
    let kept = kept.ok_or_else(|| wrong("none are kept in the session".to_owned()))?;
    if let Some(altered) = kept.findings.iter().find(|it| it.own_id() != it.id) {
        return Err(wrong(format!("the finding {} was altered", altered.id)));
    }
    let (count, least) = (kept.findings.len(), bench.recipe.analyze.least_findings);
    if count < least {
        return Err(wrong(format!("there are {count}, and it asks for {least}")));
    }
    let severe = kept
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Severe);
    let severe = severe.count();
    let ids: Vec<String> = kept.findings.iter().map(|it| it.id.to_string()).collect();
    Ok(Done::new(
        format!("{}, {severe} of them severe", counted(count, "finding")),
        &[
            ("findings", count.to_string()),
            ("severe", severe.to_string()),
            (IDS, records::hex(&digest(&ids.join("\n")))),
        ],
    ))
}

fn digest(text: &str) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).to_vec()
}

/// The moment that a plan is made at: when the recording ended, so that the same
/// recording gives the same plan.
fn plan_moment(input: &Input) -> Moment {
    input.span().to
}

fn optimized(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let Some(wanted) = &bench.recipe.optimize else {
        return Ok(Done::default());
    };
    let input = Input::open(&bench.session(), context)?;
    let (ledger, _) = book::read(&book::usual())?;
    let at = plan_moment(&input);
    let mut plan = match &wanted.plan {
        Some(path) => file::read_sound(&bench.base.join(path))?,
        None => {
            let title = format!("what would help, by {}", bench.recipe.name);
            let id = records::hex(&digest(&format!("{title} {}", at.0)))[..16].to_owned();
            Plan::new(&id, &title, at)
        }
    };
    let subject = &mut plan.baseline.subject;
    if !wanted.service.is_empty() {
        subject.service.clone_from(&wanted.service);
    }
    if !wanted.cpu.is_empty() {
        subject.cpu.clone_from(&wanted.cpu);
    }
    let mut suggested = Vec::new();
    if wanted.plan.is_none() {
        let found = planning::suggested(&input, &plan.baseline, &ledger, context)?;
        suggested = found.iter().map(|it| it.told.clone()).collect();
        // The most helpful remedy is predicted; the others are told.
        plan.actions
            .extend(found.into_iter().take(1).map(|it| it.action));
    }
    let mut refused = None;
    let path = bench.folder.join(PLAN);
    if path.exists() {
        // Of an earlier attempt; reports would tell of it.
        remove(&path)?;
    }
    if plan.actions.is_empty() {
        refused = Some("nothing limits in this recording, so nothing is planned".to_owned());
    } else {
        planning::predicted(&mut plan, &input, (&ledger, at), context)?;
        let first = plan.expected.iter().find_map(|it| it.refused.clone());
        if plan.expected.iter().all(|it| it.p50.is_none()) {
            refused = Some(first.unwrap_or_else(|| "no model answers".to_owned()));
        }
        file::write(&path, &plan)?;
    }
    let answer = Answer {
        plan: (!plan.actions.is_empty()).then(|| PLAN.to_owned()),
        refused: refused.clone(),
        suggested,
    };
    let text = serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n";
    replace(&bench.folder.join(ANSWER), text.as_bytes())?;
    Ok(match refused {
        Some(why) => Done::new(format!("refused: {why}"), &[("refused", why)]),
        None => Done::new(
            "a plan was predicted".to_owned(),
            &[("plan", PLAN.to_owned())],
        ),
    })
}

/// What came of planning.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Answer {
    /// The predicted plan, within the run folder.
    plan: Option<String>,
    /// Why nothing is predicted.
    refused: Option<String>,
    /// Remedies, the most helpful first.
    suggested: Vec<String>,
}

fn answer_there(bench: &Bench) -> Result<Done, String> {
    let path = bench.folder.join(ANSWER);
    let text = std::fs::read_to_string(&path).map_err(|it| format!("{ANSWER}: {it}"))?;
    let answer: Answer = serde_json::from_str(&text).map_err(|it| format!("{ANSWER}: {it}"))?;
    let plan = match &answer.plan {
        Some(name) => Some(file::read(&bench.folder.join(name)).map_err(|it| it.to_string())?),
        None => None,
    };
    if plan.as_ref().is_some_and(|it| it.prediction.is_none()) {
        return Err("the plan holds no prediction".to_owned());
    }
    let mut facts = vec![(ANSWER, records::hex(&digest(&text)))];
    if answer.plan.is_some() {
        let sum =
            records::sha256(&bench.folder.join(PLAN)).map_err(|it| format!("{PLAN}: {it}"))?;
        facts.push((PLAN, sum));
    }
    if let Some(why) = answer.refused {
        facts.push(("refused", why.clone()));
        return Ok(Done::new(format!("refused: {why}"), &facts));
    }
    let plan = plan.ok_or_else(|| "there is neither a prediction nor a refusal".to_owned())?;
    let told = plan.expected.iter().filter_map(|it| {
        let unit = model::unit::Unit(it.unit.clone().into());
        Some(format!("{} {}", it.metric, unit.text(it.p50?)))
    });
    Ok(Done::new(told.collect::<Vec<_>>().join(", "), &facts))
}

fn complied(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let stored = bench.opened(context)?;
    let paths = bench.recipe.standards.iter();
    let paths: Vec<PathBuf> = paths.map(|it| bench.base.join(it)).collect();
    let mut all = Vec::new();
    for path in &paths {
        all.extend(standards::check(&stored, path, context)?);
    }
    let text = serde_json::to_string_pretty(&all).unwrap_or_default() + "\n";
    replace(&bench.folder.join(COMPLIANCE), text.as_bytes())?;
    Ok(Done::new(
        format!("held it against {}", counted(all.len(), "requirement")),
        &[],
    ))
}

fn compliance_there(bench: &Bench) -> Result<Done, String> {
    let path = bench.folder.join(COMPLIANCE);
    let text = std::fs::read_to_string(&path).map_err(|it| format!("{COMPLIANCE}: {it}"))?;
    let all: Vec<standards::Requirement> =
        serde_json::from_str(&text).map_err(|it| format!("{COMPLIANCE}: {it}"))?;
    let of = |standing| all.iter().filter(move |it| it.standing == standing);
    let counts = [
        standards::Standing::Violated,
        standards::Standing::Undecidable,
    ]
    .map(|it| of(it).count());
    let doubt = most_frequent(of(standards::Standing::Undecidable).map(|it| it.doubt.as_str()));
    let said = match compliance_words(counts, doubt, "").as_slice() {
        [] => format!("{} met", counted(all.len(), "requirement")),
        words => format!(
            "of {} {}",
            counted(all.len(), "requirement"),
            words.join(", ")
        ),
    };
    let mut facts = vec![
        ("violated", counts[0].to_string()),
        ("undecidable", counts[1].to_string()),
        (COMPLIANCE, records::hex(&digest(&text))),
    ];
    if !doubt.is_empty() {
        facts.push(("doubt", doubt.to_owned()));
    }
    Ok(Done::new(said, &facts))
}

/// What is violated, and apart from it what cannot be decided, mostly for this reason; of
/// this noun, with a space before it, or none.
pub(super) fn compliance_words(
    [violated, undecidable]: [usize; 2],
    doubt: &str,
    noun: &str,
) -> Vec<String> {
    let mut words = Vec::new();
    if violated > 0 {
        words.push(format!("{violated}{noun} are violated"));
    }
    if undecidable > 0 {
        words.push(match doubt {
            "" => format!("{undecidable}{noun} cannot be decided"),
            doubt => format!("{undecidable}{noun} cannot be decided: {doubt}"),
        });
    }
    words
}

/// Of texts that are as frequent, the first by the alphabet.
fn most_frequent<'a>(texts: impl Iterator<Item = &'a str>) -> &'a str {
    let mut often: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        *often.entry(text).or_default() += 1;
    }
    let most = often.iter().rev().max_by_key(|(_, times)| **times);
    most.map_or("", |(text, _)| text)
}

fn reported(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let stored = bench.opened(context)?;
    for (report, path) in bench.recipe.report.iter().zip(bench.reports()) {
        if context.cancelled() {
            return Err(Problem::cancelled("reporting"));
        }
        reports::write((&stored, bench), (report, &path), context)?;
    }
    let count = bench.recipe.report.len();
    Ok(Done::new(
        format!("wrote {}", counted(count, "report")),
        &[],
    ))
}

fn reports_there(bench: &Bench) -> Result<Done, String> {
    let mut facts = Vec::new();
    let mut names = Vec::new();
    for (report, path) in bench.recipe.report.iter().zip(bench.reports()) {
        let name = reports::path(report);
        reports::check(report, &path).map_err(|why| format!("{name}: {why}"))?;
        let sum = records::sha256(&path).map_err(|it| format!("{name}: {it}"))?;
        facts.push((name.clone(), sum));
        names.push(name);
    }
    let facts: Vec<(&str, String)> = facts
        .iter()
        .map(|it| (it.0.as_str(), it.1.clone()))
        .collect();
    Ok(Done::new(names.join(", "), &facts))
}

fn targets(bench: &Bench) -> Vec<Target> {
    let all = bench.recipe.deliver.iter();
    all.map(|it: &Deliver| Target::of(it, &bench.base))
        .collect()
}

fn delivered(bench: &Bench, context: &Context) -> Result<Done, Problem> {
    let (files, targets) = (bench.reports(), targets(bench));
    let record = bench.folder.join(DELIVERED);
    let parcel = Parcel {
        files: &files,
        targets: &targets,
        record: &record,
        retry: Retry::default(),
    };
    let done = deliver::deliver_rest(&parcel, &RealClock, context)?;
    Ok(Done::new(
        format!("delivered {}", counted(done.len(), "time")),
        &[],
    ))
}

/// By the record, what arrived is what stands in the run folder now.
fn delivered_there(bench: &Bench) -> Result<Done, String> {
    let record = bench.folder.join(DELIVERED);
    let lines = records::lines::<deliver::Record>(&record).map_err(|it| it.to_string())?;
    let mut names = Vec::new();
    for target in targets(bench) {
        for file in bench.reports() {
            let sum = records::sha256(&file).map_err(|it| it.to_string())?;
            let arrived = lines.iter().rev().find(|it| {
                let said = &it.what;
                said.to == target.name()
                    && said.sha256 == sum
                    && said.outcome != deliver::Outcome::Failed
            });
            let arrived = arrived.ok_or_else(|| {
                format!("{} was not delivered to {}", file.display(), target.name())
            })?;
            names.push(arrived.what.text.clone());
        }
    }
    Ok(Done::new(names.join(", "), &[]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_cannot_be_decided_is_not_told_as_violated() {
        let home = tempfile::tempdir().unwrap();
        let launcher: Launcher = Arc::new(|_, _| Err(Problem::cancelled("a test")));
        let bench = Bench {
            recipe: Recipe::new("test"),
            folder: home.path().to_path_buf(),
            base: home.path().to_path_buf(),
            launcher,
        };
        bench.make_folder(Step::Comply).unwrap();
        let few = "only 8 samples, 30 are needed";
        let cases = [
            ("hh", "2 requirements met", ("0", "0")),
            ("hv", "of 2 requirements 1 are violated", ("1", "0")),
            (
                "uuu",
                "of 3 requirements 3 cannot be decided: only 8 samples, 30 are needed",
                ("0", "3"),
            ),
            (
                "huv",
                "of 3 requirements 1 are violated, \
                 1 cannot be decided: only 8 samples, 30 are needed",
                ("1", "1"),
            ),
        ];
        for (standings, words, (violated, undecidable)) in cases {
            let all = standings.chars().map(|it| standards::Requirement {
                standard: "use 1".to_owned(),
                requirement: "it is fast".to_owned(),
                standing: match it {
                    'h' => standards::Standing::Holds,
                    'v' => standards::Standing::Violated,
                    _ => standards::Standing::Undecidable,
                },
                margin: String::new(),
                doubt: if it == 'u' { few } else { "" }.to_owned(),
            });
            let all: Vec<standards::Requirement> = all.collect();
            let text = serde_json::to_string(&all).unwrap();
            std::fs::write(home.path().join(COMPLIANCE), text).unwrap();
            let done = compliance_there(&bench).unwrap();
            assert_eq!(done.text, words);
            assert_eq!(done.facts["violated"], violated);
            assert_eq!(done.facts["undecidable"], undecidable);
        }
    }
}
