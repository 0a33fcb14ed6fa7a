//! JSON lines: files to which many processes append one object a line.
//!
//! One mechanism for all of them: an OS lock on a sibling file, one write a line, a last line that a crash has torn is
//! ended first, one that the disk had no room for is taken back. Readers skip what they cannot read; `so log verify` names it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// How a file of JSON lines is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keeping {
    /// Only the person may read it: mode 600, its directory 700.
    pub private: bool,
    /// A file of this many bytes becomes the first of [`BACKUPS`] and a new one begins; 0 for never.
    pub rotate_at: u64,
}

/// So many old files are kept: `NAME.1` is the youngest.
pub const BACKUPS: usize = 5;

/// Appends one object as one line.
///
/// # Errors
/// The file cannot be locked or written; what was there before stays.
pub fn append(path: &Path, line: &Value, keeping: Keeping) -> io::Result<()> {
    let _lock = lock(path, keeping.private)?;
    append_held(path, line, keeping)
}

/// As [`append`], for a caller that holds the lock: of this file, or one for several files that change together.
///
/// # Errors
/// The file cannot be written; what was there before stays.
pub fn append_held(path: &Path, line: &Value, keeping: Keeping) -> io::Result<()> {
    if keeping.rotate_at > 0 && path.metadata().is_ok_and(|meta| meta.len() >= keeping.rotate_at) {
        rotate(path)?;
    }
    let mut file =
        private(OpenOptions::new().read(true).append(true).create(true), keeping.private).open(path)?;
    let mut text = format!("{line}\n");
    if file.seek(SeekFrom::End(-1)).is_ok() {
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.insert(0, '\n');
        }
    }
    let before = file.metadata()?.len();
    file.write_all(text.as_bytes()).inspect_err(|_| {
        let _ = file.set_len(before); // half a line is nobody's
    })
}

/// Sees to it that what was appended outlives the machine; nothing where there is no such file.
///
/// # Errors
/// The disk does not take it.
pub fn sync(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The objects of a file; none when it is not there. A line that cannot be read is left out.
pub fn read(path: &Path) -> Vec<Value> {
    let text = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The last `count` objects of a file, oldest first; of a large file only the end is read.
pub fn last(path: &Path, count: usize) -> Vec<Value> {
    const END: u64 = 256 << 10;
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(END);
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.take(END).read_to_end(&mut text)?;
        Ok(text)
    };
    // Where the end begins in the middle of a line, that line is none.
    let text = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let objects =
        text.lines().rev().filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object);
    let mut found: Vec<Value> = objects.take(count).collect();
    found.reverse();
    found
}

/// A file and those that it has moved on to, the youngest first; they need not be there.
pub fn backups(path: &Path) -> Vec<PathBuf> {
    let old = (1..=BACKUPS).map(|number| with_ending(path, &number.to_string()));
    [path.to_path_buf()].into_iter().chain(old).collect()
}

/// Holds the OS lock of a file until it is dropped; the lock goes with the process.
///
/// # Errors
/// Its directory or the lock's own file cannot be made.
pub fn lock(path: &Path, is_private: bool) -> io::Result<File> {
    let lock = with_ending(path, "lock");
    private_dir(lock.parent().unwrap_or(Path::new(".")), is_private)?;
    let file = private(OpenOptions::new().write(true).create(true).truncate(false), is_private).open(lock)?;
    file.lock()?;
    Ok(file)
}

/// The oldest goes, the others move on by one.
fn rotate(path: &Path) -> io::Result<()> {
    for number in (1..BACKUPS).rev() {
        let from = with_ending(path, &number.to_string());
        if from.exists() {
            std::fs::rename(from, with_ending(path, &(number + 1).to_string()))?;
        }
    }
    std::fs::rename(path, with_ending(path, "1"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(unix)]
pub(crate) fn private(options: &mut OpenOptions, is_private: bool) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(if is_private { 0o600 } else { 0o666 })
}

#[cfg(not(unix))]
pub(crate) fn private(options: &mut OpenOptions, _is_private: bool) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
pub(crate) fn private_dir(dir: &Path, is_private: bool) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(if is_private { 0o700 } else { 0o777 }).create(dir)
}

#[cfg(not(unix))]
pub(crate) fn private_dir(dir: &Path, _is_private: bool) -> io::Result<()> {
    std::fs::create_dir_all(dir)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_full_file_moves_on_and_no_line_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let keeping = Keeping { private: false, rotate_at: 400 };
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = path.clone();
                scope.spawn(move || {
                    for line in 0..10 {
                        append(&path, &json!({"writer": writer, "line": line}), keeping).unwrap();
                    }
                });
            }
        });
        let all = (1..=BACKUPS).map(|number| with_ending(&path, &number.to_string())).chain([path.clone()]);
        assert_eq!(all.map(|file| read(&file).len()).sum::<usize>(), 80);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        crate::fs::replace(&path, b"{\"a\":1}\n{\"torn\n[1]\n", false).unwrap();
        append(&path, &json!({"b": 2}), Keeping::default()).unwrap();
        assert_eq!(read(&path).len(), 3);
        assert_eq!(last(&path, 1), [json!({"b": 2})]);
        assert_eq!(last(&path, 9), [json!({"a": 1}), json!({"b": 2})]);
    }
}
