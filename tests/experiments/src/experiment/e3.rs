//! A cache of other sizes: share of requests that it answers.
//!
//! The recording holds the share at one size. That alone says nothing of another, so a
//! plan must be refused; with the keys that were asked for, a model of the cache answers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::Experiment;
use crate::bench::{Bench, Level, Recorded, Server};
use crate::flags::Flags;
use crate::kept;
use crate::load::Load;
use crate::load::cache::{Asked, Cache, Look};
use crate::place::{Group, put};
use crate::plan::{Action, Subject};
use crate::reuse;
use crate::sample::{Terms, host_cores};
use crate::score::{By, Grade, Outcome, Owed, Predicted, Quantity, Scored};
use crate::server::redis::{Redis, address};

/// The experiment.
pub(crate) const E3: Experiment = Experiment {
    name: "e3",
    service: "redis",
    sizes: &[
        ("sizes", "5,8,12"),
        ("keys", "20000"),
        ("exponent", "0.9"),
        ("value-bytes", "600"),
        ("rate", "1500"),
        ("fill", "200000"),
    ],
    run,
};

const TRUTH: &str = "the readers' own count";

/// What readers looked up in the last recording.
type Looks = Arc<Mutex<Vec<Look>>>;

/// What the cache held at the end of a recording.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: f64,
    entries: f64,
    bytes_per_entry: f64,
}

impl Held {
    /// Entries that fit into a memory of another size.
    fn entries_at(&self, bytes: f64) -> f64 {
        self.entries + (bytes - self.bytes) / self.bytes_per_entry
    }
}

fn run(bench: &mut Bench, flags: &Flags) -> Result<(), String> {
    let sizes = flags.numbers("sizes")?;
    let sizes: Vec<u64> = sizes.iter().map(|it| (it * 1_048_576.0) as u64).collect();
    let (first, others) = sizes.split_first().ok_or("--sizes is missing")?;
    let group = Group::new("redis")?;
    let redis = Redis::start(&bench.folder.0, &group, *first)?;
    bench.allow(&redis.policy())?;
    let asked = Asked {
        keys: flags.number("keys")? as usize,
        exponent: flags.number("exponent")?,
        value_bytes: flags.number("value-bytes")? as usize,
        rate: flags.number("rate")?,
        fill: flags.number("fill")? as usize,
    };
    let looks = Looks::default();
    let levels = levels(bench, asked, &looks);
    let server = Server {
        group: &group,
        terms: Terms {
            cores: host_cores(),
            think_inside_s: 0.0,
            others_meant: 0.0,
        },
    };
    let Some(base) = bench.record(("e3-before", "before"), server, &levels[..1])? else {
        return Ok(());
    };
    let before = hit_ratio(&looks, &base)?;
    let held = held(&redis)?;
    bench.report.notes.push(format!(
        "{:.1} MiB hold {:.0} entries of {:.0} bytes; {:.4} of the requests are hits",
        held.bytes / 1_048_576.0,
        held.entries,
        held.bytes_per_entry,
        before
    ));
    let answers = answers(bench, &looks, (&held, others))?;
    let cache = keys(bench, &looks, &held)?;
    for (i, bytes) in others.iter().enumerate() {
        let mib = *bytes as f64 / 1_048_576.0;
        let told = format!("{mib:.0} MiB");
        let subject = |cache| Subject {
            service: E3.service.to_owned(),
            group: group.path.clone(),
            cores: host_cores(),
            think_s: None,
            think_inside_s: 0.0,
            cache,
        };
        let action = Action::carried_out(format!(
            "CacheSize(service: \"redis\", bytes: {bytes}, by: Some((adapter: \"redis\", instance: \"\", key: \"maxmemory\", value: \"{bytes}\")))"
        ));
        let name = format!("e3-{mib:.0}");
        let known = (&*told, &subject(Some(cache.clone())));
        let trial = bench.predict(&name, known, std::slice::from_ref(&action), &base)?;
        let unknown = format!("{told}, keys not known");
        let blind = (&*unknown, &subject(None));
        let blind = bench.predict(&format!("{name}-blind"), blind, &[action], &base)?;
        let in_force = || Ok((redis.memory()? - *bytes as f64).abs() < 1.0);
        let applied = bench.apply(&trial, &in_force, &|| redis.set_memory(*bytes))?;
        let name = format!("e3-after-{mib:.0}");
        let after = bench.record((&name, "after"), server, &levels[..1])?;
        let after = after.map(|it| hit_ratio(&looks, &it)).transpose()?;
        bench.report.notes.push(format!(
            "{told}: {:.0} entries are expected, {:.0} are held",
            held.entries_at(*bytes as f64),
            redis.talk()?.entries()?
        ));
        let outcome = after.map(|after| Outcome {
            before,
            after,
            utilization: 0.0,
        });
        let row = |by: By, metric: &str, predicted: Predicted, note: &str| Scored {
            by,
            change: told.clone(),
            applied: applied.clone(),
            metric: metric.to_owned(),
            quantity: Quantity::HitRatio,
            truth: TRUTH.to_owned(),
            predicted,
            outcome,
            error: None,
            grade: Grade::NotRun,
            direction_right: None,
            inside: None,
            note: note.to_owned(),
        };
        let answered = trial.prediction.of("cache.hit_ratio");
        let answered = row(By::Kymo, "cache.hit_ratio", answered, "the plan");
        bench.report.rows.push(answered.judge(Owed::Answer));
        let refused = blind.prediction.of("action a1");
        let refused = row(By::Kymo, "action a1", refused, "the plan without keys");
        bench.report.rows.push(refused.judge(Owed::Refusal));
        for answer in &answers {
            let predicted = Predicted {
                p50: answer.ratios.get(i).copied(),
                class: "-".to_owned(),
                model: answer.by.to_owned(),
                ..Predicted::default()
            };
            let row = row(answer.whose, "cache.hit_ratio", predicted, answer.by);
            bench.report.rows.push(row.judge(Owed::Answer));
        }
    }
    Ok(())
}

