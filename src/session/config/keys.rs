//! Every key of the Session Config: what it is, what it is worth when nobody sets it, and what reads it.
//!
//! The names and most defaults are the original's, so that its blocks go on working.

/// One key.
#[derive(Debug)]
pub struct Key {
    /// `waves`, or `issue-budget.mode` for a nested one.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What counts when it does not stand there, as one would write it; empty for nothing.
    pub default: &'static str,
    /// What it decides, as a sentence.
    pub about: &'static str,
    /// What becomes of it.
    pub state: State,
}

/// What may stand behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number in these bounds.
    Int(i64, i64),
    /// A whole number, and others for some modes: `6 (deep: 18)`.
    IntByMode(i64, i64),
    /// A number from 0 to 1.
    Share,
    /// Any text.
    Text,
    /// A shell command.
    Command,
    /// One of these, the strictest first where they differ in strictness.
    Choice(&'static [&'static str]),
    /// Texts.
    List,
    /// Keys of one's own below it.
    Map,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is read.
    Read,
    /// It is read, and this value loosens protection: it counts only when the person has approved it.
    Loosens(&'static str),
    /// It is accepted and nothing reads it yet.
    Later,
    /// The original has it; here it is not needed, because …
    Dropped(&'static str),
}

use Kind::{Bool, Choice, Command, Int, IntByMode, List, Map, Share, Text};
use State::{Dropped, Later, Loosens, Read};

const STRICTNESS: &[&str] = &["strict", "warn", "off"];

const NO_VAULT: &str = "notes belong to the person's own tool; learnings and records are plain files here";
const ONE_LOCK: &str = "the lock is the operating system's and is always there";
const ONE_PLAN: &str = "the binary does this the same way in every project";

const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    state: State,
    about: &'static str,
) -> Key {
    Key { name, kind, default, about, state }
}

