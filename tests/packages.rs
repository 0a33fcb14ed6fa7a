//! The packages of a release: the same bytes each time, and each of them used as its receiver would use it.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{root, so, stderr, stdout, tree};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A program small enough to be packed often. It says who it is, and ends as it is told.
const PROGRAM: &str = "#!/bin/sh\n[ \"$1\" = end ] && exit \"$2\"\necho \"sessionwright PROGRAM $*\"\n";

struct Release {
    dir: tempfile::TempDir,
}

impl Release {
    /// The packages of a program for Linux on two kinds of machine.
    fn new(more: &[&str]) -> Self {
        let release = Self { dir: tempfile::tempdir().unwrap() };
        for name in ["x64", "arm64"] {
            std::fs::write(release.at(name), PROGRAM).unwrap();
        }
        let output = release.build(more);
        assert!(output.status.success(), "{}", stderr(&output));
        release
    }

    fn build(&self, more: &[&str]) -> Output {
        let mut command = so(self.dir.path());
        command.args(["build", "--package", "--out"]).arg(self.at("out"));
        command.arg("--binary").arg(self.at("x64")).args(["--target", "x86_64-unknown-linux-gnu"]);
        command.arg("--binary").arg(self.at("arm64")).args(["--target", "aarch64-unknown-linux-gnu"]);
        command.args(more).output().unwrap()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at("out").join(path)).unwrap()
    }
}

/// Whether a program is here; `tests/run` says at the end what did not run without it.
fn there(program: &str) -> bool {
    so::env::which(program).is_some()
}

/// This machine's archive among the two, as the installer finds it.
fn triple() -> &'static str {
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" }
}

#[test]
fn two_builds_give_the_same_bytes() {
    let (one, two) = (Release::new(&[]), Release::new(&[]));
    let files = tree(&one.at("out"));
    assert_eq!(files, tree(&two.at("out")));
    let checked = one.build(&["--check"]);
    assert!(checked.status.success(), "{}", stdout(&checked));
    std::fs::write(one.at("out/release/SHA256SUMS"), "").unwrap();
    assert_eq!(one.build(&["--check"]).status.code(), Some(1));
    assert!(files.keys().any(|path| path == "marketplace/codex/.agents/plugins/marketplace.json"));
    assert!(!files.contains_key("release/sessionwright.rb"), "nobody knows yet where the archives will be");
}

#[test]
fn an_archive_holds_the_program_with_its_pages() {
    let release = Release::new(&[]);
    let archive = release.at(&format!("out/release/sessionwright-{VERSION}-x86_64-unknown-linux-gnu.tar.gz"));
    let run = Command::new("tar").arg("-xzf").arg(&archive).current_dir(release.dir.path()).status().unwrap();
    assert!(run.success());
    let top = release.at(&format!("sessionwright-{VERSION}-x86_64-unknown-linux-gnu"));
    let files = tree(&top);
    assert_eq!(files["so"], PROGRAM.as_bytes());
    assert_ne!(top.join("so").metadata().unwrap().permissions().mode() & 0o111, 0);
    for path in [
        "LICENSE",
        "NOTICE",
        "README.md",
        "completions/so.bash",
        "completions/_so",
        "man/so.1",
        "man/so-guard-check.1",
    ] {
        assert!(files.contains_key(path), "{path} is missing: {:#?}", files.keys());
    }
    assert_eq!(files["LICENSE"], std::fs::read(root().join("LICENSE")).unwrap());
    if there("sha256sum") {
        let mut check = Command::new("sha256sum");
        let check = check.args(["-c", "--strict", "SHA256SUMS"]).current_dir(release.at("out/release"));
        let output = check.output().unwrap();
        assert!(output.status.success(), "{}", stdout(&output));
        assert_eq!(stdout(&output).lines().count(), tree(&release.at("out/release")).len() - 1);
    }
}

#[test]
fn what_cannot_be_packed_is_said() {
    let release = Release::new(&[]);
    let refuse = |arguments: &[&str], words: &str| {
        let output = so(release.dir.path())
            .current_dir(release.dir.path())
            .args(["build", "--package"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    };
    refuse(&["--binary", "x64", "--target", "vax-dec-ultrix"], "no target `vax-dec-ultrix`");
    refuse(&["--binary", "none", "--target", "x86_64-unknown-linux-gnu"], "failed to read `none`");
    refuse(&["--binary", "x64"], "--target");
    refuse(&["--base-url", "http://x/$(id)"], "is not an address");
    refuse(&["--source", "."], "--source");
    assert!(!release.at("dist").exists());
}

/// Serves files below a directory on the loopback interface until dropped.
struct Server(std::sync::Arc<tiny_http::Server>, Option<std::thread::JoinHandle<()>>);

impl Server {
    fn start(dir: PathBuf) -> Self {
        let server = std::sync::Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
        let serving = std::sync::Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            for request in serving.incoming_requests() {
                let response = match std::fs::read(dir.join(request.url().trim_start_matches('/'))) {
                    Ok(bytes) => tiny_http::Response::from_data(bytes),
                    Err(_) => tiny_http::Response::from_data(Vec::new()).with_status_code(404),
                };
                let _ = request.respond(response);
            }
        });
        Self(server, Some(thread))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.server_addr())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.unblock();
        self.1.take().map(std::thread::JoinHandle::join);
    }
}

