//! What a tree with one of everything becomes on each platform, file by file.

use std::collections::BTreeSet;

use crate::support::{assert_tree, root, so, stderr, tree};

fn build(scope: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut command = so(dir.path());
    command
        .args(["build", "--source"])
        .arg(root().join("tests/sources/demo"))
        .arg("--out")
        .arg(&out)
        .args(scope);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    dir
}

/// What was built, without the list of it.
fn built(dir: &tempfile::TempDir) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = tree(&dir.path().join("out"));
    assert!(files.remove(".so-build.json").is_some());
    files
}

#[test]
fn default_scope() {
    let dir = build(&[]);
    assert_tree(&root().join("tests/golden/default"), &built(&dir));
}

#[test]
fn project_scope() {
    let dir = build(&["--scope", "project"]);
    assert_tree(&root().join("tests/golden/project"), &built(&dir));
}

#[test]
fn two_builds_give_the_same_bytes() {
    assert_eq!(tree(&build(&[]).path().join("out")), tree(&build(&[]).path().join("out")));
}

#[test]
fn a_strangers_skill_goes_out_byte_for_byte() {
    let source = tree(&root().join("tests/sources/demo/skills/plain"));
    let out = tree(&build(&[]).path().join("out"));
    let mut platforms = BTreeSet::new();
    for (path, bytes) in &out {
        if let Some((before, name)) = path.split_once("skills/plain/") {
            assert_eq!(bytes, &source[name], "{path}");
            platforms.insert(before.split('/').next().unwrap().to_owned());
        }
    }
    assert_eq!(platforms.into_iter().collect::<Vec<_>>(), ["claude", "codex", "cursor", "pi"]);
}

#[test]
fn check_says_what_is_stale_and_build_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = |extra: &[&str]| {
        let mut command = so(dir.path());
        command.args(["build", "--source"]).arg(root().join("tests/sources/demo"));
        command.current_dir(dir.path()).args(extra).output().unwrap()
    };
    assert_eq!(run(&["--check"]).status.code(), Some(1), "nothing is built yet");
    assert!(run(&[]).status.success());
    assert!(run(&["--check"]).status.success());
    let edited = dir.path().join("dist/claude/plugins/demo/skills/weigh/SKILL.md");
    std::fs::write(&edited, "edited\n").unwrap();
    let made = dir.path().join("dist/.so-build.json");
    let list = std::fs::read_to_string(&made).unwrap();
    std::fs::write(&made, list.replace("\"pi/package.json\"", "\"pi/left-over\", \"pi/package.json\""))
        .unwrap();
    std::fs::write(dir.path().join("dist/pi/left-over"), "").unwrap();
    let output = run(&["--check"]);
    assert_eq!(output.status.code(), Some(1));
    let text = crate::support::stdout(&output);
    assert!(text.contains("-edited") && text.contains("+# Weigh") && text.contains("left-over"), "{text}");
    assert!(run(&[]).status.success());
    assert!(run(&["--check"]).status.success());
}

/// A directory called `dist` may hold more than our builds.
#[test]
fn a_build_takes_nothing_that_no_build_made() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = so(dir.path());
        command.args(["build", "--source"]).arg(root().join("tests/sources/demo"));
        command.current_dir(dir.path()).output().unwrap()
    };
    let theirs = dir.path().join("dist/pi/notes.txt");
    std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    std::fs::write(&theirs, "mine\n").unwrap();
    let output = run();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("dist/pi/notes.txt stays"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "mine\n");

    std::fs::remove_dir_all(dir.path().join("dist")).unwrap();
    let theirs = dir.path().join("dist/pi/package.json");
    std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    std::fs::write(&theirs, "{}\n").unwrap();
    let before = tree(dir.path());
    let output = run();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no build made it"), "{}", stderr(&output));
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn a_failed_build_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = so(dir.path())
        .args(["build", "--source"])
        .arg(root().join("tests/broken/unknown-key"))
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(tree(dir.path()).is_empty());
}
