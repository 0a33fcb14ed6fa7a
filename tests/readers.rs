//! Several clients in one project: each finds every item once in the directories it reads, whoever wrote it there.

use std::collections::{BTreeMap, BTreeSet};

use so::compile::artifact::{ArtifactSet, Content, Place, Root};
use so::compile::model::{Kind, Plugin};
use so::compile::platform::{Platform, Scope, Support, Target};

use crate::compiled::{TREES, bytes, emit, parse, platforms};

/// Every non-empty choice of platforms in project scope, and again with Cursor in its own mixed scope.
fn choices(platforms: &[Platform]) -> Vec<Vec<Target<'_>>> {
    let target = |platform, scope| Target { platform, scope };
    let mut choices = Vec::new();
    for bits in 1..1_u32 << platforms.len() {
        let chosen = || platforms.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        choices.push(chosen().map(|(_, platform)| target(platform, Scope::Project)).collect());
        if chosen().any(|(_, platform)| platform.scopes.contains(&Scope::Mixed)) {
            let own = |platform: &Platform| {
                if platform.scopes.contains(&Scope::Mixed) { Scope::Mixed } else { Scope::Project }
            };
            choices.push(chosen().map(|(_, platform)| target(platform, own(platform))).collect());
        }
    }
    choices
}

fn ids(targets: &[Target<'_>]) -> String {
    let ids = targets.iter().map(|target| format!("{} {}", target.platform.id, target.scope));
    ids.collect::<Vec<_>>().join(" + ")
}

/// The directories and files of a project in which the client finds skills, commands and rules.
fn read_by(platform: &Platform) -> BTreeSet<&str> {
    platform.reads.iter().chain(platform.writes.values().flatten()).map(String::as_str).collect()
}

/// The item that a file below a client's directory is the entry of: a SKILL.md by its folder, others by their name.
fn entry(plugin: &Plugin, path: &str) -> Option<(Kind, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    let (file, folders) = parts.split_last()?;
    let name = match *file {
        "SKILL.md" => folders.last()?,
        _ => file.strip_suffix(".mdc").or_else(|| file.strip_suffix(".md"))?,
    };
    let fits = |kind: Kind, known: &str| {
        let emitted = format!("so-{known}"); // a name that some client keeps for itself
        let ruled = format!("{}-{known}", plugin.manifest.name);
        name == known || name == emitted || kind == Kind::Rule && name == ruled
    };
    let item = plugin.items.iter().find(|item| fits(item.kind, &item.name))?;
    Some((item.kind, item.name.clone()))
}

/// What one client finds in the project: the places of each item.
fn found(plugin: &Plugin, set: &ArtifactSet, platform: &Platform) -> BTreeMap<(Kind, String), Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let below = |path: &str, dir: &str| path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    let in_project = set.iter().filter(|(place, _)| place.root == Root::Project);
    for (place, artifact) in in_project {
        let path = place.path.as_str();
        for dir in read_by(platform) {
            if path == dir {
                let text = String::from_utf8(bytes(artifact)).unwrap();
                for rule in plugin.of(Kind::Rule).filter(|rule| text.contains(rule.body().trim())) {
                    found.entry((Kind::Rule, rule.name.clone())).or_default().push(path.to_owned());
                }
            } else if below(path, dir)
                && let Some(item) = entry(plugin, path)
            {
                found.entry(item).or_default().push(path.to_owned());
            }
        }
    }
    found
}

fn carries(platform: &Platform, kind: Kind) -> bool {
    platform.features.get(kind.folder()).is_some_and(|feature| feature.state != Support::Absent)
}

#[test]
fn each_client_finds_each_item_once() {
    let platforms = platforms();
    for tree in TREES {
        let plugin = parse(tree);
        for targets in choices(&platforms) {
            let set = emit(&plugin, &targets, &platforms);
            for target in &targets {
                let found = found(&plugin, &set, target.platform);
                let told = format!("{tree}: {} among {}", target.platform.id, ids(&targets));
                for item in plugin.items.iter().filter(|item| carries(target.platform, item.kind)) {
                    let places = found.get(&(item.kind, item.name.clone())).map_or(&[][..], Vec::as_slice);
                    match item.kind {
                        // Agents and styles are no part of `reads`: each client has a directory of its own for them.
                        Kind::Agent | Kind::Style => {
                            assert!(own(&set, target.platform, &item.name), "{told}: no {}", item.path);
                        }
                        // A prompt that opens the skill, where skills are not invoked by name.
                        Kind::Skill if item.user_invocable && places.len() == 2 => {
                            assert!(
                                places.iter().any(|path| path.contains("/prompts/")),
                                "{told}: {places:?}"
                            );
                        }
                        _ => assert_eq!(places.len(), 1, "{told}: {} is in {places:?}", item.path),
                    }
                }
            }
        }
    }
}

