//! Which client's session this process runs inside of, if any.
//!
//! Responsible for: what `platforms/*.toml` says about sessions (`[session]`), this process's ancestors, and the one
//! answer that everything else takes. Must not: say what follows from it. A process may lie about its own
//! environment, so an answer of `None` proves a person only together with [`ancestors`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::{embedded, env};

/// How a program sees that it runs inside a session of the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Signs {
    /// Variables that the client sets for what its agent runs; one is enough.
    pub env: Vec<String>,
    /// Those of them that hold the session's id, the first that is set.
    pub id: Vec<String>,
    /// What its process is called.
    pub programs: Vec<String>,
    /// Variables that it sets for its agent's shell and for nothing else: not for hooks.
    pub shell: Vec<String>,
    /// Words of its command line that say that no person sits before it.
    pub headless: Vec<String>,
    /// Its process also starts terminals that a person types into: an ancestor alone proves no agent.
    pub hosts_terminals: bool,
    /// It gives each hook a session of processes of its own.
    pub detaches_hooks: bool,
    /// By what its program is told from another of its name.
    pub proof: Proof,
}

/// By what a client's program is told from another of its name; one is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Proof {
    /// A text that stands in the program itself.
    pub holds: String,
    /// The npm package of a script that node runs.
    pub package: String,
    /// It hides from the system which script that is, behind its own name.
    pub renames_itself: bool,
    /// `applicationName` of an editor.
    pub editor: String,
}

/// What a platform's file says beside how things are compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Client {
    /// The platform's id.
    #[serde(skip)]
    pub id: String,
    /// The client's own name.
    pub title: String,
    /// The file in which a project talks to it.
    pub instruction_file: String,
    /// What no hook of ours is shown.
    pub unseen: String,
    /// Sizes that it cuts at.
    pub limits: Limits,
    /// How a program sees that it runs inside of it.
    pub session: Signs,
    /// What a person calls things, by the scope of the install.
    pub names: BTreeMap<String, Names>,
}

/// How a person calls things in a client, as templates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Names {
    /// A command.
    pub command: String,
}

/// Sizes that a client cuts at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of instruction files that it reads.
    pub instructions: Option<u64>,
}

/// The session that this process runs inside of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The platform's id.
    pub platform: String,
    /// The client's own name.
    pub title: String,
    /// The client's session, where the environment names it.
    pub session: Option<String>,
    /// What showed it.
    pub by: Sign,
}

/// What shows that a process runs inside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A variable that the client sets for its agent.
    Environment,
    /// The client is among the ancestors, and no variable says so.
    Ancestor,
}

/// One process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: u32,
    /// When it started, in the kernel's ticks since boot.
    pub started: u64,
    /// Its name, as the kernel keeps it.
    pub name: String,
    /// Its command line.
    pub args: Vec<String>,
    /// The names of the variables that it was started with; none where the system does not tell.
    pub vars: Vec<String>,
    /// The file that it runs; empty where the system does not tell.
    pub exe: PathBuf,
    /// The session of processes that it belongs to: one that has left it never comes back.
    pub session: u32,
    /// It has a terminal.
    pub has_terminal: bool,
}

impl Process {
    /// Whether it was started with one of these variables.
    pub fn has_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.vars.contains(name))
    }
}

impl Client {
    /// All clients, sorted by id. A file that cannot be read is left out; tests see to it that all can.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Client>> = OnceLock::new();
        ALL.get_or_init(Self::parse_all)
    }

    fn parse_all() -> Vec<Self> {
        let parse = |(file, text): (&str, &str)| {
            let client = serde_json::from_str::<Self>(text).ok()?;
            Some(Self { id: file.strip_suffix(".json")?.to_owned(), ..client })
        };
        embedded::texts("platforms").into_iter().filter_map(parse).collect()
    }

    /// The client with this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        Self::all().iter().find(|client| client.id == id)
    }

    /// What a person types for a command of ours: first for the default scope, then for a project's own files.
    pub fn spellings(&self, command: &str) -> Vec<String> {
        let scopes = ["user", "project"].into_iter().filter_map(|scope| self.names.get(scope));
        let spell =
            |names: &Names| names.command.replace("{{ plugin }}", "so").replace("{{ name }}", command);
        scopes.map(spell).collect()
    }

    /// Whether `process` is this client's own.
    pub fn is_process(&self, process: &Process) -> bool {
        const RUNTIMES: [&str; 3] = ["node", "bun", "deno"];
        let called = |name: &str| self.session.programs.iter().any(|program| program == name);
        let mut args = process.args.iter().map(|arg| base(arg));
        let program = args.next().unwrap_or_default();
        let runs = RUNTIMES.contains(&program) || RUNTIMES.contains(&process.name.as_str());
        let script = args.find(|arg| !arg.starts_with('-')).unwrap_or_default();
        called(&process.name) || called(program) || runs && called(script)
    }

    fn id_in(&self, var: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        self.session.id.iter().find_map(|name| var(name))
    }
}

fn base(arg: &str) -> &str {
    Path::new(arg).file_name().and_then(|name| name.to_str()).unwrap_or(arg)
}

/// The session around this very process.
pub fn here() -> Option<Inside> {
    inside(Client::all(), &env::var, &ancestors())
}

