//! Whole trees: installed, upgraded, taken back, interrupted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use so::compile::artifact::{ArtifactSet, Edit, Format, Place, Root};
use so::install::apply::{apply, apply_with};
use so::install::diff::{Style, render, summary};
use so::install::disk::RealDisk;
use so::install::lock::{Locks, Scope};
use so::install::plan::{Kind, Plan, Request, Source, plan};
use so::install::target::Roots;
use so::rel_path::RelPath;

/// A machine: a home, and projects in it.
pub(super) struct World {
    pub(super) dir: tempfile::TempDir,
}

/// Every path below a directory: the bytes of a file, the target of a link, and the mode.
pub(super) type Tree = BTreeMap<String, (String, u32)>;

impl World {
    pub(super) fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    fn at(dir: tempfile::TempDir) -> Self {
        let world = Self { dir };
        std::fs::create_dir_all(world.project("p")).unwrap();
        std::fs::create_dir_all(world.home()).unwrap();
        world
    }

    /// A kill loses nothing that was written, so nothing here need be on a disk.
    pub(super) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self::at(dir.unwrap())
    }

    /// What is there now, modes included, for [`Self::back_to`].
    pub(super) fn keep(&self) -> tempfile::TempDir {
        let kept = tempfile::tempdir().unwrap();
        copy(self.dir.path(), kept.path());
        kept
    }

    /// As it was when that was kept: locks name the directory, so it stays the same.
    pub(super) fn back_to(&self, kept: &tempfile::TempDir) {
        for dir in [self.home(), self.project("p")] {
            std::fs::remove_dir_all(dir).unwrap();
        }
        copy(kept.path(), self.dir.path());
    }

    pub(super) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(super) fn project(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn roots(&self, project: &str) -> Roots {
        Self::roots_in(self.dir.path(), project)
    }

    pub(super) fn roots_in(dir: &Path, project: &str) -> Roots {
        let home = dir.join("home");
        Roots {
            project: Some(dir.join(project)),
            packages: home.join(".local/share/so"),
            home,
            moved: Vec::new(),
        }
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        so::fs::atomic_write(&path, text.as_bytes(), false).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.dir.path().join(path)).ok()
    }

    pub(super) fn tree(&self) -> Tree {
        use std::os::unix::fs::PermissionsExt as _;
        let entries = walkdir::WalkDir::new(self.dir.path()).min_depth(1).into_iter().map(Result::unwrap);
        let show = |entry: walkdir::DirEntry| {
            let path = entry.path();
            let kind = entry.file_type();
            let content = if path.ends_with("last-install.json") {
                "what a rollback needs".to_owned() // that differs with what was there before
            } else if kind.is_file() {
                String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
            } else if kind.is_symlink() {
                format!("-> {}", std::fs::read_link(path).unwrap().display())
            } else {
                "/".to_owned()
            };
            let name = path.strip_prefix(self.dir.path()).unwrap().to_string_lossy().into_owned();
            (name, (content, std::fs::symlink_metadata(path).unwrap().permissions().mode()))
        };
        entries.map(show).collect()
    }

    pub(super) fn plan(&self, project: &str, request: &Request<'_>) -> anyhow::Result<Plan> {
        let roots = self.roots(project);
        plan(request, &Locks::load(&roots, &RealDisk)?, &roots, &RealDisk)
    }

    /// Plans, applies, and plans again: the second plan has to be empty.
    fn run(&self, project: &str, request: &Request<'_>) -> Plan {
        let plan = self.plan(project, request).unwrap();
        apply(&plan).unwrap();
        let again = self.plan(project, &Request { force: false, ..request.clone() }).unwrap();
        assert!(again.is_empty(), "a second run has nothing to do: {again:#?}");
        plan
    }

    pub(super) fn install(&self, project: &str, want: &ArtifactSet) -> Plan {
        self.run(project, &request(want, &["cursor"], &[]))
    }

    pub(super) fn uninstall(&self, project: &str) -> Plan {
        self.run(project, &request(&ArtifactSet::default(), &[], &["cursor"]))
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.unwrap().success());
}

