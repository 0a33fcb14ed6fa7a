//! Plans: what is read is what was written, and waves keep every promise. Findings stand in `cmd/plan.trycmd`.

use proptest::prelude::*;
use so::glob::{Case, Glob};
use so::session::mode::Mode;
use so::session::plan::layout::{Wanted, layout};
use so::session::plan::skeleton::{Entry, Filled};
use so::session::plan::{
    Acceptance, Layout, Parsed, Plan, Priority, Role, Task, World, agreed, parse, read, skeleton, write,
};

fn text() -> impl Strategy<Value = String> {
    // Signs of YAML, quotes, escapes and what looks like a number or nothing.
    "[a-zäß#:'\"\\\\{}\\[\\],&*!|>%@`?~0-9 .-]{1,20}"
        .prop_filter("not blank", |text| {
            let text = text.trim();
            !text.is_empty()
        })
        .prop_map(|text| text.trim().to_owned())
}

/// What a stranger may call an issue: it tries to end the quotes, the line and the comment.
fn hostile() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "\"",
        "\\",
        "\n",
        "\r",
        "\u{85}",
        "\u{2028}",
        "\u{1b}[2J",
        "\u{202e}",
        "\t",
        "- id: T9",
        "}",
        "]",
        ": ",
        " #",
        "{{ note }}",
        "{% raw %}",
        "$(touch x)",
        "`id`",
        "'",
        "&a",
        "*a",
        "!!int 1",
        "---",
        "...",
        "goal: x",
        "\0",
    ]);
    prop::collection::vec(prop_oneof![sign.prop_map(str::to_owned), any::<String>()], 0..6)
        .prop_map(|parts| parts.concat())
}

fn files() -> impl Strategy<Value = Vec<String>> {
    let file = prop::sample::select(vec![
        "src/a.rs",
        "src/b.rs",
        "src/*.rs",
        "src/**",
        "docs/",
        "docs/a.md",
        "tests/a.rs",
        "tests/**",
        "web/{a,b}.ts",
        "web/a.ts",
        "**/*.md",
        "c",
        "d",
        "e/[a-f]",
        "e/f",
    ]);
    prop::collection::vec(file.prop_map(str::to_owned), 1..4)
}

fn task(at: usize) -> impl Strategy<Value = Task> {
    let proof = prop_oneof![text().prop_map(Acceptance::Text), text().prop_map(Acceptance::Run)];
    let depends = prop::collection::btree_set(0..at.max(1), 0..3);
    (
        (text(), prop::option::of(0..9999_u64), files(), prop::collection::vec(proof, 1..3)),
        (depends, prop::sample::select(Role::ALL.to_vec()), prop::option::of(text())),
        prop::sample::select(Priority::ALL.to_vec()),
    )
        .prop_map(move |((title, issue, files, acceptance), (depends, role, agent), priority)| Task {
            id: format!("T{at}"),
            title,
            issue,
            files,
            acceptance,
            depends: depends
                .into_iter()
                .filter(|other| *other < at)
                .map(|other| format!("T{other}"))
                .collect(),
            role,
            agent,
            priority,
        })
}

/// No cycle: a task depends on those before it; and on none of a later role.
fn plan() -> impl Strategy<Value = Plan> {
    let tasks = (1..9_usize).prop_flat_map(|count| (0..count).map(task).collect::<Vec<_>>());
    (text(), prop::sample::select(Mode::ALL.to_vec()), tasks).prop_map(|(goal, mode, mut tasks)| {
        let roles: Vec<(String, Role)> = tasks.iter().map(|task| (task.id.clone(), task.role)).collect();
        for task in &mut tasks {
            let role = task.role;
            task.depends.retain(|id| roles.iter().any(|(other, of)| other == id && *of <= role));
        }
        Plan { goal, mode, tasks }
    })
}

fn parsed(text: &str) -> Parsed {
    parse("plan.yaml", text, World::unknown(Mode::Feature))
}

fn meet(one: &Task, other: &Task) -> bool {
    let globs = |task: &Task| -> Vec<Glob> {
        task.files.iter().map(|file| Glob::new(file, Case::Sensitive).unwrap()).collect()
    };
    !one.role.is_reader()
        && !other.role.is_reader()
        && globs(one).iter().any(|one| globs(other).iter().any(|other| one.overlap(other).is_some()))
}

