//! Several at once, killed in the middle, read-only.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use so::guard::undo::list;

use super::{Repo, files, git};
use crate::support;

fn so(repo: &Repo, args: &[&str]) -> Command {
    let mut command = support::so(&repo.root);
    command.current_dir(&repo.root).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn is_sound(repo: &Repo) {
    let output = git(&repo.root).args(["fsck", "--no-dangling"]).output().unwrap();
    assert!(output.status.success(), "{}", support::stderr(&output));
    for snapshot in list(&repo.root).unwrap().unwrap().snapshots {
        repo.git(&["cat-file", "-e", &format!("{}:worktree", snapshot.commit)]);
    }
}

#[test]
fn two_at_once_get_different_numbers() {
    let repo = Repo::with(&[("a", "1")]);
    repo.write("a", "2");
    let running: Vec<Child> =
        (0..6).map(|at| so(&repo, &["snapshot", "--label", &format!("t{at}")]).spawn().unwrap()).collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", support::stderr(&output));
    }
    let snapshots = list(&repo.root).unwrap().unwrap().snapshots;
    let mut labels: Vec<_> = snapshots.iter().filter_map(|snapshot| snapshot.about.label.clone()).collect();
    labels.sort();
    assert_eq!(labels, ["t0", "t1", "t2", "t3", "t4", "t5"]);
    assert_eq!(snapshots.iter().map(|snapshot| snapshot.number).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
    is_sound(&repo);
}

#[test]
fn killed_while_saving_leaves_a_whole_snapshot_or_none() {
    let repo = Repo::with(&[("a", "1")]);
    for at in 0..300 {
        repo.write(&format!("new/{at}"), &format!("{at}").repeat(500));
    }
    for wait in 0..12 {
        let mut child = so(&repo, &["snapshot", "--label", &format!("t{wait}")]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait * 8));
        let _ = child.kill();
        child.wait().unwrap();
        is_sound(&repo);
    }
    let output = so(&repo, &["snapshot", "--label", "last"]).output().unwrap();
    assert!(output.status.success(), "{}", support::stderr(&output));
    assert_eq!(list(&repo.root).unwrap().unwrap().snapshots[0].about.files, 300);
}

#[test]
fn killed_while_restoring_leaves_each_file_old_or_new_and_can_be_run_again() {
    let repo = Repo::with(&[("a", "1")]);
    let (old, new) = ("old".repeat(2_000), "new".repeat(2_000));
    for at in 0..300 {
        repo.write(&format!("f/{at}"), &new);
    }
    let (snapshot, then) = (repo.save(), files(&repo.root));
    let number = snapshot.number.to_string();
    for wait in 0..12 {
        for at in 0..300 {
            repo.write(&format!("f/{at}"), &old);
        }
        let mut child = so(&repo, &["undo", &number, "--yes"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait * 12));
        let _ = child.kill();
        child.wait().unwrap();
        let now = files(&repo.root);
        assert_eq!(
            now.keys().collect::<Vec<_>>(),
            then.keys().collect::<Vec<_>>(),
            "no half-written file lies about"
        );
        for (path, (_, bytes, _)) in now {
            assert!(
                bytes == old.as_bytes() || bytes == new.as_bytes() || bytes == b"1",
                "{}",
                path.display()
            );
        }
        is_sound(&repo);
    }
    let output = so(&repo, &["undo", &number, "--yes"]).output().unwrap();
    assert!(output.status.success(), "{}", support::stderr(&output));
    assert_eq!(files(&repo.root), then);
}

/// A client's sandbox makes `.git` read-only. The superuser writes all the same: nothing to see then.
#[test]
fn a_read_only_repository_is_said_to_be_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = Repo::with(&[("a", "1")]);
    repo.write("a", "2");
    let git_dir = repo.root.join(".git");
    let bits = |bits| std::fs::set_permissions(&git_dir, std::fs::Permissions::from_mode(bits)).unwrap();
    bits(0o555);
    let is_superuser = std::fs::write(git_dir.join("probe"), "").is_ok();
    let saved = so(&repo, &["snapshot"]).output().unwrap();
    let listed = so(&repo, &["undo"]).output().unwrap();
    bits(0o755);
    assert!(listed.status.success());
    if !is_superuser {
        assert_eq!(saved.status.code(), Some(2));
        let said = support::stderr(&saved);
        assert!(said.contains("cannot be written") && said.contains("outside the sandbox"), "{said}");
    }
}

#[test]
fn with_nobody_to_ask_nothing_is_written() {
    let repo = Repo::with(&[("a", "1")]);
    repo.save();
    repo.write("a", "2");
    let output = so(&repo, &["undo", "1"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", support::stderr(&output));
    let output = so(&repo, &["undo", "1", "--json"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ask"]["answer"], "--yes");
    assert_eq!(repo.read("a"), "2");
}
