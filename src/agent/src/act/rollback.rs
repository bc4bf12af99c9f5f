//! The way back: each value that was captured is set again, the last one first.
//!
//! A value is set only where what is in force is what the plan set; where somebody else
//! was there in between, that is told and left alone. Setting is absolute and may be
//! repeated, so a way back that was cut off is begun anew from the record.
//!
//! Start at [`put_back`].

use super::log::{Captured, Entry, Left};
use super::world::{Trouble, World};

/// Writes of one value before it is given up.
const TRIES_MAX: usize = 3;

/// A value that was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Where and what.
    pub(crate) captured: Captured,
    /// What was in force after it was set; `None` when that is not known.
    pub(crate) read_back: Option<String>,
}

/// What became of everything that was captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Back {
    /// As before: key and value.
    pub(crate) restored: Vec<(String, String)>,
    /// Not as before.
    pub(crate) left: Vec<Left>,
}

/// Puts everything back, the last first, and tells each.
pub(crate) fn put_back(held: &[Held], world: &mut dyn World, tell: &mut dyn FnMut(Entry)) -> Back {
    let mut back = Back::default();
    for held in held.iter().rev() {
        match put_one(held, world) {
            Ok((value, how)) => {
                let key = held.captured.spot.key.clone();
                tell(Entry::Restored {
                    key: key.clone(),
                    value: value.clone(),
                    how: how.to_owned(),
                });
                back.restored.push((key, value));
            }
            Err(left) => {
                tell(Entry::Left(left.clone()));
                back.left.push(left);
            }
        }
    }
    back
}

/// Puts one value back; what it is now and how that came, or what is left to do.
///
/// What an application does and what its file says are two things, of which one is read:
/// its settings are written once in any case, so that neither keeps what the plan set.
fn put_one(held: &Held, world: &mut dyn World) -> Result<(String, &'static str), Left> {
    let captured = &held.captured;
    let mut is_set = !is_application(&captured.spot.key);
    let mut how = "unchanged";
    let mut why = String::new();
    let mut found = String::new();
    for attempt in 0..=TRIES_MAX {
        if attempt > 1 {
            world.pause();
        }
        match world.read(&captured.spot) {
            Ok(value) if value == captured.before && is_set => return Ok((value, how)),
            Ok(value) if value == captured.before => found = value,
            Ok(value) if !held.is_ours(&value) => {
                let why = "somebody else changed it in between; it was left alone";
                return Err(left(captured, value, why.to_owned()));
            }
            Ok(value) => found = value,
            Err(Trouble::Gone(why)) => return Ok((why, "gone")),
            Err(trouble) => {
                why = trouble.to_string();
                continue;
            }
        }
        if attempt == TRIES_MAX {
            break;
        }
        how = "written";
        match world.write(&captured.spot, &captured.before) {
            Ok(()) => {
                is_set = true;
                if why.is_empty() {
                    why = "it was set and is not in force".to_owned();
                }
            }
            Err(trouble) => why = trouble.to_string(),
        }
    }
    Err(left(captured, found, why))
}

fn left(captured: &Captured, found: String, why: String) -> Left {
    Left {
        key: captured.spot.key.clone(),
        found,
        wanted: captured.before.clone(),
        why,
        by_hand: captured.by_hand.clone(),
    }
}

impl Held {
    /// Whether a value is one that the plan itself, or its way back, left there.
    ///
    /// Where a write was cut off, parts of it may be there and parts not, so any mixture
    /// of both is ours: whoever else set one part to what it was before loses nothing.
    fn is_ours(&self, value: &str) -> bool {
        let captured = &self.captured;
        let (before, after) = (&captured.before, &captured.after);
        if self.read_back.as_deref() == Some(value) || after == value {
            return true;
        }
        if captured.spot.key.starts_with("process:") {
            is_of_both(value, before, after)
        } else {
            is_mixture(value, before, after)
        }
    }
}

/// Whether each word of a value is the one before or the one after.
fn is_mixture(value: &str, before: &str, after: &str) -> bool {
    let [value, before, after] =
        [value, before, after].map(|it| it.split_whitespace().collect::<Vec<_>>());
    value.len() == before.len()
        && value.len() == after.len()
        && value
            .iter()
            .zip(before.iter().zip(&after))
            .all(|(it, (before, after))| it == before || it == after)
}

/// Whether each thread has what some thread had before or shall have after.
fn is_of_both(value: &str, before: &str, after: &str) -> bool {
    let of = |word: &str| word.rsplit('=').next().unwrap_or_default().to_owned();
    let known: Vec<String> = before
        .split_whitespace()
        .chain(after.split_whitespace())
        .map(of)
        .collect();
    value
        .split_whitespace()
        .all(|word| known.contains(&of(word)))
}

/// Whether a key is a setting of an application rather than of the machine.
fn is_application(key: &str) -> bool {
    let name = key.split([':', '@']).next().unwrap_or_default();
    ["nginx", "postgres", "redis"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::world::Spot;

    /// An application: what its file says and what it does, of which the latter is read.
    struct Application {
        file: String,
        running: String,
        fails: usize,
        writes: usize,
    }

    impl World for Application {
        fn canonical(&mut self, _: &Spot, value: &str) -> Result<String, Trouble> {
            Ok(value.to_owned())
        }

        fn read(&mut self, _: &Spot) -> Result<String, Trouble> {
            Ok(self.running.clone())
        }

        fn write(&mut self, _: &Spot, value: &str) -> Result<(), Trouble> {
            self.writes += 1;
            if self.fails > 0 {
                self.fails -= 1;
                return Err(Trouble::Failed("it is not there".to_owned()));
            }
            value.clone_into(&mut self.file);
            value.clone_into(&mut self.running);
            Ok(())
        }

        fn pin(&mut self, spot: &Spot) -> Result<Spot, Trouble> {
            Ok(spot.clone())
        }

        fn sizes(&mut self, _: &Spot, _: &str) -> Vec<f64> {
            Vec::new()
        }

        fn restart(&self, _: &Spot) -> String {
            String::new()
        }

        fn by_hand(&self, _: &Spot, _: &str) -> String {
            String::new()
        }

        fn pause(&mut self) {}
    }

    /// What comes of a plan that wrote `2` into the file and was cut off before more.
    fn cut_off(key: &str, fails: usize) -> (Application, Back) {
        let mut world = Application {
            file: "2".to_owned(),
            running: "1".to_owned(),
            fails,
            writes: 0,
        };
        let held = Held {
            captured: Captured {
                action: "a".to_owned(),
                spot: Spot::of_key(key),
                before: "1".to_owned(),
                after: "2".to_owned(),
                by_hand: String::new(),
            },
            read_back: None,
        };
        let back = put_back(&[held], &mut world, &mut |_| {});
        (world, back)
    }

    #[test]
    fn a_file_that_was_written_is_put_back_although_nothing_runs_by_it_yet() {
        for key in ["postgres:work_mem", "redis@a:maxmemory", "nginx:gzip"] {
            let (world, back) = cut_off(key, 1);
            assert_eq!(world.file, "1", "{key}");
            assert!(back.left.is_empty() && back.restored.len() == 1);
            // Where it cannot be written nobody says that it is as before.
            let (_, back) = cut_off(key, 99);
            assert_eq!(back.left.len(), 1, "{key}");
        }
        // The machine's own settings are one thing.
        assert_eq!(cut_off("sysctl:vm.swappiness", 0).0.writes, 0);
    }
}
