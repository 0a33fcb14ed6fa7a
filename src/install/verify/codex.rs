//! Codex CLI: its app server, which says what it found and trusts, and the text it would send.

use serde_json::{Value, json};

use super::process::{Client, Dialogue};
use super::scan::Item;
use super::{Answer, Ask, Finding, Package, Protocol, Seen, some};
use crate::compile::model::Kind;
use crate::install::settings;
use crate::install::target::Roots;

pub(super) const PROTOCOL: Protocol = Protocol { id: "codex", packages, ask: Some(ask), own };

/// The plugins that are switched on, in the client's own copies.
fn packages(roots: &Roots) -> Vec<Package> {
    let config = settings::read(&settings::in_home(roots, ".codex/config.toml")).unwrap_or_default();
    let plugins = config.get("plugins").and_then(Value::as_object).cloned().unwrap_or_default();
    let on = plugins.into_iter().filter(|(_, plugin)| plugin.get("enabled") != Some(&Value::Bool(false)));
    let of = |(id, _): (String, Value)| {
        let (name, market) = id.split_once('@')?;
        let versions = settings::in_home(roots, &format!(".codex/plugins/cache/{market}/{name}"));
        let dir = std::fs::read_dir(versions).ok()?.flatten().map(|entry| entry.path()).max()?;
        Some(Package { prefix: format!("{name}:"), dir, in_project: false })
    };
    on.filter_map(of).collect()
}

/// Commands of plugins that the client did not take over: it makes skills of those alone that use nothing of another
/// client's (0.169.0).
fn own(ask: &Ask<'_>, _: &[Item]) -> Vec<Finding> {
    packages(ask.roots).iter().filter_map(|package| left_behind(ask, package)).collect()
}

fn left_behind(ask: &Ask<'_>, package: &Package) -> Option<Finding> {
    let commands = package.dir.join("commands");
    let files =
        walkdir::WalkDir::new(&commands).max_depth(4).sort_by_file_name().into_iter().filter_map(Result::ok);
    let name = |entry: walkdir::DirEntry| {
        let below =
            entry.path().strip_prefix(&commands).ok()?.to_str()?.strip_suffix(".md")?.replace('/', "-");
        let taken =
            package.dir.join(".codex-plugin/migrated-command-skills").join(format!("source-command-{below}"));
        (!taken.exists() && !package.dir.join("skills").join(&below).exists()).then_some(below)
    };
    let lost: Vec<String> = files.filter_map(name).collect();
    let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
    let (title, plugin) = (&ask.platform.title, package.prefix.trim_end_matches(':'));
    let what = format!(
        "nobody can call {} of the plugin `{plugin}` in {title}: it takes over no command with arguments, `!` or `@`",
        some(&lost)
    );
    (!lost.is_empty())
        .then(|| Finding::new("unreachable", what, "ask its author for skills, or paste the text"))
}

fn ask(ask: &Ask<'_>, seen: &Seen<'_>) -> Result<Answer, String> {
    std::thread::scope(|scope| {
        let told = scope.spawn(|| told(&seen.client, seen));
        let (mut answer, skills) = served(ask, seen)?;
        match told.join().unwrap_or_else(|_| Err("it broke off".to_owned())) {
            Ok(told) => answer.findings.extend(cut(&told, &skills)),
            Err(why) => answer.notes.push(format!("the text for its model was not seen: {why}")),
        }
        Ok(answer)
    })
}

/// No model of a person, and none that could be reached.
const NOWHERE: [&str; 6] = [
    "-c",
    r#"model_providers.none={name="none",base_url="http://127.0.0.1:9/v1",wire_api="responses",env_key="NONE"}"#,
    "-c",
    r#"model_provider="none""#,
    "-c",
    r#"model="none""#,
];

