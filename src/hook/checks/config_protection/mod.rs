//! `config-protection`: an edit that loosens the checks themselves is told to the one who makes it.
//!
//! Judged is the file as it would be afterwards, beside the file as it stands: what it asks of the work, read with some
//! knowledge of what kind of file it is. A file that was loose before is nobody's fault now. Where the edit does not fit
//! the file, the two pieces are compared.

mod commands;
mod facts;
mod pairs;
mod settings;
mod source;

use std::path::Path;

use facts::Facts;
use source::Language;

use super::{Check, OnFailure, session};
use crate::guard::Decision;
use crate::hook::event::{Change, ChangeKind, Event, EventKind, ToolCall};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::patch::{After, Stretch};

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
    let is_strict = config.text("enforcement").as_deref() == Some("strict")
        && config.text("config-protection.mode").as_deref() == Some("warn");
    if is_strict {
        return Outcome::verdict(Decision::Ask, text);
    }
    session::tell_or(Decision::Ask, "config-protection.mode", text, &config)
}

/// What the change loosens, with the file, as a clause.
fn loosened(cwd: &Path, change: &Change) -> Option<String> {
    let path = cwd.join(&change.path);
    let name = path.to_string_lossy().replace('\\', "/");
    asks(&name, "")?;
    let (before, after) = both(&path, change)?;
    let meaning = asks(&name, &before)?.loosened_by(&asks(&name, &after)?)?;
    Some(format!("{meaning} ({})", change.path.display()))
}

/// What a file of this name and text asks; nothing where it is not about checks.
fn asks(name: &str, text: &str) -> Option<Facts> {
    let of_source = || Some(source::facts(Language::of(name)?, name, text));
    settings::facts(name, text).or_else(of_source)
}

/// The text before and after; nothing to compare for a new file.
fn both(path: &Path, change: &Change) -> Option<(String, String)> {
    let small = path.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= MAX_FILE);
    let file = small.and_then(|_| std::fs::read_to_string(path).ok());
    match change.kind {
        ChangeKind::Whole => Some((file?, change.new.clone())),
        ChangeKind::Removed | ChangeKind::Moved => Some((file?, String::new())),
        ChangeKind::Part => {
            let edited = file.and_then(|file| Some((edited(&file, change)?, file)));
            Some(
                edited.map_or_else(
                    || (change.old.clone(), change.new.clone()),
                    |(after, before)| (before, after),
                ),
            )
        }
    }
}

/// The file with the edit in it, if it fits.
fn edited(file: &str, change: &Change) -> Option<String> {
    match change.applied(file, Stretch::First) {
        After::Text(after) => Some(after),
        After::Same | After::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::Part;

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

    #[test]
    fn several_edits_of_one_call_are_judged_together() {
        let dir = tempfile::tempdir().unwrap();
        let file = b"[tool.coverage.report]\nfail_under = 90\n[tool.ruff]\nline-length = 88\n";
        crate::fs::replace(&dir.path().join("pyproject.toml"), file, false).unwrap();
        let edits = |pairs: &[(&str, &str)]| {
            let part = |(old, new): &(&str, &str)| Part {
                old: (*old).to_owned(),
                new: (*new).to_owned(),
                ..Part::default()
            };
            let parts = pairs.iter().map(part).collect();
            loosened(dir.path(), &Change { path: "pyproject.toml".into(), parts, ..Change::default() })
        };
        assert!(edits(&[("88", "100\nfix = true"), ("90", "10")]).is_some());
        assert_eq!(edits(&[("88", "100\nfix = true"), ("90", "95")]), None);
    }

    /// Each line: a file, an edit of it, and whether that loosens a check. Without a file only the pieces are compared.
    fn misjudged(cases: &str) -> (Vec<String>, Vec<String>) {
        let (mut missed, mut false_alarms) = (Vec::new(), Vec::new());
        for line in cases.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap().to_owned();
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(text("path"));
            if !text("before").is_empty() {
                crate::fs::atomic_write(&path, text("before").as_bytes(), false).unwrap();
            }
            let (old, new) = (text("old") + "\n", text("new") + "\n");
            let parts = vec![Part { old: text("old"), new: text("new"), ..Part::default() }];
            let change = Change { path: text("path").into(), old, new, parts, ..Change::default() };
            match (loosened(dir.path(), &change), case["loosens"].as_bool().unwrap()) {
                (None, true) => missed.push(line.to_owned()),
                (Some(what), false) => false_alarms.push(format!("{what}: {line}")),
                _ => {}
            }
        }
        (missed, false_alarms)
    }

    #[test]
    fn the_sets_are_judged_as_a_person_would() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loosened");
        for name in ["first", "second", "third"] {
            let cases = std::fs::read_to_string(root.join(name).with_extension("jsonl")).unwrap();
            let (missed, false_alarms) = misjudged(&cases);
            assert!(
                missed.is_empty() && false_alarms.is_empty(),
                "{name}: missed {missed:#?}, false alarms {false_alarms:#?}"
            );
        }
    }
}
