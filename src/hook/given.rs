//! Directories that a client was given beside the project: by its payload, its settings, its command line, and the
//! folders that it keeps for what its model writes. Asked only about an edit that leads outside.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use toml_edit::DocumentMut;

use super::event::Event;
use super::world::World;
use crate::session::fence;

/// All of them; the directory around `path` among them if the client keeps it for itself.
pub(super) fn directories(event: &Event, world: &World, path: &Path) -> Vec<PathBuf> {
    let project = world.project(&event.cwd).unwrap_or_else(|| event.cwd.clone());
    let mut given = event.roots.clone();
    given.extend(fence::worktrees(&project));
    let mut named = Vec::new();
    match event.platform.as_str() {
        "claude" => {
            given.extend(world.started_in.clone());
            let home = world.home.as_ref().map(|home| home.join(".claude/settings.json"));
            let own = [".claude/settings.json", ".claude/settings.local.json"].map(|file| project.join(file));
            named.extend(home.into_iter().chain(own).flat_map(|file| additional_directories(&file)));
        }
        "codex" => {
            let file = world.home.as_ref().map(|home| home.join(".codex/config.toml"));
            named.extend(file.iter().flat_map(|file| writable_roots(&read(file))));
        }
        _ => {}
    }
    named.extend(world.arguments.map(|arguments| added(&arguments())).unwrap_or_default());
    given.extend(named.iter().map(|dir| expand(dir, &project, world.home.as_deref())));
    if let Some(home) = &world.home
        && fence::is_own_write(path, home, &own_writes(&event.platform))
    {
        given.extend(path.parent().map(Path::to_path_buf));
    }
    given
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// `permissions.additionalDirectories` (Claude Code 2.1.197).
fn additional_directories(file: &Path) -> Vec<String> {
    let settings: Value = serde_json::from_str(&read(file)).unwrap_or_default();
    let list = settings.pointer("/permissions/additionalDirectories").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `sandbox_workspace_write.writable_roots` (Codex 0.169.0), in a settings file or a `-c` of the command line.
fn writable_roots(toml: &str) -> Vec<String> {
    let Ok(document) = toml.parse::<DocumentMut>() else { return Vec::new() };
    let table = document.get("sandbox_workspace_write").and_then(|table| table.as_table_like());
    let roots = table.and_then(|table| table.get("writable_roots")).and_then(|roots| roots.as_array());
    roots.into_iter().flatten().filter_map(|root| root.as_str()).map(str::to_owned).collect()
}

/// `--add-dir A B` of Claude Code, `--add-dir A` and `-c sandbox_workspace_write.writable_roots=[…]` of Codex.
fn added(arguments: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(word) = rest.next() {
        if word == "--add-dir" {
            while let Some(dir) = rest.next_if(|dir| !dir.starts_with('-')) {
                found.push(dir.clone());
            }
        } else if let Some(dir) = word.strip_prefix("--add-dir=") {
            found.push(dir.to_owned());
        } else if word.starts_with("sandbox_workspace_write.writable_roots") {
            found.extend(writable_roots(word));
        }
    }
    found
}

fn expand(dir: &str, project: &Path, home: Option<&Path>) -> PathBuf {
    match (dir.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if dir == "~" => home.map(Path::to_path_buf).unwrap_or_default(),
        _ => project.join(dir),
    }
}

/// `own-writes` in the platform's file.
fn own_writes(platform: &str) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "kebab-case", default)]
    struct File {
        own_writes: Vec<String>,
    }
    let text = crate::embedded::text(&format!("platforms/{platform}.json")).unwrap_or_default();
    serde_json::from_str::<File>(text).unwrap_or_default().own_writes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_says_what_was_added() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(added(&words("claude --add-dir /a ../b -p x")), ["/a", "../b"]);
        assert_eq!(added(&words("codex --add-dir=/a exec")), ["/a"]);
        assert_eq!(
            added(&words("codex -c sandbox_workspace_write.writable_roots=[\"/a\",\"/b\"]")),
            ["/a", "/b"]
        );
    }

    #[test]
    fn a_platform_says_what_its_model_writes_for_it() {
        assert!(own_writes("claude").contains(&".claude/plans/".to_owned()));
    }
}
