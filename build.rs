//! Puts the canonical tree, the platform files, the templates and what a release ships into the binary, as one sorted
//! table.
//!
//! Cargo watches the directories themselves, so a file that is *added* is noticed too.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts through the environment")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const ROOTS: &[&str] = &[
    "so.toml",
    "skills",
    "commands",
    "agents",
    "rules",
    "styles",
    "schemas",
    "platforms",
    "templates",
    "packs",
    "README.md",
    "LICENSE",
    "NOTICE",
    "CHANGELOG.md",
    "Cargo.toml",
    "Cargo.lock",
];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("no CARGO_MANIFEST_DIR")?);
    println!("cargo::rustc-env=SO_TARGET={}", std::env::var("TARGET")?);
    let mut files = Vec::new();
    for root in ROOTS {
        println!("cargo::rerun-if-changed={root}");
        collect(&here.join(root), root, &mut files);
    }
    files.sort();
    let mut code = String::from(
        "/// Every embedded file by path, sorted.\npub(crate) static FILES: &[(&str, &[u8])] = &[\n",
    );
    for (path, file) in &files {
        let _ = writeln!(code, "    ({path:?}, include_bytes!({file:?})),");
    }
    code.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("embedded.rs");
    std::fs::write(out, code)?;
    Ok(())
}

fn collect(path: &Path, name: &str, files: &mut Vec<(String, String)>) {
    if path.is_file() {
        files.push((name.to_owned(), path.display().to_string()));
    } else if let Ok(entries) = std::fs::read_dir(path) {
        println!("cargo::rerun-if-changed={}", path.display());
        let hidden = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
        for entry in entries.filter_map(Result::ok).filter(|entry| !hidden(entry)) {
            collect(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), files);
        }
    }
}
