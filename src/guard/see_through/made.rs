//! What a program in some language makes only as it runs: a program out of a decoder or the network, names out of a
//! directory, a command line with something behind its string.

use super::token::{Token, arguments, tokens};
use super::{Arg, Inner};

/// Names that run a text as a program of the same language.
const EVALUATES: &[&str] = &["eval", "exec", "Function", "instance_eval", "loadstring"];

/// Names of decoders.
const DECODES: &[&str] = &[
    "atob",
    "b32decode",
    "b64decode",
    "base64_decode",
    "decode64",
    "decode_base64",
    "fromhex",
    "hex2bin",
    "unhexlify",
    "urlsafe_b64decode",
];

/// Other names that make a text which cannot be read here.
const MAKES_TEXT: &[&str] =
    &["a85decode", "decompress", "fetch", "gzinflate", "requests", "unpack", "unpack1", "urlopen"];

/// Names that give the entries of a directory.
const LISTS: &[&str] = &[
    "children",
    "dir_ls",
    "each_child",
    "entries",
    "files",
    "glob",
    "iglob",
    "iterdir",
    "listdir",
    "readdir",
    "readdirSync",
    "rglob",
    "scandir",
    "walk",
];

/// `exec(b64decode(…))`: a program that comes out of a decoder or from the network.
pub(super) fn unread(text: &str) -> Vec<Inner> {
    let tokens = tokens(text, false);
    let made = tokens.iter().any(|token| match token {
        Token::Name(name) => [DECODES, MAKES_TEXT].iter().any(|names| names.contains(&name.as_str())),
        Token::Text(text) => matches!(text.as_str(), "base64" | "hex"),
        Token::Sign(_) => false,
    });
    let evaluates = |at: usize, name: &str| {
        let member = at.checked_sub(1).and_then(|at| tokens.get(at)) == Some(&Token::Sign('.'));
        EVALUATES.contains(&name) && !(member && name == "exec")
    };
    let runs = |(at, token): (usize, &Token)| matches!(token, Token::Name(name) if evaluates(at, name));
    // `os.system(b64decode(…))`: a command out of a decoder.
    let decodes = |token: &Token| matches!(token, Token::Name(name) if DECODES.contains(&name.as_str()));
    let hands = |(at, token): (usize, &Token)| {
        matches!(token, Token::Name(name) if super::interpreter::runs(name))
            && tokens.get(at + 1) == Some(&Token::Sign('('))
            && tokens.iter().skip(at + 2).take(6).take_while(|token| **token != Token::Sign(';')).any(decodes)
    };
    let all = || tokens.iter().enumerate();
    if made && all().any(runs) || all().any(hands) { vec![Inner::Opaque] } else { Vec::new() }
}

/// Whether what follows the name of a function is no plain string: a variable, or the function is handed over, as in
/// `map(os.remove, …)`.
pub(super) fn is_of_variable(next: &[Token], bare: bool) -> bool {
    match next {
        [Token::Name(_), ..] => bare,
        [Token::Sign('('), Token::Name(_) | Token::Sign(')' | '$'), ..] | [Token::Sign(',' | ')'), ..] => {
            true
        }
        _ => false,
    }
}

/// What a program deletes that it has listed itself: the entries of the directory that it names.
pub(super) fn listed_entries(tokens: &[Token]) -> Option<Inner> {
    let strings = |(at, token): (usize, &Token)| {
        let Token::Name(name) = token else { return None };
        let next = tokens.get(at + 1..)?;
        let indexed = name == "Dir" && next.first() == Some(&Token::Sign('['));
        if !indexed && !LISTS.contains(&name.as_str()) {
            return None;
        }
        let given = arguments(next).into_iter().next();
        given.or_else(|| super::erase::path_before(tokens, at)).filter(|text| !text.is_empty())
    };
    let text = tokens.iter().enumerate().find_map(strings)?;
    let text = if text.contains('*') { text } else { format!("{}/*", text.trim_end_matches('/')) };
    let path = Arg { glob: true, ..Arg::literal(text) };
    Some(Inner::words(["rm", "-rf", "--"].map(Arg::literal).into_iter().chain([path]).collect()))
}

/// Whether something is put behind the one string that a call is given.
pub(super) fn goes_on(next: &[Token]) -> bool {
    let splits = matches!(next.get(3), Some(Token::Name(name)) if name.contains("split"));
    matches!(
        next,
        [Token::Sign('('), Token::Text(_), Token::Sign('+' | '.' | '$' | '&') | Token::Name(_), ..]
    ) && !splits
}
