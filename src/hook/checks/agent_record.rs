//! `agent-record`: what subagents were at work, for how long, and the report of each. One that ends without the report it
//! owes is sent back once: ours always owe one, any other does for the task that it took on.

use serde_json::{Value, json};

use super::{Check, OnFailure, reading, session};
use crate::hook::event::{Event, EventKind};
use crate::hook::outcome::Outcome;
use crate::hook::world::World;
use crate::report;
use crate::store::Store;

/// The check.
pub(super) const CHECK: Check = Check {
    name: "agent-record",
    events: &[EventKind::SubagentStart, EventKind::SubagentStop],
    on_failure: OnFailure::Open,
    about: "records subagents and their reports; sends one back once whose report is missing or wrong",
    run,
};

/// One line for each beginning and each end.
const RECORDS: &str = "agents.jsonl";

fn run(event: &Event, world: &World) -> Outcome {
    let Some(store) = session::store(event, world) else { return Outcome::default() };
    if event.kind == EventKind::SubagentStart {
        record(&store, event, world, "start", &json!({}));
        return Outcome::default();
    }
    let own = report::of_agent(&event.agent_type);
    let told = own.is_some();
    let schema = own.or_else(|| report::of_anyone().filter(|_| is_on_a_task(event, world)));
    let report = schema.as_ref().map(|schema| report::read(schema, &event.said));
    if let Some(Err(faults)) = report.as_ref().filter(|_| !event.is_again) {
        record(&store, event, world, "sent-back", &json!({"faults": faults}));
        let form = match &schema {
            Some(schema) if !told => format!("such as {}", report::fields(schema)),
            _ => "as your instructions show it".to_owned(),
        };
        return Outcome::again(format!(
            "so: your answer must end with your report, one fenced JSON block {form}, and nothing behind it. Now {}. \
             Send the report again; do no further work.",
            faults.join("; ")
        ));
    }
    let seconds = began(&store, event).map(|at| world.now.saturating_sub(at) / 1000);
    let ended = match report {
        Some(Ok(report)) => json!({"seconds": seconds, "report": report}),
        Some(Err(faults)) => json!({"seconds": seconds, "faults": faults}),
        None => json!({"seconds": seconds}),
    };
    record(&store, event, world, "stop", &ended);
    Outcome::default()
}

/// Whether the agent has taken on a task of the open wave.
fn is_on_a_task(event: &Event, world: &World) -> bool {
    let wave = reading::wave(event, world);
    event.agent.is_some() && matches!(&*wave, Ok(Some(scope)) if reading::task(event, world, scope).is_some())
}

/// A record that cannot be written is left out: the work goes on.
fn record(store: &Store, event: &Event, world: &World, what: &str, more: &Value) {
    let mut line = json!({
        "schema": 1, "at": world.now, "event": what, "platform": event.platform, "session": event.session,
        "agent": event.agent, "type": event.agent_type,
    });
    if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
        line.extend(more.clone());
    }
    let _ = store.append(RECORDS, &line);
}

/// When the agent began, as recorded.
fn began(store: &Store, event: &Event) -> Option<u64> {
    let agent = event.agent.as_deref()?;
    let is = |line: &Value, key: &str, text: &str| line.get(key).and_then(Value::as_str) == Some(text);
    let is_start = |line: &Value| is(line, "event", "start") && is(line, "agent", agent);
    store.lines(RECORDS).iter().rfind(|line| is_start(line))?.get("at")?.as_u64()
}
