//! The program: hooks first, because they run before every tool call; everything else through the argument parser.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

use std::ffi::OsStr;

/// The exit code.
fn run() -> u8 {
    let mut args = std::env::args_os();
    let _program = args.next();
    let is_hook = args.next().is_some_and(|word| word == OsStr::new("hook"));
    let mut rest = args.peekable();
    let wants_help =
        rest.peek().is_none_or(|word| [OsStr::new("--help"), OsStr::new("-h")].contains(&word.as_os_str()));
    if is_hook && !wants_help {
        return so::hook::main(rest);
    }
    so::cli::main()
}

/// What the C library starts. Rust's own runtime would first read `/proc/self/maps` line by line to learn where the
/// stack ends, which takes a quarter of all that an allowed call takes; what else it does before `main` is done here.
#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
mod start {
    use std::ffi::{c_char, c_int};
    use std::sync::Arc;

    use rustix::stdio::{stderr, stdin, stdout};

    #[expect(unsafe_code, reason = "the name by which the C library finds it; nothing in it is unsafe")]
    #[expect(clippy::disallowed_methods, reason = "what is printed is flushed by it")]
    #[unsafe(no_mangle)]
    extern "C" fn main(_count: c_int, _words: *const *const c_char) -> c_int {
        open_standard_streams();
        // A reader that is gone is an error of the one write, not the end of the process. Programs that are started
        // do not inherit it.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGPIPE, Arc::default());
        std::process::exit(super::run().into())
    }

    /// One that is closed is the null device, so that no file that is opened later takes its number.
    fn open_standard_streams() {
        for stream in [stdin(), stdout(), stderr()] {
            if rustix::io::fcntl_getfd(stream).is_err() {
                let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null");
                std::mem::forget(null);
            }
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    run().into()
}
