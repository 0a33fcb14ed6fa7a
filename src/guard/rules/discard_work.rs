//! `git reset --hard`, `checkout`, `restore`, `switch`, `clean`, `stash drop`, `branch -D`, `worktree remove`.

use std::path::{Path, PathBuf};

use super::git::{Line, is_off};
use super::{NOTHING, Rule, found};
use crate::guard::flow::CHANGES;
use crate::guard::loss::{self, Discard};
use crate::guard::options::Parsed;
use crate::guard::place::{Place, place};
use crate::guard::{Arg, Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "discard-work",
    reason: "it throws away work that git cannot give back",
    instead: "Commit the work to a branch first; then nothing is lost.",
    judge,
};

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    let line = match call.name {
        "git" => Line::of(call),
        "patch" => &Line {
            verb: "apply".to_owned(),
            args: call.args.to_vec(),
            dir: call.cwd.clone(),
            ..Line::default()
        },
        _ => return NOTHING,
    };
    let discard = match line.verb.as_str() {
        "reset" => reset(line),
        "checkout" => checkout(line),
        "restore" => restore(line),
        "switch" => switch(line),
        "clean" => clean(line, call),
        "stash" => stash(line),
        "branch" => branch(line),
        "worktree" => worktree(line),
        "checkout-index" => {
            let parsed = line.parse("", &["prefix", "stage"]);
            (parsed.has(&["f", "force"]) && !parsed.has(&["prefix"])).then(|| changes(&[], false))
        }
        "read-tree" => {
            let parsed = line.parse("", &["index-output", "prefix"]);
            (parsed.has(&["reset"]) && parsed.has(&["u"])).then(|| changes(&[], true))
        }
        "rm" => remove(line),
        "apply" => taken_back(line, call),
        "submodule" => submodule(line),
        "tag" if !call.context.assume_dirty => tag(line),
        _ => None,
    };
    // Where everything counts as unsaved, going from branch to branch would lose something each time.
    let discard = if call.context.assume_dirty { discard } else { discard.or_else(|| brought_in(line)) };
    let widened = |discard: Discard| match discard {
        Discard::Stash if call.earlier.restaged => Discard::Everything { stash: true },
        Discard::Changes { .. } | Discard::Untracked { ignored: false, .. } if call.earlier.restaged => {
            Discard::Everything { stash: false }
        }
        other => other,
    };
    discard.map_or(NOTHING, |discard| weigh(widened(discard), line, call))
}

fn changes(paths: &[Arg], staged: bool) -> Discard {
    Discard::Changes { paths: paths.iter().map(|arg| arg.text.clone()).collect(), staged }
}

/// Asks the loss question where the command acts.
fn weigh(discard: Discard, line: &Line, call: &Call<'_>) -> Vec<(Decision, String)> {
    let Some(dir) = &line.dir else { return found(Decision::Ask, "in a directory that cannot be known") };
    if call.earlier.makes(dir) && call.earlier.moved_to(dir).next().is_none() {
        return NOTHING;
    }
    let mut decision = Decision::Ask;
    let same = call.context.project.as_deref().is_some_and(|project| same_tree(dir, project));
    if !same && !call.context.assume_dirty {
        let at = Arg::literal(dir.display().to_string());
        match place(&at, call) {
            Place::Temp => return NOTHING,
            Place::Project { .. } => {}
            _ => decision = Decision::Deny,
        }
    }
    match loss::of_git(discard, dir, call.context.assume_dirty).named() {
        Some(names) => found(decision, names),
        None => NOTHING,
    }
}

fn same_tree(dir: &Path, project: &Path) -> bool {
    crate::guard::project_of(dir, None).is_some_and(|root| root == project)
}

fn reset(line: &Line) -> Option<Discard> {
    let parsed = line.parse("U", &["pathspec-from-file", "unified", "inter-hunk-context"]);
    parsed
        .options
        .iter()
        .any(|option| is_long(&option.name, &["hard", "merge", "keep"]) && option.name != "keep")
        .then_some(())
        .or_else(|| line.args.iter().any(|arg| arg.text == "--h").then_some(()))
        .map(|()| changes(&[], true))
}

/// Whether a long option is one of `names` or a beginning of one (git takes any that is unique).
fn is_long(name: &str, names: &[&str]) -> bool {
    name.len() > 1 && names.iter().any(|full| full.starts_with(name))
}

fn forced(parsed: &Parsed) -> bool {
    parsed.has(&["f", "force", "discard-changes"])
}

