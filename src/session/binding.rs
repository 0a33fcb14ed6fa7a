//! Which agent works on which task of the open wave. It stands outside the tree, where no agent writes.
//!
//! An agent is bound when a hook sees it run `so task start ID`. A dispatch counts for a minute, until the agent that
//! was sent has said so itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::presence::Presence;
use super::scope::Scope;
use crate::store::Store;

const FILE: &str = "bindings.json";
/// How long a dispatched task counts as taken before its agent has spoken, in milliseconds.
const DISPATCHED: u64 = 60_000;

/// One who works: a subagent, or without one the session itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worker<'a> {
    /// The platform's id.
    pub platform: &'a str,
    /// The client's session.
    pub session: &'a str,
    /// The subagent.
    pub agent: Option<&'a str>,
}

impl Worker<'_> {
    fn key(self) -> String {
        format!("{} {} {}", self.platform, self.session, self.agent.unwrap_or_default())
    }
}

/// All of a working tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bindings {
    bound: BTreeMap<String, Bound>,
    /// Tasks that an agent was sent for, and when.
    sent: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bound {
    task: String,
    wave: u32,
}

impl Bindings {
    /// What is known of a working tree.
    pub fn read(store: &Store) -> Self {
        serde_json::from_str(&store.read(FILE)).unwrap_or_default()
    }

    fn update(store: &Store, change: impl FnOnce(&mut Self)) -> anyhow::Result<()> {
        store.update(FILE, |text| {
            let mut bindings: Self = serde_json::from_str(&text).unwrap_or_default();
            change(&mut bindings);
            serde_json::to_string(&bindings).ok()
        })
    }

    /// Binds `worker` to a task of the open wave; what was bound in other waves is forgotten.
    pub fn bind(store: &Store, worker: Worker<'_>, scope: &Scope, task: &str) -> anyhow::Result<()> {
        Self::update(store, |bindings| {
            bindings.bound.retain(|_, bound| bound.wave == scope.wave);
            bindings.sent.remove(task);
            bindings.bound.insert(worker.key(), Bound { task: task.to_owned(), wave: scope.wave });
        })
    }

    /// Notes that an agent is sent for `task`.
    pub fn send(store: &Store, task: &str, now: u64) -> anyhow::Result<()> {
        Self::update(store, |bindings| {
            bindings.sent.retain(|_, at| now.saturating_sub(*at) < DISPATCHED);
            bindings.sent.insert(task.to_owned(), now);
        })
    }

    /// Forgets everything: a wave begins.
    pub fn clear(store: &Store) -> anyhow::Result<()> {
        Self::update(store, |bindings| *bindings = Self::default())
    }

    /// The task of the open wave that `worker` works on.
    pub fn task_of(&self, worker: Worker<'_>, scope: &Scope) -> Option<&str> {
        let bound = self.bound.get(&worker.key()).filter(|bound| bound.wave == scope.wave)?;
        scope.tasks.contains_key(&bound.task).then_some(bound.task.as_str())
    }

    /// The tasks that others than `worker` work on just now; with a time also those that an agent was just sent for.
    pub fn running(&self, store: &Store, worker: Worker<'_>, scope: &Scope, now: Option<u64>) -> Vec<String> {
        let live = Presence::live(store);
        let at_work = |key: &str| {
            let mut parts = key.splitn(3, ' ');
            let [platform, session, agent] = [(); 3].map(|()| parts.next().unwrap_or_default());
            let of = |presence: &&Presence| presence.platform == platform && presence.session == session;
            let found = live.iter().find(of);
            found.is_some_and(|presence| agent.is_empty() || presence.agents.contains_key(agent))
        };
        let own = worker.key();
        let bound =
            self.bound.iter().filter(|(key, bound)| **key != own && bound.wave == scope.wave && at_work(key));
        let sent =
            self.sent.iter().filter(|(_, at)| now.is_some_and(|now| now.saturating_sub(**at) < DISPATCHED));
        let mut tasks: Vec<String> =
            bound.map(|(_, bound)| bound.task.clone()).chain(sent.map(|(task, _)| task.clone())).collect();
        tasks.sort();
        tasks.dedup();
        tasks
    }

    /// A running task that has a file in common with `task`, and that file.
    ///
    /// # Errors
    /// A pattern of the scope that means nothing.
    pub fn collision(
        running: &[String],
        task: &str,
        scope: &Scope,
    ) -> Result<Option<(String, String)>, String> {
        for other in running {
            if let Some(file) = scope.overlap(task, other)? {
                return Ok(Some((other.clone(), file)));
            }
        }
        Ok(None)
    }
}
