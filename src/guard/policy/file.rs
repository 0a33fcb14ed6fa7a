//! One policy file: text → rules, and findings about what is wrong in it. A rule with a mistake is left out; the others
//! stay in force. `schemas/policy.json` says the same for editors, and a test holds the two together.

use super::pattern::Pattern;
use crate::diagnostic::Finding;
use crate::guard::rules as floor;
use crate::suggest::nearest;
use crate::yaml::{self, Key, Node, Value};

/// The most rules of one file.
pub(super) const MAX_RULES: usize = 200;
/// The longest reason or advice, in characters.
const MAX_TEXT: usize = 300;

const KEYS: &[&str] = &["description", "packs", "tighten", "rules", "except", "programs"];
const RULE_KEYS: &[&str] = &["name", "reason", "instead", "decision", "match", "except"];
/// The advice of a rule that has none of its own.
pub(super) const INSTEAD: &str = "Show the person the command and why it is needed.";
/// The same of a rule that only warns.
pub(super) const GO_ON: &str = "Go on only if the task needs it.";

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The command runs; the model is told.
    Warn,
    /// A person has to say yes.
    Ask,
    /// Not from here.
    Deny,
}

/// One rule of a policy.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable, and reads well after "allow".
    pub name: String,
    /// Why, in one clause.
    pub reason: String,
    /// A safe way to the same end, as a sentence.
    pub instead: String,
    /// What it does.
    pub level: Level,
    /// The line it begins on.
    pub line: usize,
    pub(super) matches: Vec<Pattern>,
    pub(super) except: Vec<Pattern>,
}

/// A rule that is made stricter.
#[derive(Debug, Clone)]
pub struct Tighten {
    /// The rule.
    pub rule: String,
    /// At least this.
    pub to: Level,
    /// The line.
    pub line: usize,
}

/// What a file says.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// What it is for; packs have one.
    pub description: String,
    /// Rules of its own.
    pub rules: Vec<Rule>,
    /// Rules of others.
    pub tighten: Vec<Tighten>,
    /// Packs that it switches on.
    pub packs: Vec<String>,
    /// The programs that its rules are about; packs say so at their top.
    pub(super) programs: Vec<String>,
}

/// Reads the text of the policy file that people know as `path`.
pub(super) fn parse(path: &str, text: &str) -> (File, Vec<Finding>) {
    let mut parse = Parse { path, text, findings: Vec::new() };
    let file = match yaml::read(text) {
        Ok(node) => parse.file(&node),
        Err(error) => {
            parse.error("no-yaml", error.span, error.message, error.help);
            File::default()
        }
    };
    (file, parse.findings)
}

struct Parse<'a> {
    path: &'a str,
    text: &'a str,
    findings: Vec<Finding>,
}

type Span = std::ops::Range<usize>;

