//! `kymo standard`: lists, shows, validates, proposes, attaches and detaches standards.

use std::path::PathBuf;

use analysis::standard::propose::Margin;
use clap::{Args, Subcommand};
use model::standard::{Rules, Standard, parse};
use model::time::{Moment, Span};
use serde::Serialize;
use workflow::jobs::Context;
use workflow::outfile::spare;
use workflow::planning::file;
use workflow::problem::{Problem, Sort};
use workflow::standards::{self, attach, groups, propose, shipped};

use crate::analyses::{Head, print};
use crate::commands::opened;
use crate::failure::{Answer, answer_text, tell};

/// `kymo standard`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the shipped standards, the groups of hosts, and what a session has attached.
    List(List),
    /// Print a standard as it stands in its file.
    Show {
        /// A file, or the id of a shipped standard.
        standard: String,
    },
    /// Say every mistake of standards as FILE:LINE:COLUMN; exit 1 when there is any, or as the
    /// gravest trouble where one cannot be read.
    Validate {
        /// Files, or ids of shipped standards.
        #[arg(required = true)]
        standards: Vec<String>,
    },
    /// Write a threshold standard from a recording that went well.
    Propose(Propose),
    /// Attach a standard to a session, or to a group of hosts of this user.
    Attach(Attach),
    /// Detach a standard from a session, or from a group of hosts.
    Detach(Detach),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// A session whose attached standards are listed too.
    session: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// The recording: a session or any file that `kymo import` reads.
    input: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    /// Id of the new standard.
    #[arg(long, default_value = "proposed")]
    id: String,
    /// Who answers for it.
    #[arg(long, default_value = "not named yet")]
    owner: String,
    /// Series to propose for; may be repeated. What users ask about without it.
    #[arg(long, value_name = "GLOB")]
    series: Vec<String>,
    /// Start of the stretch that went well.
    #[arg(long)]
    from: Option<Moment>,
    /// End of it, not included.
    #[arg(long)]
    to: Option<Moment>,
    /// Percentile of the recording that limits stand on.
    #[arg(long, default_value_t = Margin::default().percent, value_parser = percent)]
    percentile: f64,
    /// Robust standard deviations between percentile and limit, at least.
    #[arg(long, default_value_t = Margin::default().scales, value_parser = size)]
    scales: f64,
    /// Share of the percentile between it and the limit, at least.
    #[arg(long, default_value_t = Margin::default().share, value_parser = size)]
    share: f64,
    /// How long a value must be beyond, such as 10s.
    #[arg(long, default_value = "10s", value_parser = crate::arguments::duration_ns)]
    hold: i64,
}

#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// A file, or the id of a shipped standard.
    standard: String,
    /// The session.
    #[arg(
        long,
        value_name = "SESSION",
        required_unless_present = "group",
        conflicts_with = "group"
    )]
    to: Option<PathBuf>,
    /// The group of hosts.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Hosts of the group; may be repeated. `*` stands for anything.
    #[arg(long, value_name = "GLOB", requires = "group")]
    hosts: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Detach {
    /// Id of the standard; for a group what was attached to it.
    standard: String,
    /// The session.
    #[arg(
        long,
        value_name = "SESSION",
        required_unless_present = "group",
        conflicts_with = "group"
    )]
    from: Option<PathBuf>,
    /// The group of hosts.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    match number > 50.0 && number < 100.0 {
        true => Ok(number),
        false => Err(format!("{text} is not between 50 and 100")),
    }
}

fn size(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    match number.is_finite() && number >= 0.0 {
        true => Ok(number),
        false => Err(format!("{text} is not 0 or more")),
    }
}

/// `kymo standard …`.
pub(crate) fn run(command: &Command) -> Result<Answer, Problem> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Show { standard } => {
            let (text, _) = standards::text_of(standard)?;
            answer_text(&text)?;
            Ok(Answer::Fine)
        }
        Command::Validate { standards } => validate(standards),
        Command::Propose(arguments) => proposed(arguments),
        Command::Attach(arguments) => attached(arguments),
        Command::Detach(arguments) => detached(arguments),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    shipped: Vec<Listed>,
    groups: Vec<Group<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attached: Option<Vec<Listed>>,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    version: String,
    kind: &'static str,
    title: String,
    owner: String,
    rules: usize,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    hosts: &'a [String],
    standards: &'a [String],
}

