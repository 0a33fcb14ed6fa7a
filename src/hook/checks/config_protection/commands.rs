//! Which checks a CI file, a Makefile or a script runs, and what keeps them from failing.

use super::facts::Facts;

const STEP: &str = "takes a check out of what runs, or lets it fail unseen";
const TRIGGER: &str = "keeps CI from running where it ran";

/// Programs that check by themselves, with what they check.
#[rustfmt::skip]
const CHECKERS: &[(&str, &str)] = &[
    ("pytest", "py test"), ("tox", "py test"), ("nox", "py test"), ("ruff", "py lint"), ("flake8", "py lint"),
    ("pylint", "py lint"), ("mypy", "py types"), ("pyright", "py types"), ("basedpyright", "py types"), ("black", "py format"),
    ("bandit", "py audit"), ("golangci-lint", "go lint"), ("staticcheck", "go lint"), ("gofmt", "go format"),
    ("eslint", "js lint"), ("biome", "js lint"), ("oxlint", "js lint"), ("prettier", "js format"), ("tsc", "js types"),
    ("vitest", "js test"), ("jest", "js test"), ("mocha", "js test"), ("playwright", "js e2e"), ("cypress", "js e2e"),
    ("rspec", "rb test"), ("rubocop", "rb lint"), ("phpunit", "php test"), ("ctest", "c test"), ("shellcheck", "sh lint"),
    ("actionlint", "ci lint"), ("pre-commit", "hooks"), ("hadolint", "docker lint"), ("zizmor", "ci lint"),
];
/// Programs whose next word says what they do.
const RUNNERS: &[&str] = &[
    "cargo", "go", "npm", "pnpm", "yarn", "bun", "deno", "make", "just", "task", "gradle", "gradlew", "mvn",
    "mvnw", "dotnet", "bundle", "rake", "mix", "swift", "bazel", "composer", "nx", "turbo", "hatch", "poe",
];
/// Words of such words.
#[rustfmt::skip]
const KINDS: &[(&str, &str)] = &[
    ("test", "test"), ("tests", "test"), ("t", "test"), ("nextest", "test"), ("tarpaulin", "test"), ("llvm-cov", "test"),
    ("spec", "test"), ("rspec", "test"), ("verify", "test"), ("coverage", "test"), ("e2e", "e2e"), ("lint", "lint"), ("clippy", "lint"),
    ("vet", "lint"), ("rubocop", "lint"), ("check", "check"), ("typecheck", "types"), ("types", "types"), ("tsc", "types"), ("fmt", "format"),
    ("format", "format"), ("audit", "audit"), ("deny", "audit"), ("ci", "check"),
];
/// Words in front of the program.
const BEFORE: &[&str] = &[
    "sudo", "time", "env", "npx", "bunx", "uvx", "pipx", "uv", "poetry", "pdm", "hatch", "run", "exec",
    "python", "python3", "-m", "xvfb-run", "command", "dlx", "bundle",
];
/// Behind `||`, what makes a failure none.
const EXCUSES: &[&str] = &["true", ":", "exit 0", "echo", "/bin/true"];

/// A workflow, a pipeline, a Makefile: line by line, comments left out.
pub(super) fn of_pipeline(text: &str, facts: &mut Facts) {
    let mut is_trigger = false;
    for line in text.lines() {
        let bare = uncommented(line).trim();
        let indent = line.len() - line.trim_start().len();
        if indent == 0 && !bare.is_empty() {
            is_trigger = bare.starts_with("on:") || bare.starts_with("\"on\":") || bare.starts_with("'on':");
        }
        if is_trigger {
            triggers(bare, indent, facts);
            continue;
        }
        one(bare, facts);
    }
}

/// The line up to its comment.
fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.find(" #").and_then(|at| line.get(..at)).unwrap_or(line)
}

fn triggers(line: &str, indent: usize, facts: &mut Facts) {
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let is_name = indent <= 4;
    for word in words.filter(|_| is_name) {
        if ["push", "pull_request", "pull_request_target", "merge_group", "schedule"].contains(&word) {
            facts.at_least(format!("on {word}"), 1.0, TRIGGER);
        }
    }
}

