//! What a close does at a forge.

use serde_json::{Value, json};

use super::Site;

/// Two tasks of issue 1, one of issue 2 that fails, one that belongs to none and is not begun.
pub(crate) const PLAN: &str = "\
goal: \"Two files | are written, @everyone\"
tasks:
  - {id: T1, title: \"write a | fixes #7\", issue: 1, role: Impl-Core, files: [src/**], acceptance: [{run: test -f src/a.txt}]}
  - {id: T2, title: write b, issue: 2, priority: high, role: Impl-Core, files: [b.txt], acceptance: [{run: test -f b.txt}]}
  - {id: T3, title: write c, role: Impl-Core, files: [c.txt], acceptance: [{run: sh -c 'exit 3'}]}
";

/// The issues of the plan, and the work on it.
pub(crate) fn worked(site: &Site) {
    site.forge.issue("Write a", "", &["bug", "status:in-progress"]);
    site.forge.issue("Write b", "", &["status:in-progress"]);
    site.session(PLAN);
    site.project.write("src/a.txt", "a\n");
}

/// Everything that a close has to have done, once.
pub(crate) fn assert_closed(site: &Site) {
    let world = site.forge.world();
    let (body, label) = if site.is_gitlab { ("description", "::") } else { ("body", ":") };
    assert_eq!(world.pulls.len(), 1, "{:#?}", world.pulls);
    let pull = &world.pulls[0];
    let text = pull[body].as_str().unwrap();
    assert_eq!(pull["draft"], true);
    let branch = if site.is_gitlab { &pull["source_branch"] } else { &pull["head"]["ref"] };
    assert!(branch.as_str().unwrap().starts_with("so/main-"), "{branch}");
    let rows = [
        "| T1 write a \\| fixes #\u{200b}7: done | `test -f src/a.txt` | 0 | `src/a.txt` | - |",
        "| T2 write b: not-started | `test -f b.txt` | 1 | - | - |",
        "| T3 write c: not-started | `sh -c 'exit 3'` | 3 | - | - |",
        "Two files \\| are written, @\u{200b}everyone",
        "Part of #1\nPart of #2",
    ];
    for row in rows {
        assert!(text.contains(row), "{row}: {text}");
    }
    let carried: Vec<&Value> = world
        .issues
        .iter()
        .filter(|issue| issue["title"].as_str().unwrap().starts_with("[Carryover]"))
        .collect();
    let titles: Vec<&str> = carried.iter().map(|issue| issue["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["[Carryover] write b", "[Carryover] write c"], "each once");
    let labels =
        |names: &[&str]| json!(names.iter().map(|name| name.replace(':', label)).collect::<Vec<_>>());
    assert_eq!(carried[0]["labels"], labels(&["type:carryover", "priority:high", "status:ready"]));
    assert_eq!(carried[1]["labels"], labels(&["type:carryover", "priority:medium", "status:ready"]));
    let text = carried[0]["body"].as_str().unwrap();
    assert!(text.contains("- `test -f b.txt`: fail") && text.contains("## Original issue\n\n#2"), "{text}");
    assert!(text.contains("## Revisit when\n\nAt the start of the next session."), "{text}");
    let names: Vec<String> =
        world.labels.iter().map(|label| label["name"].as_str().unwrap().into()).collect();
    assert_eq!(names.len(), 4, "missing labels are created once: {names:?}");
    assert_eq!(world.comments.values().map(Vec::len).collect::<Vec<_>>(), [1, 1], "{:#?}", world.comments);
    let said = |number: u64| world.comments[&number][0]["body"].as_str().unwrap().to_owned();
    assert!(
        said(1).starts_with("Done in session `main-") && said(1).contains("- [x] `test -f src/a.txt`: pass"),
        "{}",
        said(1)
    );
    assert!(said(1).contains("opened draft ") && said(1).contains("://git"), "{}", said(1));
    assert!(
        said(2).starts_with("Not finished") && said(2).contains("created carryover issue #"),
        "{}",
        said(2)
    );
    let issue = |number: usize| &world.issues[number - 1];
    assert_eq!((&issue(1)["open"], &issue(1)["labels"]), (&json!(false), &json!(["bug"])));
    assert_eq!((&issue(2)["open"], &issue(2)["labels"]), (&json!(true), &json!(["status:in-progress"])));
    drop(world);
    let state = site.project.read(".orchestrator/STATE.md");
    assert!(state.contains("status: completed") && state.contains("- write b (not-started, #"), "{state}");
    let pushed = site.project.git(&["rev-parse", "@{upstream}"]);
    assert_eq!(pushed, site.project.git(&["rev-parse", "HEAD"]));
    assert_eq!(site.json(&["session", "list"])["sessions"].as_array().unwrap().len(), 1);
}

pub(crate) fn closes(site: &Site) {
    worked(site);
    let preview = site.so(&["close", "--dry-run"]);
    for step in [
        "then push `so/main-",
        "then open a request",
        "then create the issue “[Carryover] write b”",
        "then comment on 1",
    ] {
        assert!(preview.contains(step), "{step}: {preview}");
    }
    assert!(!preview.contains("then close 2"), "{preview}");
    let before = site.forge.world().seen.len();
    assert_eq!(before, 0, "a preview asks nobody");
    let said = site.so(&["close", "--carry"]);
    assert!(
        said.contains("pushed `so/main-") && said.contains("opened draft ") && said.contains("closed #1"),
        "{said}"
    );
    assert!(said.len() < 2_400, "{} bytes: {said}", said.len());
    assert_closed(site);
    assert!(site.forge.world().seen.iter().all(|(_, path, _)| !path.contains("search")), "never the search");
    assert!(site.so(&["close", "--resume"]).contains("nothing waits"));
}

/// The next session leaves the same task over again: its issue is told, and no other is created.
pub(crate) fn carries_on(site: &Site) {
    worked(site);
    site.so(&["close", "--carry"]);
    let before = site.forge.world().issues.len();
    site.project.git(&["switch", "-q", "main"]);
    site.session("goal: again\ntasks:\n  - {id: T9, title: Write  C, role: Impl-Core, files: [c.txt], acceptance: [{run: test -f c.txt}]}\n");
    let said = site.so(&["issue", "carryover", "T9"]);
    assert!(said.contains("added to carryover issue #"), "{said}");
    let listed = site.json(&["issue", "carryover"]);
    assert_eq!(listed["issues"].as_array().unwrap().len(), 2, "{listed:#}");
    site.so(&["close", "--carry"]);
    let world = site.forge.world();
    assert_eq!(world.issues.len(), before, "no other issue");
    let number = listed["issues"][0]["number"].as_u64().unwrap();
    assert_eq!(world.comments[&number].len(), 1, "said once");
}

/// The repository's own templates, its own spelling of labels, and issues that the merge closes.
pub(crate) fn follows(site: &Site) {
    let (issues, requests) = if site.is_gitlab {
        (".gitlab/issue_templates/Carryover.md", ".gitlab/merge_request_templates/Default.md")
    } else {
        (".github/ISSUE_TEMPLATE/carryover.md", ".github/pull_request_template.md")
    };
    site.config("issues-close: merge\n");
    site.project.write(issues, "---\nlabels: team\n---\n## Owner\n\nnobody yet\n\n## What remains\n");
    site.project.write(requests, "## Checklist\n\n- [ ] looked at\n");
    site.project.commit("templates");
    site.project.git(&["push", "-q", "origin", "main"]);
    site.forge.world().labels = vec![json!({"name": "Type::Carryover"}), json!({"name": "team"})];
    worked(site);
    let said = site.so(&["close", "--carry"]);
    assert!(!said.contains("closed #1"), "{said}");
    let world = site.forge.world();
    let body = if site.is_gitlab { "description" } else { "body" };
    let text = world.pulls[0][body].as_str().unwrap();
    assert!(text.starts_with("## Checklist\n\n- [ ] looked at\n\nTwo files"), "{text}");
    assert!(text.contains("Closes #1\nPart of #2"), "{text}");
    let carried = world.issues.iter().find(|issue| issue["title"] == "[Carryover] write b").unwrap();
    let text = carried["body"].as_str().unwrap();
    assert!(
        text.starts_with("## Owner\n\nnobody yet\n\n## What remains\n\n- `test -f b.txt`: fail"),
        "{text}"
    );
    assert_eq!(carried["labels"], json!(["Type::Carryover", "priority::high", "status::ready", "team"]));
    assert_eq!(world.issues[0]["open"], true, "the merge closes it");
}

/// A branch that the forge protects is not pushed, nor one that everybody shares; what depends on it waits.
pub(crate) fn protects(site: &Site) {
    site.config("integrate: branch\n");
    site.project.commit("settings");
    site.project.git(&["push", "-q", "origin", "main"]);
    site.project.git(&["switch", "-q", "-c", "stable"]);
    site.project.git(&["push", "-q", "origin", "stable"]);
    site.forge.world().protected = vec!["stable".into()];
    let before = site.project.git(&["rev-parse", "origin/stable"]);
    worked(site);
    let said = site.so(&["close", "--carry"]);
    assert!(said.contains("could not be pushed") && said.contains("`stable` is protected"), "{said}");
    assert_eq!(site.project.git(&["rev-parse", "origin/stable"]), before);
    let world = site.forge.world();
    assert!(world.issues[0]["open"] == true && world.pulls.is_empty(), "what nobody can get is not done");
    assert_eq!(world.count("POST", "/comments") + world.count("POST", "/notes"), 0);
    drop(world);
    assert!(site.so(&["session", "status"]).contains("at the forge: so close --resume"));
    let (code, said) = site.refused(&["close", "--resume"]);
    assert!(
        code == 1 && said.contains("waits 1  push `stable`") && said.contains("it needs first"),
        "{said}"
    );
    for _ in 0..6 {
        site.run(&["close", "--forget", "1"]);
    }
    assert!(site.so(&["close", "--resume"]).contains("nothing waits"));
}

/// Where nothing may leave the machine nothing does.
pub(crate) fn stays(site: &Site) {
    site.config("integrate: local\n");
    site.project.commit("settings");
    worked(site);
    let said = site.so(&["close", "--carry"]);
    assert!(said.contains("nothing was pushed"), "{said}");
    assert_eq!(site.forge.world().seen.len(), 0);
}

super::both! {
    a_close_does_all_of_it_once: super::closes;
    a_task_that_is_left_over_again_has_one_issue: super::carries_on;
    the_projects_own_ways_are_followed: super::follows;
    a_protected_branch_is_not_pushed: super::protects;
    local_stays_local: super::stays;
}
