//! `so verify` with the real clients: green after an install, each fault named with what mends it, and nothing of the
//! home or the project changed by asking.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::codex::Codex;
use super::super::process::{Ran, run};
use super::super::sandbox::{Sandbox, write};
use super::super::{Platform, install, so_all};
use crate::verify::{Kept, World, faults, text};

/// A machine as busy as that of the tests gives a client less than it needs.
const LIMIT: &str = "90";

fn world<'a>(sandbox: &'a Sandbox, platform: &str) -> World<'a> {
    World {
        root: &sandbox.root,
        home: sandbox.home.clone(),
        project: sandbox.project.clone(),
        package: sandbox.home.join(".local/share/so/so").join(platform),
    }
}

/// What the person did once: opened the project in each client, and trusted the hooks.
pub(super) fn opened(sandbox: &Sandbox) {
    let project = sandbox.project.to_str().unwrap();
    let state = json!({"projects": {project: {"hasTrustDialogAccepted": true}}});
    write(&sandbox.home.join(".claude.json"), &state.to_string());
    let sessions = format!("--{}--", project.trim_start_matches('/').replace('/', "-"));
    fs::create_dir_all(sandbox.home.join(".pi/agent/sessions").join(sessions)).unwrap();
    let codex = Codex::offline(sandbox);
    codex.trust_project();
    codex.trust_hooks();
}

/// `so` that the hooks of the sandbox do not call: a fault may take that one away.
pub(super) fn verify(sandbox: &Sandbox, platform: Option<&str>) -> Ran {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_so"));
    let path =
        command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).unwrap().to_owned();
    let faked = sandbox.root.join("path");
    let path = std::env::join_paths(std::iter::once(faked).chain(std::env::split_paths(&path))).unwrap();
    command.env("PATH", path).args([
        "--project",
        sandbox.project.to_str().unwrap(),
        "verify",
        "--json",
        "--limit",
        LIMIT,
    ]);
    if let Some(platform) = platform {
        command.args(["--platform", platform]);
    }
    run(&mut command)
}

/// Every path with its kind, mode and text.
fn state(dir: &Path) -> BTreeMap<String, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    let told = |entry: walkdir::DirEntry| {
        let text = if entry.file_type().is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
        let mode = entry.metadata().unwrap().permissions().mode();
        (entry.path().display().to_string(), format!("{mode:o} {}", so::install::lock::sha256(&text)))
    };
    entries.map(told).collect()
}

fn clients(ran: &Ran) -> Vec<Value> {
    ran.json()["clients"].as_array().unwrap().clone()
}

/// What `so verify` finds wrong, by its codes; the clients that are here were asked in the project.
pub(super) fn assert_findings(sandbox: &Sandbox, codes: &[&str]) {
    let ran = verify(sandbox, None);
    for client in clients(&ran).iter().filter(|client| client["client"] != "cursor") {
        assert_eq!(client["asked"]["where"], "project", "{ran}");
    }
    let found: Vec<Value> =
        clients(&ran).iter().flat_map(|client| client["findings"].as_array().unwrap().clone()).collect();
    let found: Vec<&Value> = found.iter().map(|finding| &finding["code"]).collect();
    assert_eq!(found, codes, "{ran}");
}

