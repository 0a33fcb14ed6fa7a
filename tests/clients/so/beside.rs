//! Beside what a person already has: their own hook fires on, and after a session of the client everything can be
//! taken back. Only what the client keeps for itself is different then, and that is listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::sandbox::{Sandbox, write};
use super::super::{Platform, install, uninstall};
use super::Scope;

/// Every path below the home and the project; files with their bytes.
type Snapshot = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// A hook of the person's own that leaves a mark whenever a tool is called, in a file with their formatting.
fn own_hook(sandbox: &Sandbox, platform: Platform) {
    let mark = format!("echo fired >> {}", sandbox.root.join("mark").display());
    let handler = json!({"type": "command", "command": mark});
    let hooks = format!("{{ \"hooks\":\n {{\"PreToolUse\": [ {{\"hooks\": [ {handler} ]}} ]}} }}");
    match platform {
        Platform::Claude => write(&sandbox.home.join(".claude/settings.json"), &hooks),
        Platform::Codex => {
            write(&sandbox.home.join(".codex/hooks.json"), &hooks);
            write(
                &sandbox.home.join(".codex/config.toml"),
                "# mine\nmodel_verbosity = \"low\" # terse\n# end\n",
            );
        }
        Platform::Pi => {
            let text = format!(
                "import {{ execSync }} from \"node:child_process\";\n\
                 export default function (pi: any) {{\n  pi.on(\"tool_call\", async () => void execSync({}));\n}}\n",
                json!(mark)
            );
            write(&sandbox.home.join(".pi/agent/extensions/mine.ts"), &text);
            write(&sandbox.home.join(".pi/agent/settings.json"), "{ \"theme\": \"dark\" }");
        }
    }
}

fn snapshot(sandbox: &Sandbox) -> Snapshot {
    let mut nodes = BTreeMap::new();
    for top in [&sandbox.home, &sandbox.project] {
        for entry in walkdir::WalkDir::new(top).into_iter().map(Result::unwrap) {
            let bytes = entry.file_type().is_file().then(|| fs::read(entry.path()).unwrap());
            nodes.insert(entry.path().strip_prefix(&sandbox.root).unwrap().to_owned(), bytes);
        }
    }
    nodes
}

fn assert_taken_back(platform: Platform, scope: Scope) {
    let sandbox = Sandbox::new(&format!("so-beside-{}-{scope:?}", platform.id()));
    own_hook(&sandbox, platform);
    let before = snapshot(&sandbox);
    install(&sandbox, platform, scope.options()).success();

    let model = ModelServer::start(&sandbox, [Script::always([Step::shell("true"), Step::say("played")])]);
    let client = platform.open(&sandbox, &model);
    client.accept_hooks();
    client.turn("play").ended_with("played");
    let mark = fs::read_to_string(sandbox.root.join("mark")).unwrap_or_default();
    assert_eq!(mark, "fired\n", "the person's own hook");

    uninstall(&sandbox, platform, &[]).success();
    let after = snapshot(&sandbox);
    assert_eq!(differing(&before, &after, &kept(platform)), BTreeSet::new());
    if platform == Platform::Codex {
        assert_config_kept(&sandbox);
    }
}

/// The differing paths that start with none of `left`. A directory counts only if nothing below it differs.
fn differing(before: &Snapshot, after: &Snapshot, left: &[String]) -> BTreeSet<PathBuf> {
    let differ: BTreeSet<_> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .cloned()
        .collect();
    let leaf = |path: &&PathBuf| !differ.iter().any(|other| other != *path && other.starts_with(path));
    let unlisted = |path: &&PathBuf| !left.iter().any(|own| path.to_str().unwrap().starts_with(own));
    differ.iter().filter(leaf).filter(unlisted).cloned().collect()
}

/// The client wrote down what was trusted; the person's own lines stand as they stood, and ours are gone.
fn assert_config_kept(sandbox: &Sandbox) {
    let text = fs::read_to_string(sandbox.home.join(".codex/config.toml")).unwrap();
    let config: Value = toml_edit::de::from_str(&text).unwrap();
    let keys: Vec<_> = config.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(text.starts_with("# mine\nmodel_verbosity = \"low\" # terse\n"), "{text}");
    assert!(text.contains("# end\n"), "{text}");
    assert!(keys.iter().all(|key| ["model_verbosity", "hooks", "projects"].contains(key)), "{keys:?}");
}

/// What the platform's file says that its client keeps for itself, what so remembers of projects, and the scripted
/// model of these tests.
fn kept(platform: Platform) -> Vec<String> {
    let file = crate::support::root().join(format!("platforms/{}.toml", platform.id()));
    let data =
        so::compile::platform::Platform::parse(platform.id(), &fs::read_to_string(file).unwrap()).unwrap();
    let ours = [".local/state/so", ".pi/agent/models.json"].map(str::to_owned);
    data.install.residue.into_iter().chain(ours).map(|path| format!("home/{path}")).collect()
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_leaves_only_its_own() {
    for scope in [Scope::Default, Scope::Project] {
        assert_taken_back(Platform::Claude, scope);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_leaves_only_its_own() {
    for scope in [Scope::Default, Scope::Project] {
        assert_taken_back(Platform::Codex, scope);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_leaves_only_its_own() {
    for scope in [Scope::Default, Scope::Project] {
        assert_taken_back(Platform::Pi, scope);
    }
}