pub(super) fn request<'a>(want: &'a ArtifactSet, platforms: &[&str], remove: &[&str]) -> Request<'a> {
    let source = Source { name: "so".to_owned(), version: "1.0.0".to_owned(), origin: "embedded".to_owned() };
    Request {
        platforms: platforms.iter().map(|id| ((*id).to_owned(), Scope::Default)).collect(),
        remove: remove.iter().map(|id| ((*id).to_owned(), None)).collect(),
        ..Request::new(source, want)
    }
}

fn place(root: Root, path: &str) -> Place {
    let platform = (root == Root::Package).then(|| "cursor".to_owned());
    Place { root, platform, path: RelPath::new(path).unwrap() }
}

const RULE: &str = ".cursor/rules/so.mdc";

/// What one platform needs: rules and a launcher in the project, a package, edits in three notations.
pub(super) fn set(version: &str) -> ArtifactSet {
    let mut set = ArtifactSet::default();
    let mut file = |root, path: &str, text: &str, run| {
        set.add_file("cursor", place(root, path), text.as_bytes().to_vec(), run).unwrap();
    };
    file(Root::Project, RULE, &format!("rule {version}\n"), false);
    file(Root::Project, ".cursor/commands/go.md", "go\n", false);
    file(Root::Project, ".orchestrator/bin/launch", "#!/bin/sh\n", true);
    file(Root::Package, "skills/x/SKILL.md", &format!("skill {version}\n"), false);
    let hook = json!({"command": "/opt/so hook", "version": version});
    let edits = vec![
        Edit::Set { at: vec!["version".to_owned()], value: json!(1), ours: false },
        Edit::Append { at: vec!["hooks".to_owned(), "stop".to_owned()], value: hook },
    ];
    set.add_edits("cursor", place(Root::Home, ".cursor/hooks.json"), Format::Json, edits).unwrap();
    let enabled = vec!["plugins".to_owned(), "so@so".to_owned(), "enabled".to_owned()];
    let edits = vec![Edit::Set { at: enabled, value: json!(true), ours: false }];
    set.add_edits("cursor", place(Root::Home, ".codex/config.toml"), Format::Toml, edits).unwrap();
    let edits = vec![Edit::Block { name: "so".to_owned(), text: format!("Read {version}.\n") }];
    set.add_edits("cursor", place(Root::Project, "AGENTS.md"), Format::Markdown, edits).unwrap();
    set
}

/// A version in which most files of ours are gone, and with them their directories.
pub(super) fn shrunk(version: &str) -> ArtifactSet {
    let mut set = ArtifactSet::default();
    set.add_file("cursor", place(Root::Project, ".cursor/commands/go.md"), b"go\n".to_vec(), false).unwrap();
    let hook = json!({"command": "/opt/so hook", "version": version});
    let edits = vec![Edit::Append { at: vec!["hooks".to_owned(), "stop".to_owned()], value: hook }];
    set.add_edits("cursor", place(Root::Home, ".cursor/hooks.json"), Format::Json, edits).unwrap();
    set
}

/// Files that may stand there before we come.
const BEFORE: &[(&str, &str)] = &[
    ("p/AGENTS.md", "# Mine\r\n\r\nno newline"),
    ("p/.cursor/rules/mine.mdc", "mine"),
    ("p/.cursor/hooks.json", "{}"),
    ("p/.orchestrator/policy/a.toml", ""),
    ("home/.cursor/hooks.json", "{\n\t// mine\n\t\"version\": 1,\n\t\"hooks\": { \"stop\": [ ] },\n}"),
    ("home/.codex/config.toml", "model = \"x\" # y\n\n[plugins.\"a@b\"]\nenabled = false"),
    ("home/.local/share/other/x", "x"),
    ("p/.cursor/rules/so.mdc", "a foreign rule\n"),
];

fn kind(plan: &Plan, path: &str) -> Kind {
    plan.steps.iter().find(|step| step.place.path.as_str() == path).unwrap().kind
}

