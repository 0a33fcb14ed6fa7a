//! `so doctor`: what is wrong with an installation, and the command that mends each thing.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Exit;
use super::liveness::{Here, version};
use super::status::stamp;
use super::trust;
use crate::compile::platform::Platform;
use crate::env;
use crate::hook::checks;
use crate::install::others::{self, Original};
use crate::liveness::{self, Around, Handler, Machine, Wiring};
use crate::session::receipt;
use crate::ui::{BAD, DIM, GOOD, HEAD, Ui};

/// Try every hook that was installed, look for what keeps hooks from running, and name what mends it
///
/// Looks at PATH, the versions of the clients, the locks, the settings of the project, and other programs that write
/// the same files (rulesync, ruler, apm, spec-kit, skills, session-orchestrator). `so verify` asks the clients.
/// Each hook command that the lock owns is run as its client would, with a harmless command and with one that must be
/// refused: nothing of them is carried out. Exit 1 when something is wrong.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Mend what is safe to mend: missing execute bits, modes of so's own directories, and the plugin
    /// session-orchestrator, which is switched off where so does its work
    #[arg(long)]
    fix: bool,
}

/// A command that changes nothing, and one that every guard refuses.
const HARMLESS: &str = "git status";
const REFUSED: &str = "git push --force origin main";

/// One thing that was looked at.
struct Look {
    /// What it is about.
    about: String,
    /// What was seen.
    what: String,
    /// What mends it; empty when it is right.
    mend: String,
    /// What `--fix` does about it.
    fix: Option<Fix>,
}

/// What `--fix` can do.
#[derive(Clone)]
enum Fix {
    /// Set a mode that is not as it should be.
    Mode(PathBuf, u32),
    /// Switch the plugin off whose work this is.
    SwitchOff(Original),
}

impl Fix {
    fn says(&self) -> String {
        match self {
            Self::Mode(path, mode) => format!("chmod {mode:o} {}", path.display()),
            Self::SwitchOff(original) => {
                format!("switch `{}` off in {}", original.id, original.file.display())
            }
        }
    }

    fn carry_out(&self) -> anyhow::Result<()> {
        match self {
            Self::Mode(path, mode) => Ok(set_mode(path, *mode)?),
            Self::SwitchOff(original) => match others::switched_off(original)? {
                Some(text) => crate::fs::atomic_write(&original.file, text.as_bytes(), false),
                None => Ok(()),
            },
        }
    }
}

impl Look {
    fn good(about: &str, what: impl Into<String>) -> Self {
        Self { about: about.to_owned(), what: what.into(), mend: String::new(), fix: None }
    }

    fn bad(about: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about: about.to_owned(), what: what.into(), mend: mend.into(), fix: None }
    }

    fn is_bad(&self) -> bool {
        !self.mend.is_empty()
    }
}

pub(super) fn run(ui: &Ui, project: Option<&Path>, args: &Args) -> anyhow::Result<Exit> {
    let mut findings = examine(project)?;
    if args.fix && mend(ui, &findings)? {
        findings = examine(project)?;
    }
    let wrong = findings.iter().filter(|finding| finding.is_bad()).count();
    if ui.json {
        ui.result(wrong == 0, as_json(&findings));
    } else {
        show(ui, &findings, wrong);
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Findings })
}

/// Looks at everything.
fn examine(project: Option<&Path>) -> anyhow::Result<Vec<Look>> {
    let here = Here::new(project)?;
    let machine = here.machine();
    let mut found = vec![profile(&machine), on_path()];
    if let Err(error) = &machine.locks {
        found.push(Look::bad("lock", error.clone(), "restore it, or delete it and run so install"));
    }
    found.extend(modes(&machine));
    found.extend(here.roots.project.as_deref().and_then(settings_of));
    found.extend(
        others::managers(&here.roots).into_iter().map(|other| {
            Look::good(&other.name, format!("is used here too ({}): {}", other.sign, other.about))
        }),
    );
    for platform in here.platforms {
        found.extend(client(&machine, platform)?);
        found.extend(originals(&machine, platform));
    }
    Ok(found)
}

fn profile(machine: &Machine<'_>) -> Look {
    let level = format!("hooks: {}", machine.profile.level.name());
    match &machine.profile.ignored {
        Some(ignored) => Look::bad("profile", format!("{level}; {ignored}"), "take it out"),
        None => Look::good("profile", level),
    }
}

/// What is wrong in the settings of the project, if it has any.
fn settings_of(project: &Path) -> Option<Look> {
    let config = trust::config(project);
    let findings = config.findings.sorted();
    let first = findings.first()?;
    let more = findings.len() - 1;
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(Look::bad(
        "settings",
        format!("{}: {}{more}", first.path, first.message),
        "so config check shows the place",
    ))
}

