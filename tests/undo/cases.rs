//! One case a kind of repository, file or loss.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use so::guard::undo::restore::{self, Act, Refused};
use so::guard::undo::{Request, Saved, Why, list, save};

use super::{Repo, files, git, persons, save_in, undo};

fn why_nothing(project: &std::path::Path, limit: Option<Duration>) -> &'static str {
    match save(&Request { project, why: "a test", label: None, when: 1_000, limit }).unwrap() {
        Saved::Nothing(why) => why,
        Saved::Snapshot { snapshot, .. } => panic!("{snapshot:?}"),
    }
}

#[test]
fn where_nothing_can_be_saved_it_says_why() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(why_nothing(dir.path(), None), "there is no git repository here");
    assert!(git(dir.path()).args(["init", "-q", "--bare", "b.git"]).status().unwrap().success());
    assert_eq!(why_nothing(&dir.path().join("b.git"), None), "a bare repository has no working tree");
}

#[test]
fn past_its_limit_it_saves_nothing_or_the_small_files_and_names_the_rest() {
    let repo = Repo::with(&[("a", "1")]);
    assert_eq!(why_nothing(&repo.root, Some(Duration::ZERO)), "looking for changes took too long");
    assert!(!repo.root.join(".git/refs/so").exists());
    repo.write("a", "2");
    std::fs::File::create(repo.root.join("large")).unwrap().set_len(190 << 20).unwrap();
    let limit = Some(Duration::from_secs(5)); // too little for the large file, and generous for the rest
    let request = Request { project: &repo.root, why: "a test", label: None, when: 1_000, limit };
    let Saved::Snapshot { snapshot, left_out, .. } = save(&request).unwrap() else {
        panic!("no time at all")
    };
    assert_eq!((snapshot.about.files, snapshot.about.left_out), (1, 1));
    assert_eq!((left_out[0].path.as_str(), left_out[0].why), ("large", Why::Late));
}

#[test]
fn more_than_a_snapshot_holds_is_left_out_and_named_and_never_touched() {
    let repo = Repo::with(&[("a", "1")]);
    std::fs::File::create(repo.root.join("large")).unwrap().set_len(201 << 20).unwrap();
    repo.write("small", "s");
    let (snapshot, _, left_out) = repo.saved(None);
    assert_eq!(left_out.len(), 1);
    assert_eq!((left_out[0].path.as_str(), left_out[0].why), ("large", Why::Large));
    let wish = restore::Wish { exact: true, ..repo.wish(snapshot.number) };
    let plan = restore::plan(&wish).unwrap();
    assert!(plan.steps.is_empty(), "{plan:?}");
    repo.write("large", "now small, and not there then as far as the snapshot knows");
    assert!(restore::plan(&wish).unwrap().steps.is_empty());
}

#[test]
fn a_repository_without_a_commit() {
    let repo = Repo::new();
    repo.write("staged", "1");
    repo.git(&["add", "staged"]);
    repo.write("staged", "2");
    repo.write("new", "n");
    let (files_then, status) = (files(&repo.root), repo.git(&["status", "--porcelain"]));
    let before = persons(&repo.root);
    let snapshot = repo.save();
    assert_eq!(persons(&repo.root), before);
    repo.git(&["rm", "-rqf", "--cached", "."]);
    repo.git(&["clean", "-fdxq"]);
    repo.undo(snapshot.number);
    assert_eq!((files(&repo.root), repo.git(&["status", "--porcelain"])), (files_then, status));
}

#[test]
fn names_of_any_bytes_links_and_bits() {
    let repo = Repo::with(&[("run", "#!/bin/sh"), ("secret", "s")]);
    let strange = repo.root.join(std::ffi::OsStr::from_bytes(b"new\nline \xff\" -n"));
    std::fs::write(&strange, "x").unwrap();
    std::os::unix::fs::symlink("nowhere/at all", repo.root.join("link")).unwrap();
    let bits = |name: &str, bits| {
        std::fs::set_permissions(repo.root.join(name), std::fs::Permissions::from_mode(bits)).unwrap();
    };
    bits("run", 0o755);
    repo.write("secret", "changed");
    bits("secret", 0o600);
    let then = files(&repo.root);
    let snapshot = repo.save();
    repo.git(&["reset", "-q", "--hard"]);
    repo.git(&["clean", "-fdxq"]);
    bits("secret", 0o644);
    repo.undo(snapshot.number);
    assert_eq!(files(&repo.root), then);
    bits("secret", 0o640);
    let (plan, _) = repo.undo(snapshot.number);
    assert_eq!(plan.steps.iter().map(|step| step.act).collect::<Vec<_>>(), [Act::Permit]);
    assert_eq!(files(&repo.root), then);
}