#[test]
fn install_and_uninstall_leave_no_trace_whatever_was_there() {
    for chosen in 0..1_u32 << BEFORE.len() {
        let world = World::new();
        for (index, (path, text)) in BEFORE.iter().enumerate() {
            if chosen & (1 << index) != 0 {
                world.write(path, text);
            }
        }
        let before = world.tree();
        world.install("p", &set("1"));
        assert_ne!(world.tree(), before);
        world.install("p", &set("2"));
        world.uninstall("p");
        assert_eq!(world.tree(), before, "{chosen:b}");
    }
}

#[test]
fn the_table_of_base_mine_and_new() {
    let (one, two) = (set("1"), set("2"));
    // (what is done to the file after version 1, the version planned, the kind, the text afterwards)
    let rows: &[(Option<&str>, &ArtifactSet, Kind, Option<&str>)] = &[
        (Some("rule 1\n"), &one, Kind::Unchanged, Some("rule 1\n")),
        (Some("rule 1\n"), &two, Kind::Update, Some("rule 2\n")),
        (Some("rule 2\n"), &two, Kind::Adopt, Some("rule 2\n")),
        (Some("mine\n"), &one, Kind::Keep, Some("mine\n")),
        (Some("mine\n"), &two, Kind::Conflict, Some("mine\n")),
        (None, &one, Kind::Gone, None),
        (None, &two, Kind::Gone, None),
    ];
    for (mine, want, expected, after) in rows {
        let world = World::new();
        world.install("p", &one);
        match mine {
            Some(text) => world.write(&format!("p/{RULE}"), text),
            None => std::fs::remove_file(world.project("p").join(RULE)).unwrap(),
        }
        let plan = world.install("p", want);
        assert_eq!(kind(&plan, RULE), *expected, "{mine:?}");
        assert_eq!(plan.conflicts().count(), usize::from(*expected == Kind::Conflict));
        assert_eq!(world.read(&format!("p/{RULE}")).as_deref(), *after, "{mine:?}");
        let plan = world.uninstall("p");
        let edited = *mine == Some("mine\n");
        assert_eq!(kind(&plan, RULE) == Kind::Leave, edited, "{mine:?}");
        assert_eq!(world.read(&format!("p/{RULE}")).as_deref(), if edited { Some("mine\n") } else { None });
    }
}

#[test]
fn what_stood_there_before_stays_after() {
    let world = World::new();
    world.write(&format!("p/{RULE}"), "rule 1\n");
    let before = world.tree();
    let plan = world.install("p", &set("1"));
    assert_eq!(kind(&plan, RULE), Kind::Adopt);
    let plan = world.plan("p", &request(&set("2"), &["cursor"], &[])).unwrap();
    assert_eq!(kind(&plan, RULE), Kind::Conflict, "it is not ours to update");
    world.uninstall("p");
    assert_eq!(world.tree(), before);
}

#[test]
fn what_the_person_deleted_comes_back_only_when_forced() {
    let world = World::new();
    world.install("p", &set("1"));
    std::fs::remove_file(world.project("p").join(RULE)).unwrap();
    std::fs::remove_file(world.home().join(".cursor/hooks.json")).unwrap();
    let plan = world.install("p", &set("1"));
    assert_eq!((kind(&plan, RULE), kind(&plan, ".cursor/hooks.json")), (Kind::Gone, Kind::Gone));
    world.run("p", &Request { force: true, ..request(&set("1"), &["cursor"], &[]) });
    assert_eq!(world.read(&format!("p/{RULE}")).as_deref(), Some("rule 1\n"));
    assert!(world.read("home/.cursor/hooks.json").unwrap().contains("/opt/so hook"));
}

#[test]
fn an_edited_hook_is_left_and_named() {
    let world = World::new();
    world.install("p", &set("1"));
    let text = world.read("home/.codex/config.toml").unwrap().replace("true", "false");
    world.write("home/.codex/config.toml", &text);
    assert_eq!(kind(&world.install("p", &set("1")), ".codex/config.toml"), Kind::Keep);
    let plan = world.uninstall("p");
    assert_eq!(kind(&plan, ".codex/config.toml"), Kind::Leave);
    assert!(render(&plan, &Style::default()).contains("plugins.so@so.enabled: you edited it"));
    assert_eq!(world.read("home/.codex/config.toml"), Some(text));
}