/// The plugin whose work `so` does, where it is still on.
fn originals(machine: &Machine<'_>, platform: &Platform) -> Vec<Look> {
    let about = platform.title.as_str();
    let is_ours = !liveness::wirings(machine, platform).is_empty();
    let press = platform.loads.plugin_switch.as_ref().map(|switch| switch.press.clone()).unwrap_or_default();
    let look = |original: Original| {
        let by_hand = press.replace("{id}", &original.id);
        let mend = if original.switch.is_some() {
            format!("so doctor --fix switches it off, or: {by_hand}")
        } else {
            by_hand
        };
        let what = format!("`{}` is on as well: two guards and two states of a session", original.id);
        if !is_ours {
            return Look::good(
                about,
                format!("`{}` is on; so reads its STATE.md and its settings", original.id),
            );
        }
        Look {
            fix: original.switch.is_some().then_some(Fix::SwitchOff(original)),
            ..Look::bad(about, what, mend)
        }
    };
    others::originals(platform, machine.roots).into_iter().map(look).collect()
}

/// Whether what an agent starts by the name `so` is this program.
fn on_path() -> Look {
    match env::which("so") {
        None => {
            Look::bad("PATH", "there is no so on PATH: skills cannot call it", "put its directory on PATH")
        }
        Some(path) if liveness::answers(&path) => Look::good("PATH", path.display().to_string()),
        Some(path) => {
            let what = format!("{} comes first on PATH and is another program", path.display());
            Look::bad("PATH", what, "put the directory of this so before it")
        }
    }
}

/// What is remembered outside projects is the person's alone.
#[cfg(unix)]
fn modes(machine: &Machine<'_>) -> Vec<Look> {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(state) = &machine.state else { return Vec::new() };
    let below = std::fs::read_dir(state).into_iter().flatten().flatten().map(|entry| entry.path());
    let open = |path: &PathBuf| {
        path.metadata().is_ok_and(|meta| meta.is_dir() && meta.permissions().mode() & 0o077 != 0)
    };
    let finding = |path: PathBuf| Look {
        fix: Some(Fix::Mode(path.clone(), 0o700)),
        ..Look::bad("modes", format!("{} can be read by others", path.display()), "so doctor --fix")
    };
    std::iter::once(state.clone()).chain(below).filter(open).map(finding).collect()
}

#[cfg(not(unix))]
fn modes(_machine: &Machine<'_>) -> Vec<Look> {
    Vec::new()
}

/// One client: its version, what keeps its hooks from running, and what each of them answers.
fn client(machine: &Machine<'_>, platform: &Platform) -> anyhow::Result<Vec<Look>> {
    let wirings = liveness::wirings(machine, platform);
    if wirings.is_empty() {
        return Ok(Vec::new());
    }
    let about = platform.title.as_str();
    let mut found = Vec::new();
    if let Some(version) = version(&platform.detect.programs) {
        let tested = platform.tested.as_deref().unwrap_or("none");
        found.push(Look::good(about, format!("version {version} (tested: {tested})")));
    }
    let answered = machine.store().and_then(|store| receipt::last_answered(&store, &platform.id));
    let answered = answered.map_or_else(|| "never in this project".to_owned(), stamp);
    found.push(Look::good(about, format!("a hook last answered: {answered}")));
    let causes = liveness::causes(machine, platform);
    found.extend(causes.into_iter().map(|cause| Look {
        fix: executable(&cause, &wirings, machine, platform),
        ..Look::bad(about, cause.why.clone(), cause.press.clone())
    }));
    for wiring in &wirings {
        for handler in liveness::handlers(machine, platform, wiring) {
            found.extend(try_handler(machine, platform, &handler)?);
        }
    }
    Ok(found)
}

/// The program or launcher that lost its execute bit.
fn executable(
    cause: &liveness::Cause,
    wirings: &[Wiring],
    machine: &Machine<'_>,
    platform: &Platform,
) -> Option<Fix> {
    if cause.name != "program-not-executable" {
        return None;
    }
    let launchers = wirings.iter().flat_map(|wiring| &wiring.files).filter(|piece| piece.entry.executable);
    let handlers = wirings.iter().flat_map(|wiring| liveness::handlers(machine, platform, wiring));
    let programs = handlers.filter_map(|handler| handler.program(&platform.id));
    let mut all = launchers.map(|piece| piece.path.clone()).chain(programs);
    let path = all.find(|path| path.is_file() && !crate::fs::is_executable(path))?;
    Some(Fix::Mode(path, 0o755))
}

