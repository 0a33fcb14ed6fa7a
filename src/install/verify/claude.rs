//! Claude Code: its list of plugins, its validator, and the request it would send with all it loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::listen::Listener;
use super::process::{Client, first_line};
use super::{Answer, Ask, Finding, Package, Protocol, Seen, some};
use crate::compile::model::Kind;
use crate::install::settings;
use crate::install::target::Roots;

pub(super) const PROTOCOL: Protocol =
    Protocol { id: "claude", packages, ask: Some(ask), own: |_, _| Vec::new() };

/// Plugins that are validated.
const MANY: usize = 8;
/// What stands above the list of skills in a request of 2.1.197.
const LISTING: &str = "skills are available for use with the Skill tool:";
/// The name of a model decides nothing here but the room of that list, which is the smaller one for this one.
const MODEL: &str = "claude-sonnet-4-5";

/// The plugins that are switched on, by the files in which the client keeps them.
fn packages(roots: &Roots) -> Vec<Package> {
    let installed = settings::read(&settings::in_home(roots, ".claude/plugins/installed_plugins.json"));
    let installed = installed.and_then(|value| value.get("plugins").cloned()).unwrap_or_default();
    let switch = switches(roots);
    let of = |(id, entries): (&String, &Value)| {
        let (on, in_project) = *switch.get(id.as_str())?;
        let dir = entries.as_array()?.first()?.get("installPath")?.as_str()?;
        let name = id.split_once('@').map_or(id.as_str(), |(name, _)| name);
        on.then(|| Package { prefix: format!("{name}:"), dir: PathBuf::from(dir), in_project })
    };
    installed.as_object().into_iter().flatten().filter_map(of).collect()
}

/// Which plugins are on, and whether the project says so.
fn switches(roots: &Roots) -> BTreeMap<String, (bool, bool)> {
    let mut found = BTreeMap::new();
    for name in ["~/.claude/settings.json", ".claude/settings.json", ".claude/settings.local.json"] {
        for file in settings::files(roots, name) {
            let value = settings::read(&file).unwrap_or_default();
            let plugins = value.get("enabledPlugins").and_then(Value::as_object).cloned().unwrap_or_default();
            let in_project = !name.starts_with("~/");
            found.extend(plugins.into_iter().map(|(id, on)| (id, (on == Value::Bool(true), in_project))));
        }
    }
    found
}

fn ask(ask: &Ask<'_>, seen: &Seen<'_>) -> Result<Answer, String> {
    let listener = Listener::start().map_err(|error| error.to_string())?;
    let client = Client { env: environment(&listener.url()), ..seen.client.clone() };
    let held = if seen.in_project { starts_something(ask) } else { None };
    std::thread::scope(|scope| {
        let plugins = scope.spawn(|| listed(&client));
        let broken: Vec<_> = seen
            .packages
            .iter()
            .take(MANY)
            .map(|package| scope.spawn(|| validated(ask, &client, package)))
            .collect();
        let inventories: Vec<_> = seen
            .packages
            .iter()
            .take(MANY)
            .map(|package| scope.spawn(|| inventory(ask, &client, package)))
            .collect();
        let mut answer = Answer::default();
        if seen.packages.len() > MANY {
            answer.notes.push(format!("{MANY} of {} plugins were validated", seen.packages.len()));
        }
        match held {
            None => loaded(&client, listener, &mut answer)?,
            Some(what) => {
                answer.notes.push(format!("{what}: it was not started, only its plugins were asked about"));
            }
        }
        let plugins = plugins.join().unwrap_or_else(|_| Err("it broke off".to_owned()))?;
        answer.findings.extend(plugins);
        answer.findings.extend(broken.into_iter().filter_map(|one| one.join().ok().flatten()));
        for (lost, costs) in inventories.into_iter().filter_map(|one| one.join().ok().flatten()) {
            answer.findings.extend(lost);
            answer.notes.extend(costs);
        }
        Ok(answer)
    })
}