#[test]
fn the_home_keeps_what_another_project_needs() {
    let world = World::new();
    std::fs::create_dir_all(world.project("q")).unwrap();
    let before = world.tree();
    world.install("p", &set("1"));
    let alone = world.tree();
    world.install("q", &set("1"));
    world.install("q", &set("2"));
    let plan = world.uninstall("q");
    assert_eq!(kind(&plan, ".cursor/hooks.json"), Kind::Unchanged);
    assert!(world.read("home/.cursor/hooks.json").unwrap().contains("/opt/so hook"));
    world.install("p", &set("1"));
    assert_eq!(world.tree(), alone);
    std::fs::remove_dir_all(world.project("q")).unwrap();
    world.uninstall("p");
    assert_eq!(world.tree().len(), before.len() - 1, "only the project that was deleted is missing");
}

#[test]
fn a_project_that_is_gone_needs_nothing() {
    let world = World::new();
    std::fs::create_dir_all(world.project("q")).unwrap();
    world.install("q", &set("1"));
    world.install("p", &set("1"));
    std::fs::remove_dir_all(world.project("q")).unwrap();
    world.uninstall("p");
    assert_eq!(world.read("home/.cursor/hooks.json"), None);
    assert_eq!(world.read("home/.local/share/so/install.lock"), None);
}

#[test]
fn one_platform_goes_and_the_other_keeps_what_they_share() {
    let world = World::new();
    let mut both = set("1");
    both.add_file("codex", place(Root::Project, RULE), b"rule 1\n".to_vec(), false).unwrap();
    both.add_file("codex", place(Root::Project, ".codex/agents/a.toml"), b"a = 1\n".to_vec(), false).unwrap();
    world.run("p", &request(&both, &["codex", "cursor"], &[]));
    world.uninstall("p");
    assert_eq!(world.read(&format!("p/{RULE}")).as_deref(), Some("rule 1\n"));
    assert_eq!(world.read("p/.cursor/commands/go.md"), None);
    world.run("p", &request(&ArtifactSet::default(), &[], &["codex"]));
    assert!(world.tree().keys().all(|path| ["p", "home"].contains(&path.as_str())), "{:?}", world.tree());
}

#[test]
fn installing_one_platform_leaves_the_other_alone() {
    let world = World::new();
    let mut codex = ArtifactSet::default();
    codex
        .add_file("codex", place(Root::Project, ".codex/agents/a.toml"), b"a = 1\n".to_vec(), false)
        .unwrap();
    world.run("p", &request(&codex, &["codex"], &[]));
    world.install("p", &set("1"));
    assert!(world.read("p/.codex/agents/a.toml").is_some());
    world.uninstall("p");
    assert!(world.read("p/.codex/agents/a.toml").is_some());
}

#[test]
fn an_interruption_at_any_write_leaves_the_tree_as_it_was() {
    for (from, to) in [(None, Some("1")), (Some("1"), Some("2")), (Some("1"), None)] {
        let mut failing = 0;
        loop {
            let world = World::new();
            world.write("home/.cursor/hooks.json", "{ }\n");
            world.write("p/AGENTS.md", "mine\n");
            from.map(|version| world.install("p", &set(version)));
            let before = world.tree();
            let want = to.map(set).unwrap_or_default();
            let (platforms, remove): (&[&str], &[&str]) =
                if to.is_some() { (&["cursor"], &[]) } else { (&[], &["cursor"]) };
            let plan = world.plan("p", &request(&want, platforms, remove)).unwrap();
            let mut count = 0;
            let result = apply_with(&plan, &mut |_| {
                count += 1;
                anyhow::ensure!(count <= failing, "stopped");
                Ok(())
            });
            if result.is_ok() {
                break;
            }
            assert_eq!(world.tree(), before, "{from:?} to {to:?}, write {failing}");
            failing += 1;
        }
        assert!(failing >= 5, "there were writes to stop: {failing}");
    }
}

