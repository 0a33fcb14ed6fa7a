//! Is it the person who speaks?
//!
//! Two answers: for a prompt that a client's hook hands over, and for a command at a terminal. Both go by what the
//! system says of the processes above, which an agent cannot change for those that it did not start. They stop an
//! agent, not a program that hides where it came from; only the guard stands before that.

use std::fmt;
use std::path::Path;

use super::presence::Presence;
use crate::client::{self, Client, Inside, Process};
use crate::store::Store;
use crate::{env, guard};

/// Why it cannot be taken for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The process that should have handed the prompt over is not above this one.
    NoClient,
    /// An agent's shell has started the hook.
    Shell,
    /// The client was started without a person before it.
    Headless,
    /// The client itself runs inside this one, by name.
    Nested(String),
    /// This is inside a session.
    Inside(Inside),
    /// Sessions are at work in the project, and there is no terminal to type on.
    NoTerminal,
    /// Something else was typed, or nothing.
    Declined,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoClient => f.write_str("no client has handed this prompt over"),
            Self::Shell => f.write_str("an agent's shell has sent this, not the person"),
            Self::Headless => f.write_str("this client runs without a person before it"),
            Self::Nested(title) => write!(f, "this client was started inside {title}, by its agent"),
            Self::Inside(inside) => write!(f, "this is inside a session of {}", inside.title),
            Self::NoTerminal => {
                f.write_str("agents are at work in this project, and there is no terminal to answer on")
            }
            Self::Declined => f.write_str("not confirmed"),
        }
    }
}

/// Whether a person typed the prompt that a hook of `platform` has in hand; `lineage` is the hook's process and those
/// above it, the nearest first. Where the system does not tell of processes, nothing speaks against it.
pub fn typed(platform: &str, clients: &[Client], lineage: &[Process]) -> Result<(), Why> {
    let Some(client) = clients.iter().find(|client| client.id == platform) else { return Err(Why::NoClient) };
    if lineage.is_empty() {
        return Ok(());
    }
    let at = lineage.iter().position(|process| client.is_process(process));
    let (below, from) = lineage.split_at(at.unwrap_or(lineage.len()));
    if below.iter().any(|process| process.has_any(&client.session.shell)) {
        return Err(Why::Shell);
    }
    if at.is_none() && !client.session.hosts_terminals {
        return Err(Why::NoClient);
    }
    // A launcher and the program it starts are one client.
    let own = from.iter().take_while(|process| client.is_process(process));
    if own.flat_map(|process| &process.args).any(|word| client.session.headless.contains(word)) {
        return Err(Why::Headless);
    }
    // Where the client's own process is not known by its name, any of these may stand above it.
    let above = if at.is_some() { from } else { lineage };
    let above = above.iter().skip_while(|process| client.is_process(process));
    let outer = clients.iter().find(|outer| {
        from.iter().any(|process| process.has_any(&outer.session.env))
            || !outer.session.hosts_terminals && above.clone().any(|process| outer.is_process(process))
    });
    outer.map_or(Ok(()), |outer| Err(Why::Nested(outer.title.clone())))
}

/// [`typed`] for this very process.
pub fn typed_here(platform: &str) -> Result<(), Why> {
    typed(platform, Client::all(), &client::lineage())
}

/// How much a caller outside all sessions has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: no session is at work in the project, so the caller is the person (also in scripts and CI).
    None,
    /// A phrase typed on the terminal.
    Phrase,
}

/// Whether this process is outside all sessions, and what it then has to show for `project`.
pub fn outside(project: &Path) -> Result<Proof, Why> {
    let clients = Client::all();
    let lineage = client::lineage();
    let above = lineage.get(1..).unwrap_or_default();
    if let Some(inside) = client::inside(clients, &env::var, above) {
        return Err(Why::Inside(inside));
    }
    if let Some(client) = marked(clients, above) {
        return Err(Why::Nested(client.title.clone()));
    }
    let project = guard::project_of(project, env::home().as_deref());
    let live =
        project.zip(env::state_dir()).map(|(project, state)| Presence::live(&Store::of(&state, &project)));
    Ok(if live.is_some_and(|live| live.is_empty()) { Proof::None } else { Proof::Phrase })
}

