//! What a person or a program sees: text on a terminal, one JSON object with `--json`, questions only to a terminal.

use std::io::{self, IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

/// When text is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The program's mouth and ears.
#[derive(Debug, Clone)]
pub struct Ui {
    /// Stdout holds one JSON object and nothing else.
    pub json: bool,
    /// Every question that may be answered so is answered yes.
    pub yes: bool,
    /// Only results and errors.
    pub quiet: bool,
    /// More detail.
    pub verbose: bool,
    /// Hooks did not see the call of this process: the JSON object says so.
    pub unguarded: bool,
    color_out: bool,
    color_err: bool,
}

impl Ui {
    /// Settles colour once for stdout and stderr.
    pub fn new(color: ColorChoice, json: bool, yes: bool, quiet: bool, verbose: bool) -> Self {
        let wanted = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && crate::env::var_os("NO_COLOR").is_none(),
        };
        let (color_out, color_err) = (wanted(io::stdout().is_terminal()), wanted(io::stderr().is_terminal()));
        Self { json, yes, quiet, verbose, unguarded: false, color_out: color_out && !json, color_err }
    }

    /// Whether stdout is coloured.
    pub fn color(&self) -> bool {
        self.color_out
    }

    /// Whether stderr is coloured.
    pub fn color_err(&self) -> bool {
        self.color_err
    }

    /// Whether stdout is a screen.
    pub fn is_screen(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether there is a person who can be asked.
    pub fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints text to stdout as it is. A reader that went away is not an error.
    pub fn print(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints one line to stdout, unless `--json` keeps it clean or `-q` wants silence.
    pub fn say(&self, line: &str) {
        if !self.json && !self.quiet {
            self.print(&format!("{line}\n"));
        }
    }

    /// Prints one line to stderr, unless `-q` wants silence.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Prints text to stderr as it is.
    pub fn complain(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Prints the one JSON object of a command that worked. `fields` must be an object.
    pub fn result(&self, ok: bool, fields: Value) {
        let mut object = Map::from_iter([("schema".to_owned(), json!(1)), ("ok".to_owned(), json!(ok))]);
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        if self.unguarded {
            object.insert("guard".to_owned(), json!("not-active"));
        }
        let text = serde_json::to_string_pretty(&Value::Object(object)).unwrap_or_default();
        self.print(&format!("{text}\n"));
    }

    /// Prints a text that is a command's whole result; with `--json` as the one object's `text`.
    pub fn text(&self, text: &str) {
        if self.json {
            self.result(true, json!({"text": text}));
        } else {
            self.print(text);
        }
    }

    /// Paints text for stdout.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color_out { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Asks yes or no on the terminal; `None` when there is nobody to ask.
    ///
    /// # Errors
    /// The terminal went away.
    pub fn confirm(&self, question: &str, default: bool) -> anyhow::Result<Option<bool>> {
        if !self.can_ask() {
            return Ok(None);
        }
        let answer = dialoguer::Confirm::new().with_prompt(question).default(default).interact_opt()?;
        Ok(Some(answer.unwrap_or(false)))
    }

    /// Lets the person choose one of `options`, the first when they only press return; `None` when there is nobody to
    /// ask. Leaving the question is the last option.
    ///
    /// # Errors
    /// The terminal went away.
    pub fn choose(&self, question: &str, options: &[&str]) -> anyhow::Result<Option<usize>> {
        if !self.can_ask() {
            return Ok(None);
        }
        let chosen =
            dialoguer::Select::new().with_prompt(question).items(options).default(0).interact_opt()?;
        Ok(Some(chosen.unwrap_or(options.len().saturating_sub(1))))
    }

    /// Prints a text; through `$PAGER` or `less` when stdout is a screen that it does not fit on.
    pub fn page(&self, text: &str) {
        let height = crate::env::var("LINES").and_then(|lines| lines.parse().ok()).unwrap_or(24_usize);
        let fits = text.lines().count() < height;
        if self.json || fits || !io::stdout().is_terminal() || !paged(text) {
            self.print(text);
        }
    }

    /// Lets the person pick some of `options`; `None` when there is nobody to ask.
    ///
    /// # Errors
    /// The terminal went away.
    pub fn pick(&self, question: &str, options: &[(String, bool)]) -> anyhow::Result<Option<Vec<usize>>> {
        if !self.can_ask() {
            return Ok(None);
        }
        let picked = dialoguer::MultiSelect::new()
            .with_prompt(question)
            .items_checked(options.iter().cloned())
            .interact_opt()?;
        Ok(Some(picked.unwrap_or_default()))
    }
}

/// Shows a text in a pager; `false` when there is none. The pager is not given to a shell.
fn paged(text: &str) -> bool {
    let pager = crate::env::var("PAGER").unwrap_or_else(|| "less -FRX".to_owned());
    let mut words = pager.split_whitespace();
    let Some(program) = words.next() else { return false };
    let mut command = std::process::Command::new(program);
    let Ok(mut child) = command.args(words).stdin(std::process::Stdio::piped()).spawn() else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(text.as_bytes()); // who has read enough closes it
    }
    child.wait().is_ok()
}

/// Something done.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Something lost, refused or removed.
pub const BAD: Style = AnsiColor::Red.on_default();
/// A heading.
pub const HEAD: Style = Style::new().bold();
/// Beside the point.
pub const DIM: Style = Style::new().dimmed();
