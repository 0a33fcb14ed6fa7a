//! Ended at places that are known: while what will be committed is laid out, and before there is anything of ours in the
//! project. What is left is whole, and the same command goes on.
#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Project, kills};
use crate::support::{so, stderr, stdout};

/// A filter of a checkout that ends those of its ancestors that are called so, once.
const FILTER: &str = "\
#!/bin/bash
cat
[[ -e $1 ]] && exit
: >\"$1\"
victims=() process=$PPID
while ((process > 1)); do
    name=$(</proc/$process/comm)
    [[ $name =~ ^($2)$ ]] && victims=($process \"${victims[@]}\")
    [[ $name == so ]] && break
    read -r _ _ _ process _ </proc/$process/stat
done
kill -KILL \"${victims[@]}\"
sleep \"$3\"
";

/// A session that is worked through, with a file beside it that is not its own and one that passes the filter.
fn filtered(who: &str, seconds: &str) -> Project {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: sh test.sh\n");
    project.write("test.sh", "true\n");
    project.write(".gitattributes", "slow.txt filter=slow\n");
    project.write("slow.txt", "x\n");
    project.commit("tests");
    let filter = project.home.join("filter");
    std::fs::write(&filter, FILTER).unwrap();
    std::fs::set_permissions(&filter, std::fs::Permissions::from_mode(0o755)).unwrap();
    let marker = project.home.join("was-here");
    let command = format!("'{}' '{}' '{who}' {seconds}", filter.display(), marker.display());
    project.git(&["config", "filter.slow.smudge", &command]);
    project.write("mine.txt", "the person's\n");
    super::closes::works(&project);
    project
}

#[test]
fn what_is_ended_while_it_is_laid_out_goes_on() {
    for (who, seconds, first) in [("so", "2", None), ("so|git", "0", None), ("git", "0", Some(0))] {
        let project = filtered(who, seconds);
        let before = project.git(&["rev-list", "--count", "HEAD"]);
        let output = project.run(&["close"]);
        assert!(project.home.join("was-here").exists(), "{who}: nothing was laid out");
        assert_eq!(output.status.code(), first, "{who}: {}{}", stdout(&output), stderr(&output));
        if first.is_some() {
            let said = stdout(&output);
            assert!(said.contains("not of what was committed by itself: git does not lay it out"), "{said}");
        } else {
            assert_eq!(project.git(&["rev-list", "--count", "HEAD"]), before, "{who}");
            let begun = Instant::now();
            let said = project.so(&["close"]);
            let waited = begun.elapsed() > Duration::from_secs(1);
            assert_eq!(waited, who == "so", "what git still does is waited for: {:?}", begun.elapsed());
            assert!(said.contains("closed the session") && !said.contains("by itself"), "{who}: {said}");
        }
        assert_eq!(project.git(&["show", "--name-only", "--format=", "HEAD"]), "src/a.txt\n", "{who}");
        assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1, "{who}");
        let known = std::fs::read_dir(project.root.join(".git/worktrees")).into_iter().flatten();
        assert_eq!(known.count(), 0, "{who}: git forgets it");
        let left = std::fs::read_dir(project.root.join(".orchestrator/runtime")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!left.iter().any(|name| name.starts_with("committed")), "{who}: {left:?}");
    }
}

/// Runs a command and ends it with its group after a while; whether it was through by then.
fn killed(project: &Project, args: &[&str], after: Duration) -> bool {
    use std::os::unix::process::CommandExt as _;
    let mut command = so(&project.home);
    command.current_dir(&project.root).args(args).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.process_group(0).spawn().unwrap();
    std::thread::sleep(after);
    let through = child.try_wait().unwrap().is_some();
    so::process::kill_group(child.id());
    child.wait().unwrap();
    through
}

/// Every file below `dir` with its text, but for what an ended write may leave, which is nobody's.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().filter_map(Result::ok);
    let is_ours = |name: &str| !name.contains("/.so-") && !name.contains(".tmp") && !name.starts_with(".so-");
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap_or_default())
        })
        .filter(|(name, _)| is_ours(name))
        .collect()
}

/// Commands in a project that has nothing of ours yet: ended anywhere, what they leave can be read, and the same command
/// then says what it says where it was not ended.
#[test]
fn single_commands_leave_nothing_half_where_there_was_nothing() {
    let fresh = || {
        let project = Project::new();
        project.write("AGENTS.md", "## Session Config\n\ntest-command: sh test.sh\n");
        project.write("test.sh", "true\n");
        project.commit("tests");
        project.write("README.md", "changed\n");
        project
    };
    let mut ended = 0;
    for args in [
        &["snapshot"][..],
        &["undo"],
        &["undo", "1", "--yes"],
        &["state", "show"],
        &["state", "deviate", "x"],
        &["gate", "run", "full"],
        &["session", "start"],
        &["plan", "set", "plan.yaml"],
    ] {
        let set_up = || {
            let project = fresh();
            project.write("plan.yaml", "goal: g\ntasks: [{id: T1, title: t, role: impl-core, files: [a], acceptance: [{text: t}]}]\n");
            project
        };
        let whole = set_up();
        let begun = Instant::now();
        let plain = whole.run(args);
        let took = begun.elapsed();
        for at in kills(12) {
            let project = set_up();
            ended += usize::from(!killed(&project, args, took * at / 10));
            for (name, bytes) in files(&project.root.join(".orchestrator")) {
                let text = String::from_utf8(bytes).unwrap();
                let is_sound = match Path::new(&name).extension().and_then(|ending| ending.to_str()) {
                    Some("json") => serde_json::from_str::<serde_json::Value>(&text).is_ok(),
                    Some("jsonl") => {
                        text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
                    }
                    Some("yaml") => {
                        serde_yaml::from_str::<serde_json::Value>(&text).is_ok_and(|plan| plan.is_object())
                    }
                    Some("md") => text.starts_with("---\n") && text.ends_with('\n'),
                    _ => true,
                };
                assert!(is_sound, "{args:?} at {at}: {name}: {text}");
            }
            assert!(!project.root.join(".git/index.lock").exists(), "{args:?} at {at}");
            let again = project.run(args);
            assert_eq!(
                again.status.code(),
                plain.status.code(),
                "{args:?} at {at}: {}{}",
                stdout(&again),
                stderr(&again)
            );
            let tracked = project.git(&["status", "--porcelain"]);
            assert_eq!(tracked, whole.git(&["status", "--porcelain"]), "{args:?} at {at}");
        }
    }
    assert!(ended > 8, "only {ended} were ended before they were through");
}