fn levels(bench: &Bench, asked: Asked, looks: &Looks) -> Vec<Level<'static>> {
    let seed = bench.protocol.seed;
    let (ear, looks) = (Arc::clone(&bench.ear), Arc::clone(looks));
    let runs = AtomicU64::new(0);
    let level = Level {
        setting: format!("{:.0} requests/s", asked.rate),
        users: None,
        begin: Box::new(move |_| {
            // The same keys again would all be there already.
            let seed = seed + runs.fetch_add(1, Ordering::Relaxed);
            let load = Cache::start(address(), asked, seed, (&ear, &looks))?;
            Ok(Box::new(load) as Box<dyn Load>)
        }),
    };
    vec![level]
}

/// Share of hits within the time that counts.
fn hit_ratio(looks: &Looks, recorded: &Recorded) -> Result<f64, String> {
    let looks = looks.lock().map_err(|_| "a reader is lost")?;
    let (from, to) = recorded.window;
    let own = looks.iter().filter(|it| it.end_s > from && it.end_s <= to);
    let (hits, count) = own.fold((0.0, 0.0), |(hits, count), it| {
        (hits + f64::from(u8::from(it.hit)), count + 1.0)
    });
    match count > 0.0 {
        true => Ok(hits / count),
        false => Err("nothing was looked up".to_owned()),
    }
}

fn held(redis: &Redis) -> Result<Held, String> {
    let mut talk = redis.talk()?;
    let entries = talk.entries()?;
    // With what the table of keys takes, which redis counts apart from its data.
    let used = talk.told("memory", "used_memory")? - talk.told("memory", "used_memory_startup")?;
    Ok(Held {
        bytes: redis.memory()?,
        entries,
        bytes_per_entry: used / entries.max(1.0),
    })
}

