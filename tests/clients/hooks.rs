//! The proof that a hook guards a client, and that the proof can fail: the same turn is run with the hook
//! and then without it, and the model must have been told why.

use super::claude::Claude;
use super::codex::Codex;
use super::model_server::ModelServer;
use super::model_server::script::{Script, Step};
use super::process::run;
use super::sandbox::{COMMITTED, Sandbox};
use super::{Platform, fixture, install, marketplace, uninstall};

/// How a guard gets into a client and out again.
struct Wiring {
    name: &'static str,
    install: fn(&Sandbox, Platform),
    remove: fn(&Sandbox, Platform),
    /// Part of what the model must be told with each refusal.
    reason: &'static str,
}

/// A step that destroys something which nothing can give back.
struct Danger {
    step: fn(&Sandbox) -> Step,
    prepare: fn(&Sandbox),
    /// Whether what it destroys is gone.
    lost: fn(&Sandbox) -> bool,
}

const FIXTURE: Wiring =
    Wiring { name: "fixture", install: fixture::install, remove: fixture::remove, reason: fixture::REASON };

/// The person's own wiring, by absolute path.
const SO: Wiring = Wiring {
    name: "so",
    install: |sandbox, platform| drop(install(sandbox, platform, &[]).success()),
    remove: take_back,
    reason: REFUSED,
};

/// The wiring that a team commits, through its launcher.
const SO_PROJECT: Wiring = Wiring {
    name: "so-project",
    install: |sandbox, platform| drop(install(sandbox, platform, &["--scope", "project"]).success()),
    remove: take_back,
    reason: REFUSED,
};

/// Both at once, of which one answers.
const SO_TWICE: Wiring = Wiring {
    name: "so-twice",
    install: |sandbox, platform| {
        (SO.install)(sandbox, platform);
        (SO_PROJECT.install)(sandbox, platform);
    },
    remove: take_back,
    reason: REFUSED,
};

/// A plugin out of a clone, which finds `so` by its launcher.
const SO_MARKET: Wiring =
    Wiring { name: "so-market", install: marketplace::install, remove: marketplace::remove, reason: REFUSED };

const REFUSED: &str = "refused by so:";

fn take_back(sandbox: &Sandbox, platform: Platform) {
    uninstall(sandbox, platform, &[]).success();
}

/// `rm -rf` is not among them: Codex refuses it by itself, whatever a hook says.
const DANGERS: [Danger; 2] = [
    Danger {
        step: |_| Step::shell("git push --force origin main"),
        prepare: push_from_elsewhere,
        lost: |sandbox| {
            let remote = sandbox.root.join("remote.git");
            !sandbox
                .git(&["-C", remote.to_str().unwrap(), "log", "--format=%s", "main"])
                .contains("only there")
        },
    },
    Danger {
        step: |_| Step::shell("git reset --hard"),
        prepare: |sandbox| sandbox.write("notes.txt", "not committed\n"),
        lost: |sandbox| sandbox.read("notes.txt") == COMMITTED,
    },
];

const HARMLESS: &str = "echo ran >> harmless.txt";

/// Leaves `origin` with a commit that this project has never seen.
pub(crate) fn push_from_elsewhere(sandbox: &Sandbox) {
    let [remote, elsewhere] = ["remote.git", "elsewhere"].map(|name| sandbox.root.join(name));
    let [remote, elsewhere] = [&remote, &elsewhere].map(|path| path.to_str().unwrap());
    sandbox.git(&["init", "-q", "--bare", remote]);
    sandbox.git(&["remote", "add", "origin", remote]);
    sandbox.git(&["push", "-q", "origin", "main"]);
    sandbox.git(&["clone", "-q", remote, elsewhere]);
    sandbox.git(&["-C", elsewhere, "commit", "-q", "--allow-empty", "-m", "only there"]);
    sandbox.git(&["-C", elsewhere, "push", "-q", "origin", "main"]);
}

