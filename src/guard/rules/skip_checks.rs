//! Switching off the checks that a commit or push has to pass.

use super::git::{Line, is_off};
use super::{NOTHING, Rule, found};
use crate::guard::place::absolute;
use crate::guard::{Call, Decision, UNKNOWN};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "skip-checks",
    reason: "it skips the checks that this project asks for",
    instead: "Mend what the checks complain about, or ask the person.",
    judge,
};

/// Variables that make hook runners do nothing.
const SWITCHES: &[(&str, Option<&str>)] = &[
    ("HUSKY", Some("0")),
    ("HUSKY_SKIP_HOOKS", None),
    ("SKIP", None),
    ("PRE_COMMIT_ALLOW_NO_CONFIG", None),
    ("LEFTHOOK", Some("0")),
    ("OVERCOMMIT_DISABLE", None),
    ("PREK_SKIP", None),
];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if call.name == "chmod" {
        return hooks_disarmed(call);
    }
    let line = Line::of(call);
    let runs_hooks = matches!(
        line.verb.as_str(),
        "commit" | "push" | "merge" | "rebase" | "cherry-pick" | "am" | "revert" | "pull"
    );
    if !runs_hooks {
        return if line.verb == "config" { config(line, call) } else { NOTHING };
    }
    let short = match line.verb.as_str() {
        "commit" => "mFcCtSuU",
        "push" => "o",
        _ => "msXxS",
    };
    let parsed = line.parse(
        short,
        &[
            "message",
            "file",
            "author",
            "date",
            "template",
            "trailer",
            "fixup",
            "squash",
            "reuse-message",
            "reedit-message",
            "cleanup",
        ],
    );
    let flag = parsed.options.iter().find(|option| {
        matches!(option.name.as_str(), "no-verify" | "no-gpg-sign")
            || (option.name.starts_with("no-v") && "no-verify".starts_with(&option.name))
            || (line.verb == "commit" && option.name == "n")
    });
    if let Some(flag) = flag {
        let dashes = if flag.name.len() > 1 { "--" } else { "-" };
        return found(Decision::Ask, format!("{dashes}{}", flag.name));
    }
    if let Some((key, _)) = line
        .config
        .iter()
        .find(|(key, value)| key == "core.hookspath" || (key == "commit.gpgsign" && is_off(value)))
    {
        return found(Decision::Ask, key.clone());
    }
    let switch = call.assigned.iter().find(|(name, value)| {
        SWITCHES.iter().any(|(switch, wanted)| {
            switch == name && !value.is_empty() && wanted.is_none_or(|wanted| wanted == value)
        })
    });
    switch.map_or(NOTHING, |(name, value)| found(Decision::Ask, format!("{name}={value}")))
}

/// `chmod -x .git/hooks/pre-commit`: git passes over a hook that it may not run.
fn hooks_disarmed(call: &Call<'_>) -> Vec<(Decision, String)> {
    let takes = |mode: &str| match mode.split_once('-') {
        Some((who, what)) => who.chars().all(|letter| "augo".contains(letter)) && what.contains('x'),
        None => mode.bytes().all(|digit| matches!(digit, b'0' | b'2' | b'4' | b'6')) && !mode.is_empty(),
    };
    let hook = |text: &str| [".git/hooks/", ".husky/"].iter().any(|dir| text.contains(dir));
    let disarms = call.args.iter().any(|arg| takes(&arg.text));
    match call.args.iter().find(|arg| hook(&arg.text)).filter(|_| disarms) {
        Some(hook) => found(Decision::Ask, hook.shown()),
        None => NOTHING,
    }
}

/// `git config core.hooksPath …`: hooks of the project are set up so, any other place skips them.
fn config(line: &Line, call: &Call<'_>) -> Vec<(Decision, String)> {
    let parsed = line.parse("f", &["file", "type", "default"]);
    let words: Vec<&str> =
        parsed.operands.iter().map(|arg| arg.text.as_str()).filter(|word| *word != "set").collect();
    match words.as_slice() {
        [key, path, ..] if key.eq_ignore_ascii_case("core.hookspath") && !parsed.has(&["get", "unset"]) => {
            let own = !parsed.has(&["global", "system", "f", "file"]) && holds_hooks(path, line, call);
            if own { NOTHING } else { found(Decision::Ask, *key) }
        }
        [key] if key.eq_ignore_ascii_case("core.hookspath") && parsed.has(&["unset", "unset-all"]) => {
            found(Decision::Ask, *key)
        }
        _ => NOTHING,
    }
}

/// Whether `path` is a directory of the project that is there, or is called after what it would hold.
fn holds_hooks(path: &str, line: &Line, call: &Call<'_>) -> bool {
    let Some(dir) = absolute(path, line.dir.as_deref()) else { return false };
    let inside =
        call.context.project.as_deref().is_some_and(|project| dir != project && dir.starts_with(project));
    let said = ["hook", "husky"].iter().any(|word| path.contains(word));
    let filled = || std::fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    inside && !path.contains(UNKNOWN) && if dir.exists() { filled() } else { said }
}
