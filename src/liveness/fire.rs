//! Runs a hook command of ours as its client would, with a payload that shows whether it answers.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::handler::{Handler, Runs};
use crate::process;

/// What clients wait for, and we too.
const LIMIT: Duration = Duration::from_secs(10);

/// The environment that a handler is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// This process's own.
    Here,
    /// What a client has that was started from a desktop: a home and the system's directories.
    Desktop,
}

/// What a handler answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The exit code; none when a signal or the limit ended it.
    pub code: Option<i32>,
    /// What the client would read.
    pub stdout: String,
    /// What the client would show.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Answer {
    /// Whether the client would not run the call.
    pub fn refuses(&self) -> bool {
        self.code == Some(2) || self.stdout.contains("\"deny\"") || self.stdout.contains("\"block\"")
    }

    /// Whether it ended as a hook must.
    pub fn is_sound(&self) -> bool {
        self.code == Some(0) || self.code == Some(2)
    }
}

/// One payload that every client's protocol finds its own words in.
pub fn payload(event: &str, cwd: &Path, command: &str) -> Value {
    json!({
        "hook_event_name": event, "type": event, "cwd": cwd, "session_id": "so-doctor",
        "conversation_id": "so-doctor", "tool_name": "Bash", "tool_input": {"command": command},
        "toolName": "bash", "input": {"command": command}, "command": command, "source": "startup",
        "reason": "startup", "workspace_roots": [cwd], "prompt": "", "status": "completed",
    })
}

/// Runs the handler for the project in `cwd`. What it would remember goes to `state`, which is thrown away.
///
/// # Errors
/// It could not be started.
pub fn fire(
    handler: &Handler,
    around: Around,
    cwd: &Path,
    state: &Path,
    payload: &Value,
) -> std::io::Result<Answer> {
    let mut command = match &handler.runs {
        Runs::Shell(shell, text) => {
            let mut command = Command::new(shell);
            command.arg("-c").arg(text);
            command
        }
        Runs::Program(words) => {
            let mut command = Command::new(words.first().map_or("", String::as_str));
            command.args(words.iter().skip(1));
            command
        }
    };
    if around == Around::Desktop {
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(crate::env::var_os("HOME").map(|home| ("HOME", home)));
    }
    let started = Instant::now();
    let mut child = command
        .env("XDG_STATE_HOME", state)
        .env("CLAUDE_PROJECT_DIR", cwd)
        .env("CURSOR_PROJECT_DIR", cwd)
        .current_dir(handler.cwd.as_deref().unwrap_or(cwd))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(payload.to_string().as_bytes());
    }
    let code = process::ended_by(&mut child, LIMIT).and_then(|status| status.code());
    let took = started.elapsed();
    let read = |stream: Option<&mut dyn std::io::Read>| {
        let mut text = String::new();
        let _ = stream.map(|stream| stream.take(64 << 10).read_to_string(&mut text));
        text
    };
    let stdout = read(child.stdout.as_mut().map(|stream| stream as &mut dyn std::io::Read));
    let stderr = read(child.stderr.as_mut().map(|stream| stream as &mut dyn std::io::Read));
    Ok(Answer { code, stdout, stderr, took })
}