/// Runs one handler as its client would, here and as from a desktop.
fn try_handler(machine: &Machine<'_>, platform: &Platform, handler: &Handler) -> anyhow::Result<Vec<Look>> {
    let scratch = tempfile::tempdir()?;
    let cwd = machine.roots.project.as_deref().unwrap_or(&machine.roots.home);
    let about = format!("{} {}", platform.title, handler.event);
    let events = platform.hooks.events.values().flat_map(|event| &event.native);
    let is_guard = events.filter(|event| event.name == handler.event).any(|event| event.guard);
    // The commands that this event is about; one for tools that no shell runs has nothing to refuse here.
    let refuses = is_guard && (handler.event.to_lowercase().contains("shell") || platform.id != "cursor");
    let mut found = Vec::new();
    for around in [Around::Here, Around::Desktop] {
        let fire = |command: &str| {
            let payload = liveness::payload(&handler.event, cwd, command);
            liveness::fire(handler, around, cwd, scratch.path(), &payload)
        };
        found.push(match (fire(HARMLESS), refuses.then(|| fire(REFUSED)).transpose()) {
            (Ok(harmless), Ok(other)) => verdict(&about, around, &harmless, other.as_ref()),
            (Err(error), _) | (_, Err(error)) => {
                Look::bad(&about, format!("cannot be started: {error}"), again(platform))
            }
        });
    }
    Ok(found)
}

fn again(platform: &Platform) -> String {
    format!("the person runs: so install --platform {}", platform.id)
}

fn verdict(
    about: &str,
    around: Around,
    harmless: &liveness::Answer,
    refused: Option<&liveness::Answer>,
) -> Look {
    let place = if around == Around::Here { "" } else { " with PATH=/usr/bin:/bin" };
    let took = harmless.took.as_millis();
    let said = |answer: &liveness::Answer| {
        let text = format!("{}{}", answer.stdout, answer.stderr);
        format!("exit {:?}: {}", answer.code, text.chars().take(200).collect::<String>().trim())
    };
    let mend = if around == Around::Here {
        "so status says what is wrong with this client"
    } else {
        "put so into ~/.local/bin, where it is found without PATH"
    };
    if !harmless.is_sound() || harmless.refuses() {
        let what = format!("does not let `{HARMLESS}` through{place} ({})", said(harmless));
        return Look::bad(about, what, mend);
    }
    match refused {
        Some(answer) if !answer.refuses() => {
            let what = format!("does not refuse `{REFUSED}`{place} ({})", said(answer));
            Look::bad(about, what, mend)
        }
        Some(_) => Look::good(about, format!("lets through and refuses as it should{place}, {took} ms")),
        None => Look::good(about, format!("answers{place}, {took} ms")),
    }
}

/// Mends what is safe to mend, after a yes; whether anything was done.
fn mend(ui: &Ui, findings: &[Look]) -> anyhow::Result<bool> {
    let fixes: Vec<&Fix> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    if fixes.is_empty() {
        ui.note("there is nothing here that --fix mends");
        return Ok(false);
    }
    for fix in &fixes {
        ui.note(&fix.says());
    }
    if !ui.yes && ui.confirm("Do this?", true)? != Some(true) {
        ui.note("nothing was changed; --yes answers the question");
        return Ok(false);
    }
    for fix in fixes {
        fix.carry_out()?;
    }
    Ok(true)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

fn as_json(findings: &[Look]) -> Value {
    let list = findings.iter().map(|finding| {
        json!({"about": finding.about, "what": finding.what, "ok": !finding.is_bad(),
               "mend": finding.is_bad().then_some(&finding.mend)})
    });
    let checks = checks::ALL.iter().map(|check| {
        let events: Vec<&str> = check.events.iter().map(|event| event.name()).collect();
        json!({"name": check.name, "events": events, "on_failure": check.on_failure, "about": check.about})
    });
    json!({"findings": list.collect::<Value>(), "checks": checks.collect::<Value>()})
}

fn show(ui: &Ui, findings: &[Look], wrong: usize) {
    for Look { about, what, mend, .. } in findings {
        let word = if mend.is_empty() { ui.paint(GOOD, "ok   ") } else { ui.paint(BAD, "wrong") };
        if mend.is_empty() {
            ui.say(&format!("{word} {about}: {what}"));
        } else {
            ui.print(&format!("{word} {about}: {what}\n      {mend}\n"));
        }
    }
    ui.say(&format!("\n{}", ui.paint(HEAD, "Checks, and what becomes of a call that one cannot judge")));
    for check in checks::ALL {
        let events: Vec<&str> = check.events.iter().map(|event| event.name()).collect();
        let direction = match check.on_failure {
            checks::OnFailure::Closed => "refused",
            checks::OnFailure::Open => "goes on",
        };
        ui.say(&format!("{:<18} {direction:<8} {}", check.name, ui.paint(DIM, &events.join(", "))));
    }
    ui.say(&format!(
        "\n{}",
        if wrong == 0 { "nothing is wrong".to_owned() } else { format!("{wrong} wrong") }
    ));
}
