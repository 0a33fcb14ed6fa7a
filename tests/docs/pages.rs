//! Pages that are written by hand, held to the data that they speak of.

use std::collections::BTreeSet;

use so::compile::model::Kind;

use crate::compiled::platforms;
use crate::support::{overwrite, root, so};

/// The pages in docs/, by their path.
fn pages() -> BTreeSet<String> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let names = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    names.filter(|name| name.ends_with(".md")).collect()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Text as a reader sees it: without line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_client_has_a_page_that_says_what_is_left_to_press() {
    for platform in platforms() {
        let name = format!("docs/{}.md", platform.id);
        let page = flat(&page(&name));
        assert!(page.starts_with(&format!("# {} ", platform.title)), "{name}: its heading");
        for after in platform.install.after.values().flatten() {
            assert!(page.contains(&flat(after)), "{name} does not say: {after}");
        }
        assert!(
            page.contains(&flat(&platform.unseen)),
            "{name} does not say what is not seen: {}",
            platform.unseen
        );
        match &platform.tested {
            Some(version) => assert!(page.contains(version), "{name} does not name the version {version}"),
            None => assert!(page.contains("unproven"), "{name} does not say that nothing is proven"),
        }
        let scope = platform.default_scope();
        let command = platform.names[&scope].command.replace("{{ plugin }}", "so");
        let session = platform.emitted_name(scope, Kind::Command, "session");
        let command = command.replace("{{ name }}", &session);
        assert!(page.contains(&command), "{name} does not say `{command}`");
    }
}

#[test]
fn the_page_of_instruction_files_names_each_clients_file_and_limit() {
    let page = page("docs/instruction-files.md");
    for platform in platforms() {
        let line = page.lines().find(|line| line.starts_with(&format!("| {} |", platform.title)));
        let line = line.unwrap_or_else(|| panic!("{} has no row", platform.title));
        assert!(line.contains(&platform.instruction_file), "{line}");
        if let Some(limit) = platform.limits.instructions {
            assert!(line.contains(&limit.to_string()), "{line}: {limit}");
        }
    }
}

#[test]
fn the_page_of_agents_explains_every_key() {
    let schema = std::fs::read_to_string(root().join("schemas/agent.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let page = page("docs/agents.md");
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("\n| `{key}`")), "docs/agents.md does not explain `{key}`");
    }
    let report = std::fs::read_to_string(root().join("schemas/reports/base.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for field in ["result", "verdict"] {
        for word in report["properties"][field]["enum"].as_array().unwrap() {
            assert!(page.contains(word.as_str().unwrap()), "docs/agents.md does not name {word}");
        }
    }
}

/// The table of README spells each command as each client does.
#[test]
fn readme_spells_commands_as_each_client_does() {
    let readme = page("README.md");
    for name in ["session", "go", "close", "plan", "bootstrap", "brainstorm", "grill", "debug"] {
        let spelled = platforms().into_iter().map(|platform| {
            let scope = platform.default_scope();
            let name = platform.emitted_name(scope, Kind::Command, name);
            platform.names[&scope].command.replace("{{ plugin }}", "so").replace("{{ name }}", &name)
        });
        let row = spelled.map(|one| format!(" `{one}` |")).collect::<String>();
        assert!(readme.contains(&row), "README.md has no row with{row}");
    }
}

/// The table of what each client can do is what `so platforms` says.
#[test]
fn readme_shows_what_each_client_can_do() {
    let (begin, end) =
        ("SNAPSHOTS=overwrite cargo test --test integration docs -->\n", "<!-- /platforms -->");
    let readme = page("README.md");
    let (before, rest) = readme.split_once(begin).unwrap();
    let (there, after) = rest.split_once(end).unwrap();
    let expected = table();
    if overwrite() {
        std::fs::write(root().join("README.md"), format!("{before}{begin}{expected}{end}{after}")).unwrap();
    } else {
        assert_eq!(
            there, expected,
            "README.md is stale: SNAPSHOTS=overwrite cargo test --test integration docs"
        );
    }
}

/// A row for each feature and event, a column for each platform.
fn table() -> String {
    let output = so(&root()).args(["platforms", "--json"]).output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let platforms = answer["platforms"].as_array().unwrap();
    let row = |name: &str, cell: &dyn Fn(&serde_json::Value) -> String| {
        let cells: String = platforms.iter().map(|platform| format!(" {} |", cell(platform))).collect();
        format!("| {name} |{cells}\n")
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("–").to_owned();
    let mut table = row("", &|platform| text(&platform["title"]));
    table.extend(["|---".repeat(platforms.len() + 1).as_str(), "|\n"]);
    table.push_str(&row("version", &|platform| text(&platform["tested"])));
    for kind in ["features", "events"] {
        for name in platforms[0][kind].as_object().unwrap().keys() {
            let shown = if kind == "events" { format!("`{name}`") } else { name.clone() };
            table.push_str(&row(&shown, &|platform| text(&platform[kind][name]["state"])));
        }
    }
    table
}

/// Whatever a person or an agent can run stands in README.
#[test]
fn readme_names_every_command() {
    let output = so(&root()).args(["help", "--who", "--json"]).output().unwrap();
    let commands: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let readme = page("README.md");
    for command in commands["commands"].as_array().unwrap() {
        let (name, who) = (command["command"].as_str().unwrap(), command["who"].as_str().unwrap());
        let first = name.split(' ').next().unwrap();
        let is_there = [' ', '`', ',', '|'].iter().any(|end| readme.contains(&format!("`so {first}{end}")));
        assert!(is_there || who.starts_with("a client"), "README.md does not name `so {first}`");
    }
}

/// Every page is reached from README, and every link leads somewhere.
#[test]
fn every_page_is_linked_and_every_link_leads_somewhere() {
    let docs = pages();
    let mut linked = BTreeSet::new();
    let others = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned);
    for name in docs.iter().chain(&others) {
        let text = page(name);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || link.contains("://") {
                continue;
            }
            let base = root().join(name);
            let target = base.parent().unwrap().join(path);
            assert!(target.exists(), "{name}: {link} leads nowhere");
            if name == "README.md" {
                linked.insert(path.to_owned());
            }
        }
    }
    let missing: Vec<_> = docs.difference(&linked).collect();
    assert!(missing.is_empty(), "README.md has no link to {missing:?}");
}

/// A mark that something was to be filled in.
#[test]
fn nothing_is_left_to_be_filled_in() {
    for name in pages() {
        let text = page(&name);
        let is_mark = |line: &str| {
            line.starts_with("@@") && !line.contains(' ')
                || ["TODO", "TBD", "FIXME"].iter().any(|mark| line.contains(mark))
        };
        let mark = text.lines().find(|line| is_mark(line));
        assert!(mark.is_none(), "{name} holds {mark:?}");
    }
}
