//! The documents that are made from data: written anew with `SNAPSHOTS=overwrite`, compared otherwise.

mod components;
mod pages;
mod parity;

use std::fmt::Write as _;

use so::compile::loss;
use so::session::config::keys::{KEYS, Key, State};
use so::session::config::kind_words;

use crate::compiled::platforms;
use crate::support::{overwrite, root};

/// Compares a page with what the data says.
fn assert_page(name: &str, expected: &str) {
    let path = root().join("docs").join(name);
    if overwrite() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, expected).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == expected,
        "docs/{name} is stale: SNAPSHOTS=overwrite cargo test --test integration docs"
    );
}

#[test]
fn the_page_of_settings_says_what_the_keys_say() {
    let mut page = String::from(
        "# Settings\n\n\
         A project says what it wants of its sessions in one block of `CLAUDE.md` or `AGENTS.md`:\n\n\
         ```markdown\n## Session Config\n\n- **test-command:** cargo test\n- **enforcement:** strict\n\
         issue-budget:\n  max-per-session: 5\n```\n\n\
         Without a block everything works on what is detected in the project and on defaults. `so config show` says \
         what counts and why, `so config check` what is wrong, `so config explain KEY` what a key decides.\n\n\
         A value that loosens protection counts only when the person has approved it with `so trust`. Of two blocks \
         that differ, the stricter value of each key counts until that is mended. The names are those of \
         session-orchestrator, whose blocks go on working.\n\n## Keys that act\n",
    );
    let acts = |key: &&Key| matches!(key.state, State::Read | State::Loosens(_));
    for key in KEYS.iter().filter(acts) {
        section(&mut page, key);
    }
    page.push_str(
        "\n## Keys that are accepted\n\nNothing reads them yet; their values are checked all the same.\n\n",
    );
    page.push_str("| key | will decide | accepts | default | waits for |\n|---|---|---|---|---|\n");
    for key in KEYS {
        if let State::Later(what) = key.state {
            let (name, about, words) = (key.name, key.about, kind_words(key.kind));
            let _ = writeln!(page, "| `{name}` | {about} | {words} | {} | {what} |", default(key));
        }
    }
    page.push_str("\n## Keys without effect\n\n| key | why | instead |\n|---|---|---|\n");
    for key in KEYS {
        if let State::Dropped { why, instead } = key.state {
            let _ = writeln!(page, "| `{}` | {why} | {instead} |", key.name);
        }
    }
    detected(&mut page);
    assert_page("config.md", &page);
}

/// Small projects, and what is detected in them.
const PROJECTS: &[(&str, &[(&str, &str)])] = &[
    ("`justfile` with `test`", &[("justfile", "test:\n  x\n")]),
    ("`Makefile` with `check` and `lint`", &[("Makefile", "check:\n\tx\nlint:\n\tx\n")]),
    ("`Cargo.toml`", &[("Cargo.toml", "[package]\n")]),
    ("`Cargo.toml` with `[workspace]`", &[("Cargo.toml", "[workspace]\n")]),
    ("`package.json` with these scripts", &[("package.json", SCRIPTS)]),
    ("with `pnpm-lock.yaml`", &[("package.json", SCRIPTS), ("pnpm-lock.yaml", "")]),
    ("with `yarn.lock`", &[("package.json", SCRIPTS), ("yarn.lock", "")]),
    ("with `bun.lock`", &[("package.json", SCRIPTS), ("bun.lock", "")]),
    ("`pyproject.toml` that speaks of pytest, mypy and ruff", &[("pyproject.toml", PYTHON)]),
    ("with `uv.lock`", &[("pyproject.toml", PYTHON), ("uv.lock", "")]),
    ("with `poetry.lock`", &[("pyproject.toml", PYTHON), ("poetry.lock", "")]),
    ("`tox.ini`", &[("tox.ini", "")]),
    ("`go.mod`", &[("go.mod", "")]),
    ("with `.golangci.yml`", &[("go.mod", ""), (".golangci.yml", "")]),
    ("`pom.xml` with `mvnw`", &[("pom.xml", ""), ("mvnw", "")]),
    ("`build.gradle` with `gradlew`", &[("build.gradle", ""), ("gradlew", "")]),
];
const SCRIPTS: &str = r#"{"scripts": {"test": "x", "typecheck": "x", "lint": "x"}}"#;
const PYTHON: &str = "[tool.pytest.ini_options]\n[tool.mypy]\n[tool.ruff]\n";

