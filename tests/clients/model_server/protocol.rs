//! The three streaming protocols that coding agents speak with a model: a request body in, a
//! [`Conversation`] out; an [`Answer`] in, server-sent events out.
//!
//! Only what the clients were found to need is written. Nothing here chooses what to answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Anthropic Messages.
    Messages,
    /// `OpenAI` Responses.
    Responses,
    /// `OpenAI` Chat Completions.
    Chat,
}

/// What a request says, whatever its protocol.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// All text in the user's role, reminders and hook context included, joined by newlines.
    pub(crate) user: String,
    /// Each text the model has said before.
    pub(crate) said: Vec<String>,
    /// The text of each tool result, oldest first.
    pub(crate) results: Vec<String>,
    pub(crate) tools: Vec<Tool>,
}

/// A tool that the request offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Codex groups some tools; a call must repeat the group's name.
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Say(String),
    Call {
        tool: Tool,
        input: Value,
    },
    /// A call of a tool that takes plain text: Codex's `apply_patch` and `exec`.
    Freeform {
        tool: Tool,
        input: String,
    },
}

impl Protocol {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let ends = [
            ("/messages", Self::Messages),
            ("/responses", Self::Responses),
            ("/chat/completions", Self::Chat),
        ];
        ends.into_iter().find(|(end, _)| path.ends_with(end)).map(|(_, protocol)| protocol)
    }

    pub(crate) fn read(self, body: &Value) -> Conversation {
        match self {
            Self::Messages => read_messages(body),
            Self::Responses => read_responses(body),
            Self::Chat => read_chat(body),
        }
    }

    pub(crate) fn write(self, answer: &Answer, model: &str) -> String {
        let id = fresh_id();
        match self {
            Self::Messages => named_events(messages_events(answer, model, &id)),
            Self::Responses => named_events(responses_events(answer, &id)),
            Self::Chat => chat_chunks(answer, model, &id),
        }
    }
}

