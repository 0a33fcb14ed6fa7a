//! Configuration of linters, compilers, test runners and of `so` itself: what each setting asks.

use super::commands;
use super::facts::Facts;
use super::pairs::{self, Pair};

const RULES: &str = "switches lint rules off, or makes them milder";
const STRICT: &str = "drops strict flags";
const FLOOR: &str = "lowers the coverage floor";
const FEWER: &str = "checks fewer files";
const TESTS: &str = "takes a check out of the scripts, or lets it fail unseen";
const OURS: &str = "loosens the session's own enforcement";

/// What a file is, by its name.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// JSON or JavaScript: linters, compilers, test runners, `package.json`.
    Js,
    Rust,
    Python {
        toml: bool,
    },
    Yaml,
    Pipeline,
    Ignored,
    Instructions,
}

const STEMS: &[&str] = &[
    "eslint.config.",
    ".eslintrc",
    "jest.config.",
    "vitest.config.",
    "vite.config.",
    "vitest.workspace.",
    "tsconfig.",
    "biome.json",
    ".oxlintrc",
    ".nycrc",
    ".c8rc",
    "playwright.config.",
    "stylelint.config.",
    ".stylelintrc",
];

fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ci = [".github/workflows/", ".circleci/", ".buildkite/", ".woodpecker/", ".gitlab/ci/"];
    Some(match name {
        _ if ci.iter().any(|part| path.contains(part)) => Kind::Pipeline,
        ".gitlab-ci.yml"
        | "azure-pipelines.yml"
        | "Jenkinsfile"
        | ".travis.yml"
        | "bitbucket-pipelines.yml"
        | ".pre-commit-config.yaml"
        | "lefthook.yml"
        | "Makefile"
        | "makefile"
        | "GNUmakefile"
        | "justfile"
        | "Justfile"
        | "Taskfile.yml" => Kind::Pipeline,
        "package.json" | "pyrightconfig.json" | "jsconfig.json" => Kind::Js,
        _ if STEMS.iter().any(|stem| name.starts_with(stem))
            && !name.ends_with("yml")
            && !name.ends_with("yaml") =>
        {
            Kind::Js
        }
        _ if name.ends_with("tsconfig.json") => Kind::Js,
        "Cargo.toml" | "clippy.toml" | ".clippy.toml" | "deny.toml" | "rustfmt.toml" | ".rustfmt.toml"
        | "nextest.toml" | "tarpaulin.toml" | ".tarpaulin.toml" | ".golangci.toml" => Kind::Rust,
        "config.toml" if path.contains(".cargo/") => Kind::Rust,
        "pyproject.toml" | "ruff.toml" | ".ruff.toml" => Kind::Python { toml: true },
        "setup.cfg" | "tox.ini" | "mypy.ini" | ".mypy.ini" | "pytest.ini" | ".coveragerc" | ".flake8"
        | ".pylintrc" => Kind::Python { toml: false },
        ".golangci.yml" | ".golangci.yaml" | "codecov.yml" | ".codecov.yml" | ".eslintrc.yml"
        | ".eslintrc.yaml" => Kind::Yaml,
        ".eslintignore" | ".prettierignore" | ".stylelintignore" => Kind::Ignored,
        "CLAUDE.md" | "AGENTS.md" => Kind::Instructions,
        _ => return None,
    })
}

/// What a file of settings asks; nothing for any other file.
pub(super) fn facts(path: &str, text: &str) -> Option<Facts> {
    let kind = kind(path)?;
    let mut facts = Facts::default();
    match kind {
        Kind::Pipeline => commands::of_pipeline(text, &mut facts),
        Kind::Ignored => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.for_each(|line| facts.add(format!("ignored {line}"), -1.0, FEWER));
        }
        Kind::Instructions => instructions(text, &mut facts),
        Kind::Js => {
            let is_scripts = path.ends_with("package.json");
            for pair in pairs::of_json(text) {
                js(&pair, path, is_scripts, &mut facts);
            }
        }
        Kind::Rust => {
            for pair in pairs::of_toml(text) {
                rust(&pair, &mut facts);
            }
            commands::flags(text, &mut facts);
        }
        Kind::Python { toml } => {
            let pairs = if toml { pairs::of_toml(text) } else { pairs::of_ini(text) };
            for pair in pairs {
                python(&pair, &mut facts);
            }
            commands::flags(text, &mut facts);
        }
        Kind::Yaml => {
            for pair in pairs::of_yaml(text) {
                yaml(&pair, &mut facts);
            }
        }
    }
    Some(facts)
}

/// How strict a level is.
fn level(value: &str) -> Option<f64> {
    Some(match value {
        "off" | "allow" | "none" => -1.0,
        "warn" | "warning" | "info" | "information" => 1.0,
        "error" | "deny" => 2.0,
        "forbid" => 3.0,
        _ => return None,
    })
}

