//! Files with hooks, whoever wrote them: what the client would not read, and commands that are not there.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::{Ask, Finding, Package};
use crate::compile::platform::loads::{HookFiles, Unknown};
use crate::install::settings;
use crate::suggest;

/// Words that a shell knows itself.
const BUILTINS: [&str; 29] = [
    "!", ".", ":", "[", "[[", "cd", "command", "echo", "eval", "exec", "exit", "export", "false", "for",
    "if", "printf", "read", "return", "set", "source", "test", "time", "trap", "true", "type", "unset",
    "until", "while", "{",
];
/// Programs whose first plain argument is the program.
const INTERPRETERS: [&str; 11] =
    ["bash", "bun", "deno", "node", "perl", "php", "python", "python3", "ruby", "sh", "zsh"];

/// One file with hooks.
struct File<'a> {
    rule: &'a HookFiles,
    path: PathBuf,
    package: Option<&'a Path>,
    in_project: bool,
}

/// Looks at all of them.
pub(super) fn check(ask: &Ask<'_>, packages: &[Package]) -> Vec<Finding> {
    let mut found: Vec<Finding> = ask
        .platform
        .loads
        .settings
        .iter()
        .flat_map(|name| settings::files(ask.roots, name))
        .filter_map(|path| unreadable(ask, &path))
        .collect();
    for file in files(ask, packages) {
        found.extend(unreadable(ask, &file.path));
        if let Some(value) = settings::read(&file.path) {
            found.extend(in_file(ask, &file, &value));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn files<'a>(ask: &'a Ask<'_>, packages: &'a [Package]) -> Vec<File<'a>> {
    let mut found = Vec::new();
    for rule in &ask.platform.loads.hooks {
        for at in &rule.at {
            let in_project = !at.starts_with("~/");
            let paths = settings::files(ask.roots, at).into_iter();
            found.extend(paths.map(|path| File { rule, path, package: None, in_project }));
        }
        for (package, at) in
            packages.iter().flat_map(|package| rule.plugin.iter().map(move |at| (package, at)))
        {
            let path = package.dir.join(at);
            found.push(File { rule, path, package: Some(&package.dir), in_project: false });
        }
    }
    found
}

/// A file that is there and is not what its name says.
fn unreadable(ask: &Ask<'_>, path: &Path) -> Option<Finding> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let why = if path.extension().is_some_and(|extension| extension == "toml") {
        toml_edit::de::from_str::<Value>(text).err()?.to_string()
    } else {
        serde_json::from_str::<Value>(text).err()?.to_string()
    };
    let why = why.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let what =
        format!("{} cannot be read, so {} drops all of it: {why}", ask.shown(path), ask.platform.title);
    Some(Finding::new("broken-file", what, "mend that place"))
}

fn in_file(ask: &Ask<'_>, file: &File<'_>, value: &Value) -> Vec<Finding> {
    let shown = ask.shown(&file.path);
    let title = &ask.platform.title;
    let mut found = Vec::new();
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key);
    let strange: Vec<&str> = keys
        .filter(|key| !file.rule.keys.is_empty() && !file.rule.keys.contains(key))
        .map(String::as_str)
        .collect();
    if let Some(key) = strange.first() {
        let what = format!("`{key}` at the top of {shown} makes {title} drop the whole file");
        found.push(Finding::new("hooks-dropped", what, "take it out"));
    }
    let events = value.get("hooks").and_then(Value::as_object);
    for (event, entries) in
        events.into_iter().flatten().filter(|(event, _)| !file.rule.beside.contains(event))
    {
        if !ask.platform.loads.events.is_empty() && !ask.platform.loads.events.contains(event) {
            found.push(unknown(ask, file, &shown, event));
        }
        for command in commands(entries) {
            found.extend(program(ask, file, &shown, event, &command));
        }
    }
    found
}

