//! Variables that hold a command: `GIT_PAGER=… git log`, `PROMPT_COMMAND`, configuration of git in the environment.

use super::Inner;
use crate::guard::arg::Call;

/// Variables whose value some program hands to a shell.
const COMMANDS: &[&str] = &[
    "BROWSER",
    "EDITOR",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "LESSCLOSE",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "RSYNC_RSH",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "SYSTEMD_PAGER",
    "TAR_OPTIONS",
    "VISUAL",
];

/// Variables that a shell expands as it would a word in double quotes.
const PROMPTS: &[&str] = &["PS0", "PS1", "PS2", "PS4", "ENV", "BASH_ENV"];

/// What the variables set for `call` would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    call.assigned.iter().filter_map(|(name, value)| command(name, value)).map(Inner::guess).collect()
}

fn command(name: &str, value: &str) -> Option<String> {
    if COMMANDS.contains(&name) {
        return Some(value.trim_start_matches(['|', '-']).to_owned());
    }
    if PROMPTS.contains(&name) && value.contains("$(") {
        return Some(format!(": \"{value}\""));
    }
    if name.starts_with("GIT_CONFIG_VALUE_") {
        return Some(value.trim_start_matches('!').to_owned());
    }
    if name == "GIT_CONFIG_PARAMETERS" {
        let behind = value.split_once('=')?.1;
        return Some(behind.trim_start_matches(['!', '\'']).trim_end_matches('\'').to_owned());
    }
    None
}
