//! One Markdown file to one [`Item`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::frontmatter::Frontmatter;
use super::tree::{Tree, TreeFile};
use super::{ask, is_kebab, report, schema, strings};
use crate::compile::model::{Access, Item, Kind, Model, Report, Resource};
use crate::diagnostic::{Finding, Findings, Severity};
use crate::rel_path::RelPath;

/// The longest description that all clients take whole: Agent Skills standard, which Pi 0.73 warns about.
const DESCRIPTION_MAX: usize = 1024;

/// All items of a tree, sorted by kind, then name.
pub(super) fn read_all(tree: &Tree, findings: &mut Findings) -> Vec<Item> {
    let mut items = Vec::new();
    for kind in Kind::ALL {
        if kind == Kind::Skill {
            read_skills(tree, &mut items, findings);
        } else {
            read_files(kind, tree, &mut items, findings);
        }
    }
    items
}

fn read_skills(tree: &Tree, items: &mut Vec<Item>, findings: &mut Findings) {
    let mut folders: BTreeMap<&str, Vec<(&RelPath, &str, &TreeFile)>> = BTreeMap::new();
    for (path, rest, file) in tree.below("skills") {
        match rest.split_once('/') {
            Some((folder, below)) => folders.entry(folder).or_default().push((path, below, file)),
            None => findings.push(stray(path, "a skill is a directory with a SKILL.md")),
        }
    }
    for (name, files) in folders {
        let Some((path, _, file)) = files.iter().find(|(_, below, _)| *below == "SKILL.md") else {
            let help = "put the skill's text into SKILL.md; the name is spelled in capitals";
            let finding = Finding::error(
                "missing-skill-file",
                format!("skills/{name}"),
                "the directory has no SKILL.md",
            );
            findings.push(finding.help(help));
            continue;
        };
        if let Some(mut item) = read_item(Kind::Skill, name, path, file, tree, findings) {
            item.resources = files.iter().filter_map(|(_, below, file)| resource(below, file)).collect();
            items.push(item);
        }
    }
}

fn resource(below: &str, file: &TreeFile) -> Option<Resource> {
    let path = RelPath::new(below).ok().filter(|path| path.as_str() != "SKILL.md")?;
    Some(Resource { path, bytes: file.bytes.clone(), executable: file.executable })
}

fn read_files(kind: Kind, tree: &Tree, items: &mut Vec<Item>, findings: &mut Findings) {
    for (path, rest, file) in tree.below(kind.folder()) {
        match rest.strip_suffix(".md") {
            Some(name) if !name.contains('/') => {
                items.extend(read_item(kind, name, path, file, tree, findings));
            }
            Some(_) => {
                findings.push(stray(path, "folders inside are not read: two clients have no nested names"));
            }
            None => findings.push(stray(path, "only .md files are read here")),
        }
    }
}

fn stray(path: &RelPath, why: &str) -> Finding {
    Finding::warning("stray-file", path.as_str(), "the file belongs to no item").help(why)
}

fn read_item(
    kind: Kind,
    name: &str,
    path: &RelPath,
    file: &TreeFile,
    tree: &Tree,
    findings: &mut Findings,
) -> Option<Item> {
    let text = match std::str::from_utf8(&file.bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            let message = format!("byte {} is not UTF-8", error.valid_up_to());
            findings.push(Finding::error("not-utf8", path.as_str(), message).help("save the file as UTF-8"));
            return None;
        }
    };
    let front = match Frontmatter::parse(path.as_str(), &text) {
        Ok(front) => front,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    let item = assemble(kind, name, path, text, &front, tree, findings);
    check(&item, &front, findings);
    Some(item)
}

fn assemble(
    kind: Kind,
    name: &str,
    path: &RelPath,
    text: String,
    front: &Frontmatter,
    tree: &Tree,
    findings: &mut Findings,
) -> Item {
    let values = &front.values;
    let flag = |key: &str| values.get(key).and_then(Value::as_bool).unwrap_or(false);
    let word = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default();
    Item {
        kind,
        name: name.to_owned(),
        description: word("description").trim().to_owned(),
        path: path.clone(),
        text,
        body_start: front.body_start,
        template: flag("template"),
        user_only: flag("user-only") || flag("disable-model-invocation") || kind == Kind::Command,
        user_invocable: flag("user-invocable") || kind == Kind::Command,
        arguments: strings(values.get("arguments")),
        access: if word("access") == "read-only" { Access::ReadOnly } else { Access::Write },
        model: match word("model") {
            "fast" => Model::Fast,
            "balanced" => Model::Balanced,
            "strong" => Model::Strong,
            _ => Model::Inherit,
        },
        report: read_report(values, path, front, tree, findings),
        globs: strings(values.get("globs")),
        expires: values.get("expires").and_then(Value::as_str).map(str::to_owned),
        extra: values.clone(),
        resources: Vec::new(),
    }
}

