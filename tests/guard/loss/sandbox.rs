//! Worlds that commands are really run in, closed off from everything else (`sandbox.sh` says how).

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use so::guard::Context;

use crate::support::root;

/// One closed system with one world in it.
pub(super) struct Sandbox {
    dir: tempfile::TempDir,
    world: PathBuf,
    shell: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A file beside this one.
fn script(name: &str) -> PathBuf {
    root().join("tests/guard/loss").join(name)
}

fn below_temp(path: &Path) -> bool {
    ["/tmp", "/var/tmp"].iter().any(|temp| path.starts_with(temp))
}

impl Sandbox {
    /// Opens one; says why where that cannot be done. Nothing is run outside of it then either.
    pub(super) fn open() -> Result<Self, String> {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
        let base = dir.path().canonicalize().map_err(|error| error.to_string())?;
        let world = base.join("w");
        for name in ["w/tmp", "w.ask", "root"] {
            std::fs::create_dir_all(base.join(name)).map_err(|error| error.to_string())?;
        }
        let tmp = if below_temp(&world) { "no" } else { "yes" };
        let mut command = Command::new("unshare");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.args(["-Urmn", "bash"]).arg(script("sandbox.sh")).arg(base.join("root")).arg(&world).arg(tmp);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = command.spawn().map_err(|error| format!("unshare: {error}"))?;
        let (questions, answers) = (shell.stdin.take(), shell.stdout.take().expect("its output"));
        let mut answers = BufReader::new(answers);
        let mut line = String::new();
        let read = answers.read_line(&mut line);
        if read.is_err() || line != "ready\n" {
            let _ = shell.kill();
            let said = shell.wait_with_output().map_err(|error| error.to_string())?;
            return Err(format!("{line}{}", String::from_utf8_lossy(&said.stderr)));
        }
        Ok(Self { dir, world, shell, questions, answers })
    }

    /// The directory that commands can change.
    pub(super) fn world(&self) -> &Path {
        &self.world
    }

    /// What the guard is told of it.
    pub(super) fn context(&self, cwd: &Path) -> Context {
        let home = self.world.join("home");
        let temp = if below_temp(&self.world) { Vec::new() } else { vec![PathBuf::from("/tmp")] };
        Context {
            // The checkout that these tests stand in is no project of this world.
            project: so::guard::project_of(cwd, Some(&home))
                .filter(|project| project.starts_with(&self.world))
                .or_else(|| Some(cwd.to_path_buf())),
            cwd: cwd.to_path_buf(),
            home: Some(home),
            tmpdir: None,
            temp,
            assume_dirty: false,
            policy: so::guard::policy::Policy::default(),
            peers: 0,
            notes: false,
        }
    }

    /// Makes the world one in `state`, and keeps a copy of it.
    pub(super) fn make(&self, state: &str) {
        self.empty();
        let mut command = Command::new("bash");
        command.arg(script("worlds.sh")).arg(state).arg(&self.world);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.world);
        let output = command.output().expect("bash");
        assert!(output.status.success(), "{state}: {}", String::from_utf8_lossy(&output.stderr));
        copy(&self.world, &self.kept(state));
    }

    /// Makes the world what it was after [`Sandbox::make`], from another state's.
    pub(super) fn change(&self, state: &str) {
        self.empty();
        copy(&self.kept(state), &self.world);
    }

    /// Makes the world what it was after [`Sandbox::make`], where a command has `touched` it.
    pub(super) fn mend(&self, state: &str, touched: &BTreeSet<PathBuf>) {
        let kept = self.kept(state);
        let dirs = touched.iter().filter(|path| path.starts_with("") && self.world.join(path).is_dir());
        dirs.for_each(|path| open_up(&self.world.join(path)));
        // What is in a directory comes behind it, so backwards to remove and forwards to make.
        for path in touched.iter().rev() {
            let here = self.world.join(path);
            match here.symlink_metadata() {
                Ok(meta) if meta.is_dir() && !is_dir(&kept.join(path)) => {
                    std::fs::remove_dir(here).expect("removed");
                }
                Ok(meta) if !meta.is_dir() => std::fs::remove_file(here).expect("removed"),
                _ => {}
            }
        }
        for path in touched {
            let (there, here) = (kept.join(path), self.world.join(path));
            let Ok(meta) = there.symlink_metadata() else { continue };
            if meta.is_dir() {
                std::fs::create_dir_all(&here).expect("a directory");
                std::fs::set_permissions(&here, meta.permissions()).expect("a mode");
            } else if meta.is_symlink() {
                let target = std::fs::read_link(&there).expect("a link");
                std::os::unix::fs::symlink(target, here).expect("a link");
            } else {
                std::fs::copy(&there, &here).expect("a copy");
                let time = meta.modified().expect("a time");
                std::fs::File::open(&here).and_then(|file| file.set_modified(time)).expect("a time");
            }
        }
    }

    fn kept(&self, state: &str) -> PathBuf {
        self.dir.path().join(state)
    }

    /// `tmp` is mounted a second time, and stays as well.
    fn empty(&self) {
        for dir in [self.world.clone(), self.world.join("tmp")] {
            for entry in std::fs::read_dir(&dir).expect("the world").flatten() {
                let path = entry.path();
                if path == self.world.join("tmp") {
                    continue;
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open_up(&path);
                    std::fs::remove_dir_all(&path).expect("removed");
                } else {
                    std::fs::remove_file(&path).expect("removed");
                }
            }
        }
    }

    /// Runs `command` in `cwd` with bash, and gives its exit code.
    pub(super) fn run(&mut self, command: &str, cwd: &Path) -> i32 {
        let ask = self.dir.path().canonicalize().expect("a path").join("w.ask");
        let write = |name: &str, text: &str| std::fs::write(ask.join(name), text).expect("written");
        write("command", command);
        write("cwd", &cwd.to_string_lossy());
        let questions = self.questions.as_mut().expect("open");
        questions.write_all(b"\n").expect("asked");
        questions.flush().expect("asked");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("answered");
        line.trim().parse().unwrap_or_else(|_| panic!("the sandbox is gone after {command:?}: {line:?}"))
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().expect("cp");
    assert!(status.success());
}

fn is_dir(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

/// A command may have taken the permissions that removing needs.
fn open_up(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in walkdir::WalkDir::new(dir).into_iter().filter_map(Result::ok) {
        let closed =
            entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.permissions().mode() & 0o700 != 0o700);
        if closed {
            let _ = std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o755));
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.shell.wait();
    }
}
