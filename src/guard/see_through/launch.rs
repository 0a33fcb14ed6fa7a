//! Tools that run a command of which the place is known: on another machine, in a container, as text, in an option.
//! A table: where a tool differs from others only in names, it is a row.

use super::guess::begins_harmfully;
use super::{At, Inner, joined, prefix};
use crate::guard::arg::{Arg, Call};

/// Where the command stands.
#[derive(Clone, Copy)]
enum Form {
    /// The words behind the tool's own.
    Words,
    /// The same, joined for a shell.
    Text,
    /// Each word is a text of its own.
    Texts,
    /// All that stands behind one of these options.
    Behind(&'static [&'static str]),
    /// The values of these options.
    Options(&'static [&'static str]),
}
use Form::{Behind, Options, Text, Texts, Words};

/// One way of one tool to run a command.
struct Launcher {
    names: &'static [&'static str],
    /// Words that must stand first; alternatives behind `|`.
    verbs: &'static str,
    /// Options with a value.
    valued: &'static [&'static str],
    /// Words of its own between verb and command, where there is no `--`.
    own: usize,
    form: Form,
    elsewhere: bool,
}

const fn here(
    names: &'static [&'static str],
    verbs: &'static str,
    valued: &'static [&'static str],
    own: usize,
    form: Form,
) -> Launcher {
    Launcher { names, verbs, valued, own, form, elsewhere: false }
}

const fn there(
    names: &'static [&'static str],
    verbs: &'static str,
    valued: &'static [&'static str],
    own: usize,
    form: Form,
) -> Launcher {
    Launcher { names, verbs, valued, own, form, elsewhere: true }
}