#[test]
fn a_disk_that_changed_since_the_plan_is_not_written() {
    let world = World::new();
    world.write("p/AGENTS.md", "mine\n");
    let want = set("1");
    let plan = world.plan("p", &request(&want, &["cursor"], &[])).unwrap();
    world.write("p/AGENTS.md", "mine, and more\n");
    let before = world.tree();
    let error = format!("{:#}", apply(&plan).unwrap_err());
    assert!(error.contains("AGENTS.md` has changed since the plan was made"), "{error}");
    assert_eq!(world.tree(), before);
}

#[test]
fn links_are_followed_inside_a_root_and_refused_out_of_it() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    world.write("home/dotfiles/hooks.json", "{}\n");
    std::fs::create_dir_all(world.home().join(".cursor")).unwrap();
    symlink("../dotfiles/hooks.json", world.home().join(".cursor/hooks.json")).unwrap();
    let before = world.tree();
    world.install("p", &set("1"));
    assert!(world.read("home/dotfiles/hooks.json").unwrap().contains("/opt/so hook"));
    world.uninstall("p");
    assert_eq!(world.tree(), before);

    std::fs::create_dir_all(world.project("elsewhere")).unwrap();
    symlink(world.project("elsewhere"), world.project("p").join(".cursor")).unwrap();
    let before = world.tree();
    let error = format!("{:#}", world.plan("p", &request(&set("1"), &["cursor"], &[])).unwrap_err());
    assert!(error.contains("is a link that leads out of"), "{error}");
    assert_eq!(world.tree(), before);
}

#[test]
fn two_places_that_are_one_file_through_a_link_get_one_block() {
    let world = World::new();
    world.write("p/AGENTS.md", "mine\n");
    std::os::unix::fs::symlink("AGENTS.md", world.project("p").join("CLAUDE.md")).unwrap();
    let before = world.tree();
    let mut want = set("1");
    let edits = vec![Edit::Block { name: "so".to_owned(), text: "Read 1.\n".to_owned() }];
    want.add_edits("cursor", place(Root::Project, "CLAUDE.md"), Format::Markdown, edits).unwrap();
    world.install("p", &want);
    assert_eq!(world.read("p/AGENTS.md").unwrap().matches("<!-- so:so -->").count(), 1);
    world.uninstall("p");
    assert_eq!(world.tree(), before);
}

#[test]
fn unusable_locks_and_files_stop_everything() {
    let lock = "p/.orchestrator/install.lock";
    let cases: &[(&str, &str, &str)] = &[
        (lock, "nonsense", "it is not JSON"),
        (lock, "{\"sources\": {}}", "it has no `schema` number"),
        (lock, "{\"schema\": 2, \"sources\": {}}", "schema 2; this version of `so` reads schema 1"),
        (
            lock,
            "{\"schema\": 1, \"sources\": {\"so\": {\"version\": \"1\", \"origin\": \"x\", \"platforms\": {}, \"files\": {\"~/.bashrc\": {\"sha256\": \"\", \"platforms\": [\"cursor\"]}}}}}",
            "`~/.bashrc` does not belong in this lock",
        ),
        (
            lock,
            "{\"schema\": 1, \"dirs\": [\"../x\"], \"sources\": {}}",
            "`../x` does not belong in this lock",
        ),
        ("home/.cursor/hooks.json", "{ \"hooks\": ", "nothing was changed: line 1"),
        ("home/.codex/config.toml", "a = \n", "config.toml`; nothing was changed: line 1"),
    ];
    for (path, text, expected) in cases {
        let world = World::new();
        world.write(path, text);
        let before = world.tree();
        let error = format!("{:#}", world.plan("p", &request(&set("1"), &["cursor"], &[])).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn modes_stay_and_new_programs_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.write("home/.cursor/hooks.json", "{}");
    let hooks = world.home().join(".cursor/hooks.json");
    std::fs::set_permissions(&hooks, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.install("p", &set("1"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&hooks), 0o600);
    assert_eq!(mode(&world.project("p").join(".orchestrator/bin/launch")), 0o755);
}

#[test]
fn a_person_can_read_the_plan() {
    let world = World::new();
    world.write("p/AGENTS.md", "mine");
    world.write(&format!("p/{RULE}"), "foreign\n");
    world.write("home/.codex/config.toml", "[plugins.\"so@so\"]\nenabled = false\n");
    let mut want = set("1");
    want.add_file("cursor", place(Root::Project, "logo.png"), vec![0, 159, 1], false).unwrap();
    let plan = world.plan("p", &request(&want, &["cursor"], &[])).unwrap();
    let text = render(&plan, &Style::default());
    assert_eq!(
        text,
        "\
create cursor:skills/x/SKILL.md (1 line)
create .cursor/commands/go.md (1 line)
conflict .cursor/rules/so.mdc: a file that is not ours stands there: it stays
create .orchestrator/bin/launch (1 line)
merge AGENTS.md: our own lines only
--- a/AGENTS.md
+++ b/AGENTS.md
@@ -1 +1,5 @@
-mine
\\ No newline at end of file
+mine
+
+<!-- so:so -->
+Read 1.
+<!-- /so:so -->
create logo.png (binary, 0 → 3 bytes)
conflict ~/.codex/config.toml: something else stands there: it stays
  plugins.so@so.enabled: another value stands there: it stays
create ~/.cursor/hooks.json: new
--- /dev/null
+++ b/~/.cursor/hooks.json
@@ -0,0 +1,11 @@
+{
+  \"version\": 1,
+  \"hooks\": {
+    \"stop\": [
+      {
+        \"command\": \"/opt/so hook\",
+        \"version\": \"1\"
+      }
+    ]
+  }
+}
5 to create, 1 to merge, 2 in conflict (yours stays)
"
    );
    assert_eq!(summary(&plan).conflicts, [RULE, "~/.codex/config.toml"]);
    assert!(render(&plan, &Style { color: true, verbose: true }).contains("\x1b[32m+go\x1b[0m"));
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["steps"][0]["place"], "cursor:skills/x/SKILL.md");
}

