//! Any tree, any changes, any loss: every byte, bit and staged state comes back, and saving leaves no trace.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use proptest::prelude::*;

use so::guard::undo::restore::Wish;

use super::{Repo, files, persons, save_in, undo};

/// Names that meet: files and directories of the same name, bytes that are not UTF-8, names that look like options.
const NAMES: &[&[u8]] = &[
    b"a",
    b"a/b",
    b"a/b/c",
    b"d/x",
    b"d/y",
    b"-n",
    b"new\nline",
    b"\xff\xfe",
    b"k.env",
    b"sp ace/\"q\"",
    b".hidden",
];

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>, u32),
    Link(usize, usize),
    Remove(usize),
    Stage(usize),
    StageAll,
    Unstage(usize),
    Announce(usize),
}

#[derive(Debug, Clone, Copy)]
enum Loss {
    Reset,
    Clean,
    RemoveAll,
    Checkout,
    Stash,
    Overwrite,
    EmptyIndex,
}

fn change() -> impl Strategy<Value = Change> {
    let name = 0..NAMES.len();
    let bits = prop::sample::select(vec![0o644, 0o755, 0o600, 0o700]);
    prop_oneof![
        6 => (name.clone(), prop::collection::vec(any::<u8>(), 0..40), bits).prop_map(|(name, bytes, bits)| Change::Write(name, bytes, bits)),
        1 => (name.clone(), name.clone()).prop_map(|(name, to)| Change::Link(name, to)),
        2 => name.clone().prop_map(Change::Remove),
        3 => name.clone().prop_map(Change::Stage),
        1 => Just(Change::StageAll),
        1 => name.clone().prop_map(Change::Unstage),
        1 => name.prop_map(Change::Announce),
    ]
}

fn loss() -> impl Strategy<Value = Loss> {
    use Loss::*;
    prop::sample::select(vec![Reset, Clean, RemoveAll, Checkout, Stash, Overwrite, EmptyIndex])
}

fn name(at: usize) -> &'static OsStr {
    OsStr::from_bytes(NAMES[at])
}

fn on_name(repo: &Repo, words: &[&str], at: usize) {
    let _ = super::git(&repo.root).args(words).arg("--").arg(name(at)).output().unwrap();
}

fn clear(path: &std::path::Path) {
    let _ = std::fs::remove_dir_all(path);
    let _ = std::fs::remove_file(path);
}

fn make_way(repo: &Repo, path: &std::path::Path) {
    for parent in path.ancestors().skip(1).take_while(|dir| *dir != repo.root) {
        if parent.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
            clear(parent);
        }
    }
    clear(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
}

fn perform(repo: &Repo, change: &Change) {
    match change {
        Change::Write(at, bytes, bits) => {
            let path = repo.root.join(name(*at));
            make_way(repo, &path);
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*bits)).unwrap();
        }
        Change::Link(at, to) => {
            let path = repo.root.join(name(*at));
            make_way(repo, &path);
            std::os::unix::fs::symlink(name(*to), path).unwrap();
        }
        Change::Remove(at) => clear(&repo.root.join(name(*at))),
        Change::Stage(at) => on_name(repo, &["add", "-f"], *at),
        Change::StageAll => repo.git(&["add", "-A"]).clear(),
        Change::Unstage(at) => on_name(repo, &["rm", "-rq", "--cached"], *at),
        Change::Announce(at) => on_name(repo, &["add", "-f", "-N"], *at),
    }
}

fn lose(repo: &Repo, loss: Loss) {
    match loss {
        Loss::Reset => drop(repo.try_git(&["reset", "-q", "--hard"])),
        Loss::Clean => drop(repo.try_git(&["clean", "-ffdxq"])),
        Loss::RemoveAll => {
            for entry in std::fs::read_dir(&repo.root).unwrap().flatten() {
                if entry.file_name() != ".git" {
                    clear(&entry.path());
                }
            }
        }
        Loss::Checkout => drop(repo.try_git(&["checkout", "-qf", "other"])),
        Loss::Stash => drop(repo.try_git(&["stash", "-qa"])),
        Loss::Overwrite => {
            for path in files(&repo.root).into_keys() {
                let path = repo.root.join(path);
                clear(&path);
                std::fs::write(path, "overwritten").unwrap();
            }
        }
        Loss::EmptyIndex => drop(repo.try_git(&["rm", "-rqf", "--cached", "."])),
    }
}

/// What is staged, as git tells it.
fn staged(repo: &Repo) -> String {
    repo.git(&["ls-files", "-s", "-z"]) + &repo.git(&["diff", "--name-status", "-z"])
}

fn start() -> Repo {
    let repo = Repo::with(&[("a", "one"), ("d/x", "two"), ("d/y", "three"), (".gitignore", "*.env\n")]);
    repo.git(&["checkout", "-qb", "other"]);
    repo.write("d/x", "of the other branch");
    repo.git(&["rm", "-q", "a"]);
    repo.git(&["commit", "-qam", "other"]);
    repo.git(&["checkout", "-q", "main"]);
    repo
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_loss_is_undone(
        changes in prop::collection::vec(change(), 0..12),
        losses in prop::collection::vec(loss(), 1..4),
    ) {
        let repo = start();
        for change in &changes {
            perform(&repo, change);
        }
        let (then, index) = (files(&repo.root), staged(&repo));
        let before = persons(&repo.root);
        let (snapshot, _, left_out) = save_in(&repo.root, None);
        prop_assert_eq!(persons(&repo.root), before, "saving touches nothing of the person's");
        prop_assert_eq!(files(&repo.root), then.clone());
        prop_assert_eq!(left_out, vec![]);
        for loss in &losses {
            lose(&repo, *loss);
        }
        let moved = repo.git(&["rev-parse", "HEAD"]).trim() != snapshot.about.head.clone().unwrap();
        let untouched: Vec<PathBuf> = ["HEAD", "refs/heads", "logs", "refs/stash"].map(|name| repo.root.join(".git").join(name)).into();
        let refs = |paths: &[PathBuf]| paths.iter().map(|path| (crate::support::tree(path), std::fs::read(path).ok())).collect::<Vec<_>>();
        let kept = refs(&untouched);
        let (plan, done) = repo.undo(snapshot.number);
        prop_assert_eq!(plan.kept, vec![]);
        prop_assert_eq!(refs(&untouched), kept, "undo leaves HEAD, branches, reflogs and the stash alone");
        let now = files(&repo.root);
        for (path, file) in &then {
            prop_assert_eq!(now.get(path), Some(file), "{:?}", path);
        }
        undo(&Wish { exact: true, ..repo.wish(snapshot.number) });
        prop_assert_eq!(files(&repo.root), then.clone());
        if !moved {
            prop_assert_eq!(staged(&repo), index);
        }
        // And the undo can be undone.
        repo.undo(done.before.number);
        repo.undo(snapshot.number);
        let again = files(&repo.root);
        for (path, file) in &then {
            prop_assert_eq!(again.get(path), Some(file), "{:?}", path);
        }
    }
}
