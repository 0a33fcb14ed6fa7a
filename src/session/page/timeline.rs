//! What happened in a session, in order, from the events that were recorded.

use serde::Serialize;
use serde_json::Value;

use crate::{clock, plain};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, as `HH:MM`, with the day where that is another.
    pub at: String,
    /// How long after the beginning, in words.
    pub after: String,
    /// What, in a few words.
    pub title: String,
    /// More of it.
    pub text: String,
    /// `good`, `warn`, `bad` or `plain`.
    pub tone: &'static str,
}

/// The stretch of one wave on the line of time, in thousandths of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Its number.
    pub number: u32,
    /// Where it begins.
    pub left: u64,
    /// How long it is.
    pub width: u64,
    /// What it says when it is pointed at.
    pub title: String,
    /// As of an [`Entry`].
    pub tone: &'static str,
}

/// The entries of the session `id`, from all events, oldest first.
pub(super) fn entries(events: &[Value], id: &str) -> Vec<Entry> {
    let of_session = |event: &&Value| ["id", "session"].iter().any(|key| text(event, key) == id);
    let own: Vec<&Value> = events.iter().filter(of_session).collect();
    let begun = own.first().map(|event| clock::ms_of(&text(event, "at"))).unwrap_or_default();
    let first = own.first().map(|event| text(event, "at")).unwrap_or_default();
    own.iter().filter_map(|event| entry(event, begun, &first)).collect()
}

fn text(event: &Value, key: &str) -> String {
    event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn entry(event: &Value, begun: u64, first: &str) -> Option<Entry> {
    let name = text(event, "event");
    let (title, text_of, tone) = match name.strip_prefix("orchestrator.")? {
        "session.started" => ("session begins".to_owned(), text(event, "platform"), "plain"),
        "session.resumed" => {
            (format!("goes on in {}", or(&text(event, "platform"), "a terminal")), String::new(), "plain")
        }
        "session.released" => ("handed over".to_owned(), String::new(), "plain"),
        "session.completed" => ("session closed".to_owned(), String::new(), "good"),
        "session.abandoned" => ("session given up".to_owned(), text(event, "reason"), "bad"),
        "wave.started" => (format!("wave {} begins", number(event)), opened(event), "plain"),
        "wave.judged" | "wave.finished" => finished(event),
        other => (other.replace('.', " "), String::new(), "plain"),
    };
    let at = text(event, "at");
    let day = if at.get(..10) == first.get(..10) { "" } else { at.get(5..10).unwrap_or_default() };
    let after = clock::ms_of(&at).saturating_sub(begun) / 1000;
    Some(Entry {
        at: format!("{day} {}", at.get(11..16).unwrap_or_default()).trim().to_owned(),
        after: if after < 60 {
            String::new()
        } else {
            format!("+{}", plain::age(i64::try_from(after).unwrap_or_default()))
        },
        title: plain::line(&title, 80),
        text: plain::line(&text_of, 240),
        tone,
    })
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn number(event: &Value) -> u64 {
    event.get("wave").and_then(Value::as_u64).unwrap_or_default()
}

fn opened(event: &Value) -> String {
    let tasks = event
        .get("tasks")
        .and_then(Value::as_array)
        .map(|tasks| tasks.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let snapshot =
        event.get("snapshot").and_then(Value::as_u64).map(|number| format!(" · snapshot {number}"));
    format!(
        "{}: {}{}",
        text(event, "role"),
        tasks.unwrap_or_default().join(", "),
        snapshot.unwrap_or_default()
    )
}

fn finished(event: &Value) -> (String, String, &'static str) {
    let step = event.pointer("/step/step").and_then(Value::as_str).unwrap_or_default();
    let tone = match step {
        "proceed" => "good",
        "review" | "wait" => "warn",
        _ => "bad",
    };
    let gate = or(&text(event, "gate"), "none").to_owned();
    let tasks = event.get("tasks").and_then(Value::as_object);
    let tasks: Vec<String> = tasks
        .into_iter()
        .flatten()
        .map(|(id, result)| format!("{id} {}", result.as_str().unwrap_or_default()))
        .collect();
    (format!("wave {}: {step}, gate {gate}", number(event)), tasks.join(" · "), tone)
}
