//! Templates: the environment in which emit templates are rendered, and the errors it gives.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;
use serde_json::Value as Json;

/// Steps one template may take: a stranger's template must end.
const FUEL: u64 = 2_000_000;

/// The environment of emit templates: strict, untrimmed of what the author wrote, with the quoting filters.
pub(crate) fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) =
        SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()
    {
        env.set_syntax(syntax);
    }
    env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.add_filter("yaml", |text: String| json_text(&Json::from(text)));
    env.add_filter(
        "yaml_name",
        |text: String| if is_plain(&text) { text } else { json_text(&Json::from(text)) },
    );
    env.add_filter("json", |value: Value| {
        json_text(&serde_json::to_value(Serde(&value).0).unwrap_or_default())
    });
    env.add_filter("toml", |text: String| toml_edit::Value::from(text).to_string().trim().to_owned());
    env.add_filter("sh", |text: String| shell_word(&text));
    env
}

/// JSON strings are valid YAML double-quoted scalars.
fn json_text(value: &Json) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether YAML 1.1 and 1.2 both read the word as a string.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let letter = text.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    letter && !WORDS.contains(&text) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// One word for a POSIX shell.
fn shell_word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
    if !text.is_empty() && text.chars().all(safe) { text.to_owned() } else { crate::plain::shell_word(text) }
}

/// Characters of one tag outside its strings. The engine goes one level down the stack for each operator of a chain,
/// and a stack that overflows takes the process with it; tags that people write are far shorter.
const MAX_TAG: usize = 1000;

/// The line, from 1, of a tag that is too long to be parsed safely.
fn long_tag(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.windows(2).position(opens)) {
        let start = at + found;
        let mut length = 0;
        let mut quote = None;
        at = start + 2;
        while let Some(&byte) = bytes.get(at) {
            match quote {
                Some(_) if byte == b'\\' => at += 1,
                Some(open) if byte == open => quote = None,
                Some(_) => {}
                None if matches!(bytes.get(at..at + 2), Some(b"}}" | b"%}")) => break,
                None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
                None => length += 1,
            }
            at += 1;
        }
        if length > MAX_TAG {
            return Some(1 + bytes.iter().take(start).filter(|byte| **byte == b'\n').count());
        }
    }
    None
}

fn opens(pair: &[u8]) -> bool {
    matches!(pair, b"{{" | b"{%")
}

/// What templates see. It is turned into the engine's form once, however many templates read it.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    values: BTreeMap<&'static str, Value>,
    whole: OnceCell<Value>,
}

impl Context {
    /// The context with `values`.
    pub(super) fn of<const N: usize>(values: [(&'static str, Value); N]) -> Self {
        Self { values: values.into(), whole: OnceCell::new() }
    }

    /// Adds a value, or replaces the one of that name.
    pub(super) fn set(&mut self, key: &'static str, value: Value) {
        self.whole.take();
        self.values.insert(key, value);
    }

    /// Adds all values of another context.
    pub(super) fn extend(&mut self, other: Self) {
        self.whole.take();
        self.values.extend(other.values);
    }
}

impl From<&Context> for Value {
    fn from(context: &Context) -> Self {
        context.whole.get_or_init(|| Self::from(&context.values)).clone()
    }
}

/// A value for templates.
pub(super) fn value(of: impl Serialize) -> Value {
    Value::from(Serde(of))
}

/// Renders `source`; on failure the error's message and the line of `source` it is about, from 1.
pub(crate) fn render(
    env: &Environment<'_>,
    source: &str,
    context: impl Into<Value>,
) -> Result<String, (String, usize)> {
    if !source.contains('{') {
        return Ok(source.to_owned());
    }
    if let Some(line) = long_tag(source) {
        return Err((format!("a tag has more than {MAX_TAG} characters outside its strings"), line));
    }
    env.render_str(source, context).map_err(|error| describe(&error))
}

/// Whether `expression` holds.
pub(super) fn holds(
    env: &Environment<'_>,
    expression: &str,
    context: impl Into<Value>,
) -> Result<bool, (String, usize)> {
    let compiled = env.compile_expression(expression).map_err(|error| describe(&error))?;
    compiled.eval(context).map(|value| value.is_true()).map_err(|error| describe(&error))
}

fn describe(error: &Error) -> (String, usize) {
    let mut text = match error.kind() {
        ErrorKind::UndefinedError => "a name is not defined here".to_owned(),
        ErrorKind::SyntaxError => "syntax error".to_owned(),
        ErrorKind::OutOfFuel => "the template does not come to an end".to_owned(),
        _ => String::new(),
    };
    if let Some(detail) = error.detail() {
        let _ = write!(text, "{}{detail}", if text.is_empty() { "" } else { ": " });
    }
    if text.is_empty() {
        text = error.to_string();
    }
    (text, error.line().unwrap_or(1))
}
