//! `banner`: the first thing an agent reads, in few words: what is enforced here, what is not, what is off, and what
//! was left unfinished.

use std::path::Path;

use super::{Check, OnFailure};
use crate::client::Client;
use crate::guard::Context;
use crate::hook::consent;
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::plain::line;
use crate::session::lease::Session;
use crate::session::open;
use crate::session::profile::{Level, Profile};
use crate::session::wave::{self, Next};

/// The check.
pub(super) const CHECK: Check = Check {
    name: "banner",
    events: &[EventKind::SessionStart],
    on_failure: OnFailure::Open,
    about: "tells the agent what is enforced here, what is not, and what was left unfinished",
    run,
};

const GUARDED: &str = "\
so guards this session. A shell command is refused before it runs if it would lose work that git, a remote or the \
build cannot give back, rewrite published history, or delete outside the project. Edits by tools stay inside the \
project and change nothing that guards it. A refusal names the files and a safe way: take that way, or ask the \
person; do not look for another spelling.";

const STILL: &str = "so still guards this session, as before; a refusal names a safe way.";

const OPEN: &str = "\
Open in this session, confirmed by the person (`allow-destructive-ops`): what the guard would ask about runs, and is \
saved first. What it refuses stays refused.";

const OFF: &str = "\
so does not guard this session: the person set `hooks: off`. Nothing is refused and nothing can be undone: ask before \
you delete, discard or overwrite.";

fn run(event: &Event, world: &World) -> Outcome {
    Outcome::context(lines(event, world).join("\n"))
}

/// What is said, a line each; at most 300 tokens, 200 when a session goes on.
pub(super) fn lines(event: &Event, world: &World) -> Vec<String> {
    let goes_on = matches!(event.reason.as_str(), "resume" | "compact" | "clear");
    let client = Client::of(&event.platform);
    let project = world.project(&event.cwd);
    let mut said = vec![if goes_on { STILL } else { GUARDED }.to_owned()];
    if world.profile.level == Level::Off {
        said = vec![OFF.to_owned()];
    } else if let Some(client) = client.filter(|client| !goes_on && !client.unseen.is_empty()) {
        said.push(format!("Not seen by it: {}.", client.unseen));
    }
    said.extend(off(&world.profile));
    if consent::is_open(event, world) {
        said.push(OPEN.to_owned());
    }
    said.extend(broken(event, world));
    if let Some(project) = &project {
        said.extend(unfinished(project, goes_on));
        said.extend(client.and_then(|client| too_long(project, client)));
    }
    said
}

/// The longest text about what is broken, in characters.
const BROKEN: usize = 160;

/// What is wrong in policies, and so not in force.
fn broken(event: &Event, world: &World) -> Option<String> {
    let policy = Context::at(&event.cwd).with_policy(world.config.as_deref()).policy.checked();
    let all: Vec<String> = policy.findings().map(|(overlay, finding)| overlay.told(finding)).collect();
    let first: String = all.first()?.chars().take(BROKEN).collect();
    let more = if all.len() > 1 { format!("; and {} more", all.len() - 1) } else { String::new() };
    Some(format!("A policy is broken; what is wrong in it is NOT in force: {first}{more}. Tell the person."))
}

/// What the person's profile leaves out.
fn off(profile: &Profile) -> Vec<String> {
    let guards = "Off by the person's `hooks: guards`: every check that only warns or tells.";
    let level = (profile.level == Level::Guards).then(|| guards.to_owned());
    level.into_iter().chain(profile.ignored.clone()).collect()
}

/// A session that was not closed: another one's to resume, or this one's own position.
fn unfinished(project: &Path, goes_on: bool) -> Option<String> {
    let state = open::head(project).filter(open::Head::is_open)?;
    let wave = match (state.get("current-wave"), state.get("total-waves")) {
        (Some(at), Some(of)) => format!(", wave {} of {}", plain(at), plain(of)),
        _ => String::new(),
    };
    let label = Session::read(project).ok().flatten().map(|session| session.label);
    let name = plain(label.as_deref().or(state.get("session")).unwrap_or("a session"));
    let status = plain(state.get("status").unwrap_or("active"));
    Some(if goes_on {
        format!("You are in {name} ({status}{wave}). {}", next(project))
    } else {
        format!(
            "Unfinished here: {name} ({status}{wave}). Ask the person whether to resume it: so session resume."
        )
    })
}