const LAUNCHERS: &[Launcher] = &[
    // Other machines.
    there(&["mosh", "tsh-ssh"], "", &["-p", "--ssh"], 1, Words),
    there(&["et"], "", &[], 0, Options(&["-c", "--command"])),
    there(&["autossh"], "", &["-M", "-p", "-i", "-o", "-l", "-L", "-R", "-D"], 1, Text),
    there(&["tsh", "tailscale", "coder"], "ssh", &["-p", "--cluster", "--proxy"], 1, Text),
    there(&["gh"], "codespace ssh|cs ssh", &["-c", "--codespace", "-R"], 0, Text),
    there(&["gcloud"], "compute ssh", &["--zone", "--project"], 0, Options(&["--command"])),
    there(&["gcloud", "az"], "compute ssh|ssh vm", &["--zone", "--project", "-n", "-g"], 1, Words),
    there(&["az"], "vm run-command invoke", &[], 0, Options(&["--scripts"])),
    there(&["aws"], "ssm send-command|ecs execute-command", &[], 0, Options(&["--command", "--parameters"])),
    there(&["fly", "flyctl"], "ssh console", &[], 0, Options(&["-C", "--command"])),
    there(&["heroku"], "run", &["-a", "--app", "-r", "-s"], 0, Text),
    there(&["eb", "lando", "devpod", "vagrant"], "ssh", &[], 0, Options(&["-c", "--command"])),
    there(&["vagrant"], "ssh", &["-c", "--command"], 1, Words),
    there(
        &["pssh", "parallel-ssh", "pdsh", "clush", "dsh"],
        "",
        &["-h", "-H", "-w", "-l", "-g", "-m", "-p", "-t", "-o"],
        0,
        Text,
    ),
    there(&["ansible"], "", &[], 0, Options(&["-a", "--args"])),
    there(&["salt", "salt-ssh"], "", &[], 2, Text),
    there(&["consul"], "exec", &[], 0, Text),
    there(&["adb"], "shell", &["-s", "-t"], 0, Text),
    there(&["ddev"], "exec", &["-s", "--service", "-d", "--dir"], 0, Text),
    // Machines and containers on this one.
    there(&["limactl", "machinectl"], "shell", &["--workdir"], 1, Words),
    there(&["lima"], "", &[], 0, Words),
    there(&["colima"], "ssh", &["-p", "--profile"], 0, Words),
    there(
        &["multipass", "lxc", "incus", "crictl"],
        "exec",
        &["-n", "-u", "--env", "--user", "--cwd"],
        1,
        Words,
    ),
    there(&["lxc-attach"], "", &["-n", "--name"], 0, Words),
    there(&["wsl"], "", &["-d", "--distribution", "-u", "--user", "--cd"], 0, Words),
    there(&["distrobox"], "enter", &["-n", "--name"], 1, Words),
    there(&["distrobox-enter"], "", &["-n", "--name"], 0, Words),
    there(&["toolbox"], "run", &["-c", "--container", "-d", "-r"], 0, Words),
    there(&["ctr"], "task exec|tasks exec|t exec", &["--exec-id", "-n"], 1, Words),
    there(&["buildah"], "run", &["--user", "-v", "--volume"], 1, Words),
    there(&["nomad"], "alloc exec|exec", &["-task", "-t", "-job"], 1, Words),
    there(&["oc"], "rsh", &["-c", "--container", "-n"], 1, Words),
    there(&["kubectl", "oc"], "run|debug", &["--image", "-n", "--namespace", "-c", "--target"], 1, Words),
    there(&["arch-chroot", "schroot"], "", &["-c", "--chroot", "-u"], 1, Words),
    there(&["systemd-nspawn"], "", &["-D", "-M", "-i", "-u"], 0, Words),
    there(&["devcontainer"], "exec", &["--workspace-folder", "--container-id", "--config"], 0, Words),
    // Here, as text.
    here(&["start-server-and-test", "pee", "mispipe"], "", &[], 0, Texts),
    here(&["pueue"], "add", &["-g", "-w", "-l", "--group", "--label", "--working-directory"], 0, Text),
    here(&["yarn"], "exec", &[], 0, Text),
    here(&["scl"], "enable", &[], 1, Text),
    here(&["bsub"], "", &["-q", "-n", "-J", "-o", "-e", "-R", "-W"], 0, Text),
    here(&["sbatch"], "", &[], 0, Options(&["--wrap"])),
    here(&["snap"], "run", &["-c", "--command"], 0, Options(&["-c", "--command"])),
    here(&["deno"], "task", &[], 0, Options(&["--eval"])),
    here(&["rg"], "", &[], 0, Options(&["--pre"])),
    here(&["concurrently"], "", &["-n", "-c", "--names", "--prefix"], 0, Texts),
    here(&["nodemon"], "", &[], 0, Options(&["-x", "--exec"])),
    here(&["pixi"], "run|exec", &["-e", "--environment", "--manifest-path"], 0, Words),
    here(&["watchexec"], "", &["-e", "-w", "-i", "--exts", "--watch", "--ignore", "-f", "-d", "-s"], 0, Text),
    here(&["entr"], "", &[], 0, Options(&["-s"])),
    here(&["pm2"], "start", &["--name", "-n"], 0, Texts),
    here(&["bun", "lerna", "meta", "mani"], "exec", &["--scope", "--filter"], 0, Text),
    here(&["gita"], "shell", &[], 0, Text),
    here(&["devbox"], "run", &["-c", "--config", "-e"], 0, Text),
    here(&["sops"], "exec-env|exec-file", &[], 1, Text),
    here(&["cross-env-shell"], "", &[], 0, Text),
    here(&["cargo"], "watch", &[], 0, Options(&["-s", "--shell"])),
    here(&["sg"], "", &[], 1, Texts),
    here(&["su", "runuser"], "", &["-u", "--user", "-g", "-G", "-s", "--shell", "-c", "--command"], 0, Words),
    here(&["nx", "tox", "hatch"], "exec|run", &["-e", "--env"], 0, Words),
    here(&["zellij"], "action write-chars", &[], 0, Text),
    here(&["kitty"], "@ send-text", &["-m", "--match"], 0, Text),
    here(&["xterm", "konsole", "alacritty", "urxvt", "st"], "", &[], 0, Behind(&["-e", "--command"])),
    here(&["run-shell", "if-shell", "new-window", "split-window"], "", &[], 0, Texts),
    // Programs that have a filter, a hook or a transport run for them.
    here(&["rsync"], "", &[], 0, Options(&["--rsync-path"])),
    here(&["scp", "sftp"], "", &[], 0, Options(&["-S"])),
    here(&["zip"], "", &[], 0, Options(&["-TT", "--unzip-command"])),
    here(&["split"], "", &[], 0, Options(&["--filter"])),
    here(&["sort"], "", &[], 0, Options(&["--compress-program"])),
    here(&["nc", "ncat", "netcat"], "", &[], 0, Options(&["-e", "-c", "--exec", "--sh-exec"])),
    here(&["tcpdump"], "", &[], 0, Options(&["-z"])),
    here(&["wget"], "", &[], 0, Options(&["--use-askpass"])),
    here(&["cpio"], "", &[], 0, Options(&["--rsh-command"])),
    here(&["apt", "apt-get"], "", &[], 0, Options(&["-o", "--option"])),
    here(&["man"], "", &[], 0, Options(&["-P", "--pager"])),
    here(&["expect"], "", &[], 0, Options(&["-c"])),
    here(&["mapfile", "readarray", "complete", "compgen"], "", &[], 0, Options(&["-C"])),
    here(&["bind"], "", &[], 0, Options(&["-x"])),
];

