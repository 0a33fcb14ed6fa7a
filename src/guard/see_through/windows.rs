//! Texts of PowerShell and of the Windows command prompt, taken apart far enough to see which commands they run.
//!
//! Programs and parameters are given in lower case and aliases as what they stand for, so that rules know one name. A
//! text that only the machine can read (`-EncodedCommand`) is opaque.

use super::Inner;
use crate::guard::arg::{Arg, Call, UNKNOWN};

/// The longest text that is taken apart; the reader's own limit is no larger.
const MAX_COMMANDS: usize = 2_000;

/// What `call` would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    let is = |name: &str| call.name.eq_ignore_ascii_case(name);
    if is("pwsh") || is("powershell") || is("pwsh-preview") {
        powershell(call)
    } else if is("cmd") {
        command_prompt(call)
    } else {
        Vec::new()
    }
}

/// `-Command TEXT…`, in any of its abbreviations; without one the first operand of `powershell` is the text.
fn powershell(call: &Call<'_>) -> Vec<Inner> {
    let mut rest = call.args;
    while let Some((arg, tail)) = rest.split_first() {
        let option = arg.text.to_ascii_lowercase().replacen('/', "-", 1);
        let option = option.trim_start_matches('-');
        if !arg.text.starts_with(['-', '/']) {
            // A script file: `pwsh build.ps1`. Windows PowerShell takes a bare text for a command.
            let file = option.ends_with(".ps1") || call.name.eq_ignore_ascii_case("pwsh");
            return if file { Vec::new() } else { commands(rest) };
        }
        rest = match option {
            "c" | "command" | "commandwithargs" | "cwa" => return commands(tail),
            "f" | "file" => return Vec::new(),
            _ if option.len() > 1 && "command".starts_with(option) => return commands(tail),
            _ if !option.is_empty() && "encodedcommand".starts_with(option) || option == "ec" => {
                let text = tail.first().is_some_and(|arg| !arg.text.starts_with('-'));
                return if text { vec![Inner::Opaque] } else { Vec::new() };
            }
            _ if takes_value(option) => tail.get(1..).unwrap_or_default(),
            _ => tail,
        };
    }
    Vec::new()
}

fn takes_value(option: &str) -> bool {
    let options = [
        "executionpolicy",
        "ep",
        "ex",
        "configurationname",
        "custompipename",
        "inputformat",
        "outputformat",
        "settingsfile",
        "version",
        "windowstyle",
        "workingdirectory",
        "wd",
        "psconsolefile",
    ];
    options.iter().any(|full| *full == option || option.len() > 1 && full.starts_with(option))
}

/// `cmd /c TEXT…` (`//c` in Git Bash, `/k` stays open afterwards).
fn command_prompt(call: &Call<'_>) -> Vec<Inner> {
    let runs = |arg: &Arg| {
        let text = arg.text.to_ascii_lowercase();
        let switch = text.trim_start_matches('/');
        text.starts_with('/') && matches!(switch.get(..1), Some("c" | "k" | "r"))
    };
    let Some(at) = call.args.iter().position(runs) else { return Vec::new() };
    let stuck =
        call.args.get(at).map(|arg| arg.text.trim_start_matches('/').get(1..).unwrap_or_default().to_owned());
    let tail = call.args.get(at + 1..).unwrap_or_default().iter().map(|arg| arg.text.clone());
    let text: Vec<String> = stuck.into_iter().filter(|text| !text.is_empty()).chain(tail).collect();
    let lines = pieces(&text.join(" "), Language::CommandPrompt);
    let lines = lines.into_iter().map(|words| Inner::words(of_prompt(words)));
    // A program of a Unix is no builtin of the prompt: `/` is a path to it.
    lines.chain(of_unix(&text.join(" "))).collect()
}

fn commands(args: &[Arg]) -> Vec<Inner> {
    let text = args.iter().map(|arg| arg.text.as_str()).collect::<Vec<_>>().join(" ");
    if text.trim() == "-" || text.chars().all(|letter| letter == UNKNOWN || letter.is_whitespace()) {
        return Vec::new();
    }
    let mut found: Vec<Inner> = of_unix(&text).into_iter().collect();
    for words in pieces(&text, Language::PowerShell) {
        let Some(program) = words.first() else { continue };
        let cmdlet = alias(&program.to_ascii_lowercase()).map(str::to_owned);
        // `rm` is the system's own program where PowerShell runs on Unix.
        if cmdlet.is_none() || program.eq_ignore_ascii_case("rm") || program.eq_ignore_ascii_case("rmdir") {
            found.push(Inner::words(words.iter().map(|word| known(word)).collect()));
        }
        if let Some(cmdlet) = cmdlet.or_else(|| program.contains('-').then(|| program.to_ascii_lowercase())) {
            let args = words.iter().skip(1).map(|word| known(&parameter(word)));
            found.push(Inner::words(std::iter::once(Arg::literal(cmdlet)).chain(args).collect()));
        }
    }
    found
}

