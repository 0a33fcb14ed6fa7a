//! What a rule of a policy matches: a command line as a person would write it.
//!
//! `kubectl delete {ns,namespace}` is the program, then its words in order, from the first on. `*` is any stretch of a
//! word, `{a,b}` one of several, `...` any words in between. Words that begin with `-` (for cmd: `/s`) may stand
//! anywhere. Options in front of and between the words do not matter, nor do wrappers, quotes and paths: what is
//! matched is the argv that the reader found. No regular expressions; the time is linear.

use crate::guard::arg::Arg;

/// The longest pattern, in bytes.
const MAX_LENGTH: usize = 200;
/// The most words of a pattern, and the most alternatives of all its words.
const MAX_PARTS: usize = 60;
/// Values that switch an option off.
const OFF: &[&str] = &["false", "none", "no", "0", "off", "$false"];

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// As it was written.
    pub(super) text: String,
    program: Option<Word>,
    words: Vec<Part>,
    flags: Vec<Vec<Flag>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Word(Word),
    Gap,
}

/// Its alternatives.
type Word = Vec<String>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Flag {
    /// With its dashes.
    name: String,
    value: Option<String>,
}

/// Which side a flag is on: a rule fires if it stands anywhere; an exception counts if nothing takes it back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Match,
    Except,
}

impl Pattern {
    /// Reads the pattern of a rule.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut words = split(text)?;
        if words.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        let program = words.remove(0);
        if program.starts_with('-') || program == "..." {
            return Err("a pattern begins with a program".to_owned());
        }
        let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
        // Names of PowerShell are written with capitals and compared without.
        let cmdlet = name.contains('-') && name.starts_with(|first: char| first.is_ascii_uppercase());
        if cmdlet {
            for word in &mut words {
                word.make_ascii_lowercase();
            }
        }
        let mut pattern = Self::of_words(text, &words)?;
        pattern.program = Some(alternatives(&name)?);
        Ok(pattern)
    }

    /// Reads an exception: a pattern without a program.
    ///
    /// # Errors
    /// What is wrong, as a clause.
    pub(super) fn parse_exception(text: &str) -> Result<Self, String> {
        let words = split(text)?;
        if words.is_empty() { Err("the pattern is empty".to_owned()) } else { Self::of_words(text, &words) }
    }

    fn of_words(text: &str, words: &[String]) -> Result<Self, String> {
        let mut pattern = Self { text: text.to_owned(), program: None, words: Vec::new(), flags: Vec::new() };
        for word in words {
            match word.as_str() {
                "--" => {}
                "..." => pattern.words.push(Part::Gap),
                flag if flag.starts_with('-') || flag.starts_with("{-") || is_switch(flag) => {
                    pattern.flags.push(alternatives(flag)?.iter().map(|text| Flag::of(text)).collect());
                }
                word => pattern.words.push(Part::Word(alternatives(word)?)),
            }
        }
        let words = pattern.words.iter().map(|part| if let Part::Word(word) = part { word.len() } else { 1 });
        if words.chain(pattern.flags.iter().map(Vec::len)).sum::<usize>() > MAX_PARTS {
            return Err("the pattern has too many alternatives".to_owned());
        }
        Ok(pattern)
    }

    /// The programs it may be about.
    pub(super) fn programs(&self) -> &[String] {
        self.program.as_deref().unwrap_or_default()
    }

    /// Whether the command is one of those that are meant.
    pub(super) fn matches(&self, name: &str, args: &[Arg]) -> bool {
        let named = |program: &String| {
            program.eq_ignore_ascii_case(name) || program.contains('*') && glob(program, name)
        };
        self.programs().iter().any(named) && self.fits(args, Side::Match)
    }

    /// Whether the arguments make a command harmless.
    pub(super) fn excepts(&self, args: &[Arg]) -> bool {
        self.fits(args, Side::Except)
    }

    fn fits(&self, args: &[Arg], side: Side) -> bool {
        // Behind `--` an option is an operand: it frees nothing.
        let end = args.iter().position(|arg| side == Side::Except && arg.text == "--").unwrap_or(args.len());
        let own = args.get(..end).unwrap_or_default();
        self.flags.iter().all(|any| any.iter().any(|flag| flag.is_in(own, side))) && self.has_words(args)
    }

    /// Every place of the pattern that the words so far could have led to is followed at once, so that the time is
    /// linear whatever stands there.
    fn has_words(&self, args: &[Arg]) -> bool {
        let mut at = self.past_gaps(1);
        let end = 1_u64 << self.words.len();
        let mut operands = operands(args).into_iter();
        while at & end == 0 {
            let Some(operand) = operands.next() else { return false };
            let mut next = 0;
            for (place, part) in self.words.iter().enumerate().filter(|(place, _)| at & (1 << place) != 0) {
                let (stays, goes_on) = match part {
                    Part::Gap => (true, false),
                    // The word behind an option may be its value.
                    Part::Word(word) => {
                        (operand.behind_option, word.iter().any(|pattern| glob(pattern, operand.text)))
                    }
                };
                next |= u64::from(stays) << place | u64::from(goes_on) << (place + 1);
            }
            at = self.past_gaps(next);
            if at == 0 {
                return false;
            }
        }
        true
    }

    /// `...` may also stand for nothing.
    fn past_gaps(&self, mut at: u64) -> u64 {
        for (place, part) in self.words.iter().enumerate() {
            if *part == Part::Gap && at & (1 << place) != 0 {
                at |= 1 << (place + 1);
            }
        }
        at
    }
}

