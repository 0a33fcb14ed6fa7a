//! Skills of other authors, as they are published: each goes out byte for byte on every platform, and what is wrong
//! with some of them is said.
//!
//! `npm ci --ignore-scripts` in `tests/public_skills` fetches them; `roots.txt` there names the folders, `faults.txt`
//! what is wrong with which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{root, so, stderr};

const PLATFORMS: [&str; 4] = ["claude", "codex", "cursor", "pi"];

/// Path below a skill → bytes and whether it may be run.
type Files = BTreeMap<String, (Vec<u8>, bool)>;

/// What is wrong with one skill: root, skill, severity, code.
type Fault = (String, String, String, String);

fn lines(file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("tests/public_skills").join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn roots() -> Vec<(String, PathBuf)> {
    let modules = root().join("tests/public_skills/node_modules");
    assert!(modules.is_dir(), "run `npm ci --ignore-scripts` in tests/public_skills");
    lines("roots.txt").into_iter().map(|words| (words[0].clone(), modules.join(&words[0]))).collect()
}

fn faults() -> BTreeSet<Fault> {
    let fault = |words: Vec<String>| {
        let [root, skill, severity, code] = words.try_into().unwrap();
        (root, skill, severity, code)
    };
    lines("faults.txt").into_iter().map(fault).collect()
}

/// The skills of a root by name: its folders that hold a SKILL.md, or the root itself.
fn skills(dir: &Path) -> BTreeMap<String, PathBuf> {
    let name = |dir: &Path| dir.file_name().unwrap().to_string_lossy().into_owned();
    let folders = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let skills: BTreeMap<_, _> = folders
        .filter(|folder| folder.join("SKILL.md").is_file())
        .map(|folder| (name(&folder), folder))
        .collect();
    if skills.is_empty() { [(name(dir), dir.to_path_buf())].into() } else { skills }
}

/// What a skill holds, without what a Python interpreter left behind.
fn files(dir: &Path) -> Files {
    let mut files = Files::new();
    for entry in walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap) {
        let path = entry.path().strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
        if entry.file_type().is_file() && !path.contains("__pycache__/") {
            files.insert(path, (fs::read(entry.path()).unwrap(), runs(entry.path())));
        }
    }
    files
}

#[cfg(unix)]
fn runs(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().unwrap().permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn runs(_: &Path) -> bool {
    false
}

/// The root itself when nothing in it is refused; else a copy of what is sound.
fn sound(name: &str, dir: &Path, scratch: &Path) -> Option<PathBuf> {
    let refused: BTreeSet<String> = faults()
        .into_iter()
        .filter(|(of, _, severity, _)| of == name && severity == "error")
        .map(|fault| fault.1)
        .collect();
    if refused.is_empty() {
        return Some(dir.to_path_buf());
    }
    let copy = scratch.join("sound");
    let kept: Vec<_> = skills(dir).into_iter().filter(|(skill, _)| !refused.contains(skill)).collect();
    for (skill, from) in &kept {
        for (path, _) in files(from) {
            let to = copy.join(skill).join(&path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(&path), to).unwrap();
        }
    }
    (!kept.is_empty()).then_some(copy)
}

/// Where a build puts the skill `name`: the one directory of that name with a SKILL.md that is not inside another.
fn emitted(out: &Path, name: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(out)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.ends_with(Path::new("skills").join(name).join("SKILL.md")))
        .map(|path| path.parent().unwrap().to_path_buf())
        .collect();
    found.sort_by_key(|dir| dir.components().count());
    found.into_iter().next().unwrap_or_else(|| panic!("{} has no skill {name}", out.display()))
}

fn build(source: &Path, out: &Path, scope: &[&str]) {
    let mut command = so(out);
    let output = command.arg("build").arg("--source").arg(source).arg("--out").arg(out).args(scope);
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}: {}", source.display(), stderr(&output));
}

