//! `allow-destructive-ops: true`: what asks runs in the sessions that the person has opened, and what is refused stays so.

use serde_json::{Value, json};
use so::guard::consent::Trust;
use so::session::opened;
use so::session::presence::{Presence, started_at};

use super::{COMMAND, Place, now};

const ASKS: &str = "npm publish";

fn open() -> Place {
    let place = Place::at(now()).with_live_session();
    let text = "## Session Config\n\nallow-destructive-ops: true\n";
    std::fs::write(place.project().join("CLAUDE.md"), text).unwrap();
    place
}

fn confirm(place: &Place, value: &str) {
    let trust = Trust::default().approving(&place.project(), opened::KEY, value);
    std::fs::create_dir_all(place.home().join(".config/so")).unwrap();
    std::fs::write(place.home().join(".config/so/trust.yaml"), trust.to_text()).unwrap();
}

fn confirmed(place: &Place) -> String {
    opened::confirmation(&Presence::live(&place.store())).unwrap()
}

#[test]
fn a_session_that_the_person_has_opened_runs_what_asks_until_it_ends() {
    let place = open();
    assert!(place.is_refused(ASKS), "the setting alone");
    confirm(&place, "true");
    assert!(place.is_refused(ASKS), "approved, and for no session");
    confirm(&place, &confirmed(&place));
    let reply = place.shell(ASKS, &json!({}));
    let note = reply["systemMessage"].as_str().unwrap();
    assert!(note.contains("let through by allow-destructive-ops: publish"), "{reply}");
    assert!(
        reply["hookSpecificOutput"].is_null() && !place.is_refused(ASKS),
        "as often as it likes: {reply}"
    );
    assert!(place.is_refused(COMMAND), "what is denied");
    assert!(place.is_refused("echo 'x"), "what cannot be read");
    let other = place.shell(ASKS, &json!({"session_id": "two"}));
    assert!(other["hookSpecificOutput"].is_object(), "another session: {other}");
    std::fs::write(place.project().join("CLAUDE.md"), "## Session Config\n\nenforcement: warn\n").unwrap();
    assert!(place.is_refused(ASKS), "the setting was taken back");
}

#[test]
fn it_is_over_with_the_session_also_when_that_goes_on_later() {
    let place = open();
    confirm(&place, &confirmed(&place));
    assert!(!place.is_refused(ASKS));
    Presence::end(&place.store(), "claude", "one");
    assert!(place.is_refused(ASKS));
    let parent = std::os::unix::process::parent_id();
    let again = |presence: &mut Presence| presence.process = started_at(parent).map(|at| (parent, at));
    Presence::update(&place.store(), "claude", "one", again).unwrap();
    assert!(place.is_refused(ASKS), "the same session in another process");
}

#[test]
fn the_tree_is_saved_before_each() {
    let place = open();
    std::fs::remove_dir(place.project().join(".git")).unwrap();
    let repository = git2::Repository::init(place.project()).unwrap();
    confirm(&place, &confirmed(&place));
    for count in 1..=2 {
        std::fs::write(place.project().join("notes.txt"), format!("{count}\n")).unwrap();
        assert!(!place.is_refused("rm notes.txt"));
        assert_eq!(repository.references_glob("refs/so/*").unwrap().count(), count);
    }
}

#[test]
fn it_waits_in_so_trust_and_is_told_by_so_status() {
    let place = open();
    let waits = || {
        let shown = place.so(&["trust", "--json"], &[], "");
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        shown["unapproved"].to_string().contains(opened::KEY)
    };
    let told = || {
        let shown = place.so(&["status"], &[], "");
        String::from_utf8_lossy(&shown.stdout)
            .contains("allow-destructive-ops: what the guard would ask about runs in claude one")
    };
    assert!(waits() && !told());
    let refused = place.so(&["trust"], &[], "yes\n");
    assert!(refused.status.code() == Some(1) && waits(), "without a terminal: {refused:?}");
    confirm(&place, &confirmed(&place));
    assert!(!waits() && told());
    let start = json!({"source": "compact", "session_id": "one"});
    let mine = || started_at(std::process::id()).map(|at| (std::process::id(), at));
    let world = so::hook::world::World { client: Some(mine), ..place.world() };
    let banner = place.ask("claude", "SessionStart", &world, &start).to_string();
    assert!(banner.contains("Open in this session"), "{banner}");
    Presence::end(&place.store(), "claude", "one");
    assert!(!told());
}
