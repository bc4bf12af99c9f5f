//! `IoScheduler`: order in which a block device's requests are served.
//!
//! # Source
//!
//! Linux `Documentation/block/switching-sched.rst`.

use super::Driver;
use crate::act::dry::quoted;
use crate::act::machine::{Links, Machine};
use crate::act::world::{Spot, Trouble};

/// The driver.
pub(crate) struct IoScheduler;

impl Driver for IoScheduler {
    fn knows(&self, key: &str) -> bool {
        device(key).is_some()
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let text = machine.text("sys", &path(spot)?, Links::Below)?;
        Ok(chosen(&text).to_owned())
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        machine.put(("sys", &path(spot)?), value, Links::Below)
    }

    /// Only what the device offers.
    fn canonical(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<String, Trouble> {
        let text = machine.text("sys", &path(spot)?, Links::Below)?;
        let offered = |word: &str| word.trim_matches(['[', ']']) == value;
        if text.split_whitespace().any(offered) {
            return Ok(value.to_owned());
        }
        Err(Trouble::Refused(format!(
            "{} offers {}, not {value}",
            spot.key,
            text.trim().replace(['[', ']'], "")
        )))
    }

    fn by_hand(&self, _: &Machine, spot: &Spot, value: &str) -> String {
        let path = path(spot).unwrap_or_default();
        format!(
            "echo {} > {}",
            quoted(value),
            quoted(&format!("/sys/{path}"))
        )
    }
}

fn device(key: &str) -> Option<&str> {
    key.strip_prefix("block:")?.strip_suffix(":scheduler")
}

fn path(spot: &Spot) -> Result<String, Trouble> {
    let sound = |it: &&str| {
        let plain = |it: char| it.is_ascii_alphanumeric() || "_-!.".contains(it);
        !it.is_empty() && !it.starts_with('.') && it.chars().all(plain)
    };
    let device = device(&spot.key).filter(sound);
    let device = device.ok_or_else(|| Trouble::Refused(format!("{} is no key", spot.key)))?;
    Ok(format!("block/{device}/queue/scheduler"))
}

/// The word in brackets; all of it where there is one word only.
fn chosen(text: &str) -> &str {
    let inside = text.split_once('[').and_then(|(_, it)| it.split_once(']'));
    inside.map_or(text.trim(), |(it, _)| it)
}
