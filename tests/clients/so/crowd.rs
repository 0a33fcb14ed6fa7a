//! Our descriptions still reach the model when the person has thirty skills of other authors.
//!
//! Codex and Pi list whatever there is. Claude Code gives the list a hundredth of the model's context, in which its
//! own skills come first and uncut; what is left goes to the most used ones, then in order: the person's skills,
//! the project's, each plugin's in the order of enabling. Whatever does not fit stays as a bare name.

use std::path::Path;

use super::super::claude::Claude;
use super::super::codex::Codex;
use super::super::model_server::ModelServer;
use super::super::model_server::script::{Script, Step};
use super::super::process::run;
use super::super::sandbox::{Sandbox, write};
use super::super::{Client, Platform, Turn, fixture};
use super::{Installed, Scope, names};

const TOPICS: [&str; 30] = [
    "invoices",
    "translations",
    "spreadsheets",
    "slide decks",
    "release notes",
    "log files",
    "terraform modules",
    "docker images",
    "database indexes",
    "css layouts",
    "email campaigns",
    "contracts",
    "survey results",
    "maps",
    "audio transcripts",
    "video captions",
    "recipes",
    "travel plans",
    "job descriptions",
    "tax forms",
    "api clients",
    "regular expressions",
    "charts",
    "unit conversions",
    "genealogy files",
    "music scores",
    "chess games",
    "crossword grids",
    "greenhouse plans",
    "bicycle repairs",
];

/// Thirty skills with descriptions of 300 characters each.
fn crowd(root: &Path) {
    for topic in TOPICS {
        let name = topic.replace(' ', "-");
        let text = format!(
            "Use when the person works with {topic}: reads, checks, cleans and converts {topic}, finds mistakes in \
             {topic}, compares two versions, explains what changed and why, writes a summary for people who have \
             little time, and keeps to the style guide of the house. Also for questions about {topic} in general, \
             old ones and new ones, large ones and small ones, and everything that lies in between them"
        );
        let description: String = text.chars().take(300).collect();
        let text = format!("---\nname: {name}\ndescription: \"{description}\"\n---\n\nWork with {topic}.\n");
        write(&root.join(&name).join("SKILL.md"), &text);
    }
}

/// What the model of one turn that says nothing is told.
fn told(sandbox: &Sandbox, client: impl FnOnce(&ModelServer) -> Turn) -> ModelServer {
    let model = ModelServer::start(sandbox, [Script::always([Step::say("played")])]);
    client(&model).ended_with("played");
    model
}

/// The names whose descriptions the model was not told.
fn unheard<'a>(installed: &'a Installed, model: &ModelServer) -> Vec<&'a str> {
    let unheard = installed.offered().filter(|item| !model.was_told(&item.description));
    unheard.map(|item| item.name.as_str()).collect()
}

fn assert_heard(name: &str, platform: Platform, scope: Scope, root: &str) {
    let sandbox = Sandbox::new(name);
    crowd(&sandbox.home.join(root));
    let installed = Installed::new(&sandbox, platform, scope);
    if platform == Platform::Codex {
        Codex::offline(&sandbox).trust_project(); // without it there are no roles
    }
    let model = told(&sandbox, |model| platform.open(&sandbox, model).turn("play"));
    assert!(TOPICS.iter().all(|topic| model.was_told(topic)), "the crowd is not heard of");
    assert_eq!(unheard(&installed, &model), [""; 0]);
}

/// A newer model has the least room: the client counts three characters to a token there, not four.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_hears_us_in_the_smallest_room() {
    for scope in [Scope::Default, Scope::Project] {
        let sandbox = Sandbox::new(&format!("so-room-claude-{scope:?}"));
        let installed = Installed::new(&sandbox, Platform::Claude, scope);
        let model =
            told(&sandbox, |model| Claude::new(&sandbox, model).with_model("claude-sonnet-5").turn("play"));
        assert_eq!(unheard(&installed, &model), [""; 0]);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_hears_us_before_plugins_that_came_later() {
    let sandbox = Sandbox::new("so-crowd-claude-plugin");
    let installed = Installed::new(&sandbox, Platform::Claude, Scope::Default);
    crowd(&fixture::claude_market(&sandbox, "{\"hooks\":{}}").join("skills"));
    let market = sandbox.root.join("market");
    for arguments in [["marketplace", "add", market.to_str().unwrap()].as_slice(), &["install", "hand@hand"]]
    {
        let arguments = [&["plugin"], arguments].concat();
        run(&mut Claude::offline(&sandbox).command(&arguments)).success();
    }
    let model = told(&sandbox, |model| Claude::new(&sandbox, model).turn("play"));
    assert!(TOPICS.iter().all(|topic| model.was_told(&format!("hand:{}", topic.replace(' ', "-")))));
    assert_eq!(unheard(&installed, &model), [""; 0]);
}

/// The person's own skills come before any plugin's: beside thirty of them ours are bare names until they have
/// been used once. Agents are listed elsewhere, and never cut.
#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_hears_of_what_was_used_in_a_crowd() {
    for (scope, prefix) in [(Scope::Default, "so:"), (Scope::Project, "")] {
        let sandbox = Sandbox::new(&format!("so-crowd-claude-{scope:?}"));
        crowd(&sandbox.home.join(".claude/skills"));
        let installed = Installed::new(&sandbox, Platform::Claude, scope);
        let offered = || installed.skills.iter().filter(|skill| !skill.user_only);
        let mut steps: Vec<_> = names(offered(), prefix)
            .into_iter()
            .map(|name| Step::Skill { name, arguments: String::new() })
            .collect();
        steps.push(Step::say("played"));
        let model = ModelServer::start(&sandbox, [Script::always(steps)]);
        Claude::new(&sandbox, &model).turn("play").ended_with("played");
        for name in names(offered(), &format!("\n- {prefix}")) {
            assert!(model.was_told(&name), "{name}");
        }
        for agent in &installed.agents {
            assert!(model.was_told(&agent.description), "{}", agent.name);
        }

        let model = told(&sandbox, |model| Claude::new(&sandbox, model).turn("play"));
        assert_eq!(unheard(&installed, &model), [""; 0]);
    }
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_hears_us_in_a_crowd() {
    assert_heard("so-crowd-codex", Platform::Codex, Scope::Default, ".agents/skills");
    assert_heard("so-crowd-codex-project", Platform::Codex, Scope::Project, ".agents/skills");
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_hears_us_in_a_crowd() {
    assert_heard("so-crowd-pi", Platform::Pi, Scope::Default, ".pi/agent/skills");
    assert_heard("so-crowd-pi-project", Platform::Pi, Scope::Project, ".pi/agent/skills");
}