#[test]
fn what_a_build_makes_is_left_and_what_is_only_ignored_is_saved() {
    let repo = Repo::with(&[("Cargo.toml", ""), (".gitignore", "target\n.env\ndata/\n")]);
    for (name, text) in [("target/x", "built"), (".env", "key"), ("data/deep/db", "rows")] {
        repo.write(name, text);
    }
    let snapshot = repo.save();
    assert_eq!(snapshot.about.files, 2);
    repo.git(&["clean", "-fdxq"]);
    repo.undo(snapshot.number);
    assert_eq!(
        (repo.read(".env"), repo.read("data/deep/db"), repo.root.join("target").exists()),
        ("key".into(), "rows".into(), false)
    );
}

#[test]
fn a_merge_in_progress_comes_back_with_its_conflicts() {
    let repo = Repo::with(&[("a", "base"), ("b", "base")]);
    repo.git(&["checkout", "-qb", "topic"]);
    repo.write("a", "topic");
    repo.git(&["commit", "-qam", "topic"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "main");
    repo.git(&["commit", "-qam", "main"]);
    assert!(!repo.try_git(&["merge", "topic"]));
    let unmerged = repo.git(&["ls-files", "-u"]);
    assert!(!unmerged.is_empty());
    let then = files(&repo.root);
    let before = persons(&repo.root);
    let snapshot = repo.save();
    assert_eq!(persons(&repo.root), before);
    assert_eq!(snapshot.about.during.as_deref(), Some("a merge"));
    repo.git(&["merge", "--abort"]);
    let (plan, _) = repo.undo(snapshot.number);
    assert_eq!((files(&repo.root), repo.git(&["ls-files", "-u"])), (then, unmerged));
    assert!(plan.notes.iter().any(|note| note.contains("a merge, which is over")), "{:?}", plan.notes);
}

#[test]
fn submodules_and_repositories_inside_are_named() {
    let other = Repo::with(&[("o", "1")]);
    let repo = Repo::with(&[("a", "1"), (".gitignore", "vendored\n")]);
    repo.git(&["submodule", "add", "-q", other.root.to_str().unwrap(), "sub"]);
    repo.git(&["commit", "-qm", "sub"]);
    repo.git(&["worktree", "add", "-q", "inside"]);
    for name in ["nested", "vendored"] {
        std::fs::create_dir(repo.root.join(name)).unwrap();
        assert!(git(&repo.root.join(name)).args(["init", "-q"]).status().unwrap().success());
        repo.write(&format!("{name}/file"), "n");
    }
    let (snapshot, _, left_out) = repo.saved(None);
    let named: Vec<_> = left_out.iter().map(|left| (left.path.as_str(), left.why)).collect();
    assert_eq!(
        named,
        [
            ("inside", Why::Worktree),
            ("nested/.git", Why::Repository),
            ("sub", Why::Submodule),
            ("vendored/.git", Why::Repository)
        ]
    );
    assert_eq!((snapshot.about.files, snapshot.about.left_out), (2, 2));
    std::fs::remove_dir_all(repo.root.join("nested")).unwrap();
    std::fs::remove_file(repo.root.join("sub/o")).unwrap();
    repo.undo(snapshot.number);
    assert_eq!(repo.read("nested/file"), "n");
    assert!(!repo.root.join("sub/o").exists(), "a submodule is left alone");
}

#[test]
fn linked_working_trees_share_numbers_and_keep_apart() {
    let repo = Repo::with(&[("a", "1")]);
    let linked = repo.root.with_file_name("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    std::fs::write(linked.join("a"), "linked").unwrap();
    repo.write("a", "main");
    let (first, second) = (repo.save(), save_in(&linked, None).0);
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!((first.about.worktree, second.about.worktree.as_deref()), (None, Some("linked")));
    let error = restore::plan(&repo.wish(2)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Refused::Elsewhere { number: 2, .. })), "{error}");
    repo.git(&["worktree", "remove", "--force", linked.to_str().unwrap()]);
    undo(&restore::Wish { here: true, ..repo.wish(2) });
    assert_eq!(repo.read("a"), "linked");
    assert_eq!(list(&repo.root).unwrap().unwrap().snapshots.len(), 2, "what was there before is snapshot 1");
}

