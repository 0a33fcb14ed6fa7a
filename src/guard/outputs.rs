//! Files that programs put their output into, over what was there: `sort -o FILE`, `curl -o FILE`, `tar -cf FILE`.
//!
//! A table of options and places. What is not there yet is not lost, so a row costs no false alarm on a new file.

use super::arg::{Arg, Call};
use super::copies::is_dir;
use super::deletion::{Deletion, Kind, one};
use super::options::Grammar;
use super::rules::git::Line;

/// Programs, their other short options with a value, and the options whose value is a file that is written anew.
const OPTIONS: &[(&[&str], &str, &[&str])] = &[
    (&["sort", "shuf"], "kStTn", &["o", "output"]),
    (&["curl"], "HXdAeuxbcTFKmrUwCD", &["o", "output"]),
    (&["wget"], "oaPeUtTwQiBAR", &["O", "output-document"]),
    (&["jq", "yq", "pandoc", "dot", "iconv", "gpg", "age", "protoc"], "f", &["o", "output"]),
    (&["openssl"], "", &["out"]),
    (&["pg_dump", "pg_dumpall"], "hpUdtnF", &["f", "file"]),
    (&["mysqldump"], "hPup", &["r", "result-file"]),
    (&["xmllint"], "", &["o", "output"]),
    (&["time", "gtime"], "f", &["o", "output"]),
    (&["psql"], "dhpUcfvPFR", &["o", "output"]),
    (&["strace", "ltrace"], "eps", &["o", "output"]),
];

/// Programs that write into their second operand.
const SECOND: &[&str] = &["uniq", "xxd", "base64url"];

fn written(arg: Arg) -> Deletion {
    one(arg, Kind::Overwritten)
}

/// What `call` writes over besides what its redirects do.
pub(super) fn of(call: &Call<'_>) -> Vec<Deletion> {
    if let Some((_, short, names)) = OPTIONS.iter().find(|(programs, ..)| programs.contains(&call.name)) {
        return by_option(short, names, call);
    }
    match call.name {
        "find" => by_find(call.args),
        "sed" | "gsed" if empties(call) => {
            call.args.iter().filter(|arg| !arg.text.starts_with('-')).skip(1).cloned().map(written).collect()
        }
        "perl" | "ruby" if empties(call) => {
            let file = call.args.last().filter(|arg| !arg.text.starts_with('-'));
            file.cloned().map(written).into_iter().collect()
        }
        "vim" | "nvim" | "vi" | "ex" | "ed" => edited(call),
        "sqlite3" | "sqlite" => {
            let words = call.args.iter().filter_map(|arg| arg.text.split_once(' '));
            let files = words.filter(|(word, _)| matches!(*word, ".output" | ".once" | ".backup" | ".save"));
            files.map(|(_, file)| written(Arg::literal(file.trim()))).collect()
        }
        "ffmpeg" if call.has("-y") => call.args.last().cloned().map(written).into_iter().collect(),
        "objcopy" => last_of_two("IOFBjRNKW", call),
        "scp" => {
            let found = last_of_two("cDFiJlOoPRSX", call);
            let remote = call.args.iter().any(|arg| arg.text.contains(':'));
            let local =
                |deletion: &Deletion| !deletion.arg.text.contains(':') && !deletion.arg.text.ends_with('.');
            found
                .into_iter()
                .filter(|deletion| remote && local(deletion) && !is_dir(&deletion.arg, call))
                .collect()
        }
        "sed" | "gsed" => {
            call.args.iter().filter_map(|arg| by_sed(&arg.text)).map(Arg::literal).map(written).collect()
        }
        "tar" | "gtar" | "bsdtar" => archive(call).into_iter().map(written).collect(),
        "script" => last_operand("cEIOBTmo", call).into_iter().map(written).collect(),
        name if SECOND.contains(&name) => {
            let parsed = Grammar { short: "fswcglo", long: &[], stop_at_operand: false }.parse(call.args);
            parsed.operands.get(1).cloned().map(written).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `sed -i d`, `perl -i -ne ''`: nothing is left of any line.
fn empties(call: &Call<'_>) -> bool {
    let in_place = |arg: &Arg| {
        let letters = arg.text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        letters.is_some_and(|letters| letters.contains('i')) || arg.text.starts_with("--in-place")
    };
    let silent = call
        .args
        .iter()
        .any(|arg| arg.text.starts_with('-') && !arg.text.starts_with("--") && arg.text.contains('n'));
    let nothing = |arg: &Arg| match arg.text.as_str() {
        "" => silent,
        "d" | "1,$d" | "/./d" | "/^/d" | "/.*/d" => call.name.ends_with("sed"),
        "undef $_" | "$_ = \"\"" | "$_=\"\"" | "$_ = ''" | "$_=''" => call.name == "perl",
        _ => false,
    };
    call.args.iter().any(in_place) && call.args.iter().any(nothing)
}

/// Editors that are told to drop all lines and to write the file.
fn edited(call: &Call<'_>) -> Vec<Deletion> {
    let words = || {
        let given = call.args.iter().flat_map(|arg| arg.text.split('|'));
        let piped = call.input.texts.iter().flat_map(|text| text.lines());
        given.chain(piped).map(|word| word.trim().trim_start_matches(['+', ':']))
    };
    let drops =
        words().any(|word| matches!(word, "%d" | ",d" | "1,$d" | "g/./d" | "g/^/d" | "%d _" | "silent %d"));
    let writes =
        words().any(|word| matches!(word, "w" | "wq" | "x" | "wq!" | "w!" | "xit" | "wa" | "wqa" | "update"));
    if !(drops && writes) {
        return Vec::new();
    }
    let parsed = Grammar { short: "cSuVwWiT", long: &["cmd"], stop_at_operand: false }.parse(call.args);
    let files = parsed.operands.iter().filter(|arg| !arg.text.starts_with('+'));
    files.cloned().map(written).collect()
}

/// The second of two operands.
fn last_of_two(short: &'static str, call: &Call<'_>) -> Vec<Deletion> {
    let parsed = Grammar { short, long: &[], stop_at_operand: false }.parse(call.args);
    match parsed.operands.as_slice() {
        [_, target] => vec![written(target.clone())],
        _ => Vec::new(),
    }
}

fn by_option(short: &'static str, names: &[&str], call: &Call<'_>) -> Vec<Deletion> {
    let mut rest = call.args;
    let mut found = Vec::new();
    while let Some((arg, tail)) = rest.split_first() {
        rest = tail;
        let Some(text) = arg.text.strip_prefix('-') else { continue };
        for name in names {
            match value_of(name, text, short) {
                Some("") => found.extend(tail.first().cloned()),
                Some(value) => found.push(Arg { text: value.to_owned(), ..arg.clone() }),
                None => {}
            }
        }
    }
    found.into_iter().filter(|arg| arg.text != "-").map(written).collect()
}

/// The value in `text`, an option without its first dash, if the option is `name`; empty if the next word is it. The
/// letter of an option may stand at the end of others, unless one of those takes a value.
fn value_of<'t>(name: &str, text: &'t str, short: &str) -> Option<&'t str> {
    if let Some(long) = text.strip_prefix('-') {
        let behind = long.strip_prefix(name).filter(|_| name.len() > 1)?;
        return if behind.is_empty() { Some(behind) } else { behind.strip_prefix('=') };
    }
    match text.strip_prefix(name) {
        Some("") => Some(""),
        Some(stuck) if name.len() == 1 => Some(stuck.strip_prefix('=').unwrap_or(stuck)),
        _ => {
            let last = name.len() == 1 && text.ends_with(name);
            (last && !text.contains(|letter| short.contains(letter))).then_some("")
        }
    }
}

/// `find … -fprint FILE`.
fn by_find(args: &[Arg]) -> Vec<Deletion> {
    let pairs = args.iter().zip(args.iter().skip(1));
    let files = pairs
        .filter(|(action, _)| matches!(action.text.as_str(), "-fprint" | "-fprint0" | "-fls" | "-fprintf"));
    files.map(|(_, file)| written(file.clone())).collect()
}

/// `sed -n 'w FILE'`, `s/a/b/w FILE`.
fn by_sed(script: &str) -> Option<&str> {
    let (before, file) = script.split_once("w ")?;
    let plain = before.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '$' | ',' | ' '));
    (plain || before.starts_with('s') && before.ends_with(['/', '|', '#', 'g', 'p'])).then(|| file.trim())
}

