//! Text for the model from an event whose answer has no room for it: kept for the session, and given with the next
//! answer that has. Without mail this costs one failing rename.

use super::event::Event;
use super::outcome::Outcome;
use crate::store::Store;

/// Longer mail loses its end: what matters is said first.
const LONGEST: usize = 4000;

/// Adds what waits to an answer that can carry it, or keeps what the answer cannot carry. Mail is for the main thread.
pub(super) fn pass(event: &Event, carries: bool, outcome: Outcome, store: &Store) -> Outcome {
    let file = format!("mail/{}", event.session_file());
    if !carries {
        let text = outcome.text();
        if !text.is_empty() {
            let _ = store.update(&file, |before| Some(cut(format!("{before}{text}\n"))));
        }
        return outcome;
    }
    if event.agent.is_some() {
        return outcome;
    }
    match take(store, &file) {
        Some(text) => Outcome::context(text.trim_end()).and(outcome),
        None => outcome,
    }
}

/// Of two hooks at once one gets the mail.
fn take(store: &Store, file: &str) -> Option<String> {
    let taken = format!("{file}.{}", std::process::id());
    std::fs::rename(store.path(file), store.path(&taken)).ok()?;
    let text = store.read(&taken);
    let _ = std::fs::remove_file(store.path(&taken));
    (!text.is_empty()).then_some(text)
}

fn cut(mut text: String) -> String {
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_arrives_once_in_the_main_thread() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::of(dir.path(), std::path::Path::new("/p"));
        let event = Event { platform: "codex".into(), session: "s".into(), ..Event::default() };
        let pass = |event: &Event, carries, text: &str| {
            let outcome = if text.is_empty() { Outcome::default() } else { Outcome::context(text) };
            pass(event, carries, outcome, &store).text()
        };
        pass(&event, false, "first");
        pass(&event, false, "second");
        let agent = Event { agent: Some("a".into()), ..event.clone() };
        assert_eq!(pass(&agent, true, ""), "");
        let other = Event { session: "other".into(), ..event.clone() };
        assert_eq!(pass(&other, true, ""), "");
        assert_eq!(pass(&event, true, "own"), "first\nsecond\nown");
        assert_eq!(pass(&event, true, ""), "");
        pass(&event, false, &"ä".repeat(LONGEST));
        assert!(pass(&event, true, "").len() <= LONGEST);
    }
}