fn unknown(ask: &Ask<'_>, file: &File<'_>, shown: &str, event: &str) -> Finding {
    let title = &ask.platform.title;
    let effect = match file.rule.unknown {
        Unknown::File => "switches off the whole file",
        Unknown::Entry => "never runs",
    };
    let known = ask.platform.loads.events.iter().map(String::as_str);
    let mend = suggest::nearest(event, known).map_or_else(
        || "take it out, or update the client".to_owned(),
        |nearest| format!("write `{nearest}`, if that is meant"),
    );
    let what = format!("{title} knows no event `{event}`, which {effect}: {shown}");
    Finding::new("unknown-event", what, mend)
}

/// The commands of one event, in groups or in a flat list.
fn commands(entries: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries.as_array().into_iter().flatten() {
        let grouped = entry.get("hooks").and_then(Value::as_array).into_iter().flatten();
        for handler in std::iter::once(entry).chain(grouped) {
            let is_program = handler.get("type").is_none_or(|kind| kind == "command");
            let command = handler.get("command").and_then(Value::as_str).filter(|_| is_program);
            found.extend(command.map(str::to_owned));
        }
    }
    found
}

/// Whether what a command starts is there. Our own handlers are looked at elsewhere.
fn program(ask: &Ask<'_>, file: &File<'_>, file_shown: &str, event: &str, command: &str) -> Option<Finding> {
    if command.contains("/so-hook") || command.contains(&format!(" hook {} ", ask.platform.id)) {
        return None;
    }
    let words = (ask.words)(&filled(ask, file, command)?);
    let (first, rest) = words.split_first()?;
    if BUILTINS.contains(&first.as_str()) {
        return None;
    }
    let name = first.rsplit('/').next().unwrap_or(first);
    let script = rest
        .first()
        .filter(|word| INTERPRETERS.contains(&name) && word.contains('/') && !word.starts_with('-'));
    let shown = |path: &Path| ask.shown(path);
    let away = "put it there, or take the hook out";
    let (what, mend) = match at(ask, file, first) {
        None => (format!("calls `{first}`, which is not on PATH"), away),
        Some(path) if !path.exists() => (format!("calls {}, which is not there", shown(&path)), away),
        Some(path) if cfg!(unix) && !crate::fs::is_executable(&path) => {
            (format!("calls {}, which may not be run", shown(&path)), "chmod +x it")
        }
        Some(_) => {
            let path = at(ask, file, script?).filter(|path| !path.exists())?;
            (format!("calls {name} with {}, which is not there", shown(&path)), away)
        }
    };
    Some(Finding::new("hook-command", format!("the hook {event} in {file_shown} {what}"), mend))
}

/// The command with the directories that clients put in; none when there is nothing to put in.
fn filled(ask: &Ask<'_>, file: &File<'_>, command: &str) -> Option<String> {
    let mut text = command.to_owned();
    let mut put = |names: &[String], path: Option<&Path>| {
        for name in names.iter().flat_map(|name| [format!("${{{name}}}"), format!("${name}")]) {
            if text.contains(&name) {
                text = text.replace(&name, &path?.display().to_string());
            }
        }
        Some(())
    };
    put(&ask.platform.loads.package_vars, file.package)?;
    put(&ask.platform.loads.project_vars, ask.roots.project.as_deref())?;
    put(&["HOME".to_owned()], Some(&ask.roots.home))?;
    Some(text)
}

/// Where a word of a command leads; none for a name that is not on `PATH`.
fn at(ask: &Ask<'_>, file: &File<'_>, word: &str) -> Option<PathBuf> {
    if !word.contains('/') {
        return (ask.which)(word);
    }
    let home = word.strip_prefix("~/").map(|rest| ask.roots.home.join(rest));
    let cwd = if file.in_project || file.rule.cwd.is_empty() {
        ask.roots.project.clone().unwrap_or_default()
    } else {
        settings::in_home(ask.roots, &file.rule.cwd)
    };
    let path = home.unwrap_or_else(|| cwd.join(word));
    Some(path.components().filter(|part| *part != Component::CurDir).collect())
}
