//! The program `so`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    // A client waits for every hook: these two words skip the whole command line parser.
    if words.next_if(|word| word == "hook").is_some() && words.peek().is_some_and(|word| word != "--help" && word != "-h") {
        return so::hook::main(words);
    }
    so::cli::main()
}
