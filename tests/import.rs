//! What the files of a client become, what does not come back, and that nothing hostile in them does harm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::support::{assert_file, assert_tree, root, so, stderr, stdout, tree};

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];

fn import(from: &str, project: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = so(out.parent().unwrap());
    command.args(["import", "--from", from, "--out"]).arg(out).arg(project).args(more).output().unwrap()
}

fn check(tree: &Path) -> Output {
    so(tree).args(["check", "--source"]).arg(tree).output().unwrap()
}

fn fixture(platform: &str) -> PathBuf {
    root().join("tests/import").join(platform)
}

/// The project is read under a name of its own, wherever this checkout stands.
fn imported(platform: &str) -> (tempfile::TempDir, PathBuf, String) {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("tree");
    let output = import(platform, &fixture(platform), &out, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = stdout(&output).replace(&out.display().to_string(), "OUT");
    (home, out, told)
}

#[test]
fn each_client_gives_its_tree() {
    for platform in PLATFORMS {
        let (_home, out, told) = imported(platform);
        assert_tree(&root().join(format!("tests/import/{platform}.tree")), &tree(&out));
        assert_file(&root().join(format!("tests/import/{platform}.txt")), &told);
        let checked = check(&out);
        assert!(checked.status.success(), "{platform}: {}", stderr(&checked));
    }
}

/// What is built again for the same client holds each file's text, or the import has said that it does not.
#[test]
fn what_was_imported_is_built_again() {
    for platform in PLATFORMS {
        let (home, out, told) = imported(platform);
        let mut build = so(home.path());
        build.args(["build", "--scope", "project", "--platform", platform, "--source"]).arg(&out);
        let output = build.arg("--out").arg(home.path().join("dist")).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let texts: String = tree(&home.path().join("dist"))
            .values()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        let mut same = 0;
        for (path, bytes) in tree(&fixture(platform)) {
            let text = String::from_utf8(bytes).unwrap();
            let body = text.splitn(3, "---\n").nth(2).filter(|_| text.starts_with("---\n")).unwrap_or(&text);
            if texts.contains(body.trim()) {
                same += 1;
            } else {
                let settings = [".json", ".toml", ".yaml"].iter().any(|end| path.ends_with(end));
                assert!(
                    settings || told.contains(&path),
                    "{platform}: {path} is lost without a word\n{told}"
                );
            }
        }
        assert!(same >= 3, "{platform}: only {same} files came back");
    }
}

/// Handlers and servers come back with the words that the client knows.
#[test]
fn handlers_and_servers_come_back() {
    let (home, out, _) = imported("claude");
    let mut build = so(home.path());
    build.args(["build", "--scope", "project", "--platform", "claude", "--source"]).arg(&out);
    assert!(build.arg("--out").arg(home.path().join("dist")).output().unwrap().status.success());
    let read = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(home.path().join("dist/claude").join(path)).unwrap()).unwrap()
    };
    let handlers = &read(".claude/settings.json")["hooks"]["PreToolUse"];
    let guard = handlers.as_array().unwrap().iter().find(|group| group["matcher"] == "Bash").unwrap();
    assert_eq!(guard["hooks"][0]["command"], "\"$CLAUDE_PROJECT_DIR\"/.claude/hooks/guard.sh");
    assert_eq!(guard["hooks"][0]["timeout"], 5);
    assert_eq!(read(".mcp.json")["mcpServers"]["tickets"]["args"][0], "--stdio");
}

fn project(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let file = dir.path().join("p").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    dir
}

fn notes(output: &Output) -> BTreeMap<String, String> {
    let value: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)));
    let text = |note: &Value, key: &str| note[key].as_str().unwrap().to_owned();
    value["notes"].as_array().unwrap().iter().map(|note| (text(note, "path"), text(note, "why"))).collect()
}

const COMMAND: &[u8] = b"---\ndescription: \"Good.\"\n---\n\nDo it.\n";

