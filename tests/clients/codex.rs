//! Codex CLI: headless turns, and its app server, which alone tells what was loaded and how hooks fared.
//!
//! The model provider is given on the command line, so that `config.toml` holds only what is under test.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::model_server::ModelServer;
use super::process::{Dialogue, run};
use super::sandbox::Sandbox;
use super::{Client, Turn, clients};

pub(crate) struct Codex<'a> {
    sandbox: &'a Sandbox,
    url: String,
    model: &'static str,
}

/// `codex app-server`: JSON-RPC over stdio.
pub(crate) struct AppServer {
    dialogue: Dialogue,
    next: u64,
    /// Notifications that came while an answer was awaited.
    seen: Vec<Value>,
}

impl<'a> Codex<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, model: &ModelServer) -> Self {
        Self { sandbox, url: model.url(), model: "unknown-model" }
    }

    /// For the offline questions; no model is ever asked.
    pub(crate) fn offline(sandbox: &'a Sandbox) -> Self {
        Self { sandbox, url: "http://127.0.0.1:9".into(), model: "unknown-model" }
    }

    /// The name decides the tools: an unknown one gets the plain set, `gpt-5.5` also `apply_patch`, and the
    /// `gpt-6` family a single tool that runs code.
    pub(crate) fn with_model(self, model: &'static str) -> Self {
        Self { model, ..self }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let provider = format!(
            r#"model_providers.scripted={{name="scripted",base_url="{}/v1",wire_api="responses",env_key="SCRIPTED_KEY"}}"#,
            self.url
        );
        let mut command = self.sandbox.command(clients().join("codex"));
        command.args(arguments).env("SCRIPTED_KEY", "none");
        command.args(["-c", &provider, "-c", r#"model_provider="scripted""#]);
        command.args(["-c", &format!(r#"model="{}""#, self.model)]);
        command
    }

    pub(crate) fn app_server(&self) -> AppServer {
        let dialogue = Dialogue::start(&mut self.command(&["app-server"]));
        let mut server = AppServer { dialogue, next: 0, seen: Vec::new() };
        let client = json!({"name": "so-test", "version": "0"});
        server.call("initialize", &json!({"clientInfo": client, "capabilities": {"experimentalApi": true}}));
        server.dialogue.send(&json!({"method": "initialized"}));
        server
    }

    /// The hooks it found for the project: `{hooks, warnings, errors}`. An unlisted hook never runs.
    pub(crate) fn hooks(&self) -> Value {
        let params = json!({"cwds": [self.sandbox.project]});
        self.app_server().call("hooks/list", &params)["data"][0].clone()
    }

    /// The skills it found for the project: `{skills, errors}`, those hidden from the model included.
    pub(crate) fn skills(&self) -> Value {
        let params = json!({"cwds": [self.sandbox.project], "forceReload": true});
        self.app_server().call("skills/list", &params)["data"][0].clone()
    }

    /// Trusts every hook that is listed, as the `/hooks` screen does. Without it hooks are skipped and
    /// nothing says so.
    pub(crate) fn trust_hooks(&self) {
        self.trust_hooks_of(Path::new(""));
    }

    /// Trusts the hooks that stand in `file`; in any, if that is empty.
    pub(crate) fn trust_hooks_of(&self, file: &Path) {
        let mut state = Map::new();
        for hook in self.hooks()["hooks"].as_array().into_iter().flatten() {
            let key = hook["key"].as_str().unwrap();
            if key.starts_with(file.to_str().unwrap()) {
                state.insert(key.into(), json!({"trusted_hash": hook["currentHash"]}));
            }
        }
        let edit = json!({"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"});
        let params = json!({"edits": [edit], "reloadUserConfig": true});
        assert_eq!(self.app_server().call("config/batchWrite", &params)["status"], "ok");
    }

    /// What the client does when a person trusts the folder: an untrusted one has no hooks and no roles.
    pub(crate) fn trust_project(&self) {
        let path = self.sandbox.project.to_str().unwrap();
        let edit = json!({
            "keyPath": "projects", "value": {path: {"trust_level": "trusted"}}, "mergeStrategy": "upsert",
        });
        let params = json!({"edits": [edit], "reloadUserConfig": true});
        assert_eq!(self.app_server().call("config/batchWrite", &params)["status"], "ok");
    }

    /// The items that would be sent to the model for `prompt`: skill list, instructions and all.
    pub(crate) fn prompt_input(&self, prompt: &str) -> Value {
        run(&mut self.command(&["debug", "prompt-input", prompt])).success().json()
    }
}

impl Client for Codex<'_> {
    fn turn(&self, prompt: &str) -> Turn {
        let arguments = ["exec", "--skip-git-repo-check", "--json", "-s", "danger-full-access", prompt];
        Turn::new(run(&mut self.command(&arguments)), |events| {
            let mut said = events.iter().filter(|event| event["item"]["type"] == "agent_message");
            Some(said.next_back()?["item"]["text"].as_str()?.into())
        })
    }

    fn accept_hooks(&self) {
        self.trust_project();
        self.trust_hooks();
    }
}

impl AppServer {
    /// The result of one request.
    ///
    /// # Panics
    /// With the server's message, if it answers with an error.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.dialogue.send(&json!({"id": id, "method": method, "params": params}));
        let reply = self.wait(|message| message["id"] == id && message.get("method").is_none());
        assert!(reply.get("error").is_none(), "{method}: {}", reply["error"]);
        reply["result"].clone()
    }

    /// Runs one turn in `directory` and gives all notifications of it. `hook/completed` with the run's
    /// `status` and `entries` is seen nowhere else; `codex exec` hides even a hook that failed.
    pub(crate) fn turn(&mut self, directory: &Path, prompt: &str) -> Vec<Value> {
        let thread = self.start(directory);
        self.prompt(&thread, directory, prompt)
    }

    /// A new session.
    pub(crate) fn start(&mut self, directory: &Path) -> Value {
        let start = json!({"cwd": directory, "approvalPolicy": "never", "sandbox": "danger-full-access"});
        self.call("thread/start", &start)["thread"]["id"].clone()
    }

    /// A new session in which each command is asked for that no rule lets run.
    pub(crate) fn start_asking(&mut self, directory: &Path) -> Value {
        let start = json!({"cwd": directory, "approvalPolicy": "untrusted", "sandbox": "read-only"});
        self.call("thread/start", &start)["thread"]["id"].clone()
    }

    /// One turn of a session, in `directory` from now on.
    pub(crate) fn prompt(&mut self, thread: &Value, directory: &Path, prompt: &str) -> Vec<Value> {
        let input = json!([{"type": "text", "text": prompt}]);
        self.call("turn/start", &json!({"threadId": thread, "input": input, "cwd": directory}));
        self.wait(|message| message["method"] == "turn/completed");
        std::mem::take(&mut self.seen)
    }

    /// Reads on until `wanted`. Questions of the server are declined: no person is there.
    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.dialogue.next();
            if message.get("method").is_some() && message.get("id").is_some() {
                let decline = json!({"id": message["id"], "result": {"decision": "decline"}});
                self.dialogue.send(&decline);
            }
            self.seen.push(message.clone());
            if wanted(&message) {
                return message;
            }
        }
    }
}

/// The finished hook runs among the notifications of [`AppServer::turn`].
pub(crate) fn hook_runs(notifications: &[Value]) -> Vec<&Value> {
    let completed = notifications.iter().filter(|message| message["method"] == "hook/completed");
    completed.map(|message| &message["params"]["run"]).collect()
}