/// The client whose agent has started one of these processes.
fn marked<'a>(clients: &'a [Client], above: &[Process]) -> Option<&'a Client> {
    clients.iter().find(|client| above.iter().any(|process| process.has_any(&client.session.env)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name args… | VAR VAR`.
    fn process(line: &str) -> Process {
        let (args, vars) = line.split_once(" | ").unwrap_or((line, ""));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let args = words(args);
        let name = args[0].rsplit('/').next().unwrap().to_owned();
        Process { name, args, vars: words(vars), ..Process::default() }
    }

    fn of(platform: &str, lineage: &[&str]) -> Result<(), String> {
        let lineage: Vec<_> = lineage.iter().map(|line| process(line)).collect();
        typed(platform, Client::all(), &lineage).map_err(|why| match why {
            Why::Nested(title) => format!("Nested {title}"),
            why => format!("{why:?}"),
        })
    }

    #[test]
    fn only_a_client_with_a_person_before_it_hands_over_what_was_typed() {
        let hook = "so hook claude UserPromptSubmit | CLAUDECODE CLAUDE_CODE_SESSION_ID CLAUDE_PROJECT_DIR";
        let shell = "so hook claude UserPromptSubmit | CLAUDECODE CLAUDE_CODE_EXECPATH";
        for (platform, lineage, expected) in [
            ("claude", &[hook, "sh -c x | CLAUDECODE", "claude", "zsh", "tmux"][..], ""),
            ("claude", &["so", "sh", "claude", "zsh", "/opt/cursor/cursor"], ""),
            ("codex", &["so hook", "/x/codex | CODEX_MANAGED_BY_NPM", "node /x/bin/codex", "zsh"], ""),
            ("codex", &["so hook", "/x/codex app-server", "zsh"], ""),
            ("pi", &["so hook pi input | PI_CODING_AGENT", "pi", "zsh"], ""),
            ("cursor", &["so hook cursor beforeSubmitPrompt", "sh", "/opt/cursor/cursor"], ""),
            ("cursor", &["so hook cursor beforeSubmitPrompt", "sh", "node /x/worker.js"], ""),
            // An agent's shell.
            ("claude", &[shell, "bash -c eval | CLAUDECODE CLAUDE_CODE_EXECPATH", "claude", "zsh"], "Shell"),
            ("claude", &["so", "bash | CLAUDE_CODE_EXECPATH", "claude", "zsh"], "Shell"),
            ("codex", &["so hook codex UserPromptSubmit | CODEX_THREAD_ID", "/x/codex", "zsh"], "Shell"),
            ("cursor", &["so", "bash | CURSOR_AGENT", "/opt/cursor/cursor"], "Shell"),
            // No client at all.
            ("claude", &["so hook claude UserPromptSubmit", "bash", "sshd"], "NoClient"),
            ("codex", &["so", "bash", "claude"], "NoClient"),
            ("other", &["so", "bash"], "NoClient"),
            // Nobody before it.
            ("claude", &["so", "sh", "claude -p hello", "zsh"], "Headless"),
            ("codex", &["so", "/x/codex exec hi", "node /x/bin/codex exec hi", "cron"], "Headless"),
            ("codex", &["so", "/x/codex mcp-server", "zsh"], "Headless"),
            // A client inside a client.
            ("claude", &["so", "sh", "claude | CLAUDECODE", "tmux"], "Nested Claude Code"),
            ("claude", &["so", "sh", "claude", "bash", "claude"], "Nested Claude Code"),
            ("claude", &["so", "sh", "claude", "bash | CODEX_THREAD_ID", "sshd"], "Nested Codex CLI"),
            ("pi", &["so", "pi | PI_CODING_AGENT", "bash"], "Nested Pi"),
            ("pi", &["so", "pi", "bash", "/x/codex"], "Nested Codex CLI"),
            ("cursor", &["so", "bash", "claude", "zsh"], "Nested Claude Code"),
        ] {
            let expected = if expected.is_empty() { Ok(()) } else { Err(expected.to_owned()) };
            assert_eq!(of(platform, lineage), expected, "{platform} {lineage:?}");
        }
        assert_eq!(of("claude", &[]), Ok(()), "a system that does not tell");
    }
}