fn detected(page: &mut String) {
    page.push_str(
        "\n## What is detected\n\nWhere a command is not set. Nothing is run to find out; a recipe that a person wrote \
         for the purpose comes before what is usual for the language, and what is not there is not assumed.\n\n\
         | found | `test-command` | `typecheck-command` | `lint-command` |\n|---|---|---|---|\n",
    );
    for (name, files) in PROJECTS {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in *files {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        let found = so::session::config::detect::commands(dir.path());
        let of = |key: &str| {
            let command = found.iter().find(|(found, ..)| *found == key).map(|(_, command, _)| command);
            command.map_or("–".to_owned(), |command| format!("`{command}`"))
        };
        let (test, types, lint) = (of("test-command"), of("typecheck-command"), of("lint-command"));
        let _ = writeln!(page, "| {name} | {test} | {types} | {lint} |");
    }
}

fn section(page: &mut String, key: &Key) {
    let _ = write!(
        page,
        "\n### `{}`\n\n{} Accepts {}; default {}.",
        key.name,
        key.about,
        kind_words(key.kind),
        default(key)
    );
    if let State::Loosens(value) = key.state {
        let _ = write!(page, " `{value}` needs the person's approval.");
    }
    page.push('\n');
}

fn default(key: &Key) -> String {
    if key.default.is_empty() { "nothing".into() } else { format!("`{}`", key.default) }
}

#[test]
fn the_page_of_the_guard_names_every_rule_and_its_policy_is_right() {
    let page = std::fs::read_to_string(root().join("docs/guard.md")).unwrap();
    for rule in so::guard::rules::ALL {
        assert!(page.contains(&format!("\n| `{}` | ", rule.name)), "docs/guard.md lacks {}", rule.name);
    }
    let policy = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let overlay = so::guard::policy::proposal::read("guard.yaml", policy);
    assert_eq!(overlay.findings, [], "the example is a policy that is read");
}

#[test]
fn the_page_of_learnings_names_every_type() {
    let page = std::fs::read_to_string(root().join("docs/learnings.md")).unwrap();
    let row = |kind: &so::session::learn::kind::Kind| {
        format!("| `{}` | {} | {} |\n", kind.name, kind.days, if kind.is_rule { "yes" } else { "" })
    };
    let rows: String = so::session::learn::kind::ALL.iter().map(row).collect();
    assert!(page.contains(&rows), "docs/learnings.md lacks these rows:\n{rows}");
}

#[test]
fn the_page_of_losses_says_what_the_platforms_say() {
    let platforms = platforms();
    let mut page = String::from(
        "# What each client does with each key\n\n\
         native: the client has the same thing. translated: in its own words. emulated: by other means, to the same \
         effect. degraded: a part of the effect is lost. dropped: nothing of it arrives. For Cursor all of this is as \
         documented and was never seen.\n\n\
         `so check --losses` shows it for a tree. Losing what protects (marked !) is an error; any other loss is one once \
         `so.toml` keeps a list of those that are agreed: `[losses] accept = [\"pi:agent\"]`.\n\n",
    );
    let titles: Vec<_> = platforms.iter().map(|platform| platform.title.as_str()).collect();
    let _ = writeln!(page, "| key | {} |\n|---{}|", titles.join(" | "), "|---".repeat(titles.len()));
    let mut reasons = String::new();
    for field in loss::all(&platforms) {
        let mark = if field.protects { " !" } else { "" };
        let _ = write!(page, "| `{field}`{mark} |");
        for platform in &platforms {
            let at = |scope| loss::row(platform, scope, field.subject, &field.key).unwrap();
            let row = at(platform.default_scope());
            let _ = write!(page, " {} |", row.fate);
            for scope in &platform.scopes {
                let other = at(*scope);
                let differs = *scope != platform.default_scope() && other == row;
                let whole = loss::row(platform, *scope, field.subject, "text").as_ref() == Some(&other);
                if other.fate.is_loss() && !differs && (field.key == "text" || !whole) {
                    let place = if other == row { String::new() } else { format!(", {scope} scope") };
                    let _ = writeln!(
                        reasons,
                        "- `{field}` on {}{place}: {}, {}",
                        platform.title, other.fate, other.reason
                    );
                }
            }
        }
        page.push('\n');
    }
    let _ = write!(page, "\n## Why\n\n{reasons}");
    assert_page("losses.md", &page);
}