/// Plays harmless, danger, danger, once guarded and once after removal.
fn prove(platform: Platform, wiring: &Wiring) {
    let sandbox = Sandbox::new(&format!("hooks-{}-{}", wiring.name, platform.id()));
    for danger in &DANGERS {
        (danger.prepare)(&sandbox);
    }
    (wiring.install)(&sandbox, platform);
    let model = play(&sandbox, platform, true);
    assert_eq!(sandbox.read("harmless.txt"), "ran\n", "the harmless command was stopped");
    for (number, danger) in DANGERS.iter().enumerate() {
        let step = (danger.step)(&sandbox);
        assert!(!(danger.lost)(&sandbox), "{platform:?} did {step:?}");
        let told = model.result(0, number + 1).unwrap_or_default();
        assert_eq!(told.matches(wiring.reason).count(), 1, "{platform:?} was told of {step:?}: {told:?}");
    }
    drop(model);

    (wiring.remove)(&sandbox, platform);
    play(&sandbox, platform, false);
    assert_eq!(sandbox.read("harmless.txt"), "ran\nran\n");
    for danger in &DANGERS {
        assert!((danger.lost)(&sandbox), "unguarded, {platform:?} did not do {:?}", (danger.step)(&sandbox));
    }
}

fn play(sandbox: &Sandbox, platform: Platform, guarded: bool) -> ModelServer {
    let mut steps = vec![Step::shell(HARMLESS)];
    steps.extend(DANGERS.iter().map(|danger| (danger.step)(sandbox)));
    steps.push(Step::say("played"));
    let model = ModelServer::start(sandbox, [Script::always(steps)]);
    let client = platform.open(sandbox, &model);
    if guarded {
        client.accept_hooks();
    }
    client.turn("play").ended_with("played");
    drop(client);
    model
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_obeys_a_hook_by_hand() {
    prove(Platform::Claude, &FIXTURE);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_obeys_a_hook_by_hand() {
    prove(Platform::Codex, &FIXTURE);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_obeys_a_hook_by_hand() {
    prove(Platform::Pi, &FIXTURE);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_skips_an_untrusted_hook() {
    let sandbox = Sandbox::new("hooks-untrusted-codex");
    (DANGERS[1].prepare)(&sandbox);
    fixture::install(&sandbox, Platform::Codex);
    let steps = [(DANGERS[1].step)(&sandbox), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    Platform::Codex.open(&sandbox, &model).turn("play").ended_with("played");
    assert!((DANGERS[1].lost)(&sandbox));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_obeys_so() {
    prove(Platform::Claude, &SO);
    prove(Platform::Claude, &SO_PROJECT);
    prove(Platform::Claude, &SO_TWICE);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_obeys_so() {
    prove(Platform::Codex, &SO);
    prove(Platform::Codex, &SO_PROJECT);
    prove(Platform::Codex, &SO_TWICE);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_obeys_so_out_of_a_clone() {
    prove(Platform::Claude, &SO_MARKET);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_obeys_so_out_of_a_clone() {
    prove(Platform::Codex, &SO_MARKET);
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn pi_obeys_so() {
    prove(Platform::Pi, &SO);
    prove(Platform::Pi, &SO_PROJECT);
    prove(Platform::Pi, &SO_TWICE);
}

/// One dangerous turn while both wirings are installed and `disable` has switched off the person's own.
fn assert_guarded_by_project(platform: Platform, disable: fn(&Sandbox)) {
    let sandbox = Sandbox::new(&format!("hooks-half-{}", platform.id()));
    let danger = &DANGERS[1];
    (danger.prepare)(&sandbox);
    (SO_TWICE.install)(&sandbox, platform);
    disable(&sandbox);
    let steps = [(danger.step)(&sandbox), Step::say("played")];
    let model = ModelServer::start(&sandbox, [Script::always(steps)]);
    platform.open(&sandbox, &model).turn("play").ended_with("played");
    assert!(!(danger.lost)(&sandbox), "{:?}", model.result(0, 0));
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn claude_obeys_a_project_when_the_plugin_is_disabled() {
    assert_guarded_by_project(Platform::Claude, |sandbox| {
        run(&mut Claude::offline(sandbox).command(&["plugin", "disable", "so@so"])).success();
    });
}

#[test]
#[ignore = "drives the real clients; tests/run includes it"]
fn codex_obeys_a_project_when_only_that_is_trusted() {
    assert_guarded_by_project(Platform::Codex, |sandbox| {
        let codex = Codex::offline(sandbox);
        codex.trust_project();
        codex.trust_hooks_of(&sandbox.project.join(".codex/hooks.json"));
    });
}
