//! What a client hears when this program breaks.

use std::io::Write as _;

/// From here on a panic ends the process as its event needs it: a guard refuses with exit code 2 and says why on
/// stderr, anything else is silent with exit code 0. With `panic = "abort"` nothing but this hook would run.
pub(super) fn install(guards: bool) {
    std::panic::set_hook(Box::new(move |_| {
        if guards {
            let _ = std::io::stderr().write_all(b"so broke while judging this call, so it is refused. Run `so doctor`.\n");
        }
        end(if guards { 2 } else { 0 });
    }));
}

#[expect(clippy::disallowed_methods, clippy::exit, reason = "the panic hook ends the process")]
fn end(code: i32) {
    std::process::exit(code);
}
