//! The program: hooks first, because they run before every tool call; everything else through the argument parser.

use std::ffi::OsStr;
use std::process::ExitCode;

fn main() -> ExitCode {
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
