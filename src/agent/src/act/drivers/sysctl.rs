//! `Sysctl`: a setting of the kernel, below `/proc/sys`.
//!
//! Set for as long as the machine runs: what shall outlive a restart belongs into
//! `/etc/sysctl.d`, which people and their tools keep, so scope `Persistent` is refused.
//!
//! # Source
//!
//! `proc(5)`, `sysctl(8)`.

use super::Driver;
use crate::act::dry::quoted;
use crate::act::machine::{Links, Machine};
use crate::act::world::{Spot, Trouble};

/// The driver.
pub(crate) struct Sysctl;

impl Driver for Sysctl {
    fn knows(&self, key: &str) -> bool {
        key.starts_with("sysctl:")
    }

    fn read(&self, machine: &Machine, spot: &Spot) -> Result<String, Trouble> {
        let text = machine.text("proc/sys", &path(spot)?, Links::Never)?;
        Ok(words(&text))
    }

    fn write(&self, machine: &Machine, spot: &Spot, value: &str) -> Result<(), Trouble> {
        machine.put(("proc/sys", &path(spot)?), value, Links::Never)
    }

    fn canonical(&self, _: &Machine, _: &Spot, value: &str) -> Result<String, Trouble> {
        Ok(words(value))
    }

    fn by_hand(&self, _: &Machine, spot: &Spot, value: &str) -> String {
        let name = spot.key.strip_prefix("sysctl:").unwrap_or_default();
        format!("sysctl -w {}", quoted(&format!("{name}={value}")))
    }
}

fn path(spot: &Spot) -> Result<String, Trouble> {
    let name = spot.key.strip_prefix("sysctl:").unwrap_or_default();
    let plain = |it: char| it.is_ascii_alphanumeric() || "_-".contains(it);
    let sound = |part: &str| !part.is_empty() && part.chars().all(plain);
    if !name.split('.').all(sound) {
        return Err(Trouble::Refused(format!("{} is no key", spot.key)));
    }
    Ok(name.replace('.', "/"))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_name_and_nothing_before_it() {
        let path = |key: &str| path(&Spot::of_key(key)).ok();
        let found = path("sysctl:net.core.somaxconn");
        assert_eq!(found.as_deref(), Some("net/core/somaxconn"));
        for key in [
            "sysctl:sysctl:kernel.panic",
            "sysctl:",
            "sysctl:a..b",
            "sysctl:a/b",
        ] {
            assert_eq!(path(key), None, "{key}");
        }
    }
}
