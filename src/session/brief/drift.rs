//! What instruction files say that is no longer so, as far as that can be told in a moment: links to files that are
//! gone, and files that the project calls its source of truth and nobody has touched for long.

use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag};

use crate::plain;

/// Files that agents read first.
const FILES: [&str; 2] = ["CLAUDE.md", "AGENTS.md"];
/// A longer file is not read.
const MOST: u64 = 256 << 10;

/// What is wrong, a clause each. `fresh` are files that should not be older than `days`; `now` is in seconds.
pub fn look(project: &Path, fresh: &[String], days: i64, now: i64) -> Vec<String> {
    let mut found = Vec::new();
    for file in FILES {
        let path = project.join(file);
        if path.metadata().is_ok_and(|meta| meta.len() <= MOST)
            && !path.is_symlink()
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let gone = links(&text).into_iter().filter(|link| !project.join(link).exists());
            found.extend(
                gone.map(|link| format!("{file} points to `{}`, which is gone", plain::line(&link, 60))),
            );
        }
    }
    for file in fresh {
        let Some(age) = age(&project.join(file), now) else {
            found.push(format!("`{}` should be fresh and is not there", plain::line(file, 60)));
            continue;
        };
        if age > days * 86_400 {
            found.push(format!("`{}` was changed {} ago", plain::line(file, 60), plain::age(age)));
        }
    }
    found
}

/// Relative targets of links, and lines `@path` as Claude Code includes them.
fn links(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |target: &str| {
        let target = target.split(['#', '?']).next().unwrap_or_default();
        let is_foreign = target.is_empty()
            || target.contains(':')
            || target.contains('%')
            || target.starts_with(['/', '~'])
            || target.split('/').any(|part| part == "..");
        if !is_foreign && !found.iter().any(|known| known == target) {
            found.push(target.to_owned());
        }
    };
    for event in Parser::new(text) {
        if let Event::Start(Tag::Link { dest_url, .. }) = event {
            add(&dest_url);
        }
    }
    let includes = text.lines().filter_map(|line| line.strip_prefix('@'));
    includes.filter(|path| path.contains(['/', '.']) && !path.contains(' ')).for_each(add);
    found
}

fn age(path: &Path, now: i64) -> Option<i64> {
    let at = path.metadata().ok()?.modified().ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(now - i64::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_into_the_project_count() {
        let text = "[a](docs/a.md) [b](https://x.y/z) [c](#part) [a](docs/a.md#x) `[d](d.md)`\n@notes/x.md\n@someone said\n\
                    [e](../e.md) [f](mailto:x@y)\n\n```\n[g](g.md)\n```\n";
        assert_eq!(links(text), ["docs/a.md", "notes/x.md"]);
    }

    #[test]
    fn what_is_gone_and_what_is_old_is_said() {
        let dir = tempfile::tempdir().unwrap();
        crate::fs::replace(&dir.path().join("AGENTS.md"), b"[a](a.md) [b](b.md)\n", false).unwrap();
        crate::fs::replace(&dir.path().join("b.md"), b"b", false).unwrap();
        let now = crate::clock::seconds();
        let fresh = ["b.md".to_owned(), "c.md".to_owned()];
        let found = look(dir.path(), &fresh, 5, now);
        assert_eq!(
            found,
            ["AGENTS.md points to `a.md`, which is gone", "`c.md` should be fresh and is not there"]
        );
        assert_eq!(look(dir.path(), &fresh[..1], 5, now + 6 * 86_400)[1], "`b.md` was changed 6 days ago");
    }
}