/// A text that begins with a program that rules know by its Unix ways.
fn of_unix(text: &str) -> Option<Inner> {
    super::begins_harmfully(text).then(|| Inner::guess(text))
}

/// A word; what stands for a variable cannot be known.
fn known(word: &str) -> Arg {
    Arg { dynamic: word.starts_with('$'), ..Arg::literal(word) }
}

/// PowerShell's own aliases of what a rule knows.
fn alias(name: &str) -> Option<&'static str> {
    Some(match name {
        "ri" | "rm" | "rmdir" | "rd" | "del" | "erase" => "remove-item",
        "clc" => "clear-content",
        "iex" => "invoke-expression",
        "rp" => "remove-itemproperty",
        _ => return None,
    })
}

/// A parameter in full: any beginning that is unique will do for PowerShell.
fn parameter(word: &str) -> String {
    let Some(name) = word.strip_prefix('-') else { return word.to_owned() };
    let lower = name.to_ascii_lowercase();
    let (name, value) =
        lower.split_once(':').map_or((lower.as_str(), None), |(name, value)| (name, Some(value)));
    let full = ["recurse", "force", "whatif"].into_iter().find(|full| match name {
        "wi" => *full == "whatif",
        "f" | "" => false,
        name => full.starts_with(name),
    });
    let name = full.unwrap_or(name);
    value.map_or_else(|| format!("-{name}"), |value| format!("-{name}={value}"))
}

/// Names and switches as rules write them: `erase /S/Q x` as `del /s /q x`.
fn of_prompt(words: Vec<String>) -> Vec<Arg> {
    let mut args = Vec::new();
    for (at, word) in words.into_iter().enumerate() {
        let lower = word.to_ascii_lowercase();
        if at == 0 {
            // `del/s` needs no space.
            let (name, switches) =
                lower.split_once('/').map_or((lower.as_str(), ""), |(name, rest)| (name, rest));
            let name = match name {
                "erase" => "del",
                "rmdir" => "rd",
                name => name.strip_suffix(".com").unwrap_or(name),
            };
            args.push(Arg::literal(if name.is_empty() { &word } else { name }));
            args.extend(
                switches.split('/').filter(|one| !one.is_empty()).map(|one| Arg::literal(format!("/{one}"))),
            );
        } else if lower.starts_with('/') && lower.len() <= 12 {
            args.extend(
                lower.split('/').filter(|one| !one.is_empty()).map(|one| Arg::literal(format!("/{one}"))),
            );
        } else {
            args.push(Arg::literal(word));
        }
    }
    args
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    PowerShell,
    CommandPrompt,
}

/// The commands of a text, each as its words. Blocks and brackets only separate; nothing is evaluated.
fn pieces(text: &str, language: Language) -> Vec<Vec<String>> {
    let mut cut = Cut::default();
    let mut letters = text.chars().peekable();
    let power = language == Language::PowerShell;
    while let Some(letter) = letters.next() {
        match (letter, cut.quote) {
            (letter, Some(open)) if letter == open => cut.quote = None,
            ('`', None) if power => cut.escaped(letters.next()),
            ('^', None) if !power => cut.escaped(letters.next()),
            ('"', None) => cut.open('"'),
            ('\'', None) if power => cut.open('\''),
            ('#', None) if power && cut.word.is_none() => {
                while letters.next_if(|letter| *letter != '\n').is_some() {}
            }
            (';' | '{' | '}' | '(' | ')', None) if power => cut.end(),
            ('(' | ')' | '@', None) if cut.words.is_empty() && cut.word.is_none() => {}
            ('|' | '&' | '\n' | '\r', None) => cut.end(),
            (letter, None) if letter.is_whitespace() => cut.end_word(),
            (letter, _) => cut.push(letter),
        }
        if cut.done.len() > MAX_COMMANDS {
            break;
        }
    }
    cut.end();
    cut.done
}

#[derive(Default)]
struct Cut {
    done: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    quote: Option<char>,
}

impl Cut {
    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn open(&mut self, quote: char) {
        self.word.get_or_insert_default();
        self.quote = Some(quote);
    }

    fn escaped(&mut self, letter: Option<char>) {
        if let Some(letter) = letter.filter(|letter| *letter != '\n') {
            self.push(letter);
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.done.push(std::mem::take(&mut self.words));
        }
    }
}