/// What the tools of the table would run.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    let rows = LAUNCHERS.iter().filter(|launcher| launcher.names.contains(&call.name));
    rows.flat_map(|launcher| launched(launcher, call.args)).collect()
}

fn launched(launcher: &Launcher, args: &[Arg]) -> Vec<Inner> {
    let Some(rest) = behind_verbs(launcher, args) else { return Vec::new() };
    let at = || if launcher.elsewhere { At::Elsewhere } else { At::Same };
    let text = |text: String| Inner::Text { text, positional: Vec::new(), at: at(), guessed: true };
    if let Options(names) = launcher.form {
        return values(names, rest).into_iter().map(text).collect();
    }
    let words = match launcher.form {
        Behind(names) => {
            let at = rest.iter().position(|arg| names.contains(&arg.text.as_str()));
            at.and_then(|at| rest.get(at + 1..)).unwrap_or_default()
        }
        _ => command(launcher, rest),
    };
    if words.is_empty() {
        return Vec::new();
    }
    match launcher.form {
        Texts => words.iter().map(|word| text(word.text.clone())).collect(),
        Behind(_) if words.len() == 1 => vec![text(joined(words))],
        // Joined, it loses its quotes; who wrote them meant what was in them.
        Text => {
            let quoted = words.iter().filter(|word| word.text.contains(' ') && begins_harmfully(&word.text));
            std::iter::once(joined(words)).chain(quoted.map(|word| word.text.clone())).map(text).collect()
        }
        _ => {
            let (set, words) = prefix::leading_assignments(words);
            vec![Inner::Words { words, set, at: at(), input: None }]
        }
    }
}

/// What stands behind the verbs; `None` where others stand there.
fn behind_verbs<'a>(launcher: &Launcher, args: &'a [Arg]) -> Option<&'a [Arg]> {
    launcher.verbs.split('|').find_map(|verbs| {
        verbs.split_whitespace().try_fold(args, |rest, verb| {
            let (first, rest) = behind_options(launcher, rest).split_first()?;
            (first.text == verb).then_some(rest)
        })
    })
}

fn is_option(text: &str) -> bool {
    text.len() > 1 && text.starts_with('-')
}

/// Skips options, their values too. `--` stays.
fn behind_options<'a>(launcher: &Launcher, args: &'a [Arg]) -> &'a [Arg] {
    let mut rest = args;
    while let Some((first, tail)) =
        rest.split_first().filter(|(first, _)| first.text != "--" && is_option(&first.text))
    {
        let takes = launcher.valued.contains(&first.text.as_str());
        rest = if takes { tail.get(1..).unwrap_or_default() } else { tail };
    }
    rest
}

/// The command: behind `--`, or behind the tool's own words.
fn command<'a>(launcher: &Launcher, args: &'a [Arg]) -> &'a [Arg] {
    let mut own = launcher.own;
    let mut rest = behind_options(launcher, args);
    loop {
        match rest.split_first() {
            Some((first, tail)) if first.text == "--" => return tail,
            Some((_, tail)) if own > 0 => {
                own -= 1;
                rest = behind_options(launcher, tail);
            }
            _ => return rest,
        }
    }
}

/// The values of options, whatever stands between; a leading `key=` or `exec:` is not part of a command.
fn values(names: &[&str], args: &[Arg]) -> Vec<String> {
    let pairs = args.iter().zip(args.iter().skip(1));
    let separate = pairs
        .filter(|(option, _)| names.contains(&option.text.as_str()))
        .map(|(_, value)| value.text.clone());
    let stuck = args.iter().filter_map(|arg| {
        names.iter().find_map(|name| {
            let value = arg.text.strip_prefix(name)?;
            if name.starts_with("--") { value.strip_prefix('=') } else { Some(value) }
        })
    });
    let all = separate.chain(stuck.map(str::to_owned)).filter(|value| !value.is_empty());
    all.map(|value| stripped(&value).to_owned()).collect()
}

/// `cmd=TEXT`, `commands=TEXT`, `APT::Update::Pre-Invoke::=TEXT`, `"\C-x": TEXT`.
fn stripped(value: &str) -> &str {
    let Some((key, rest)) = value.split_once(['=', ' ']) else { return value };
    let is_key = key.contains("::") || matches!(key, "cmd" | "commands" | "command" | "_raw_params");
    if is_key || key.ends_with("\":") { rest.trim_start_matches('=') } else { value }
}
