//! One table of cases a rule, and the loss question asked of a real repository.

use std::path::Path;

use so::guard::policy::{Layer, Policy};
use so::guard::{Context, Decision, check};

use super::context;

/// `| command | expect | why |`.
fn rows(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter(|line| line.starts_with("| `` "))
        .map(|line| {
            let line = line.replace("\\|", "\u{1}");
            let mut cells = line.split('|').skip(1).map(|cell| cell.replace('\u{1}', "|"));
            let command = cells.next().expect("a command").trim().trim_matches('`').trim().replace('⏎', "\n");
            (command, cells.next().expect("a decision").trim().to_owned())
        })
        .collect()
}

/// The decision, or `warn` where the command runs and the model is told something.
fn decided(command: &str, context: &Context) -> String {
    let verdict = check(command, context);
    if verdict.decision() == Decision::Allow && !verdict.warnings.is_empty() {
        return "warn".to_owned();
    }
    serde_json::to_value(verdict.decision()).expect("a word").as_str().expect("a word").to_owned()
}

/// The commands of all tables.
pub(super) fn every_command() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guard");
    let entries = std::fs::read_dir(dir).expect("the tables").flatten().map(|entry| entry.path());
    let tables = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    tables
        .flat_map(|path| rows(&std::fs::read_to_string(path).expect("a table")))
        .map(|(command, _)| command)
        .collect()
}

