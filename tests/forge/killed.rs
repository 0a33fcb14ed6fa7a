//! Ended by the system at every request of a close, before and after the forge has done it, alone and with the program
//! that asks; and at random moments in between. Called again it comes to the same end, and nothing is there twice.

use std::process::Stdio;
use std::time::Duration;

use super::Site;
use super::closing::{assert_closed, worked};
use super::stand_in::Moment;

/// Calls `so close` until it is through.
fn through(site: &Site, what: &str) {
    site.settle();
    goes_on(site, what);
}

fn goes_on(site: &Site, what: &str) {
    for _ in 0..20 {
        let is_open = !site.project.read(".orchestrator/STATE.md").contains("status: completed");
        let closed = site.json(if is_open { &["close", "--carry"] } else { &["close", "--resume"] });
        let message = closed["error"]["message"].as_str().unwrap_or_default().to_owned();
        if closed["step"] == "closed" || closed["step"] == "resumed" {
            return;
        }
        // A lock of git's that the killed one has left is the person's to remove.
        let _ = std::fs::remove_file(site.project.root.join(".git/index.lock"));
        assert!(
            closed["step"] == "wait"
                || ["index.lock", "no session is open"].iter().any(|why| message.contains(why)),
            "{what}: {closed:#}"
        );
    }
    panic!("{what}: it does not come to an end");
}

/// Runs a close that is ended at a request; whether it was.
fn ended_at(site: &Site, at: usize, moment: Moment, all: bool) -> bool {
    let mut world = site.forge.world();
    world.kill = Some((world.seen.len() + at, moment, all));
    let mut command = site.command(&["close", "--carry"]);
    world.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    drop(world);
    for _ in 0..2_000 {
        let mut world = site.forge.world();
        let ended = world.child.as_mut().unwrap().try_wait().unwrap().is_some();
        if ended {
            world.kill = None;
            return std::mem::take(&mut world.killed);
        }
        drop(world);
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it does not end");
}

/// Lists that do not show yet what was made just before the end: it is waited for, not made again.
fn lagging(site: &Site) {
    worked(site);
    site.forge.world().lag = Duration::from_millis(2_500);
    let ends = if site.is_gitlab {
        ["/merge_requests", "/issues", "/issues/1/notes"]
    } else {
        ["/pulls", "/issues", "/issues/1/comments"]
    };
    for end in ends {
        site.forge.world().kill_at = Some(end);
        assert!(ended_at(site, usize::MAX / 2, Moment::After, true), "{end}");
    }
    goes_on(site, "lagging");
    assert_closed(site);
}

/// The ways to end at a request.
const WAYS: [(Moment, bool); 4] =
    [(Moment::After, true), (Moment::Before, false), (Moment::After, false), (Moment::Before, true)];

/// Each request of a close in a project of its own: all of them in all ways, or some of them in one way each.
fn at_every_request(make: fn() -> Site) {
    let (all, step) = (count(0) > 0, if count(0) > 0 { 1 } else { 4 });
    let mut hits = 0;
    for first in 0..if all { WAYS.len() } else { 1 } {
        for round in 0.. {
            let at = 2 + round * step;
            let (moment, with) = WAYS[if all { first } else { round % WAYS.len() }];
            let site = make();
            worked(&site);
            let what = format!("{moment:?} request {at}, with the program: {with}");
            let hit = ended_at(&site, at, moment, with);
            through(&site, &what);
            assert_closed(&site);
            if !hit {
                assert!(at > 15, "a close makes more requests than {at}");
                break;
            }
            hits += 1;
        }
    }
    assert!(hits >= 4, "{hits}");
}

/// Ended at each of the first requests in turn, in one project.
fn again_and_again(site: &Site) {
    worked(site);
    let mut hits = 0;
    for round in 0..10 {
        let moment = if round % 2 == 0 { Moment::After } else { Moment::Before };
        if site.project.read(".orchestrator/STATE.md").contains("status: completed") {
            break;
        }
        site.settle();
        hits += usize::from(ended_at(site, 1 + round % 3, moment, round % 4 < 2));
    }
    assert!(hits >= 4, "{hits}");
    through(site, "again and again");
    assert_closed(site);
}

/// The program that asks lives on while the forge takes its time. Who comes next waits for it.
fn outlived(site: &Site) {
    worked(site);
    let mut world = site.forge.world();
    world.trap = Some(if site.is_gitlab { "/issues/1/notes" } else { "/issues/1/comments" });
    let mut command = site.command(&["close", "--carry"]);
    world.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    drop(world);
    for _ in 0..2_000 {
        if site.forge.world().killed {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(site.forge.world().comments.len(), 0, "the forge has not done it yet");
    let ended = site.forge.world().child.as_mut().unwrap().wait();
    assert!(!ended.unwrap().success());
    through(site, "outlived");
    assert_closed(site);
}

/// At random moments: between requests, while something is written down, while git pushes.
fn at_any_moment(make: fn() -> Site, count: u64) {
    let measured = make();
    worked(&measured);
    let begun = std::time::Instant::now();
    measured.so(&["close", "--carry"]);
    let took = u64::try_from(begun.elapsed().as_micros()).unwrap();
    for at in 0..count {
        let site = make();
        worked(&site);
        let mut child =
            site.command(&["close", "--carry"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(took * at / count));
        child.kill().unwrap();
        child.wait().unwrap();
        through(&site, &format!("at {at} of {count}"));
        assert_closed(&site);
    }
}

/// How many times; `SO_FORGE_KILLS=40` is a run by hand, which ends at every request in every way too.
fn count(default: u64) -> u64 {
    std::env::var("SO_FORGE_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

mod gh {
    use super::Site;

    #[test]
    #[ignore = "drives gh; tests/run includes it"]
    fn who_comes_next_waits_for_the_program() {
        super::outlived(&Site::github());
    }

    #[test]
    #[ignore = "drives gh; tests/run includes it"]
    fn lists_that_lag_are_waited_for() {
        super::lagging(&Site::github());
    }

    #[test]
    #[ignore = "drives gh; tests/run includes it"]
    fn nothing_is_done_twice_whichever_request_was_the_last() {
        super::at_every_request(Site::github);
    }

    #[test]
    #[ignore = "drives gh; tests/run includes it"]
    fn nothing_is_done_twice_however_often_it_was_ended() {
        super::again_and_again(&Site::github());
    }

    #[test]
    #[ignore = "drives gh; tests/run includes it"]
    fn nothing_is_done_twice_whenever_it_was_ended() {
        super::at_any_moment(Site::github, super::count(3));
    }
}

mod glab {
    use super::Site;

    #[test]
    fn who_comes_next_waits_for_the_program() {
        super::outlived(&Site::gitlab());
    }

    #[test]
    fn lists_that_lag_are_waited_for() {
        super::lagging(&Site::gitlab());
    }

    #[test]
    fn nothing_is_done_twice_whichever_request_was_the_last() {
        super::at_every_request(Site::gitlab);
    }

    #[test]
    fn nothing_is_done_twice_however_often_it_was_ended() {
        super::again_and_again(&Site::gitlab());
    }

    #[test]
    fn nothing_is_done_twice_whenever_it_was_ended() {
        super::at_any_moment(Site::gitlab, super::count(3));
    }
}
