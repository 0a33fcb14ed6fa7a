//! docs/components.md: everything in our tree, and what each client gets of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use so::compile::model::{Access, Item, Kind, Plugin};
use so::compile::platform::{Platform, Scope, Target};
use so::hook::checks::{self, OnFailure};

use super::assert_page;
use crate::compiled::{emit, files, parse, platforms};

#[test]
fn the_page_of_components_says_what_the_tree_says() {
    assert_page("components.md", &page(&parse("."), &platforms()));
}

fn of(plugin: &Plugin, kind: Kind) -> impl Iterator<Item = &Item> {
    plugin.items.iter().filter(move |item| item.kind == kind)
}

fn page(plugin: &Plugin, platforms: &[Platform]) -> String {
    let count = |kind| of(plugin, kind).count();
    let mut page = format!(
        "# Components\n\n{} skills, {} commands, {} agents, {} styles and {} checks of hooks. Each is written once, in \
         the folder of its kind, and compiled for each client. What a client cannot do is left out of its text.\n",
        count(Kind::Skill),
        count(Kind::Command),
        count(Kind::Agent),
        count(Kind::Style),
        checks::ALL.len(),
    );
    named(&mut page, plugin, platforms);
    opened(&mut page, plugin);
    agents(&mut page, plugin);
    if count(Kind::Style) > 0 {
        list(&mut page, "Styles", "A form for answers; Claude Code alone has them.", of(plugin, Kind::Style));
    }
    if count(Kind::Rule) > 0 {
        list(
            &mut page,
            "Rules",
            "Text that is always there, or when matching files are.",
            of(plugin, Kind::Rule),
        );
    }
    checks_of_hooks(&mut page);
    places(&mut page, plugin, platforms);
    page
}

fn list<'a>(page: &mut String, title: &str, about: &str, items: impl Iterator<Item = &'a Item>) {
    let _ = write!(page, "\n## {title}\n\n{about}\n\n| | |\n|---|---|\n");
    for item in items {
        let _ = writeln!(page, "| `{}` | {} |", item.name, item.description);
    }
}

/// What a person types on each client.
fn named(page: &mut String, plugin: &Plugin, platforms: &[Platform]) {
    page.push_str("\n## What a person opens by name\n\n| |");
    for platform in platforms {
        let _ = write!(page, " {} |", platform.title);
    }
    let _ = writeln!(page, "\n|---|{}", "---|".repeat(platforms.len()));
    let by_name =
        |item: &&Item| item.kind == Kind::Command || item.kind == Kind::Skill && item.user_invocable;
    for item in plugin.items.iter().filter(by_name) {
        let _ = write!(page, "| {} |", item.description);
        for platform in platforms {
            let scope = platform.default_scope();
            let name = platform.emitted_name(scope, Kind::Command, &item.name);
            let spelled = &platform.names[&scope].command;
            let spelled = spelled.replace("{{ plugin }}", &plugin.manifest.name).replace("{{ name }}", &name);
            let _ = write!(page, " `{spelled}` |");
        }
        page.push('\n');
    }
}

/// Skills by who opens them.
fn opened(page: &mut String, plugin: &Plugin) {
    let (model, person): (Vec<_>, Vec<_>) = of(plugin, Kind::Skill).partition(|item| !item.user_only);
    list(
        page,
        "Skills that the model opens when their occasion comes",
        "A person may open them too.",
        model.into_iter(),
    );
    list(page, "Skills that wait for the person", "The model is not told of them.", person.into_iter());
}

fn agents(page: &mut String, plugin: &Plugin) {
    page.push_str(
        "\n## Agents\n\nEach ends with a report that is held against its schema (`schemas/reports/`). Pi has no agents \
         of its own.\n\n| agent | may | when |\n|---|---|---|\n",
    );
    for item in of(plugin, Kind::Agent) {
        let access = if item.access == Access::Write { "write" } else { "read" };
        let _ = writeln!(page, "| `{}` | {access} | {} |", item.name, item.description);
    }
}

fn checks_of_hooks(page: &mut String) {
    page.push_str(
        "\n## Checks of hooks\n\nAll checks of an event run in one process. What a check cannot judge is refused \
         (closed) or goes on (open). Which events each client tells: `so platforms`.\n\n\
         | check | on | cannot judge | does |\n|---|---|---|---|\n",
    );
    for check in checks::ALL {
        let events: Vec<_> = check.events.iter().map(|event| event.name()).collect();
        let failure = if check.on_failure == OnFailure::Closed { "closed" } else { "open" };
        let _ = writeln!(page, "| `{}` | {} | {failure} | {} |", check.name, events.join(", "), check.about);
    }
}

/// Where the files of one item of each kind go, by scope.
fn places(page: &mut String, plugin: &Plugin, platforms: &[Platform]) {
    page.push_str(
        "\n## Where they go\n\n`so install` shows every path before it writes. NAME is the item; `~` is the person's \
         home, `…` the directory of `so` below it (`~/.local/share/so`). With scope user, the \
         client's own settings name our directory too: the client's page shows the keys. What stands in a file of \
         yours is merged by key and taken out again by `so uninstall`.\n",
    );
    for platform in platforms {
        for scope in &platform.scopes {
            let _ = writeln!(page, "\n### {}, scope {scope}\n", platform.title);
            paths(page, plugin, platform, *scope, platforms);
        }
    }
}

fn paths(page: &mut String, plugin: &Plugin, platform: &Platform, scope: Scope, known: &[Platform]) {
    let set = files(&emit(plugin, &[Target { platform, scope }], known));
    let mut seen = BTreeSet::new();
    for path in set.keys() {
        let shown = ["home/", "package/"].iter().zip(["~/", "…/"]);
        let mut path = shown
            .clone()
            .find_map(|(root, sign)| Some(format!("{sign}{}", path.strip_prefix(root)?)))
            .unwrap_or_else(|| path.clone());
        // The longest name first: `plan` is part of `session-plan`.
        let mut items: Vec<&Item> = plugin.items.iter().collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.name.len()));
        for item in items {
            let name = platform.emitted_name(scope, Kind::Command, &item.name);
            for name in [name.as_str(), item.name.as_str()] {
                path = path.replace(&format!("/{name}/"), "/NAME/").replace(&format!("/{name}."), "/NAME.");
            }
        }
        if path.contains("/references/") {
            continue;
        }
        seen.insert(path);
    }
    for path in seen {
        let _ = writeln!(page, "- `{path}`");
    }
}