/// All keys, sorted by name.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("agent-mapping", Map, "", Later, "Which agent takes the tasks of a role."),
    key("agents-per-wave", IntByMode(1, 64), "6", Read, "How many agents may work in one wave."),
    key("allow-config-weakening", Bool, "false", Loosens("true"), "Edits that loosen lint rules, strict flags and CI steps are not told."),
    key("allow-destructive-ops", Bool, "false", Later, "What the guard would ask about is let through, in the session in which the person confirmed it."),
    key("auto-dream", Map, "", Dropped(ONE_PLAN), ""),
    key("baseline-project-id", Text, "", Later, "The forge's project that holds the baseline for plans."),
    key("baseline-ref", Text, "", Later, "The branch that the baseline for plans is read from."),
    key("broken-window-budget", Map, "", Later, "How many known defects a session may leave behind."),
    key("cold-start", Map, "", Dropped("the start of a session says what was not finished, once"), ""),
    key("config-protection.enabled", Bool, "true", Loosens("false"), "Edits that loosen the checks themselves are told."),
    key("config-protection.mode", Choice(STRICTNESS), "warn", Loosens("off"), "`strict` asks before such an edit, `warn` tells of it, `off` does not."),
    key("context-coverage", Map, "", Later, "How much of the code the instruction files speak of."),
    key("cross-repo", Map, "", Later, "Other repositories that belong to this one."),
    key("cross-repos", List, "", Later, "Other repositories that belong to this one."),
    key("custom-phases", List, "", Later, "Commands that a close runs beside its own steps."),
    key("dialectic", Map, "", Later, "How often the profile of the person is looked through."),
    key("discovery-confidence-threshold", Int(0, 100), "60", Later, "Findings of discovery below this are not shown."),
    key("discovery-exclude-paths", List, "", Later, "Where discovery does not look."),
    key("discovery-on-close", Bool, "false", Later, "A close runs discovery first."),
    key("discovery-parallelism", Int(1, 16), "5", Later, "How many probes of discovery run at once."),
    key("discovery-probes", List, "[all]", Later, "Which probes discovery runs."),
    key("discovery-severity-threshold", Choice(&["low", "medium", "high", "critical"]), "low", Later, "Findings of discovery below this are not shown."),
    key("discovery-validator", Bool, "true", Later, "Findings of discovery are looked at a second time."),
    key("dispatcher-autonomy", Map, "", Later, "How far the dispatcher acts by itself."),
    key("docs-orchestrator", Map, "", Later, "Which documents a session keeps."),
    key("docs-staleness", Map, "", Later, "When a document counts as old."),
    key("drift-check", Map, "", Later, "Which statements of the instruction files are compared with the code."),
    key("ecosystem-health", Bool, "false", Later, "The overview looks at the endpoints and repositories that belong to this one."),
    key("enable-host-banner", Bool, "true", Dropped("the start of a session is at most 300 tokens and says only what acts"), ""),
    key("enforcement", Choice(STRICTNESS), "warn", Loosens("off"), "What happens to a write outside the scope of a wave: refused, told, or nothing."),
    key("enforcement-gates", Map, "", Dropped("a check that should not run is switched off under its own name"), ""),
    key("eval", Map, "", Later, "How skills are evaluated."),
    key("events-rotation", Map, "", Dropped("records rotate at 10 MB with five backups, always"), ""),
    key("evolve", Map, "", Later, "How learnings age and where they come from."),
    key("express-path", Bool, "true", Read, "One task, or three small ones, go without waves."),
    key("frontend-slop-hook", Bool, "false", Dropped("a linter of the project says this better"), ""),
    key("gate-timeout-minutes", Int(1, 240), "15", Read, "How long one check of a gate may run."),
    key("gitlab-host", Text, "", Later, "The GitLab instance, where the remote does not tell."),
    key("gitlab-portfolio", Map, "", Later, "Which projects the portfolio shows."),
    key("grounding-check", Bool, "true", Later, "Cited lines of a report are read again."),
    key("grounding-injection-max-files", Int(0, 20), "3", Later, "How many files a brief quotes."),
    key("handover-gate", Map, "", Dropped("what is not done carries itself by its priority and evidence"), ""),
    key("health-endpoints", List, "", Later, "Addresses that the overview asks."),
    key("heavy-repo", Bool, "false", Dropped("each look at the repository has a limit of its own"), ""),
    key("instruction-budget", Map, "", Dropped("the client's own limit is known and what exceeds it is told"), ""),
    key("integrate", Choice(&["pr", "branch", "local", "direct"]), "pr", Loosens("direct"), "How a close brings its commits to the others."),
    key("isolation", Choice(&["auto", "worktree", "none"]), "auto", Later, "Whether agents of a wave work in worktrees of their own."),
    key("issue-budget.max-per-session", Int(1, 1000), "12", Read, "More issues than that in one session are told."),
    key("issue-budget.mode", Choice(STRICTNESS), "warn", Loosens("off"), "`strict` refuses them, `warn` tells, `off` does not."),
    key("issue-budget.overflow", Text, "", Dropped("the agent is told to gather what belongs together"), ""),
    key("issue-limit", Int(1, 1000), "50", Later, "How many open issues the overview reads."),
    key("learning-decay-rate", Share, "", Dropped("learnings have one rule of ageing: half of the confidence in 90 days"), ""),
    key("learning-expiry-days", Int(1, 3650), "", Dropped("each type of learning has a time of its own"), ""),
    key("learnings-surface-top-n", Int(0, 100), "15", Read, "How many learnings the start of a session shows."),
    key("lint-command", Command, "", Read, "The command that lints; detected when it is not set, `none` for none."),
    key("loop-guard.enabled", Bool, "true", Loosens("false"), "Calls that repeat themselves without getting anywhere are told."),
    key("loop-guard.threshold", Int(2, 20), "", Dropped("three equal calls among five are told"), ""),
    key("loop-guard.window", Int(2, 50), "", Dropped("three equal calls among five are told"), ""),
    key("max-turns", Text, "auto", Read, "After how many turns of the model on one task the agent is told; after twice as many it is told to stop. `auto`: 8, 15 or 25 by the mode."),
    key("memory", Map, "", Later, "Whether agents may propose memories."),
    key("memory-cleanup-soft-limit", Int(1, 100_000), "180", Later, "How many lines of memory are too many."),
    key("memory-cleanup-threshold", Int(1, 1000), "5", Later, "After how many sessions memory is looked through."),
    key("mirror", Text, "", Dropped("git has remotes for it"), ""),
    key("moc-staleness", Map, "", Dropped(NO_VAULT), ""),
    key("pencil", Text, "", Dropped("a design file is a file like others"), ""),
    key("persistence", Bool, "true", Read, "Records of sessions are kept; the state always is."),
    key("persona-gate-wave", Int(1, 100), "", Later, "After which wave the personas look."),
    key("plan-baseline-path", Text, "", Later, "Where the baseline for plans stands."),
    key("plan-default-visibility", Choice(&["internal", "private", "public"]), "internal", Later, "Who sees a plan."),
    key("plan-prd-location", Text, "docs/prd/", Later, "Where requirements are written."),
    key("plan-retro-location", Text, "docs/retro/", Later, "Where retrospectives are written."),
    key("plugin-freshness-days", Int(1, 3650), "", Dropped("`so status` compares versions"), ""),
    key("reasoning-output", Bool, "false", Dropped("the client shows what the model thinks"), ""),
    key("recent-commits", Int(0, 1000), "20", Read, "How many commits the overview shows."),
    key("reconcile", Map, "", Later, "How strong learnings become rules."),
    key("resource-awareness", Bool, "true", Read, "The advice for sizes of waves looks at this machine."),
    key("resource-thresholds", Map, "", Later, "When this machine counts as busy."),
    key("skill-evolution", Map, "", Later, "Whether skills propose changes of themselves."),
    key("slopcheck", Map, "", Later, "Whether plans are looked through for empty words."),
    key("special", Text, "", Read, "What every session in this project should know, in a sentence."),
    key("ssot-files", List, "", Read, "Files that are the source of truth and should be fresh."),
    key("ssot-freshness-days", Int(1, 3650), "5", Read, "When such a file counts as old."),
    key("stale-branch-days", Int(1, 3650), "7", Read, "When a branch counts as old."),
    key("stale-issue-days", Int(1, 3650), "30", Later, "When an issue counts as old."),
    key("state-links", Bool, "false", Later, "The clients' own directories get links to the state."),
    key("state-md-lock", Map, "", Dropped(ONE_LOCK), ""),
    key("templates-first", Bool, "true", Loosens("false"), "Issues and pull requests follow the repository's templates."),
    key("test", Map, "", Later, "How end-to-end tests are run."),
    key("test-command", Command, "", Read, "The command that tests; detected when it is not set, `none` for none."),
    key("typecheck-command", Command, "", Read, "The command that checks types; detected when it is not set, `none` for none."),
    key("vault-integration", Map, "", Dropped(NO_VAULT), ""),
    key("vault-mirror", Map, "", Dropped(NO_VAULT), ""),
    key("vault-staleness", Map, "", Dropped(NO_VAULT), ""),
    key("vault-sync", Map, "", Dropped(NO_VAULT), ""),
    key("vcs", Choice(&["github", "gitlab", "none"]), "", Later, "The forge; seen from the remote when it is not set."),
    key("verification-auto-fix", Map, "", Later, "How often a failed check is mended before the person is asked."),
    key("wave-reviewers", Map, "", Later, "Which reviewers look at a wave."),
    key("waves", Int(3, 12), "5", Read, "How many waves a session has."),
    key("worktree-cleanup", Choice(&["default", "keep", "always"]), "default", Later, "What becomes of worktrees at the close."),
    key("worktree-exclude", List, "[node_modules, dist, build, .next, .nuxt, coverage, .cache, .turbo, .vercel, out, target]", Later, "What is not carried into a worktree."),
    key("worktree-orphans", Map, "", Later, "When worktrees that nobody uses are told."),
];

/// The key called `name`; for `issue-budget.x` below a [`Kind::Map`] the map.
pub fn named(name: &str) -> Option<&'static Key> {
    let exact = KEYS.iter().find(|key| key.name == name);
    exact.or_else(|| {
        let above = name.split_once('.')?.0;
        KEYS.iter().find(|key| key.name == above && key.kind == Map)
    })
}

/// Whether `name` is only the head of nested keys, such as `issue-budget`.
pub fn is_head(name: &str) -> bool {
    let below = format!("{name}.");
    KEYS.iter().any(|key| key.name.starts_with(&below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_say_what_they_are_for() {
        assert!(KEYS.is_sorted_by_key(|key| key.name));
        for key in KEYS {
            let dropped = matches!(key.state, Dropped(_));
            assert_eq!(key.about.is_empty(), dropped, "{}", key.name);
            assert!(dropped || key.about.ends_with('.'), "{}", key.name);
        }
    }
}
