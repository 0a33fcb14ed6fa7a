//! Transcripts: what each command prints, in `cmd/*.trycmd`. `TRYCMD=overwrite tests/run cli::` writes them anew.
//!
//! A case with a `.out` directory runs in a copy of its `.in` directory, outside this repository. `[..]`, `[HOME]` and
//! `...` stand for what differs between machines and releases.

#[test]
fn transcripts() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().to_str().unwrap();
    // An empty PATH: no client of this machine is seen; git is there to make repositories with. These variables would move a client's home.
    let cases = trycmd::TestCases::new();
    cases.register_bin("so", std::path::Path::new(env!("CARGO_BIN_EXE_so")));
    let git = so::env::which("git").expect("git on PATH");
    cases.register_bin("git", git.as_path());
    cases.insert_var("[HOME]", home.to_owned()).unwrap();
    cases.env("HOME", home).env("PATH", "").env("NO_COLOR", "1").env("COLUMNS", "100");
    for (name, below) in [
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("CLAUDE_CONFIG_DIR", ".claude"),
        ("CODEX_HOME", ".codex"),
        ("PI_CODING_AGENT_DIR", ".pi/agent"),
    ] {
        cases.env(name, format!("{home}/{below}"));
    }
    // An agent may run these tests: what its client sets would be announced in each of them.
    for client in so::client::Client::all() {
        for name in &client.session.env {
            cases.env(name, "");
        }
    }
    cases.case("tests/cmd/*.trycmd").case("README.md").case("docs/*.md");
}
