//! The clients' own commands and flags that switch hooks, plugins or extensions off, or start a client without them.

use crate::guard::settings;
use crate::guard::{Call, UNKNOWN};

/// One client.
struct Client {
    names: &'static [&'static str],
    /// Verbs that take something away.
    verbs: &'static [&'static str],
    /// Verbs that count by the name behind them.
    named: &'static [&'static str],
    /// Flags that start it without hooks.
    flags: &'static [&'static str],
    /// Flags that switch off what is named behind them.
    switches: &'static [&'static str],
    /// Flags with a setting behind them, as `key=value` in TOML.
    pairs: &'static [&'static str],
    /// Flags with settings behind them, as JSON or a file of it.
    settings: &'static [&'static str],
}

const CLIENTS: &[Client] = &[
    // Claude Code 2.1.197; `config set` of older versions.
    Client {
        names: &["claude"],
        verbs: &[
            "plugin disable",
            "plugin uninstall",
            "plugin remove",
            "plugins disable",
            "plugins uninstall",
            "plugins remove",
            "marketplace remove",
            "marketplace rm",
        ],
        named: &["config set", "config remove", "config rm"],
        flags: &["--bare", "--safe-mode", "--setting-sources"],
        switches: &[],
        pairs: &[],
        settings: &["--settings"],
    },
    // Codex 0.169.0.
    Client {
        names: &["codex"],
        verbs: &["plugin remove", "marketplace remove"],
        named: &["features disable"],
        flags: &["--ignore-user-config"],
        switches: &["--disable"],
        pairs: &["-c", "--config"],
        settings: &[],
    },
    // Pi 0.73.1.
    Client {
        names: &["pi"],
        verbs: &["remove", "uninstall"],
        named: &[],
        flags: &["--no-extensions", "-ne"],
        switches: &[],
        pairs: &[],
        settings: &[],
    },
];

/// What of `call` takes hooks away from a client, in its own words.
pub(super) fn disarmed(call: &Call<'_>) -> Option<String> {
    let client = CLIENTS.iter().find(|client| client.names.contains(&call.name))?;
    let words: Vec<&str> = call.args.iter().map(|arg| arg.text.as_str()).collect();
    let variable =
        call.assigned.iter().map(|(name, _)| name.as_str()).find(|name| settings::moves_a_client(name));
    let flag = words.iter().find(|word| client.flags.contains(&word.split('=').next().unwrap_or(word)));
    let found = variable.or(flag.copied()).map(str::to_owned);
    found.or_else(|| by_verb(client, &words)).or_else(|| by_setting(client, &words))
}

fn by_verb(client: &Client, words: &[&str]) -> Option<String> {
    let operands: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    // A verb of one word stands first; those of two may stand behind the value of an option.
    let behind = |verb: &str| {
        let parts: Vec<&str> = verb.split(' ').collect();
        let at = operands.windows(parts.len()).position(|window| window == parts)?;
        (parts.len() > 1 || at == 0).then(|| operands.get(at + parts.len()..).unwrap_or_default())
    };
    let plain = client.verbs.iter().find(|verb| behind(verb).is_some());
    let named = || {
        client.named.iter().find(|verb| {
            behind(verb).is_some_and(|rest| rest.iter().any(|name| settings::decides_by_name(name)))
        })
    };
    plain.or_else(named).map(|verb| format!("{} {verb}", client.names.first().unwrap_or(&"")))
}

fn by_setting(client: &Client, words: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        let value = |flags: &[&str]| {
            let stuck =
                |flag: &&str| word.strip_prefix(*flag).map(|rest| rest.strip_prefix('=').unwrap_or(rest));
            let whole = flags.contains(word).then(|| words.get(at + 1).copied()).flatten();
            whole.or_else(|| {
                flags
                    .iter()
                    .filter(|flag| !flags.contains(word) && (flag.len() == 2 || word.contains('=')))
                    .find_map(stuck)
            })
        };
        let decides = value(client.switches).is_some_and(settings::decides_by_name)
            || value(client.pairs).is_some_and(settings::pair_decides)
            || value(client.settings)
                .is_some_and(|text| text.contains(UNKNOWN) || settings::given_decide(text));
        decides.then(|| (*word).to_owned())
    })
}
