//! Files that a session touched, held against those that its plan names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{DiffOptions, Oid, Repository};
use serde::Serialize;

use crate::glob::{Case, Glob};
use crate::plain;
use crate::session::plan::Plan;

/// Files that are named of each kind.
const SHOWN: usize = 40;

/// The files of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    /// Each task with what it may touch and what of that was touched.
    pub tasks: Vec<OfTask>,
    /// What was touched and stands in no task.
    pub unplanned: Vec<String>,
    /// How many more of those there are.
    pub more: usize,
    /// How many were touched in all.
    pub touched: usize,
    /// How many of them stand in a task.
    pub planned: usize,
    /// Tasks with files of which none was touched.
    pub untouched: usize,
}

/// The files of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OfTask {
    /// The task.
    pub id: String,
    /// What it may touch.
    pub globs: String,
    /// What was touched.
    pub files: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// Sorts `touched` by the tasks of the plan.
pub(super) fn sort(plan: Option<&Plan>, touched: &BTreeSet<String>) -> Files {
    let mut files = Files { touched: touched.len(), ..Files::default() };
    let mut planned: BTreeSet<&String> = BTreeSet::new();
    for task in plan.into_iter().flat_map(|plan| &plan.tasks) {
        let globs: Vec<Glob> =
            task.files.iter().filter_map(|glob| Glob::new(glob, Case::Sensitive).ok()).collect();
        let own: Vec<&String> =
            touched.iter().filter(|path| globs.iter().any(|glob| glob.matches(path))).collect();
        planned.extend(&own);
        files.untouched += usize::from(own.is_empty() && !globs.is_empty());
        let (shown, more) = cut(&own);
        files.tasks.push(OfTask {
            id: task.id.clone(),
            globs: plain::line(&task.files.join(", "), 160),
            files: shown,
            more,
        });
    }
    let rest: Vec<&String> = touched.iter().filter(|path| !planned.contains(path)).collect();
    files.planned = planned.len();
    (files.unplanned, files.more) = cut(&rest);
    files
}

fn cut(paths: &[&String]) -> (Vec<String>, usize) {
    let shown = paths.iter().take(SHOWN).map(|path| plain::line(path, 160)).collect();
    (shown, paths.len().saturating_sub(SHOWN))
}

/// What differs between the commit `from` and the files as they are now, but for what `before` holds unchanged.
pub(super) fn touched(project: &Path, from: &str, before: &BTreeMap<String, String>) -> BTreeSet<String> {
    let differs = || -> Result<BTreeSet<String>, git2::Error> {
        let repository = Repository::open(project)?;
        let tree = Oid::from_str(from).and_then(|id| repository.find_commit(id)?.tree()).ok();
        let mut options = DiffOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).ignore_submodules(true);
        Ok(paths(&repository.diff_tree_to_workdir_with_index(tree.as_ref(), Some(&mut options))?))
    };
    let now = |path: &str| {
        let blob = Oid::hash_file(git2::ObjectType::Blob, project.join(path));
        blob.map(|id| id.to_string()).unwrap_or_default()
    };
    let is_new = |path: &String| before.get(path).is_none_or(|blob| *blob != now(path));
    differs().unwrap_or_default().into_iter().filter(is_new).collect()
}

/// What `commits` changed.
pub(in crate::session) fn committed(project: &Path, commits: &[String]) -> BTreeSet<String> {
    let Ok(repository) = Repository::open(project) else { return BTreeSet::new() };
    let changed = |id: &String| -> Result<BTreeSet<String>, git2::Error> {
        let commit = repository.find_commit(Oid::from_str(id)?)?;
        let parent = commit.parent(0).and_then(|parent| parent.tree()).ok();
        Ok(paths(&repository.diff_tree_to_tree(parent.as_ref(), Some(&commit.tree()?), None)?))
    };
    commits.iter().filter_map(|id| changed(id).ok()).flatten().collect()
}

fn paths(diff: &git2::Diff<'_>) -> BTreeSet<String> {
    let of = |delta: git2::DiffDelta<'_>| {
        let file = delta.new_file().path().or(delta.old_file().path())?;
        Some(file.to_string_lossy().replace('\\', "/"))
    };
    diff.deltas().filter_map(of).filter(|path| !path.starts_with(".orchestrator/")).collect()
}
