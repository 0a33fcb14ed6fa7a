//! Every outcome in every client's own form: only keys that the client takes, and nothing where it takes none.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use so::guard::Decision;
use so::hook::outcome::Outcome;
use so::hook::wire::{self, Reply};

use super::{payload, wired};

/// Codex's own schemas of what a hook may print, by event. `SessionEnd` has none: nothing may be printed.
fn schemas() -> BTreeMap<&'static str, jsonschema::Validator> {
    let files = [
        ("SessionStart", "session-start"),
        ("UserPromptSubmit", "user-prompt-submit"),
        ("PreToolUse", "pre-tool-use"),
        ("PostToolUse", "post-tool-use"),
        ("SubagentStart", "subagent-start"),
        ("SubagentStop", "subagent-stop"),
        ("Stop", "stop"),
    ];
    let schema = |file: &str| {
        let text = payload(&format!("codex/_schemas/{file}.command.output.schema.json"));
        jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
    };
    files.into_iter().map(|(event, file)| (event, schema(file))).collect()
}

/// Keys of a reply by client, at the top and inside.
fn keys(platform: &str) -> &'static [&'static str] {
    match platform {
        "cursor" => &[
            "permission",
            "user_message",
            "agent_message",
            "additional_context",
            "followup_message",
            "continue",
        ],
        "pi" => &["block", "reason", "ask", "context", "notify", "again"],
        _ => &[
            "hookSpecificOutput",
            "hookEventName",
            "permissionDecision",
            "permissionDecisionReason",
            "additionalContext",
            "systemMessage",
            "decision",
            "reason",
        ],
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let text = "\\PC{0,20}";
    let decision = prop_oneof![Just(Decision::Allow), Just(Decision::Ask), Just(Decision::Deny)];
    let one = (0..4, decision, text).prop_map(|(form, decision, text)| match form {
        0 => Outcome::verdict(decision, text),
        1 => Outcome::context(text),
        2 => Outcome::note(text),
        _ => Outcome::again(text),
    });
    prop::collection::vec(one, 0..5).prop_map(|all| all.into_iter().fold(Outcome::default(), Outcome::and))
}

fn encoded(platform: &str, native: &str, outcome: &Outcome) -> Reply {
    let wire = wire::of(platform).unwrap();
    wire.encode(wire.kind(native).unwrap(), native, outcome)
}

fn fields(value: &Value) -> Vec<(&String, &Value)> {
    let own = value.as_object().into_iter().flatten();
    own.flat_map(|(key, value)| [vec![(key, value)], fields(value)].concat()).collect()
}

proptest! {
    #[test]
    fn every_reply_is_one_that_the_client_takes(outcome in outcome()) {
        let schemas = schemas();
        for (platform, native, guard) in wired() {
            let reply = encoded(&platform, &native, &outcome);
            prop_assert_eq!((reply.code, reply.stderr.as_str()), (0, ""));
            if reply.stdout.is_empty() {
                prop_assert!(!guard || outcome.decision() == Decision::Allow, "{} {} let it through", platform, native);
                continue;
            }
            let value: Value = serde_json::from_str(&reply.stdout).unwrap();
            for (key, field) in fields(&value) {
                prop_assert!(keys(&platform).contains(&key.as_str()), "{} {}: {}", platform, native, value);
                prop_assert!(field != "allow" && field != "approve", "a consent: {}", value);
            }
            if platform == "codex" {
                let valid = schemas.get(native.as_str()).is_some_and(|schema| schema.is_valid(&value));
                prop_assert!(valid, "{}: {}", native, value);
                prop_assert!(value.pointer("/hookSpecificOutput/permissionDecision") != Some(&json!("ask")));
            }
        }
    }
}

/// What each event can give, event by event: `-` where an outcome has no form there and is kept or dropped.
#[test]
fn each_outcome_has_the_clients_form() {
    let claude = |event: &str, key: &str| json!({"hookSpecificOutput": {key: "T", "hookEventName": event}});
    let none = Value::Null;
    for (platform, native, context, again) in [
        ("claude", "SessionStart", claude("SessionStart", "additionalContext"), none.clone()),
        ("claude", "PostToolUse", claude("PostToolUse", "additionalContext"), none.clone()),
        ("claude", "PostToolUseFailure", claude("PostToolUseFailure", "additionalContext"), none.clone()),
        ("claude", "PostToolBatch", claude("PostToolBatch", "additionalContext"), none.clone()),
        ("claude", "SubagentStart", claude("SubagentStart", "additionalContext"), none.clone()),
        ("claude", "Stop", none.clone(), json!({"decision": "block", "reason": "T"})),
        ("claude", "SessionEnd", none.clone(), none.clone()),
        ("claude", "CwdChanged", none.clone(), none.clone()),
        ("codex", "PostToolUse", claude("PostToolUse", "additionalContext"), none.clone()),
        ("codex", "SubagentStop", none.clone(), json!({"decision": "block", "reason": "T"})),
        ("codex", "SessionEnd", none.clone(), none.clone()),
        ("cursor", "postToolUse", json!({"additional_context": "T"}), none.clone()),
        ("cursor", "afterFileEdit", none.clone(), none.clone()),
        ("cursor", "subagentStart", none.clone(), none.clone()),
        ("cursor", "stop", none.clone(), json!({"followup_message": "T"})),
        ("pi", "tool_result", json!({"context": "T"}), none.clone()),
        ("pi", "turn_end", none.clone(), none.clone()),
        ("pi", "agent_end", none.clone(), json!({"again": "T"})),
    ] {
        let read =
            |outcome| serde_json::from_str(&encoded(platform, native, &outcome).stdout).unwrap_or_default();
        let (given, sent): (Value, Value) = (read(Outcome::context("T")), read(Outcome::again("T")));
        assert_eq!(given, context, "{platform} {native}");
        assert_eq!(sent, again, "{platform} {native}");
    }
}
