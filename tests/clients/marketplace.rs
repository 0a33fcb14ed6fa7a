//! A marketplace as a person gets it: built, committed, cloned, and added with the client's own commands.

use std::path::PathBuf;
use std::process::Command;

use super::claude::Claude;
use super::codex::Codex;
use super::process::run;
use super::sandbox::Sandbox;
use super::{Platform, sandbox::write};

/// A plain clone of what `so build --package` makes for the client.
fn cloned(sandbox: &Sandbox, platform: Platform) -> PathBuf {
    let [program, dist, clone] = ["program", "dist", "clone"].map(|name| sandbox.root.join(name));
    write(&program, "stands for the program\n");
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let build = ["build", "--package", "--target", "x86_64-unknown-linux-gnu", "--binary"];
    sandbox.so(&[&build[..], &[&text(&program), "--out", &text(&dist)]].concat()).success();
    let made = text(&dist.join("marketplace").join(platform.id()));
    sandbox.git(&["init", "-q", &made]);
    sandbox.git(&["-C", &made, "add", "."]);
    sandbox.git(&["-C", &made, "commit", "-qm", "a release"]);
    sandbox.git(&["clone", "-q", &made, &text(&clone)]);
    clone
}

fn commands(sandbox: &Sandbox, platform: Platform, lines: &[&[&str]]) {
    let command = |arguments: &[&str]| -> Command {
        match platform {
            Platform::Claude => Claude::offline(sandbox).command(arguments),
            _ => Codex::offline(sandbox).command(arguments),
        }
    };
    for line in lines {
        run(&mut command(line)).success();
    }
}

pub(super) fn install(sandbox: &Sandbox, platform: Platform) {
    let clone = cloned(sandbox, platform);
    let add: &[&str] = match platform {
        Platform::Claude => &["plugin", "install", "so@so"],
        _ => &["plugin", "add", "so@so"],
    };
    commands(sandbox, platform, &[&["plugin", "marketplace", "add", clone.to_str().unwrap()], add]);
}

pub(super) fn remove(sandbox: &Sandbox, platform: Platform) {
    let remove: &[&str] = match platform {
        Platform::Claude => &["plugin", "uninstall", "so@so"],
        _ => &["plugin", "remove", "so@so"],
    };
    commands(sandbox, platform, &[remove]);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_takes_the_plugin_out_of_a_clone() {
    let sandbox = Sandbox::new("market-claude");
    install(&sandbox, Platform::Claude);
    let claude = Claude::offline(&sandbox);
    let plugins = claude.plugins();
    assert_eq!(plugins.len(), 1, "{plugins:?}");
    assert!(plugins[0]["enabled"] == true && plugins[0].get("errors").is_none(), "{plugins:?}");
    for directory in ["clone", "clone/plugins/so"] {
        claude.validate(&sandbox.root.join(directory)).success();
    }
    let details = claude.details("so@so");
    let agents = std::fs::read_dir(crate::support::root().join("agents")).unwrap().filter_map(Result::ok);
    let agents = agents.filter(|entry| entry.file_name().to_string_lossy().ends_with(".md")).count();
    assert!(details.contains(&format!("Agents ({agents})")), "{details}");
    assert!(details.contains("Hooks (10)"), "{details}");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_takes_the_plugin_out_of_a_clone() {
    let sandbox = Sandbox::new("market-codex");
    install(&sandbox, Platform::Codex);
    let codex = Codex::offline(&sandbox);
    let skills = codex.skills();
    let named = |name: &str| skills["skills"].as_array().unwrap().iter().any(|skill| skill["name"] == name);
    assert!(named("so:session") && named("so:debug"), "{skills}");
    assert_eq!(skills["errors"], serde_json::json!([]), "{skills}");
    let hooks = codex.hooks();
    assert_eq!(hooks["warnings"], serde_json::json!([]), "{hooks}");
    assert!(hooks["hooks"].as_array().is_some_and(|hooks| hooks.len() >= 8), "{hooks}");
}