/// Whether the client alone gets a file for the agent or style.
fn own(set: &ArtifactSet, platform: &Platform, name: &str) -> bool {
    set.iter().any(|(place, artifact)| {
        let stem = place.path.file_name().split('.').next().unwrap_or_default();
        stem == name && artifact.platforms == [platform.id.clone()]
    })
}

/// Somebody else on the team may use a client that this person did not install for.
#[test]
fn no_other_client_finds_an_item_twice() {
    let platforms = platforms();
    for tree in TREES {
        let plugin = parse(tree);
        for targets in choices(&platforms) {
            let set = emit(&plugin, &targets, &platforms);
            for other in &platforms {
                for ((kind, name), places) in found(&plugin, &set, other) {
                    let prompt = places.iter().filter(|path| path.contains("/prompts/")).count();
                    let told = format!("{tree}: {} beside {}", other.id, ids(&targets));
                    assert!(places.len() - prompt <= 1, "{told}: {} {name} is in {places:?}", kind.word());
                }
            }
        }
    }
}

#[test]
fn no_two_artifacts_are_one_file_where_case_does_not_count() {
    let platforms = platforms();
    for tree in TREES {
        let plugin = parse(tree);
        for targets in choices(&platforms) {
            let set = emit(&plugin, &targets, &platforms);
            let key = |(place, _): (&Place, _)| (place.root, place.platform.clone(), place.path.case_key());
            let keys: BTreeSet<_> = set.iter().map(key).collect();
            assert_eq!(keys.len(), set.len(), "{tree}: {}", ids(&targets));
        }
    }
}

#[test]
fn no_text_talks_about_another_client() {
    let platforms = platforms();
    for tree in TREES {
        let plugin = parse(tree);
        let mut choices = choices(&platforms);
        let alone = platforms.iter().flat_map(|platform| {
            platform.scopes.iter().map(move |scope| vec![Target { platform, scope: *scope }])
        });
        choices.extend(alone);
        for targets in choices {
            let set = emit(&plugin, &targets, &platforms);
            for (place, artifact) in set.iter().filter(|(place, _)| !as_published(&plugin, place)) {
                let Content::File { bytes, .. } = &artifact.content else { continue };
                let text = String::from_utf8_lossy(bytes);
                let readers = readers(&targets, place, &artifact.platforms);
                // What several clients read is written in words that are right for all of them.
                let own = |platform: &Platform| readers.len() == 1 && readers.contains(&platform.id.as_str());
                let others = platforms.iter().filter(|platform| !own(platform));
                for word in others.flat_map(|platform| &platform.words) {
                    assert!(!has_word(&text, word), "{tree}: {}: {place} speaks of {word}", ids(&targets));
                }
            }
        }
    }
}

/// Whether a file belongs to a skill that goes out as its author wrote it.
fn as_published(plugin: &Plugin, place: &Place) -> bool {
    let mut parts = place.path.as_str().split('/');
    parts.any(|part| plugin.of(Kind::Skill).any(|item| item.name == part && !item.template))
}

/// The ids of the platforms for which a file is written or which read it.
fn readers<'a>(targets: &[Target<'a>], place: &Place, writers: &'a [String]) -> BTreeSet<&'a str> {
    let reads = |platform: &Platform| {
        platform.reads.iter().any(|dir| place.path.as_str().starts_with(&format!("{dir}/")))
    };
    let of_targets = targets.iter().filter(|target| place.root == Root::Project && reads(target.platform));
    of_targets.map(|target| target.platform.id.as_str()).chain(writers.iter().map(String::as_str)).collect()
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
        !before && !after
    })
}