#[test]
fn nothing_changed_is_the_same_snapshot_and_an_undo_can_be_undone() {
    let repo = Repo::with(&[("a", "1")]);
    repo.write("a", "2");
    let (first, fresh, _) = repo.saved(None);
    assert!(fresh);
    let (again, fresh, _) = repo.saved(None);
    assert_eq!((again.number, fresh), (first.number, false));
    let (labelled, fresh, _) = repo.saved(Some("T1"));
    assert_eq!((labelled.number, fresh), (2, true), "a label must be found again");
    assert!(!repo.saved(Some("T1")).1);
    repo.write("a", "3");
    let (_, done) = undo(&restore::Wish { which: "T1".into(), ..repo.wish(0) });
    assert_eq!(repo.read("a"), "2");
    repo.undo(done.before.number);
    assert_eq!(repo.read("a"), "3");
}

#[test]
fn files_that_were_not_there_stay_unless_exact() {
    let repo = Repo::with(&[("a", "1"), (".gitignore", "target\n"), ("Cargo.toml", "")]);
    let snapshot = repo.save();
    repo.write("later/new", "n");
    repo.write("target/x", "built");
    repo.write("staged", "s");
    repo.git(&["add", "staged"]);
    let (plan, _) = repo.undo(snapshot.number);
    assert_eq!(plan.extra, ["later/new", "staged"]);
    assert_eq!(
        repo.git(&["status", "--porcelain"]),
        "?? later/\n?? staged\n",
        "what was not staged then is not now"
    );
    undo(&restore::Wish { exact: true, ..repo.wish(snapshot.number) });
    assert!(!repo.root.join("later").exists() && !repo.root.join("staged").exists());
    assert_eq!(repo.read("target/x"), "built", "what is not saved is not taken away");
}

#[test]
fn files_where_directories_were_and_the_other_way_round() {
    let repo = Repo::with(&[("a", "file"), ("d/x", "in d"), ("l/y", "in l")]);
    let snapshot = repo.save();
    for name in ["a", "d/x", "l/y"] {
        std::fs::remove_file(repo.root.join(name)).unwrap();
    }
    for name in ["d", "l"] {
        std::fs::remove_dir(repo.root.join(name)).unwrap();
    }
    repo.write("a/deep/er", "in the way");
    repo.write("d", "in the way");
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), repo.root.join("l")).unwrap();
    let (_, done) = repo.undo(snapshot.number);
    assert_eq!(
        (repo.read("a"), repo.read("d/x"), repo.read("l/y")),
        ("file".into(), "in d".into(), "in l".into())
    );
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is written through a link");
    repo.undo(done.before.number);
    assert_eq!((repo.read("a/deep/er"), repo.read("d")), ("in the way".into(), "in the way".into()));
}

#[test]
fn what_is_not_saved_is_not_overwritten() {
    let repo = Repo::with(&[("Cargo.toml", ""), (".gitignore", "")]);
    repo.write("dist/x", "by hand");
    let snapshot = repo.save();
    repo.write(".gitignore", "dist\n"); // now it looks like something that a build makes
    repo.write("dist/x", "built");
    let plan = restore::plan(&repo.wish(snapshot.number)).unwrap();
    assert_eq!(
        (plan.kept[0].path.as_str(), plan.kept[0].why.as_str()),
        ("dist/x", "the present one is not saved")
    );
    repo.undo(snapshot.number);
    assert_eq!(repo.read("dist/x"), "built");
}