impl Parse<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(Finding::error(code, self.path, message).at(span).help(help));
    }

    fn line(&self, span: &Span) -> usize {
        self.text.get(..span.start).map_or(0, |before| before.matches('\n').count()) + 1
    }

    fn file(&mut self, node: &Node<'_>) -> File {
        let mut file = File::default();
        let entries = match &node.value {
            Value::Table(entries) => entries,
            Value::Empty => return file,
            _ => {
                self.error(
                    "wrong-type",
                    node.span.clone(),
                    "a policy is a table",
                    "begin with `rules:`, `packs:` or `tighten:`",
                );
                return file;
            }
        };
        let except = node.get("except").map(|node| self.exceptions(node)).unwrap_or_default();
        for (key, value) in entries {
            match key.text.as_ref() {
                "description" => file.description = self.text_of(key, value).unwrap_or_default(),
                "packs" => file.packs = self.packs(key, value),
                "programs" => {
                    file.programs = self.texts(key, value).into_iter().map(|(text, _)| text).collect();
                }
                "tighten" => file.tighten = self.tighten(key, value),
                "rules" => file.rules = self.rules(key, value, &except),
                "except" => {}
                _ => self.unknown(key, KEYS),
            }
        }
        file
    }

    fn unknown(&mut self, key: &Key<'_>, known: &[&str]) {
        let help = match nearest(&key.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.error("unknown-key", key.span.clone(), format!("unknown key `{}`", key.text), help);
    }

    /// A text that is not empty.
    fn text_of(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<String> {
        let wrong = match &node.value {
            Value::Scalar(scalar) if !scalar.is_text() => "put it in quotes",
            Value::Scalar(scalar) if scalar.text.trim().is_empty() => "say something here, or delete the key",
            Value::Scalar(scalar) if scalar.text.chars().count() > MAX_TEXT => {
                "say it in at most 300 characters"
            }
            Value::Scalar(scalar) if scalar.text.contains('\n') => "say it on one line",
            Value::Scalar(scalar) => return Some(scalar.text.trim().to_owned()),
            _ => "write one text",
        };
        self.error("wrong-type", node.span.clone(), format!("`{}` must be one text", key.text), wrong);
        None
    }

    /// One text, or a list of texts.
    fn texts(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<(String, Span)> {
        let nodes = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        nodes.iter().filter_map(|node| Some((self.text_of(key, node)?, node.span.clone()))).collect()
    }

    fn packs(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<String> {
        let mut packs = Vec::new();
        for (name, span) in self.texts(key, node) {
            if super::packs::text(&name).is_some() {
                packs.push(name);
                continue;
            }
            let known = super::packs::names();
            let help = match nearest(&name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("packs: {}", known.join(", ")),
            };
            self.error("unknown-pack", span, format!("there is no pack `{name}`"), help);
        }
        packs
    }

    fn level(&mut self, key: &Key<'_>, node: &Node<'_>) -> Option<Level> {
        let text = self.text_of(key, node)?;
        match text.as_str() {
            "warn" => Some(Level::Warn),
            "ask" => Some(Level::Ask),
            "deny" => Some(Level::Deny),
            "allow" | "off" | "none" => {
                let message = format!("a policy only tightens; `{text}` is ignored");
                self.error(
                    "loosens",
                    node.span.clone(),
                    message,
                    "delete the line: the person allows single commands",
                );
                None
            }
            _ => {
                let message = format!("`{}` must be one of `warn`, `ask`, `deny`", key.text);
                self.error("bad-value", node.span.clone(), message, "`ask` lets the person decide");
                None
            }
        }
    }

    fn tighten(&mut self, key: &Key<'_>, node: &Node<'_>) -> Vec<Tighten> {
        let Value::Table(entries) = &node.value else {
            self.error(
                "wrong-type",
                key.span.clone(),
                "`tighten` must be a table",
                "write `RULE: deny` lines below it",
            );
            return Vec::new();
        };
        let mut all = Vec::new();
        for (rule, value) in entries {
            let Some(to) = self.level(rule, value) else { continue };
            let of_the_floor = floor::ALL.iter().any(|known| known.name == rule.text && !known.warns());
            if to == Level::Warn || to == Level::Ask && of_the_floor {
                let word = if to == Level::Warn { "warn" } else { "ask" };
                let message = format!("`{}: {word}` is not stricter and is ignored", rule.text);
                self.error("loosens", value.span.clone(), message, "write `deny`, or delete the line");
                continue;
            }
            all.push(Tighten { rule: rule.text.to_string(), to, line: self.line(&rule.span) });
        }
        all
    }

    fn rules(&mut self, key: &Key<'_>, node: &Node<'_>, except: &[Pattern]) -> Vec<Rule> {
        let Value::List(items) = &node.value else {
            self.error(
                "wrong-type",
                key.span.clone(),
                "`rules` must be a list",
                "begin each rule with `- name:`",
            );
            return Vec::new();
        };
        if let Some(first) = items.get(MAX_RULES) {
            let message = format!("more than {MAX_RULES} rules; from here on they are not in force");
            self.error("too-many-rules", first.span.clone(), message, "put several patterns into one rule");
        }
        let mut rules: Vec<Rule> = Vec::new();
        for item in items.iter().take(MAX_RULES) {
            let Some(rule) = self.rule(item, except) else { continue };
            if rules.iter().any(|old| old.name == rule.name) {
                let message = format!("a rule called `{}` stands above", rule.name);
                self.error("taken-name", item.span.clone(), message, "give each rule a name of its own");
                continue;
            }
            rules.push(rule);
        }
        rules
    }

    fn rule(&mut self, node: &Node<'_>, common: &[Pattern]) -> Option<Rule> {
        let Value::Table(entries) = &node.value else {
            self.error("wrong-type", node.span.clone(), "a rule is a table", "begin it with `- name:`");
            return None;
        };
        let before = self.findings.len();
        let mut rule = Rule {
            name: String::new(),
            reason: String::new(),
            instead: String::new(),
            level: Level::Ask,
            line: self.line(&node.span),
            matches: Vec::new(),
            except: common.to_vec(),
        };
        for (key, value) in entries {
            match key.text.as_ref() {
                "name" => rule.name = self.name(key, value),
                "reason" => rule.reason = clause(&self.text_of(key, value).unwrap_or_default()),
                "instead" => rule.instead = self.text_of(key, value).unwrap_or_default(),
                "decision" => rule.level = self.level(key, value).unwrap_or(Level::Ask),
                "match" => rule.matches = self.patterns(key, value, Pattern::parse),
                "except" => rule.except.extend(self.exceptions(value)),
                _ => self.unknown(key, RULE_KEYS),
            }
        }
        for (wanted, about) in [
            ("name", "add `name`: a few words joined by `-`"),
            ("reason", "add `reason`: why, in one clause"),
            ("match", "add `match`: the command, such as `terraform destroy`"),
        ] {
            if node.get(wanted).is_none() {
                self.error(
                    "missing-key",
                    node.span.start..node.span.start,
                    format!("the rule has no `{wanted}`"),
                    about,
                );
            }
        }
        if rule.instead.is_empty() {
            let instead = if rule.level == Level::Warn { GO_ON } else { INSTEAD };
            instead.clone_into(&mut rule.instead);
        }
        (self.findings.len() == before).then_some(rule)
    }

    fn name(&mut self, key: &Key<'_>, node: &Node<'_>) -> String {
        let Some(name) = self.text_of(key, node) else { return String::new() };
        let fits = name.len() <= 64
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits {
            let message = format!("`{name}` cannot be the name of a rule");
            self.error("bad-name", node.span.clone(), message, "use lower-case words joined by `-`");
        } else if floor::ALL.iter().any(|known| known.name == name) {
            let message = format!("`{name}` is a rule of the program");
            self.error(
                "taken-name",
                node.span.clone(),
                message,
                "choose another name; `tighten` makes that rule stricter",
            );
        }
        name
    }

    fn exceptions(&mut self, node: &Node<'_>) -> Vec<Pattern> {
        let key = Key { span: node.span.clone(), text: "except".into() };
        self.patterns(&key, node, Pattern::parse_exception)
    }

    fn patterns(
        &mut self,
        key: &Key<'_>,
        node: &Node<'_>,
        read: fn(&str) -> Result<Pattern, String>,
    ) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for (text, span) in self.texts(key, node) {
            match read(&text) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => self.error(
                    "bad-pattern",
                    span,
                    why,
                    "write a command as in `kubectl delete {ns,namespace}`",
                ),
            }
        }
        patterns
    }
}

/// A reason is the middle of a sentence.
fn clause(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}