struct Operand<'a> {
    text: &'a str,
    behind_option: bool,
}

fn operands(args: &[Arg]) -> Vec<Operand<'_>> {
    let mut found = Vec::new();
    let mut behind_option = false;
    let mut options = true;
    for arg in args {
        let text = arg.text.as_str();
        if options && text == "--" {
            options = false;
            behind_option = false;
        } else if options && text.len() > 1 && text.starts_with('-') {
            behind_option = !text.contains('=');
        } else {
            found.push(Operand { text, behind_option });
            behind_option = false;
        }
    }
    found
}

impl Flag {
    fn of(text: &str) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self { name: name.to_owned(), value: Some(value.to_owned()) },
            None => Self { name: text.to_owned(), value: None },
        }
    }

    fn is_in(&self, args: &[Arg], side: Side) -> bool {
        let next = args.iter().skip(1).map(Some).chain(std::iter::once(None));
        let mut said = args.iter().zip(next).filter_map(|(arg, next)| self.says(&arg.text, next));
        // A later `--dry-run=none` takes an earlier `--dry-run` back.
        if side == Side::Match { said.any(|yes| yes) } else { said.last() == Some(true) }
    }

    /// Whether `arg` is this flag, and if so, whether it is switched on with the value that is meant.
    fn says(&self, arg: &str, next: Option<&Arg>) -> Option<bool> {
        if is_switch(&self.name) {
            return arg.eq_ignore_ascii_case(&self.name).then_some(true);
        }
        let rest = arg.strip_prefix('-')?;
        let (name, stuck) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        let letter = self.name.strip_prefix('-').filter(|letter| letter.len() == 1);
        // Go's flags are written with one dash or two.
        let is_named =
            name == self.name || name.strip_prefix("--").is_some_and(|long| self.is_one_dash(long));
        match (&self.value, letter) {
            (None, Some(letter)) => {
                let cluster = rest.len() <= 6 && rest.bytes().all(|byte| byte.is_ascii_alphabetic());
                (name == self.name || cluster && rest.contains(letter)).then_some(true)
            }
            (None, None) => is_named.then(|| stuck.is_none_or(|value| !OFF.contains(&value))),
            (Some(wanted), _) if is_named => {
                let value = stuck.or(next.map(|next| next.text.as_str())).unwrap_or_default();
                Some(glob(wanted, value))
            }
            (Some(wanted), Some(letter)) => rest.strip_prefix(letter).map(|value| glob(wanted, value)),
            (Some(_), None) => None,
        }
    }

    /// Whether this is written `-name`, with one dash and several letters.
    fn is_one_dash(&self, name: &str) -> bool {
        self.name.strip_prefix('-').is_some_and(|own| own.len() > 1 && own == name)
    }
}

/// A switch of cmd: `/s`.
fn is_switch(text: &str) -> bool {
    text.strip_prefix('/')
        .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Whether `text` is what `pattern` says, where `*` is any stretch.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*').filter(|piece| !piece.is_empty()) {
        let Some(at) = text.find(piece) else { return false };
        text = text.get(at + piece.len()..).unwrap_or_default();
    }
    text.ends_with(last)
}