/// What may never be, whatever the plan.
fn promises(plan: &Plan, layout: &Layout) {
    let wave = |id: &str| {
        let found: Vec<usize> = layout
            .waves
            .iter()
            .enumerate()
            .filter(|(_, wave)| wave.tasks.iter().any(|task| task == id))
            .map(|(at, _)| at)
            .collect();
        assert_eq!(found.len(), 1, "{id} stands in {found:?}");
        found[0]
    };
    for (at, wave) in layout.waves.iter().enumerate() {
        assert_eq!(wave.number as usize, at + 1);
        assert!(!wave.tasks.is_empty());
        assert!(wave.roles.len() == 1 || !wave.roles.contains(&Role::Discovery), "{wave:?}");
    }
    for (at, task) in plan.tasks.iter().enumerate() {
        for other in &task.depends {
            assert!(wave(other) < wave(&task.id), "{} does not come behind {other}", task.id);
        }
        for other in &plan.tasks[at + 1..] {
            let (own, its) = (wave(&task.id), wave(&other.id));
            assert!(own != its || !meet(task, other), "{} and {} share a wave and a file", task.id, other.id);
            // Roles never go back.
            assert!(task.role >= other.role || own <= its, "{} comes behind {}", task.id, other.id);
            assert!(task.role <= other.role || own >= its, "{} comes before {}", task.id, other.id);
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(plan in plan()) {
        let yaml = write::yaml(&plan);
        let read = parsed(&yaml);
        let found: Vec<String> = read.findings.sorted().iter().map(|one| one.message.clone()).collect();
        prop_assert_eq!(read.plan, Some(plan.clone()), "{:?}\n{}", found, yaml);
        // The same plan as JSON.
        let mut json = serde_json::to_value(&plan).unwrap();
        prop_assert_eq!(parsed(&json.to_string()).plan, Some(plan));
        json["tasks"][0]["rolle"] = "x".into();
        prop_assert!(parsed(&json.to_string()).plan.is_none());
    }

    #[test]
    fn the_form_holds_the_titles_of_issues_and_nothing_else_of_them(
        titles in prop::collection::vec(hostile(), 1..8), note in hostile(), left in 0..9_usize,
    ) {
        let entry = |(at, title): (usize, &String)| Entry {
            number: at as u64 + 1, title: title.clone(), priority: Priority::ALL[at % 4],
        };
        let issues: Vec<Entry> = titles.iter().enumerate().map(entry).collect();
        let form = skeleton::text(&Filled { issues: issues.clone(), left, note }).unwrap();
        // By a full reader of YAML, and by ours.
        let full: serde_json::Value = serde_yaml::from_str(&form).unwrap();
        let own = parsed(&form);
        let drafted = own.draft.plan(Mode::Feature).unwrap();
        prop_assert_eq!(full["tasks"].as_array().unwrap().len(), titles.len());
        prop_assert_eq!(full.as_object().unwrap().len(), 2, "{}", form);
        for (at, issue) in issues.iter().enumerate() {
            let line = so::plain::line(&issue.title, skeleton::TITLE);
            let title = if line.is_empty() { format!("Issue {}", issue.number) } else { line };
            let task = &full["tasks"][at];
            prop_assert_eq!(&task["title"], &title, "{}", &form);
            prop_assert_eq!(&task["issue"], issue.number);
            prop_assert_eq!(&task["role"], "impl-core");
            prop_assert_eq!(&drafted.tasks[at].title, &title);
            prop_assert_eq!((drafted.tasks[at].issue, drafted.tasks[at].priority), (Some(issue.number), issue.priority));
        }
        for finding in own.findings.sorted() {
            prop_assert!(["no-files", "no-acceptance"].contains(&finding.code), "{:?}", finding);
        }
    }

    #[test]
    fn waves_keep_dependencies_order_and_files_apart(plan in plan(), waves in 1..13_u32) {
        match layout(&plan, Wanted { waves, express: false }, &|_| 1) {
            Ok(layout) => promises(&plan, &layout),
            Err(overlaps) => for overlap in overlaps {
                let task = |id: &String| plan.task(id).unwrap();
                let (one, other) = (task(&overlap.first.0), task(&overlap.second.0));
                prop_assert!(one.role == other.role && meet(one, other));
                for glob in [&overlap.first.1, &overlap.second.1] {
                    prop_assert!(Glob::new(glob, Case::Sensitive).unwrap().matches(&overlap.witness));
                }
            },
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "\\PC{0,200}", lines in prop::collection::vec("[ ]{0,6}[-a-z]{0,3}[a-z]{0,8}:?[ \\[{\"'&|]{0,3}[a-z0-9]{0,4}", 0..12)) {
        let _ = parsed(&text);
        let _ = parsed(&format!("tasks:\n{}", lines.join("\n")));
        let _ = parsed(&format!("{{{text}"));
        let _ = parsed(&format!("## 1. {text}\n- [ ] {text}\nRun: `{text}\n### Task 2: {text}\n- Create: `{text}`\n```yaml\ngoal: {text}"));
    }
}

fn simple(roles: &[(&str, Role, &str)]) -> Plan {
    let tasks = roles.iter().map(|(id, role, file)| Task {
        id: (*id).to_owned(),
        title: "t".to_owned(),
        issue: None,
        files: vec![(*file).to_owned()],
        acceptance: vec![Acceptance::Text("a".to_owned())],
        depends: Vec::new(),
        role: *role,
        agent: None,
        priority: Priority::Medium,
    });
    Plan { goal: "g".to_owned(), mode: Mode::Feature, tasks: tasks.collect() }
}

fn waves(plan: &Plan, waves: u32) -> String {
    let layout = layout(plan, Wanted { waves, express: false }, &|_| 1).unwrap();
    layout.waves.iter().map(|wave| wave.tasks.join(" ")).collect::<Vec<_>>().join(" | ")
}

#[test]
fn roles_share_waves_as_the_project_wants_many() {
    use Role::{Discovery, Finalization, ImplCore, ImplPolish, Quality};
    let mut plan = simple(&[
        ("F", Finalization, "docs/f"),
        ("Q2", Quality, "tests/q"),
        ("Q1", Quality, "src/c1"),
        ("P1", ImplPolish, "p1"),
        ("P2", ImplPolish, "p2"),
        ("C1", ImplCore, "src/c1"),
        ("C2", ImplCore, "c2"),
        ("D", Discovery, "**"),
    ]);
    for (wanted, expected) in [
        (3, "D | P1 P2 C1 C2 | Q1 | F Q2"),
        (4, "D | P1 P2 C1 C2 | Q1 | Q2 | F"),
        (5, "D | C1 C2 | P1 P2 | Q1 | Q2 | F"),
        (6, "D | C1 | C2 | P1 | P2 | Q1 | F Q2"),
        (7, "D | C1 | C2 | P1 | P2 | Q1 | Q2 | F"),
        (12, "D | C1 | C2 | P1 | P2 | Q1 | Q2 | F"),
    ] {
        assert_eq!(waves(&plan, wanted), expected, "{wanted}");
    }
    plan.mode = Mode::Housekeeping;
    plan.tasks.retain(|task| task.role != Discovery);
    assert_eq!(waves(&plan, 5), "Q2 P1 P2 C1 C2 | F Q1", "one wave, but for shared files");
}

#[test]
fn small_plans_go_without_waves() {
    use Role::ImplCore;
    let express = |plan: &Plan| layout(plan, Wanted { waves: 5, express: true }, &|_| 2).unwrap().express;
    let mut plan = simple(&[("A", ImplCore, "a*"), ("B", ImplCore, "b*")]);
    assert!(express(&plan), "two tasks, four files");
    plan.tasks[1].depends.push("A".to_owned());
    assert!(!express(&plan), "a dependency");
    let plan = simple(&[("A", ImplCore, "a*"), ("B", ImplCore, "b*"), ("C", ImplCore, "c*")]);
    assert!(!express(&plan), "six files");
    let mut plan = simple(&[("A", ImplCore, "a*")]);
    plan.tasks[0].files.extend(["b*", "c*", "d*"].map(str::to_owned));
    assert!(express(&plan), "one task, whatever it touches");
}

#[test]
fn an_approval_is_of_one_text() {
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path();
    assert_eq!(read(project).unwrap(), None);
    assert!(agreed::approve(project, "person", "now").is_err());
    let plan = simple(&[("A", Role::ImplCore, "a")]);
    let of = |plan: &Plan| layout(plan, Wanted { waves: 5, express: true }, &|_| 1).unwrap();
    let text = write::yaml(&plan);
    let set = agreed::set(project, &text, &of(&plan)).unwrap();
    assert!(!set.is_approved() && set.express && set.waves.len() == 1);
    assert!(agreed::approve(project, "person", "now").unwrap().is_approved());
    // Set once more: the same text is still approved, another one is not.
    assert!(agreed::set(project, &text, &of(&plan)).unwrap().is_approved());
    std::fs::write(project.join(so::session::plan::FILE), text.replace("\"a\"", "\"b\"")).unwrap();
    let changed = read(project).unwrap().unwrap();
    assert!(changed.is_changed() && !changed.is_approved());
    assert!(agreed::approve(project, "person", "now").is_err());
    // Back again as it was.
    std::fs::write(project.join(so::session::plan::FILE), &text).unwrap();
    assert!(read(project).unwrap().unwrap().is_approved());
    std::fs::write(project.join(so::session::plan::FILE), "goal: x\ntasks: 3\n").unwrap();
    let error = read(project).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("so plan check"), "{error}");
}

#[test]
fn a_plan_too_large_to_compare_is_refused_in_time() {
    let mut plan = simple(&[]);
    for at in 0..80 {
        let mut task = simple(&[("x", Role::ImplCore, "x")]).tasks.remove(0);
        task.id = format!("T{at}");
        task.files = (0..90).map(|file| format!("{}{at}x{file}", "*/**/".repeat(90))).collect();
        plan.tasks.push(task);
    }
    let overlaps = layout(&plan, Wanted { waves: 5, express: false }, &|_| 1).unwrap_err();
    assert!(overlaps[0].witness.is_empty());
}
