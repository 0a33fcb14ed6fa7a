//! What an install asks at a terminal: `script` gives it one, and the person is played.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::install_cli::{Machine, write};

/// A program at a terminal.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Arc<Mutex<String>>,
    /// What was read of the screen already.
    at: usize,
}

impl Terminal {
    /// Starts `line` with the variables and the directory of `model`.
    pub(crate) fn start(line: &str, model: &Command) -> Self {
        let mut command = Command::new("script");
        command.args(["-qfec", line, "/dev/null"]).env_clear().env("SHELL", "/bin/sh").env("TERM", "xterm");
        command.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PAGER", "cat").current_dir(model.get_current_dir().unwrap());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let screen = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                written.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keys, screen, at: 0 }
    }

    /// Waits until `wanted` comes on the screen, and presses `keys`.
    pub(crate) fn answer(&mut self, wanted: &str, keys: &str) {
        let started = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.at..].find(wanted) {
                self.at += at + wanted.len();
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "no {wanted:?} in {}", &screen[self.at..]);
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(200)); // until it reads keys
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// What was on the screen, and how it ended.
    pub(crate) fn end(mut self) -> (String, Option<i32>) {
        let code = self.child.wait().unwrap().code();
        std::thread::sleep(Duration::from_millis(100));
        let screen = self.screen.lock().unwrap().clone();
        (screen, code)
    }
}

const ASKED: &str = "Let agents run `so`";

/// An install for Codex at a terminal; the client is there and says its version.
fn install(machine: &Machine, options: &str) -> Terminal {
    let bin = machine.root().join("bin");
    write(&bin.join("codex"), "#!/bin/sh\necho codex-cli 0.169.0\n");
    std::fs::set_permissions(bin.join("codex"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut model = machine.command("install", &[], &[]);
    model.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    let line = format!("'{}' install --platform codex --no-verify {options}", env!("CARGO_BIN_EXE_so"));
    Terminal::start(&line, &model)
}

#[test]
fn an_install_asks_one_further_question_whose_default_is_no() {
    for (key, there) in [("\r", false), ("y", true)] {
        let machine = Machine::new(true);
        let mut terminal = install(&machine, "");
        terminal.answer(ASKED, key);
        terminal.answer("Install this?", "\r");
        terminal.answer("Enter puts it off", "\r");
        let (screen, code) = terminal.end();
        assert_eq!(code, Some(0), "{screen}");
        assert_eq!(machine.home().join(".codex/rules/so.rules").exists(), there, "{screen}");
        assert_eq!(screen.contains("agents will run without a question: so ack"), there, "{screen}");
    }
}

#[test]
fn an_install_waits_for_trust_until_it_is_put_off() {
    let machine = Machine::new(true);
    let mut terminal = install(&machine, "--agents ask");
    terminal.answer("Install this?", "\r");
    let waits = "Codex CLI runs no hook yet:";
    terminal.answer(waits, "");
    terminal.answer("Enter puts it off", "");
    std::thread::sleep(Duration::from_secs(1));
    assert!(terminal.child.try_wait().unwrap().is_none(), "it did not wait");
    terminal.answer("", "\r");
    let (screen, code) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("put off; until then nothing is guarded in Codex CLI"), "{screen}");
    // Nobody is there: nothing waits, and what is left to press is said.
    let other = Machine::new(true);
    let output = other.run("install", &["codex"], &["--no-verify"]);
    let said = crate::support::stdout(&output);
    assert!(said.contains("type /hooks and trust the handlers of so") && !said.contains(waits), "{said}");
}
