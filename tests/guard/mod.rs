//! The guard: tables of cases, a corpus, and properties of the shell reader.

use std::path::PathBuf;

use so::guard::Context;

mod contexts;
mod corpus;
mod differential;
mod fuzzed;
mod loss;
mod real;
mod shell;
mod tables;
mod unseen;
mod warnings;

/// As if in a repository with one commit, outside the temp roots.
fn context() -> Context {
    Context {
        cwd: PathBuf::from("/srv/work/project"),
        project: Some(PathBuf::from("/srv/work/project")),
        home: Some(PathBuf::from("/home/user")),
        tmpdir: None,
        temp: ["/tmp", "/var/tmp", "/private/tmp"].iter().map(PathBuf::from).collect(),
        assume_dirty: true,
        policy: so::guard::policy::Policy::default(),
        peers: 0,
        notes: false,
    }
}