/// What a person may do to a file between two runs.
#[derive(Debug, Clone)]
enum Act {
    Rewrite(&'static str, &'static str),
    AddLine(&'static str),
    Delete(&'static str),
}

fn act() -> impl Strategy<Value = Act> {
    let path = select(vec![
        "p/.cursor/rules/so.mdc",
        "p/.cursor/commands/go.md",
        "p/AGENTS.md",
        "p/new/file.txt",
        "home/.codex/config.toml",
        "p/.orchestrator/mine.txt",
    ]);
    prop_oneof![
        (path.clone(), select(vec!["# my text\n", "# mine"]))
            .prop_map(|(path, text)| Act::Rewrite(path, text)),
        path.clone().prop_map(Act::AddLine),
        path.prop_map(Act::Delete),
    ]
}

const LINE: &str = "# a line of the person's\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_the_persons_is_lost(first in proptest::collection::vec(act(), 0..4), second in proptest::collection::vec(act(), 0..4)) {
        let world = World::new();
        world.write("p/AGENTS.md", "# Mine\n");
        world.install("p", &set("1"));
        let mut theirs = BTreeMap::new();
        perform(&world, &first, &mut theirs);
        world.install("p", &set("2"));
        perform(&world, &second, &mut theirs);
        world.uninstall("p");
        for (path, lines) in theirs {
            let text = world.read(path).unwrap_or_default();
            for line in lines {
                prop_assert!(text.contains(line), "{path} lost {line:?}: {text:?}");
            }
        }
        let ours = ["so:so", "so@so", "/opt/so"];
        for (path, (text, _)) in world.tree() {
            prop_assert!(!ours.iter().any(|word| text.contains(word)), "{path} still holds ours: {text}");
        }
    }
}

fn perform(world: &World, acts: &[Act], theirs: &mut BTreeMap<&'static str, Vec<&'static str>>) {
    for act in acts {
        match act {
            Act::Rewrite(path, text) => {
                world.write(path, text);
                theirs.insert(path, vec![text]);
            }
            Act::AddLine(path) => {
                let text = world.read(path).unwrap_or_default();
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                world.write(path, &format!("{text}{gap}{LINE}"));
                theirs.entry(path).or_default().push(LINE);
            }
            Act::Delete(path) => {
                let _ = std::fs::remove_file(world.dir.path().join(path));
                theirs.remove(path);
            }
        }
    }
}