/// No key and no address but the one at which we listen.
fn environment(url: &str) -> Vec<(&'static str, String)> {
    let plain = [
        ("ANTHROPIC_API_KEY", "none"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("DISABLE_TELEMETRY", "1"),
    ];
    let plain = plain.into_iter().map(|(name, value)| (name, value.to_owned()));
    plain.chain([("ANTHROPIC_BASE_URL", url.to_owned())]).collect()
}

/// What in the settings of others would run a program or send the request elsewhere.
fn starts_something(ask: &Ask<'_>) -> Option<String> {
    let files = ask.platform.loads.settings.iter().filter(|name| !name.starts_with("~/"));
    files.flat_map(|name| settings::files(ask.roots, name)).find_map(|file| {
        let value = settings::read(&file)?;
        let key = ask.platform.loads.starts.iter().find(|key| {
            let keys: Vec<String> = key.split('.').map(str::to_owned).collect();
            !settings::at(&value, &keys).is_empty()
        })?;
        Some(format!("{} sets `{key}`", ask.shown(&file)))
    })
}

/// `plugin list --json`: the one place that names a plugin that failed to load.
fn listed(client: &Client<'_>) -> Result<Vec<Finding>, String> {
    let ran = client.run(&["plugin", "list", "--json"])?;
    let list: Vec<Value> = serde_json::from_str(&ran.stdout).map_err(|_| first_line(&ran.stderr))?;
    let mut found = Vec::new();
    for plugin in &list {
        let id = plugin.get("id").and_then(Value::as_str).unwrap_or_default();
        for error in plugin.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let error = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
            let what = format!("the plugin `{id}` does not load as it should: {}", first_line(&error));
            found.push(Finding::new("plugin-error", what, "mend that file, or update the plugin"));
        }
    }
    Ok(found)
}

/// `plugin validate` on the installed directory: it finds what is dropped in silence when a session starts.
fn validated(ask: &Ask<'_>, client: &Client<'_>, package: &Package) -> Option<Finding> {
    let ours = ask.written.iter().any(|written| written.path.starts_with(&package.dir));
    let dir = package.dir.display().to_string();
    let strict = ["plugin", "validate", "--strict", dir.as_str()];
    let lax = ["plugin", "validate", dir.as_str()];
    let ran = client.run(if ours { &strict } else { &lax }).ok().filter(|ran| !ran.success)?;
    let text = anstream::adapter::strip_str(&format!("{}\n{}", ran.stdout, ran.stderr)).to_string();
    let complaints = text.lines().map(str::trim).filter_map(|line| line.strip_prefix('❯'));
    let complaints: Vec<&str> = complaints.map(str::trim).take(3).collect();
    let why = if complaints.is_empty() { first_line(&text) } else { complaints.join("; ") };
    let name = package.prefix.trim_end_matches(':');
    let mend = if ours { ask.again(" --force") } else { "update the plugin, or tell its author".to_owned() };
    Some(Finding::new("invalid-plugin", format!("the plugin `{name}` does not validate: {why}"), mend))
}

/// `plugin details`: the one place that names the events for which a plugin has hooks that were loaded, and what the
/// plugin costs in every session.
fn inventory(
    ask: &Ask<'_>,
    client: &Client<'_>,
    package: &Package,
) -> Option<(Option<Finding>, Option<String>)> {
    let name = package.prefix.trim_end_matches(':');
    let ran = client.run(&["plugin", "details", name]).ok().filter(|ran| ran.success)?;
    let line = |start: &str| ran.stdout.lines().map(str::trim).find_map(|line| line.strip_prefix(start));
    let hooks = line("Hooks (")?.split_once(')')?.1.split("  (").next().unwrap_or_default();
    let loaded: BTreeSet<String> = hooks.split(',').map(|event| event.trim().to_owned()).collect();
    let lost: Vec<String> = events(package).difference(&loaded).cloned().collect();
    let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
    let what = format!("{} loaded no hook of the plugin `{name}` for {}", ask.platform.title, some(&lost));
    let ours = ask.written.iter().any(|written| written.path.starts_with(&package.dir));
    let mend = if ours { ask.again(" --force") } else { "update the plugin, or tell its author".to_owned() };
    let finding = (!lost.is_empty()).then(|| Finding::new("hooks-not-loaded", what, mend));
    let cost = line("Always-on:").and_then(|rest| rest.split("tok").next()).map(str::trim);
    Some((finding, cost.map(|cost| format!("the plugin `{name}` costs {cost} tokens in every session"))))
}

