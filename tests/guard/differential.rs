//! The shell reader against `bash -n` and against the grammar of tree-sitter.
//!
//! Over our own tables, a generated corpus, and the file named by `SO_COMMANDS` (JSON lines: command).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use so::guard::shell::{Limit, Script, Word, read};

/// Programs by name, and how often each would run.
type Names = BTreeMap<String, usize>;

/// What differs, by kind.
#[derive(Default)]
struct Differences {
    /// bash takes it, the reader does not.
    unread: Vec<String>,
    /// A program that the other parser sees and the reader does not.
    missed: Vec<String>,
    /// What bash would have run before the error is missing.
    lost: Vec<String>,
    accepted: usize,
    rejected: usize,
    /// Taken by bash, not by the other parser.
    beyond: usize,
}

impl Differences {
    fn compare(&mut self, command: &str) {
        let script = read(command);
        if !accepted_by_bash(command) {
            self.rejected += 1;
            return self.compare_rejected(command, &script);
        }
        self.accepted += 1;
        // These bash takes as they are; we do not, because a client may put more behind them.
        let taken = ["a here-document", "a backslash at the end"];
        if let Some(limit @ Limit::Unterminated(what)) = script.limit
            && !taken.contains(&what)
        {
            self.unread.push(format!("{limit}: {command:?}"));
        }
        // The other parser takes a carriage return for a blank, a here-document behind `|` for the next command, and
        // joins no continued lines in one.
        let cut = command.contains("|\n") || command.contains("\\\n");
        let misread = command.contains('\r') || cut && command.contains("<<");
        let Some(theirs) = names_by_tree_sitter(command).filter(|_| !misread) else {
            self.beyond += 1;
            return;
        };
        let missing = beyond(&theirs, &names(&script));
        if !missing.is_empty() {
            self.missed.push(format!("{missing:?}: {command:?}"));
        }
    }

    /// bash reads line by line: what stands before the error has run when it comes.
    fn compare_rejected(&mut self, command: &str, script: &Script) {
        if script.limit.is_some() {
            return;
        }
        let ends: Vec<usize> = command.match_indices('\n').map(|(at, _)| at + 1).collect();
        let Some(before) = ends
            .iter()
            .rev()
            .take(20)
            .filter_map(|end| command.get(..*end))
            .find(|before| !before.trim().is_empty() && accepted_by_bash(before))
        else {
            return;
        };
        let Some(theirs) = names_by_tree_sitter(before) else { return };
        let missing = beyond(&theirs, &names(script));
        if !missing.is_empty() {
            self.lost.push(format!("{missing:?}: {command:?}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]
    fn report(&self, what: &str) {
        println!(
            "{what}: bash takes {}, refuses {}; tree-sitter cannot read {}",
            self.accepted, self.rejected, self.beyond
        );
        let all = [("NOT READ", &self.unread), ("MISSED", &self.missed), ("LOST", &self.lost)];
        let found = all.iter().filter(|(_, found)| !found.is_empty());
        let found: Vec<_> = found.map(|(kind, found)| format!("{kind}\n{}", found.join("\n"))).collect();
        assert!(found.is_empty(), "{what}: {}", found.join("\n"));
    }
}

pub(super) fn accepted_by_bash(command: &str) -> bool {
    let mut child = Command::new("bash")
        .args(["--norc", "-O", "extglob", "-n"])
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("bash");
    // It may have seen enough before the end.
    let _ = child.stdin.take().expect("its input").write_all(command.as_bytes());
    child.wait().expect("an answer").success()
}

fn count(names: impl Iterator<Item = String>) -> Names {
    names.fold(Names::new(), |mut sum, name| {
        *sum.entry(name).or_default() += 1;
        sum
    })
}

fn names(script: &Script) -> Names {
    count(script.commands.iter().filter_map(|command| command.words.first().and_then(Word::as_literal)))
}

/// What `theirs` has more of.
fn beyond(theirs: &Names, ours: &Names) -> Vec<String> {
    let less = theirs.iter().filter(|(name, times)| ours.get(*name).is_none_or(|ours| ours < *times));
    less.map(|(name, _)| name.clone()).collect()
}

/// The plain words in command position; `None` where the grammar has an error.
fn names_by_tree_sitter(text: &str) -> Option<Names> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).expect("the grammar");
    let tree = parser.parse(text, None)?;
    if tree.root_node().has_error() {
        return None;
    }
    let mut names = Vec::new();
    let mut nodes = vec![tree.root_node()];
    while let Some(node) = nodes.pop() {
        let mut cursor = node.walk();
        nodes.extend(node.children(&mut cursor));
        let plain =
            node.kind() == "command_name" && node.child(0).is_some_and(|child| child.kind() == "word");
        if plain && stands_alone(text, node.byte_range()) {
            names.extend(text.get(node.byte_range()).filter(|name| is_plain(name)).map(str::to_owned));
        }
    }
    Some(count(names.into_iter()))
}

/// Where the other parser is wrong: it cuts `x=$NAME.log` behind the dollar and takes the rest for a command, joins no
/// words over a continued line, and runs what a here-document holds as `\$(name)`.
fn stands_alone(text: &str, name: std::ops::Range<usize>) -> bool {
    let (before, after) = (&text[..name.start], &text[name.end..]);
    let begins =
        before.chars().next_back().is_none_or(|last| last.is_whitespace() || ";|&(){}`!".contains(last));
    begins && !before.ends_with("\\$(") && !after.starts_with("\\\n")
}

/// See [`is_plain`]: `coproc` is no word of the other grammar, which takes what follows for arguments.
const NO_COMMANDS: &[&str] = &["time", "coproc", "in", "export", "then", "fi", "do", "done"];

/// A word that stands for itself. Reserved words are no commands; `export` begins a statement of its own in the other
/// grammar, and is a command there only where that went wrong; `i++` comes from arithmetic that it did not see.
fn is_plain(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_./:+,@%-".contains(character);
    name.chars().all(plain) && !name.ends_with("++") && !NO_COMMANDS.contains(&name)
}

#[test]
fn our_tables() {
    let mut differences = Differences::default();
    let tables = super::tables::every_command().into_iter();
    let found = super::contexts::table().into_iter().map(|(command, _)| command);
    let shell = super::shell::COMMANDS.iter().map(|(command, _)| (*command).to_owned());
    for command in tables.chain(found).chain(shell) {
        differences.compare(&command);
    }
    differences.report("tables");
}

#[test]
fn a_generated_corpus() {
    let mut differences = Differences::default();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..150 {
        for made in [super::contexts::dangerous().boxed(), super::contexts::harmless().boxed()] {
            differences.compare(&made.new_tree(&mut runner).expect("a text").current().text);
        }
    }
    assert_eq!(differences.rejected, 0, "what is generated is valid");
    differences.report("generated");
}

#[test]
#[expect(clippy::print_stdout, reason = "who runs it must see what was left out")]
fn commands_of_others() {
    #[expect(clippy::disallowed_methods, reason = "a setting of this test, not of the program")]
    let Ok(path) = std::env::var("SO_COMMANDS") else {
        println!("SKIPPED: set SO_COMMANDS to a file of commands");
        return;
    };
    let text = std::fs::read_to_string(path).expect("the commands");
    let mut differences = Differences::default();
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case");
        differences.compare(case["command"].as_str().expect("a command"));
    }
    differences.report("SO_COMMANDS");
}
