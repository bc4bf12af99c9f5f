//! Moments as RFC 3339 text in plan files, so that people can write them.
//!
//! Use with `#[serde(with = "stamp")]`; [`maybe`] for an optional moment, [`pair`] for an
//! optional window.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::time::Moment;

/// Writes `2026-11-23T10:00:00Z`.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

/// Reads what [`serialize`] writes, and what people write like it.
///
/// # Errors
///
/// Text that is no moment.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

/// A moment, or none.
pub mod maybe {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::time::Moment;

    /// Writes a text.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        moment: &Option<Moment>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(|it| it.to_string()).serialize(serializer)
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// Text that is no moment.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Moment>, D::Error> {
        let text: Option<String> = Option::deserialize(deserializer)?;
        let moment = text.map(|it| it.parse().map_err(de::Error::custom));
        moment.transpose()
    }
}

/// A window of two moments, or none.
pub mod pair {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::time::Moment;

    /// Writes a pair of texts.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        window: &Option<(Moment, Moment)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts = window.map(|(from, to)| (from.to_string(), to.to_string()));
        texts.serialize(serializer)
    }

    /// Reads a pair of texts.
    ///
    /// # Errors
    ///
    /// Text that is no moment.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<(Moment, Moment)>, D::Error> {
        let texts: Option<(String, String)> = Option::deserialize(deserializer)?;
        let Some((from, to)) = texts else {
            return Ok(None);
        };
        let from = from.parse().map_err(de::Error::custom)?;
        let to = to.parse().map_err(de::Error::custom)?;
        Ok(Some((from, to)))
    }
}
