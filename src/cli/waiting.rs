//! What waits for the forge: shown, done and given up.

use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::Exit;
use super::error::hinted;
use super::forge::PATIENCE;
use crate::plain;
use crate::session::close::publish;
use crate::session::forge::queue::{self, Entry, Queue};
use crate::ui::{GOOD, Ui, WARN};

/// In a clause; `None` when nothing does.
pub(super) fn words(project: &Path) -> Option<String> {
    let queue = Queue::read(project).ok()?;
    let count = queue.waiting().count();
    let why =
        if queue.why.is_empty() { String::new() } else { format!(" ({})", plain::line(&queue.why, 120)) };
    (count > 0)
        .then(|| format!("{} at the forge{why}: so close --resume", plain::count(count, "step", "steps")))
}

/// The list, with the numbers for `--forget`.
pub(super) fn show(ui: &Ui, waiting: &[String]) {
    for (at, one) in waiting.iter().enumerate() {
        ui.print(&format!("  {} {}  {}\n", ui.paint(WARN, "waits"), at + 1, plain::line(one, 300)));
    }
}

/// Does what waits.
pub(super) fn resume(ui: &Ui, project: &Path, has_session: bool) -> anyhow::Result<Exit> {
    let before: Vec<String> = Queue::read(project)?.waiting().map(|entry| entry.id.clone()).collect();
    let ran = queue::run(project, Instant::now() + PATIENCE)?;
    let new: Vec<&Entry> = ran.done.iter().filter(|entry| before.contains(&entry.id)).collect();
    let waiting: Vec<String> = ran.left.iter().map(|entry| publish::waiting(entry, &ran)).collect();
    // What no session wanted is forgotten when it is done.
    let count = before.len().saturating_sub(waiting.len());
    if ui.json {
        let done: Vec<_> = new.iter().filter_map(|entry| entry.done.as_ref()).collect();
        let step = if ran.again { "wait" } else { "resumed" };
        ui.result(
            waiting.is_empty(),
            json!({"step": step, "done": done, "count": count, "waiting": waiting}),
        );
    } else {
        for done in new.iter().filter_map(|entry| entry.done.as_ref()) {
            let url = if done.url.is_empty() { String::new() } else { format!(": {}", done.url) };
            ui.print(&format!("{}{}\n", ui.paint(GOOD, &done.how), plain::line(&url, 200)));
        }
        show(ui, &waiting);
        if before.is_empty() {
            ui.print("nothing waits, and no close was begun\n");
        } else if waiting.is_empty() {
            ui.print(&format!("{} done, nothing waits\n", plain::count(count, "step", "steps")));
        } else {
            ui.print("next: so close --resume, or so close --forget N\n");
        }
        if waiting.is_empty() && has_session {
            ui.print("next: so close\n");
        }
    }
    Ok(if waiting.is_empty() || ran.again { Exit::Done } else { Exit::Findings })
}

/// Gives up one thing.
pub(super) fn forget(ui: &Ui, project: &Path, number: usize) -> anyhow::Result<Exit> {
    let queue = Queue::read(project)?;
    let entry = number.checked_sub(1).and_then(|at| queue.waiting().nth(at));
    let entry = entry.ok_or_else(|| {
        hinted(format!("nothing waits under {number}"), "so close --resume shows what waits")
    })?;
    queue::forget(project, &entry.id)?;
    if ui.json {
        ui.result(true, json!({"forgotten": entry.intent()}));
    } else {
        ui.print(&format!("given up: {}\n", plain::line(&entry.intent(), 200)));
    }
    Ok(Exit::Done)
}
