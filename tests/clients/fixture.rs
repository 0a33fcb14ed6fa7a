//! A hand-made skill and hook for each client, in the places that `so install` fills. It proves the drivers
//! and tells a fault of the harness from a fault of `so`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::json;

use super::Platform;
use super::sandbox::{Sandbox, write};

/// What its hook says.
pub(crate) const REASON: &str = "fixture: bytes would be lost";

const GUARD: &str = "#!/bin/sh
case $(cat) in
*'reset --hard'* | *'push --force'*) echo 'fixture: bytes would be lost' >&2; exit 2 ;;
esac
";

const SKILL: &str = "---\nname: greet\ndescription: \"Greets by hand.\"\n---\nSay hello.\n";

const EXTENSION: &str = r#"import { spawnSync } from "node:child_process";
export default function (pi: any) {
  pi.on("tool_call", async (event: any) => {
    const run = spawnSync("GUARD", { input: JSON.stringify(event.input), encoding: "utf8" });
    if (run.status !== 0) return { block: true, reason: run.stderr };
  });
}
"#;

pub(crate) fn install(sandbox: &Sandbox, platform: Platform) {
    let guard = sandbox.root.join("guard.sh");
    write(&guard, GUARD);
    fs::set_permissions(&guard, fs::Permissions::from_mode(0o755)).unwrap();
    let handler = json!([{"type": "command", "command": guard}]);
    let hooks = json!({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": handler}]}}).to_string();
    match platform {
        Platform::Claude => claude_plugin(sandbox, &hooks),
        Platform::Codex => {
            write(&sandbox.home.join(".codex/hooks.json"), &hooks);
            write(&sandbox.home.join(".agents/skills/greet/SKILL.md"), SKILL);
        }
        Platform::Pi => {
            let extension = EXTENSION.replace("GUARD", guard.to_str().unwrap());
            write(&sandbox.home.join(".pi/agent/extensions/guard.ts"), &extension);
            write(&sandbox.home.join(".pi/agent/skills/greet/SKILL.md"), SKILL);
        }
    }
}

/// The least that Claude Code needs to load a directory as an installed plugin.
fn claude_plugin(sandbox: &Sandbox, hooks: &str) {
    let plugin = claude_market(sandbox, hooks);
    let market = sandbox.root.join("market");
    let home = sandbox.home.join(".claude");
    let source = json!({"source": "directory", "path": market});
    let known = json!({"hand": {
        // Without lastUpdated the plugin loads, but every later `claude plugin` command fails.
        "source": source, "installLocation": market, "lastUpdated": "1970-01-01T00:00:00.000Z",
    }});
    let installed = json!({"version": 2, "plugins": {
        "hand@hand": [{"scope": "user", "installPath": plugin, "version": "0.1.0"}],
    }});
    write(&home.join("plugins/known_marketplaces.json"), &known.to_string());
    write(&home.join("plugins/installed_plugins.json"), &installed.to_string());
    write(&home.join("settings.json"), &json!({"enabledPlugins": {"hand@hand": true}}).to_string());
}

/// A marketplace `hand` with a plugin of that name, whose directory is returned. Nobody has installed it.
pub(crate) fn claude_market(sandbox: &Sandbox, hooks: &str) -> PathBuf {
    let market = sandbox.root.join("market");
    let plugin = market.join("plugin");
    let listing = json!({"name": "hand", "owner": {"name": "hand"}, "description": "By hand.", "plugins": [
        {"name": "hand", "source": "./plugin", "description": "By hand."},
    ]});
    let manifest = json!({
        "name": "hand", "version": "0.1.0", "description": "By hand.", "author": {"name": "hand"},
    });
    write(&market.join(".claude-plugin/marketplace.json"), &listing.to_string());
    write(&plugin.join(".claude-plugin/plugin.json"), &manifest.to_string());
    write(&plugin.join("hooks/hooks.json"), hooks);
    write(&plugin.join("skills/greet/SKILL.md"), SKILL);
    plugin
}

/// Takes away what makes the client load it.
pub(crate) fn remove(sandbox: &Sandbox, platform: Platform) {
    let file = match platform {
        Platform::Claude => ".claude/settings.json",
        Platform::Codex => ".codex/hooks.json",
        Platform::Pi => ".pi/agent/extensions/guard.ts",
    };
    fs::remove_file(sandbox.home.join(file)).unwrap();
}
