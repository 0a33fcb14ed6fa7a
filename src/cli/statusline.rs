//! `so statusline`: one line for the edge of a screen.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::{Exit, place};
use crate::session::lease::Session;
use crate::session::profile::Profile;
use crate::session::statusline::{self, Given, Guard};
use crate::store::Store;
use crate::ui::{BAD, Ui};
use crate::{client, env};

/// Print one line on the session, its wave, its gate and its guard
///
/// Claude Code, in ~/.claude/settings.json:
///   `"statusLine": {"type": "command", "command": "so statusline --color always"}`
/// tmux, in ~/.tmux.conf:
///   `set -g status-right '#(cd "#{pane_current_path}" && so statusline)'`
///
/// What Claude Code hands over on stdin says which session is meant. It never fails: what cannot be read is said.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, _args: &Args) -> anyhow::Result<Exit> {
    let given = given();
    let inside = client::here();
    let dir = Some(PathBuf::from(&given.dir)).filter(|dir| !given.dir.is_empty() && dir.is_dir());
    let project = match (project, dir) {
        (Some(project), _) => place::project(Some(project))?,
        (None, Some(dir)) => top(&dir),
        (None, None) => place::project(None)?,
    };
    let store = env::state_dir().map(|state| Store::of(&state, &project));
    let profile = Profile::read(env::config_dir().as_deref(), env::var("SO_HOOKS").as_deref());
    let (platform, session) = if given.session.is_empty() {
        let own = inside.map(|inside| (inside.platform, inside.session.unwrap_or_default()));
        own.or_else(|| holder(&project)).unwrap_or_default()
    } else {
        ("claude".to_owned(), given.session)
    };
    let line = statusline::look(&project, Guard::of(store.as_ref(), &profile, &platform, &session));
    if ui.json {
        ui.result(true, serde_json::to_value(&line).unwrap_or(Value::Null));
    } else {
        ui.print(&format!("{}\n", line.text(&|text| ui.paint(BAD, text))));
    }
    Ok(Exit::Done)
}

/// The client that holds the session: for a line that no client asks for.
fn holder(project: &Path) -> Option<(String, String)> {
    let holder = Session::read(project).ok().flatten()?.holder;
    Some((holder.platform, holder.client_session))
}

/// The top of the repository around a directory; itself without one.
fn top(dir: &Path) -> PathBuf {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let top = dir.ancestors().find(|dir| dir.join(".git").exists());
    top.map_or_else(|| dir.clone(), Path::to_path_buf)
}

/// What stands on stdin, if it comes at once: whoever leaves it open waits for nothing.
fn given() -> Given {
    const PATIENCE: Duration = Duration::from_millis(150);
    if std::io::stdin().is_terminal() {
        return Given::default();
    }
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = std::io::stdin().take(1 << 20).read_to_string(&mut text);
        let _ = send.send(text);
    });
    Given::read(&receive.recv_timeout(PATIENCE).unwrap_or_default())
}
