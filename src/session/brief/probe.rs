//! One look at something, in a thread of its own and with a limit of its own: what does not answer in time is left
//! out, and said.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};
use serde_json::json;

/// What a look brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// This.
    Told(T),
    /// It took longer than it may, in milliseconds.
    Late(u128),
    /// It could not be done, for this reason.
    Failed(String),
    /// Nobody looked.
    Skipped,
}

/// A look that is under way.
#[derive(Debug)]
pub struct Pending<T> {
    limit: Duration,
    until: Instant,
    receive: Option<Receiver<Result<T, String>>>,
}

/// Begins to look.
pub fn start<T: Send + 'static>(
    limit: Duration,
    look: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Pending<T> {
    let (send, receive) = mpsc::channel();
    // A thread that takes too long is left behind: the process ends soon and takes it along.
    std::thread::spawn(move || send.send(look().map_err(|error| format!("{error:#}"))));
    Pending { limit, until: Instant::now() + limit, receive: Some(receive) }
}

impl<T> Pending<T> {
    /// A look that is not taken.
    pub fn skipped() -> Self {
        Self { limit: Duration::ZERO, until: Instant::now(), receive: None }
    }

    /// What it brought, by its limit at the latest.
    pub fn answer(self) -> Answer<T> {
        let Some(receive) = self.receive else { return Answer::Skipped };
        match receive.recv_timeout(self.until.saturating_duration_since(Instant::now())) {
            Ok(Ok(told)) => Answer::Told(told),
            Ok(Err(why)) => Answer::Failed(why),
            Err(RecvTimeoutError::Timeout) => Answer::Late(self.limit.as_millis()),
            Err(RecvTimeoutError::Disconnected) => Answer::Failed("it broke off".to_owned()),
        }
    }
}

impl<T> Answer<T> {
    /// What it brought, if it did.
    pub fn told(&self) -> Option<&T> {
        match self {
            Self::Told(told) => Some(told),
            _ => None,
        }
    }

    /// Why nothing is known; `None` where something is, or nobody wanted to know.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Told(_) | Self::Skipped => None,
            Self::Late(limit) => Some(format!("no answer within {limit} ms")),
            Self::Failed(why) => Some(why.clone()),
        }
    }
}

impl<T: Serialize> Serialize for Answer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Told(told) => told.serialize(serializer),
            Self::Skipped => serializer.serialize_none(),
            Self::Late(_) | Self::Failed(_) => json!({"unknown": self.why()}).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_look_ends_by_its_own_limit() {
        let slow = start(Duration::from_millis(20), || {
            std::thread::sleep(Duration::from_secs(60));
            Ok(1)
        });
        let quick = start(Duration::from_secs(60), || Ok(2));
        let broken = start(Duration::from_secs(60), || -> anyhow::Result<u8> { anyhow::bail!("no disk") });
        assert_eq!(slow.answer(), Answer::Late(20));
        assert_eq!(quick.answer(), Answer::Told(2));
        assert_eq!(broken.answer().why().as_deref(), Some("no disk"));
        assert_eq!(Pending::<u8>::skipped().answer(), Answer::Skipped);
    }
}
