//! Other programs that write files of the clients, and the plugin whose work `so` takes over.
//!
//! Responsible for: finding them by what they leave, and switching that plugin off in the client's own settings.
//! Must not: touch a file of theirs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::merge::{self, Done, Record};
use super::settings;
use super::target::Roots;
use crate::compile::artifact::{Edit, Format};
use crate::compile::platform::Platform;

/// A program that writes files of clients.
struct Manager {
    name: &'static str,
    /// What it leaves in a project.
    project: &'static [&'static str],
    /// What it leaves in the home.
    home: &'static [&'static str],
    /// What it does to files that it did not write.
    about: &'static str,
}

const MANAGERS: &[Manager] = &[
    Manager {
        name: "rulesync",
        project: &["rulesync.jsonc", "rulesync.json", ".rulesync"],
        home: &[],
        about: "its `generate` removes what it did not write where `delete` is on, and replaces hooks of others",
    },
    Manager {
        name: "ruler",
        project: &[".ruler"],
        home: &[],
        about: "its `apply` replaces skills and agents of others",
    },
    Manager {
        name: "apm",
        project: &["apm.yml", "apm.lock.yaml", "apm_modules"],
        home: &[],
        about: "its `install` puts back what it wrote over edits",
    },
    Manager {
        name: "spec-kit",
        project: &[".specify"],
        home: &[],
        about: "it writes commands of its own beside ours",
    },
    Manager {
        name: "skills",
        project: &["skills-lock.json"],
        home: &[".agents/.skill-lock.json"],
        about: "it links skills into the directories of all clients, so that one client may read a skill twice",
    },
];

/// The plugin that `so` re-creates: both would judge each command and keep a state of their own.
const ORIGINAL: &str = "session-orchestrator";

/// A manager that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What shows it.
    pub sign: String,
    /// What it does to files that it did not write.
    pub about: String,
}

/// The original plugin, switched on in a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Original {
    /// As the client calls it.
    pub id: String,
    /// The settings file that switches it on.
    pub file: PathBuf,
    /// How to switch it off there; none where only the client itself can.
    pub switch: Option<Vec<String>>,
}

/// The managers that leave signs here.
pub fn managers(roots: &Roots) -> Vec<Found> {
    let sign = |manager: &Manager| {
        let project = roots.project.as_ref();
        let here =
            manager.project.iter().find(|name| project.is_some_and(|project| project.join(name).exists()));
        let home = manager.home.iter().find(|name| roots.home.join(name).exists());
        here.map(|name| (*name).to_owned()).or_else(|| home.map(|name| format!("~/{name}")))
    };
    let found = |manager: &Manager| {
        Some(Found { name: manager.name.to_owned(), sign: sign(manager)?, about: manager.about.to_owned() })
    };
    MANAGERS.iter().filter_map(found).collect()
}

/// The original plugin in one client.
pub fn originals(platform: &Platform, roots: &Roots) -> Vec<Original> {
    let Some(switch) = &platform.loads.plugin_switch else { return Vec::new() };
    let mut found = Vec::new();
    for file in settings::files(roots, &switch.file) {
        let value = settings::read(&file).unwrap_or_default();
        let (before, after) =
            switch.at.split_at(switch.at.iter().position(|key| key == "{id}").unwrap_or(switch.at.len()));
        let Some(list) = settings::at(&value, before).first().copied() else { continue };
        for (id, entry) in list.as_object().into_iter().flatten().filter(|(id, _)| is_original(id)) {
            let after = after.get(1..).unwrap_or_default();
            let is_off = settings::at(entry, after).first() == Some(&&Value::Bool(false));
            let at = before.iter().chain([id]).chain(after).cloned().collect();
            found.extend((!is_off).then(|| Original {
                id: id.clone(),
                file: file.clone(),
                switch: Some(at),
            }));
        }
        for entry in list.as_array().into_iter().flatten() {
            let id =
                entry.as_str().or_else(|| entry.get("source").and_then(Value::as_str)).unwrap_or_default();
            if is_original(id) {
                found.push(Original { id: id.to_owned(), file: file.clone(), switch: None });
            }
        }
    }
    found
}

/// `session-orchestrator@market`, or a path or address that ends in it.
fn is_original(id: &str) -> bool {
    let name = id.split('@').next().unwrap_or(id).trim_end_matches('/');
    name.rsplit(['/', ':']).next() == Some(ORIGINAL)
}

/// The settings file with the plugin switched off; everything else in it stays as it is.
///
/// # Errors
/// The file cannot be read or edited.
pub fn switched_off(original: &Original) -> anyhow::Result<Option<String>> {
    let Some(at) = &original.switch else { return Ok(None) };
    let text = crate::fs::read_text(&original.file)?;
    let format = if is_toml(&original.file) { Format::Toml } else { Format::Json };
    let set = |value: bool| Edit::Set { at: at.clone(), value: value.into(), ours: true };
    // As if the present value were ours: a value of others would stay.
    let on = merge::holds(format, &text, &set(true))?;
    let done = Done { edit: set(true), held: false, lead: String::new() };
    let past = Record { done: on.then_some(done).into_iter().collect(), ..Record::default() };
    Ok(merge::merge(format, Some(&text), &past, &[set(false)], false)?.text)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off(name: &str, text: &str, at: &[&str]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(name);
        crate::fs::atomic_write(&file, text.as_bytes(), false).unwrap();
        let switch = Some(at.iter().map(|key| (*key).to_owned()).collect());
        switched_off(&Original { id: String::new(), file, switch }).unwrap().unwrap()
    }

    #[test]
    fn only_the_switch_of_the_original_is_turned() {
        let json =
            "{\n  // mine\n  \"enabledPlugins\": {\"session-orchestrator@k\": true, \"x@y\": true}\n}\n";
        let at = ["enabledPlugins", "session-orchestrator@k"];
        assert_eq!(off("settings.json", json, &at), json.replacen("@k\": true", "@k\": false", 1));
        let toml = "# mine\n[plugins.\"session-orchestrator@k\"]\nenabled = true\n";
        let at = ["plugins", "session-orchestrator@k", "enabled"];
        assert_eq!(off("config.toml", toml, &at), toml.replace("true", "false"));
    }

    #[test]
    fn the_original_is_known_by_its_name_alone() {
        for (id, is) in [
            ("session-orchestrator@kanevry", true),
            ("git:host/u/session-orchestrator@v3", true),
            ("../x/session-orchestrator/", true),
            ("my-session-orchestrator@x", false),
        ] {
            assert_eq!(is_original(id), is, "{id}");
        }
    }
}