impl Conversation {
    fn add_user(&mut self, text: &str) {
        self.user.push_str(text);
        self.user.push('\n');
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

fn read_messages(body: &Value) -> Conversation {
    let mut conversation = Conversation { tools: tools_in(&body["tools"], None), ..Default::default() };
    for message in items(&body["messages"]) {
        let assistant = message["role"] == "assistant";
        for block in blocks(&message["content"]) {
            match (block["type"].as_str(), assistant) {
                (Some("tool_result"), _) => conversation.results.push(text_of(&block["content"])),
                (Some("text"), true) => conversation.said.push(text_of(&block["text"])),
                (Some("text"), false) => conversation.add_user(&text_of(&block["text"])),
                _ => {}
            }
        }
    }
    conversation
}

fn read_responses(body: &Value) -> Conversation {
    let mut conversation = Conversation { tools: tools_in(&body["tools"], None), ..Default::default() };
    for item in items(&body["input"]) {
        let kind = item["type"].as_str().unwrap_or("message");
        match (kind, item["role"].as_str()) {
            // Newer models get their tools as an input item.
            ("additional_tools", _) => conversation.tools.extend(tools_in(&item["tools"], None)),
            (kind, _) if kind.ends_with("_call_output") => {
                conversation.results.push(text_of(&item["output"]));
            }
            ("message", Some("assistant")) => conversation.said.push(text_of(&item["content"])),
            ("message", Some("user")) => conversation.add_user(&text_of(&item["content"])),
            _ => {}
        }
    }
    conversation
}

fn read_chat(body: &Value) -> Conversation {
    let mut conversation = Conversation { tools: tools_in(&body["tools"], None), ..Default::default() };
    for message in items(&body["messages"]) {
        let text = text_of(&message["content"]);
        match message["role"].as_str() {
            Some("user") => conversation.add_user(&text),
            Some("tool") => conversation.results.push(text),
            Some("assistant") if !text.is_empty() => conversation.said.push(text),
            _ => {}
        }
    }
    conversation
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Anthropic content may be a bare string, which stands for one text block.
fn blocks(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![json!({"type": "text", "text": text})],
        other => items(other).to_vec(),
    }
}

/// The text of a string, or of a list of blocks with a `text` each.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        other => {
            items(other).iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Flattens the three shapes of a tool list: plain, `{"function": …}`, and a namespace with tools inside.
fn tools_in(list: &Value, namespace: Option<&str>) -> Vec<Tool> {
    let mut tools = Vec::new();
    for entry in items(list) {
        let entry = entry.get("function").unwrap_or(entry);
        let name = entry["name"].as_str().or(entry["type"].as_str()).unwrap_or_default();
        if entry["tools"].is_array() {
            tools.extend(tools_in(&entry["tools"], Some(name)));
        } else {
            tools.push(Tool { name: name.into(), namespace: namespace.map(Into::into) });
        }
    }
    tools
}

/// Clients key hooks and permissions by call id, so an id must not repeat within a session.
fn fresh_id() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `event:` and `data:` lines; the event's name is repeated as the data's `type`.
fn named_events(events: Vec<(&str, Value)>) -> String {
    let numbered = events.into_iter().enumerate().map(|(number, (name, mut data))| {
        data["type"] = name.into();
        data["sequence_number"] = number.into();
        format!("event: {name}\ndata: {data}\n\n")
    });
    numbered.collect::<Vec<_>>().concat()
}

fn messages_events(answer: &Answer, model: &str, id: &str) -> Vec<(&'static str, Value)> {
    let (block, delta, stop) = match answer {
        Answer::Say(text) => {
            (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": text}), "end_turn")
        }
        Answer::Call { tool, input } => (
            json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": tool.name, "input": {}}),
            json!({"type": "input_json_delta", "partial_json": input.to_string()}),
            "tool_use",
        ),
        Answer::Freeform { .. } => unreachable!("Anthropic Messages has no plain-text tools"),
    };
    let message = json!({
        "id": format!("msg_{id}"), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1},
    });
    let end = json!({"delta": {"stop_reason": stop, "stop_sequence": null}, "usage": {"output_tokens": 1}});
    vec![
        ("message_start", json!({"message": message})),
        ("content_block_start", json!({"index": 0, "content_block": block})),
        ("content_block_delta", json!({"index": 0, "delta": delta})),
        ("content_block_stop", json!({"index": 0})),
        ("message_delta", end),
        ("message_stop", json!({})),
    ]
}

fn responses_events(answer: &Answer, id: &str) -> Vec<(&'static str, Value)> {
    let item = responses_item(answer, id);
    let usage = json!({
        "input_tokens": 1, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2,
    });
    let response = format!("resp_{id}");
    vec![
        ("response.created", json!({"response": {"id": response}})),
        ("response.output_item.added", json!({"output_index": 0, "item": item})),
        ("response.output_item.done", json!({"output_index": 0, "item": item})),
        ("response.completed", json!({"response": {"id": response, "usage": usage}})),
    ]
}

fn responses_item(answer: &Answer, id: &str) -> Value {
    let call = format!("call_{id}");
    let (mut item, tool) = match answer {
        Answer::Say(text) => {
            let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
            return json!({
                "type": "message", "id": format!("msg_{id}"), "role": "assistant", "status": "completed",
                "content": content,
            });
        }
        Answer::Call { tool, input } => {
            (json!({"type": "function_call", "arguments": input.to_string()}), tool)
        }
        Answer::Freeform { tool, input } => (json!({"type": "custom_tool_call", "input": input}), tool),
    };
    item["id"] = format!("item_{id}").into();
    item["call_id"] = call.into();
    item["status"] = "completed".into();
    item["name"] = tool.name.as_str().into();
    if let Some(namespace) = &tool.namespace {
        item["namespace"] = namespace.as_str().into();
    }
    item
}

fn chat_chunks(answer: &Answer, model: &str, id: &str) -> String {
    let (delta, finish) = match answer {
        Answer::Say(text) => (json!({"role": "assistant", "content": text}), "stop"),
        Answer::Call { tool, input } => {
            let function = json!({"name": tool.name, "arguments": input.to_string()});
            let call =
                json!({"index": 0, "id": format!("call_{id}"), "type": "function", "function": function});
            (json!({"role": "assistant", "tool_calls": [call]}), "tool_calls")
        }
        Answer::Freeform { .. } => unreachable!("Chat Completions has no plain-text tools"),
    };
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": format!("chatcmpl-{id}"), "object": "chat.completion.chunk", "created": 0, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    };
    let mut last = chunk(json!({}), finish.into());
    last["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
    format!("data: {}\n\ndata: {last}\n\ndata: [DONE]\n\n", chunk(delta, Value::Null))
}

#[test]
fn reads_the_same_conversation_from_each_protocol() {
    let messages = json!({
        "tools": [{"name": "run"}],
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "text", "text": "first"}, {"type": "tool_use"}]},
            {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "refused"}]}]},
        ],
    });
    let responses = json!({
        "tools": [{"type": "function", "name": "run"}],
        "input": [
            {"type": "message", "role": "developer", "content": "unseen"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "first"}]},
            {"type": "function_call_output", "output": "refused"},
        ],
    });
    let chat = json!({
        "tools": [{"type": "function", "function": {"name": "run"}}],
        "messages": [
            {"role": "system", "content": "unseen"},
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "first"},
            {"role": "tool", "content": "refused"},
        ],
    });
    let expected = Conversation {
        user: "go\n".into(),
        said: vec!["first".into()],
        results: vec!["refused".into()],
        tools: vec![Tool { name: "run".into(), namespace: None }],
    };
    for (protocol, body) in
        [(Protocol::Messages, messages), (Protocol::Responses, responses), (Protocol::Chat, chat)]
    {
        assert_eq!(protocol.read(&body), expected, "{protocol:?}");
    }
}

#[test]
fn a_namespaced_tool_is_called_with_its_namespace() {
    let body = json!({
        "input": [{"type": "additional_tools", "tools": [
            {"type": "namespace", "name": "agents", "tools": [{"type": "function", "name": "spawn_agent"}]},
        ]}],
    });
    let conversation = Protocol::Responses.read(&body);
    let tool = conversation.tool("spawn_agent").unwrap().clone();
    assert_eq!(tool.namespace.as_deref(), Some("agents"));
    let item = responses_item(&Answer::Call { tool, input: json!({}) }, "1");
    assert_eq!(item["namespace"], "agents");
}
