//! A git command line taken apart (git 2.47): global options, verb, its arguments.

use std::path::PathBuf;

use crate::guard::arg::{Arg, Call};
use crate::guard::options::{Grammar, Parsed};
use crate::guard::place::absolute;

const GLOBAL: Grammar = Grammar {
    short: "Cc",
    long: &["git-dir", "work-tree", "namespace", "exec-path", "config-env", "super-prefix", "attr-source"],
    stop_at_operand: true,
};

/// One `git` command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// `push`, `reset`, …; empty without one.
    pub(crate) verb: String,
    /// Behind the verb.
    pub(crate) args: Vec<Arg>,
    /// `-c key=value`, keys in lower case.
    pub(crate) config: Vec<(String, String)>,
    /// The working tree it acts on; `None` if that cannot be told.
    pub(crate) dir: Option<PathBuf>,
}

/// Whether a setting of git is switched off by this word.
pub(super) fn is_off(value: &str) -> bool {
    ["false", "no", "off", "0"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

impl Line {
    /// `call` taken apart; empty if it is not git.
    pub(crate) fn of<'c>(call: &'c Call<'_>) -> &'c Self {
        call.memo.git.get_or_init(|| Self::read(call))
    }

    fn read(call: &Call<'_>) -> Self {
        if call.name != "git" {
            return Self::default();
        }
        let parsed = GLOBAL.parse(call.args);
        let mut line = Self { dir: call.cwd.clone(), ..Self::default() };
        for option in &parsed.options {
            if option.is(&["C", "work-tree"]) {
                let known = option.value.as_ref().is_some_and(|value| !value.dynamic);
                line.dir = if known { absolute(option.text(), line.dir.as_deref()) } else { None };
            } else if option.is(&["c", "config-env"]) {
                let (key, value) = option.text().split_once('=').unwrap_or((option.text(), "true"));
                line.config.push((key.to_ascii_lowercase(), value.to_owned()));
            }
        }
        if let Some((verb, args)) = parsed.operands.split_first() {
            line.verb.clone_from(&verb.text);
            line.args = args.to_vec();
        }
        line
    }

    /// `git config [set] KEY VALUE`: the key, its section in lower case, and the value.
    pub(crate) fn sets(&self) -> Option<(String, &str)> {
        if self.verb != "config" {
            return None;
        }
        let parsed = self.parse("f", &["file", "type", "blob", "default", "comment", "value"]);
        if parsed
            .options
            .iter()
            .any(|option| option.name.starts_with("get") || option.name.starts_with("unset"))
        {
            return None;
        }
        let words = self.args.iter().filter(|arg| parsed.operands.contains(arg));
        let mut words = words.skip_while(|arg| arg.text == "set");
        let (key, value) = (words.next()?, words.next()?);
        let (section, name) = key.text.split_once('.')?;
        Some((format!("{}.{name}", section.to_ascii_lowercase()), &value.text))
    }

    /// The arguments by kind.
    pub(crate) fn parse(&self, short: &'static str, long: &'static [&'static str]) -> Parsed {
        Grammar { short, long, stop_at_operand: false }.parse(&self.args)
    }
}