/// Writes the keys down beside the recording, and says how a plan names them.
fn keys(bench: &Bench, looks: &Looks, held: &Held) -> Result<String, String> {
    const NAME: &str = "e3-before.keys";
    let looks = looks.lock().map_err(|_| "a reader is lost")?;
    let mut text = String::with_capacity(looks.len() * 6);
    for look in looks.iter() {
        text.push_str(&look.key.to_string());
        text.push('\n');
    }
    put(&bench.kymo.out.join(NAME), &text)?;
    Ok(format!(
        "(keys: {NAME:?}, warm: {}, entry_bytes: {:?}, bytes: {:?})",
        looks.len() / 3,
        held.bytes_per_entry,
        held.bytes
    ))
}

/// What one model says of the sizes.
struct Answer {
    whose: By,
    by: &'static str,
    ratios: Vec<f64>,
}

/// Asks Kymo's model and the yardsticks of this program; what they say is kept before any
/// change.
fn answers(
    bench: &mut Bench,
    looks: &Looks,
    (held, sizes): (&Held, &[u64]),
) -> Result<Vec<Answer>, String> {
    let keys: Vec<u32> = {
        let looks = looks.lock().map_err(|_| "a reader is lost")?;
        looks.iter().map(|it| it.key).collect()
    };
    let entries: Vec<f64> = sizes
        .iter()
        .map(|it| held.entries_at(*it as f64).round())
        .collect();
    let mut all = vec![
        Answer {
            whose: By::Yardstick,
            by: "yardstick: distances of reuse",
            ratios: reuse::least_recently_used(&keys, keys.len() / 3, &entries),
        },
        Answer {
            whose: By::Yardstick,
            by: "yardstick: popularity alone",
            ratios: reuse::approximate(&keys, &entries),
        },
    ];
    for answer in &all {
        let text = serde_json::json!({"entries": entries, "hit_ratio": answer.ratios});
        let name = format!("e3-{}", answer.by.replace(": ", "-").replace(' ', "-"));
        kept::keep(&bench.kymo.out, &name, (answer.by, &text.to_string()))?;
    }
    match solved(bench, &keys, &entries) {
        Ok(found) => all.extend(found),
        Err(why) => {
            let note = format!("Kymo has no answer for a cache: {why}");
            bench.report.notes.push(note);
        }
    }
    Ok(all)
}

fn solved(bench: &Bench, keys: &[u32], entries: &[f64]) -> Result<Vec<Answer>, String> {
    let path = bench.kymo.out.join("e3.case.json");
    write_case(&path, keys, entries)?;
    let answer = bench.kymo.solve(&path)?;
    let out = &bench.kymo.out;
    kept::keep(out, "e3-solve", ("kymo whatif solve", &answer.to_string()))?;
    let of = |name: &str| -> Vec<f64> {
        let list = answer.get(name).and_then(|it| it.as_array());
        let numbers = list.into_iter().flatten();
        numbers.filter_map(|it| it.as_f64()).collect()
    };
    Ok(vec![
        Answer {
            whose: By::Kymo,
            by: "kymo whatif solve, hit_ratio",
            ratios: of("hit_ratio"),
        },
        Answer {
            whose: By::Kymo,
            by: "kymo whatif solve, hit_ratio_che",
            ratios: of("hit_ratio_che"),
        },
    ])
}

fn write_case(path: &Path, keys: &[u32], entries: &[f64]) -> Result<(), String> {
    let case = serde_json::json!({
        "model": "cache",
        "inputs": {"trace": keys, "warm": keys.len() / 3, "sizes": entries},
    });
    put(path, &case.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_memory_holds_more_entries_of_the_same_size() {
        let held = Held {
            bytes: 5e6,
            entries: 6000.0,
            bytes_per_entry: 700.0,
        };
        assert!((held.entries_at(5.7e6) - 7000.0).abs() < 1e-9);
    }
}