/// The session around a process with these variables and `ancestors`, the nearest first. Of clients inside clients
/// the innermost counts whose variables are set: every client sets them for its agent.
pub fn inside(
    clients: &[Client],
    var: &dyn Fn(&str) -> Option<String>,
    ancestors: &[Process],
) -> Option<Inside> {
    let is_set = |client: &&Client| client.session.env.iter().any(|name| var(name).is_some());
    let of = |client: &Client, by: Sign| Inside {
        platform: client.id.clone(),
        title: client.title.clone(),
        session: client.id_in(var),
        by,
    };
    let nearest = among(clients, ancestors).into_iter().next();
    if let Some(client) = nearest.filter(is_set) {
        return Some(of(client, Sign::Environment));
    }
    let marked = clients.iter().find(is_set).map(|client| of(client, Sign::Environment));
    let proof = nearest.filter(|client| !client.session.hosts_terminals);
    marked.or_else(|| proof.map(|client| of(client, Sign::Ancestor)))
}

/// The clients among `ancestors`, the innermost first; more than one when a client runs inside another.
pub fn among<'a>(clients: &'a [Client], ancestors: &[Process]) -> Vec<&'a Client> {
    let of = |process: &Process| clients.iter().find(|client| client.is_process(process));
    ancestors.iter().filter_map(of).collect()
}

/// The processes above this one, the nearest first; none where the system does not tell (other than Linux).
pub fn ancestors() -> Vec<Process> {
    lineage().into_iter().skip(1).collect()
}

/// This process and those above it, the nearest first; none where the system does not tell (other than Linux).
pub fn lineage() -> Vec<Process> {
    let mut found = Vec::new();
    let mut next = Some(std::process::id());
    while let Some((parent, above)) = next.filter(|id| *id > 1 && found.len() < 64).and_then(process) {
        found.push(parent);
        next = Some(above);
    }
    found
}

/// Whether the process `id` was started with one of the variables; never where the system does not tell.
pub fn carries(id: u32, names: &[String]) -> bool {
    let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let is_one = |variable: &[u8]| {
        let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
        names.iter().any(|wanted| wanted.as_bytes() == name)
    };
    environment.split(|byte| *byte == 0).any(is_one)
}

/// When a process that started so many ticks after boot began, in milliseconds since 1970 (Linux only).
pub fn began(started: u64) -> Option<u64> {
    /// Of the kernel's interface, whatever the kernel's own.
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot * 1000 + started * 1000 / TICKS)
}

/// The id of the process that started this one; 0 where the system does not tell.
pub fn parent() -> u32 {
    #[cfg(unix)]
    return std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    return 0;
}

/// One process and its parent's id.
fn process(id: u32) -> Option<(Process, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything.
    let (before, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    let has_terminal = fields.next()? != "0";
    let started = fields.nth(14)?.parse().ok()?;
    let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    let args = line.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect();
    let name = before.split_once('(')?.1.to_owned();
    let vars = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let name_of =
        |var: &[u8]| var.split(|byte| *byte == b'=').next().map(String::from_utf8_lossy).map(Into::into);
    let vars =
        vars.split(|byte| *byte == 0).filter_map(name_of).filter(|name: &String| !name.is_empty()).collect();
    let exe = std::fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
    Some((Process { id, started, name, args, vars, exe, session, has_terminal }, parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &str) -> Process {
        let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
        Process { name: base(&args[0]).chars().take(15).collect(), args, ..Process::default() }
    }

    fn seen(vars: &[&str], above: &[&str]) -> Option<(String, Option<String>, Sign)> {
        let var = |name: &str| {
            vars.iter().find_map(|var| Some(var.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        };
        let above: Vec<_> = above.iter().map(|args| line(args)).collect();
        inside(Client::all(), &var, &above).map(|inside| (inside.platform, inside.session, inside.by))
    }

    #[test]
    fn every_platform_says_how_it_is_seen() {
        let clients = Client::all();
        assert_eq!(clients.len(), embedded::texts("platforms").len());
        for client in clients {
            let Signs { env, id, programs, .. } = &client.session;
            assert!(!env.is_empty() && !programs.is_empty(), "{}", client.id);
            assert!(id.iter().all(|name| env.contains(name)), "{}", client.id);
        }
    }

    #[test]
    fn the_innermost_client_counts() {
        let is = |platform: &str, session: Option<&str>, by| {
            Some((platform.to_owned(), session.map(str::to_owned), by))
        };
        for (vars, above, expected) in [
            (&[][..], &["bash", "sshd"][..], None),
            (&["CLAUDECODE=1", "CLAUDE_CODE_SESSION_ID=s"], &[], is("claude", Some("s"), Sign::Environment)),
            (
                &["CODEX_THREAD_ID=t"],
                &["bash", "/x/codex exec hi"],
                is("codex", Some("t"), Sign::Environment),
            ),
            (&[], &["sh -c x", "claude"], is("claude", None, Sign::Ancestor)),
            (&[], &["node --no-warnings /x/bin/pi -p hi"], is("pi", None, Sign::Ancestor)),
            (
                &["CLAUDECODE=1", "CODEX_THREAD_ID=t"],
                &["sh", "/x/codex", "bash", "claude"],
                is("codex", Some("t"), Sign::Environment),
            ),
            (&["PI_CODING_AGENT=true"], &["claude"], is("pi", None, Sign::Environment)),
            // A person types into the terminals of an editor; its agent has a variable.
            (&[], &["zsh", "/opt/cursor/cursor"], None),
            (&["CURSOR_AGENT=1"], &["zsh", "/opt/cursor/cursor"], is("cursor", None, Sign::Environment)),
            (&[], &["less /notes/pi", "vim claude"], None),
        ] {
            assert_eq!(seen(vars, above), expected, "{vars:?} {above:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_has_ancestors() {
        assert!(ancestors().iter().all(|process| process.id > 1 && !process.name.is_empty()));
        assert!(process(std::process::id()).unwrap().0.started > 0);
    }
}
