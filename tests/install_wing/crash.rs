//! An apply that is killed at each step it takes: the next run takes it back, and no file is ever half-written; killed
//! while it does so, the run after it ends the work.
//!
//! The process that is killed is this test program, started again for one ignored test.

use std::path::Path;
use std::process::{Command, Stdio};

use so::install::apply::apply_with;
use so::install::disk::RealDisk;
use so::install::lock::Locks;
use so::install::plan::plan;
use so::install::{journal, rollback};

use super::trees::{Tree, World, request, set, shrunk};

/// What is killed.
const COURSES: [&str; 5] = ["install", "upgrade", "uninstall", "rollback", "rollback of what was retired"];

fn prepared(course: usize) -> World {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::in_memory();
    world.write("home/.cursor/hooks.json", "{ }\n");
    world.write("p/AGENTS.md", "mine");
    if course > 0 {
        world.install("p", &set("1"));
        world.write("p/.cursor/commands/go.md", "go\nmine\n");
        // What is taken away and made again keeps the modes that the person gave it.
        for (path, mode) in [
            ("home/.local/share/so/so/cursor/skills/x", 0o700),
            ("p/.cursor/rules", 0o750),
            ("p/.cursor/rules/so.mdc", 0o600),
        ] {
            let path = world.dir.path().join(path);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    match course {
        3 => drop(world.install("p", &set("2"))),
        4 => drop(world.install("p", &shrunk("2"))),
        _ => {}
    }
    world
}

/// What is done then.
fn planned(course: usize, dir: &Path) -> so::install::plan::Plan {
    let roots = World::roots_in(dir, "p");
    if course >= 3 {
        return rollback::plan(&roots, &RealDisk).unwrap().unwrap();
    }
    let want = [Some("1"), Some("2"), None][course].map(set);
    let (platforms, remove): (&[&str], &[&str]) =
        if want.is_some() { (&["cursor"], &[]) } else { (&[], &["cursor"]) };
    let want = want.unwrap_or_default();
    let locks = Locks::load(&roots, &RealDisk).unwrap();
    plan(&request(&want, platforms, remove), &locks, &roots, &RealDisk).unwrap()
}

/// The process that is killed before its step number `SO_CRASH_AT`.
#[test]
#[ignore = "started by the test below"]
fn victim() {
    let var = |name| std::env::var(name).unwrap();
    // Asked for by itself, it has nobody to be killed for.
    let Some(dir) = std::env::var_os("SO_CRASH_DIR") else { return };
    let dir = std::path::PathBuf::from(dir);
    let at: usize = var("SO_CRASH_AT").parse().unwrap();
    let plan = planned(var("SO_CRASH_COURSE").parse().unwrap(), &dir);
    let mut count = 0;
    apply_with(&plan, &mut |_| {
        count += 1;
        if count > at {
            let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            std::thread::sleep(std::time::Duration::from_secs(10));
        }
        Ok(())
    })
    .unwrap();
}

/// Whether the victim lived to its end.
fn killed(world: &World, course: usize, at: usize) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "install_wing::crash::victim", "--ignored", "--quiet"]);
    command.env("SO_CRASH_DIR", world.dir.path()).env("SO_CRASH_COURSE", course.to_string());
    command.env("SO_CRASH_AT", at.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    assert!(status.success() || status.code().is_none(), "it failed by itself: {status}");
    !status.success()
}

#[test]
fn a_process_that_is_killed_at_any_step_is_taken_back() {
    for (course, name) in COURSES.iter().enumerate() {
        let mut at = 0;
        loop {
            let world = prepared(course);
            let roots = world.roots("p");
            let before = world.tree();
            if !killed(&world, course, at) {
                break;
            }
            let left = world.tree();
            let undone = journal::recover(&roots).unwrap();
            assert!(undone.is_some() || left == before, "step {at}: something was left and no journal");
            assert_eq!(
                undone.map(|undone| undone.kept).unwrap_or_default(),
                Vec::<std::path::PathBuf>::new()
            );
            assert_eq!(world.tree(), before, "{name}, step {at}");
            assert!(!journal::is_pending(&roots));
            at += 1;
        }
        assert!(at >= 15, "there were steps to kill at: {at}");
    }
}