fn read_report(
    values: &Map<String, Value>,
    path: &RelPath,
    front: &Frontmatter,
    tree: &Tree,
    findings: &mut Findings,
) -> Option<Report> {
    let output = values.get("output")?.as_str()?;
    let Some(own) = tree.text(output) else {
        let finding = Finding::error(
            "dangling-link",
            path.as_str(),
            format!("`output` names `{output}`, which is not in the tree"),
        );
        findings.push(
            finding
                .at(front.span("output"))
                .help("the path starts at the top of the tree: schemas/reports/NAME.json"),
        );
        return None;
    };
    report::join(own)
        .map_err(|message| findings.push(Finding::error("bad-report-schema", output, message)))
        .ok()
}

fn check(item: &Item, front: &Frontmatter, findings: &mut Findings) {
    let path = item.path.as_str();
    let unknown = if item.template { Severity::Error } else { Severity::Warning };
    let span = |key: &str| front.span(key);
    schema_of(item.kind)
        .check(&schema::Subject { path, values: &front.values, span: &span, unknown }, findings);
    check_name(item, front, unknown, findings);
    check_description(item, front, unknown, findings);
    if item.template {
        ask::check(path, item.body(), item.body_start, findings);
    }
    if item.kind == Kind::Rule {
        check_rule(item, front, findings);
    }
    if item.body().trim().is_empty() {
        findings.push(Finding::error("empty-body", path, format!("the {} has no text", item.kind.word())));
    }
}

/// The keys of one kind.
pub(in crate::compile) fn schema_of(kind: Kind) -> &'static schema::Schema {
    match kind {
        Kind::Skill => &schema::SKILL,
        Kind::Command => &schema::COMMAND,
        Kind::Agent => &schema::AGENT,
        Kind::Rule => &schema::RULE,
        Kind::Style => &schema::STYLE,
    }
}

fn check_name(item: &Item, front: &Frontmatter, grave: Severity, findings: &mut Findings) {
    let path = item.path.as_str();
    let mut complain = |severity, code, message: String, help: &str| {
        let mut finding = Finding::error(code, path, message).at(front.span("name")).help(help);
        finding.severity = severity;
        findings.push(finding);
    };
    let written = front.values.get("name").and_then(Value::as_str).unwrap_or(&item.name);
    if written.chars().count() > 64 {
        complain(
            Severity::Error,
            "bad-name",
            "the name is longer than 64 characters".into(),
            "Codex refuses it",
        );
    } else if !is_kebab(&item.name) {
        let help = "use lower-case letters, digits and single hyphens";
        complain(grave, "bad-name", format!("`{}` is not a name that every client accepts", item.name), help);
    }
    if written != item.name {
        let place = if item.kind == Kind::Skill { "directory" } else { "file" };
        let message = format!("the name `{written}` differs from the {place}'s name `{}`", item.name);
        complain(
            grave,
            "name-mismatch",
            message,
            "some clients go by the one, some by the other: make them equal",
        );
    }
}

fn check_description(item: &Item, front: &Frontmatter, grave: Severity, findings: &mut Findings) {
    let length = item.description.chars().count();
    let mut complain = |code, message: String, help: &str| {
        let mut finding =
            Finding::error(code, item.path.as_str(), message).at(front.span("description")).help(help);
        finding.severity = grave;
        findings.push(finding);
    };
    if length > DESCRIPTION_MAX {
        complain(
            "long-description",
            format!("the description has {length} characters"),
            "at most 1024 are read everywhere",
        );
    }
    if item.template && item.description.contains('\n') {
        complain(
            "multi-line-description",
            "the description has more than one line".into(),
            "write it in one line, in double quotes",
        );
    }
}

fn check_rule(item: &Item, front: &Frontmatter, findings: &mut Findings) {
    let always = front.values.get("always").and_then(Value::as_bool).unwrap_or(false);
    let keys: BTreeSet<_> = front.values.keys().map(String::as_str).collect();
    if always == keys.contains("globs") {
        let finding = Finding::error(
            "rule-without-occasion",
            item.path.as_str(),
            "a rule has either `always: true` or `globs`",
        );
        findings.push(finding.at(front.span("always")));
    }
    if let Some(day) = item.expires.as_deref().filter(|day| !is_day(day)) {
        let finding = Finding::error("bad-value", item.path.as_str(), format!("`{day}` is not a day"));
        findings.push(finding.at(front.span("expires")).help("write it as \"YYYY-MM-DD\""));
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}
