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

/// What a parser would go down the stack for, or take hours for, is refused before.
#[test]
fn deep_nesting_ends_in_a_finding() {
    let chains = ["-", "not ", "1+", "'}}'~", "1|abs|"].map(|part| {
        let body = format!("{{{{ {}1 }}}}", part.repeat(50_000));
        format!("---\ndescription: \"Deep.\"\ntemplate: true\n---\n\n{body}\n")
    });
    let yaml = ["[", "{a: "]
        .map(|part| format!("---\ndescription: \"Deep.\"\nx: {}\n---\n\nDo it.\n", part.repeat(100_000)));
    let keys: String = (0..100_000).map(|n| format!("k{n}: v\n")).collect();
    let others = [
        format!("---\ndescription: \"Long.\"\n{keys}---\n\nDo it.\n"),
        format!("---\ndescription: \"Deep.\"\ntemplate: true\n---\n\n```ask\n{}\n```\n", "[".repeat(60_000)),
    ];
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("t/skills/x/SKILL.md");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for text in chains.iter().chain(&yaml).chain(&others) {
        std::fs::write(&file, text).unwrap();
        let start = std::time::Instant::now();
        let output = so(home.path()).args(["check", "--source"]).arg(home.path().join("t")).output().unwrap();
        let shown: String = text.chars().take(90).collect();
        assert_eq!(output.status.code(), Some(1), "{shown}: {}", stderr(&output));
        assert!(start.elapsed().as_secs() < 10, "{shown} takes {:?}", start.elapsed());
    }
}
