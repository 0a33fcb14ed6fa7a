//! Words by which tools of MCP servers and their arguments are understood.

use crate::hook::event::ChangeKind;

/// Words of names that run a command, where an argument holds one.
pub(super) const RUNS: &[&str] = &[
    "bash",
    "exec",
    "execute",
    "invoke",
    "powershell",
    "process",
    "pwsh",
    "run",
    "runinterminal",
    "sh",
    "shell",
    "spawn",
    "terminal",
    "zsh",
];
pub(super) const COMMANDS: &[&str] = &["command", "cmd", "commandline", "shellcommand", "commands"];
pub(super) const CWDS: &[&str] = &["cwd", "workingdirectory", "workdir", "workingdir"];
/// Arguments that hold the verb where one tool does several things.
pub(super) const VERBS: &[&str] = &["command", "operation", "op", "action", "method", "mode"];

#[rustfmt::skip]
pub(super) const READS: &[&str] = &["analyze", "browse", "check", "count", "describe", "diff", "fetch", "find", "get", "glob",
    "grep", "list", "load", "look", "navigate", "preview", "query", "read", "search", "show", "stat", "tree",
    "validate", "view", "watch"];
#[rustfmt::skip]
pub(super) const WRITES: &[(&str, ChangeKind)] = &[
    ("append", ChangeKind::Part), ("apply", ChangeKind::Part), ("copy", ChangeKind::Whole),
    ("create", ChangeKind::Whole), ("delete", ChangeKind::Removed), ("download", ChangeKind::Whole),
    ("edit", ChangeKind::Part), ("erase", ChangeKind::Removed), ("export", ChangeKind::Whole),
    ("format", ChangeKind::Part), ("insert", ChangeKind::Part), ("mkdir", ChangeKind::Whole),
    ("modify", ChangeKind::Part), ("move", ChangeKind::Removed), ("overwrite", ChangeKind::Whole),
    ("patch", ChangeKind::Part), ("reformat", ChangeKind::Part), ("remove", ChangeKind::Removed),
    ("rename", ChangeKind::Removed), ("replace", ChangeKind::Part), ("rewrite", ChangeKind::Whole),
    ("save", ChangeKind::Whole), ("touch", ChangeKind::Whole), ("truncate", ChangeKind::Whole),
    ("unlink", ChangeKind::Removed), ("update", ChangeKind::Part), ("upload", ChangeKind::Part),
    ("write", ChangeKind::Whole),
];
/// Words that say that a tool is about files.
#[rustfmt::skip]
pub(super) const FILES: &[&str] = &["code", "content", "contents", "dir", "directories", "directory", "editor", "file", "files",
    "filesystem", "folder", "folders", "fs", "line", "lines", "notebook", "path", "symbol", "text", "textfile"];
/// Words that say nothing about what a tool is about.
pub(super) const PARTICLES: &[&str] =
    &["a", "all", "and", "as", "batch", "in", "many", "multi", "multiple", "new", "or", "str"];

/// Arguments that can only be files, and those that often are. Without `_` and `-`, in small letters.
#[rustfmt::skip]
pub(super) const NAMED: &[&str] = &["absolutepath", "absolutefilepath", "destinationpath", "destpath", "filepath", "filepaths",
    "localpath", "newpath", "notebookpath", "oldpath", "outputfile", "outputpath", "pathinproject", "relativepath",
    "savepath", "sourcepath", "targetfile", "targetpath"];
#[rustfmt::skip]
pub(super) const OFTEN: &[&str] = &["dest", "destination", "dir", "directory", "file", "filename", "files", "folder", "from",
    "location", "output", "path", "paths", "source", "src", "target", "to", "uri", "url"];
/// Of these, the ones that a copy only reads, and the ones that a move writes.
pub(super) const ORIGINS: &[&str] = &["from", "oldpath", "source", "sourcepath", "src"];
pub(super) const GOALS: &[&str] = &[
    "dest",
    "destination",
    "destinationpath",
    "destpath",
    "newpath",
    "output",
    "outputfile",
    "outputpath",
    "to",
];
