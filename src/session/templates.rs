//! The templates of a repository for issues and for pull or merge requests, where GitHub and GitLab look for them.

use std::path::{Path, PathBuf};

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An issue.
    Issue,
    /// A pull or merge request.
    PullRequest,
}

const PLACES: &[(&str, Purpose)] = &[
    (".github/ISSUE_TEMPLATE", Purpose::Issue),
    (".github/ISSUE_TEMPLATE.md", Purpose::Issue),
    (".github/issue_template.md", Purpose::Issue),
    ("ISSUE_TEMPLATE.md", Purpose::Issue),
    (".gitlab/issue_templates", Purpose::Issue),
    (".github/PULL_REQUEST_TEMPLATE", Purpose::PullRequest),
    (".github/PULL_REQUEST_TEMPLATE.md", Purpose::PullRequest),
    (".github/pull_request_template.md", Purpose::PullRequest),
    ("PULL_REQUEST_TEMPLATE.md", Purpose::PullRequest),
    ("pull_request_template.md", Purpose::PullRequest),
    ("docs/pull_request_template.md", Purpose::PullRequest),
    (".gitlab/merge_request_templates", Purpose::PullRequest),
];

/// Templates are Markdown or GitHub's forms.
const ENDS: [&str; 3] = ["md", "yml", "yaml"];

/// The templates for `purpose`, relative to the project, sorted.
pub fn of(project: &Path, purpose: Purpose) -> Vec<PathBuf> {
    let places = PLACES.iter().filter(|(_, of)| *of == purpose).map(|(place, _)| Path::new(place));
    let mut found: Vec<PathBuf> = places.flat_map(|place| files(project, place)).collect();
    found.sort();
    found.dedup_by_key(|path| path.to_string_lossy().to_ascii_lowercase()); // file systems that ignore case
    found
}

fn files(project: &Path, place: &Path) -> Vec<PathBuf> {
    let full = project.join(place);
    if full.is_file() {
        return vec![place.to_path_buf()];
    }
    let entries = std::fs::read_dir(full).into_iter().flatten().flatten();
    let named = entries.map(|entry| place.join(entry.file_name()));
    // GitHub's config.yml chooses between forms; it is none.
    let is_one = |path: &PathBuf| {
        path.extension().is_some_and(|end| ENDS.iter().any(|known| end == *known))
            && path.file_stem().is_none_or(|stem| stem != "config")
    };
    named.filter(is_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_by_purpose() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            ".github/ISSUE_TEMPLATE/bug.yml",
            ".github/ISSUE_TEMPLATE/config.yml",
            "docs/pull_request_template.md",
        ] {
            crate::fs::replace(&dir.path().join(file), b"x", false).unwrap();
        }
        assert_eq!(of(dir.path(), Purpose::Issue), [Path::new(".github/ISSUE_TEMPLATE/bug.yml")]);
        assert_eq!(of(dir.path(), Purpose::PullRequest), [Path::new("docs/pull_request_template.md")]);
    }
}
