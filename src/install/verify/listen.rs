//! One ear on the loopback interface: what a client would send to its model is heard here and goes no further.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Bytes of a request that are taken.
const MOST: u64 = 16 << 20;
/// A refusal that no client tries again.
const REFUSAL: &str =
    r#"{"type":"error","error":{"type":"invalid_request_error","message":"so verify only listens"}}"#;

/// A server that hears one request and refuses it.
pub(super) struct Listener {
    port: u16,
    heard: Receiver<String>,
    stop: Arc<AtomicBool>,
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// There is no loopback interface, or no port.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (send, heard) = channel();
        let stopped = Arc::clone(&stop);
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                if let Ok(Some(body)) = answer(stream) {
                    let _ = send.send(body);
                }
            }
        });
        Ok(Self { port, heard, stop })
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The body of the last request that had one.
    pub(super) fn heard(self) -> Option<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.heard.try_iter().last()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Hears one request and refuses it; its body, if it has one.
fn answer(stream: TcpStream) -> std::io::Result<Option<String>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut reader = BufReader::new(stream.take(MOST));
    let (mut length, mut line) = (0_usize, String::new());
    while reader.read_line(&mut line)? > 2 {
        let value = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length = value.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(length);
        line.clear();
    }
    let mut body = vec![0; length.min(usize::try_from(MOST).unwrap_or(usize::MAX))];
    reader.read_exact(&mut body)?;
    let mut stream = reader.into_inner().into_inner();
    write!(
        stream,
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{REFUSAL}",
        REFUSAL.len()
    )?;
    Ok((length > 0).then(|| String::from_utf8_lossy(&body).into_owned()))
}