fn listed(it: &Standard) -> Listed {
    Listed {
        id: it.id.clone(),
        version: it.version.clone(),
        kind: it.rules.kind(),
        title: it.title.clone(),
        owner: it.owner.clone(),
        rules: it.rules.len(),
    }
}

fn list(arguments: &List) -> Result<Answer, Problem> {
    let all = shipped::ALL.iter().map(|(id, _)| standards::load(id));
    let all: Vec<Standard> = all.collect::<Result<_, _>>()?;
    let groups = groups::read(&groups::usual())?;
    let attached = match &arguments.session {
        Some(session) => Some(standards::attached(&opened(session)?)),
        None => None,
    };
    let document = Document {
        head: Head::THIS,
        shipped: all.iter().map(listed).collect(),
        groups: groups
            .groups
            .iter()
            .map(|it| Group {
                name: &it.name,
                hosts: &it.hosts,
                standards: &it.standards,
            })
            .collect(),
        attached: attached.as_ref().map(|it| it.iter().map(listed).collect()),
    };
    print(arguments.json.into(), &document, || list_text(&document))?;
    Ok(Answer::Fine)
}

fn list_text(document: &Document<'_>) -> String {
    let lines = |all: &[Listed]| -> String {
        let lines = all.iter().map(|it| {
            format!(
                "  {:<17} {:<7} {:<13} {} ({})\n",
                it.id,
                it.version,
                it.kind,
                it.title,
                counted(it.rules)
            )
        });
        lines.collect()
    };
    let mut text = format!("shipped\n{}", lines(&document.shipped));
    if !document.groups.is_empty() {
        text.push_str("groups\n");
    }
    for group in &document.groups {
        text.push_str(&format!(
            "  {}: {} on {}\n",
            group.name,
            group.standards.join(", "),
            group.hosts.join(", ")
        ));
    }
    if let Some(attached) = &document.attached {
        text.push_str("attached\n");
        text.push_str(&lines(attached));
    }
    text
}

/// Tells every mistake of every standard; what cannot be read is told among the others,
/// and the gravest decides how the program ends.
fn validate(names: &[String]) -> Result<Answer, Problem> {
    let mut text = String::new();
    let mut answer = Answer::Fine;
    let mut gravest: Option<Problem> = None;
    for name in names {
        match validated(name) {
            Ok((told, one)) => {
                text.push_str(&told);
                if one == Answer::No {
                    answer = Answer::No;
                }
            }
            Err(problem) => {
                let (told, kept) = graver(gravest.take(), problem);
                if let Some(problem) = told {
                    tell(&format!("kymo: error: {problem}"));
                }
                gravest = Some(kept);
            }
        }
    }
    answer_text(&text)?;
    match gravest {
        Some(problem) => Err(problem),
        None => Ok(answer),
    }
}

/// The lesser of two problems, and the one that decides the exit code.
fn graver(known: Option<Problem>, new: Problem) -> (Option<Problem>, Problem) {
    match known {
        Some(known) if known.sort.exit_code() >= new.sort.exit_code() => (Some(new), known),
        known => (known, new),
    }
}

/// What is to be said of one standard.
fn validated(name: &str) -> Result<(String, Answer), Problem> {
    let mistakes = standards::mistakes(name)?;
    if !mistakes.is_empty() {
        let lines = mistakes.iter().map(|it| format!("{name}:{it}\n"));
        return Ok((lines.collect(), Answer::No));
    }
    let standard = standards::load(name)?;
    let rules = counted(standard.rules.len());
    let told = format!("{name}: {} is sound, {rules}\n", standard.name());
    Ok((told, Answer::Fine))
}