/// What the app server says of hooks and skills.
fn served(ask: &Ask<'_>, seen: &Seen<'_>) -> Result<(Answer, Vec<Value>), String> {
    let mut server = seen.client.speak(&[&["app-server"], &NOWHERE[..]].concat())?;
    let who = json!({"name": "so", "version": env!("CARGO_PKG_VERSION")});
    call(
        &mut server,
        1,
        "initialize",
        &json!({"clientInfo": who, "capabilities": {"experimentalApi": true}}),
    )?;
    server.say(&json!({"method": "initialized"}));
    let cwds = json!([seen.client.cwd]);
    let hooks = call(&mut server, 2, "hooks/list", &json!({"cwds": cwds}))?;
    let skills = call(&mut server, 3, "skills/list", &json!({"cwds": cwds, "forceReload": true}))?;
    let first = |value: &Value| value.pointer("/data/0").cloned().unwrap_or_default();
    let (hooks, skills) = (first(&hooks), first(&skills));
    let list = list(&skills, "skills");
    let name = |skill: &Value| skill.get("name").and_then(Value::as_str).map(str::to_owned);
    let mut answer = Answer::default();
    answer.names.insert(Kind::Skill, list.iter().filter_map(name).collect());
    for (what, kind) in [(&hooks, "hooks"), (&skills, "skills")] {
        answer.findings.extend(complaints(ask, seen, what, kind));
    }
    answer.findings.extend(untrusted(ask, seen, &hooks));
    let off: Vec<String> = list
        .iter()
        .filter(|skill| skill.get("enabled") == Some(&Value::Bool(false)))
        .filter_map(name)
        .collect();
    let off: Vec<&str> = off.iter().map(String::as_str).collect();
    if !off.is_empty() {
        answer.notes.push(format!("switched off: {}", some(&off)));
    }
    Ok((answer, list))
}

