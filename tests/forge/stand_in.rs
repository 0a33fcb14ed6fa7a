//! A forge on this machine: GitHub's interface over TLS with a certificate authority of its own, and GitLab's over plain
//! HTTP. It keeps what is made, so that what was made twice is seen, and can end a process at any request.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

/// When a process is ended, as seen from a request that changes or reads something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before anything is made.
    Before,
    /// After it was made and before it is answered.
    After,
}

/// What the forge holds.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) issues: Vec<Value>,
    pub(crate) comments: BTreeMap<u64, Vec<Value>>,
    pub(crate) labels: Vec<Value>,
    pub(crate) pulls: Vec<Value>,
    pub(crate) runs: Vec<Value>,
    pub(crate) jobs: Vec<Value>,
    pub(crate) protected: Vec<String>,
    /// Each request: its method, path with query, and body.
    pub(crate) seen: Vec<(String, String, Value)>,
    /// The answer to everything, instead of what is there: status, headers and body.
    pub(crate) broken: Option<(u16, String, String)>,
    /// How long each answer takes.
    pub(crate) slow: Duration,
    /// How long what was made is in no list.
    pub(crate) lag: Duration,
    /// The first request that makes something below such a path: when it is made the process is ended, with the program
    /// that asks.
    pub(crate) kill_at: Option<&'static str>,
    /// At which request, from 1, and when, a process is ended; whether the program that asks goes with it.
    pub(crate) kill: Option<(usize, Moment, bool)>,
    /// The first request that makes something below such a path: the process is ended, and the answer takes long.
    pub(crate) trap: Option<&'static str>,
    /// The process.
    pub(crate) child: Option<Child>,
    /// It was ended.
    pub(crate) killed: bool,
}

pub(crate) struct StandIn {
    /// `localhost:PORT`.
    pub(crate) host: String,
    /// The certificate of its authority, PEM.
    pub(crate) authority: String,
    pub(crate) world: Arc<Mutex<World>>,
}

#[derive(Clone, Copy)]
enum Kind {
    GitHub,
    GitLab,
}

impl StandIn {
    /// GitHub's interface over TLS.
    pub(crate) fn github() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = rcgen::Issuer::new(params, key);
        let own = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&own, &issuer).unwrap();
        let chain = vec![CertificateDer::from(leaf.der().to_vec())];
        let key = PrivatePkcs8KeyDer::from(own.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .unwrap();
        let config = Arc::new(config);
        Self::start(authority, move |stream, world| {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            serve(rustls::StreamOwned::new(connection, stream), world, Kind::GitHub);
        })
    }

    /// GitLab's interface, for a program that speaks plain HTTP.
    pub(crate) fn gitlab() -> Self {
        Self::start(String::new(), |stream, world| serve(stream, world, Kind::GitLab))
    }

    fn start(
        authority: String,
        each: impl Fn(std::net::TcpStream, &Mutex<World>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        let world = Arc::new(Mutex::new(World::default()));
        let (shared, each) = (world.clone(), Arc::new(each));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, each) = (shared.clone(), each.clone());
                std::thread::spawn(move || each(stream, &shared));
            }
        });
        Self { host, authority, world }
    }

    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An issue that somebody wrote.
    pub(crate) fn issue(&self, title: &str, body: &str, labels: &[&str]) -> u64 {
        let mut world = self.world();
        let number = world.next();
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        world
            .issues
            .push(json!({"number": number, "title": title, "body": body, "open": true, "labels": labels}));
        number
    }
}

impl World {
    fn next(&self) -> u64 {
        u64::try_from(self.issues.len() + self.pulls.len() + 1).unwrap()
    }

    /// How many requests with this method have a path that ends so.
    pub(crate) fn count(&self, method: &str, end: &str) -> usize {
        let fits = |path: &str| path.split('?').next().unwrap_or(path).ends_with(end);
        self.seen.iter().filter(|(seen, path, _)| seen == method && fits(path)).count()
    }