fn checkout(line: &Line) -> Option<Discard> {
    let parsed =
        line.parse("bBU", &["orphan", "conflict", "pathspec-from-file", "unified", "inter-hunk-context"]);
    if forced(&parsed) {
        return Some(changes(&[], true));
    }
    if parsed.has(&["pathspec-from-file"]) {
        return Some(changes(&[], true));
    }
    if parsed.has(&["b", "B", "orphan", "p", "patch"]) && parsed.dashes.is_none() {
        return None;
    }
    if let Some(before) = parsed.dashes {
        let paths = parsed.operands.get(before..).unwrap_or_default();
        return (!paths.is_empty()).then(|| changes(paths, before > 0));
    }
    let words: Vec<&Arg> = parsed.operands.iter().filter(|arg| !MODES.contains(&arg.text.as_str())).collect();
    match words.as_slice() {
        [] => None,
        [only] => looks_like_path(only, line).then(|| changes(&[(*only).clone()], false)),
        [first, rest @ ..] => {
            let tree = !looks_like_path(first, line);
            let paths: Vec<Arg> = if tree {
                rest.iter().map(|arg| (*arg).clone()).collect()
            } else {
                words.iter().map(|arg| (*arg).clone()).collect()
            };
            let tracking = parsed.has(&["t", "track", "detach", "d", "recurse-submodules", "guess"]);
            (!tracking).then(|| changes(&paths, tree))
        }
    }
}

/// Words that people put behind options whose value needs `=`.
const MODES: &[&str] = &["checkout", "on-demand", "direct", "inherit"];

/// `git checkout WORD`: a path if it is written like one, or if such a file is there and no such branch.
fn looks_like_path(arg: &Arg, line: &Line) -> bool {
    let text = arg.text.as_str();
    if arg.glob
        || matches!(text, "." | ".." | "*")
        || text.starts_with("./")
        || text.starts_with("../")
        || text.starts_with(':')
        || text.ends_with('/')
    {
        return true;
    }
    if arg.dynamic {
        return false;
    }
    let Some(dir) = &line.dir else { return false };
    dir.join(text).symlink_metadata().is_ok() && !is_branch(dir, text)
}

fn is_branch(dir: &Path, name: &str) -> bool {
    git2::Repository::discover(dir)
        .is_ok_and(|repository| repository.resolve_reference_from_short_name(name).is_ok())
}

fn restore(line: &Line) -> Option<Discard> {
    let parsed =
        line.parse("sU", &["source", "conflict", "pathspec-from-file", "unified", "inter-hunk-context"]);
    let staged = parsed.has(&["S", "staged"]);
    let worktree = parsed.has(&["W", "worktree"]) || !staged;
    let patch = parsed.has(&["p", "patch", "help", "h"]);
    let any = !parsed.operands.is_empty() || parsed.has(&["pathspec-from-file"]);
    (worktree && any && !patch).then(|| changes(&parsed.operands, staged || parsed.has(&["s", "source"])))
}

fn switch(line: &Line) -> Option<Discard> {
    let parsed = line.parse("cC", &["create", "force-create", "orphan", "conflict"]);
    forced(&parsed).then(|| changes(&[], true))
}

fn clean(line: &Line, call: &Call<'_>) -> Option<Discard> {
    let parsed = line.parse("e", &["exclude"]);
    let does = parsed.has(&["f", "force"])
        || line
            .config
            .iter()
            .any(|(key, value)| key == "clean.requireforce" && (is_off(value) || value.is_empty()));
    // It asks a person, unless `yes` or the like answers.
    let asks = parsed.has(&["i", "interactive"]);
    let answered = asks && call.input.texts.iter().any(|text| !text.is_empty());
    if !(does || answered) || parsed.has(&["n", "dry-run"]) || (asks && !answered) {
        return None;
    }
    let paths = parsed.operands.iter().map(|arg| arg.text.clone()).collect();
    let only_ignored = parsed.has(&["X"]);
    Some(Discard::Untracked { new: !only_ignored, ignored: only_ignored || parsed.has(&["x"]), paths })
}

fn stash(line: &Line) -> Option<Discard> {
    matches!(line.args.first().map(|arg| arg.text.as_str()), Some("drop" | "clear")).then_some(Discard::Stash)
}

fn branch(line: &Line) -> Option<Discard> {
    let parsed = line.parse(
        "u",
        &["set-upstream-to", "sort", "format", "contains", "no-contains", "points-at", "merged", "no-merged"],
    );
    if parsed.has(&["r", "remotes"]) {
        return None;
    }
    let forced = parsed.has(&["D"]) || (parsed.has(&["d", "delete"]) && parsed.has(&["f", "force"]));
    let names = parsed.operands.iter().map(|arg| arg.text.clone()).collect();
    forced.then_some(Discard::Branches(names))
}