/// Settings of compilers and type checkers that are stricter when they are on.
fn is_strict(key: &str) -> bool {
    const WHOLE: &[&str] = &[
        "strict",
        "alwaysStrict",
        "exactOptionalPropertyTypes",
        "useUnknownInCatchVariables",
        "checkJs",
        "forceConsistentCasingInFileNames",
        "branch",
        "check_untyped_defs",
        "local_partial_types",
        "extra_checks",
        "xfail_strict",
        "filterwarnings",
    ];
    const BEGINS: &[&str] = &[
        "strict",
        "noImplicit",
        "noUnused",
        "noUnchecked",
        "noFallthrough",
        "noPropertyAccess",
        "disallow_",
        "warn_",
        "no_implicit_",
        "strict_",
        "report",
    ];
    WHOLE.contains(&key) || BEGINS.iter().any(|begin| key.starts_with(begin))
}

fn flag(pair: &Pair, facts: &mut Facts) {
    const LOOSE: &[&str] = &[
        "skipLibCheck",
        "allowUnreachableCode",
        "allowUnusedLabels",
        "ignore_errors",
        "ignore_missing_imports",
        "disable_all_formatting",
        "allow_untyped_defs",
        "suppressImplicitAnyIndexErrors",
    ];
    let Some(is_on) = pair.flag() else { return };
    if is_strict(pair.key()) {
        facts.add(format!("strict {}", pair.path.join(".")), if is_on { 1.0 } else { -1.0 }, STRICT);
    } else if LOOSE.contains(&pair.key()) && is_on {
        facts.add(format!("loose {}", pair.path.join(".")), -1.0, STRICT);
    }
}

fn js(pair: &Pair, path: &str, is_scripts: bool, facts: &mut Facts) {
    let key = pair.key();
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_scripts && (pair.is_in(&["scripts"]) || pair.path.len() == 1) && !commands::kinds(key).is_empty() {
        return npm(key, &pair.value, facts);
    }
    if is_scripts && !pair.is_in(&["eslintConfig", "jest", "nyc", "c8", "coverageThreshold", "vitest"]) {
        return;
    }
    let is_lint = ["eslint", ".eslint", "biome", ".oxlint", "stylelint", ".stylelint"]
        .iter()
        .any(|stem| name.starts_with(stem));
    if is_lint || pair.is_in(&["rules"]) {
        let number = match pair.value.as_str() {
            "0" => Some(-1.0),
            "1" => Some(1.0),
            "2" => Some(2.0),
            _ => None,
        };
        let numbered = number.filter(|_| pair.is_in(&["rules"]) || pair.path.len() == 1);
        let rule = key.rsplit('/').next().unwrap_or(key);
        if let Some(level) = level(&pair.value).or(numbered) {
            facts.at_least(format!("rule {rule}"), level, RULES);
        }
    }
    if ["ignorePatterns", "ignores", "exclude", "testPathIgnorePatterns", "coveragePathIgnorePatterns"]
        .contains(&key)
    {
        facts.add(format!("ignored {}", pair.value), -1.0, FEWER);
    }
    if ["include", "files", "testMatch"].contains(&key) && name.contains("tsconfig") {
        facts.add(format!("included {}", pair.value), 1.0, FEWER);
    }
    if key == "typeCheckingMode" {
        let modes = ["off", "basic", "standard", "strict"];
        let at = modes.iter().position(|mode| *mode == pair.value).unwrap_or(1);
        facts.add("typeCheckingMode", f64::from(u8::try_from(at).unwrap_or(0)), STRICT);
    }
    if key.starts_with("report")
        && let Some(level) = level(&pair.value)
    {
        facts.at_least(key, level, RULES);
    }
    let is_floor = ["branches", "functions", "lines", "statements"].contains(&key);
    if let Some(number) = pair.number().filter(|_| is_floor) {
        facts.add(pair.path.join("."), number, FLOOR);
    }
    if let Some(is_on) = pair.flag().filter(|_| is_lint && ["enabled", "recommended"].contains(&key)) {
        facts.add(format!("strict {}", pair.path.join(".")), if is_on { 1.0 } else { -1.0 }, RULES);
    }
    flag(pair, facts);
}

/// A script of `package.json` whose name says that it checks.
fn npm(name: &str, command: &str, facts: &mut Facts) {
    let first = command.split_whitespace().next().unwrap_or_default();
    let is_nothing = ["", "true", ":", "echo", "exit"].contains(&first);
    let is_excused = ["|| true", "|| :", "|| exit 0", "|| echo", "--passWithNoTests", "; true", "; exit 0"]
        .iter()
        .any(|excuse| command.contains(excuse));
    facts.add(format!("script {name}"), f64::from(u8::from(!is_nothing && !is_excused)), TESTS);
    commands::flags(command, facts);
}