/// The exact next command, computed from what is on disk.
fn next(project: &Path) -> String {
    match wave::position(project) {
        Ok(Next { command, why, .. }) => {
            let why = line(&why, 120);
            format!(
                "The next step is `{}`: {why}. What was noted stands in {}.",
                line(&command, 80),
                open::STATE
            )
        }
        Err(_) => format!("Read {} before you go on: the next step cannot be told.", open::STATE),
    }
}

/// What a file of the project says, as a name: it must not speak to the model.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_/.".contains(*c)).take(60).collect()
}

/// An instruction file of which the client reads the beginning only.
fn too_long(project: &Path, client: &Client) -> Option<String> {
    let limit = client.limits.instructions?;
    let size = project.join(&client.instruction_file).metadata().ok()?.len();
    let file = &client.instruction_file;
    (size > limit).then(|| {
        format!("{file} has {size} bytes; {} reads the first {limit} only. Tell the person.", client.title)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(platform: &str, reason: &str, profile: Profile, project: &Path) -> String {
        let (platform, reason) = (platform.to_owned(), reason.to_owned());
        let event = Event { platform, reason, cwd: project.to_path_buf(), ..Event::default() };
        lines(&event, &World { profile, ..World::default() }).join("\n")
    }

    /// About four characters a token.
    fn tokens(text: &str) -> usize {
        text.chars().count().div_ceil(4)
    }

    #[test]
    fn the_worst_case_is_short() {
        let dir = tempfile::tempdir().unwrap();
        let state = "---\nsession: feature/a-rather-long-name-2026-11-22-feature-12\nstatus: active\n\
                     current-wave: 3\ntotal-waves: 5\n---\n";
        std::fs::create_dir_all(dir.path().join(".orchestrator")).unwrap();
        crate::fs::replace(&dir.path().join(open::STATE), state.as_bytes(), false).unwrap();
        crate::fs::replace(&dir.path().join("AGENTS.md"), &vec![b'x'; 40_000], false).unwrap();
        let policy = dir.path().join(".orchestrator/policy/guard-of-the-whole-team.yaml");
        crate::fs::atomic_write(&policy, format!("{}: x\ny: z\n", "key".repeat(100)).as_bytes(), false)
            .unwrap();
        for client in Client::all() {
            for level in [Level::Full, Level::Guards, Level::Off] {
                let ignored = Some("SO_HOOKS=sometimes is ignored: it can only tighten".to_owned());
                let profile = Profile { level, ignored };
                let first = said(&client.id, "startup", profile.clone(), dir.path());
                assert!(tokens(&first) <= 300, "{}: {}\n{first}", client.id, tokens(&first));
                assert!(first.contains("Unfinished here: feature/a-rather") && first.contains("wave 3 of 5"));
                for reason in ["resume", "compact", "clear"] {
                    let again = said(&client.id, reason, profile.clone(), dir.path());
                    assert!(tokens(&again) <= 200, "{}: {}\n{again}", client.id, tokens(&again));
                    assert!(
                        again.contains("You are in feature/a-rather") && again.contains("`so plan schema`")
                    );
                }
            }
        }
        assert!(
            said("codex", "startup", Profile::default(), dir.path()).contains("reads the first 32768 only")
        );
    }

    #[test]
    fn it_says_what_is_off_and_nothing_that_is_not_so() {
        let dir = tempfile::tempdir().unwrap();
        let with = |level| said("claude", "startup", Profile { level, ignored: None }, dir.path());
        assert!(with(Level::Full).starts_with("so guards this session."));
        assert!(!with(Level::Full).contains("Unfinished") && !with(Level::Full).contains("Off by"));
        assert!(with(Level::Guards).contains("hooks: guards"));
        assert!(with(Level::Off).starts_with("so does not guard this session"));
    }
}
