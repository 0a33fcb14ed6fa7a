//! What needs the network and cannot have it: everything local is done, the rest waits and is said, and is done once.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Site;
use super::closing::{assert_closed, worked};

/// A close in a bad hour; then in a good one.
fn waits(
    site: &Site,
    why: &str,
    bad: &dyn Fn(&Site),
    good: &dyn Fn(&Site),
    path: Option<std::path::PathBuf>,
) {
    worked(site);
    bad(site);
    let mut command = site.command(&["close", "--carry"]);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let begun = Instant::now();
    let output = command.output().unwrap();
    let said = crate::support::stdout(&output);
    assert!(output.status.success(), "{said}{}", crate::support::stderr(&output));
    assert!(begun.elapsed() < Duration::from_secs(55), "it is bounded: {:?}", begun.elapsed());
    assert!(said.contains("closed the session") && said.contains("next: so close --resume"), "{said}");
    assert!(said.contains(why), "{why}: {said}");
    assert!(
        site.project.read(".orchestrator/STATE.md").contains("status: completed"),
        "the local part is done"
    );
    let status = site.so(&["session", "status"]);
    assert!(status.contains("at the forge (") && status.contains("so close --resume"), "{status}");
    let brief = site.so(&["brief", "--offline"]);
    assert!(brief.contains("waiting  ") && brief.contains("at the forge"), "{brief}");
    good(site);
    site.settle();
    let done = site.json(&["close", "--resume"]);
    assert_eq!((&done["step"], &done["waiting"]), (&json!("resumed"), &json!([])), "{done:#}");
    let world = site.forge.world();
    assert_eq!(world.pulls.len(), 1);
    drop(world);
    // The numbers came after the state was written.
    let state = site.project.read(".orchestrator/STATE.md");
    site.project.write(
        ".orchestrator/STATE.md",
        &state.replace("- write b (not-started)", "- write b (not-started, #0)"),
    );
    assert_closed(site);
    assert!(site.so(&["close", "--resume"]).contains("nothing waits"));
    assert!(!site.so(&["session", "status"]).contains("waiting"));
}

fn answers(site: &Site, status: u16, headers: &str, body: &str) {
    site.forge.world().broken = Some((status, headers.to_owned(), body.to_owned()));
}

fn mended(site: &Site) {
    let mut world = site.forge.world();
    world.broken = None;
    world.slow = Duration::ZERO;
}

fn no_program(site: &Site) {
    let bin = super::only_git(site);
    waits(site, "is not installed", &|_| {}, &|_| {}, Some(bin));
}

fn signed_out(site: &Site) {
    waits(
        site,
        "nobody is logged in at localhost:",
        &|site| answers(site, 401, "", "{\"message\": \"Bad credentials\"}"),
        &mended,
        None,
    );
}

fn limited(site: &Site) {
    let limit = "X-RateLimit-Remaining: 0\r\nRateLimit-Remaining: 0\r\n";
    waits(
        site,
        "takes no more requests",
        &|site| answers(site, 403, limit, "{\"message\": \"API rate limit exceeded\"}"),
        &mended,
        None,
    );
}

fn broken(site: &Site) {
    waits(site, "it answers 502", &|site| answers(site, 502, "", ""), &mended, None);
}

fn unreachable(site: &Site) {
    // The push too finds nobody.
    let push = site.project.git(&["remote", "get-url", "--push", "origin"]);
    let away = |site: &Site| {
        site.project.git(&["remote", "set-url", "--push", "origin", "https://localhost:1/o/r.git"]);
    };
    let back = |site: &Site| {
        site.project.git(&["remote", "set-url", "--push", "origin", push.trim()]);
    };
    waits(site, "could not be pushed: the forge cannot be reached", &away, &back, None);
}

/// What a forge does not want stays, named, and stops nothing else.
fn refused(site: &Site) {
    worked(site);
    site.forge.world().issues[1]["number"] = json!(0);
    let said = site.so(&["close", "--carry"]);
    assert!(said.contains("opened draft ") && said.contains("closed #1"), "{said}");
    assert!(said.contains("waits 1  comment on 2: the forge refuses it (404)"), "{said}");
    let (code, said) = site.refused(&["close", "--resume"]);
    assert!(code == 1 && said.contains("so close --forget N"), "{said}");
    assert!(site.so(&["close", "--forget", "1"]).contains("given up: comment on 2"));
    assert!(site.so(&["close", "--resume"]).contains("nothing waits"));
}

/// A single command waits too, also where its answer got lost after it was done.
fn single(site: &Site) {
    site.project.so(&["session", "start"]);
    answers(site, 502, "", "");
    let said = site.so(&["issue", "create", "--title", "One", "--body", "x"]);
    assert!(said.contains("queued: create the issue “One”") && said.contains("nothing is lost"), "{said}");
    mended(site);
    site.settle();
    let mut world = site.forge.world();
    world.kill_at = Some("/issues");
    drop(world);
    let (_, said) = site.refused(&["close", "--resume"]);
    assert!(said.contains("waits 1"), "{said}");
    assert_eq!(site.forge.world().issues.len(), 1, "it was made, and nobody was told");
    site.forge.world().kill = None;
    site.so(&["close", "--resume"]);
    assert_eq!(site.forge.world().issues.len(), 1, "it is not made twice");
    assert!(site.so(&["close", "--resume"]).contains("nothing waits"));
}

/// A forge that does not answer costs a brief three seconds, and no look is waited for twice.
fn brief(site: &Site) {
    site.forge.issue("Now", "", &["priority:critical"]);
    site.forge.issue("Left", "", &["type:carryover"]);
    site.forge.issue("Some\nday", "", &[]);
    let said = site.so(&["brief"]);
    assert!(said.contains("issues   3 open: 1 urgent, 1 carried over"), "{said}");
    assert!(
        said.contains("> #1 Now [priority:critical]\n> #2 Left") && said.contains("> #3 Some day\n"),
        "{said}"
    );
    let limited = site.json(&["brief"]);
    assert_eq!(limited["issues"]["open"], 3);
    assert!(site.json(&["brief", "--offline"])["issues"].is_null());
    site.forge.world().slow = Duration::from_secs(8);
    let begun = Instant::now();
    let said = site.so(&["brief"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(said.contains("issues   unknown: no answer within 2700 ms"), "{said}");
    site.config("vcs: none\n");
    let said = site.so(&["brief"]);
    assert!(!said.contains("issues"), "{said}");
}

super::both! {
    without_the_program: super::no_program;
    without_a_login: super::signed_out;
    at_the_limit: super::limited;
    where_the_forge_is_broken: super::broken;
    where_nobody_answers: super::unreachable;
    what_is_refused_is_named: super::refused;
    a_single_command_waits_too: super::single;
    the_overview_has_a_limit: super::brief;
}
