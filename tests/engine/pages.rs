//! The report of a session: one page that needs nothing else, and in which nothing speaks for itself.

use std::process::Command;

use super::Project;

const HOSTILE: &str = r#"</title></style><script>alert(1)</script><img src=x onerror="alert(2)">'"&"#;

/// A session of which everything that others wrote is hostile.
fn hostile() -> Project {
    let project = Project::new();
    project.write(
        "AGENTS.md",
        "## Session Config\n\ntest-command: none\nlint-command: none\ntypecheck-command: none\n",
    );
    project.commit("settings");
    let ended = serde_json::json!({"schema": 1, "id": "old", "label": HOSTILE, "status": HOSTILE, "gate": HOSTILE, "branch": HOSTILE,
        "started-at": "2026-11-01T09:00:00Z", "completed-at": "2026-11-01T10:30:00Z", "narrative": HOSTILE,
        "tasks": {"planned": 4, "done": 3}, "carried": ["x"]});
    project.write(".orchestrator/metrics/sessions.jsonl", &format!("{ended}\n"));
    let learning = serde_json::json!({"subject": HOSTILE, "insight": HOSTILE});
    project.so(&["learn", "propose", "--insight", HOSTILE]);
    project.write(".orchestrator/learnings.jsonl", &format!("{learning}\n"));
    project
}

fn begin(project: &Project) {
    project.so(&["session", "start"]);
    let plan = serde_json::json!({"goal": HOSTILE, "tasks": [
        {"id": "T1", "title": HOSTILE, "role": "Impl-Core", "files": ["one/**"], "acceptance": [{"run": "grep -q done one/a.txt"}]},
        {"id": "T2", "title": "two", "role": "Quality", "files": ["two/**"], "acceptance": [{"text": HOSTILE}]},
    ]});
    project.write(".orchestrator/runtime/draft.yaml", &plan.to_string());
    project.so(&["plan", "set", "--full", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    project.write("one/<b>a.txt", "half\n");
    project.write("odd/<script>.js", "odd\n");
    project.run(&["wave", "finish"]);
}

fn page(project: &Project) -> String {
    assert!(project.so(&["report"]).starts_with("written .orchestrator/runtime/report.html\n"));
    project.read(".orchestrator/runtime/report.html")
}

#[test]
fn it_needs_nothing_else_and_escapes_everything() {
    let project = hostile();
    let closed = page(&project);
    assert!(closed.contains("1 proposal waits: so learn list --pending"), "{closed}");
    assert!(closed.contains("3 of 4") && closed.contains("&lt;script&gt;alert(1)"), "{closed}");
    begin(&project);
    let open = page(&project);
    for page in [&closed, &open] {
        for never in ["<script", "<img", "http://", "https://", "@import", "url(", "onerror=\"", "{{", "{%"] {
            assert!(!page.contains(never), "{never}\n{page}");
        }
        assert!(page.contains("default-src 'none'") && page.contains("prefers-color-scheme: dark"));
    }
    for part in [
        "0 of 2</b><span>tasks done",
        "1 of 2</b><span>files touched as planned",
        "wave 1: fix, gate ",
        "one&#x2f;&lt;b&gt;a.txt",
        "odd&#x2f;&lt;script&gt;.js",
        "title=\"wave 1 (Impl-Core): ",
        "T1 partial",
        "missing: `grep -q done one&#x2f;a.txt`: fail",
    ] {
        assert!(open.contains(part), "{part}\n{open}");
    }
    let facts = project.json(&["report"]);
    assert_eq!(facts["report"]["files"]["unplanned"], serde_json::json!(["odd/<script>.js"]), "{facts:#}");
}

#[test]
fn it_is_written_over_nothing_but_itself() {
    let project = Project::new();
    let (code, said) = project.refused(&["report"]);
    assert!(code == 2 && said.contains("no session was ever started here"), "{said}");
    project.so(&["report", "--out", "report.html"]);
    project.so(&["report", "--out", "report.html"]);
    assert!(project.read("report.html").contains("No session yet"));
    project.write("mine.html", "<html>mine</html>");
    for (file, why) in [("mine.html", "is no report of ours"), ("README.md", "does not end in .html")] {
        let (code, said) = project.refused(&["report", "--out", file]);
        assert!(code == 2 && said.contains(why), "{said}");
    }
    assert_eq!(project.read("mine.html"), "<html>mine</html>");
    assert!(project.so(&["report", "--out", "-"]).starts_with("<!doctype html>"));
    assert!(!project.root.join(".orchestrator").exists());
}

#[test]
fn a_closed_session_is_shown_as_it_ended() {
    let project = Project::new();
    project.write("AGENTS.md", "## Session Config\n\ntest-command: none\n");
    project.commit("settings");
    project.so(&["session", "start"]);
    let plan = serde_json::json!({"goal": "one file", "tasks": [
        {"id": "T1", "title": "one", "role": "Impl-Core", "files": ["one/**"], "acceptance": [{"run": "test -f one/a.txt"}]},
    ]});
    project.write(".orchestrator/runtime/draft.yaml", &plan.to_string());
    project.so(&["plan", "set", ".orchestrator/runtime/draft.yaml"]);
    project.so(&["plan", "approve"]);
    project.so(&["wave", "start"]);
    project.write("one/a.txt", "a\n");
    project.so(&["close"]);
    let page = page(&project);
    for part in [
        "<h1>one file</h1>",
        "chip good\">completed",
        "1 of 1</b><span>tasks done",
        "1 of 1</b><span>files touched as planned",
        "session closed",
        "green</b><span>last gate",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

/// `SO_PICTURES=DIR` keeps the pictures there, for somebody to look at.
#[test]
#[ignore = "needs a browser: chromium, of Debian or another"]
fn a_browser_shows_it_in_light_and_dark() {
    let browsers = ["chromium", "chromium-browser", "google-chrome"];
    let Some(browser) = browsers.iter().find_map(|name| so::env::which(name)) else {
        panic!("there is no browser on PATH: {browsers:?}");
    };
    let project = hostile();
    begin(&project);
    page(&project);
    let file = format!("file://{}", project.root.join(".orchestrator/runtime/report.html").display());
    let run = |args: &[&str]| {
        let mut command = Command::new(&browser);
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--window-size=1200,2600",
        ]);
        let output = command
            .arg(format!("--user-data-dir={}", project.home.display()))
            .args(args)
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success());
        (crate::support::stdout(&output), crate::support::stderr(&output))
    };
    let (dom, said) = run(&["--dump-dom", "--enable-logging=stderr"]);
    assert!(
        dom.contains("Tasks and what shows them") && !dom.contains("<script") && !dom.contains("<img"),
        "{dom}"
    );
    assert!(!said.contains("CONSOLE"), "{said}");
    let dir = std::env::var_os("SO_PICTURES").map_or_else(|| project.home.clone(), std::path::PathBuf::from);
    let pictures = ["light", "dark"].map(|scheme| {
        let picture = dir.join(format!("report-{scheme}.png"));
        let number = u8::from(scheme == "light");
        run(&[
            &format!("--blink-settings=preferredColorScheme={number}"),
            &format!("--screenshot={}", picture.display()),
        ]);
        std::fs::read(picture).unwrap()
    });
    assert!(pictures.iter().all(|picture| picture.starts_with(b"\x89PNG") && picture.len() > 50_000));
    assert_ne!(pictures[0], pictures[1], "both schemes look the same");
}