#[test]
#[cfg(unix)]
fn nothing_outside_the_project_is_read() {
    let dir =
        project(&[("p.txt", b""), (".claude/commands/good.md", COMMAND), ("../secret/x.md", b"SECRET\n")]);
    let at = |path: &str| dir.path().join("p").join(path);
    std::os::unix::fs::symlink(dir.path().join("secret/x.md"), at(".claude/commands/link.md")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("secret"), at(".claude/agents")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("secret/x.md"), at("CLAUDE.md")).unwrap();
    let pipe = at(".claude/commands/pipe.md");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let out = dir.path().join("out");
    let output = import("claude", &at(""), &out, &["--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let notes = notes(&output);
    for path in [".claude/commands/link.md", ".claude/agents", "CLAUDE.md"] {
        assert_eq!(notes[path], "symbolic links are not followed", "{notes:#?}");
    }
    assert_eq!(notes[".claude/commands/pipe.md"], "not a plain file");
    let all: String = tree(&out).values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(!all.contains("SECRET") && all.contains("Do it."));
}

#[test]
fn what_cannot_be_read_is_left_out_and_said() {
    let deep = format!("{{\"hooks\": {}", "[".repeat(100_000));
    let yaml = format!("---\ndescription: {}\n---\n\nX.\n", "[".repeat(100_000));
    let huge = vec![b'x'; 2 << 20];
    let long = format!("---\ndescription: \"Long.\"\nglobs: []\n---\n\n{}\n", "A rule. ".repeat(9_000));
    let utf16: Vec<u8> =
        "\u{feff}---\ndescription: x\n---\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = project(&[
        (".claude/commands/good.md", COMMAND),
        (
            ".claude/commands/bom.md",
            b"\xef\xbb\xbf---\r\ndescription: \"CRLF.\"\r\n---\r\n\r\nDo $ARGUMENTS.\r\n",
        ),
        (".claude/commands/latin.md", b"caf\xe9\n"),
        (".claude/commands/utf16.md", &utf16),
        (".claude/commands/empty.md", b"---\ndescription: x\n---\n"),
        (".claude/commands/bracket.md", yaml.as_bytes()),
        (".claude/commands/huge.md", &huge),
        (".claude/commands/nul.md", b"---\ndescription: \"a\\0b\"\n---\n\nX\0Y\n"),
        (".claude/commands/\u{202e}dm.md", b"Turned around.\n"),
        (".claude/commands/tags.md", b"{% for x in range(9) %}$ARGUMENTS{{ x }}{# no #}{% endfor %}\n"),
        (".claude/commands/ask.md", b"```ask\nnonsense\n```\n$ARGUMENTS\n"),
        (".claude/rules/long.md", long.as_bytes()),
        (".claude/skills/none/notes.md", b"No skill.\n"),
        (".claude/skills/bare/SKILL.md", b"No frontmatter.\n"),
        (".claude/settings.json", deep.as_bytes()),
        (".mcp.json", b"{\"mcpServers\": [1, 2], \"x\": null}"),
    ]);
    let out = dir.path().join("out");
    let started = std::time::Instant::now();
    let output = import("claude", &dir.path().join("p"), &out, &["--json"]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let notes = notes(&output);
    for path in
        ["latin", "utf16", "empty", "bracket", "huge"].map(|name| format!(".claude/commands/{name}.md"))
    {
        assert!(notes.contains_key(&path), "{path} is not said: {notes:#?}");
        assert!(!out.join("commands").join(path.rsplit('/').next().unwrap()).exists(), "{path}");
    }
    for path in
        [".claude/rules/long.md", ".claude/skills/none", ".claude/skills/bare", ".claude/settings.json"]
    {
        assert!(notes.contains_key(path), "{path} is not said: {notes:#?}");
    }
    assert!(out.join("commands/good.md").exists() && out.join("commands/bom.md").exists());
    let tags = std::fs::read_to_string(out.join("commands/tags.md")).unwrap();
    assert!(tags.contains("{{ \"{%\" }} for x") && tags.contains("{{ args }}"), "{tags}");
    let checked = check(&out);
    assert!(checked.status.success(), "{}", stderr(&checked));
}

/// Bytes of any kind in any place give a tree without errors, or a refusal that says why.
#[test]
fn any_bytes_give_a_sound_tree_or_none() {
    use proptest::prelude::*;
    let cases = std::env::var("SO_IMPORT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let piece = prop_oneof![
        Just("---\n"),
        Just("description: "),
        Just("globs: *.ts\n"),
        Just("tools: Read\n"),
        Just("\"quoted\"\n"),
        Just("{{ "),
        Just("{% if "),
        Just(" }}"),
        Just("$ARGUMENTS"),
        Just("$1"),
        Just("\\$2"),
        Just("```ask\n"),
        Just("<!-- so:x -->"),
        Just("<!-- /so:x -->"),
        Just("CLAUDE.md"),
        Just("\n"),
        Just("Text. "),
        Just("`so check`"),
        Just("[a](b.md)"),
        Just("\u{feff}"),
        Just("\0"),
        Just("name: x\n"),
        Just("- a\n"),
        Just("x: {y: [z]}\n"),
    ];
    let text = proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    let files = proptest::collection::vec(text, 6);
    let run = runner.run(&files, |texts| {
        let paths = [
            ".claude/commands/a.md",
            ".claude/agents/b.md",
            ".claude/rules/c.md",
            ".claude/output-styles/d.md",
            ".claude/skills/e/SKILL.md",
            "CLAUDE.md",
        ];
        let files: Vec<(&str, &[u8])> =
            paths.iter().copied().zip(texts.iter().map(String::as_bytes)).collect();
        let dir = project(&files);
        let out = dir.path().join("out");
        let output = import("claude", &dir.path().join("p"), &out, &[]);
        if output.status.success() {
            let checked = check(&out);
            prop_assert!(checked.status.success(), "{}\n{texts:#?}", stderr(&checked));
        } else {
            prop_assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
            prop_assert!(!out.exists());
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn nothing_is_overwritten_and_the_project_stays_as_it_is() {
    let dir = project(&[(".claude/commands/good.md", COMMAND), ("../out/mine.txt", b"mine\n")]);
    let before = tree(dir.path());
    let refused = import("claude", &dir.path().join("p"), &dir.path().join("out"), &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("is there already"), "{}", stderr(&refused));
    assert_eq!(tree(dir.path()), before);
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    assert!(import("claude", &dir.path().join("p"), &dir.path().join("empty"), &[]).status.success());
    let mut after = tree(dir.path());
    after.retain(|path, _| !path.starts_with("empty/"));
    assert_eq!(after, before);
}

#[test]
fn a_project_without_such_files_is_refused() {
    let dir = project(&[("README.md", b"x")]);
    let output = import("pi", &dir.path().join("p"), &dir.path().join("out"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(".pi/prompts"), "{}", stderr(&output));
    assert!(!dir.path().join("out").exists());
}
