//! What the model shall do, said once for all clients: [`Step`]s name an intention, and the tools that a
//! request offers decide how it is spelled (`Bash`, `bash`, `exec_command`, …).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::protocol::{Answer, Conversation, Tool};

/// The steps for the conversations whose user text contains `when`.
pub(crate) struct Script {
    when: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A command for whichever shell tool there is.
    Shell(String),
    /// A new file, by the client's own editing tool. The path is absolute, as Claude demands.
    Write { path: PathBuf, text: String },
    /// One replacement in a file that the session has read or written before, as Claude demands.
    Edit { path: PathBuf, old: String, new: String },
    /// A patch in Codex's format; through the shell where the model has no `apply_patch` tool.
    Patch(String),
    /// A subagent. Its prompt should contain the `when` of the script it is to follow.
    Spawn { agent: String, prompt: String },
    /// Waits for the subagent with this number, from 0; does nothing where `Spawn` itself waits. Codex waits for any
    /// one of several, so each has a wait of its own.
    Wait(usize),
    /// The model's own call of a skill. Only Claude has a tool for it.
    Skill { name: String, arguments: String },
    /// The end of the turn.
    Say(String),
}

/// A tool's argument: most take an object, some plain text.
enum Input {
    Object(Value),
    Text(String),
}

impl Script {
    /// For conversations that contain `when`. Put it before [`Script::always`]: the first that fits wins.
    pub(crate) fn when(when: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        Self { when: when.into(), steps: steps.into_iter().collect() }
    }

    pub(crate) fn always(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::when("", steps)
    }

    pub(crate) fn fits(&self, conversation: &Conversation) -> bool {
        conversation.user.contains(&self.when)
    }

    /// The step that follows the ones already answered; the last step is repeated.
    ///
    /// A finished step shows as one tool result, or as its own words when it was a `Say` and the turn was
    /// continued: by a hook on Stop, or by a second prompt.
    pub(crate) fn next(&self, conversation: &Conversation) -> Answer {
        let said = conversation.said.iter().filter(|text| self.says(text)).count();
        let done = conversation.results.len() + said;
        match self.steps.get(done).or(self.steps.last()) {
            Some(step) => step.answer(conversation),
            None => Answer::Say("the script is empty".into()),
        }
    }

    fn says(&self, text: &str) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Say(words) if words == text))
    }
}

impl Step {
    /// Shorthand for [`Step::Shell`].
    pub(crate) fn shell(command: impl Into<String>) -> Self {
        Self::Shell(command.into())
    }

    /// Shorthand for [`Step::Say`].
    pub(crate) fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    /// Uses the first spelling whose tool is offered. Having none ends the turn with words that no script
    /// contains, so that a test which looks for its own last words fails and shows them.
    fn answer(&self, conversation: &Conversation) -> Answer {
        if let Self::Say(text) = self {
            return Answer::Say(text.clone());
        }
        for (name, input) in self.spellings(conversation) {
            let Some(tool) = conversation.tool(name).cloned() else { continue };
            return match input {
                Input::Object(input) => Answer::Call { tool, input },
                Input::Text(input) => Answer::Freeform { tool, input },
            };
        }
        let offered: Vec<_> = conversation.tools.iter().map(|tool| tool.name.as_str()).collect();
        Answer::Say(format!("no tool for {self:?} among {}", offered.join(", ")))
    }