#[test]
fn what_guards_a_session_is_not_taken_back() {
    let repo = Repo::with(&[("a", "1"), (".claude/settings.json", "{\"disableAllHooks\": true}")]);
    repo.write(".orchestrator/policy/p.yaml", "loose");
    repo.write(".orchestrator/STATE.md", "old");
    let snapshot = repo.save();
    repo.write(".claude/settings.json", "{}");
    repo.write(".orchestrator/policy/p.yaml", "tight");
    repo.write(".orchestrator/policy/q.yaml", "tighter");
    repo.write(".orchestrator/STATE.md", "new");
    repo.write("a", "2");
    let (plan, _) = undo(&restore::Wish { exact: true, ..repo.wish(snapshot.number) });
    assert_eq!(plan.kept.len(), 3, "{:?}", plan.kept);
    assert_eq!(
        [
            ".claude/settings.json",
            ".orchestrator/policy/p.yaml",
            ".orchestrator/policy/q.yaml",
            ".orchestrator/STATE.md",
            "a"
        ]
        .map(|name| repo.read(name)),
        ["{}", "tight", "tighter", "new", "1"]
    );
    std::fs::remove_file(repo.root.join(".orchestrator/STATE.md")).unwrap();
    repo.undo(snapshot.number);
    assert_eq!(repo.read(".orchestrator/STATE.md"), "old", "lost is worse than old");
}

#[test]
fn some_files_only() {
    let repo = Repo::with(&[("a", "1"), ("d/x", "1"), ("d/y", "1"), ("dd", "1")]);
    let snapshot = repo.save();
    for name in ["a", "d/x", "d/y", "dd"] {
        repo.write(name, "2");
    }
    let only = |names: &[&str]| names.iter().map(|name| repo.root.join(name)).collect::<Vec<PathBuf>>();
    undo(&restore::Wish { only: only(&["d", "a"]), ..repo.wish(snapshot.number) });
    assert_eq!(["a", "d/x", "d/y", "dd"].map(|name| repo.read(name)), ["1", "1", "1", "2"]);
    for wrong in ["nothing", "../project2"] {
        let wish = restore::Wish { only: only(&[wrong]), ..repo.wish(snapshot.number) };
        let error = restore::plan(&wish).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Refused::NotHeld { .. })), "{error}");
    }
}

