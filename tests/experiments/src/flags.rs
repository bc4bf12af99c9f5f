//! Flags of a command: those that all experiments know, and those of one.
//!
//! Start at [`Flags::of`].

use std::collections::BTreeMap;

/// The values of all flags, those that were not given among them.
#[derive(Debug)]
pub(crate) struct Flags(BTreeMap<String, String>);

impl Flags {
    /// Reads arguments; `known` are all flags with their values where they are not given.
    pub(crate) fn of(arguments: &[String], known: &[(&str, &str)]) -> Result<Self, String> {
        let usual = known.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
        let mut flags: BTreeMap<String, String> = usual.collect();
        let mut rest = arguments.iter().peekable();
        while let Some(flag) = rest.next() {
            let name = flag.strip_prefix("--").filter(|it| flags.contains_key(*it));
            let name = name.ok_or_else(|| {
                let all: Vec<String> = flags.keys().map(|it| format!("--{it}")).collect();
                format!("{flag} is not known; there are {}", all.join(" "))
            })?;
            let is_switch = known.iter().any(|it| it.0 == name && it.1 == "off");
            let value = match rest.peek() {
                Some(next) if !next.starts_with("--") => rest.next().cloned(),
                _ if is_switch => Some("on".to_owned()),
                _ => None,
            };
            let value = value.ok_or_else(|| format!("{flag} needs a value"))?;
            flags.insert(name.to_owned(), value);
        }
        Ok(Self(flags))
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        let value = self.0.get(name).map(String::as_str);
        value
            .filter(|it| !it.is_empty())
            .ok_or_else(|| format!("--{name} is missing"))
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<f64, String> {
        let numbers = self.numbers(name)?;
        match numbers.as_slice() {
            [number] => Ok(*number),
            _ => Err(format!("--{name} takes one number")),
        }
    }

    /// Numbers with commas between them.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, String> {
        let numbers: Result<Vec<f64>, _> = self.text(name)?.split(',').map(str::parse).collect();
        let numbers = numbers.ok().filter(|it| {
            let mut all = it.iter();
            all.all(|it| it.is_finite() && *it >= 0.0)
        });
        numbers.ok_or_else(|| format!("--{name} takes numbers such as 2,4,8"))
    }

    /// Whether a switch is on.
    pub(crate) fn on(&self, name: &str) -> Result<bool, String> {
        match self.text(name)? {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(format!("--{name} is on or off, not {other}")),
        }
    }

    /// Names with commas between them.
    pub(crate) fn names(&self, name: &str) -> Result<Vec<&str>, String> {
        Ok(self.text(name)?.split(',').collect())
    }

    /// All of them as they would be given.
    pub(crate) fn told(&self, leaving_out: &[&str]) -> String {
        let all = self.0.iter();
        let told = all.filter(|it| !leaving_out.contains(&it.0.as_str()));
        let told: Vec<String> = told.map(|it| format!("--{} {}", it.0, it.1)).collect();
        told.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[(&str, &str)] = &[("kymo", ""), ("clients", "2,4"), ("one-core", "off")];

    fn flags(words: &str) -> Result<Flags, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Flags::of(&words, KNOWN)
    }

    #[test]
    fn flags_have_the_usual_value_until_they_are_given() {
        let found = flags("--kymo /k --one-core --clients 8,16,24");
        assert!(found.as_ref().is_ok_and(|it| it.on("one-core") == Ok(true)));
        let numbers = found.and_then(|it| it.numbers("clients"));
        assert_eq!(numbers, Ok(vec![8.0, 16.0, 24.0]));
        let usual = flags("--kymo /k").and_then(|it| it.numbers("clients"));
        assert_eq!(usual, Ok(vec![2.0, 4.0]));
    }

    #[test]
    fn what_is_wrong_with_flags_is_said() {
        assert!(flags("--color red").is_err_and(|it| it.contains("--clients")));
        assert!(flags("--kymo").is_err_and(|it| it.contains("needs a value")));
        let missing = flags("").and_then(|it| it.text("kymo").map(str::to_owned));
        assert_eq!(missing, Err("--kymo is missing".to_owned()));
        let wrong = flags("--clients two").and_then(|it| it.numbers("clients"));
        assert!(wrong.is_err());
    }
}
