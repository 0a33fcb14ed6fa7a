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
    for token in tokens.iter().take(64) {
        match token {
            Token::Sign('(' | '[') => open += 1,
            Token::Sign(')' | ']') => open = open.saturating_sub(1),
            Token::Text(text) => strings.push(text.clone()),
            Token::Sign(',') => continue,
            // Named arguments and options objects end what is looked at.
            Token::Name(_) | Token::Sign(_) => break,
        }
        if open == 0 {
            break;
        }
    }
    strings
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
                        '\\' => inner.extend(rest.next()),
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
            _ if character.is_alphanumeric() || character == '_' => {
                let mut name = String::from(character);
                while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    name.push(next);
                }
                tokens.push(Token::Name(name));
            }
            _ if character.is_whitespace() => {}
            _ => tokens.push(Token::Sign(character)),
        }
    }
    tokens
}
