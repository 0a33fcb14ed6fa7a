//! Is it the person who speaks?
//!
//! Two answers: for a prompt that a client's hook hands over, and for a command at a terminal. Both go by what the
//! system says of the processes above, which an agent cannot change for those that it did not start. They stop an
//! agent, not a program that hides where it came from; only the guard stands before that.

use std::fmt;
use std::path::Path;

use super::presence::{self, Presence};
use super::program;
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

/// Whether a process runs the program of the client that it is called after.
pub type IsProgram<'a> = &'a dyn Fn(&Client, &Process) -> bool;

/// Whether a person typed the prompt that a hook of `platform` has in hand, and into which process; `lineage` is the
/// hook's process and those above it, the nearest first. Where the system does not tell of processes, nothing speaks
/// against it.
pub fn typed(
    platform: &str,
    clients: &[Client],
    lineage: &[Process],
    is_program: IsProgram<'_>,
) -> Result<Option<presence::Process>, Why> {
    let Some(client) = clients.iter().find(|client| client.id == platform) else { return Err(Why::NoClient) };
    if lineage.is_empty() {
        return Ok(None);
    }
    let at = lineage.iter().position(|process| client.is_process(process)).ok_or(Why::NoClient)?;
    let (below, from) = lineage.split_at(at);
    let nearest = from.first().ok_or(Why::NoClient)?;
    if below.iter().any(|process| process.has_any(&client.session.shell)) || !is_hook(client, below, nearest)
    {
        return Err(Why::Shell);
    }
    // A launcher and the program it starts are one client.
    let own = from.iter().take_while(|process| client.is_process(process));
    let is_headless =
        own.flat_map(|process| &process.args).any(|word| client.session.headless.contains(word));
    let above = from.iter().skip_while(|process| client.is_process(process));
    let has_screen = nearest.has_terminal || from.iter().any(|process| program::editor(process).is_some());
    if is_headless || !has_screen {
        return Err(Why::Headless);
    }
    let nested = clients.iter().find(|outer| {
        from.iter().any(|process| process.has_any(&outer.session.env))
            || !outer.session.hosts_terminals && above.clone().any(|process| outer.is_process(process))
    });
    if let Some(outer) = nested {
        return Err(Why::Nested(outer.title.clone()));
    }
    // Last, because it may read megabytes.
    if is_program(client, nearest) { Ok(Some((nearest.id, nearest.started))) } else { Err(Why::NoClient) }
}

/// Whether these processes below a client are a hook that it has started, and the shell or launcher of it. The shell of
/// an agent is in a session of processes of its own, from which nobody comes back; where hooks have one too, nothing
/// stands between that does not name the hook.
fn is_hook(client: &Client, below: &[Process], at: &Process) -> bool {
    let Some(top) = below.last() else { return false };
    let session = if client.session.detaches_hooks { top.id } else { at.session };
    let names_it = format!("hook {}", client.id);
    below.iter().all(|process| process.session == session && process.args.join(" ").contains(&names_it))
}