fn assert_green(sandbox: &Sandbox) {
    opened(sandbox);
    let before = (state(&sandbox.home), state(&sandbox.project));
    let ran = verify(sandbox, None);
    assert_eq!((state(&sandbox.home), state(&sandbox.project)), before, "asking changed something");
    let clients = clients(&ran);
    assert_eq!(clients.len(), 4, "{ran}");
    for client in clients {
        assert_eq!(client["findings"], json!([]), "{ran}");
        let asked = if client["client"] == "cursor" { "not" } else { "project" };
        assert_eq!(client["asked"]["where"], asked, "{ran}");
        assert_eq!(client["version"].is_string(), asked == "project", "{ran}");
        let loads = client["loads"].as_object().unwrap().values().filter_map(Value::as_u64);
        assert!(loads.sum::<u64>() > 25, "{ran}");
    }
    assert_eq!(ran.code, Some(0));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn verify_is_green_after_an_install() {
    let sandbox = Sandbox::new("so-verify-green");
    so_all(&sandbox, "install", &[]).success();
    assert_green(&sandbox);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn verify_is_green_after_a_team_s_install() {
    let sandbox = Sandbox::new("so-verify-green-project");
    so_all(&sandbox, "install", &["--scope", "project"]).success();
    assert_green(&sandbox);
}

/// In a project that nobody opened the clients are asked elsewhere, and hooks of the project never run.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn verify_starts_nothing_of_a_project() {
    let sandbox = Sandbox::new("so-verify-traps");
    let trap = |name: &str| sandbox.project.join(name).display().to_string();
    let hooks = json!({"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": format!("touch {}", trap("hook"))}]}]}});
    sandbox.write(".claude/settings.json", &hooks.to_string());
    sandbox.write(".codex/hooks.json", &hooks.to_string());
    sandbox.write(
        ".mcp.json",
        &json!({"mcpServers": {"x": {"command": "touch", "args": [trap("mcp")]}}}).to_string(),
    );
    let server = format!("[mcp_servers.x]\ncommand = \"touch\"\nargs = [\"{}\"]\n", trap("codex-mcp"));
    sandbox.write(".codex/config.toml", &server);
    let extension = format!(
        "import fs from \"node:fs\";\nexport default () => fs.writeFileSync(\"{}\", \"\");\n",
        trap("extension")
    );
    sandbox.write(".pi/extensions/x.ts", &extension);
    for (round, asked) in [("closed", "home"), ("opened", "project")] {
        let before = state(&sandbox.project);
        let ran = verify(&sandbox, None);
        assert_eq!(state(&sandbox.project), before, "{round}");
        for client in clients(&ran).iter().filter(|client| client["client"] != "cursor") {
            assert_eq!(client["asked"]["where"], asked, "{round}: {ran}");
        }
        opened(&sandbox);
    }
}

/// All faults of the table with the clients, in one machine for each: an install costs more than a question.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn verify_names_each_fault() {
    let all = std::env::var("SO_FAULTS").is_ok_and(|wanted| wanted == "all");
    let faults: Vec<_> = faults().into_iter().filter(|fault| all || !fault.contains_key("files")).collect();
    let mut wrong = Vec::new();
    for platform in [Platform::Claude, Platform::Codex, Platform::Pi] {
        let sandbox = Sandbox::new(&format!("so-verify-faults-{}", platform.id()));
        install(&sandbox, platform, &[]).success();
        opened(&sandbox);
        let kept = Kept::new(&sandbox.root);
        for fault in faults.iter().filter(|fault| text(fault, "platform") == platform.id()) {
            let world = world(&sandbox, platform.id());
            world.make(fault);
            let ran = verify(&sandbox, Some(platform.id()));
            wrong.extend(world.lacks(fault, &ran.stdout));
            kept.restore();
        }
        assert_eq!(verify(&sandbox, Some(platform.id())).code, Some(0), "{platform:?} was not brought back");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What an install ends with, where the clients are.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn an_install_ends_with_what_the_client_loaded() {
    let sandbox = Sandbox::new("so-verify-after-install");
    opened(&sandbox);
    let project = sandbox.project.to_str().unwrap();
    let ran = sandbox.so(&["--project", project, "install", "--yes", "--platform", "pi"]).success();
    assert!(ran.stdout.contains("What the clients loaded:\nPi"), "{ran}");
}

/// The page is written from what the clients say of the example.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn the_page_shows_what_the_clients_say() {
    let sandbox = Sandbox::new("so-verify-page");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/shop/.");
    let copied = std::process::Command::new("cp").arg("-r").arg(example).arg(&sandbox.project).status();
    assert!(copied.unwrap().success());
    opened(&sandbox);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.md")).unwrap();
    let mut wrong = String::new();
    for platform in ["claude", "codex", "cursor", "pi"] {
        let project = sandbox.project.to_str().unwrap();
        let ran = sandbox.so(&["--project", project, "verify", "--limit", LIMIT, "--platform", platform]);
        let block = format!("```text\n$ so verify --platform {platform}\n{}```\n", ran.stdout);
        if !page.contains(&block) {
            wrong.push_str(&block);
        }
    }
    assert!(wrong.is_empty(), "docs/verify.md shows otherwise:\n{wrong}");
    // What the page says of Codex's cut is what it would send.
    let sent = Codex::offline(&sandbox).prompt_input("hello").to_string();
    assert!(sent.contains("The admin service") && !sent.contains("## Money"));
}
