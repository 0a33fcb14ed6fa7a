//! Pi: its list of commands, asked for without anybody's extension.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::process::Client;
use super::{Answer, Ask, Package, Protocol, Seen};
use crate::compile::model::Kind;
use crate::install::settings;
use crate::install::target::Roots;

pub(super) const PROTOCOL: Protocol = Protocol { id: "pi", packages, ask: Some(ask), own: |_, _| Vec::new() };

/// Packages in directories; those of registries are asked of the client.
fn packages(roots: &Roots) -> Vec<Package> {
    let mut found = Vec::new();
    for name in ["~/.pi/agent/settings.json", ".pi/settings.json"] {
        for file in settings::files(roots, name) {
            let value = settings::read(&file).unwrap_or_default();
            let list = value.get("packages").and_then(Value::as_array).cloned().unwrap_or_default();
            let dirs = list.iter().filter_map(|package| {
                let source = package.as_str().or_else(|| package.get("source")?.as_str())?;
                let below = file.parent().unwrap_or(Path::new("/")).join(source);
                let filtered = ["prompts", "skills"].iter().any(|kind| package.get(kind).is_some());
                (below.is_dir() && !filtered).then_some(below)
            });
            let in_project = !name.starts_with("~/");
            found.extend(dirs.map(|dir: PathBuf| Package { prefix: String::new(), dir, in_project }));
        }
    }
    found
}

fn ask(_ask: &Ask<'_>, seen: &Seen<'_>) -> Result<Answer, String> {
    // It wants a model to exist, and asks it nothing.
    let provider = json!({
        "baseUrl": "http://127.0.0.1:9/v1", "api": "openai-completions", "apiKey": "none", "models": [{"id": "none"}],
    });
    let models = json!({"providers": {"none": provider}}).to_string();
    seen.scratch.write(".pi/agent/models.json", &models).map_err(|error| error.to_string())?;
    let env = vec![("PI_OFFLINE", "1".to_owned()), ("PI_TELEMETRY", "0".to_owned())];
    let client = Client { env, ..seen.client.clone() };
    let mut pi = client.speak(&[
        "--mode",
        "rpc",
        "--offline",
        "--no-session",
        "--no-extensions",
        "--no-tools",
        "--provider",
        "none",
        "--model",
        "none",
    ])?;
    pi.say(&json!({"type": "get_commands"}));
    let reply = pi.hear(|message| message.get("command").is_some_and(|command| command == "get_commands"))?;
    let commands = reply.pointer("/data/commands").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut answer = Answer::default();
    let of = |source: &str| -> Vec<String> {
        let named =
            commands.iter().filter(|command| command.get("source").is_some_and(|kind| kind == source));
        let listed = named.filter_map(|command| command.get("name").and_then(Value::as_str));
        listed.map(|name| name.strip_prefix("skill:").unwrap_or(name).to_owned()).collect()
    };
    answer.names.insert(Kind::Skill, of("skill"));
    answer.names.insert(Kind::Command, of("prompt"));
    answer.notes.push("its extensions were not started".to_owned());
    Ok(answer)
}
