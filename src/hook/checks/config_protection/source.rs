//! Source code: what its comments and attributes silence, and how many tests it has. A mark in a string is none.

use super::facts::Facts;

const SILENCES: &str = "silences a check in the code";
const TESTS: &str = "takes tests out, or switches them off";

/// A language, as far as comments and strings go.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Language {
    Rust,
    Python,
    Go,
    Js,
}

impl Language {
    /// The language of a file.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.rsplit_once('.')?.1 {
            "rs" => Self::Rust,
            "py" | "pyi" => Self::Python,
            "go" => Self::Go,
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" => Self::Js,
            _ => return None,
        })
    }

    fn quotes(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["\""],
            Self::Python => &["\"\"\"", "'''", "\"", "'"],
            Self::Go | Self::Js => &["\"", "'", "`"],
        }
    }
}

/// Beginnings of comments that silence a check, without spaces and in small letters.
const MARKS: &[(Language, &[&str])] = &[
    (
        Language::Python,
        &[
            "noqa",
            "type:ignore",
            "pyright:ignore",
            "pylint:disable",
            "pragma:nocover",
            "nosec",
            "ruff:noqa",
            "mypy:ignore",
            "flake8:noqa",
            "fmt:off",
            "fmt:skip",
            "isort:skip",
        ],
    ),
    (Language::Go, &["nolint", "lint:ignore", "#nosec", "go:buildignore", "+buildignore"]),
    (
        Language::Js,
        &[
            "eslint-disable",
            "@ts-ignore",
            "@ts-nocheck",
            "@ts-expect-error",
            "biome-ignore",
            "oxlint-disable",
            "istanbulignore",
            "c8ignore",
            "v8ignore",
            "prettier-ignore",
        ],
    ),
];

/// What a file of this language asks.
pub(super) fn facts(language: Language, name: &str, text: &str) -> Facts {
    let (code, comments) = split(language, text);
    let mut facts = Facts::default();
    let marks = MARKS.iter().find(|(of, _)| *of == language).map_or(&[] as &[&str], |(_, marks)| *marks);
    for comment in comments.iter().flat_map(|comment| parts(language, comment)) {
        let flat: String = comment.split_whitespace().collect::<String>().to_ascii_lowercase();
        if let Some(mark) = marks.iter().find(|mark| flat.trim_start_matches('*').starts_with(**mark)) {
            facts.add(*mark, -1.0, SILENCES);
        }
    }
    match language {
        Language::Rust => attributes(&code, &mut facts),
        Language::Python => {
            let off =
                ["pytest.mark.skip", "pytest.mark.xfail", "unittest.skip", "pytest.skip(", "collect_ignore"];
            tests(&code, &off, &["def test_"], &mut facts);
        }
        Language::Go if name.ends_with("_test.go") => {
            let off = [".Skip(", ".SkipNow(", ".Skipf("];
            tests(&code, &off, &["func Test", "func Fuzz"], &mut facts);
        }
        Language::Js if is_js_test(name) => js_tests(&code, &mut facts),
        Language::Go | Language::Js => {}
    }
    facts
}

/// One comment may hold several of Python's marks.
fn parts(language: Language, comment: &str) -> Vec<&str> {
    if language == Language::Python { comment.split('#').collect() } else { vec![comment] }
}

fn tests(code: &str, off: &[&str], on: &[&str], facts: &mut Facts) {
    for mark in off {
        facts.add(*mark, -count(code, mark), TESTS);
    }
    facts.add("tests", on.iter().map(|on| count(code, on)).sum(), TESTS);
}

/// How often `mark` begins a word of `code`.
fn count(code: &str, mark: &str) -> f64 {
    let begins = |at: usize| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        !mark.starts_with(|c: char| c.is_alphanumeric())
            || before.is_none_or(|c| !(c.is_alphanumeric() || c == '_'))
    };
    let found = code.match_indices(mark).filter(|(at, _)| begins(*at)).count();
    f64::from(u32::try_from(found).unwrap_or(u32::MAX))
}

fn is_js_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    [".test.", ".spec.", ".cy.", "_test."].iter().any(|mark| file.contains(mark))
        || name.contains("__tests__/")
}

fn js_tests(code: &str, facts: &mut Facts) {
    let mut off = Vec::new();
    for kind in ["it", "test", "describe", "suite"] {
        for how in ["skip", "todo", "only", "fails", "fixme", "skipIf"] {
            off.push(format!("{kind}.{how}"));
        }
    }
    off.extend(["xit(", "xtest(", "xdescribe(", "fit(", "fdescribe("].map(str::to_owned));
    let off: Vec<&str> = off.iter().map(String::as_str).collect();
    tests(
        code,
        &off,
        &["it(", "test(", "it.each", "test.each", "it.skip", "test.skip", "xit(", "xtest("],
        facts,
    );
}