fn call(server: &mut Dialogue<'_>, id: u64, method: &str, params: &Value) -> Result<Value, String> {
    server.say(&json!({"id": id, "method": method, "params": params}));
    let answer =
        server.hear(|message| message.get("id") == Some(&json!(id)) && message.get("method").is_none())?;
    match answer.get("error") {
        Some(error) => Err(format!("{method}: {error}")),
        None => Ok(answer.get("result").cloned().unwrap_or_default()),
    }
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// What it could not read, in its own words.
fn complaints(ask: &Ask<'_>, seen: &Seen<'_>, value: &Value, kind: &str) -> Vec<Finding> {
    let all = list(value, "errors").into_iter().chain(list(value, "warnings"));
    let text = |complaint: Value| {
        let message = complaint.get("message").unwrap_or(&complaint);
        let message = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        let path =
            complaint.get("path").and_then(Value::as_str).map(|path| format!("{path}: ")).unwrap_or_default();
        real(ask, seen, &format!("{path}{message}"))
    };
    let finding = |complaint: Value| {
        let what = format!("{} says of {kind}: {}", ask.platform.title, text(complaint));
        Finding::new("client-error", what, "mend that file")
    };
    all.map(finding).collect()
}

/// Paths of the scratch home as those that they stand for.
fn real(ask: &Ask<'_>, seen: &Seen<'_>, text: &str) -> String {
    let scratch = seen.scratch.below(".codex").display().to_string();
    let home = settings::in_home(ask.roots, ".codex/x");
    let home = home.parent().unwrap_or(&ask.roots.home);
    let text = text.replace(&scratch, &ask.shown(home));
    let project = ask.roots.project.as_ref().map(|project| format!("{}/", project.display()));
    project.map_or(text.clone(), |project| text.replace(&project, ""))
}

/// Hooks that are skipped in silence, whoever wrote them.
fn untrusted(ask: &Ask<'_>, seen: &Seen<'_>, hooks: &Value) -> Vec<Finding> {
    let mut by_file: std::collections::BTreeMap<(String, String), Vec<String>> =
        std::collections::BTreeMap::new();
    for hook in list(hooks, "hooks") {
        let text = |key: &str| hook.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let status = text("trustStatus");
        let status =
            if hook.get("enabled") == Some(&Value::Bool(false)) { "disabled".to_owned() } else { status };
        if ["untrusted", "modified", "disabled"].contains(&status.as_str()) {
            by_file
                .entry((real(ask, seen, &text("sourcePath")), status))
                .or_default()
                .push(text("eventName"));
        }
    }
    let title = &ask.platform.title;
    let finding = |((file, status), events): ((String, String), Vec<String>)| {
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let why = match status.as_str() {
            "modified" => "are not the ones that were trusted",
            "disabled" => "are switched off",
            _ => "are not trusted",
        };
        let what =
            format!("{title} skips hooks of {file} and does not say so, they {why}: {}", some(&events));
        let press = ask.platform.hooks.trust.as_ref().map(|trust| trust.press.clone());
        Finding::new("untrusted", what, press.unwrap_or_default())
    };
    by_file.into_iter().map(finding).collect()
}

/// The skills in what it would send to its model, with what is told of them.
fn told(client: &Client<'_>, seen: &Seen<'_>) -> Result<Vec<(String, String)>, String> {
    let config = settings::read(&client.cwd.join(".codex/config.toml"));
    let servers = config.as_ref().and_then(|config| config.get("mcp_servers")).and_then(Value::as_object);
    // It would start the servers of the project and of plugins.
    let off: Vec<String> = servers
        .into_iter()
        .flatten()
        .map(|(name, _)| format!("mcp_servers.{}.enabled=false", json!(name)))
        .collect();
    if let Some(package) = seen.packages.iter().find(|package| package.dir.join(".mcp.json").exists()) {
        return Err(format!("the plugin `{}` would start a server", package.prefix.trim_end_matches(':')));
    }
    let mut args: Vec<&str> = NOWHERE.to_vec();
    args.extend(off.iter().flat_map(|off| ["-c", off.as_str()]));
    args.extend(["debug", "prompt-input", "hello"]);
    let ran = client.run(&args)?;
    let items: Vec<Value> =
        serde_json::from_str(&ran.stdout).map_err(|_| super::process::first_line(&ran.stderr))?;
    let blocks = items.iter().flat_map(|item| list(item, "content"));
    let texts: Vec<String> =
        blocks.filter_map(|block| block.get("text").and_then(Value::as_str).map(str::to_owned)).collect();
    Ok(texts.iter().map(|text| entries(text)).find(|entries| !entries.is_empty()).unwrap_or_default())
}

/// The entries of the list of skills: `- NAME: ABOUT (file: PATH)`.
fn entries(text: &str) -> Vec<(String, String)> {
    let listing = text.split_once("### Available skills").map(|(_, listing)| listing).unwrap_or_default();
    let lines = listing.lines().filter_map(|line| line.strip_prefix("- ")?.rsplit_once("(file: "));
    let pair = |(before, _): (&str, &str)| {
        let (name, about) = before.split_once(": ").unwrap_or((before.trim_end().trim_end_matches(':'), ""));
        (name.to_owned(), about.trim().to_owned())
    };
    lines.map(pair).collect()
}

/// Skills whose description does not reach the model, or not all of it.
fn cut(told: &[(String, String)], skills: &[Value]) -> Option<Finding> {
    let text = |skill: &Value, key: &str| {
        skill.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
    };
    let is_own = |skill: &&Value| !text(skill, "path").contains("/skills/.system/");
    let is_cut = |skill: &&Value| {
        let about = told.iter().find(|(name, _)| *name == text(skill, "name")).map(|(_, about)| about);
        let whole = text(skill, "description");
        about.is_some_and(|about| about.len() < whole.len() && whole.starts_with(about.as_str()))
    };
    let cut: Vec<String> =
        skills.iter().filter(is_own).filter(is_cut).map(|skill| text(skill, "name")).collect();
    let cut: Vec<&str> = cut.iter().map(String::as_str).collect();
    let what = format!(
        "{} of {} skills are told to the model with less than their description, there is no room: {}",
        cut.len(),
        told.len(),
        some(&cut)
    );
    (!cut.is_empty())
        .then(|| Finding::new("listing-overflow", what, "shorten descriptions, or take skills out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_is_cut_is_told() {
        let text = "### Available skills\n- a: All (of it). (file: r0/a/SKILL.md)\n- b: Some wo (file: r0/b/SKILL.md)\n- c (file: r0/c)\n";
        let skill = |name: &str, about: &str| json!({"name": name, "description": about, "path": "/x"});
        let skills = [skill("a", "All (of it)."), skill("b", "Some words"), skill("c", "Other words")];
        let told = entries(text);
        let what = cut(&told, &skills).unwrap().what;
        assert!(what.starts_with("2 of 3 skills") && what.ends_with("`b`, `c`"), "{what}");
    }
}