    /// How long the answer takes, where the trap is; it closes once.
    fn trapped(&mut self, method: &str, path: &str) -> Duration {
        let hit = self.trap.is_some_and(|end| method == "POST" && path.ends_with(end));
        if !hit {
            return Duration::ZERO;
        }
        self.trap = None;
        if let Some(child) = &mut self.child {
            child.kill().unwrap();
            self.killed = true;
        }
        Duration::from_secs(4)
    }

    /// Status, headers and body.
    fn answer(&mut self, method: &str, path: &str, body: &Value, kind: Kind) -> (u16, String, String) {
        let path = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
        let all = (self.issues.clone(), self.pulls.clone(), self.comments.clone());
        if method == "GET" {
            self.hide();
        }
        let (status, answer, has_next) = match kind {
            Kind::GitHub => super::github::answer(self, method, path, body),
            Kind::GitLab => super::gitlab::answer(self, method, path, body),
        };
        if method == "GET" {
            (self.issues, self.pulls, self.comments) = all;
        }
        self.stamp();
        let next = if has_next { "Link: <https://localhost/next>; rel=\"next\"\r\n" } else { "" };
        let answer = if answer.is_null() { String::new() } else { answer.to_string() };
        (status, next.to_owned(), answer)
    }

    fn things(&mut self) -> impl Iterator<Item = &mut Vec<Value>> {
        [&mut self.issues, &mut self.pulls].into_iter().chain(self.comments.values_mut())
    }

    /// Notes when what is new was made.
    fn stamp(&mut self) {
        let now = so::clock::now_ms();
        for thing in self.things().flatten().filter(|thing| thing["made"].is_null()) {
            thing["made"] = json!(now);
        }
    }

    /// Takes away what is not to be seen yet.
    fn hide(&mut self) {
        let lag = u64::try_from(self.lag.as_millis()).unwrap();
        let now = so::clock::now_ms();
        let is_fresh = |thing: &Value| thing["made"].as_u64().is_some_and(|made| now - made < lag);
        self.things().for_each(|things| things.retain(|thing| !is_fresh(thing)));
    }

    /// Whether the program that asks gets no answer.
    fn end(&mut self, now: Moment) -> bool {
        let is_at = self.kill_at.is_some_and(|end| {
            now == Moment::After
                && self.seen.last().is_some_and(|(method, path, _)| method == "POST" && path.ends_with(end))
        });
        if is_at {
            self.kill_at = None;
            self.kill = Some((self.seen.len(), now, true));
        }
        let Some((at, moment, all)) = self.kill else { return false };
        if at != self.seen.len() || moment != now {
            return false;
        }
        if let Some(child) = &mut self.child {
            child.kill().unwrap();
            self.killed = true;
        }
        all
    }
}

fn serve(mut stream: impl Read + Write, world: &Mutex<World>, kind: Kind) {
    let Some((method, path, body)) = request(&mut stream) else { return };
    let lock = || world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let pause = {
        let mut world = lock();
        world.seen.push((method.clone(), path.clone(), body.clone()));
        if world.end(Moment::Before) {
            return;
        }
        world.slow
    };
    let pause = pause.max(lock().trapped(&method, &path));
    std::thread::sleep(pause);
    let (status, headers, answer) = {
        let mut world = lock();
        let answer = match world.broken.clone() {
            Some(answer) => answer,
            None => world.answer(&method, &path, &body, kind),
        };
        if world.end(Moment::After) {
            return;
        }
        answer
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n{headers}Content-Length: {}\r\n\
         Connection: close\r\n\r\n{answer}",
        answer.len()
    );
    let _ = stream.flush();
}

fn request(stream: &mut impl Read) -> Option<(String, String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut chunked) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    let mut body = Vec::new();
    while chunked {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..size]);
        chunked = size > 0;
    }
    if length > 0 {
        body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
    }
    Some((method, path, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// The values of a query, decoded.
pub(crate) fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let code = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&code).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// One page of a list, and whether there is another.
pub(crate) fn page(items: Vec<Value>, query: &BTreeMap<String, String>) -> (u16, Value, bool) {
    let number =
        |name: &str, default: usize| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    let more = items.len() > size * page;
    (200, items.into_iter().skip(size * (page - 1)).take(size).collect(), more)
}
