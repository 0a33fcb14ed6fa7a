//! Which commands test, lint and check types in a project that does not say so itself. Nothing is run.
//!
//! The most specific wins: what a person wrote down for this purpose (a recipe, a script, a task) before what is usual
//! for the language. One language that is not there is never assumed.

use std::path::Path;

/// A key, the command, and the file that speaks for it.
pub type Detected = (&'static str, String, String);

const TEST: &str = "test-command";
const TYPES: &str = "typecheck-command";
const LINT: &str = "lint-command";

/// What could be detected in `project`, at most one command a key.
pub fn commands(project: &Path) -> Vec<Detected> {
    let mut found: Vec<Detected> = Vec::new();
    for detector in [just, make, cargo, node, python, go, java] {
        for detected in detector(project) {
            if !found.iter().any(|(key, ..)| *key == detected.0) {
                found.push(detected);
            }
        }
    }
    found
}

fn text(project: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(project.join(name)).ok()
}

fn has(project: &Path, name: &str) -> bool {
    project.join(name).exists()
}

/// Names of recipes and targets that mean a key.
const RECIPES: &[(&str, &[&str])] = &[
    (TEST, &["test", "tests", "check"]),
    (TYPES, &["typecheck", "type-check", "types"]),
    (LINT, &["lint", "clippy"]),
];

fn recipes(program: &str, file: &str, names: &[String]) -> Vec<Detected> {
    let is_there = |wanted: &&&str| names.iter().any(|name| name == **wanted);
    let found = RECIPES.iter().filter_map(|(key, wanted)| Some((*key, wanted.iter().find(is_there)?)));
    found.map(|(key, name)| (key, format!("{program} {name}"), file.to_owned())).collect()
}

fn just(project: &Path) -> Vec<Detected> {
    for file in ["justfile", "Justfile", ".justfile"] {
        let Some(text) = text(project, file) else { continue };
        let heads =
            text.lines().filter(|line| !line.starts_with([' ', '\t', '#', '@', '[']) && !line.contains(":="));
        let names =
            heads.filter_map(|line| Some(line.split_once(':')?.0.split_whitespace().next()?.to_owned()));
        return recipes("just", file, &names.collect::<Vec<_>>());
    }
    Vec::new()
}

fn make(project: &Path) -> Vec<Detected> {
    for file in ["Makefile", "makefile", "GNUmakefile"] {
        let Some(text) = text(project, file) else { continue };
        let heads =
            text.lines().filter(|line| !line.starts_with([' ', '\t', '#', '.']) && !line.contains('='));
        let names = heads.filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
        let names: Vec<String> =
            names.flat_map(|names| names.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
        return recipes("make", file, &names);
    }
    Vec::new()
}

fn cargo(project: &Path) -> Vec<Detected> {
    let Some(text) = text(project, "Cargo.toml") else { return Vec::new() };
    let all = if text.lines().any(|line| line.trim() == "[workspace]") { " --workspace" } else { "" };
    [
        (TEST, format!("cargo test{all}")),
        (TYPES, format!("cargo check{all} --all-targets")),
        (LINT, format!("cargo clippy{all} --all-targets")),
    ]
    .map(|(key, command)| (key, command, "Cargo.toml".to_owned()))
    .to_vec()
}

/// The package manager that each lock file belongs to.
const LOCKS: [(&str, &str); 5] = [
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
];

/// Scripts of package.json, run by the manager whose lock file is there.
fn node(project: &Path) -> Vec<Detected> {
    let package =
        text(project, "package.json").and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(package) = package else { return Vec::new() };
    let named = package
        .get("packageManager")
        .and_then(serde_json::Value::as_str)
        .and_then(|name| name.split('@').next());
    let locked = LOCKS.iter().find(|(lock, _)| has(project, lock)).map(|(_, manager)| *manager);
    let manager =
        named.filter(|name| ["npm", "pnpm", "yarn", "bun"].contains(name)).or(locked).unwrap_or("npm");
    let script =
        |name: &str| package.pointer(&format!("/scripts/{name}")).and_then(serde_json::Value::as_str);
    // What `npm init` writes is no test.
    let real = |name: &&str| script(name).is_some_and(|text| !text.contains("no test specified"));
    let candidates: [(&str, &[&str]); 3] = [
        (TEST, &["test", "test:unit"]),
        (TYPES, &["typecheck", "type-check", "check-types", "types", "tsc"]),
        (LINT, &["lint", "eslint", "check:lint"]),
    ];
    let found =
        candidates.iter().filter_map(|(key, names)| Some((*key, *names.iter().find(|name| real(name))?)));
    found.map(|(key, name)| (key, format!("{manager} run {name}"), "package.json".to_owned())).collect()
}

/// Files that tell what a Python project is checked with, the most telling first.
const PYTHON: [&str; 6] =
    ["pyproject.toml", "setup.cfg", "pytest.ini", "setup.py", "requirements-dev.txt", "requirements.txt"];
/// The program that each lock file belongs to.
const RUNNERS: [(&str, &str); 4] = [
    ("uv.lock", "uv run "),
    ("poetry.lock", "poetry run "),
    ("pdm.lock", "pdm run "),
    ("Pipfile.lock", "pipenv run "),
];

fn python(project: &Path) -> Vec<Detected> {
    let there: Vec<&str> = PYTHON.into_iter().filter(|file| has(project, file)).collect();
    let Some(file) = there.first() else {
        let tox = has(project, "tox.ini").then(|| (TEST, "tox".to_owned(), "tox.ini".to_owned()));
        return tox.into_iter().collect();
    };
    let config: String = there.iter().filter_map(|file| text(project, file)).collect();
    let runner = RUNNERS.iter().find(|(lock, _)| has(project, lock)).map_or("", |(_, runner)| runner);
    let speaks_of =
        |tool: &str, own: &[&str]| config.contains(tool) || own.iter().any(|file| has(project, file));
    let mut found = Vec::new();
    let mut add = |key, command: &str| found.push((key, format!("{runner}{command}"), (*file).to_owned()));
    if speaks_of("pytest", &["pytest.ini", "conftest.py", "tests/conftest.py"]) {
        add(TEST, "pytest");
    } else if has(project, "tox.ini") {
        add(TEST, "tox");
    } else if has(project, "tests") {
        add(TEST, "pytest");
    }
    if speaks_of("mypy", &["mypy.ini"]) {
        add(TYPES, "mypy .");
    } else if speaks_of("pyright", &["pyrightconfig.json"]) {
        add(TYPES, "pyright");
    }
    if speaks_of("ruff", &["ruff.toml", ".ruff.toml"]) {
        add(LINT, "ruff check .");
    } else if speaks_of("flake8", &[".flake8"]) {
        add(LINT, "flake8");
    }
    found
}

fn go(project: &Path) -> Vec<Detected> {
    if !has(project, "go.mod") {
        return Vec::new();
    }
    let golangci =
        [".golangci.yml", ".golangci.yaml", ".golangci.toml"].iter().any(|file| has(project, file));
    let lint = if golangci { "golangci-lint run" } else { "go vet ./..." };
    [(TEST, "go test ./..."), (TYPES, "go build ./..."), (LINT, lint)]
        .map(|(key, command)| (key, command.to_owned(), "go.mod".to_owned()))
        .to_vec()
}

fn java(project: &Path) -> Vec<Detected> {
    if has(project, "pom.xml") {
        let maven = if has(project, "mvnw") { "./mvnw" } else { "mvn" };
        return vec![
            (TEST, format!("{maven} -q test"), "pom.xml".into()),
            (TYPES, format!("{maven} -q compile"), "pom.xml".into()),
        ];
    }
    for file in ["build.gradle", "build.gradle.kts"] {
        if has(project, file) {
            let gradle = if has(project, "gradlew") { "./gradlew" } else { "gradle" };
            return vec![
                (TEST, format!("{gradle} test"), file.into()),
                (TYPES, format!("{gradle} classes"), file.into()),
            ];
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(files: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            crate::fs::replace(&dir.path().join(file), text.as_bytes(), false).unwrap();
        }
        commands(dir.path()).into_iter().map(|(key, command, _)| (key, command)).collect()
    }

    #[test]
    fn each_language_has_its_commands_and_nothing_is_assumed() {
        let scripts = r#"{"scripts": {"test": "vitest", "lint": "eslint .", "typecheck": "tsc --noEmit"}}"#;
        for (files, expected) in [
            (&[("README.md", "x")][..], &[][..]),
            (
                &[("Cargo.toml", "[package]")],
                &["cargo test", "cargo check --all-targets", "cargo clippy --all-targets"],
            ),
            (
                &[("Cargo.toml", "[workspace]"), ("Makefile", "test: build\n\tcargo nextest run\n")],
                &[
                    "make test",
                    "cargo check --workspace --all-targets",
                    "cargo clippy --workspace --all-targets",
                ],
            ),
            (
                &[("package.json", scripts), ("pnpm-lock.yaml", "")],
                &["pnpm run test", "pnpm run typecheck", "pnpm run lint"],
            ),
            (
                &[("package.json", scripts), ("yarn.lock", "")],
                &["yarn run test", "yarn run typecheck", "yarn run lint"],
            ),
            (
                &[("package.json", scripts), ("bun.lock", "")],
                &["bun run test", "bun run typecheck", "bun run lint"],
            ),
            (
                &[(
                    "package.json",
                    r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#,
                )],
                &[],
            ),
            (
                &[
                    ("pyproject.toml", "[tool.pytest.ini_options]\n[tool.mypy]\n[tool.ruff]\n"),
                    ("uv.lock", ""),
                ],
                &["uv run pytest", "uv run mypy .", "uv run ruff check ."],
            ),
            (&[("tox.ini", "[tox]")], &["tox"]),
            (
                &[("go.mod", "module x"), (".golangci.yml", "")],
                &["go test ./...", "go build ./...", "golangci-lint run"],
            ),
            (&[("pom.xml", ""), ("mvnw", "")], &["./mvnw -q test", "./mvnw -q compile"]),
            (&[("build.gradle.kts", "")], &["gradle test", "gradle classes"]),
            (
                &[("justfile", "set shell := ['bash']\ntest *args:\n  cargo test\n@lint:\n  x\n")],
                &["just test"],
            ),
        ] {
            let found: Vec<String> = detected(files).into_iter().map(|(_, command)| command).collect();
            assert_eq!(found, expected, "{files:?}");
        }
    }

    #[test]
    fn the_most_telling_file_and_recipe_decide() {
        for (files, expected) in [
            (&[("setup.py", ""), ("tox.ini", "[tox]")][..], &["tox"][..]),
            (&[("requirements-dev.txt", "pytest\nruff\n")], &["pytest", "ruff check ."]),
            (&[("requirements.txt", "flask\n")], &[]),
            (&[("GNUmakefile", "all: x\ncheck test:\n\t./run\n")], &["make test"]),
            (&[("Makefile", "check:\n\t./run\n")], &["make check"]),
        ] {
            let found: Vec<String> = detected(files).into_iter().map(|(_, command)| command).collect();
            assert_eq!(found, expected, "{files:?}");
        }
    }
}
