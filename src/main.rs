use std::process::ExitCode;

fn main() -> ExitCode {
    so::cli::main()
}