fn one(line: &str, facts: &mut Facts) {
    let line = line.trim_start_matches("- ").trim();
    let (key, value) = match line.split_once(':') {
        Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with([' ', '\t'])) => {
            (key.trim_matches(['"', '\'']), value.trim().trim_matches(['"', '\'']))
        }
        _ => ("run", line),
    };
    let is_off = value.replace(['$', '{', '}', ' '], "") == "false";
    match key {
        "continue-on-error" | "allow_failure" | "continueOnError" | "ignore-errors"
            if value.contains("true") =>
        {
            facts.add(key, -1.0, STEP);
        }
        "if" if is_off => facts.add("if", -1.0, STEP),
        "when" if value == "manual" || value == "never" => facts.add("when", -1.0, STEP),
        "run" | "script" | "before_script" | "entry" | "cmd" | "commands" | "command" | "args" => {
            script(value, facts);
        }
        "uses" | "id" | "repo" => {
            let name = value.split('@').next().unwrap_or(value);
            let words = name.split(|c: char| !(c.is_alphanumeric() || c == '-'));
            for word in words {
                let word = word.strip_suffix("-action").unwrap_or(word);
                if CHECKERS.iter().any(|(known, _)| *known == word)
                    || key == "id" && word == name && !word.is_empty()
                {
                    facts.at_least(format!("{key} {word}"), 1.0, STEP);
                }
            }
        }
        _ => {}
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-.\"'".contains(c))
}

/// Shell text: the checks in it, and the flags that make them strict.
pub(super) fn script(text: &str, facts: &mut Facts) {
    for part in text.split("&&").flat_map(|part| part.split(';')) {
        let part = part.trim().trim_start_matches('@');
        if part == "set +e" {
            facts.add("set +e", -1.0, STEP);
        }
        for check in checks(part) {
            facts.at_least(format!("step {check}"), f64::from(u8::from(!is_excused(part))), STEP);
        }
    }
    flags(text, facts);
}

/// Whether a failure of it is none, or nothing is really run.
fn is_excused(command: &str) -> bool {
    let excuse = command.rsplit_once("||").map(|(_, last)| last.trim());
    let is_excuse =
        |last: &str| EXCUSES.iter().any(|word| last == *word || *word == "echo" && last.starts_with(word));
    excuse.is_some_and(is_excuse)
        || command.starts_with('-')
        || ["--no-run", "--collect-only", "--passWithNoTests", "--exit-zero", "--list"]
            .iter()
            .any(|flag| command.split_whitespace().any(|word| word == *flag))
}

/// What a command checks.
pub(super) fn checks(command: &str) -> Vec<String> {
    let command = command.trim_start_matches(['-', '@', ' ']);
    let mut words = command.split_whitespace().skip_while(|word| {
        BEFORE.contains(word) && !command.starts_with("bundle audit")
            || word.contains('=') && !word.starts_with('-')
    });
    let Some(program) = words.next() else { return Vec::new() };
    let program = program.rsplit('/').next().unwrap_or(program);
    let program = program.split('@').next().unwrap_or(program);
    if let Some((_, what)) = CHECKERS.iter().find(|(known, _)| *known == program) {
        return vec![(*what).to_owned()];
    }
    if !RUNNERS.contains(&program) {
        return Vec::new();
    }
    let family = if ["npm", "pnpm", "yarn", "bun"].contains(&program) { "js" } else { program };
    let targets = words.filter(|word| !word.starts_with(['-', '+']) && *word != "run" && *word != "exec");
    // One target; `make` takes several.
    let targets = targets.take(if program == "make" { 9 } else { 1 });
    targets
        .flat_map(kinds)
        .filter(|what| !(family == "js" && *what == "check-ci"))
        .map(|what| format!("{family} {what}"))
        .collect()
}

/// What the name of a target or a script says that it checks.
pub(super) fn kinds(target: &str) -> Vec<&'static str> {
    if target == "ci" {
        return vec!["check-ci"];
    }
    let words = target.split([':', '_', '.', '/']);
    let found = words.flat_map(|word| {
        let whole = KINDS.iter().filter(move |(known, _)| *known == word);
        let parts = word.split('-').filter(move |part| *part != word);
        whole.chain(
            parts.flat_map(|part| KINDS.iter().filter(move |(known, _)| *known == part && part.len() > 1)),
        )
    });
    found.map(|(_, what)| *what).take(1).collect()
}

/// Flags that make a check strict, wherever they stand.
pub(super) fn flags(text: &str, facts: &mut Facts) {
    const STRICT: &[&str] = &[
        "-Dwarnings",
        "--max-warnings",
        "--strict-markers",
        "--strict-config",
        "-Werror",
        "-race",
        "--strict",
        "--check",
        "--warnings-as-errors",
        "--deny",
    ];
    let flat = text.replace("-D warnings", "-Dwarnings").replace("-W error", "-Werror");
    let flat =
        flat.replace("\"-D\", \"warnings\"", "-Dwarnings").replace("--max-warnings=", "--max-warnings ");
    for word in flat.split([' ', '\t', '\n', '"', '\'', ',', '[', ']']) {
        if STRICT.contains(&word) {
            facts.at_least(format!("flag {word}"), 1.0, "drops a strict flag of a check");
        }
        if let Some((name, floor)) = word.split_once('=').filter(|(name, _)| name.ends_with("fail-under"))
            && let Ok(floor) = floor.parse()
        {
            facts.at_least(name.to_owned(), floor, "lowers the coverage floor");
        }
    }
}