fn rust(pair: &Pair, facts: &mut Facts) {
    let key = pair.key();
    let name = if key == "level" { pair.path.iter().rev().nth(1).map_or(key, String::as_str) } else { key };
    if let Some(level) = level(&pair.value) {
        facts.at_least(format!("lint {name}"), level, "loosens lints");
    }
    if key == "workspace" && pair.is_in(&["lints"]) {
        facts.add("lints", 1.0, "loosens lints");
    }
    if key == "ignore" || key == "skip" {
        facts.add(format!("ignored {}", pair.value), -1.0, RULES);
    }
    if pair.value == "-A" || pair.value.starts_with("--cap-lints") || pair.value == "-Awarnings" {
        facts.add(pair.value.clone(), -1.0, "loosens lints");
    }
    let is_limit = key.contains("threshold") || key.starts_with("max-") || key == "retries";
    if let Some(number) = pair.number().filter(|_| is_limit) {
        facts.limit(pair.path.join("."), number);
    }
    if let Some(number) = pair.number().filter(|_| key == "fail-under") {
        facts.add(key, number, FLOOR);
    }
    flag(pair, facts);
}

fn python(pair: &Pair, facts: &mut Facts) {
    const TOOLS: &[&str] =
        &["tool", "lint", "flake8", "mypy", "run", "report", "pytest", "tool:pytest", "MASTER"];
    const FEW: &[&str] =
        &["omit", "exclude", "extend-exclude", "norecursedirs", "collect_ignore", "exclude_also"];
    const IGNORED: &[&str] = &["ignore", "extend-ignore", "disable", "disable_error_code", "exclude_lines"];
    let key = pair.key();
    if pair.is_in(&["project", "build-system", "dependencies", "packages", "setuptools", "hatch", "options"])
    {
        return;
    }
    let is_tool = pair.path.len() == 1 || pair.is_in(TOOLS);
    if ["select", "extend-select", "enable"].contains(&key) {
        facts.add(format!("selected {}", pair.value), 1.0, RULES);
    }
    if IGNORED.contains(&key) || pair.is_in(&["per-file-ignores", "extend-per-file-ignores"]) {
        facts.add(format!("{} {}", pair.path.join("."), pair.value), -1.0, RULES);
    }
    if is_tool && FEW.contains(&key) {
        facts.add(format!("{key} {}", pair.value), -1.0, FEWER);
    }
    if let Some(number) = pair.number() {
        match key {
            "fail_under" => facts.add(key, number, FLOOR),
            "max-complexity" | "max-args" | "max-branches" | "max-statements" | "max-returns" => {
                facts.limit(pair.path.join("."), number);
            }
            _ => {}
        }
    }
    flag(pair, facts);
}

fn yaml(pair: &Pair, facts: &mut Facts) {
    let key = pair.key();
    match key {
        "enable" => facts.add(format!("enabled {}", pair.value), 1.0, RULES),
        "enable-all" if pair.value == "true" => facts.add(key, 1.0, RULES),
        "disable" => facts.add(format!("disabled {}", pair.value), -1.0, RULES),
        _ if pair.is_in(&[
            "exclude",
            "exclude-rules",
            "exclude-dirs",
            "exclude-files",
            "exclusions",
            "skip-dirs",
            "skip-files",
            "ignore",
        ]) =>
        {
            facts.add(format!("excluded {} {}", key, pair.value), -1.0, FEWER);
        }
        "target" => facts.add(pair.path.join("."), pair.number().unwrap_or(0.0), FLOOR),
        "threshold" => facts.limit(pair.path.join("."), pair.number().unwrap_or(0.0)),
        _ if pair.is_in(&["rules"]) => {
            if let Some(level) = level(&pair.value) {
                facts.at_least(format!("rule {key}"), level, RULES);
            }
        }
        _ => {}
    }
}

/// Settings of `so` in an instruction file: lines of their own, as a list or in bold at will.
fn instructions(text: &str, facts: &mut Facts) {
    for line in text.lines() {
        let line = line.trim_start_matches([' ', '-', '*', '\t']);
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim_matches([' ', '*', '"', '\'', '`', '\t']);
        let value = value.split(" #").next().unwrap_or(value).trim();
        match key.trim_matches(['*', '`', ' ']) {
            "enforcement" => {
                let weight = match value {
                    "off" => -1.0,
                    "strict" => 1.0,
                    _ => 0.0,
                };
                facts.add("enforcement", weight, OURS);
            }
            key @ ("allow-destructive-ops" | "allow-config-weakening") if value == "true" => {
                facts.add(key, -1.0, OURS);
            }
            key @ ("test-command" | "lint-command" | "typecheck-command") => {
                let is_none =
                    ["skip", "none", "true", ":", "", "false"].contains(&value) || value.starts_with("echo");
                if is_none || value.contains("|| true") {
                    facts.add(key, -1.0, OURS);
                }
            }
            key if key.ends_with(".enabled") && value == "false" => facts.add(key, -1.0, OURS),
            _ => {}
        }
    }
}
