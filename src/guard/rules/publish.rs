//! Releases and repositories: what others see at once and nobody can take back.

use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "publish",
    reason: "others get it at once and it cannot be taken back",
    instead: "Do everything up to it, and let the person publish.",
    judge,
};

/// Programs with the first words that publish or delete what is published.
const ACTS: &[(&str, &[&str])] = &[
    ("npm", &["publish"]),
    ("npm", &["unpublish"]),
    ("npm", &["deprecate"]),
    ("pnpm", &["publish"]),
    ("yarn", &["publish"]),
    ("yarn", &["npm", "publish"]),
    ("bun", &["publish"]),
    ("cargo", &["publish"]),
    ("cargo", &["yank"]),
    ("twine", &["upload"]),
    ("uv", &["publish"]),
    ("poetry", &["publish"]),
    ("hatch", &["publish"]),
    ("flit", &["publish"]),
    ("gem", &["push"]),
    ("gem", &["yank"]),
    ("mvn", &["deploy"]),
    ("dotnet", &["nuget", "push"]),
    ("dart", &["pub", "publish"]),
    ("deno", &["publish"]),
    ("jsr", &["publish"]),
    ("lerna", &["publish"]),
    ("changeset", &["publish"]),
    ("vsce", &["publish"]),
    ("vsce", &["unpublish"]),
    ("ovsx", &["publish"]),
    ("mix", &["hex.publish"]),
    ("lein", &["deploy"]),
    ("sbt", &["publish"]),
    ("gradle", &["publish"]),
    ("gradlew", &["publish"]),
    ("pod", &["trunk", "push"]),
    ("stack", &["upload"]),
    ("cabal", &["upload"]),
    ("luarocks", &["upload"]),
    ("helm", &["push"]),
    ("nuget", &["push"]),
    ("clojars", &["push"]),
    ("semantic-release", &[]),
    ("gh", &["release", "create"]),
    ("gh", &["release", "delete"]),
    ("gh", &["repo", "delete"]),
    ("gh", &["repo", "archive"]),
    ("glab", &["release", "create"]),
    ("glab", &["release", "delete"]),
    ("glab", &["repo", "delete"]),
];

/// Registries for trying things out, and those of this machine.
const TRIALS: &[&str] =
    &["testpypi", "pypitest", "://test.", "//localhost", "//127.0.0.1", "//[::1]", "//0.0.0.0"];

/// `//localhost:5000/charts`: a registry of this machine.
fn is_here(address: &str) -> bool {
    let host = address.trim_start_matches('/').split(['/', ':']).next().unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1")
}

/// A draft, a registry of this machine or one for trials, or taking a yank back.
fn reaches_nobody(call: &Call<'_>, words: &[&str]) -> bool {
    let trial = |text: &str| TRIALS.iter().any(|name| text.contains(name));
    let draft = words.starts_with(&["release", "create"])
        && ["--draft", "--draft=true", "-d"].iter().any(|option| call.has(option));
    let places =
        ["--registry", "--repository", "--repository-url", "--publish-url", "--index", "--index-url", "-r"];
    let mut pairs = call.args.iter().zip(call.args.iter().skip(1));
    let chart = || call.args.iter().filter_map(|arg| arg.text.strip_prefix("oci:")).any(is_here);
    draft
        || (call.name == "helm" && chart())
        || (call.name == "cargo" && call.has("--undo"))
        || pairs.any(|(option, value)| places.contains(&option.text.as_str()) && trial(&value.text))
        || call
            .args
            .iter()
            .any(|arg| arg.text.starts_with("--") && arg.text.contains('=') && trial(&arg.text))
        || call
            .assigned
            .iter()
            .any(|(name, value)| name.to_ascii_lowercase().contains("registry") && trial(value))
}

/// `gh api -X DELETE repos/OWNER/NAME`, and the releases and references below it.
fn deletes_published(call: &Call<'_>) -> bool {
    let text = |arg: &crate::guard::Arg| arg.text.clone();
    let words: Vec<String> = call.args.iter().map(text).collect();
    let method = words.windows(2).any(|pair| {
        matches!(pair, [option, value] if matches!(option.as_str(), "-X" | "--method") && value.eq_ignore_ascii_case("delete"))
    });
    let stuck = |word: &String| {
        let word = word.to_ascii_lowercase();
        word == "-xdelete" || word == "--method=delete"
    };
    let published = |word: &String| {
        let parts: Vec<&str> = word.trim_matches('/').split('/').collect();
        matches!(
            parts.as_slice(),
            ["repos", _, _]
                | ["repos", _, _, "releases", ..]
                | ["repos", _, _, "git", "refs" | "ref", ..]
                | ["orgs" | "users", _, "packages", ..]
                | ["projects", _]
                | ["projects", _, "releases", ..]
                | ["projects", _, "repository", "branches" | "tags", ..]
        )
    };
    (method || words.iter().any(stuck)) && words.iter().any(published)
}

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if !ACTS.iter().any(|(program, _)| *program == call.name) {
        return NOTHING;
    }
    let words: Vec<&str> =
        call.args.iter().map(|arg| arg.text.as_str()).filter(|text| !text.starts_with('-')).take(3).collect();
    if matches!(call.name, "gh" | "glab") && words.first() == Some(&"api") && deletes_published(call) {
        return found(Decision::Ask, call.shown());
    }
    if call.name == "cargo" && call.has("-n") || call.has("--dry-run") || call.has("--help") || call.has("-h")
    {
        return NOTHING;
    }
    let acts = ACTS.iter().any(|(program, acts)| *program == call.name && words.starts_with(acts))
        || call.name == "npm"
            && words.first().is_some_and(|word| "publish".starts_with(word) && word.len() > 2);
    let as_admin = call.name == "gh" && words.starts_with(&["pr", "merge"]) && call.has("--admin");
    if acts && reaches_nobody(call, &words) {
        return NOTHING;
    }
    if acts || as_admin { found(Decision::Ask, call.shown()) } else { NOTHING }
}