/// Runs the installer with a home of its own.
fn install(release: &Release, arguments: &[&str]) -> Output {
    let path = std::env::var_os("PATH").unwrap();
    let mut command = Command::new("sh");
    command.arg(release.at("out/release/install.sh")).args(arguments).env_clear();
    command.env("PATH", path).env("HOME", release.dir.path()).output().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn the_installer_fetches_checks_and_replaces() {
    let release = Release::new(&[]);
    let server = Server::start(release.at("out/release"));
    let fetchers: Vec<_> = ["curl", "wget"].into_iter().filter(|name| there(name)).collect();
    if fetchers.is_empty() {
        return;
    }
    let installed = release.at(".local/bin/so");
    let output = install(&release, &["--from", &server.url()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("is not on PATH") || stdout(&output).contains("comes first on PATH"));
    assert_eq!(std::fs::read_to_string(&installed).unwrap(), PROGRAM);

    // A program that runs keeps what it opened: the new one comes by a rename.
    let before = std::fs::File::open(&installed).unwrap();
    assert!(install(&release, &["--from", release.at("out/release").to_str().unwrap()]).status.success());
    assert_ne!(before.metadata().unwrap().ino(), installed.metadata().unwrap().ino());
    let left: Vec<_> = tree(&release.at(".local/bin")).into_keys().collect();
    assert_eq!(left, ["so"]);
}

/// An archive that is not what the sums say, sums that do not name it, an archive that is no archive, a program that
/// does not start: nothing is installed, and it is said.
#[test]
#[cfg(target_os = "linux")]
fn the_installer_refuses_what_is_not_right() {
    let release = Release::new(&[]);
    let dir = release.at("out/release");
    let from = dir.to_str().unwrap();
    let archive = dir.join(format!("sessionwright-{VERSION}-{}.tar.gz", triple()));
    let (bytes, sums) = (std::fs::read(&archive).unwrap(), release.read("release/SHA256SUMS"));
    let refused = |words: &str, more: &[&str]| {
        let output = install(&release, &[&["--from", from][..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{words}: {}", stdout(&output));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert!(!release.at(".local/bin/so").exists(), "{words}");
    };
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    std::fs::write(&archive, &other).unwrap();
    refused("is not what SHA256SUMS says; nothing was installed", &[]);
    std::fs::write(&archive, &bytes).unwrap();
    std::fs::write(dir.join("SHA256SUMS"), sums.replace(triple(), "another")).unwrap();
    refused("SHA256SUMS does not name", &[]);
    let trusted = release.at("trusted");
    let turned =
        |line: &str| line.split_at(64).0.chars().rev().collect::<String>() + line.split_at(64).1 + "\n";
    std::fs::write(&trusted, sums.lines().map(turned).collect::<String>()).unwrap();
    std::fs::write(dir.join("SHA256SUMS"), &sums).unwrap();
    refused("is not what SHA256SUMS says", &["--sums", trusted.to_str().unwrap()]);
    std::fs::remove_file(&archive).unwrap();
    refused("there is no sessionwright", &[]);
    refused("what is --nonsense", &["--nonsense"]);

    std::fs::write(release.at("x64"), "#!/bin/sh\nexit 7\n").unwrap();
    std::fs::write(release.at("arm64"), "#!/bin/sh\nexit 7\n").unwrap();
    assert!(release.build(&[]).status.success());
    refused("does not run here; nothing was installed", &[]);
    assert!(tree(&release.at(".local/bin")).is_empty(), "nothing is left behind");
}

/// `npm install` of the two files without a registry and without install scripts; then the program, as npm starts it.
#[test]
fn npm_installs_offline_and_runs_nothing() {
    if !there("npm") || !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return;
    }
    let release = Release::new(&[]);
    let home = release.at("home");
    std::fs::create_dir_all(home.join("project")).unwrap();
    let npm = |arguments: &[&str]| {
        let mut command = Command::new("npm");
        let path = std::env::var_os("PATH").unwrap();
        command
            .args(arguments)
            .current_dir(home.join("project"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", &home);
        let output = command.output().unwrap();
        assert!(output.status.success(), "npm {arguments:?}: {}", stderr(&output));
        output
    };
    for package in ["sessionwright", "sessionwright-linux-x64"] {
        let manifest: Value =
            serde_json::from_str(&release.read(&format!("npm/{package}/package.json"))).unwrap();
        assert!(manifest.get("scripts").is_none(), "nothing runs at install time");
        npm(&["pack", "--silent", release.at(&format!("out/npm/{package}")).to_str().unwrap()]);
    }
    let [launcher, program] =
        ["sessionwright", "sessionwright-linux-x64"].map(|name| format!("./{name}-{VERSION}.tgz"));
    npm(&["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", &launcher, &program]);
    let so = home.join("project/node_modules/.bin/so");
    let run = |arguments: &[&str]| Command::new(&so).args(arguments).output().unwrap();
    assert_eq!(stdout(&run(&["--version"])), "sessionwright PROGRAM --version\n");
    assert_eq!(run(&["end", "3"]).status.code(), Some(3));

    std::fs::remove_dir_all(home.join("project/node_modules/sessionwright-linux-x64")).unwrap();
    let alone = run(&["--version"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(stderr(&alone).contains("sessionwright-linux-x64 is not installed"), "{}", stderr(&alone));
}

/// Names and places agree between the manifest of the crate and what is packed.
#[test]
fn binstall_finds_the_archive_and_the_program_in_it() {
    let manifest: toml_edit::DocumentMut =
        std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let fill = |key: &str| {
        let mut text = binstall[key].as_str().unwrap().to_owned();
        let values = [
            ("repo", ""),
            ("name", "sessionwright"),
            ("version", VERSION),
            ("target", "x86_64-unknown-linux-gnu"),
            ("bin", "so"),
            ("binary-ext", ""),
        ];
        for (name, value) in values {
            text = text.replace(&format!("{{ {name} }}"), value);
        }
        assert!(!text.contains('{'), "{text}");
        text
    };
    let release = Release::new(&[]);
    let url = fill("pkg-url");
    let archive = release.at("out/release").join(url.rsplit('/').next().unwrap());
    assert!(archive.exists(), "{url}");
    let listed = Command::new("tar").arg("-tzf").arg(&archive).output().unwrap();
    assert!(stdout(&listed).lines().any(|line| line == fill("bin-dir")), "{}", fill("bin-dir"));
    assert_eq!(binstall["pkg-fmt"].as_str(), Some("tgz"));
}

/// The words that open something and those that end it, in a language of which no interpreter may be here.
fn balance(text: &str, opens: &[&str], ends: &[&str]) -> (usize, usize) {
    let count = |words: &[&str]| text.split_whitespace().filter(|word| words.contains(word)).count();
    (count(opens), count(ends))
}

fn checked_by(program: &str, arguments: &[&str], file: &Path) {
    if there(program) {
        let output = Command::new(program).args(arguments).arg(file).output().unwrap();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn what_cannot_be_tried_here_has_the_right_form() {
    let release = Release::new(&["--base-url", "http://127.0.0.1:9/v1/"]);
    let formula = release.read("release/sessionwright.rb");
    let (open, end) = balance(&formula, &["class", "do", "def"], &["end"]);
    assert!(open == end && open == 7, "{open} are opened, {end} ended:\n{formula}");
    let sums = release.read("release/SHA256SUMS");
    for triple in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let name = format!("sessionwright-{VERSION}-{triple}.tar.gz");
        let sum = sums.lines().find_map(|line| line.strip_suffix(&format!("  {name}"))).unwrap();
        assert!(formula.contains(&format!("url \"http://127.0.0.1:9/v1/{name}\"")), "{formula}");
        assert!(formula.contains(&format!("sha256 \"{sum}\"")), "{formula}");
    }
    checked_by("ruby", &["-c"], &release.at("out/release/sessionwright.rb"));

    let script = release.read("release/install.ps1");
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        let count = |wanted| script.chars().filter(|c| *c == wanted).count();
        assert_eq!(count(open), count(close), "{open}{close} in\n{script}");
    }
    assert_eq!(script.matches('"').count() % 2, 0);
    assert!(script.contains("Get-FileHash -Algorithm SHA256") && script.contains("http://127.0.0.1:9/v1"));
    let pwsh = "$e = $null; [void][System.Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$e); exit $e.Count";
    checked_by("pwsh", &["-NoProfile", "-Command", pwsh], &release.at("out/release/install.ps1"));

    for script in ["release/install.sh", "action/install.sh"] {
        for shell in ["sh", "dash", "bash", "busybox"] {
            let arguments: &[&str] = if shell == "busybox" { &["sh", "-n"] } else { &["-n"] };
            checked_by(shell, arguments, &release.at("out").join(script));
        }
    }
    checked_by("shellcheck", &["-s", "sh"], &release.at("out/release/install.sh"));
    assert!(release.read("release/install.sh").contains("default=http://127.0.0.1:9/v1\n"));
}

/// The Action's steps are read as a runner would read them, and run.
#[test]
#[cfg(target_os = "linux")]
fn the_action_installs_and_checks() {
    let release = Release::new(&[]);
    let action: Value = serde_yaml::from_str(&release.read("action/action.yml")).unwrap();
    assert_eq!(action["runs"]["using"], "composite");
    assert_eq!(action["inputs"]["from"]["required"], true);
    let temp = release.at("runner");
    let inputs = BTreeMap::from([
        ("inputs.from", release.at("out/release").display().to_string()),
        ("inputs.source", "the tree".to_owned()),
        ("inputs.strict", "true".to_owned()),
        ("inputs.build", "dist".to_owned()),
        ("runner.temp", temp.display().to_string()),
    ]);
    let mut told = String::new();
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "sh", "a composite step needs a shell");
        let mut command = Command::new("sh");
        command
            .arg("-euc")
            .arg(step["run"].as_str().unwrap())
            .env("GITHUB_ACTION_PATH", release.at("out/action"));
        for (name, value) in step["env"].as_object().unwrap() {
            let mut value = value.as_str().unwrap().to_owned();
            for (input, given) in &inputs {
                value = value.replace(&format!("${{{{ {input} }}}}"), given);
            }
            assert!(!value.contains("${{"), "{name}: {value}");
            command.env(name, value);
        }
        // What a person gives an input is never part of a script's text.
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        told.push_str(&stdout(&output));
    }
    assert!(told.contains("PROGRAM check --source the tree --strict"), "{told}");
    assert!(told.contains("PROGRAM build --source the tree --out dist --check"), "{told}");
}

#[test]
fn the_list_of_parts_names_what_is_linked_and_no_test_tools() {
    let release = Release::new(&[]);
    let text = release.read(&format!("release/sessionwright-{VERSION}.cdx.json"));
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&list["bomFormat"], &list["specVersion"]), (&Value::from("CycloneDX"), &Value::from("1.5")));
    let components = list["components"].as_array().unwrap();
    let names: Vec<_> = components.iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in ["git2", "libgit2-sys", "clap", "yaml_serde", "rustix", "miniz_oxide"] {
        assert!(names.contains(&name), "{name} is missing");
    }
    for name in ["proptest", "trycmd", "tiny_http", "sessionwright"] {
        assert!(!names.contains(&name), "{name} is not part of the program");
    }
    assert!(
        components.iter().all(|one| one["hashes"][0]["content"].as_str().is_some_and(|sum| sum.len() == 64))
    );
    let references: Vec<_> = components.iter().map(|one| &one["bom-ref"]).collect();
    for edge in list["dependencies"].as_array().unwrap() {
        assert!(edge["dependsOn"].as_array().unwrap().iter().all(|on| references.contains(&on)), "{edge}");
    }
}

/// The launcher of a plugin out of a clone: without `so` a call goes through and a session is told so once; who wants
/// it refused has it refused.
#[test]
fn a_plugin_without_so_says_that_it_does_not_guard() {
    let release = Release::new(&[]);
    for platform in ["claude", "codex"] {
        let launcher = release.at(&format!("out/marketplace/{platform}/plugins/so/so-hook"));
        let hook = |event: &[&str]| {
            let mut command = Command::new("sh");
            command.arg(&launcher).arg(platform).args(event).env_clear().env("PATH", "/usr/bin:/bin");
            command.env("HOME", release.at("home")).stdin(std::process::Stdio::null()).output().unwrap()
        };
        assert_ne!(launcher.metadata().unwrap().permissions().mode() & 0o111, 0);
        assert!(hook(&["PreToolUse", "--guard"]).status.success());
        assert!(stdout(&hook(&["SessionStart"])).contains("so is not installed here: not guarded"));
        std::fs::create_dir_all(release.at("home/.config/so")).unwrap();
        std::fs::write(release.at("home/.config/so/armed"), "").unwrap();
        assert_eq!(hook(&["PreToolUse", "--guard"]).status.code(), Some(2));
        std::fs::remove_file(release.at("home/.config/so/armed")).unwrap();
        let hooks = release.read(&format!("marketplace/{platform}/plugins/so/hooks/hooks.json"));
        assert!(hooks.contains("so-hook") && !hooks.contains(release.dir.path().to_str().unwrap()));
    }
}
