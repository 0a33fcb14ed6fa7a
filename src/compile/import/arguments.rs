//! A client's text as a template: its placeholders become ours, and what would be a tag is quoted.

use std::fmt::Write as _;

use crate::compile::platform::{Placeholders, Platform};

/// `text` as a template for all clients, and whether it says something that clients say differently.
pub(super) fn template(text: &str, platform: &Platform) -> (String, bool) {
    let mut out = String::with_capacity(text.len() + 64);
    let (mut at, mut met) = (0, false);
    let dollar =
        platform.arguments.as_ref().and_then(|arguments| arguments.dollar.clone()).unwrap_or_default();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(literal) = literal(rest, &dollar, &platform.placeholders) {
            let _ = write!(out, "{{{{ literal({:?}) }}}}", literal.1);
            (at, met) = (at + literal.0, true);
        } else if let Some((length, tag)) = placeholder(rest, &platform.placeholders) {
            out.push_str(&tag);
            (at, met) = (at + length, true);
        } else if let Some(open) = ["{{", "{%", "{#"].into_iter().find(|open| rest.starts_with(open)) {
            let _ = write!(out, "{{{{ {open:?} }}}}");
            at += open.len();
        } else {
            let Some(c) = rest.chars().next() else { break };
            out.push(c);
            at += c.len_utf8();
        }
    }
    let file = platform.instruction_file.as_str();
    let named = platform.words.iter().any(|word| word == file) && out.contains(file);
    if named {
        out = out.replace(file, "{{ instruction_file }}");
    }
    (out, met || named)
}

/// An escaped dollar sign: how long it is, and what it stands for.
fn literal(rest: &str, dollar: &str, spelled: &Placeholders) -> Option<(usize, String)> {
    let after = rest.strip_prefix(dollar).filter(|_| !dollar.is_empty())?;
    let word = format!("${after}");
    let (length, _) = placeholder(&word, spelled)?;
    Some((dollar.len() + length - 1, word.get(..length)?.to_owned()))
}

/// A placeholder at the start of `rest`: how long it is, and ours.
fn placeholder(rest: &str, spelled: &Placeholders) -> Option<(usize, String)> {
    if let Some(prefix) = &spelled.bracketed
        && let Some((inside, _)) =
            rest.strip_prefix(prefix.as_str()).and_then(|r| r.strip_prefix('[')?.split_once(']'))
        && let Ok(number) = inside.parse::<u8>()
    {
        let length = prefix.len() + inside.len() + 2;
        return Some((length, format!("{{{{ arg({}) }}}}", u32::from(number) + 1)));
    }
    for all in &spelled.all {
        let after = rest.strip_prefix(all.as_str());
        if after.is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')) {
            return Some((all.len(), "{{ args }}".to_owned()));
        }
    }
    let first = spelled.first?;
    let after = rest.strip_prefix('$')?;
    let length = after.bytes().take_while(u8::is_ascii_digit).count();
    let number = after.get(..length)?.parse::<u8>().ok().map(usize::from)?;
    let nth = (number + 1).checked_sub(first).filter(|nth| *nth > 0)?;
    Some((1 + length, format!("{{{{ arg({nth}) }}}}")))
}