/// The events for which the files of a plugin have hooks.
fn events(package: &Package) -> BTreeSet<String> {
    let manifest = settings::read(&package.dir.join(".claude-plugin/plugin.json")).unwrap_or_default();
    let more = match manifest.get("hooks") {
        Some(Value::String(file)) => vec![file.clone()],
        Some(Value::Array(files)) => files.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let files = std::iter::once("hooks/hooks.json".to_owned()).chain(more);
    let hooks = files.filter_map(|file| settings::read(&package.dir.join(file))?.get("hooks").cloned());
    let named = hooks.filter_map(|hooks| Some(hooks.as_object()?.keys().cloned().collect::<Vec<_>>()));
    named.flatten().collect()
}

/// A turn whose request is heard here and refused: no hook, no MCP server, no session is left.
fn loaded(client: &Client<'_>, listener: Listener, answer: &mut Answer) -> Result<(), String> {
    let quiet = json!({"disableAllHooks": true}).to_string();
    let ran = client.run(&[
        "-p",
        "hello",
        "--output-format",
        "stream-json",
        "--verbose",
        "--strict-mcp-config",
        "--no-session-persistence",
        "--settings",
        &quiet,
        "--model",
        MODEL,
    ])?;
    let lines = ran.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let Some(init) = lines.into_iter().find(|line| line.get("subtype").is_some_and(|kind| kind == "init"))
    else {
        return Err(first_line(&format!("{}\n{}", ran.stderr, ran.stdout)));
    };
    let names = |key: &str| -> Vec<String> {
        let list = init.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut invoked = names("skills");
    invoked.extend(names("slash_commands"));
    answer.names.insert(Kind::Skill, invoked);
    answer.names.insert(Kind::Agent, names("agents"));
    for error in init.get("plugin_errors").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let what = format!("the plugin `{}` does not load as it should: {}", text("plugin"), text("message"));
        answer.findings.push(Finding::new("plugin-error", what, "mend that file, or update the plugin"));
    }
    match listener.heard() {
        Some(request) => answer.findings.extend(bare(&request, &names("skills"))),
        None => answer.notes.push("it sent no request, so its list of skills was not seen".to_owned()),
    }
    Ok(())
}

/// Skills that the model is told by name alone, because there is no room.
fn bare(request: &str, names: &[String]) -> Option<Finding> {
    let request: Value = serde_json::from_str(request).ok()?;
    let messages = request.get("messages").and_then(Value::as_array).into_iter().flatten();
    let blocks = messages.filter_map(|message| message.get("content").and_then(Value::as_array)).flatten();
    let texts = blocks.filter_map(|block| block.get("text").and_then(Value::as_str));
    let listing = texts.filter_map(|text| text.split_once(LISTING)).map(|(_, listing)| listing).next()?;
    let listing = listing.split("</system-reminder>").next().unwrap_or(listing);
    let lines: Vec<&str> = listing.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let told = |name: &&String| {
        lines.iter().any(|line| line.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(": ")))
    };
    let is_bare = |name: &&String| lines.contains(&name.as_str());
    let bare: Vec<&str> = names.iter().filter(is_bare).map(String::as_str).collect();
    let all = bare.len() + names.iter().filter(told).count();
    let what = format!(
        "{} of {} skills are told to the model by name alone, there is no room for what they are for: {}",
        bare.len(),
        all,
        some(&bare)
    );
    let mend = "shorten descriptions, or give `disable-model-invocation: true` to what you call by yourself";
    (!bare.is_empty()).then(|| Finding::new("listing-overflow", what, mend))
}
