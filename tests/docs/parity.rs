//! The answers to what the original promises: data/parity.yaml → docs/parity.md, each held to the tree.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use so::compile::model::{Kind, Plugin};

use super::assert_page;
use crate::compiled::parse;
use crate::support::{root, so};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parity {
    version: String,
    parts: Vec<Part>,
    hooks: Vec<Row>,
    components: Components,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    part: String,
    rows: Vec<Row>,
}

/// A row without an answer, or with a word that is none, cannot be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    promise: String,
    answer: Answer,
    #[serde(default)]
    shown: Vec<String>,
    #[serde(default)]
    why: Option<String>,
}

impl Parity {
    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().flat_map(|part| &part.rows).chain(&self.hooks)
    }
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Done,
    Changed,
    Later,
    Dropped,
}

impl Answer {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Changed => "changed",
            Self::Later => "later",
            Self::Dropped => "dropped",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Components {
    skills: Vec<Component>,
    commands: Vec<Component>,
    agents: Vec<Component>,
}

/// A name, with the reason when there is nothing of that name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Here(String),
    Absent(BTreeMap<String, String>),
}

impl Component {
    fn told(&self) -> (&str, Option<&str>) {
        match self {
            Self::Here(name) => (name, None),
            Self::Absent(one) => {
                one.first_key_value().map(|(name, why)| (name.as_str(), Some(why.as_str()))).unwrap()
            }
        }
    }
}

fn data() -> Parity {
    let text = std::fs::read_to_string(root().join("data/parity.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("data/parity.yaml: {error}"))
}

#[test]
fn the_page_of_parity_says_what_the_data_say() {
    assert_page("parity.md", &page(&data(), &parse(".")));
}

#[test]
fn every_answer_is_shown_or_has_a_reason() {
    for Row { promise, answer, shown, why } in data().rows() {
        assert_eq!(
            shown.is_empty(),
            matches!(answer, Answer::Later | Answer::Dropped),
            "{promise}: what shows it"
        );
        assert_eq!(why.is_none(), *answer == Answer::Done, "{promise}: the reason");
    }
}

#[test]
fn what_shows_an_answer_exists() {
    let data = data();
    let mut shown: Vec<&String> = data.rows().flat_map(|row| &row.shown).collect();
    shown.sort();
    shown.dedup();
    for one in shown {
        if let Some(words) = one.strip_prefix("so ") {
            let mut command = so(&root());
            let plain = words.split(' ').take_while(|word| !word.starts_with('-'));
            let known = command.arg("help").args(subcommands(plain)).output().unwrap();
            assert!(known.status.success(), "`so {words}` is no command");
            continue;
        }
        let (path, function) =
            one.split_once("::").map_or((one.as_str(), None), |(path, name)| (path, Some(name)));
        assert!(root().join(path).exists(), "{path} does not exist");
        if let Some(function) = function {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            assert!(text.contains(&format!("fn {function}(")), "{path} has no test {function}");
        }
    }
}

/// The words of a command line that name subcommands: one, and a second where the first has some.
fn subcommands<'a>(mut words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    const GROUPS: [&str; 12] = [
        "ack", "config", "gate", "guard", "issue", "log", "plan", "policy", "pr", "session", "state", "wave",
    ];
    let Some(first) = words.next() else { return Vec::new() };
    let second = words.next().filter(|_| GROUPS.contains(&first) && first != "ack" || first == "worktree");
    [first].into_iter().chain(second).collect()
}

fn page(data: &Parity, plugin: &Plugin) -> String {
    let mut page = format!(
        "# What the original promises\n\n\
         [session-orchestrator](https://github.com/Kanevry/session-orchestrator) {} promises the following in its \
         README. `so` is not a copy of it: each promise has an answer here, and what shows it. *Done*: a test or a \
         command shows it. *Changed*: it is done in another way, for the reason given. *Later*: it is not here yet. \
         *Dropped*: it will not come.\n",
        data.version
    );
    let mut counts: BTreeMap<Answer, usize> = BTreeMap::new();
    let mut rows = String::new();
    for part in &data.parts {
        let _ =
            write!(rows, "\n## {}\n\n| promise | answer | shown by, or why |\n|---|---|---|\n", part.part);
        for row in &part.rows {
            *counts.entry(row.answer).or_default() += 1;
            line(&mut rows, row);
        }
    }
    let counts: Vec<_> = counts.iter().map(|(answer, count)| format!("{count} {}", answer.word())).collect();
    let _ = write!(page, "\nOf {} promises: {}.\n{rows}", total(data), counts.join(", "));
    page.push_str(
        "\n## Its hooks\n\nWhat each does, and what does its work here.\n\n| hook | answer | shown by, or why |\n|---|---|---|\n",
    );
    for row in &data.hooks {
        line(&mut page, row);
    }
    let components = &data.components;
    for (kind, list) in [
        (Kind::Skill, &components.skills),
        (Kind::Command, &components.commands),
        (Kind::Agent, &components.agents),
    ] {
        section(&mut page, plugin, kind, list);
    }
    page
}

fn total(data: &Parity) -> usize {
    data.parts.iter().map(|part| part.rows.len()).sum()
}

fn line(page: &mut String, row: &Row) {
    let _ = writeln!(page, "| {} | {} | {} |", row.promise, row.answer.word(), shown(row));
}

fn shown(row: &Row) -> String {
    let code = |one: &String| format!("`{}`", one.strip_prefix("tests/clients/so/").unwrap_or(one));
    let shown = row.shown.iter().map(code).collect::<Vec<_>>().join(", ");
    match (&row.why, shown.as_str()) {
        (None, _) => shown,
        (Some(why), "") => why.clone(),
        (Some(why), _) => format!("{} ({shown})", why.trim_end_matches('.')),
    }
}

fn section(page: &mut String, plugin: &Plugin, kind: Kind, list: &[Component]) {
    let here = list.iter().filter(|one| one.told().1.is_none()).count();
    let _ = write!(page, "\n## Its {}s\n\n{here} of {} are here", kind.word(), list.len());
    page.push_str(": ");
    let mut names = Vec::new();
    for component in list {
        let (name, why) = component.told();
        let there = is_here(plugin, kind, name);
        assert_eq!(there, why.is_none(), "data/parity.yaml is wrong about the {} `{name}`", kind.word());
        if there {
            names.push(format!("`{name}`"));
        }
    }
    let _ = write!(page, "{}.\n\n| not here | why |\n|---|---|\n", names.join(", "));
    for (name, why) in list.iter().map(Component::told) {
        if let Some(why) = why {
            let _ = writeln!(page, "| `{name}` | {why} |");
        }
    }
}

/// A skill that a person invokes by name is a command too.
fn is_here(plugin: &Plugin, kind: Kind, name: &str) -> bool {
    plugin.items.iter().any(|item| {
        item.name == name
            && (item.kind == kind || kind == Kind::Command && item.kind == Kind::Skill && item.user_invocable)
    })
}

#[test]
fn the_original_has_as_many_components_as_it_says() {
    let Components { skills, commands, agents } = data().components;
    assert_eq!((skills.len(), commands.len(), agents.len()), (42, 22, 14));
}
