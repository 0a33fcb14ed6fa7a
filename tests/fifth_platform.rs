//! A fifth platform is one file: a client that nobody has heard of gets everything from one descriptor.

use so::compile::platform::{Platform, Scope, Target};

use crate::compiled::{emit, files, parse, platforms};
use crate::support::{assert_tree, root};

fn fifth() -> Platform {
    let text = std::fs::read_to_string(root().join("tests/sources/fifth.toml")).unwrap();
    Platform::parse("fifth", &text).unwrap()
}

fn known() -> Vec<Platform> {
    let mut known = platforms();
    known.push(fifth());
    known
}

#[test]
fn one_file_is_a_platform() {
    let plugin = parse("tests/sources/demo");
    let fifth = fifth();
    let set = emit(&plugin, &[Target { platform: &fifth, scope: Scope::Project }], &known());
    assert_tree(&root().join("tests/golden/fifth"), &files(&set));
}

#[test]
fn the_other_platforms_come_out_as_before() {
    let plugin = parse("tests/sources/demo");
    let (four, five) = (platforms(), known());
    for platform in &four {
        for scope in &platform.scopes {
            let target = [Target { platform, scope: *scope }];
            assert_eq!(
                emit(&plugin, &target, &four),
                emit(&plugin, &target, &five),
                "{} {scope}",
                platform.id
            );
        }
    }
}

#[test]
fn all_five_share_a_project() {
    let plugin = parse("tests/sources/demo");
    let known = known();
    let targets: Vec<_> = known.iter().map(|platform| Target { platform, scope: Scope::Project }).collect();
    let files = files(&emit(&plugin, &targets, &known));
    let skills: Vec<_> = files.keys().filter(|path| path.ends_with("/plain/SKILL.md")).collect();
    // One for the four that read `.agents/skills`, one for Claude Code, which nobody else reads.
    assert_eq!(skills, [".agents/skills/plain/SKILL.md", ".claude/commands/plain/SKILL.md"]);
}

/// The code that compiles and plans knows no client by name.
#[test]
fn no_platform_is_named_in_the_compiler() {
    let names: Vec<String> = platforms().iter().map(|platform| format!("\"{}\"", platform.id)).collect();
    let walk = ["compile", "install"].map(|wing| walkdir::WalkDir::new(root().join("src").join(wing)));
    let files = walk.into_iter().flatten().map(|entry| entry.unwrap().into_path());
    for file in files.filter(|file| file.is_file() && !file.to_string_lossy().contains("install/verify")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let known = names.iter().find(|name| line.contains(name.as_str()));
            assert!(known.is_none(), "{}: {line}", file.display());
        }
    }
}
