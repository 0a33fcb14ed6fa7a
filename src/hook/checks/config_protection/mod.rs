//! `config-protection`: an edit that loosens the checks themselves is told to the one who makes it.
//!
//! What counts stands in [`signs`] as data: what must not be added, taken out or lowered, in which files. Only what the
//! edit changes is looked at, so a file that was loose before is nobody's fault now.

mod signs;

use std::path::Path;

use signs::{SIGNS, Sign, What};

use super::{Check, OnFailure, session};
use crate::guard::Decision;
use crate::hook::event::{Change, ChangeKind, Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "config-protection",
    events: &[EventKind::PreToolUse],
    on_failure: OnFailure::Open,
    about: "tells of edits that loosen lint rules, strict flags, coverage floors and CI steps",
    run,
};

/// A larger file is not compared with what replaces it.
const MAX_FILE: u64 = 256 << 10;

fn run(event: &Event, world: &World) -> Outcome {
    let Some(ToolCall::Edit(changes)) = &event.tool else { return Outcome::default() };
    if session::project(event, world).is_none() {
        return Outcome::default();
    }
    let found: Vec<String> = changes.iter().filter_map(|change| loosened(&event.cwd, change)).collect();
    if found.is_empty() {
        return Outcome::default();
    }
    let config = session::config(event, world);
    let allowed = config.is("allow-config-weakening") || !config.is("config-protection.enabled");
    if allowed {
        return Outcome::default();
    }
    let text = format!(
        "this edit {}. Mend what the check found instead; where the check itself is wrong, say so to the person.",
        found.join("; ")
    );
    session::tell_or(Decision::Ask, "config-protection.mode", text, &config)
}

/// What the change loosens, with the file, as a clause.
fn loosened(cwd: &Path, change: &Change) -> Option<String> {
    let path = cwd.join(&change.path);
    let old = before(&path, change)?;
    let is_gone = matches!(change.kind, ChangeKind::Removed | ChangeKind::Moved);
    let new = if is_gone { "" } else { &change.new };
    let name = path.to_string_lossy().replace('\\', "/");
    let sign = SIGNS.iter().find(|sign| sign.is_for(&name) && sign.what.happens(&old, new))?;
    Some(format!("{} ({})", sign.meaning, change.path.display()))
}

/// The text that is replaced; nothing to compare for a new file.
fn before(path: &Path, change: &Change) -> Option<String> {
    match change.kind {
        ChangeKind::Part => Some(change.old.clone()),
        ChangeKind::Whole | ChangeKind::Removed | ChangeKind::Moved => {
            let small = path.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= MAX_FILE);
            small.and_then(|_| std::fs::read_to_string(path).ok())
        }
    }
}

impl Sign {
    fn is_for(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.files.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == *pattern || pattern.contains('/') && path.contains(pattern),
        })
    }
}

impl What {
    fn happens(&self, old: &str, new: &str) -> bool {
        match self {
            Self::Added(marks) => marks.iter().any(|mark| count(new, mark) > count(old, mark)),
            Self::TakenOut(marks) => marks.iter().any(|mark| count(new, mark) < count(old, mark)),
            Self::Lowered(keys) => keys.iter().any(|key| lower(&numbers(old, key), &numbers(new, key))),
            Self::Raised(keys) => keys.iter().any(|key| lower(&numbers(new, key), &numbers(old, key))),
        }
    }
}

/// How often `mark` stands in `text`; spaces of any width in both count as one, letters of any case as equal.
fn count(text: &str, mark: &str) -> usize {
    let flat = |text: &str| text.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    flat(text).matches(&flat(mark)).count()
}

/// The numbers that stand behind `key`, past what separates a key from its value.
fn numbers(text: &str, key: &str) -> Vec<f64> {
    let values = text.match_indices(key).filter_map(|(at, _)| {
        let rest = text.get(at + key.len()..)?;
        let rest = rest.trim_start_matches(['"', '\'', ' ', ':', '=', '\t']);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    });
    values.collect()
}

