//! Settings as pairs of a path and a value, whatever they are written in: JSON, JavaScript, TOML, YAML, INI. A piece of
//! a file is read as far as it goes.

use toml_edit::{DocumentMut, Item};

/// One setting; the elements of a list are one each, under the list's path.
#[derive(Debug, PartialEq)]
pub(super) struct Pair {
    /// Keys from the outside to the inside.
    pub(super) path: Vec<String>,
    /// The value as text, without quotes.
    pub(super) value: String,
}

impl Pair {
    /// The innermost key.
    pub(super) fn key(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Whether any key on the way is one of these.
    pub(super) fn is_in(&self, keys: &[&str]) -> bool {
        self.path.iter().any(|key| keys.contains(&key.as_str()))
    }

    /// The number that the value begins with.
    pub(super) fn number(&self) -> Option<f64> {
        let end = self.value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.value.len());
        self.value.get(..end)?.parse().ok()
    }

    /// Yes or no.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// One token of JSON or of a JavaScript object.
#[derive(Clone, PartialEq)]
enum Token {
    Text(String),
    Sign(char),
}

/// JSON with or without comments, and what looks like objects in JavaScript.
pub(super) fn of_json(text: &str) -> Vec<Pair> {
    let tokens = tokens(text);
    let mut pairs = Vec::new();
    // One entry for each open bracket: the key in front of it, if it has one.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut key: Option<String> = None;
    let mut all = tokens.iter().peekable();
    while let Some(token) = all.next() {
        match token {
            Token::Sign('{' | '[' | '(') => open.push(key.take()),
            Token::Sign('}' | ']' | ')') => {
                open.pop();
                key = None;
            }
            Token::Sign(',' | ';') => key = None,
            Token::Sign(_) => {}
            Token::Text(text) if matches!(all.peek(), Some(Token::Sign(':'))) => key = Some(text.clone()),
            Token::Text(text) => {
                let path: Vec<String> = open.iter().flatten().cloned().chain(key.clone()).collect();
                if !path.is_empty() {
                    pairs.push(Pair { path, value: text.clone() });
                }
            }
        }
    }
    pairs
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let ends = |stop: &str, more: usize| rest.find(stop).map_or(rest.len(), |at| at + more);
        let taken = match first {
            '/' if rest.starts_with("//") => ends("\n", 0),
            '/' if rest.starts_with("/*") => ends("*/", 2),
            '"' | '\'' | '`' => {
                let (text, length) = quoted(rest, first);
                tokens.push(Token::Text(text));
                length
            }
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Text(rest.get(..length).unwrap_or_default().to_owned()));
                length
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_$-.".contains(c)
}

fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c if c == quote => return (value, at + quote.len_utf8()),
            c => value.push(c),
        }
    }
    (value, text.len())
}

/// TOML; nothing where it is broken.
pub(super) fn of_toml(text: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if let Ok(document) = text.parse::<DocumentMut>() {
        item(document.as_item(), &mut Vec::new(), &mut pairs);
    }
    pairs
}

fn item(item: &Item, path: &mut Vec<String>, pairs: &mut Vec<Pair>) {
    if let Some(table) = item.as_table_like() {
        for (key, inner) in table.iter() {
            path.push(key.to_owned());
            self::item(inner, path, pairs);
            path.pop();
        }
    } else if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            self::item(&Item::Table(table.clone()), path, pairs);
        }
    } else if let Some(value) = item.as_value() {
        self::value(value, path, pairs);
    }
}

fn value(value: &toml_edit::Value, path: &mut Vec<String>, pairs: &mut Vec<Pair>) {
    if let Some(list) = value.as_array() {
        for inner in list {
            self::value(inner, path, pairs);
        }
    } else if let Some(table) = value.as_inline_table() {
        for (key, inner) in table {
            path.push(key.to_owned());
            self::value(inner, path, pairs);
            path.pop();
        }
    } else {
        let text = value.as_str().map_or_else(|| value.to_string().trim().to_owned(), str::to_owned);
        pairs.push(Pair { path: path.clone(), value: text });
    }
}

/// YAML; nothing where it is broken.
pub(super) fn of_yaml(text: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if let Ok(value) = serde_yaml::from_str::<serde_json::Value>(text) {
        json(&value, &mut Vec::new(), &mut pairs);
    }
    pairs
}

fn json(value: &serde_json::Value, path: &mut Vec<String>, pairs: &mut Vec<Pair>) {
    match value {
        serde_json::Value::Array(list) => list.iter().for_each(|inner| json(inner, path, pairs)),
        serde_json::Value::Object(fields) => {
            for (key, inner) in fields {
                path.push(key.clone());
                json(inner, path, pairs);
                path.pop();
            }
        }
        serde_json::Value::String(text) => pairs.push(Pair { path: path.clone(), value: text.clone() }),
        other => pairs.push(Pair { path: path.clone(), value: other.to_string() }),
    }
}

/// `[section]`, `key = value`, and further lines of the value behind blanks. What stands in a list is taken apart.
pub(super) fn of_ini(text: &str) -> Vec<Pair> {
    let (mut section, mut key) = (None::<String>, None::<String>);
    let mut pairs = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            (section, key) = (Some(name.to_owned()), None);
            continue;
        }
        let goes_on = line.starts_with([' ', '\t']) && key.is_some();
        let value = match bare.split_once('=').or_else(|| bare.split_once(':')).filter(|_| !goes_on) {
            Some((name, value)) => {
                key = Some(name.trim().to_owned());
                value
            }
            None => bare,
        };
        let path: Vec<String> = section.iter().chain(&key).cloned().collect();
        for value in value.split([',', ' ']).map(str::trim).filter(|value| !value.is_empty()) {
            pairs.push(Pair { path: path.clone(), value: value.to_owned() });
        }
    }
    pairs
}