#[test]
fn line_ends_that_git_changes_come_back_as_they_were() {
    let repo = Repo::with(&[(".gitattributes", "*.bat text eol=crlf\n"), ("a.bat", "one\ntwo\n")]);
    std::fs::remove_file(repo.root.join("a.bat")).unwrap();
    repo.git(&["checkout", "a.bat"]);
    assert_eq!(repo.read("a.bat"), "one\r\ntwo\r\n");
    let snapshot = repo.save();
    assert_eq!(snapshot.about.files, 0);
    std::fs::remove_file(repo.root.join("a.bat")).unwrap();
    repo.undo(snapshot.number);
    assert_eq!(repo.read("a.bat"), "one\r\ntwo\r\n");
    repo.write("a.bat", "one\ntwo\n");
    repo.undo(snapshot.number);
    assert_eq!(repo.read("a.bat"), "one\r\ntwo\r\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn files_that_git_was_told_not_to_look_at_are_saved() {
    let repo = Repo::with(&[("a", "1"), ("b", "1"), ("c", "1")]);
    repo.git(&["update-index", "--skip-worktree", "a"]);
    repo.git(&["update-index", "--assume-unchanged", "b"]);
    repo.write("a", "local");
    repo.write("b", "local");
    repo.write("new", "n");
    repo.git(&["add", "-N", "new"]);
    let (then, flags) = (files(&repo.root), repo.git(&["ls-files", "-v"]));
    let status = repo.git(&["status", "--porcelain"]);
    let snapshot = repo.save();
    repo.write("a", "lost");
    repo.write("b", "lost");
    repo.git(&["rm", "-qf", "new"]);
    repo.undo(snapshot.number);
    assert_eq!(files(&repo.root), then);
    assert_eq!((repo.git(&["ls-files", "-v"]), repo.git(&["status", "--porcelain"])), (flags, status));
}

#[test]
fn with_another_commit_checked_out_only_what_was_staged_is_staged() {
    let repo = Repo::with(&[("a", "1"), ("b", "1")]);
    repo.write("a", "staged");
    repo.git(&["add", "a"]);
    repo.write("b", "changed");
    let (snapshot, then) = (repo.save(), files(&repo.root));
    repo.git(&["stash", "-q"]);
    repo.git(&["checkout", "-qb", "other"]);
    repo.write("c", "1");
    repo.git(&["add", "c"]);
    repo.git(&["commit", "-qm", "c"]);
    let (plan, _) = repo.undo(snapshot.number);
    assert_eq!(repo.git(&["status", "--porcelain"]), "M  a\n M b\n");
    assert!(plan.notes.iter().any(|note| note.starts_with("HEAD was")), "{:?}", plan.notes);
    let mut now = files(&repo.root);
    now.remove(&PathBuf::from("c")).unwrap();
    assert_eq!(now, then);
}

#[test]
fn branches_and_stashes_that_are_gone_are_named_and_their_commits_are_kept() {
    let repo = Repo::with(&[("a", "1")]);
    repo.git(&["checkout", "-qb", "topic"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "only here"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.write("a", "stashed");
    repo.git(&["stash", "-q"]);
    let (tip, stash) = (repo.git(&["rev-parse", "topic"]), repo.git(&["rev-parse", "stash"]));
    let before = persons(&repo.root);
    let snapshot = repo.save();
    assert_eq!(persons(&repo.root), before);
    repo.git(&["branch", "-qD", "topic"]);
    repo.git(&["stash", "drop", "-q"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    let plan = restore::plan(&repo.wish(snapshot.number)).unwrap();
    let expected = [
        format!("the branch topic is gone: git branch topic {}", &tip[..10]),
        format!("a stash is gone: git stash store {}", stash.trim()),
    ];
    assert_eq!(plan.notes, expected);
    repo.git(&["branch", "topic", &tip[..10]]);
    repo.git(&["stash", "store", stash.trim()]);
    repo.git(&["stash", "pop", "-q"]);
    assert_eq!(repo.read("a"), "stashed");
}

#[test]
fn a_plan_that_is_not_true_any_more_is_not_carried_out() {
    let repo = Repo::with(&[("a", "1")]);
    let snapshot = repo.save();
    repo.write("a", "2");
    let plan = restore::plan(&repo.wish(snapshot.number)).unwrap();
    repo.write("a", "3");
    let error = restore::apply(&repo.wish(snapshot.number), &plan, 1_000).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Refused::Changed)), "{error}");
    assert_eq!(repo.read("a"), "3");
    repo.write(".git/index.lock", "");
    let plan = restore::plan(&repo.wish(snapshot.number)).unwrap();
    let error = restore::apply(&repo.wish(snapshot.number), &plan, 1_000).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Refused::Locked(_))), "{error}");
    assert_eq!(repo.read("a"), "3");
}

#[test]
fn looking_writes_nothing() {
    let repo = Repo::with(&[("a", "1")]);
    let snapshot = repo.save();
    repo.write("a", "2");
    repo.write("new", "n");
    let before = crate::support::tree(&repo.root);
    assert_eq!(restore::plan(&repo.wish(snapshot.number)).unwrap().steps.len(), 1);
    list(&repo.root).unwrap().unwrap();
    assert_eq!(crate::support::tree(&repo.root), before);
}

#[test]
fn old_snapshots_go_and_the_newest_stay() {
    let repo = Repo::with(&[("a", "1")]);
    let save_at = |when: i64| {
        repo.write("a", &when.to_string());
        let request = Request { project: &repo.root, why: "a test", label: None, when, limit: None };
        save(&request).unwrap();
    };
    (0..7).for_each(save_at);
    save_at(15 * 24 * 60 * 60);
    let left: Vec<u64> =
        list(&repo.root).unwrap().unwrap().snapshots.iter().map(|snapshot| snapshot.number).collect();
    assert_eq!(left, [8, 7, 6, 5, 4]);
    save_at(15 * 24 * 60 * 60 + 1);
    assert_eq!(list(&repo.root).unwrap().unwrap().snapshots[0].number, 9, "numbers are not used again");
}