    /// Tool names of Claude Code, Pi and Codex, with the input that each expects.
    fn spellings(&self, conversation: &Conversation) -> Vec<(&'static str, Input)> {
        match self {
            Self::Shell(command) => shell(command),
            Self::Write { path, text } => {
                let mut ways = vec![
                    ("Write", Input::Object(json!({"file_path": path, "content": text}))),
                    ("write", Input::Object(json!({"path": path, "content": text}))),
                ];
                ways.extend(patch(&added(path, text)));
                ways
            }
            Self::Edit { path, old, new } => {
                let swap = json!([{"oldText": old, "newText": new}]);
                let mut ways = vec![
                    ("Edit", Input::Object(json!({"file_path": path, "old_string": old, "new_string": new}))),
                    ("edit", Input::Object(json!({"path": path, "edits": swap}))),
                ];
                ways.extend(patch(&updated(path, old, new)));
                ways
            }
            Self::Patch(text) => patch(text),
            Self::Spawn { agent, prompt } => vec![
                (
                    "Agent",
                    Input::Object(json!({"description": "sub", "prompt": prompt, "subagent_type": agent})),
                ),
                ("spawn_agent", Input::Object(json!({"message": prompt, "agent_type": agent}))),
            ],
            Self::Wait(number) => {
                let agent: Vec<_> = agents(conversation).into_iter().skip(*number).take(1).collect();
                let targets = json!({"targets": agent, "timeout_ms": 20_000});
                let mut ways = vec![("wait_agent", Input::Object(targets))];
                ways.extend(shell("true"));
                ways
            }
            Self::Skill { name, arguments } => {
                vec![("Skill", Input::Object(json!({"skill": name, "args": arguments})))]
            }
            Self::Say(_) => Vec::new(),
        }
    }
}

fn shell(command: &str) -> Vec<(&'static str, Input)> {
    let in_code_mode = format!("text(await tools.exec_command({}))", json!({"cmd": command}));
    vec![
        ("Bash", Input::Object(json!({"command": command, "description": "scripted"}))),
        ("bash", Input::Object(json!({"command": command}))),
        ("exec_command", Input::Object(json!({"cmd": command}))),
        ("exec", Input::Text(in_code_mode)),
    ]
}

/// Codex puts an `apply_patch` program on its shell's path for the models that have no such tool.
fn patch(text: &str) -> Vec<(&'static str, Input)> {
    let mut ways = vec![("apply_patch", Input::Text(text.into()))];
    ways.extend(shell(&format!("apply_patch <<'END_OF_PATCH'\n{text}END_OF_PATCH")));
    ways
}

fn added(path: &Path, text: &str) -> String {
    let lines = text.trim_end_matches('\n').replace('\n', "\n+");
    format!("*** Begin Patch\n*** Add File: {}\n+{lines}\n*** End Patch\n", path.display())
}

fn updated(path: &Path, old: &str, new: &str) -> String {
    format!("*** Begin Patch\n*** Update File: {}\n@@\n-{old}\n+{new}\n*** End Patch\n", path.display())
}

/// The ids that Codex gave its subagents: each `spawn_agent` result is an object with an `agent_id`.
fn agents(conversation: &Conversation) -> Vec<Value> {
    let results = conversation.results.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    results.filter_map(|result| result.get("agent_id").cloned()).collect()
}

fn with_tools(names: &[&str]) -> Conversation {
    let tools = names.iter().map(|name| Tool { name: (*name).into(), namespace: None }).collect();
    Conversation { user: "please SUB".into(), tools, ..Default::default() }
}

#[test]
fn the_tools_on_offer_decide_the_spelling() {
    for (tool, key) in [("Bash", "command"), ("bash", "command"), ("exec_command", "cmd")] {
        let Answer::Call { input, .. } = Step::shell("ls").answer(&with_tools(&[tool])) else {
            panic!("{tool} was not called")
        };
        assert_eq!(input[key], "ls");
    }
}

#[test]
fn a_result_or_a_continued_say_moves_on() {
    let script = Script::always([Step::shell("ls"), Step::say("done"), Step::say("again")]);
    let mut conversation = with_tools(&["bash"]);
    assert!(matches!(script.next(&conversation), Answer::Call { .. }));
    conversation.results.push("a b".into());
    assert_eq!(script.next(&conversation), Answer::Say("done".into()));
    conversation.said.extend(["not ours".into(), "done".into()]);
    assert_eq!(script.next(&conversation), Answer::Say("again".into()));
}

#[test]
fn no_tool_says_so() {
    let step = Step::Skill { name: "plan".into(), arguments: String::new() };
    let Answer::Say(text) = step.answer(&with_tools(&["bash"])) else { panic!("it called something") };
    assert!(text.starts_with("no tool for Skill"), "{text}");
}

#[test]
fn a_script_fits_by_its_words() {
    assert!(Script::when("SUB", []).fits(&with_tools(&[])));
    assert!(!Script::when("OTHER", []).fits(&with_tools(&[])));
    assert!(Script::always([]).fits(&with_tools(&[])));
}
