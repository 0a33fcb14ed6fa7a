//! Claude Code: headless turns, and its own answers about what it loaded.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::model_server::ModelServer;
use super::process::{Ran, run};
use super::sandbox::Sandbox;
use super::{Client, Turn, clients};

/// What a turn may do without asking; as root the client refuses to skip permissions altogether.
const ALLOWED: &str = "Bash,Edit,Write,Read,Agent,Skill";

pub(crate) struct Claude<'a> {
    sandbox: &'a Sandbox,
    url: String,
    model: &'static str,
}

impl<'a> Claude<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, model: &ModelServer) -> Self {
        Self { sandbox, url: model.url(), model: "claude-sonnet-4-5" }
    }

    /// For the offline questions; no model is ever asked.
    pub(crate) fn offline(sandbox: &'a Sandbox) -> Self {
        Self { sandbox, url: "http://127.0.0.1:9".into(), model: "claude-sonnet-4-5" }
    }

    /// The name decides how much room the list of skills has: 8,000 characters for a model up to 4.6, 6,000
    /// for a newer one, the client's own skills included.
    pub(crate) fn with_model(self, model: &'static str) -> Self {
        Self { model, ..self }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(clients().join("claude"));
        command
            .args(arguments)
            .env("ANTHROPIC_API_KEY", "sk-ant-none")
            .env("ANTHROPIC_BASE_URL", &self.url)
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            .env("DISABLE_TELEMETRY", "1");
        command
    }

    /// A turn in which only `allowed` tools and rules need no permission; all others are refused.
    pub(crate) fn turn_allowing(&self, prompt: &str, mode: &str, allowed: &str) -> Turn {
        let mut command = self.command(&["-p", prompt, "--output-format", "stream-json", "--verbose"]);
        command.args(["--include-hook-events", "--model", self.model, "--permission-mode", mode]);
        command.args(["--allowedTools", allowed]);
        Turn::new(run(&mut command), |events| Some(last_result(events)?["result"].as_str()?.into()))
    }

    /// `claude plugin list --json`: an entry's `errors` is the only place that names a plugin that failed
    /// to load.
    pub(crate) fn plugins(&self) -> Vec<Value> {
        let listed = run(&mut self.command(&["plugin", "list", "--json"])).success().json();
        listed.as_array().unwrap().clone()
    }

    /// `claude plugin validate --strict`. It does not descend from a marketplace into its plugins.
    pub(crate) fn validate(&self, directory: &Path) -> Ran {
        run(&mut self.command(&["plugin", "validate", "--strict", directory.to_str().unwrap()]))
    }

    /// `claude plugin details`, for people: the counts of skills, agents and hook events.
    pub(crate) fn details(&self, plugin: &str) -> String {
        run(&mut self.command(&["plugin", "details", plugin])).success().stdout
    }
}

impl Client for Claude<'_> {
    fn turn(&self, prompt: &str) -> Turn {
        self.turn_allowing(prompt, "acceptEdits", ALLOWED)
    }
}

/// The `init` line: `skills`, `slash_commands`, `agents`, `plugins`. A plugin that failed to load is still
/// in `plugins`.
pub(crate) fn init(turn: &Turn) -> &Value {
    let init = turn.events.iter().find(|event| event["subtype"] == "init");
    init.unwrap_or_else(|| panic!("no init line: {}", turn.stderr))
}

/// Whether the `init` line lists `name` under `kind`.
pub(crate) fn lists(turn: &Turn, kind: &str, name: &str) -> bool {
    init(turn)[kind].as_array().is_some_and(|names| names.iter().any(|listed| listed == name))
}

/// The tool inputs that were refused, by permission or by hook.
pub(crate) fn denials(turn: &Turn) -> Vec<Value> {
    let denials = last_result(&turn.events).and_then(|result| result["permission_denials"].as_array());
    denials.into_iter().flatten().map(|denial| denial["tool_input"].clone()).collect()
}

fn last_result(events: &[Value]) -> Option<&Value> {
    events.iter().rfind(|event| event["type"] == "result")
}
