//! What a snapshot knows beside files: where HEAD was, what git was in the middle of, branches and stashes that are
//! gone since. Undo does not touch them; it says what brings them back.

use git2::Repository;

use super::capture;
use super::record::Snapshot;

/// What else differs from then, one sentence each, with the command that mends it.
pub(super) fn notes(repo: &Repository, snapshot: &Snapshot) -> Vec<String> {
    let about = &snapshot.about;
    let mut notes = Vec::new();
    let short = |id: &str| id.get(..10).unwrap_or(id).to_owned();
    let head = repo.head().ok().and_then(|head| head.target()).map(|id| id.to_string());
    if let Some(old) = about.head.as_ref().filter(|old| Some(*old) != head.as_ref()) {
        let on = about.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
        notes.push(format!(
            "HEAD was {}{on}; files and what was staged come back, commits stay as they are now (git show {})",
            short(old),
            short(old)
        ));
    }
    if let Some(during) = &about.during
        && capture::during(repo.state()) != Some(during.as_str())
    {
        notes.push(format!("git was in the middle of {during}, which is over now"));
    }
    let present = capture::tips(repo);
    for (name, id) in &about.tips {
        match name.strip_prefix("refs/heads/") {
            Some(branch) if !present.contains_key(name) => {
                notes.push(format!("the branch {branch} is gone: git branch {branch} {}", short(id)));
            }
            None if !present.values().any(|present| present == id) => {
                notes.push(format!("a stash is gone: git stash store {id}"));
            }
            _ => {}
        }
    }
    notes
}
