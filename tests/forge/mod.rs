//! Issues, requests and checks: with the real `gh` against a GitHub on this machine, and with a program that keeps to
//! `glab`'s contract against a GitLab.

/// Each test at both forges: with the real `gh`, which `tests/run` installs, and with what keeps to `glab`'s contract.
macro_rules! both {
    ($($name:ident: $test:path;)*) => {
        mod gh {
            $(
                #[test]
                #[ignore = "drives gh; tests/run includes it"]
                fn $name() {
                    $test(&crate::forge::Site::github());
                }
            )*
        }
        mod glab {
            $(
                #[test]
                fn $name() {
                    $test(&crate::forge::Site::gitlab());
                }
            )*
        }
    };
}
use both;

mod closing;
mod github;
mod gitlab;
mod killed;
mod reading;
pub(crate) mod stand_in;
mod waiting;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::engine::Project;
use crate::support::{root, so, stderr, stdout};
use stand_in::StandIn;

/// A project at a forge of this machine.
pub(crate) struct Site {
    pub(crate) project: Project,
    pub(crate) forge: StandIn,
    is_gitlab: bool,
}

impl Site {
    /// At GitHub, with the real `gh`; each such test is held back for `tests/run`, which installs it.
    pub(crate) fn github() -> Self {
        Self::new(StandIn::github(), false)
    }

    pub(crate) fn gitlab() -> Self {
        Self::new(StandIn::gitlab(), true)
    }

    fn new(forge: StandIn, is_gitlab: bool) -> Self {
        let project = Project::new();
        std::fs::write(project.home.join("authority.pem"), &forge.authority).unwrap();
        let bare = project.home.join("remote.git");
        project.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
        let path = if is_gitlab { "g/s/r" } else { "o/r" };
        project.git(&["remote", "add", "origin", &format!("https://{}/{path}.git", forge.host)]);
        // The pages are at the forge, the commits in a directory.
        project.git(&["remote", "set-url", "--push", "origin", bare.to_str().unwrap()]);
        let site = Self { project, forge, is_gitlab };
        site.config("");
        site.project.write("test.sh", "true\n");
        site.project.commit("settings");
        site.project.git(&["push", "-q", "origin", "main"]);
        site
    }

    /// The settings, with more lines.
    pub(crate) fn config(&self, more: &str) {
        let kind = if self.is_gitlab { "gitlab" } else { "github" };
        let rule = format!("forge-hosts: [{} {kind}]", self.forge.host);
        self.project.write(
            "AGENTS.md",
            &format!("# A\n\n## Session Config\n\ntest-command: sh test.sh\n{rule}\n{more}"),
        );
    }

    /// `so` where the programs are there and logged in.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = so(&self.project.home);
        command.current_dir(&self.project.root).args(args);
        command.env("SSL_CERT_FILE", self.project.home.join("authority.pem"));
        command.env("GH_ENTERPRISE_TOKEN", "stand-in").env("GITLAB_TOKEN", "stand-in");
        if self.is_gitlab {
            let path = std::env::var_os("PATH").unwrap();
            let dirs = [root().join("tests/forge")].into_iter().chain(std::env::split_paths(&path));
            command.env("PATH", std::env::join_paths(dirs).unwrap());
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn so(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "so {args:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    pub(crate) fn refused(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(args);
        assert!(!output.status.success(), "so {args:?}: {}", stdout(&output));
        (output.status.code().unwrap_or(-1), stdout(&output) + &stderr(&output))
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.run(&args);
        serde_json::from_str(&stdout(&output))
            .unwrap_or_else(|_| panic!("{}{}", stdout(&output), stderr(&output)))
    }

    /// Lets the last tries be so long ago that every list shows what they made: no test has to wait for that.
    pub(crate) fn settle(&self) {
        let file = ".orchestrator/runtime/forge.json";
        let Ok(mut queue) = serde_json::from_str::<Value>(&self.project.read(file)) else { return };
        for entry in queue["entries"].as_array_mut().into_iter().flatten() {
            if let Some(tried) = entry["tried"].as_u64().filter(|tried| *tried > 0) {
                entry["tried"] = (tried - 60_000).into();
            }
        }
        self.project.write(file, &queue.to_string());
    }

    /// A session with a plan, whose work is done for the most part; on the express path.
    pub(crate) fn session(&self, plan: &str) {
        self.project.write(".orchestrator/runtime/draft.yaml", plan);
        for args in [
            &["session", "start"][..],
            &["plan", "set", ".orchestrator/runtime/draft.yaml"],
            &["plan", "approve"],
            &["wave", "start"],
        ] {
            self.so(args);
        }
    }
}

/// A directory with nothing but git, for a PATH.
pub(crate) fn only_git(site: &Site) -> PathBuf {
    let dir = site.project.home.join("bin");
    std::fs::create_dir_all(&dir).unwrap();
    for name in ["git", "sh"] {
        let link = dir.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(so::env::which(name).unwrap(), link).unwrap();
        }
    }
    dir
}