/// Whether a number became smaller, place by place; one that is gone is a floor that is gone.
fn lower(old: &[f64], new: &[f64]) -> bool {
    new.len() < old.len() || old.iter().zip(new).any(|(old, new)| new < old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str, old: &str, new: &str) -> Option<String> {
        let (old, new) = (old.to_owned(), new.to_owned());
        loosened(Path::new("/p"), &Change { path: path.into(), old, new, ..Change::default() })
    }

    #[test]
    fn what_loosens_a_check_is_seen() {
        for (path, old, new) in [
            ("src/a.rs", "fn a() {}", "#[allow(dead_code)]\nfn a() {}"),
            ("src/a.rs", "#[test]\nfn a() {}", "#[test]\n#[ignore]\nfn a() {}"),
            ("Cargo.toml", "unwrap_used = \"deny\"", "unwrap_used = \"allow\""),
            ("Cargo.toml", "unsafe_code = \"forbid\"", ""),
            ("clippy.toml", "too-many-lines-threshold = 60", "too-many-lines-threshold = 200"),
            ("app.py", "import x", "import x  # noqa"),
            ("app.py", "y = f()", "y = f()  # type: ignore[arg-type]"),
            ("tests/test_a.py", "def test_a():", "@pytest.mark.skip\ndef test_a():"),
            ("pyproject.toml", "strict = true", "strict = false"),
            ("pyproject.toml", "fail_under = 90", "fail_under = 60"),
            ("setup.cfg", "--cov-fail-under=90", ""),
            ("pyproject.toml", "[tool.ruff.lint]", "[tool.ruff.lint]\nignore = [\"E501\"]"),
            ("main.go", "x := f()", "x := f() //nolint:errcheck"),
            ("main_test.go", "func TestA(t *testing.T) {", "func TestA(t *testing.T) {\n\tt.Skip()"),
            (".golangci.yml", "enable:\n  - errcheck", "disable:\n  - errcheck"),
            ("a.ts", "f(x)", "// @ts-ignore\nf(x)"),
            ("a.tsx", "f(x)", "/* eslint-disable */\nf(x)"),
            ("a.test.ts", "it('works'", "it.skip('works'"),
            ("tsconfig.json", "\"strict\": true", "\"strict\": false"),
            ("tsconfig.base.json", "\"noImplicitAny\":true,", ""),
            ("eslint.config.js", "'no-console': 'error'", "'no-console': 'off'"),
            ("jest.config.js", "branches: 80", "branches: 40"),
            (".github/workflows/ci.yml", "- run: cargo test", ""),
            (".github/workflows/ci.yml", "- run: npm run lint", "- run: npm run lint || true"),
            (".gitlab-ci.yml", "script: pytest", "script: pytest\n  allow_failure: true"),
            ("AGENTS.md", "enforcement: strict", "enforcement: off"),
            ("CLAUDE.md", "## Session Config", "## Session Config\nallow-destructive-ops: true"),
        ] {
            assert!(part(path, old, new).is_some(), "{path}: {old} -> {new}");
        }
    }

    #[test]
    fn what_does_not_is_nobodys_business() {
        for (path, old, new) in [
            ("src/a.rs", "#[allow(dead_code)]\nfn a() {}", "fn a() {}"),
            ("src/a.rs", "#[allow(dead_code)]\nfn a() {}", "#[allow(dead_code)]\nfn b() {}"),
            ("README.md", "x", "use `# noqa` and `eslint-disable` with care"),
            ("Cargo.toml", "serde = \"1\"", "serde = \"2\""),
            ("Cargo.toml", "unwrap_used = \"warn\"", "unwrap_used = \"deny\""),
            ("pyproject.toml", "fail_under = 60", "fail_under = 90"),
            ("tsconfig.json", "\"target\": \"es2020\"", "\"target\": \"es2022\""),
            ("a.ts", "f(x)", "g(x)"),
            ("jest.config.js", "branches: 40", "branches: 80"),
            (".github/workflows/ci.yml", "- run: cargo test", "- run: cargo test --locked"),
            ("AGENTS.md", "enforcement: warn", "enforcement: strict"),
            ("src/offline.js", "let a = 'on'", "let a = 'off'"),
        ] {
            assert_eq!(part(path, old, new), None, "{path}: {old} -> {new}");
        }
    }

    #[test]
    fn a_file_written_anew_is_compared_with_the_one_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let whole = |new: &str| Change {
            path: "tsconfig.json".into(),
            old: String::new(),
            new: new.to_owned(),
            kind: ChangeKind::Whole,
            parts: Vec::new(),
        };
        assert_eq!(loosened(dir.path(), &whole("{\"strict\": false}")), None, "a new file");
        crate::fs::replace(&dir.path().join("tsconfig.json"), b"{\"strict\": true}", false).unwrap();
        assert!(loosened(dir.path(), &whole("{}")).is_some());
        assert_eq!(loosened(dir.path(), &whole("{\"strict\": true, \"target\": \"es2022\"}")), None);
    }
}
