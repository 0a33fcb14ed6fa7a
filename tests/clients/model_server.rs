//! A scripted model on a loopback port, so that a real client can run whole turns with no vendor.
//!
//! It answers `…/messages` (Anthropic), `…/responses` and `…/chat/completions` (`OpenAI`), records every
//! conversation it is sent, and keeps no state between requests: what it says next follows from the request
//! alone, so a client's retries are harmless.
//! It must not know which client is asking. A step is matched with the tools that the request offers.

pub(crate) mod protocol;
pub(crate) mod script;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::sandbox::Sandbox;
use protocol::{Answer, Conversation, Protocol};
use script::Script;

/// Claude asks for titles while a tool runs, and subagents talk at the same time as their parent.
const WORKERS: usize = 3;

/// A running server; dropping it stops it.
pub(crate) struct ModelServer {
    server: Arc<Server>,
    book: Arc<Book>,
    workers: Vec<JoinHandle<()>>,
}

/// One model request as it arrived.
#[derive(Clone)]
pub(crate) struct Request {
    /// Which script answered, as its position in the list given to [`ModelServer::start`].
    pub(crate) script: Option<usize>,
    /// The texts of all tool results so far, oldest first.
    pub(crate) results: Vec<String>,
    /// The whole body, for what the other fields do not say.
    pub(crate) body: Value,
}

/// What the workers share.
struct Book {
    scripts: Vec<Script>,
    seen: Mutex<Vec<Request>>,
    wire: PathBuf,
}

impl ModelServer {
    /// Listens on a free port. Each request body is also left in `<sandbox>/wire/` for a person to read.
    pub(crate) fn start(sandbox: &Sandbox, scripts: impl IntoIterator<Item = Script>) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a free loopback port"));
        let wire = sandbox.root.join("wire");
        std::fs::create_dir_all(&wire).unwrap();
        let scripts = scripts.into_iter().collect();
        let book = Arc::new(Book { scripts, seen: Mutex::default(), wire });
        let workers = (0..WORKERS)
            .map(|_| {
                let (server, book) = (Arc::clone(&server), Arc::clone(&book));
                std::thread::spawn(move || {
                    while let Ok(request) = server.recv() {
                        book.serve(request);
                    }
                })
            })
            .collect();
        Self { server, book, workers }
    }

    /// `http://127.0.0.1:PORT`, with no path: clients append their own.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }

    /// Everything asked so far, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.book.seen.lock().unwrap().clone()
    }

    /// What the model was told about step `step` of script `script`; `None` if it was never told anything.
    pub(crate) fn result(&self, script: usize, step: usize) -> Option<String> {
        self.requests()
            .into_iter()
            .filter(|request| request.script == Some(script))
            .find_map(|request| request.results.get(step).cloned())
    }

    /// Whether any request holds `text` anywhere: system prompt, listing, reminder or result.
    pub(crate) fn was_told(&self, text: &str) -> bool {
        self.requests().iter().any(|request| request.holds(text))
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        for _ in &self.workers {
            self.server.unblock();
        }
        for worker in self.workers.drain(..) {
            // A worker that panicked has already failed its test through the client's answer.
            drop(worker.join());
        }
    }
}

impl Request {
    /// Whether a string value anywhere in the body contains `text`.
    pub(crate) fn holds(&self, text: &str) -> bool {
        fn within(value: &Value, text: &str) -> bool {
            match value {
                Value::String(string) => string.contains(text),
                Value::Array(items) => items.iter().any(|item| within(item, text)),
                Value::Object(fields) => fields.values().any(|field| within(field, text)),
                _ => false,
            }
        }
        within(&self.body, text)
    }
}

impl Book {
    fn serve(&self, mut request: tiny_http::Request) {
        let mut text = String::new();
        // A body that cannot be read is answered like an empty one: the client then fails its turn.
        drop(request.as_reader().read_to_string(&mut text));
        let (kind, reply) = self.reply(request.url(), &text);
        let header = Header::from_bytes("content-type", kind).unwrap();
        // The client may have been killed meanwhile.
        drop(request.respond(Response::from_string(reply).with_header(header)));
    }

    fn reply(&self, url: &str, text: &str) -> (&'static str, String) {
        let path = url.split('?').next().unwrap_or_default();
        let Some(protocol) = Protocol::of_path(path) else {
            // Model lists and token counts: any well-formed answer satisfies the clients.
            let idle = json!({"object": "list", "data": [], "models": [], "input_tokens": 1});
            return ("application/json", idle.to_string());
        };
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let conversation = protocol.read(&body);
        let (script, answer) = self.answer(&conversation);
        let reply = protocol.write(&answer, body["model"].as_str().unwrap_or("scripted"));
        self.record(Request { script, results: conversation.results, body });
        ("text/event-stream", reply)
    }

    fn answer(&self, conversation: &Conversation) -> (Option<usize>, Answer) {
        if conversation.tools.is_empty() {
            return (None, Answer::Say("ok".into())); // titles and summaries
        }
        match self.scripts.iter().position(|script| script.fits(conversation)) {
            Some(at) => (Some(at), self.scripts[at].next(conversation)),
            None => (None, Answer::Say("no script fits".into())),
        }
    }

    fn record(&self, request: Request) {
        let mut seen = self.seen.lock().unwrap();
        leave(&self.wire, seen.len(), &request.body);
        seen.push(request);
    }
}

fn leave(wire: &Path, number: usize, body: &Value) {
    let file = wire.join(format!("{number:03}.json"));
    std::fs::write(file, serde_json::to_string_pretty(body).unwrap()).unwrap();
}