/// `tar cf FILE`, `tar --create --file=FILE`.
fn archive(call: &Call<'_>) -> Option<Arg> {
    let first = call.first().trim_start_matches('-');
    let bundled =
        !call.first().starts_with("--") && first.contains('c') && first.contains('f') && first.len() < 8;
    if bundled {
        return call.args.get(1).cloned().filter(|arg| arg.text != "-");
    }
    let parsed =
        Grammar { short: "fCTXbI", long: &["file", "directory"], stop_at_operand: false }.parse(call.args);
    let file = parsed.option(&["f", "file"]).and_then(|option| option.value.clone());
    file.filter(|arg| parsed.has(&["c", "create"]) && arg.text != "-")
}

fn last_operand(short: &'static str, call: &Call<'_>) -> Option<Arg> {
    let parsed = Grammar { short, long: &["command"], stop_at_operand: false }.parse(call.args);
    let appends = parsed.has(&["a", "append"]);
    parsed.operands.first().filter(|_| !appends).cloned()
}

/// `git diff --output=FILE`, `git archive -o FILE`, `git bundle create FILE`.
pub(super) fn of_git(line: &Line) -> Vec<Deletion> {
    let output = match line.verb.as_str() {
        "bundle" if line.args.first().is_some_and(|arg| arg.text == "create") => {
            line.args.iter().skip(1).find(|arg| !arg.text.starts_with('-')).cloned()
        }
        "archive" | "bugreport" | "diagnose" => {
            line.parse("o", &["output"]).option(&["o", "output"]).and_then(|option| option.value.clone())
        }
        "diff" | "log" | "show" | "diff-tree" | "diff-index" | "diff-files" => {
            line.parse("", &["output"]).option(&["output"]).and_then(|option| option.value.clone())
        }
        _ => None,
    };
    output.map(written).into_iter().collect()
}
