//! The text of a program in some language as names, strings and signs: enough to see calls with plain strings.

/// A piece of a program.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word.
    Name(String),
    /// A string, without its quotes.
    Text(String),
    /// Anything else that is no blank.
    Sign(char),
}

/// The strings up to the parenthesis that closes the call, if nothing but strings, lists and options stands there first.
pub(super) fn arguments(tokens: &[Token]) -> Vec<String> {
    let mut open = 0_u32;
    let mut strings = Vec::new();
    for (at, token) in tokens.iter().take(64).enumerate() {
        let more = tokens.get(at + 1) == Some(&Token::Sign(','));
        match token {
            Token::Sign('(' | '[') => open += 1,
            Token::Sign(')' | ']') => open = open.saturating_sub(1),
            Token::Text(text) => strings.push(text.clone()),
            Token::Sign(',') => continue,
            // Named arguments and options objects end what is looked at.
            Token::Name(_) | Token::Sign(_) => break,
        }
        if open == 0 && !more {
            break;
        }
    }
    strings
}

/// The bracket that closes `q{…}`.
fn closing(open: char) -> Option<char> {
    match open {
        '(' => Some(')'),
        '{' => Some('}'),
        '[' => Some(']'),
        '<' => Some('>'),
        '/' | '|' | '!' => Some(open),
        _ => None,
    }
}

/// What is in `q{…}`, or each word of `qw{…}`.
fn quoted(name: &str, inner: &str) -> Vec<Token> {
    if !name.to_ascii_lowercase().ends_with('w') {
        return vec![Token::Text(inner.to_owned())];
    }
    let words = inner.split_whitespace().map(|word| Token::Text(word.to_owned()));
    words.flat_map(|word| [word, Token::Sign(',')]).collect()
}

/// What a letter behind a backslash stands for.
fn escaped(letter: char) -> char {
    match letter {
        'n' => '\n',
        't' => '\t',
        other => other,
    }
}

/// All pieces of `text`; with `backticks` a string in them is a call.
pub(super) fn tokens(text: &str, backticks: bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' | '`' => {
                let mut inner = String::new();
                while let Some(next) = rest.next() {
                    match next {
                        '\\' => inner.extend(rest.next().map(escaped)),
                        _ if next == character => break,
                        _ => inner.push(next),
                    }
                }
                if character == '`' && backticks {
                    tokens.push(Token::Name("backtick".to_owned()));
                    tokens.push(Token::Sign('('));
                }
                tokens.push(Token::Text(inner));
                if character == '`' && backticks {
                    tokens.push(Token::Sign(')'));
                }
            }
            _ if character.is_alphanumeric() || character == '_' || (backticks && character == '%') => {
                let mut name = String::from(character);
                while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    name.push(next);
                }
                let quotes =
                    backticks && matches!(name.as_str(), "q" | "qq" | "qw" | "%w" | "%W" | "%q" | "%Q");
                match rest.peek().filter(|_| quotes).and_then(|open| closing(*open)) {
                    Some(close) => {
                        rest.next();
                        let inner: String = rest.by_ref().take_while(|next| *next != close).collect();
                        tokens.extend(quoted(&name, &inner));
                    }
                    None if name == "%" => tokens.push(Token::Sign('%')),
                    None => tokens.push(Token::Name(name)),
                }
            }
            _ if character.is_whitespace() => {}
            _ => tokens.push(Token::Sign(character)),
        }
    }
    tokens
}