/// `#[…]` and `#![…]`.
fn attributes(code: &str, facts: &mut Facts) {
    let flat: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = flat.as_str();
    let mut is_conditional = false;
    while let Some(at) = rest.find("#[").into_iter().chain(rest.find("#![")).min() {
        let between = rest.get(..at).unwrap_or_default();
        let opened = rest.get(at..).unwrap_or_default();
        let length = closing(opened);
        let attribute: String = opened.get(..length).unwrap_or(opened).split_whitespace().collect();
        is_conditional &= between.trim().is_empty();
        one(&attribute, &mut is_conditional, facts);
        rest = opened.get(length.max(2)..).unwrap_or_default();
    }
}

/// Behind the bracket that closes the first one.
fn closing(text: &str) -> usize {
    let mut open = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => open += 1,
            b']' if open <= 1 => return at + 1,
            b']' => open -= 1,
            _ => {}
        }
    }
    text.len()
}

fn one(attribute: &str, is_conditional: &mut bool, facts: &mut Facts) {
    let inner = attribute.trim_start_matches(['#', '!', '[']).trim_end_matches(']');
    for (word, weight) in
        [("allow(", -1.0), ("expect(", -1.0), ("warn(", 1.0), ("deny(", 2.0), ("forbid(", 3.0)]
    {
        let at = inner.starts_with(word).then_some(0).or_else(|| Some(inner.find(&format!(",{word}"))? + 1));
        let Some(list) = at.and_then(|at| inner.get(at + word.len()..)) else { continue };
        let names = list.split(')').next().unwrap_or_default().split(',');
        for name in names.filter(|name| !name.is_empty() && !name.contains('=')) {
            if weight < 0.0 {
                facts.add("allowed", weight, SILENCES);
            } else {
                facts.at_least(format!("lint {name}"), weight, "loosens lints");
            }
        }
    }
    if inner == "ignore" || inner.starts_with("ignore=") {
        facts.add("ignored", -1.0, TESTS);
    }
    if inner.starts_with("cfg(any())") || inner.starts_with("cfg(not(all()))") || inner == "cfg(false)" {
        facts.add("never", -1.0, TESTS);
    }
    *is_conditional |= inner.starts_with("cfg(feature");
    let is_test = inner == "test" || inner.ends_with("::test") || inner.contains("::test(");
    if is_test || inner == "rstest" || inner.starts_with("test_case(") {
        facts.add("tests", if *is_conditional { 0.0 } else { 1.0 }, TESTS);
    }
}

/// The code with its strings emptied, and the comments.
fn split(language: Language, text: &str) -> (String, Vec<String>) {
    let (mut code, mut comments) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let line = if language == Language::Python { "#" } else { "//" };
        let taken = if let Some(comment) = rest.strip_prefix(line) {
            let length = comment.find('\n').unwrap_or(comment.len());
            comments
                .push(comment.get(..length).unwrap_or_default().trim_start_matches(['/', '!']).to_owned());
            line.len() + length
        } else if let Some(comment) = rest.strip_prefix("/*").filter(|_| language != Language::Python) {
            let length = comment.find("*/").unwrap_or(comment.len());
            comments.push(comment.get(..length).unwrap_or_default().to_owned());
            length + 4
        } else if let Some(length) = string(language, rest) {
            code.push_str("\"\"");
            length
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    (code, comments)
}

/// How long the string is that begins here, if one does.
fn string(language: Language, rest: &str) -> Option<usize> {
    if language == Language::Rust {
        if let Some(raw) = rest.strip_prefix('r') {
            let hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
            if let Some(body) = raw.get(hashes..)?.strip_prefix('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let length = body.find(&end)?;
                return Some(2 + hashes + length + end.len());
            }
        }
        // A character; a lifetime is not closed.
        if let Some(body) = rest.strip_prefix('\'') {
            let end = if body.starts_with('\\') { body.get(2..)?.find('\'')? + 2 } else { body.find('\'')? };
            let is_one = body.starts_with('\\') || body.get(..end)?.chars().count() == 1;
            return (is_one && end <= 12).then_some(end + 2);
        }
    }
    let quote = language.quotes().iter().find(|quote| rest.starts_with(**quote))?;
    let mut at = quote.len();
    loop {
        let here = rest.get(at..)?;
        if here.starts_with(quote) {
            return Some(at + quote.len());
        }
        let character = here.chars().next()?;
        if character == '\n' && quote.len() == 1 && *quote != "`" && language != Language::Rust {
            return Some(at); // never closed on its line: no string, or a broken one
        }
        at += character.len_utf8();
        if character == '\\' && !(language == Language::Go && *quote == "`") {
            at += here.chars().nth(1).map_or(0, char::len_utf8);
        }
    }
}
