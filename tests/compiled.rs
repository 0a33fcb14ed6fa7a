//! Compiling through the library, for tests that ask more of the artifacts than the command line can be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use so::compile::artifact::{Artifact, ArtifactSet, Content, Edit, Place, Root};
use so::compile::model::{Plugin, SoLine, Vocabulary};
use so::compile::platform::emit::{self, Options};
use so::compile::platform::{Platform, Target};
use so::compile::source::{self, tree::Tree};
use so::diagnostic::{Findings, Severity};
use so::embedded;
use so::install::merge;

use crate::support::root;

/// The trees that these tests compile: one with one of everything, and our own.
pub(crate) const TREES: [&str; 2] = ["tests/sources/demo", "."];

/// The platforms that `so` knows, sorted by id.
pub(crate) fn platforms() -> Vec<Platform> {
    let files = embedded::texts("platforms");
    let parse =
        |(name, text): (&&str, &&str)| Platform::embedded(name.strip_suffix(".json").unwrap(), text).unwrap();
    files.iter().map(parse).collect()
}

/// The tree in `dir`, below the top of the project.
pub(crate) fn parse(dir: &str) -> Plugin {
    let mut findings = Findings::default();
    let tree = Tree::load(&root().join(dir), &mut findings).unwrap();
    let plugin = with_vocabulary(&root().join(dir), |words| source::parse(&tree, words, &mut findings));
    assert_sound(&findings);
    plugin
}

/// The artifacts of `plugin` for some targets at once; no platform may have anything to complain of.
pub(crate) fn emit(plugin: &Plugin, targets: &[Target<'_>], known: &[Platform]) -> ArtifactSet {
    let templates = embedded::texts("templates");
    let unasked = emit::Unasked::default();
    let options = Options { bin: "so", packages: None, known, templates: &templates, unasked };
    let mut findings = Findings::default();
    let set = with_vocabulary(&root(), |words| emit::emit(plugin, targets, &options, words, &mut findings));
    assert_sound(&findings);
    set
}

fn assert_sound(findings: &Findings) {
    let errors: Vec<_> =
        findings.sorted().into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Every check that the tree binds exists, and every `so` line is one: the command line's own tests see to that.
fn with_vocabulary<T>(dir: &Path, work: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
    let manifest = std::fs::read_to_string(dir.join("so.toml")).unwrap_or_default();
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
    let hooks = manifest.get("hooks").and_then(toml_edit::Item::as_table);
    let lists = hooks.into_iter().flat_map(|hooks| hooks.iter()).filter_map(|(_, list)| list.as_array());
    let checks: BTreeSet<&str> =
        lists.flat_map(|list| list.iter()).filter_map(toml_edit::Value::as_str).collect();
    let so_line = |line: &str| {
        Ok(SoLine { words: line.trim_start_matches("so ").into(), by_agent: true, takes_args: true })
    };
    let checks: Vec<_> = checks.into_iter().collect();
    work(&Vocabulary { checks: &checks, today: None, so_line: &so_line })
}

/// Artifacts as files by path below the project; what stands elsewhere has its root before it.
pub(crate) fn files(set: &ArtifactSet) -> BTreeMap<String, Vec<u8>> {
    set.iter().map(|(place, artifact)| (path(place), bytes(artifact))).collect()
}

fn path(place: &Place) -> String {
    match place.root {
        Root::Project => place.path.to_string(),
        Root::Home => format!("home/{}", place.path),
        Root::Package => format!("package/{}", place.path),
    }
}

/// A file's bytes; edits as what they make of an empty file.
pub(crate) fn bytes(artifact: &Artifact) -> Vec<u8> {
    match &artifact.content {
        Content::File { bytes, .. } => bytes.clone(),
        Content::Edits { format, edits } => {
            let edits: Vec<Edit> = edits.clone();
            merge::apply(*format, None, &edits).unwrap().text.unwrap_or_default().into_bytes()
        }
    }
}
