//! Puts the canonical tree, the platform files, the templates and what a release ships into the binary, as one sorted
//! table. The platforms go in as JSON: every command reads them, and TOML takes ten times as long.
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
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    for (path, file) in &files {
        if let Some(id) = path.strip_prefix("platforms/").and_then(|name| name.strip_suffix(".toml")) {
            let json = out.join(format!("{id}.json"));
            std::fs::write(&json, as_json(file)?)?;
            let _ = writeln!(
                code,
                "    (\"platforms/{id}.json\", include_bytes!({:?})),",
                json.display().to_string()
            );
        } else {
            let _ = writeln!(code, "    ({path:?}, include_bytes!({file:?})),");
        }
    }
    code.push_str("];\n");
    std::fs::write(out.join("embedded.rs"), code)?;
    Ok(())
}

fn as_json(file: &str) -> Result<String, Box<dyn Error>> {
    let value: serde_json::Value = toml_edit::de::from_str(&std::fs::read_to_string(file)?)
        .map_err(|error| format!("{file}: {error}"))?;
    Ok(value.to_string())
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
