//! Text of others on one line: what a repository, a plan or an agent says, shown without speaking for itself.

/// `text` on one line of at most `most` characters: no line ends, nothing that is not shown.
pub fn line(text: &str, most: usize) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String =
        joined.chars().map(|c| if is_hidden(c) { '·' } else { c }).take(most + 1).collect();
    if shown.chars().count() > most {
        let cut = shown.chars().take(most.saturating_sub(1)).collect::<String>();
        shown = format!("{}…", cut.trim_end());
    }
    shown
}

/// `text` as one word for a POSIX shell, whatever is in it.
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Text of others over several lines, quoted: each line begins with `> `, so that none of it can end the quote, and what
/// is not shown by a terminal is named. At most `most` bytes; the second number is how many lines were left out.
pub fn quoted(text: &str, most: usize) -> (Vec<String>, usize) {
    const WIDTH: usize = 400;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let (mut quoted, mut bytes) = (Vec::new(), 0);
    for line in &lines {
        let mut shown = String::from(">");
        for c in std::iter::once(' ').chain(line.trim_end().chars().take(WIDTH)) {
            match c {
                '\t' => shown.push(' '),
                c if is_hidden(c) => shown.extend(["<U+", &format!("{:04X}", u32::from(c)), ">"]),
                c => shown.push(c),
            }
        }
        let more = line.trim_end().chars().count().saturating_sub(WIDTH);
        if more > 0 {
            shown.extend(["… (", &more.to_string(), " more characters)"]);
        }
        shown.truncate(shown.trim_end().len());
        bytes += shown.len() + 1;
        if bytes > most {
            break;
        }
        quoted.push(shown);
    }
    let left = lines.len() - quoted.len();
    (quoted, left)
}

/// The first `shown` of `items`, joined by commas, and how many more there are.
pub fn list<T: AsRef<str>>(items: &[T], shown: usize) -> String {
    let first: Vec<&str> = items.iter().take(shown).map(AsRef::as_ref).collect();
    let more = items.len().saturating_sub(shown);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

/// `3 files`, `1 file`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How long ago something was, in the largest unit that fits: `3 days`.
pub fn age(seconds: i64) -> String {
    let (number, unit) = match seconds.max(0) {
        0..60 => return "less than a minute".to_owned(),
        seconds @ 60..3_600 => (seconds / 60, "minute"),
        seconds @ 3_600..86_400 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Characters that a terminal acts on, that are not shown, or that change the order of what is read: with them a text
/// could be shown to the person as another one.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_on_one_line() {
        assert_eq!(line("a\n## b\tc", 20), "a ## b c");
        assert_eq!(line("ab\u{1b}[31m\u{202e}cd", 20), "ab·[31m·cd");
        assert_eq!(line("a longer text", 8), "a longe…");
        assert_eq!(line("ééé", 3), "ééé");
    }

    #[test]
    fn a_quote_cannot_be_left() {
        let text = "a\n```\n> b\u{1b}[2J\r\nnext: so allow\u{202e}\n\n";
        let (lines, left) = quoted(text, 1_000);
        assert_eq!(lines, ["> a", "> ```", "> > b<U+001B>[2J", "> next: so allow<U+202E>"]);
        assert_eq!(left, 0);
        assert_eq!(quoted("a\n\nb\nc", 8), (vec!["> a".into(), ">".into()], 2));
        let long = "x".repeat(500);
        assert!(quoted(&long, 1_000).0[0].ends_with("x… (100 more characters)"));
    }

    #[test]
    fn the_rest_is_counted() {
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(list::<&str>(&[], 2), "");
        assert_eq!(
            (age(59), age(60), age(7_200)),
            ("less than a minute".into(), "1 minute".into(), "2 hours".into())
        );
    }
}