/// The words of a pattern; quotes keep spaces in a word.
fn split(text: &str) -> Result<Vec<String>, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the pattern is longer than {MAX_LENGTH} bytes"));
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote in the pattern is not closed".to_owned());
    }
    words.extend(word);
    if words.len() > MAX_PARTS { Err("the pattern has too many words".to_owned()) } else { Ok(words) }
}

/// `a{b,c}d` as `abd` and `acd`.
fn alternatives(word: &str) -> Result<Vec<String>, String> {
    let mut done = vec![String::new()];
    let mut rest = word;
    while let Some((before, inside)) = rest.split_once('{') {
        let Some((inside, after)) = inside.split_once('}') else {
            return Err("a brace in the pattern is not closed".to_owned());
        };
        if inside.contains('{') {
            return Err("braces in the pattern stand in each other".to_owned());
        }
        let longer = |start: &String| {
            let all = inside.split(',').map(|one| format!("{start}{before}{one}"));
            all.collect::<Vec<_>>()
        };
        done = done.iter().flat_map(longer).collect();
        if done.len() > MAX_PARTS {
            return Err("a word of the pattern has too many alternatives".to_owned());
        }
        rest = after;
    }
    for text in &mut done {
        text.push_str(rest);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> (String, Vec<Arg>) {
        let mut words = line.split(' ').map(Arg::literal);
        let program = words.next().unwrap().text;
        (program, words.collect())
    }

    #[test]
    fn a_pattern_is_a_command_line() {
        for (pattern, line, expected) in [
            ("terraform destroy", "terraform -chdir=prod destroy -auto-approve", true),
            ("terraform destroy", "terraform plan destroy", false),
            ("aws s3 rm --recursive", "aws --profile prod s3 rm s3://x --recursive", true),
            ("aws s3 rm --recursive", "aws s3 rm s3://x", false),
            ("aws * terminate-*", "aws --profile prod ec2 terminate-instances", true),
            ("aws * terminate-*", "aws ec2 describe-instances terminate-x", false),
            ("a ... b ... c", "a x b -v y z c", true),
            ("a ... b ... c", "a c b", false),
            ("docker rm -f", "docker run --rm image rm -f x", false),
            ("docker rm {-f,--force}", "docker rm -vf x", true),
            ("docker rm {-f,--force}", "docker rm --force=false x", false),
            ("az ... delete", "az vm scale delete --yes", true),
            ("az ... delete", "az group list", false),
            ("gcloud ... delete", "gcloud compute instances --quiet delete x", true),
            ("terraform apply -auto-approve", "terraform apply --auto-approve", true),
            ("terraform apply -auto-approve", "terraform apply -auto-approve=true", true),
            ("./deploy.sh prod*", "deploy.sh production", true),
            ("kubectl delete -n=prod", "kubectl delete pod -n prod", true),
            ("kubectl delete -n=prod", "kubectl delete pod -nprod", true),
            ("kubectl delete -n=prod", "kubectl delete pod -n dev", false),
            ("Remove-Item -Recurse", "remove-item -recurse x", true),
            ("rd /s /q", "rd /Q x /s", true),
            ("make 'a b'", "make a", false),
        ] {
            let (program, args) = words(line);
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(&program, &args),
                expected,
                "{pattern} ~ {line}"
            );
        }
    }

    #[test]
    fn an_exception_that_is_taken_back_or_stands_behind_dashes_frees_nothing() {
        let free = Pattern::parse_exception("--dry-run").unwrap();
        for (line, expected) in [
            ("kubectl delete x --dry-run=client", true),
            ("kubectl delete x --dry-run", true),
            ("kubectl delete x --dry-run=none", false),
            ("kubectl delete x --dry-run=client --dry-run=none", false),
            ("kubectl delete x -- --dry-run", false),
        ] {
            assert_eq!(free.excepts(&words(line).1), expected, "{line}");
        }
    }

    #[test]
    fn globs_match_stretches() {
        for (pattern, text, expected) in [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*bc", "abc", true),
            ("ab*bc", "abc", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} ~ {text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for text in [
            "",
            "-x",
            "... x",
            "a {b",
            "a 'b",
            "a {b,{c}}",
            &"x".repeat(300),
            &format!("a {}", "{b,c,d,e,f,g,h,i} ".repeat(9)),
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
