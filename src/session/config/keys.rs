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
    /// It is accepted and nothing reads it yet: there is no … yet.
    Later(&'static str),
    /// The original has it and it does nothing here.
    Dropped {
        /// Because …
        why: &'static str,
        /// What to do in its place, as an imperative.
        instead: &'static str,
    },
}

use Kind::{Bool, Choice, Command, Int, IntByMode, List, Map, Share, Text};
use State::{Dropped, Later, Loosens, Read};

const fn dropped(why: &'static str, instead: &'static str) -> State {
    Dropped { why, instead }
}

const STRICTNESS: &[&str] = &["strict", "warn", "off"];

const REMOVE: &str = "remove it";
const NOTES: State = dropped("where notes go is the person's, not the project's", REMOVE);
const BASELINE: State = dropped(
    "a plan needs no second repository",
    "write what every plan must keep to into the instruction file",
);
const RECORDS: State =
    dropped("records, their rotation and their locks are the same in every project", REMOVE);
const LOOPS: State = dropped(
    "three equal calls among five are told, and cycles of up to four calls",
    "`loop-guard.enabled: false` switches it off",
);
const WORKTREES: State =
    dropped("a worktree with work in it is never removed", "`so worktree list` names those that can go");

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
    key("agent-mapping", Map, "", dropped("a task of the plan names its agent", "write `agent: NAME` at the task"), ""),
    key("agents-per-wave", IntByMode(1, 64), "6", Read, "How many agents may work in one wave."),
    key("allow-config-weakening", Bool, "false", Loosens("true"), "Edits that loosen lint rules, strict flags and CI steps are not told."),
    key("allow-destructive-ops", Bool, "false", Loosens("true"), "What the guard would ask about is let through and saved first, in the sessions that run while the person confirms it with `so trust`; what it refuses stays refused."),
    key("auto-commit-per-wave", Bool, "false", dropped("a wave is saved, not committed; the close commits", "`so undo` brings a wave back"), ""),
    key("auto-dream", Map, "", dropped("memories are not rewritten by themselves", REMOVE), ""),
    key("auto-skill-dispatch", Bool, "false", dropped("the models open skills by their descriptions", REMOVE), ""),
    key("autopilot", Map, "", Later("autopilot"), "How far sessions follow each other by themselves."),
    key("baseline-project-id", Text, "", BASELINE, ""),
    key("baseline-ref", Text, "", BASELINE, ""),
    key("broken-window-budget", Map, "", dropped("what failed before the session is named in its report and carried over, without a limit", REMOVE), ""),
    key("cold-start", Map, "", dropped("the start of a session says what was not finished, once", REMOVE), ""),
    key("config-protection.enabled", Bool, "true", Loosens("false"), "Edits that loosen the checks themselves are told."),
    key("config-protection.mode", Choice(STRICTNESS), "warn", Loosens("off"), "`strict` asks before such an edit, as `enforcement: strict` does; `warn` tells of it, `off` does not."),
    key("context-coverage", Map, "", Later("drift check"), "How much of the code the instruction files speak of."),
    key("convergence-monitoring", Map, "", Later("convergence monitor"), "When a loop that goes on is told to stop."),
    key("cross-repo", Map, "", Later("look at other repositories"), "Other repositories that belong to this one."),
    key("cross-repos", List, "", Later("look at other repositories"), "Other repositories that belong to this one."),
    key("custom-phases", List, "", Later("phase of one's own in a close"), "Commands that a close runs beside its own steps."),
    key("dialectic", Map, "", Later("profile of the person"), "How often the profile of the person is looked through."),
    key("discovery-confidence-threshold", Int(0, 100), "60", Later("discovery"), "Findings of discovery below this are not shown."),
    key("discovery-exclude-paths", List, "", Later("discovery"), "Where discovery does not look."),
    key("discovery-on-close", Bool, "false", Later("discovery"), "A close runs discovery first."),
    key("discovery-parallelism", Int(1, 16), "5", Later("discovery"), "How many probes of discovery run at once."),
    key("discovery-probes", List, "[all]", Later("discovery"), "Which probes discovery runs."),
    key("discovery-severity-threshold", Choice(&["low", "medium", "high", "critical"]), "low", Later("discovery"), "Findings of discovery below this are not shown."),
    key("discovery-validator", Bool, "true", Later("discovery"), "Findings of discovery are looked at a second time."),
    key("dispatcher-autonomy", Map, "", Later("dispatcher"), "How far the dispatcher acts by itself."),
    key("docs-orchestrator", Map, "", Later("keeper of documents"), "Which documents a session keeps."),
    key("docs-staleness", Map, "", Later("keeper of documents"), "When a document counts as old."),
    key("drift-check", Map, "", Later("drift check"), "Which statements of the instruction files are compared with the code."),
    key("ecosystem-health", Bool, "false", Later("look at other repositories"), "The overview looks at the endpoints and repositories that belong to this one."),
    key("enable-host-banner", Bool, "true", dropped("the start of a session is at most 300 tokens and says only what acts", REMOVE), ""),
    key("enforcement", Choice(STRICTNESS), "warn", Loosens("off"), "What happens to a write outside the scope of a wave: refused, told, or nothing."),
    key("enforcement-gates", Map, "", dropped("a check is switched off under its own name", "set the key of that check, such as `loop-guard.enabled: false`"), ""),
    key("eval", Map, "", dropped("a session is not graded", "`so report` shows what it did"), ""),
    key("events-rotation", Map, "", RECORDS, ""),
    key("evolve", Map, "", dropped("learnings have one rule of ageing, and come from reports", "`so learn` shows them"), ""),
    key("express-path", Bool, "true", Read, "One task, or three small ones, go without waves."),
    key("forge-hosts", List, "", Read, "Hosts that are forges without being called so: `code.example.org gitlab`, or `work github github.com` for a name that only ssh knows."),
    key("forge-remote", Text, "", Read, "The remote whose forge has the issues and takes the requests; `origin` when it is not set."),
    key("frontend-slop-hook", Bool, "false", dropped("a linter of the project says this better", "put such a linter into `lint-command`"), ""),
    key("gate-timeout-minutes", Int(1, 240), "15", Read, "How many minutes one check of a gate may run; a check in `gates.yaml` may say its own."),
    key("gitlab-host", Text, "", Read, "The host of a GitLab of one's own, where its name does not tell."),
    key("gitlab-portfolio", Map, "", Later("portfolio"), "Which projects the portfolio shows."),
    key("grounding-check", Bool, "true", dropped("lines that a report cites are always read again, and files are always held against the plan", REMOVE), ""),
    key("grounding-injection-max-files", Int(0, 20), "3", dropped("a brief names files and does not quote them", REMOVE), ""),
    key("handover-gate", Map, "", dropped("what is not done carries itself by its priority and evidence; the rest is asked", REMOVE), ""),
    key("health-endpoints", List, "", Later("look at other repositories"), "Addresses that the overview asks."),
    key("heavy-repo", Bool, "false", dropped("each look at the repository has a limit of its own", REMOVE), ""),
    key("instruction-budget", Map, "", dropped("the client's own limit is known, and what exceeds it is told", REMOVE), ""),
    key("integrate", Choice(&["pr", "branch", "local", "direct"]), "pr", Loosens("direct"), "How a close brings its commits to the others."),
    key("isolation", Choice(&["auto", "worktree", "none"]), "auto", dropped("agents of a wave are held to the files of their tasks, in one working tree", "`so worktree add` makes a tree for a second session"), ""),
    key("issue-budget.max-per-session", Int(1, 1000), "12", Read, "More issues than that in one session are told."),
    key("issue-budget.mode", Choice(STRICTNESS), "warn", Loosens("off"), "`strict` refuses them, `warn` tells, `off` does not."),
    key("issue-budget.overflow", Text, "", dropped("the agent is told to gather what belongs together", REMOVE), ""),
    key("issue-limit", Int(1, 1000), "50", Read, "How many open issues the overview reads."),
    key("issues-close", Choice(&["now", "merge"]), "now", Read, "`now` lets a close end the issues that are done, `merge` leaves that to its request when it is merged."),
    key("learning-decay-rate", Share, "", dropped("learnings have one rule of ageing: half of the confidence in 90 days", REMOVE), ""),
    key("learning-expiry-days", Int(1, 3650), "", dropped("each type of learning has a time of its own", REMOVE), ""),
    key("learnings-surface-top-n", Int(0, 100), "15", Read, "How many learnings an overview or a brief shows at most."),
    key("lint-command", Command, "", Read, "The command that lints; detected when it is not set, `none` for none."),
    key("loop-guard.enabled", Bool, "true", Loosens("false"), "Calls that repeat themselves without getting anywhere are told."),
    key("loop-guard.threshold", Int(2, 20), "", LOOPS, ""),
    key("loop-guard.window", Int(2, 50), "", LOOPS, ""),
    key("max-turns", Text, "auto", Read, "After how many turns of the model on one task the agent is told; after twice as many it is told to stop. `auto`: 8, 15 or 25 by the mode."),
    key("memory", Map, "", Later("memory"), "Whether agents may propose memories."),
    key("memory-cleanup-soft-limit", Int(1, 100_000), "180", Later("memory"), "How many lines of memory are too many."),
    key("memory-cleanup-threshold", Int(1, 1000), "5", Later("memory"), "After how many sessions memory is looked through."),
    key("mirror", Text, "", dropped("a close pushes to one remote", "let the forge mirror it, or add a second push URL: `git remote set-url --add --push`"), ""),
    key("moc-staleness", Map, "", NOTES, ""),
    key("output-schema-validation", Text, "", dropped("the reports of agents are always held against their schema", REMOVE), ""),
    key("pencil", Text, "", dropped("a design file is a file like others", "name it among the files of its task"), ""),
    key("persistence", Bool, "true", Read, "Records of sessions are kept; the state always is."),
    key("persona-gate-wave", Int(1, 100), "", Later("persona panel"), "After which wave the personas look."),
    key("plan-baseline-path", Text, "", BASELINE, ""),
    key("plan-default-visibility", Choice(&["internal", "private", "public"]), "internal", dropped("`so` makes no repository on a forge", REMOVE), ""),
    key("plan-prd-location", Text, "docs/prd/", Read, "Where requirements are written, by the skill `plan`."),
    key("plan-retro-location", Text, "docs/retro/", Read, "Where retrospectives are written, by the skill `plan`."),
    key("plugin-freshness-days", Int(1, 3650), "", dropped("nothing goes stale by its age", "`so status` says what is installed and from which version"), ""),
    key("reasoning-output", Bool, "false", dropped("the client shows what the model thinks", REMOVE), ""),
    key("recent-commits", Int(0, 1000), "20", Read, "How many commits the overview shows."),
    key("reconcile", Map, "", dropped("`so rules propose` says what could be a rule, and nothing becomes one by itself", REMOVE), ""),
    key("resource-awareness", Bool, "true", Read, "The advice for sizes of waves looks at this machine."),
    key("resource-thresholds", Map, "", dropped("the limits are the same everywhere: two signs of strain halve a wave, and too little memory ends it", "`resource-awareness: false` switches the look off"), ""),
    key("skill-evolution", Map, "", dropped("a skill is changed by its author, in its source", REMOVE), ""),
    key("slopcheck", Map, "", Later("check of packages"), "Whether packages that a plan adds are looked up first."),
    key("special", Text, "", Read, "What every session in this project should know, in a sentence."),
    key("ssot-files", List, "", Read, "Files that are the source of truth and should be fresh."),
    key("ssot-freshness-days", Int(1, 3650), "5", Read, "When such a file counts as old."),
    key("stale-branch-days", Int(1, 3650), "7", Read, "When a branch counts as old."),
    key("stale-issue-days", Int(1, 3650), "30", Read, "When an issue counts as old."),
    key("state-links", Bool, "false", Later("link to the state"), "The clients' own directories get links to the state."),
    key("state-md-lock", Map, "", RECORDS, ""),
    key("templates-first", Bool, "true", Loosens("false"), "Issues and pull requests follow the repository's templates."),
    key("test", Map, "", Later("end-to-end runner"), "How end-to-end tests are run."),
    key("test-command", Command, "", Read, "The command that tests; detected when it is not set, `none` for none."),
    key("test-runner", Map, "", Later("end-to-end runner"), "How end-to-end tests are run."),
    key("typecheck-command", Command, "", Read, "The command that checks types; detected when it is not set, `none` for none."),
    key("vault-integration", Map, "", NOTES, ""),
    key("vault-mirror", Map, "", NOTES, ""),
    key("vault-staleness", Map, "", NOTES, ""),
    key("vault-sync", Map, "", NOTES, ""),
    key("vcs", Choice(&["github", "gitlab", "none"]), "", Read, "The forge; seen from the remote when it is not set. `none` switches it off."),
    key("verification-auto-fix", Map, "", dropped("a red gate names the tasks that must be mended, and the session mends them", REMOVE), ""),
    key("wave-reviewers", Map, "", Later("choice of reviewers"), "Which reviewers look at a wave."),
    key("waves", Int(3, 12), "5", Read, "How many waves a session has."),
    key("worker-pool", Map, "", dropped("the plan says how many agents a wave has", "`agents-per-wave` limits them"), ""),
    key("worktree-cleanup", Choice(&["default", "keep", "always"]), "default", WORKTREES, ""),
    key("worktree-exclude", List, "[node_modules, dist, build, .next, .nuxt, coverage, .cache, .turbo, .vercel, out, target]", WORKTREES, ""),
    key("worktree-orphans", Map, "", WORKTREES, ""),
];

/// The key called `name`, or the one that `name` stands below: `memory.proposals`, `templates-first.enabled`.
pub fn named(name: &str) -> Option<&'static Key> {
    exact(name).or_else(|| {
        let (above, below) = name.split_once('.')?;
        exact(above).filter(|key| key.holds(below))
    })
}

/// The key called exactly so.
pub fn exact(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

impl Key {
    /// Whether `below` may stand below it. Blocks of the original do not become unknown by what became of their head.
    fn holds(&self, below: &str) -> bool {
        match self.kind {
            _ if matches!(self.state, Dropped { .. }) => true,
            Bool => below == "enabled",
            Map | List => true,
            _ => false,
        }
    }
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
            let dropped = matches!(key.state, Dropped { .. });
            assert_eq!(key.about.is_empty(), dropped, "{}", key.name);
            assert!(dropped || key.about.ends_with('.'), "{}", key.name);
            if let Dropped { why, instead } = key.state {
                assert!(!why.is_empty() && !instead.is_empty(), "{}", key.name);
            }
        }
    }
}
