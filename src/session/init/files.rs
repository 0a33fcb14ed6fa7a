//! The files of each tier and archetype. `{{ name }}`, `{{ module }}` and `{{ checks }}` are filled in.

use super::{Archetype, Tier, Wanted, commands};

/// A file that a project begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below the project, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The path, the tier that first has it, and the text.
type Row = (&'static str, Tier, &'static str);

macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../../../templates/bootstrap/", $path))
    };
}

const COMMON: &[Row] = &[
    (".orchestrator/.gitignore", Tier::Fast, include_str!("../../../templates/orchestrator.gitignore")),
    ("README.md", Tier::Fast, text!("common/README.md")),
    (".editorconfig", Tier::Standard, text!("common/editorconfig")),
    (".github/pull_request_template.md", Tier::Deep, text!("common/pull-request.md")),
    (".github/ISSUE_TEMPLATE/bug.md", Tier::Deep, text!("common/bug.md")),
    (".github/ISSUE_TEMPLATE/feature.md", Tier::Deep, text!("common/feature.md")),
    ("CONTRIBUTING.md", Tier::Deep, text!("common/CONTRIBUTING.md")),
    ("docs/decisions/0001-decisions-are-written-down.md", Tier::Deep, text!("common/decision.md")),
];

const CI: &str = ".github/workflows/ci.yml";

const RUST: &[Row] = &[
    ("Cargo.toml", Tier::Fast, text!("rust/manifest.toml")),
    ("src/lib.rs", Tier::Fast, text!("rust/lib.rs")),
    ("src/main.rs", Tier::Fast, text!("rust/main.rs")),
    (".gitignore", Tier::Fast, text!("rust/gitignore")),
    ("rustfmt.toml", Tier::Standard, text!("rust/rustfmt.toml")),
    (CI, Tier::Standard, text!("rust/ci.yml")),
];

const PYTHON: &[Row] = &[
    ("pyproject.toml", Tier::Fast, text!("python-uv/pyproject.toml")),
    ("src/{{ module }}/__init__.py", Tier::Fast, text!("python-uv/init.py")),
    ("tests/test_{{ module }}.py", Tier::Fast, text!("python-uv/test.py")),
    (".gitignore", Tier::Fast, text!("python-uv/gitignore")),
    (CI, Tier::Standard, text!("python-uv/ci.yml")),
];

const NODE: &[Row] = &[
    ("package.json", Tier::Fast, text!("node/package.json")),
    ("src/greeting.js", Tier::Fast, text!("node/greeting.js")),
    ("src/main.js", Tier::Fast, text!("node/main.js")),
    ("test/greeting.test.js", Tier::Fast, text!("node/test.js")),
    (".gitignore", Tier::Fast, text!("node/gitignore")),
    (CI, Tier::Standard, text!("node/ci.yml")),
];

const GO: &[Row] = &[
    ("go.mod", Tier::Fast, text!("go/module.txt")),
    ("main.go", Tier::Fast, text!("go/main.go")),
    ("main_test.go", Tier::Fast, text!("go/main_test.go")),
    (".gitignore", Tier::Fast, text!("go/gitignore")),
    (CI, Tier::Standard, text!("go/ci.yml")),
];

const STATIC: &[Row] = &[
    ("index.html", Tier::Fast, text!("static-html/index.html")),
    ("style.css", Tier::Fast, text!("static-html/style.css")),
    (".gitignore", Tier::Fast, text!("static-html/gitignore")),
];

/// A project that is of none of these kinds.
const PLAIN: &[Row] = &[(".gitignore", Tier::Fast, text!("common/gitignore"))];

/// The text of an instruction file that is not there yet, without the block.
pub(super) const INSTRUCTIONS: &str = text!("common/AGENTS.md");
/// What Claude Code reads where the instructions stand in AGENTS.md.
pub(super) const POINTER: &str = text!("common/CLAUDE.md");

/// All files of what is wanted; the instruction file is not among them.
pub fn files(wanted: &Wanted) -> Vec<File> {
    let skeleton = match wanted.skeleton {
        Some(Archetype::Rust) => RUST,
        Some(Archetype::PythonUv) => PYTHON,
        Some(Archetype::Node) => NODE,
        Some(Archetype::Go) => GO,
        Some(Archetype::StaticHtml) => STATIC,
        None if wanted.archetype.is_none() => PLAIN,
        None => &[],
    };
    let fits =
        |(path, tier, _): &&Row| *tier <= wanted.tier && !(wanted.elsewhere && path.starts_with(".github/"));
    let fill = |(path, _, text): &Row| File { path: filled(path, wanted), text: filled(text, wanted) };
    COMMON.iter().chain(skeleton).filter(fits).map(fill).collect()
}

/// The marks replaced.
pub(super) fn filled(text: &str, wanted: &Wanted) -> String {
    let checks: Vec<String> = commands(wanted.archetype, &[])
        .into_iter()
        .filter(|(_, command)| !command.is_empty())
        .map(|(_, command)| format!("`{command}`"))
        .collect();
    let checks = if checks.is_empty() {
        "look at it once more.".to_owned()
    } else {
        format!("{}.", checks.join(", "))
    };
    text.replace("{{ name }}", &wanted.name)
        .replace("{{ module }}", &wanted.name.replace('-', "_"))
        .replace("{{ checks }}", &checks)
}
