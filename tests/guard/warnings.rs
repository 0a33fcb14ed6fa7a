//! Warnings, asked of a real repository: only commits that a remote has are worth one.

use std::path::Path;

use so::guard::{Context, Decision, check};

/// Three commits; a remote branch has the first two.
fn repository(dir: &Path) {
    let repository = git2::Repository::init(dir).expect("a repository");
    let who = git2::Signature::now("a", "a@example.org").expect("a signature");
    let tree = repository.treebuilder(None).expect("a builder").write().expect("a tree");
    let tree = repository.find_tree(tree).expect("a tree");
    let mut last: Option<git2::Oid> = None;
    for name in ["one", "two", "three"] {
        let parent = last.map(|id| repository.find_commit(id).expect("a commit"));
        let parents: Vec<_> = parent.iter().collect();
        last = Some(repository.commit(Some("HEAD"), &who, &who, name, &tree, &parents).expect("a commit"));
        if name == "two" {
            repository
                .reference("refs/remotes/origin/main", last.expect("a commit"), true, "x")
                .expect("a branch");
        }
    }
}

#[test]
fn only_what_a_remote_has_is_worth_a_warning() {
    let dir = tempfile::tempdir().expect("a directory");
    repository(dir.path());
    let context = Context::at(dir.path());
    for (command, warned) in [
        ("git commit --amend --no-edit", false),
        ("git rebase origin/main", false),
        ("git rebase HEAD~1", false),
        ("git reset --soft HEAD~1", false),
        ("git rebase HEAD~2", true),
        ("git rebase -i --root", true),
        ("git reset --soft HEAD~2", true),
        ("git reset HEAD~2", true),
        ("git reset --soft HEAD~1 && git commit --amend", false),
        ("git rebase no-such-branch", false),
        ("git rebase", false),
    ] {
        let verdict = check(command, &context);
        assert_eq!(verdict.decision(), Decision::Allow, "{command}");
        assert_eq!(!verdict.warnings.is_empty(), warned, "{command}");
    }
    let message = check("git rebase HEAD~2", &context).warnings[0].message();
    assert_eq!(
        message,
        "rewrite-pushed: it rewrites commits that others may have (they are on a remote). \
         Make a new commit on top; rewrite only what is not pushed."
    );
    // The commit that is last is on the remote now.
    let repository = git2::Repository::open(dir.path()).expect("a repository");
    let head = repository.head().expect("a head").target().expect("a commit");
    repository.reference("refs/remotes/fork/topic", head, true, "x").expect("a branch");
    assert_eq!(check("git commit --amend", &context).warnings.len(), 1);
}
