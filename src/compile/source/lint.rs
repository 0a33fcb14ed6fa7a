//! What can only be seen with the whole tree at hand: names used twice, things mentioned that are not there, budgets.

use std::collections::BTreeMap;

use super::body;
use super::tree::Tree;
use crate::compile::model::{Item, Kind, Plugin, Vocabulary};
use crate::diagnostic::{Finding, Findings};

/// Characters of names and descriptions that Claude Code 2.1.197 shows of a plugin: of its listing (1 % of the context,
/// 3 characters a token for the newest models, so 6,000 at 200,000 tokens) its bundled skills take 4,600.
const LISTING_MAX: usize = 1_300;

/// A declared rename that no upgrade could follow.
fn check_renamed(plugin: &Plugin, findings: &mut Findings) {
    let known = |name: &str| plugin.items.iter().any(|item| item.name == name);
    for (old, new) in &plugin.manifest.renamed {
        if !known(new) {
            let message = format!("`renamed` names `{new}`, which is no item of the tree");
            findings.push(Finding::error("unknown-item", "so.toml", message));
        }
        if known(old) {
            let message = format!(
                "`renamed` says that `{old}` has another name now, and there is an item of that name"
            );
            findings.push(Finding::error("unknown-item", "so.toml", message));
        }
    }
}

/// Checks across items.
pub(super) fn check(plugin: &Plugin, tree: &Tree, vocabulary: &Vocabulary<'_>, findings: &mut Findings) {
    check_names(plugin, findings);
    check_listing(plugin, findings);
    for name in &plugin.manifest.lifecycle {
        let known = plugin.items.iter().any(|item| item.name == *name);
        if !known {
            let message = format!("`lifecycle` names `{name}`, which is no item of the tree");
            findings.push(Finding::error("unknown-item", "so.toml", message));
        }
    }
    check_renamed(plugin, findings);
    for item in &plugin.items {
        check_links(item, tree, findings);
        check_expiry(item, vocabulary, findings);
        if item.template {
            check_so_lines(item, vocabulary, findings);
            check_budget(item, plugin, findings);
        }
    }
}

/// A skill, a command and an agent share a namespace on some client: one name, one item.
fn check_names(plugin: &Plugin, findings: &mut Findings) {
    let mut seen: BTreeMap<String, &Item> = BTreeMap::new();
    for item in plugin.items.iter().filter(|item| matches!(item.kind, Kind::Skill | Kind::Command)) {
        if let Some(first) = seen.insert(item.name.to_lowercase(), item) {
            let message =
                format!("`{}` is the name of a {} already: {}", item.name, first.kind.word(), first.path);
            let help =
                "a command that only opens a skill is declared once: the skill, with `user-invocable: true`";
            findings.push(Finding::error("duplicate-name", item.path.as_str(), message).help(help));
        }
    }
}

fn check_listing(plugin: &Plugin, findings: &mut Findings) {
    let length = |item: &Item| item.name.chars().count() + item.description.chars().count();
    let seen = plugin.items.iter().filter(|item| item.template && item.model_invocable());
    let total: usize = seen.map(length).sum();
    if total > LISTING_MAX {
        let message = format!("names and descriptions that the model sees have {total} characters together");
        let help = format!(
            "at most {LISTING_MAX} stay visible beside other plugins: shorten some, or make skills `user-only`"
        );
        findings.push(Finding::warning("listing-too-long", "so.toml", message).help(help));
    }
}

fn check_expiry(item: &Item, vocabulary: &Vocabulary<'_>, findings: &mut Findings) {
    let Some((day, today)) = item.expires.as_ref().zip(vocabulary.today.as_ref()) else { return };
    if day < today {
        let span = item.text.find("expires").map_or(0..0, |at| at..at + "expires".len());
        let finding =
            Finding::warning("expired-rule", item.path.as_str(), format!("the rule expired on {day}"));
        findings.push(finding.at(span).help("renew it with a later day, or delete it"));
    }
}

fn check_links(item: &Item, tree: &Tree, findings: &mut Findings) {
    let folder = item.path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    for link in body::links(item.body()) {
        let Some(target) = resolve(folder, &link.target) else { continue };
        let there = tree.files.keys().any(|path| {
            path.as_str() == target
                || path.as_str().strip_prefix(target.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        if !there {
            let mut finding = Finding::error(
                "dangling-link",
                item.path.as_str(),
                format!("`{}` is not in the tree", link.target),
            );
            if !item.template {
                finding.severity = crate::diagnostic::Severity::Warning;
            }
            let span = item.body_start + link.span.start..item.body_start + link.span.end;
            findings.push(finding.at(span).help(format!("the link is read from `{folder}/`")));
        }
    }
}

/// `folder/target` without `.` and `..`; `None` when it leaves the tree.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn check_so_lines(item: &Item, vocabulary: &Vocabulary<'_>, findings: &mut Findings) {
    for (span, line) in body::so_lines(item.body()) {
        if let Err(message) = (vocabulary.so_line)(&line) {
            let finding = Finding::error(
                "unknown-so-line",
                item.path.as_str(),
                format!("`{line}` is not a command line of so: {message}"),
            );
            findings.push(finding.at(item.body_start + span.start..item.body_start + span.end));
        }
    }
}

/// Instructions are the scarcest resource of a session, so each kind of item has a size.
fn check_budget(item: &Item, plugin: &Plugin, findings: &mut Findings) {
    let lifecycle = plugin.manifest.lifecycle.contains(&item.name);
    let limit = match item.kind {
        Kind::Skill if lifecycle => 8 << 10,
        Kind::Skill => 6 << 10,
        Kind::Command => 3 << 9,
        Kind::Agent => 5 << 10,
        Kind::Rule | Kind::Style => 4 << 10,
    };
    let size = item.text.len();
    if size > limit {
        let message = format!("the {} has {size} bytes; its budget is {limit}", item.kind.word());
        let help = "move what is rarely needed into a file beside it, and link to it";
        findings.push(Finding::warning("over-budget", item.path.as_str(), message).help(help));
    }
    let length = item.description.chars().count();
    if length > 300 {
        let message = format!("the description has {length} characters; its budget is 300");
        findings.push(Finding::warning("over-budget", item.path.as_str(), message));
    }
}
