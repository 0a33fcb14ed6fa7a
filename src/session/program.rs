//! Is a process the client by whose name it is called? A copy of a shell is called what one likes.
//!
//! Responsible for: what the file that runs says of itself. Must not: say who started it. A forger who builds a program
//! for it gets through; one who renames what is there does not.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::client::{Client, Process};

/// So far into a program its mark is looked for: it stands within the first 16 MiB of those that were looked at.
const LOOKED_AT: u64 = 64 << 20;
const CHUNK: usize = 1 << 20;
/// Such an editor is a browser, of more than a hundred MiB; shells and their kin are less than ten.
const BROWSER: u64 = 32 << 20;
const RUNTIMES: [&str; 4] = ["node", "nodejs", "bun", "deno"];

/// Whether `process` runs the program of `client`.
pub fn is_of(client: &Client, process: &Process) -> bool {
    let proof = &client.session.proof;
    let runs_script = RUNTIMES.contains(&name(&process.exe));
    runs_script && !proof.package.is_empty() && script_is_of(&proof.package, proof.renames_itself, process)
        || !runs_script && !proof.holds.is_empty() && holds(process, proof.holds.as_bytes())
        || !proof.editor.is_empty() && editor(process).is_some_and(|editor| editor == proof.editor)
}

/// The editor that `process` is a part of, by its `product.json` (Visual Studio Code and its kin).
pub fn editor(process: &Process) -> Option<String> {
    let size = process.exe.metadata().ok()?.len();
    if size < BROWSER {
        return None;
    }
    let file = process.exe.parent()?.join("resources/app/product.json");
    let product: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    product.get("applicationName")?.as_str().map(str::to_owned)
}

/// Whether the script is the package's; where the process has written over its command line, its name has to do.
fn script_is_of(package: &str, renames_itself: bool, process: &Process) -> bool {
    let mut words = process.args.iter().filter(|word| !word.is_empty());
    let first = words.next().map(|word| name(Path::new(word))).unwrap_or_default();
    if !RUNTIMES.contains(&first) {
        return renames_itself && words.next().is_none();
    }
    let Some(script) = words.find(|word| !word.starts_with('-')) else { return false };
    let cwd = std::fs::read_link(format!("/proc/{}/cwd", process.id)).unwrap_or_default();
    std::fs::canonicalize(cwd.join(script))
        .is_ok_and(|script| package_of(&script).as_deref() == Some(package))
}

/// The name of the npm package that a file belongs to.
fn package_of(file: &Path) -> Option<String> {
    let manifest =
        file.ancestors().skip(1).map(|dir| dir.join("package.json")).find(|file| file.is_file())?;
    let manifest: Value = serde_json::from_str(&std::fs::read_to_string(manifest).ok()?).ok()?;
    manifest.get("name")?.as_str().map(str::to_owned)
}

/// Whether the text stands in the program. It is read as it runs: an update has replaced the file since.
fn holds(process: &Process, mark: &[u8]) -> bool {
    let running = PathBuf::from(format!("/proc/{}/exe", process.id));
    let Ok(file) = File::open(running) else { return false };
    let mut file = file.take(LOOKED_AT);
    let finder = memchr::memmem::Finder::new(mark);
    let mut seen = Vec::with_capacity(CHUNK + mark.len());
    loop {
        let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut seen);
        if !read.is_ok_and(|count| count > 0) {
            return false;
        }
        if finder.find(&seen).is_some() {
            return true;
        }
        seen.drain(..seen.len().saturating_sub(mark.len())); // it may stand across the border
    }
}

fn name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(" (deleted)").unwrap_or(name)
}
