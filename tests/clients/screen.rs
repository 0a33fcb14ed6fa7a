//! A client's own screen, typed into by a person who is played: `tmux` holds the terminal, and its server has no
//! client above it.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Platform;
use super::claude::Claude;
use super::codex::Codex;
use super::model_server::ModelServer;
use super::pi::Pi;
use super::process::LIMIT;
use super::sandbox::{Sandbox, write};

pub(crate) struct Screen {
    /// The server's name, which is the test's own.
    name: String,
}

impl Screen {
    /// Opens a client with a person before it, and waits until it takes a prompt.
    pub(crate) fn open(platform: Platform, sandbox: &Sandbox, model: &ModelServer) -> Self {
        let (command, ready) = match platform {
            Platform::Claude => (claude(sandbox, model), "accept edits"),
            Platform::Codex => {
                (Codex::new(sandbox, model).command(&["-s", "danger-full-access"]), "Ask Codex")
            }
            Platform::Pi => (Pi::new(sandbox, model).command(&[]), "ctrl+o"),
        };
        let test = sandbox.root.file_name().and_then(|name| name.to_str()).unwrap();
        let screen = Self::start(&format!("{}-{test}", platform.id()), &command);
        screen.wait(ready);
        screen
    }

    /// Starts a client on a screen of its own, with the directory and the variables of `command` and no other.
    fn start(name: &str, command: &Command) -> Self {
        let screen = Self { name: format!("so-test-{name}-{}", std::process::id()) };
        let mut line = "exec env -i TERM=xterm-256color".to_owned();
        let vars = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
        let words = vars.map(|(name, value)| format!("{name}={value}"));
        let program = [command.get_program()].into_iter().chain(command.get_args());
        for word in words.chain(program.map(|word| word.to_str().unwrap().to_owned())) {
            line.extend([" '", &word.replace('\'', "'\\''"), "'"]);
        }
        let directory = command.get_current_dir().unwrap().to_str().unwrap();
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "200",
            "-y",
            "100",
            "-c",
            directory,
            &line,
        ]);
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.name]).args(arguments).env_remove("TMUX");
        let output = command.output().unwrap_or_else(|error| panic!("tmux, which holds the screen: {error}"));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Ends the client as a crash would.
    pub(crate) fn kill(&self) {
        let pid = self.tmux(&["list-panes", "-F", "#{pane_pid}"]);
        let killed = Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        assert!(killed.success(), "{pid}");
    }

    /// Types a line.
    pub(crate) fn type_line(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        // A client takes an Enter that comes at once for a part of what was pasted.
        std::thread::sleep(Duration::from_millis(800));
        self.tmux(&["send-keys", "Enter"]);
    }

    /// Waits until `wanted` is on the screen.
    ///
    /// # Panics
    /// Past the limit, with what is there instead.
    pub(crate) fn wait(&self, wanted: &str) -> String {
        let started = Instant::now();
        loop {
            let text = self.text();
            if text.contains(wanted) {
                return text;
            }
            assert!(started.elapsed() < LIMIT, "no {wanted:?} on the screen:\n{text}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Past its questions of the first start, and with its tools allowed.
fn claude(sandbox: &Sandbox, model: &ModelServer) -> Command {
    let project = sandbox.project.to_str().unwrap();
    let state = json!({
        "hasCompletedOnboarding": true, "theme": "dark",
        "customApiKeyResponses": {"approved": ["sk-ant-none"], "rejected": []},
        "projects": {project: {"hasTrustDialogAccepted": true, "allowedTools": []}},
    });
    write(&sandbox.home.join(".claude.json"), &state.to_string());
    let options = [
        "--model",
        "claude-sonnet-4-5",
        "--permission-mode",
        "acceptEdits",
        "--allowedTools",
        "Bash,Skill,Agent",
    ];
    Claude::new(sandbox, model).command(&options)
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
