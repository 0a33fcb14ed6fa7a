//! One value of the Session Config: read by the kind of its key, printed as one would write it.

use std::collections::BTreeMap;
use std::fmt;

use super::block::Raw;
use super::keys::{Key, Kind};

/// What counts for a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    None,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number, and others for some modes.
    IntByMode(i64, BTreeMap<String, i64>),
    /// A number from 0 to 1.
    Share(f64),
    /// A text, a command or a choice.
    Text(String),
    /// Texts.
    List(Vec<String>),
}

// A share is read from decimal text and never computed with: no NaN gets here.
impl Eq for Value {}

impl Value {
    /// Reads what stands behind a key; the error is a clause behind its name.
    pub(super) fn read(key: &Key, raw: &Raw) -> Result<Self, String> {
        let text = match raw {
            Raw::List(items) if matches!(key.kind, Kind::List | Kind::Map) => {
                return Ok(Self::List(items.clone()));
            }
            Raw::List(_) => return Err(format!("must be {}, found a list", words(key.kind))),
            Raw::Text(text) => text.as_str(),
        };
        let wrong = || format!("must be {}, found `{text}`", words(key.kind));
        if matches!(text, "" | "none" | "null") {
            // A switch that is neither on nor off would be off for whoever asks whether it is on.
            let may_be_none = matches!(key.kind, Kind::Text | Kind::Command | Kind::List | Kind::Map);
            return if may_be_none || key.default.is_empty() { Ok(Self::None) } else { Err(wrong()) };
        }
        match key.kind {
            Kind::Bool => text.parse().map(Self::Bool).map_err(|_| wrong()),
            Kind::Int(low, high) => int(text, low, high).map(Self::Int).ok_or_else(wrong),
            Kind::IntByMode(low, high) => by_mode(text, low, high).ok_or_else(wrong),
            Kind::Share => match text.parse() {
                Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self::Share(share)),
                _ => Err(wrong()),
            },
            Kind::Choice(choices) if choices.contains(&text) => Ok(Self::Text(text.to_owned())),
            Kind::Choice(_) => Err(wrong()),
            Kind::Text | Kind::Command | Kind::Map => Ok(Self::Text(text.to_owned())),
            Kind::List => Ok(Self::List(vec![text.to_owned()])),
        }
    }

    /// The default of a key.
    pub(super) fn default_of(key: &Key) -> Self {
        let default = key.default;
        let raw = match default.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(items) => Raw::List(items.split(", ").map(str::to_owned).collect()),
            None => Raw::Text(default.to_owned()),
        };
        Self::read(key, &raw).unwrap_or(Self::None)
    }
}

fn int(text: &str, low: i64, high: i64) -> Option<i64> {
    text.parse().ok().filter(|number| (low..=high).contains(number))
}

/// `6` or `6 (deep: 18, housekeeping: 2)`.
fn by_mode(text: &str, low: i64, high: i64) -> Option<Value> {
    let Some((number, modes)) = text.split_once('(') else { return int(text, low, high).map(Value::Int) };
    let mut named = BTreeMap::new();
    for part in modes.trim_end().strip_suffix(')')?.split(',').map(str::trim).filter(|part| *part != "…") {
        let (mode, number) = part.split_once(':')?;
        named.insert(mode.trim().to_owned(), int(number.trim(), low, high)?);
    }
    Some(Value::IntByMode(int(number.trim(), low, high)?, named))
}

/// What may stand behind a key, as words.
pub fn words(kind: Kind) -> String {
    match kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Int(low, high) => format!("a whole number from {low} to {high}"),
        Kind::IntByMode(low, high) => {
            format!("a whole number from {low} to {high}, such as `6` or `6 (deep: 18)`")
        }
        Kind::Share => "a number from 0 to 1".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Command => "a command".to_owned(),
        Kind::Choice(choices) => {
            let quoted: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            format!("one of {}", quoted.join(", "))
        }
        Kind::List => "a list, such as `[a, b]`".to_owned(),
        Kind::Map => "keys of its own, indented below it".to_owned(),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::IntByMode(value, modes) => {
                let modes: Vec<String> =
                    modes.iter().map(|(mode, value)| format!("{mode}: {value}")).collect();
                write!(f, "{value} ({})", modes.join(", "))
            }
            Self::Share(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::List(items) => write!(f, "[{}]", items.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::KEYS;
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
            assert_ne!(Value::default_of(key), Value::None, "{}", key.name);
            let printed = Value::default_of(key).to_string();
            assert_eq!(printed, key.default, "{}", key.name);
        }
    }
}