/// `1 rule`, `2 rules`.
fn counted(rules: usize) -> String {
    match rules {
        1 => "1 rule".to_owned(),
        _ => format!("{rules} rules"),
    }
}

fn proposed(arguments: &Propose) -> Result<Answer, Problem> {
    spare(&arguments.out, &[&arguments.input])?;
    let stored = opened(&arguments.input)?;
    let whole = stored.span();
    let is_cut = arguments.from.is_some() || arguments.to.is_some();
    let asked = propose::Asked {
        id: arguments.id.clone(),
        owner: arguments.owner.clone(),
        series: arguments.series.clone(),
        window: is_cut.then(|| Span {
            from: arguments.from.unwrap_or(whole.from),
            to: arguments.to.unwrap_or(whole.to),
        }),
        margin: Margin {
            percent: arguments.percentile,
            scales: arguments.scales,
            share: arguments.share,
            hold_s: arguments.hold as f64 / 1e9,
        },
    };
    let found = propose::propose(&stored, &asked, &Context::default())?;
    let text = parse::text(&found.standard)
        .map_err(|error| Problem::from_error("could not write the standard", &error, Sort::Bug))?;
    if let Err(mistakes) = parse::parse(&text) {
        // The id or owner given is none: told before a file is there.
        let first = mistakes.first();
        return Err(Problem {
            what: "could not propose a standard".to_owned(),
            why: first.map_or_else(String::new, |it| format!("{}: {}", it.what, it.why)),
            what_to_do: first.map_or_else(String::new, |it| it.next.clone()),
            sort: Sort::Usage,
        });
    }
    file::write_text(&arguments.out, &text)?;
    let mut said = format!(
        "wrote {} ({})\n",
        arguments.out.display(),
        counted(found.standard.rules.len())
    );
    if let Rules::Threshold(rules) = &found.standard.rules {
        for rule in rules {
            said.push_str(&format!("  {}: {}\n", rule.title, rule.source));
        }
    }
    for line in &found.left_out {
        said.push_str(&format!("  left out {line}\n"));
    }
    answer_text(&said)?;
    Ok(Answer::Fine)
}

fn attached(arguments: &Attach) -> Result<Answer, Problem> {
    let standard = standards::load(&arguments.standard)?;
    let name = standard.name();
    if let Some(session) = &arguments.to {
        let stored = opened(session)?;
        attach::attach(&stored, standard, &Context::default())?;
        tell(&format!("attached {name} to {}", session.display()));
    }
    if let Some(group) = &arguments.group {
        let place = groups::usual();
        let mut all = groups::read(&place)?;
        all.attach(group, &absolute(&arguments.standard)?, &arguments.hosts)?;
        groups::write(&place, &all)?;
        tell(&format!(
            "attached {name} to the group {group:?}, {}",
            place.display()
        ));
    }
    Ok(Answer::Fine)
}

/// A group's file is read from anywhere, so it names files by their whole path.
fn absolute(name: &str) -> Result<String, Problem> {
    if shipped::text(name).is_some() {
        return Ok(name.to_owned());
    }
    let path = std::path::absolute(name).map_err(|error| {
        Problem::from_error(format!("could not find {name}"), &error, Sort::NotReadable)
    })?;
    Ok(path.to_string_lossy().into_owned())
}

fn detached(arguments: &Detach) -> Result<Answer, Problem> {
    let id = &arguments.standard;
    if let Some(session) = &arguments.from {
        let stored = opened(session)?;
        attach::detach(&stored, id, &Context::default())?;
        tell(&format!("detached {id} from {}", session.display()));
    }
    if let Some(group) = &arguments.group {
        let place = groups::usual();
        let mut all = groups::read(&place)?;
        let known = |name: &str| {
            all.groups
                .iter()
                .any(|it| it.standards.iter().any(|it| it == name))
        };
        let name = if known(id) { id.clone() } else { absolute(id)? };
        all.detach(group, &name)?;
        groups::write(&place, &all)?;
        tell(&format!("detached {id} from the group {group:?}"));
    }
    Ok(Answer::Fine)
}
