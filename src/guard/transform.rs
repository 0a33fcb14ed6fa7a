//! What `${name…}` makes of a known value: cut off, replaced, counted out, in other letters.
//!
//! Only what is certain: `None` where a pattern, a number or a letter is not plain.

use super::arg::{Arg, UNKNOWN};
use super::names::matches;

/// Longest text that patterns are tried on.
const MAX_TRIED: usize = 512;

/// The value of `${name` + `how` + `}`.
pub(super) fn apply(how: &str, name: &str, value: &[Arg]) -> Option<Vec<Arg>> {
    if value
        .iter()
        .any(|arg| arg.text.contains(UNKNOWN) || arg.named.is_some() || !arg.flow.listed.is_empty())
    {
        return None;
    }
    let list = value.len() > 1 || matches!(name, "@" | "*");
    if let Some(numbers) = how.strip_prefix(':').filter(|_| list) {
        let from = usize::from(matches!(name, "@" | "*"));
        return slice(numbers, value, from);
    }
    value.iter().map(|arg| Some(Arg { text: one(how, &arg.text)?, ..arg.clone() })).collect()
}

fn one(how: &str, text: &str) -> Option<String> {
    let first = how.chars().next()?;
    let rest = how.get(first.len_utf8()..)?;
    match first {
        ':' => {
            let letters: Vec<char> = text.chars().collect();
            Some(slice(rest, &letters, 0)?.into_iter().collect())
        }
        '#' | '%' => cut(first == '#', rest, text),
        '/' => replace(rest, text),
        '^' if rest == "^" => Some(text.to_uppercase()),
        ',' if rest == "," => Some(text.to_lowercase()),
        '^' if rest.is_empty() => Some(first_letter(text, |letter| letter.to_uppercase().collect())),
        ',' if rest.is_empty() => Some(first_letter(text, |letter| letter.to_lowercase().collect())),
        '@' => match rest {
            "P" => Some(text.to_owned()),
            "E" => Some(super::shell::decode_escapes(text)),
            "Q" => Some(crate::plain::shell_word(text)),
            "U" => Some(text.to_uppercase()),
            "L" => Some(text.to_lowercase()),
            "u" => Some(first_letter(text, |letter| letter.to_uppercase().collect())),
            _ => None,
        },
        _ => None,
    }
}

fn first_letter(text: &str, change: impl Fn(char) -> String) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| change(first) + letters.as_str())
}

/// `offset` or `offset:length`, the offset counted from `base`.
fn slice<T: Clone>(numbers: &str, all: &[T], base: usize) -> Option<Vec<T>> {
    let number = |text: &str| text.trim_matches([' ', '(', ')']).parse::<i64>().ok();
    let (offset, length) = match numbers.split_once(':') {
        Some((offset, length)) => (number(offset)?, Some(number(length)?)),
        None => (number(numbers)?, None),
    };
    let size = |number: i64| usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let from =
        if offset < 0 { all.len().checked_sub(size(offset))? } else { size(offset).saturating_sub(base) };
    let rest = all.get(from..).unwrap_or_default();
    let most = match length {
        Some(length) if length < 0 => rest.len().saturating_sub(size(length)),
        Some(length) => size(length),
        None => rest.len(),
    };
    Some(rest.iter().take(most).cloned().collect())
}

/// `#pattern`, `##pattern`, `%pattern`, `%%pattern`: the shortest or the longest piece that matches goes.
fn cut(front: bool, pattern: &str, text: &str) -> Option<String> {
    let mark = if front { '#' } else { '%' };
    let (pattern, longest) = match pattern.strip_prefix(mark) {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    if pattern.contains(['[', '(', '$']) || text.len() > MAX_TRIED {
        return None;
    }
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if front == longest {
        ends.reverse();
    }
    let halves = ends.into_iter().filter_map(|end| text.split_at_checked(end));
    let mut halves = halves.map(|(before, behind)| if front { (before, behind) } else { (behind, before) });
    let kept = halves.find(|(gone, _)| matches(pattern, gone)).map_or(text, |(_, kept)| kept);
    Some(kept.to_owned())
}

/// `pattern/text`, `/pattern/text`, `#pattern/text`, `%pattern/text`, where the pattern is plain.
fn replace(how: &str, text: &str) -> Option<String> {
    let kind = how.chars().next().filter(|first| matches!(first, '/' | '#' | '%'));
    let how = how.get(kind.map_or(0, char::len_utf8)..)?;
    let (pattern, with) = how.split_once('/').unwrap_or((how, ""));
    if pattern.is_empty() || pattern.contains(['*', '?', '[', '(', '\\']) {
        return None;
    }
    Some(match kind {
        Some('/') => text.replace(pattern, with),
        Some('#') => text.strip_prefix(pattern).map_or(text.to_owned(), |rest| format!("{with}{rest}")),
        Some('%') => text.strip_suffix(pattern).map_or(text.to_owned(), |rest| format!("{rest}{with}")),
        _ => text.replacen(pattern, with, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::one;

    #[test]
    fn a_value_is_changed_as_bash_changes_it() {
        for (how, text, expected) in [
            ("#Z", "Zgit", Some("git")),
            ("##*/", "a/b/c", Some("c")),
            ("#*/", "a/b/c", Some("b/c")),
            ("%/*", "a/b/c", Some("a/b")),
            ("%%/*", "a/b/c", Some("a")),
            ("%??", " \t\n", Some(" ")),
            (":1:2", "abcd", Some("bc")),
            (": -2", "abcd", Some("cd")),
            ("//_/ ", "a_b_c", Some("a b c")),
            ("/_/ ", "a_b_c", Some("a b_c")),
            (",,", "GIT", Some("git")),
            ("^", "git", Some("Git")),
            ("@Q", "it's", Some("'it'\\''s'")),
            ("//[a-z]/x", "abc", None),
            (":n", "abc", None),
        ] {
            assert_eq!(one(how, text).as_deref(), expected, "{how} of {text}");
        }
    }
}