/// No file is half-written: each is as it was, or as it would be.
fn assert_whole(left: &Tree, before: &Tree, after: &Tree, what: &str) {
    let is_temporary = |path: &str| path.rsplit('/').next().unwrap().starts_with(".so-");
    for (path, node) in left.iter().filter(|(path, (text, _))| text != "/" && !is_temporary(path)) {
        let known = [before.get(path), after.get(path)].contains(&Some(node));
        assert!(known, "{what}: {path} is {node:?}");
    }
}

/// Ends the work at its step number `at`, as a kill does: nothing runs any more. Whether it came so far.
fn ended(at: usize, work: impl FnOnce(&mut dyn FnMut(&Path))) -> bool {
    let mut count = 0;
    let run = std::panic::AssertUnwindSafe(|| {
        work(&mut |_| {
            count += 1;
            if count > at {
                std::panic::resume_unwind(Box::new("killed")); // with no word from the panic hook
            }
        });
    });
    std::panic::catch_unwind(run).is_err()
}

/// Killed in the middle, and killed again while the next run takes that back.
///
/// `SO_RECOVERY_KILLS=1000` kills the first run everywhere, not at a few steps only.
#[test]
fn a_recovery_that_is_killed_at_any_step_is_ended_by_the_next() {
    let kills = std::env::var("SO_RECOVERY_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(3);
    let mut recoveries = 0;
    for (course, name) in COURSES.iter().enumerate() {
        let world = prepared(course);
        let (kept, before) = (world.keep(), world.tree());
        let plan = planned(course, world.dir.path());
        let mut steps = 0;
        let count = &mut |_: &Path| {
            steps += 1;
            Ok(())
        };
        apply_with(&plan, count).unwrap();
        let after = world.tree();
        let every = (steps / kills).max(1);
        for first in (1..=steps).rev().step_by(every).map(|step| step - 1) {
            for second in 0.. {
                world.back_to(&kept);
                let what = format!("{name}, killed at {first} of {steps}, then at {second}");
                let killed = ended(first, |step| {
                    let work = &mut |path: &Path| {
                        step(path);
                        Ok(())
                    };
                    drop(apply_with(&plan, work));
                });
                assert!(killed, "{what}");
                assert_whole(&world.tree(), &before, &after, &what);
                let killed = ended(second, |step| {
                    journal::recover_with(&world.roots("p"), step).unwrap();
                });
                assert_whole(&world.tree(), &before, &after, &what);
                if !killed {
                    break;
                }
                recoveries += 1;
                let undone = journal::recover(&world.roots("p")).unwrap();
                assert_eq!(undone.map(|undone| undone.kept), Some(Vec::new()), "{what}");
                assert_eq!(world.tree(), before, "{what}");
                assert!(!journal::is_pending(&world.roots("p")), "{what}");
            }
        }
    }
    assert!(recoveries > 100, "there were recoveries to kill: {recoveries}");
}

/// A file that a person changed between the kill and the next run stays theirs.
#[test]
fn what_changed_after_the_kill_stays() {
    let world = prepared(1);
    let steps = (5..60).find(|at| {
        let world = prepared(1);
        killed(&world, 1, *at) && world.read("p/.cursor/rules/so.mdc").as_deref() == Some("rule 2\n")
    });
    assert!(killed(&world, 1, steps.unwrap()));
    world.write("p/.cursor/rules/so.mdc", "theirs\n");
    let undone = journal::recover(&world.roots("p")).unwrap().unwrap();
    assert_eq!(undone.kept, [world.project("p").join(".cursor/rules/so.mdc")]);
    assert_eq!(world.read("p/.cursor/rules/so.mdc").as_deref(), Some("theirs\n"));
}

#[test]
fn a_rollback_restores_every_byte_but_what_changed_since() {
    let world = prepared(1);
    let before = world.tree();
    world.install("p", &set("2"));
    let upgraded = world.tree();
    assert_ne!(before, upgraded);
    let roots = world.roots("p");
    let back = rollback::plan(&roots, &RealDisk).unwrap().unwrap();
    so::install::apply::apply(&back).unwrap();
    assert_eq!(world.tree(), before);
    // Back and forth.
    so::install::apply::apply(&rollback::plan(&roots, &RealDisk).unwrap().unwrap()).unwrap();
    assert_eq!(world.tree(), upgraded);
    world.write("p/.cursor/rules/so.mdc", "changed since\n");
    let back = rollback::plan(&roots, &RealDisk).unwrap().unwrap();
    so::install::apply::apply(&back).unwrap();
    assert_eq!(world.read("p/.cursor/rules/so.mdc").as_deref(), Some("changed since\n"));
    assert!(world.read("home/.cursor/hooks.json").unwrap().contains("\"version\": \"1\""));
    // Another install in between: nothing is taken back blindly.
    let lock = world.read("p/.orchestrator/install.lock").unwrap();
    world.write("p/.orchestrator/install.lock", &lock.replace("1.0.0", "1.0.1"));
    let why = rollback::plan(&roots, &RealDisk).unwrap().unwrap_err();
    assert!(why.contains("has changed since"), "{why}");
}

/// Files and directories that are made again have the modes that they had.
#[test]
fn a_rollback_makes_again_what_was_retired() {
    let world = prepared(1);
    let before = world.tree();
    world.install("p", &shrunk("2"));
    assert!(before.keys().filter(|path| !world.tree().contains_key(*path)).count() > 5);
    so::install::apply::apply(&rollback::plan(&world.roots("p"), &RealDisk).unwrap().unwrap()).unwrap();
    assert_eq!(world.tree(), before);
}

#[test]
fn a_first_install_is_rolled_back_to_nothing() {
    let world = prepared(0);
    let before = world.tree();
    world.install("p", &set("1"));
    let back = rollback::plan(&world.roots("p"), &RealDisk).unwrap().unwrap();
    so::install::apply::apply(&back).unwrap();
    assert_eq!(world.tree(), before);
    let why = rollback::plan(&world.roots("p"), &RealDisk).unwrap().unwrap_err();
    assert!(why.contains("nothing to take back"), "{why}");
}

/// A journal that came with a clone names only files of that clone, and nothing of git.
#[test]
fn a_journal_of_a_project_reaches_nothing_else() {
    for path in ["../home/.bashrc", "/etc/passwd", ".git/config", "out/x"] {
        let world = World::new();
        world.write("home/.bashrc", "mine\n");
        std::os::unix::fs::symlink(world.home(), world.project("p").join("out")).unwrap();
        let entry = serde_json::json!({"path": path, "before": {"text": "evil\n"}});
        let journal = serde_json::json!({"schema": 1, "token": "ab", "at": 0, "files": [entry], "made": [], "removed": []});
        world.write("p/.so-install.journal", &journal.to_string());
        let before = world.tree();
        let error = format!("{:#}", journal::recover(&world.roots("p")).unwrap_err());
        assert!(error.contains("cannot use"), "{error}");
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn a_link_that_came_since_the_plan_is_not_written_through() {
    let world = World::new();
    std::fs::create_dir_all(world.project("p").join(".cursor/rules")).unwrap();
    std::fs::create_dir_all(world.project("elsewhere")).unwrap();
    let want = set("1");
    let plan = world.plan("p", &request(&want, &["cursor"], &[])).unwrap();
    std::fs::remove_dir(world.project("p").join(".cursor/rules")).unwrap();
    std::os::unix::fs::symlink(world.project("elsewhere"), world.project("p").join(".cursor/rules")).unwrap();
    let before = world.tree();
    let error = format!("{:#}", so::install::apply::apply(&plan).unwrap_err());
    assert!(error.contains("is a link: nothing is written through it"), "{error}");
    assert_eq!(world.tree(), before);
}
