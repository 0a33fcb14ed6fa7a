//! Whether a hook saw the call that started this process.

use super::Machine;
use crate::client::{self, Client, Inside, Process, Sign};
use crate::env;
use crate::guard::project_of;
use crate::guard::shell::{self, Word};
use crate::session::receipt::{self, ANSWERS, Claimant};
use crate::store::Store;

/// A client puts no more lines before a text.
const LINES: usize = 32;

/// A session whose hooks did not see this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unguarded {
    /// The session.
    pub inside: Inside,
}

/// The session around this process, when none of its hooks saw the call that started it.
pub fn unguarded(machine: &Machine<'_>) -> Option<Unguarded> {
    let clients = Client::all();
    let inside = client::inside(clients, machine.var, machine.ancestors)?;
    let client = clients.iter().find(|client| client.id == inside.platform)?;
    let shell = shell_of(client, machine.ancestors);
    let by_hand = text(shell).is_none_or(receipt::mentions);
    if !by_hand && inside.by == Sign::Ancestor {
        return None; // a program of the agent's started this with an environment of its own
    }
    let claimant = Claimant {
        client: inside.platform.clone(),
        session: inside.session.clone(),
        shell: shell.map_or((machine.parent(), 0), |shell| (shell.id, shell.started)),
        texts: text(shell).map(texts).unwrap_or_default(),
        words: own_words(),
        began: shell.and_then(|shell| client::began(shell.started)).unwrap_or(machine.now),
    };
    let seen = |store: &Store| {
        receipt::claim(store, &claimant) || !by_hand && receipt::answers(store, &claimant.client, ANSWERS)
    };
    let stores = machine.stores();
    if stores.iter().any(seen) { None } else { Some(Unguarded { inside }) }
}

impl Machine<'_> {
    /// The project's memory first: a command may have gone elsewhere before it called `so`.
    fn stores(&self) -> Vec<Store> {
        let Some(state) = &self.state else { return Vec::new() };
        let own = project_of(&self.cwd, Some(&self.roots.home)).map(|project| Store::of(state, &project));
        own.into_iter().chain(Store::all(state)).collect()
    }

    /// What is remembered of the project.
    pub fn store(&self) -> Option<Store> {
        let project = project_of(&self.cwd, Some(&self.roots.home))?;
        Some(Store::of(self.state.as_deref()?, &project))
    }

    fn parent(&self) -> u32 {
        self.ancestors.first().map_or_else(client::parent, |process| process.id)
    }
}

/// The shell that the client started for the call: the outermost process below the client that has the variables of
/// the client; where none is set, the one right below the client.
fn shell_of<'a>(client: &Client, ancestors: &'a [Process]) -> Option<&'a Process> {
    let below = |process: &&Process| !client.is_process(process);
    let marked = |process: &&Process| below(process) && client::carries(process.id, &client.session.env);
    let outermost = ancestors.iter().take_while(marked).last();
    outermost.or_else(|| {
        let at = ancestors.iter().position(|process| client.is_process(process))?;
        ancestors.get(at.checked_sub(1)?)
    })
}

/// What a shell may have been given to run, by the text it was started with: clients put a frame around it, or lines
/// before it.
fn texts(text: &str) -> Vec<String> {
    let script = shell::read(text);
    let words = script.commands.iter().flat_map(|command| &command.words).filter_map(Word::as_literal);
    let framed = words.filter(|word| receipt::mentions(word)).map(|word| receipt::hash(&word));
    let below = text.match_indices('\n').take(LINES).filter_map(|(at, _)| text.get(at + 1..));
    std::iter::once(text).chain(below).map(receipt::hash).chain(framed).collect()
}

/// The words of this very call.
fn own_words() -> Vec<String> {
    let words = env::args();
    let first = words.first().map(|first| receipt::words(&format!("{first} …")));
    std::iter::once(receipt::words(&words.join(" "))).chain(first).collect()
}

/// The text that a shell was started with.
fn text(process: Option<&Process>) -> Option<&str> {
    let args = &process?.args;
    let at = args.iter().position(|arg| matches!(arg.as_str(), "-c" | "-lc" | "-ic" | "-lic"))?;
    args.get(at + 1).map(String::as_str)
}
