//! Broken trees: one directory for each kind of finding, and beside it what `so check` says.

use crate::support::{assert_file, root, so, stderr, stdout};

#[test]
fn each_broken_tree_gives_its_finding() {
    let dir = root().join("tests/broken");
    let home = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(&dir).max_depth(1).min_depth(1).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let output =
            so(home.path()).args(["check", "--strict", "--source"]).arg(entry.path()).output().unwrap();
        let text = stderr(&output);
        assert!(text.contains(&format!("[{name}]")), "{name} is not found:\n{text}");
        assert_eq!(output.status.code(), Some(1), "{name}");
        let findings =
            text.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning[")).count();
        assert_eq!(findings, 1, "{name} gives more than its one finding:\n{text}");
        assert_file(&dir.join(format!("{name}.txt")), &format!("{text}{}", stdout(&output)));
        let json = so(home.path()).args(["check", "--json", "--source"]).arg(entry.path()).output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(value["findings"][0]["code"], name.as_str());
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} kinds of broken tree");
}

#[test]
fn no_bytes_make_it_panic() {
    let texts: [&[u8]; 9] = [
        b"",
        b"---",
        b"---\n",
        b"---\n---",
        b"\xff\xfe",
        b"---\nname: [\n---\n",
        b"\xef\xbb\xbf---\r\n---\r\n",
        b"---\ntemplate: true\ndescription: x\n---\n{{ {% {# }}",
        b"---\n? [a]\n: b\n---\nx",
    ];
    let home = tempfile::tempdir().unwrap();
    for (at, text) in texts.iter().enumerate() {
        let dir = home.path().join(format!("t{at}"));
        for file in
            ["skills/x/SKILL.md", "commands/x.md", "agents/x.md", "rules/x.md", "styles/x.md", "so.toml"]
        {
            std::fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            std::fs::write(dir.join(file), text).unwrap();
        }
        let output = so(home.path()).args(["check", "--source"]).arg(&dir).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    }
}
