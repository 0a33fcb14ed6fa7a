//! A guard answers by its own clock: clients let a call through when theirs runs out.

use std::io::Write as _;
use std::time::Duration;

use super::wire::Reply;

/// Within so long every guard answers; the wiring gives it 10 s.
const LIMIT: Duration = Duration::from_secs(2);

/// Ends the process with `reply` when it has not ended by itself. Reading the payload counts: a client that never
/// closes its end is not waited for. The thread costs some 10,000 instructions.
pub(super) fn start(reply: Reply) {
    let bark = move || {
        std::thread::sleep(LIMIT);
        let _ = std::io::stderr().write_all(reply.stderr.as_bytes());
        #[expect(
            clippy::disallowed_methods,
            clippy::exit,
            reason = "the thread that judges cannot be stopped otherwise"
        )]
        std::process::exit(i32::from(reply.code));
    };
    // Without a thread there is no clock, and the client's own holds.
    let _ = std::thread::Builder::new().stack_size(64 << 10).spawn(bark);
}