/// [`typed`] for this very process. A client speaks with its hook through pipes: a hook that reads a file or writes one
/// was started by somebody else.
pub fn typed_here(platform: &str) -> Result<Option<presence::Process>, Why> {
    let is_spoken_with = |fd: u8| match std::fs::read_link(format!("/proc/self/fd/{fd}")) {
        Ok(end) => ["pipe:", "socket:"].iter().any(|kind| end.to_string_lossy().starts_with(kind)),
        Err(_) => !cfg!(target_os = "linux"),
    };
    if !is_spoken_with(0) || !is_spoken_with(1) {
        return Err(Why::Shell);
    }
    typed(platform, Client::all(), &client::lineage(), &program::is_of)
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

    /// `name args… | VAR VAR`; `@ ` before it has left the session, `! ` has no terminal, `? ` is another program.
    fn process(line: &str) -> Process {
        let marks = line.len() - line.trim_start_matches(['@', '!', '?', ' ']).len();
        let (marks, line) = line.split_at(marks);
        let (args, vars) = line.split_once(" | ").unwrap_or((line, ""));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let args = words(args);
        let name = args[0].rsplit('/').next().unwrap().to_owned();
        let (session, has_terminal) = (u32::from(marks.contains('@')), !marks.contains('!'));
        let exe = if marks.contains('?') { "/bin/other".into() } else { std::path::PathBuf::new() };
        Process { name, args, vars: words(vars), session, has_terminal, exe, ..Process::default() }
    }

    /// `so` and `sh` stand for the hook and its shell as the client starts them.
    fn of(platform: &str, lineage: &[&str]) -> Result<(), String> {
        let hook = format!("so hook {platform} Event");
        let meant = |line: &&str| {
            let (marks, rest) = line.strip_prefix("@ ").map_or(("", *line), |rest| ("@ ", rest));
            match rest {
                "so" => format!("{marks}{hook}"),
                "sh" => format!("{marks}sh -c {hook}"),
                _ => (*line).to_owned(),
            }
        };
        let mut lineage: Vec<_> = lineage.iter().map(meant).map(|line| process(&line)).collect();
        if let Some(client) = Client::of(platform).filter(|client| client.session.detaches_hooks)
            && let Some(at) = lineage.iter().position(|process| client.is_process(process))
        {
            let below = lineage.iter_mut().take(at).filter(|process| process.session == 0);
            below.for_each(|process| process.session = 7);
            lineage.iter_mut().take(at).last().into_iter().for_each(|top| top.id = 7);
        }
        let is_program = |_: &Client, process: &Process| process.exe.as_os_str().is_empty();
        typed(platform, Client::all(), &lineage, &is_program).map(|_| ()).map_err(|why| match why {
            Why::Nested(title) => format!("Nested {title}"),
            why => format!("{why:?}"),
        })
    }

    #[test]
    fn only_a_client_with_a_person_before_it_hands_over_what_was_typed() {
        let hook = "so hook claude UserPromptSubmit | CLAUDECODE CLAUDE_CODE_SESSION_ID CLAUDE_PROJECT_DIR";
        let shell = "so hook claude UserPromptSubmit | CLAUDECODE CLAUDE_CODE_EXECPATH";
        for (platform, lineage, expected) in [
            ("claude", &[hook, "sh -c so hook claude E | CLAUDECODE", "claude", "zsh", "tmux"][..], ""),
            ("claude", &["so", "sh", "claude", "zsh", "/opt/cursor/cursor"], ""),
            ("codex", &["so", "/x/codex | CODEX_MANAGED_BY_NPM", "node /x/bin/codex", "zsh"], ""),
            ("codex", &["so", "/x/codex app-server", "zsh"], ""),
            ("pi", &["so hook pi input | PI_CODING_AGENT", "pi", "zsh"], ""),
            ("cursor", &["so hook cursor beforeSubmitPrompt", "sh", "/opt/cursor/cursor"], ""),
            // An agent's shell.
            ("claude", &[shell, "bash -c eval | CLAUDECODE CLAUDE_CODE_EXECPATH", "claude", "zsh"], "Shell"),
            ("claude", &["so", "bash | CLAUDE_CODE_EXECPATH", "claude", "zsh"], "Shell"),
            ("codex", &["so hook codex UserPromptSubmit | CODEX_THREAD_ID", "/x/codex", "zsh"], "Shell"),
            ("cursor", &["so", "bash | CURSOR_AGENT", "/opt/cursor/cursor"], "Shell"),
            ("claude", &["so", "bash x.sh", "claude", "zsh"], "Shell"),
            ("claude", &["so", "@ sh", "claude", "zsh"], "Shell"),
            ("claude", &["@ so", "sh", "claude", "zsh"], "Shell"),
            ("codex", &["so", "bash -c . x.sh", "/x/codex", "zsh"], "Shell"),
            ("pi", &["so", "bash x.sh", "pi", "zsh"], "Shell"),
            ("pi", &["@ so hook pi input", "pi", "zsh"], "Shell"),
            // No client at all.
            ("cursor", &["so hook cursor beforeSubmitPrompt", "sh", "node /x/worker.js"], "NoClient"),
            ("cursor", &["@ so hook cursor beforeSubmitPrompt", "@ bash in.sh"], "NoClient"),
            ("claude", &["so", "? claude", "zsh"], "NoClient"),
            ("codex", &["so", "sh", "? /tmp/codex x.sh", "zsh"], "NoClient"),
            ("claude", &["so hook claude UserPromptSubmit", "bash", "sshd"], "NoClient"),
            ("codex", &["so", "bash", "claude"], "NoClient"),
            ("other", &["so", "bash"], "NoClient"),
            // Nobody before it.
            ("claude", &["so", "sh", "claude -p hello", "zsh"], "Headless"),
            ("codex", &["so", "/x/codex exec hi", "node /x/bin/codex exec hi", "cron"], "Headless"),
            ("codex", &["so", "/x/codex mcp-server", "zsh"], "Headless"),
            ("claude", &["so", "sh", "! claude", "! init"], "Headless"),
            ("codex", &["so", "! /x/codex app-server", "! bash"], "Headless"),
            // A client inside a client.
            ("claude", &["so", "sh", "claude | CLAUDECODE", "tmux"], "Nested Claude Code"),
            ("claude", &["so", "sh", "claude", "bash", "claude"], "Nested Claude Code"),
            ("claude", &["so", "sh", "claude", "bash | CODEX_THREAD_ID", "sshd"], "Nested Codex CLI"),
            ("pi", &["so", "pi | PI_CODING_AGENT", "bash"], "Nested Pi"),
            ("pi", &["so", "pi", "bash", "/x/codex"], "Nested Codex CLI"),
            ("cursor", &["so", "bash", "claude", "zsh"], "NoClient"),
            ("cursor", &["so", "/opt/cursor/cursor", "bash", "claude", "zsh"], "Nested Claude Code"),
        ] {
            let expected = if expected.is_empty() { Ok(()) } else { Err(expected.to_owned()) };
            assert_eq!(of(platform, lineage), expected, "{platform} {lineage:?}");
        }
        assert_eq!(of("claude", &[]), Ok(()), "a system that does not tell");
    }
}