fn goes_out_byte_for_byte(scope: &[&str]) -> usize {
    let mut count = 0;
    for (name, dir) in roots() {
        let scratch = tempfile::tempdir().unwrap();
        let Some(source) = sound(&name, &dir, scratch.path()) else { continue };
        let out = scratch.path().join("out");
        build(&source, &out, scope);
        for (skill, from) in skills(&source) {
            let expected = files(&from);
            for platform in PLATFORMS {
                let mut there = files(&emitted(&out.join(platform), &skill));
                // Codex keeps “only on request” in a file beside the skill.
                let made = "agents/openai.yaml";
                if platform == "codex" && !expected.contains_key(made) {
                    there.remove(made);
                }
                let paths = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
                assert_eq!(paths(&there), paths(&expected), "{name}: {skill} for {platform}");
                for (path, file) in &expected {
                    assert!(
                        there[path] == *file,
                        "{name}: {skill}/{path} for {platform} is not as published"
                    );
                }
            }
            count += 1;
        }
    }
    count
}

#[test]
#[ignore = "needs the packages of tests/public_skills; tests/run includes it"]
fn every_sound_skill_goes_out_byte_for_byte() {
    let count = goes_out_byte_for_byte(&[]);
    assert!(count >= 250, "only {count} skills");
}

#[test]
#[ignore = "needs the packages of tests/public_skills; tests/run includes it"]
fn every_sound_skill_goes_into_a_project_byte_for_byte() {
    let count = goes_out_byte_for_byte(&["--scope", "project"]);
    assert!(count >= 250, "only {count} skills");
}

#[test]
#[ignore = "needs the packages of tests/public_skills; tests/run includes it"]
fn each_fault_is_found_and_nothing_else_is_an_error() {
    const GRAVE: [&str; 3] = ["name-mismatch", "bad-name", "stray-file"];
    let mut found = BTreeSet::new();
    for (name, dir) in roots() {
        let output = so(&dir).args(["check", "--json", "--source"]).arg(&dir).output().unwrap();
        let result: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", stderr(&output)));
        for finding in result["findings"].as_array().unwrap() {
            let word = |key: &str| finding[key].as_str().unwrap().to_owned();
            let skill = word("path")
                .strip_prefix("skills/")
                .map_or_else(|| ".".to_owned(), |path| path.split('/').next().unwrap().to_owned());
            if finding["severity"] == "error" || GRAVE.contains(&word("code").as_str()) {
                found.insert((name.clone(), skill, word("severity"), word("code")));
            }
        }
        let refused = found.iter().any(|(of, _, severity, _)| *of == name && severity == "error");
        assert_eq!(output.status.code(), Some(i32::from(refused)), "{name}");
    }
    assert_eq!(found, faults());
}

#[test]
fn what_the_author_ships_stands_where_we_would_write() {
    let dir = tempfile::tempdir().unwrap();
    let skill = dir.path().join("theirs");
    fs::create_dir_all(skill.join("agents")).unwrap();
    let text = "---\nname: theirs\ndescription: x\ndisable-model-invocation: true\n---\nx\n";
    fs::write(skill.join("SKILL.md"), text).unwrap();
    fs::write(skill.join("agents/openai.yaml"), "interface: {}\n").unwrap();
    let out = dir.path().join("out");
    build(&skill, &out, &[]);
    for platform in PLATFORMS {
        assert!(files(&emitted(&out.join(platform), "theirs")) == files(&skill), "{platform}");
    }
}

#[test]
fn an_unquoted_argument_hint_is_a_hint() {
    let dir = tempfile::tempdir().unwrap();
    let skill = dir.path().join("skills/ours/SKILL.md");
    fs::create_dir_all(skill.parent().unwrap()).unwrap();
    let text = "---\ndescription: x\ntemplate: true\nuser-invocable: true\nargument-hint: [task]\n---\nx\n";
    fs::write(skill, text).unwrap();
    let out = dir.path().join("out");
    build(dir.path(), &out, &[]);
    let emitted = fs::read_to_string(emitted(&out.join("claude"), "ours").join("SKILL.md")).unwrap();
    assert!(emitted.contains("argument-hint: \"[task]\""), "{emitted}");
}
