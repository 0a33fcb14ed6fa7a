//! Pi: headless turns, and its list of commands.

use std::process::Command;

use serde_json::{Value, json};

use super::model_server::ModelServer;
use super::process::{Dialogue, run};
use super::sandbox::{Sandbox, write};
use super::{Client, Turn, clients};

pub(crate) struct Pi<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Pi<'a> {
    /// Names the scripted model in `models.json`, the one place where Pi looks for it; no test installs
    /// anything into that file.
    pub(crate) fn new(sandbox: &'a Sandbox, model: &ModelServer) -> Self {
        Self::with_url(sandbox, &model.url())
    }

    /// For the offline questions: Pi wants a model to exist, but asks it nothing.
    pub(crate) fn offline(sandbox: &'a Sandbox) -> Self {
        Self::with_url(sandbox, "http://127.0.0.1:9")
    }

    fn with_url(sandbox: &'a Sandbox, url: &str) -> Self {
        let provider = json!({
            "baseUrl": format!("{url}/v1"), "api": "openai-completions", "apiKey": "none",
            "models": [{"id": "scripted"}],
        });
        let models = json!({"providers": {"scripted": provider}}).to_string();
        write(&sandbox.home.join(".pi/agent/models.json"), &models);
        Self { sandbox }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(clients().join("pi"));
        command
            .args(["--provider", "scripted", "--model", "scripted"])
            .args(arguments)
            .env("PI_OFFLINE", "1");
        command
    }

    /// Every command, prompt template and `skill:NAME`, with its `source` and `sourceInfo`.
    ///
    /// # Panics
    /// If Pi does not start, which one extension with a syntax error is enough for.
    pub(crate) fn commands(&self) -> Vec<Value> {
        let mut dialogue = Dialogue::start(&mut self.command(&["--mode", "rpc", "--no-session"]));
        dialogue.send(&json!({"type": "get_commands"}));
        loop {
            let message = dialogue.next();
            if message["command"] == "get_commands" {
                return message["data"]["commands"].as_array().unwrap().clone();
            }
        }
    }
}

impl Client for Pi<'_> {
    fn turn(&self, prompt: &str) -> Turn {
        Turn::new(run(&mut self.command(&["--mode", "json", "-p", prompt])), |events| {
            let mut ended = events.iter().filter(|event| event["type"] == "message_end");
            let last = &ended.rfind(|event| event["message"]["role"] == "assistant")?["message"];
            let texts = last["content"].as_array()?.iter().filter_map(|block| block["text"].as_str());
            Some(texts.collect())
        })
    }
}
