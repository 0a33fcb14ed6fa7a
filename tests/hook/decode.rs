//! One recorded payload for each event of each client, and what it is understood as: `payloads/decoded.txt`, which a
//! person has read. Cursor's are written from its documentation.

use std::fmt::Write as _;

use serde_json::Value;
use so::hook::event::Event;
use so::hook::wire;

use super::{PLATFORMS, payload, wired};
use crate::support::{assert_file, root};

/// The payloads of a platform, as file names.
fn files(platform: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join("tests/payloads").join(platform)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    names
}

fn decoded(platform: &str, file: &str) -> Event {
    let mut value: Value = serde_json::from_slice(&payload(&format!("{platform}/{file}"))).unwrap();
    if let Some(Value::Object(context)) = value.get("__ctx").cloned() {
        value.as_object_mut().unwrap().extend(context); // where our extension puts what the recording one put there
    }
    let native = file.split('.').next().unwrap();
    let wire = wire::of(platform).unwrap();
    wire.decode(wire.kind(native).unwrap(), native, &value).unwrap()
}

/// The fields that are not empty.
fn shown(event: &Event) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !["", "\"\"", "None", "[]", "false"].contains(&value.as_str()) {
            let _ = writeln!(text, "  {name}: {value}");
        }
    };
    line("kind", event.kind.name().to_owned());
    line("session", event.session.clone());
    line("cwd", event.cwd.display().to_string());
    line("from", event.from.display().to_string());
    line("agent", event.agent.clone().unwrap_or_default());
    line("agent type", event.agent_type.clone());
    line("turn", event.turn.clone());
    line("permission mode", event.permission_mode.clone());
    line("has person", event.has_person.to_string());
    line("roots", format!("{:?}", event.roots));
    line("tool", event.tool.as_ref().map_or_else(String::new, |tool| format!("{tool:?}")));
    line("call", event.call.clone());
    line("result", event.result.as_ref().map_or_else(String::new, |result| format!("{result:?}")));
    line("prompt", event.prompt.clone());
    line("said", event.said.clone());
    line("reason", event.reason.clone());
    line("is again", event.is_again.to_string());
    text
}

#[test]
fn every_payload_is_understood() {
    let mut all = String::new();
    for platform in PLATFORMS {
        for file in files(platform) {
            let _ = writeln!(all, "{platform}/{file}\n{}", shown(&decoded(platform, &file)));
        }
    }
    assert_file(&root().join("tests/payloads/decoded.txt"), &all);
}

#[test]
fn every_event_that_is_wired_has_a_payload() {
    for (platform, native, _) in wired() {
        let names = files(&platform);
        let has = names.iter().any(|name| name.split('.').next() == Some(native.as_str()));
        assert!(has, "{platform} {native}");
    }
}

/// What a platform's file calls emulated is what its wire looks for in other events.
#[test]
fn emulated_events_are_those_without_one_of_their_own() {
    for platform in crate::compiled::platforms() {
        let wire = wire::of(&platform.id).unwrap();
        for kind in so::hook::event::EventKind::ALL {
            let Some(support) = platform.hooks.events.get(kind.name()) else { continue };
            let silent = support.native.is_empty() && support.state != so::compile::platform::Support::Absent;
            // Cursor has an event for failed calls, and an exit code in another.
            let both = platform.id == "cursor" && kind.name() == "PostToolUseFailure";
            assert_eq!(wire.emulated().contains(&kind), silent || both, "{} {}", platform.id, kind.name());
        }
    }
}
