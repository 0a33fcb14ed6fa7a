//! The switches that turn hooks off, as a platform's file lists them.

use serde_json::Value;

use super::wiring::Wiring;
use super::{Cause, Machine};
use crate::client::{Client, Process};
use crate::compile::platform::{Off, Platform};
use crate::install::settings;

/// What switches the wirings off: what is set wrong, or (`lacking`) what is not set that must be.
pub(super) fn causes(
    machine: &Machine<'_>,
    platform: &Platform,
    wirings: &[Wiring],
    lacking: bool,
) -> Vec<Cause> {
    let reaches =
        |off: &&Off| off.scopes.is_empty() || wirings.iter().any(|wiring| off.scopes.contains(&wiring.scope));
    let names = wirings.first().map_or("so", |wiring| wiring.source.as_str());
    let found = |off: &Off| {
        let off = filled(machine, platform, names, off);
        let what = in_files(machine, &off).or_else(|| in_environment(machine, &off));
        let what = what.or_else(|| in_flags(machine, platform, &off))?;
        Some(Cause::new(&off.name, off.why.replace("{what}", &what), off.press.clone()))
    };
    platform
        .off
        .iter()
        .filter(|off| off.unless.is_some() == lacking)
        .filter(reaches)
        .filter_map(found)
        .collect()
}

/// The first file that holds the switch.
fn in_files(machine: &Machine<'_>, off: &Off) -> Option<String> {
    let files = off.files.iter().flat_map(|name| settings::files(machine.roots, name));
    if let Some(right) = &off.unless {
        let files: Vec<_> = files.collect();
        let is_right =
            |file| settings::read(file).is_some_and(|value| settings::at(&value, &off.at).contains(&right));
        let first = files.first()?;
        return (!files.iter().any(|file| is_right(file))).then(|| settings::shown(machine.roots, first));
    }
    let is_off = |value: &Value| off.set || off.is.iter().any(|wrong| fits(wrong, value));
    let mut holds = files.filter(|file| {
        settings::read(file).is_some_and(|value| settings::at(&value, &off.at).into_iter().any(is_off))
    });
    holds.next().map(|file| settings::shown(machine.roots, &file))
}

/// Whether `value` is the wrong one: equal, an array that has it, or an object that has all of its keys so.
fn fits(wrong: &Value, value: &Value) -> bool {
    match (wrong, value) {
        (_, Value::Array(items)) if !wrong.is_array() => items.iter().any(|item| fits(wrong, item)),
        (Value::Object(wrong), Value::Object(value)) => {
            wrong.iter().all(|(key, wrong)| value.get(key).is_some_and(|value| wrong == value))
        }
        _ => wrong == value,
    }
}

fn in_environment(machine: &Machine<'_>, off: &Off) -> Option<String> {
    let is_on = |name: &&String| (machine.var)(name).is_some_and(|value| value != "0" && value != "false");
    off.env.iter().find(is_on).cloned()
}

/// A flag of the client's process; one of several words stands in a row.
fn in_flags(machine: &Machine<'_>, platform: &Platform, off: &Off) -> Option<String> {
    let client = Client::of(&platform.id)?;
    let process = machine.ancestors.iter().find(|process| client.is_process(process))?;
    off.flags.iter().find(|flag| has_flag(process, flag)).map(|flag| format!("`{flag}`"))
}

fn has_flag(process: &Process, flag: &str) -> bool {
    let words: Vec<&str> = flag.split(' ').collect();
    process.args.windows(words.len()).any(|args| args == words)
        || words.len() == 1 && process.args.iter().any(|arg| arg.starts_with(&format!("{flag}=")))
}

/// The switch with names and paths of this machine in it.
fn filled(machine: &Machine<'_>, platform: &Platform, plugin: &str, off: &Off) -> Off {
    let package = machine.roots.packages.join(plugin).join(&platform.id).display().to_string();
    let project =
        machine.roots.project.as_ref().map(|project| project.display().to_string()).unwrap_or_default();
    let fill = |text: &str| {
        text.replace("{plugin}", plugin).replace("{package}", &package).replace("{project}", &project)
    };
    Off {
        at: off.at.iter().map(|key| fill(key)).collect(),
        is: off.is.iter().map(|value| fill_value(value, &fill)).collect(),
        why: fill(&off.why),
        ..off.clone()
    }
}

fn fill_value(value: &Value, fill: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Object(object) => {
            object.iter().map(|(key, value)| (key.clone(), fill_value(value, fill))).collect()
        }
        other => other.clone(),
    }
}
