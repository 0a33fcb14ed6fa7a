//! The loss test: what the guard allows is really run, and nothing may be lost that git, a snapshot or the build
//! cannot give back. Commands come from a seed; they run in throwaway worlds, closed off by `sandbox.sh`.
//!
//! `SO_LOSS_SEED` sets the first seed of `a_great_many…`, `SO_LOSS_SHOW=refused` prints what was refused.

mod commands;
mod kept;
mod sandbox;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use so::guard::{Decision, check};

use commands::{Dice, command};
use kept::Kept;
use sandbox::Sandbox;

const STATES: &[&str] =
    &["clean", "dirty", "unpushed", "worktree", "nested", "links", "merging", "expendable"];
/// Where commands start, below a world.
const PLACES: &[&str] =
    &["project", "project", "project", "project", "project/src", "wt", "project/vendor/inner", "other"];

/// What became of the commands.
#[derive(Default)]
struct Count {
    ran: usize,
    succeeded: usize,
    refused: usize,
    harmless: usize,
    harmless_refused: Vec<String>,
    losses: Vec<String>,
    by_rule: BTreeMap<String, usize>,
}

/// Judges and runs commands from `seeds` until `enough` of them were allowed and run.
fn run_some(sandbox: &mut Sandbox, seeds: impl Iterator<Item = u64>, enough: usize, count: &Mutex<Count>) {
    let mut worlds: BTreeMap<&str, Kept> = BTreeMap::new();
    let mut current = "";
    let mut ran = 0;
    for seed in seeds {
        if ran >= enough {
            return;
        }
        // A state for a stretch of seeds: what did not touch its world needs no new one.
        let state = STATES[usize::try_from(seed / 8).expect("small") % STATES.len()];
        if state != current {
            if worlds.contains_key(state) {
                sandbox.change(state);
            } else {
                sandbox.make(state);
            }
            worlds.insert(state, Kept::of(sandbox.world()));
            current = state;
        }
        let mut dice = Dice::new(seed);
        let place = sandbox.world().join(dice.of(PLACES));
        let cwd = if place.is_dir() { place } else { sandbox.world().join("project") };
        let harmless = seed % 3 == 0;
        let text = command(&mut dice, harmless);
        ran += usize::from(one(sandbox, &worlds[state], &text, (seed, state, cwd, harmless), count));
        let touched = worlds[state].touched(sandbox.world());
        if !touched.is_empty() {
            sandbox.mend(state, &touched);
        }
    }
}

/// One command; whether it was allowed and ran.
#[expect(clippy::print_stderr, reason = "a loss is shown at once")]
fn one(
    sandbox: &mut Sandbox,
    before: &Kept,
    text: &str,
    (seed, state, cwd, harmless): (u64, &str, PathBuf, bool),
    count: &Mutex<Count>,
) -> bool {
    let verdict = check(text, &sandbox.context(&cwd));
    let allowed = verdict.decision() == Decision::Allow;
    let shown = cwd.strip_prefix(sandbox.world()).expect("below").display().to_string();
    let about = format!("seed {seed}, state {state}, in {shown}: {text}");
    let status = allowed.then(|| sandbox.run(text, &cwd));
    let lost = if allowed { before.missing(sandbox.world()) } else { Vec::new() };
    let mut count = count.lock().expect("the count");
    count.harmless += usize::from(harmless);
    if !lost.is_empty() {
        eprintln!("{about}\n    lost: {}", lost.join(", "));
        count.losses.push(format!("{about}\n    lost: {}", lost.join(", ")));
    }
    if allowed {
        count.ran += 1;
        count.succeeded += usize::from(status == Some(0));
    } else {
        count.refused += 1;
        let finding = verdict.strictest().expect("a finding");
        *count.by_rule.entry(finding.rule.name.to_string()).or_default() += 1;
        if harmless {
            count.harmless_refused.push(format!("{about}\n    {}", finding.message()));
        }
        if std::env::var_os("SO_LOSS_SHOW").is_some_and(|what| what == "refused") {
            eprintln!("{about}\n    {}", finding.message());
        }
    }
    allowed
}

#[expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]
fn loses_nothing(first: u64, workers: u64, enough: usize) {
    let started = Instant::now();
    let mut sandboxes = Vec::new();
    for _ in 0..workers {
        match Sandbox::open() {
            Ok(sandbox) => sandboxes.push(sandbox),
            Err(why) => {
                println!("!! NOT RUN: the loss test needs user namespaces, and runs nothing without: {why}");
                return;
            }
        }
    }
    let count = Mutex::new(Count::default());
    let each = enough.div_ceil(sandboxes.len());
    std::thread::scope(|scope| {
        for (at, mut sandbox) in (0..).zip(sandboxes) {
            let count = &count;
            // Seeds in stretches of eight, dealt to the workers in turn: each has half of the states.
            let seeds = (first..).filter(move |seed| (seed / 8) % workers == at);
            scope.spawn(move || run_some(&mut sandbox, seeds, each, count));
        }
    });
    let count = count.into_inner().expect("the count");
    println!(
        "{} allowed and run ({} of them with success), {} refused {:?}; {} harmless, {} of them refused; {} lose \
         something; {:.1} s",
        count.ran,
        count.succeeded,
        count.refused,
        count.by_rule,
        count.harmless,
        count.harmless_refused.len(),
        count.losses.len(),
        started.elapsed().as_secs_f32()
    );
    assert!(count.losses.is_empty(), "allowed, and bytes are lost:\n{}", count.losses.join("\n"));
    assert!(count.ran >= enough, "{} were run", count.ran);
    assert!(count.succeeded * 2 > count.ran, "most of them do something");
    assert!(count.harmless * 5 > count.ran, "{} harmless ones", count.harmless);
    assert!(
        count.harmless_refused.len() * 100 <= count.harmless,
        "harmless, and refused:\n{}",
        count.harmless_refused.join("\n")
    );
}

#[test]
fn what_is_allowed_loses_nothing() {
    loses_nothing(1, 2, 300);
}

#[test]
#[ignore = "a minute; tests/run does it"]
fn a_great_many_that_are_allowed_lose_nothing() {
    let first = std::env::var("SO_LOSS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_000_000);
    loses_nothing(first, 2, 2_200);
}