#[test]
fn every_case_of_every_rule_is_decided_as_its_table_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guard");
    let mut wrong = Vec::new();
    let mut tables = 0;
    for entry in std::fs::read_dir(dir).expect("the tables").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        tables += 1;
        let rows = rows(&std::fs::read_to_string(&path).expect("a table"));
        assert!(!rows.is_empty(), "{} holds no case", path.display());
        for (command, expected) in rows {
            let found = decided(&command, &context());
            if found != expected {
                wrong.push(format!("{}: {command:?} is {found}, not {expected}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(tables, so::guard::rules::ALL.len(), "one table for each rule");
}

/// Tables that hold with a policy, which stands in a YAML block above, or with peers.
#[test]
fn every_case_of_every_pack_and_policy_is_decided_as_its_table_says() {
    let mut wrong = Vec::new();
    let mut packs = Vec::new();
    for room in ["packs", "policy", "peers"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guard").join(room);
        for path in std::fs::read_dir(dir).expect("the tables").flatten().map(|entry| entry.path()) {
            let text = std::fs::read_to_string(&path).expect("a table");
            let policy = text.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```"));
            let policy = policy.map(|(policy, _)| Policy::of_text("guard.yaml", Layer::Project, policy));
            let peers = u32::from(text.contains("\nPeers: 1."));
            assert!(policy.is_some() || peers > 0, "{} says nothing", path.display());
            let context = Context { policy: policy.unwrap_or_default(), peers, ..context() };
            let rows = rows(&text);
            let calm = rows.iter().filter(|(_, expected)| expected == "allow").count();
            assert!(calm > 0 && rows.len() > calm, "{} lacks a side", path.display());
            for (command, expected) in rows {
                let found = decided(&command, &context);
                if found != expected {
                    wrong.push(format!("{}: {command:?} is {found}, not {expected}", path.display()));
                }
            }
            if room == "packs" {
                packs.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    packs.sort_unstable();
    assert_eq!(packs, so::guard::policy::pack_names(), "one table for each pack");
}

/// A repository with committed, changed, untracked, ignored and built files.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    let repository = git2::Repository::init(dir.path()).expect("a repository");
    for (name, text) in [
        ("Cargo.toml", "[package]"),
        (".gitignore", "target\n.env\nbuild/\n*.a\n"),
        ("saved.txt", "s"),
        ("changed.txt", "c"),
        ("src/a.rs", "a"),
    ] {
        write(name, text);
    }
    let mut index = repository.index().expect("an index");
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("added");
    index.write().expect("written");
    let tree = repository.find_tree(index.write_tree().expect("a tree")).expect("a tree");
    let who = git2::Signature::now("a", "a@example.org").expect("a signature");
    repository.commit(Some("HEAD"), &who, &who, "all", &tree, &[]).expect("a commit");
    for (name, text) in [
        ("changed.txt", "more"),
        ("new.txt", "n"),
        (".env", "key"),
        ("target/debug/x", "built"),
        ("build/x.a", "built"),
        ("lib/x.a", "ignored, but by nobody's name"),
        ("nest/deep/new.txt", "n"),
        ("in/a.rs", "other"),
        ("empty.txt", ""),
    ] {
        write(name, text);
    }
    dir
}

/// The look does not read a file that is as it was when git saw it; what was changed and made to look so is read.
#[test]
fn a_file_that_got_its_size_and_time_back_is_still_changed() {
    let dir = repository();
    let context = Context { project: Some(dir.path().to_path_buf()), ..Context::at(dir.path()) };
    let decide = |command: &str| check(command, &context).decision();
    let commands = ["rm saved.txt", "rm -rf saved.txt", "git checkout -- saved.txt", "git restore saved.txt"];
    assert!(commands.iter().all(|command| decide(command) == Decision::Allow));
    let saved = dir.path().join("saved.txt");
    let text = std::fs::read_to_string(&saved).expect("a text");
    let time = saved.metadata().and_then(|meta| meta.modified()).expect("a time");
    std::fs::write(&saved, text.to_uppercase()).expect("written");
    let file = std::fs::File::options().append(true).open(&saved).expect("a file");
    file.set_modified(time).expect("a time");
    assert!(commands.iter().all(|command| decide(command) == Decision::Ask));
}

#[test]
fn only_what_nothing_can_give_back_is_asked_about() {
    let dir = repository();
    let mut context = Context::at(dir.path());
    context.cwd = dir.path().canonicalize().expect("a path");
    context.project = Some(context.cwd.clone());
    let mut wrong = Vec::new();
    for (command, expected) in [
        ("rm saved.txt", "allow"),
        ("rm -rf src", "allow"),
        ("rm -rf target", "allow"),
        ("rm empty.txt missing.txt", "allow"),
        ("rm changed.txt", "ask"),
        ("rm new.txt", "ask"),
        ("rm .env", "ask"),
        ("rm -rf *", "ask"),
        ("echo x > saved.txt", "allow"),
        ("echo x >> new.txt", "allow"),
        ("echo x > new.txt", "ask"),
        ("echo x > nest", "allow"),
        ("mv saved.txt new.txt", "ask"),
        ("mv new.txt elsewhere.txt", "allow"),
        ("mv new.txt src && rm -rf src", "ask"),
        ("cp saved.txt src/a.rs", "allow"),
        ("git reset --hard", "ask"),
        ("git checkout -- saved.txt", "allow"),
        ("git checkout -- changed.txt", "ask"),
        ("git checkout changed.txt", "ask"),
        ("git restore src", "allow"),
        ("cd src && git restore .", "allow"),
        ("git clean -fd", "ask"),
        ("git clean -fd src", "allow"),
        ("git clean -fdX target", "allow"),
        ("git stash drop", "allow"),
        ("git stash && git stash drop", "ask"),
        ("git add -A && git reset --hard", "ask"),
        ("git branch -D nowhere", "allow"),
        ("find src -name '*.rs' -delete", "allow"),
        ("find . -name '*.rs' -delete", "ask"),
        ("find . -name '*.txt' -delete", "ask"),
        ("find . \\( -name '*.rs' -o -name '*.md' \\) -delete", "ask"),
        ("find src \\( -name '*.rs' -o -name '*.md' \\) -delete", "allow"),
        ("find . -path './src/*.rs' -delete", "allow"),
        ("find . -path ./in -prune -o -name '*.rs' -exec rm {} +", "ask"),
        ("rm -f build/*.a", "allow"),
        ("rm -rf build", "allow"),
        ("rm -f lib/*.a", "ask"),
        ("rm -f s*.txt", "allow"),
        ("rm -f n*.txt", "ask"),
        ("rm -f nest/*/new.txt", "ask"),
        ("rm -f nest/*/none.txt", "allow"),
        ("rm -f sav$X", "allow"),
        ("rm -f ne$X", "ask"),
        ("rm -f new.txt.{1..5000}", "allow"),
        ("rm -f ne{1..5000}", "ask"),
        ("cp in/* src", "allow"),
        ("cp src/*.rs in", "ask"),
        ("cp changed.txt src/$NAME", "allow"),
        ("cp changed.txt in/$NAME", "ask"),
        ("cp $OUT .", "ask"),
        ("mkdir t && mv new.txt t && rm -rf t", "ask"),
        ("mkdir t && mv *.txt t && rm -rf t", "ask"),
        ("mkdir t && mv $X t && rm -rf t", "ask"),
        ("mv $X /tmp/t && rm -rf /tmp/t", "ask"),
        ("mkdir t && mv saved.txt t && rm -rf t", "allow"),
        ("find . -maxdepth 1 ! -name .git -exec rm -rf {} +", "ask"),
        ("mkdir in2 && touch in2/x && rm -rf in2", "allow"),
        ("mkdir -p in && rm -rf in", "ask"),
        ("curl -o new.txt https://x.example && rm new.txt", "ask"),
        ("git checkout ./changed.txt", "ask"),
        ("git mv -f saved.txt new.txt", "ask"),
        ("ln -sf ../elsewhere/new.txt .", "ask"),
        ("ln -sf ../elsewhere/new.txt", "ask"),
        ("ln -s saved.txt other-name", "allow"),
        ("sort -o new.txt saved.txt", "ask"),
        ("sort -o saved.txt new.txt", "allow"),
        ("git diff --output=new.txt", "ask"),
        ("git bundle create new.txt HEAD", "ask"),
        ("find . -name '*.rs' -fprint new.txt", "ask"),
        ("tar cf new.txt src", "ask"),
        ("tar cf new.tar src", "allow"),
        ("echo x 1<> new.txt", "ask"),
        ("cp -rT src in", "ask"),
        ("cp -r src/. in", "ask"),
        ("cp -r in/. src", "allow"),
        ("cp -n saved.txt new.txt", "allow"),
        ("rsync -a src/ in/", "ask"),
        ("rsync -a in/ src/", "allow"),
        ("for f in n*.txt; do rm \"$f\"; done", "ask"),
        ("for f in s*.txt; do rm \"$f\"; done", "allow"),
        ("for f in *.txt; do mv \"$f\" all; done", "ask"),
        ("find . -maxdepth 1 -type f -name 'n*' -exec sh -c 'rm \"$1\"' _ {} \\;", "ask"),
        ("cd nothing-there || rm -rf in", "ask"),
        ("cd nothing-there; rm -rf in", "ask"),
        ("! pushd nothing-there && rm -rf in", "ask"),
        ("true || pushd .; > new.txt", "ask"),
        ("for d in /tmp/mine/*/; do (cd \"$d\" && rm -f x); done", "allow"),
        ("ln -s in lnk && rm -rf lnk/*", "ask"),
        ("ln -s in lnk && rm lnk", "allow"),
        ("python3 -c 'open(\"new.txt\", \"w\")'", "ask"),
        ("python3 -c 'open(\"saved.txt\", \"w\")'", "allow"),
        ("perl -e 'unlink \"new.txt\"'", "ask"),
        ("awk 'BEGIN { print 1 > \"new.txt\" }'", "ask"),
    ] {
        let found = decided(command, &context);
        if found != expected {
            wrong.push(format!("{command}: {found}, {:?}", check(command, &context).findings));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (command, expected, why) in [
        ("git clean -fdx", ".env, in/, lib/, …", "the build and the empty file are not named"),
        ("git clean -fdX", ".env, lib/x.a", "what git does not ignore stays"),
    ] {
        assert_eq!(check(command, &context).findings[0].detail, expected, "{why}");
    }
}

#[test]
fn a_refusal_names_the_rule_and_a_way_that_is_safe() {
    let message = check("git push -f", &context()).strictest().expect("a finding").message();
    assert_eq!(
        message,
        "force-push: it can erase commits of others on the remote. Push with --force-with-lease, or push to a new branch."
    );
}

#[test]
fn texts_that_multiply_work_are_answered_in_time_and_never_allowed_unread() {
    let assignments: String = (0..4_000).map(|at| format!("A{at}=1;")).collect();
    for (what, text) in [
        ("moves", "mv a b;".repeat(9_999)),
        ("variables", assignments + &"B=1 x;".repeat(4_000)),
        ("loops", format!("for a in {}; do {} done", "x ".repeat(64), "rm $a;".repeat(2_000))),
        ("braces", "rm {a,b}{c,d}{e,f}{g,h}{i,j}{k,l}{m,n}{o,p};".repeat(200)),
        ("paths", format!("rm {}", "a b c ".repeat(100_000))),
    ] {
        let started = std::time::Instant::now();
        let text = text + "\ngit push --force";
        assert_ne!(decided(&text, &context()), "allow", "{what}");
        // A hang, not a speed: the guard's own clock ends it after a second, machines and builds differ by the rest.
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "{what}: {:?}", started.elapsed());
    }
}