/// `git tag -d NAME…`, `git tag -f NAME`.
fn tag(line: &Line) -> Option<Discard> {
    let parsed = line.parse("mFun", &["message", "file", "local-user", "sort", "format", "contains"]);
    let names = |count| parsed.operands.iter().take(count).map(|arg| arg.text.clone()).collect();
    if parsed.has(&["d", "delete"]) {
        return Some(Discard::Tags(names(usize::MAX)));
    }
    parsed.has(&["f", "force"]).then(|| Discard::Tags(names(1)))
}

/// Verbs that bring files of another revision into the working tree. Git refuses to write over changes and untracked
/// files by itself, but not over ignored ones.
fn brought_in(line: &Line) -> Option<Discard> {
    let first = line.args.first().map_or("", |arg| arg.text.as_str());
    let upstream = match line.verb.as_str() {
        // A new branch begins where the tree stands, unless it is told where to.
        "checkout" | "switch" if made_here(line) => return None,
        // Without one of these the working tree stays as it is.
        "reset" if !line.parse("U", &[]).has(&["hard", "keep", "merge"]) => return None,
        "checkout" | "switch" | "cherry-pick" | "reset" => false,
        "merge" | "rebase" | "pull" => true,
        "worktree" if first == "remove" => {
            let path = line.parse("", &[]).operand(1).to_owned();
            return Some(Discard::CleanWorktree(PathBuf::from(path)));
        }
        "branch" => return renamed(line),
        _ => return None,
    };
    line.dir.as_ref()?;
    let words = line.args.iter().map(|arg| arg.text.as_str());
    let mut revisions: Vec<String> = words
        .filter(|word| !word.starts_with('-') || *word == "-")
        .map(|word| if word == "-" { "@{-1}".to_owned() } else { word.to_owned() })
        .collect();
    if upstream && revisions.is_empty() {
        revisions.push("@{u}".to_owned());
    }
    (!revisions.is_empty()).then_some(Discard::Expendable(revisions))
}

/// `git switch -c NEW`, `git checkout -b NEW`.
fn made_here(line: &Line) -> bool {
    let parsed = line.parse("bBcC", &["create", "force-create"]);
    parsed.operands.is_empty() && parsed.has(&["b", "B", "c", "C", "create", "force-create"])
}

/// `git branch -M [OLD] NEW`: the branch NEW, if there is one already.
fn renamed(line: &Line) -> Option<Discard> {
    let parsed = line.parse("u", &["set-upstream-to"]);
    let over =
        parsed.has(&["M", "C"]) || parsed.has(&["m", "move", "c", "copy"]) && parsed.has(&["f", "force"]);
    let new = parsed.operands.last()?.text.clone();
    let current = git2::Repository::discover(line.dir.as_ref()?).ok()?;
    let head = current.head().ok()?;
    let is_current = head.shorthand().is_ok_and(|name| name == new);
    (over && !is_current).then(|| Discard::Branches(vec![new]))
}

fn worktree(line: &Line) -> Option<Discard> {
    let parsed = line.parse("", &[]);
    let path = PathBuf::from(parsed.operand(1));
    (parsed.operand(0) == "remove" && parsed.has(&["f", "force"])).then_some(Discard::Worktree(path))
}

/// `git submodule deinit -f`, `update --force`: what is changed in submodules goes.
fn submodule(line: &Line) -> Option<Discard> {
    let parsed = line.parse("", &["depth", "reference", "jobs"]);
    let discards = matches!(parsed.operand(0), "deinit" | "update") && parsed.has(&["f", "force"]);
    discards.then_some(Discard::Everything { stash: false })
}

/// `git diff | git apply -R`, `git diff | patch -R`.
fn taken_back(line: &Line, call: &Call<'_>) -> Option<Discard> {
    let parsed = line.parse("CpdFiBVgzD", &["directory", "exclude", "include", "strip", "whitespace"]);
    let changes_all = call.input.texts.iter().any(|text| text == CHANGES);
    let does = parsed.has(&["R", "reverse"])
        && !parsed.has(&["cached", "check", "stat", "numstat", "summary", "dry-run"]);
    (does && changes_all).then(|| changes(&[], false))
}

/// `git rm -f`: without `--cached` it deletes changed files.
fn remove(line: &Line) -> Option<Discard> {
    let parsed = line.parse("", &["pathspec-from-file"]);
    (parsed.has(&["f", "force"]) && !parsed.has(&["cached", "n", "dry-run"]))
        .then(|| changes(&parsed.operands, true))
}
