//! A client's own screen, typed into by a person who is played: `tmux` holds the terminal, and its server has no
//! client above it.

use std::process::Command;
use std::time::{Duration, Instant};

use super::process::LIMIT;

pub(crate) struct Screen {
    /// The server's name, which is the test's own.
    name: String,
}

impl Screen {
    /// Starts a client on a screen of its own, with the directory and the variables of `command` and no other.
    pub(crate) fn start(name: &str, command: &Command) -> Self {
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

impl Drop for Screen {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
