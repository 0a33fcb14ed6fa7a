//! Commands for another machine, a container or a terminal multiplexer: `ssh host cmd`, `docker exec`, `tmux`.

use super::{At, Inner, container, joined};
use crate::guard::arg::{Arg, Call};
use crate::guard::options::{Grammar, Opt, Parsed};

const SSH: Grammar = Grammar { short: "BbcDEeFIiJLlmOopQRSWw", long: &[], stop_at_operand: true };

/// What would run elsewhere.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "ssh" => ssh(call),
        "docker" | "podman" | "nerdctl" | "docker-compose" | "kubectl" | "oc" => container::inside(call),
        "tmux" | "screen" | "byobu" => multiplexer(call),
        "scp" | "sftp" => {
            proxies(&Grammar { short: "cDFiJlOoPRSX", long: &[], stop_at_operand: false }.parse(call.args))
        }
        "rsync" => {
            held(&Grammar { short: "efBT", long: &["rsh"], stop_at_operand: false }, &["e", "rsh"], call)
        }
        "tar" | "gtar" | "bsdtar" => tar(call),
        "socat" => call.args.iter().filter_map(|arg| system(&arg.text)).map(Inner::text).collect(),
        _ => Vec::new(),
    }
}

fn elsewhere(text: String) -> Vec<Inner> {
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Inner::Text { text, positional: Vec::new(), at: At::Elsewhere, guessed: false }]
    }
}

fn ssh(call: &Call<'_>) -> Vec<Inner> {
    let parsed = SSH.parse(call.args);
    let words = parsed.operands.get(1..).unwrap_or_default();
    let mut found = elsewhere(joined(words));
    // Joined, it loses its quotes; who wrote them meant what was in them.
    let prints = words.len() > 1 && words.first().is_some_and(|word| super::guess::takes_words(&word.text));
    let meant =
        |word: &&Arg| !prints && word.text.contains(' ') && super::guess::begins_harmfully(&word.text);
    let quoted = words.iter().filter(meant);
    found.extend(quoted.flat_map(|word| elsewhere(word.text.clone())));
    found.extend(proxies(&parsed));
    if parsed.operands.len() == 1 {
        found.extend(call.input.texts.iter().flat_map(|text| elsewhere(text.clone())));
    }
    found
}

/// `-o ProxyCommand=…` and the other settings of ssh that hold a command.
fn proxies(parsed: &Parsed) -> Vec<Inner> {
    let mut found = Vec::new();
    for option in parsed.options.iter().filter(|option| option.is(&["o"])) {
        if let Some((key, command)) = option.text().split_once(['=', ' '])
            && matches!(
                key.to_ascii_lowercase().as_str(),
                "proxycommand" | "localcommand" | "knownhostscommand"
            )
        {
            found.push(Inner::text(command));
        }
    }
    found
}

/// The commands that options hold.
fn held(grammar: &Grammar, names: &[&str], call: &Call<'_>) -> Vec<Inner> {
    let parsed = grammar.parse(call.args);
    parsed.options.iter().filter(|option| option.is(names)).map(|option| Inner::text(option.text())).collect()
}

/// `tar -I cmd`, `--to-command=…`, `--checkpoint-action=exec=…` (GNU tar).
fn tar(call: &Call<'_>) -> Vec<Inner> {
    let long = &[
        "use-compress-program",
        "to-command",
        "info-script",
        "new-volume-script",
        "rmt-command",
        "rsh-command",
        "checkpoint-action",
        "file",
        "directory",
    ];
    let parsed = Grammar { short: "IFfCTXbgHKLNV", long, stop_at_operand: false }.parse(call.args);
    let names = [
        "I",
        "F",
        "use-compress-program",
        "to-command",
        "info-script",
        "new-volume-script",
        "rmt-command",
        "rsh-command",
        "checkpoint-action",
    ];
    let texts = parsed.options.iter().filter(|option| option.is(&names)).map(Opt::text);
    texts.map(|text| Inner::text(text.strip_prefix("exec=").unwrap_or(text))).collect()
}

/// `tmux new-session -d 'cmd'`, `tmux send-keys -t x 'cmd' Enter`, `screen -dm cmd`.
fn multiplexer(call: &Call<'_>) -> Vec<Inner> {
    let verbs = [
        "new-session",
        "new",
        "new-window",
        "neww",
        "split-window",
        "splitw",
        "send-keys",
        "send",
        "run-shell",
        "run",
        "respawn-pane",
        "respawn-window",
        "if-shell",
        "if",
        "pipe-pane",
        "display-popup",
        "popup",
        "set-hook",
        "bind",
        "bind-key",
        "confirm-before",
        "stuff",
        "exec",
    ];
    let at = call.args.iter().position(|arg| verbs.contains(&arg.text.as_str()));
    let rest = match at {
        Some(at) => call.args.get(at + 1..).unwrap_or_default(),
        None if call.name == "screen" => call.args,
        None => return Vec::new(),
    };
    let grammar = Grammar { short: "tscnxyFeTSL", long: &[], stop_at_operand: true };
    let words = grammar.parse(rest).operands;
    let words: Vec<Arg> =
        words.into_iter().filter(|arg| !matches!(arg.text.as_str(), "Enter" | "C-m" | "KPEnter")).collect();
    if words.is_empty() {
        return Vec::new();
    }
    // Some verbs take several texts, and some a command of the multiplexer itself.
    let each = words.iter().filter(|_| words.len() > 1).map(|word| Inner::guess(word.text.clone()));
    // More than one word is run as it is, without a shell.
    let harmful = words.len() > 1 && words.first().is_some_and(|word| super::guess::harmful(&word.text));
    let line = harmful.then(|| Inner::Guessed(words.clone()));
    std::iter::once(Inner::guess(joined(&words))).chain(each).chain(line).collect()
}

/// The command of a socat `EXEC:` or `SYSTEM:` address.
fn system(text: &str) -> Option<String> {
    let upper = text.get(..7).unwrap_or(text).to_ascii_uppercase();
    let rest =
        if upper.starts_with("EXEC:") { text.get(5..) } else { text.get(7..).filter(|_| upper == "SYSTEM:") };
    rest.map(|rest| rest.replace('\\', ""))
}
