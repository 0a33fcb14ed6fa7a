//! Ctrl-C, a closed terminal, a request to end: noted, so that work in progress can be taken back first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The person, or the system, wants the program to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// From its making on, these signals no longer end the process: whoever made it must ask [`Interrupts::check`].
#[derive(Debug, Clone)]
pub struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Starts to take note.
    ///
    /// # Errors
    /// The system refuses to tell us of a signal.
    pub fn watch() -> std::io::Result<Self> {
        let seen = Arc::new(AtomicBool::new(false));
        for signal in SIGNALS {
            signal_hook::flag::register(*signal, Arc::clone(&seen))?;
        }
        Ok(Self(seen))
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// A signal came.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.0.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }
}

#[cfg(unix)]
const SIGNALS: &[i32] =
    &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];

#[cfg(not(unix))]
const SIGNALS: &[i32] = &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
