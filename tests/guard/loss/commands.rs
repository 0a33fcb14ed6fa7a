//! Commands that an agent might write, from a seed: parts with places for paths, put into contexts.
//!
//! `{f}` a file, `{d}` a directory, `{g}` a pattern, `{p}` any of them, `{s}` what nobody would miss, `{n}` a new name,
//! `{o}` something outside the project, `{t}` a scratch path, `{b}` a branch, `{r}` a revision.

/// A generator of numbers: splitmix64, so that a seed means the same everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("small")
    }

    pub(super) fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const FILES: &[&str] = &[
    "new.txt", "new.txt", "notes.md", "notes.md", "README.md", "src/lib.rs", "src/lib.rs", "src/main.rs", "staged.txt",
    "draft/one.md", "draft/two.md", "docs/a.md", "docs/new.md", "data/in.csv", ".env", ".env", "local.db", "debug.log",
    "'with space.txt'", "draft/deep/er/three.md", ".hidden", "docs/later.md", "vendor/inner/lib.c",
    "vendor/inner/new.c", "../wt/new.txt", "../wt/src/lib.rs", "note-link", "data-link", "current/lib.rs",
    "docs-link/thesis.md", "other-link/data.txt", "dangling", "scripts/run.sh", ".gitignore", "Cargo.toml",
];
const DIRS: &[&str] = &[
    "src", "docs", "draft", "data", "draft/deep", "src/util", "scripts", ".", "vendor", "vendor/inner", "vendor/quiet",
    "../wt", "current", "docs-link", "other-link", "target", "build", "node_modules", "src/__pycache__", "./src/../draft",
];
const GLOBS: &[&str] = &[
    "*.txt", "*.md", "src/*", "draft/*", "docs/*.md", "*", "d*/*", "**/*.md", "n*", "[a-n]*", ".e*", "{new,other}.txt",
    "draft/{one,two}.md", "*.{txt,md}", "src/*.rs", "*.db", "?ebug.log", "docs/?.md", "./*.csv", "st*", "vendor/*",
    "../wt/*", "current/*", "build/*", "target/*/*",
];
const SAFE: &[&str] = &[
    "src/main.rs", "docs/a.md", "docs/b.md", "src/util", "scripts", "target", "target/debug", "node_modules", "build",
    "src/__pycache__", "scripts/run.sh", "Cargo.toml", "package.json", "docs/[ab].md", "src/util/*", "build/*.txt",
    "nothing-there", "src/m*.rs", "'docs/a.md'", "./src/main.rs", "src/../scripts", "\"$PWD/docs/b.md\"",
];
const NEW: &[&str] = &["fresh.txt", "fresh/x", "src/fresh.rs", "new2", "docs/fresh.md", "x", "\"fresh one\"", "build/x"];
const OUTSIDE: &[&str] = &[
    "~/notes.txt", "\"$HOME/notes.txt\"", "~/Documents", "../other", "../other/data.txt", "../other/*", "~/.bashrc",
    "~/.config", "../other/new.txt", "../remote.git", "..", "~", "~/Documents/*.md", "../wt", "../bare-wt",
];
const TEMP: &[&str] = &["/tmp/t1", "/tmp/t2/x", "\"$(mktemp -d)\"", "/tmp/t3.txt", "\"${TMPDIR:-/tmp}/t4\"", "\"$(mktemp)\""];
const BRANCHES: &[&str] = &["topic", "feature", "lonely", "side", "main", "none"];
const REVISIONS: &[&str] =
    &["HEAD", "HEAD~1", "main", "topic", "origin/main", "v1", "feature", "lonely", "@{u}", "stash@{0}", "only-tag"];

/// What may lose something.
const RISKY: &[&str] = &[
    "rm {p}", "rm -f {p}", "rm -rf {p}", "rm -r {d}", "rm -rf {p} {p}", "rm -- {f}", "rm -f {s} {p}", "rm {s}", "rm -rf {s}",
    "rm -rf {s} {s}", "rm -rfv {s}", "unlink {f}", "unlink {s}", "rm -d {d}", "rmdir {d}", "rmdir -p draft/deep/er",
    "shred -u {f}", "shred {f}", "rm -rf {t}", "rm -f {o}", "rm -rf {o}",
    "mv {f} {f}", "mv {f} {n}", "mv {p} {d}", "mv {f} {t}", "mv {s} {f}", "mv -f {f} {s}", "mv -n {f} {f}", "mv -b {s} {f}",
    "mv -t {d} {f}", "mv {d} {n}", "mv {d} {d}", "mv -T {d} {n}", "mv {f} {o}", "mv {o} {n}", "mv -u {s} {f}",
    "mv --backup=numbered {s} {f}", "mv -S .old -b {s} {f}", "mv {f} /dev/null",
    "cp {f} {f}", "cp {s} {f}", "cp {f} {n}", "cp {p} {d}", "cp -r {d} {d}", "cp -r {d}/. {d}", "cp -a {d} {n}", "cp -f {s} {f}",
    "cp -n {s} {f}", "cp -b {s} {f}", "cp -t {d} {f}", "cp --parents {f} {d}", "cp -T {s} {f}", "cp /dev/null {f}",
    "cp {f} {o}", "cp ../other/* .", "cp -r ../other/. .", "cp -rT ../other .", "cp -u {f} {f}", "cp -l {s} {n}", "cp -sf {s} {f}",
    "cp --remove-destination {s} {f}", "cp {f} {t}", "cp -R ../wt/src .", "cp -r ../wt/. .", "install {s} {f}",
    "install -m 644 {s} {f}", "install -D {s} {n}", "install -t {d} {f}", "install -b {s} {f}", "install -d {n}",
    "ln -sf {s} {f}", "ln -f {s} {f}", "ln -s {s} {n}", "ln -sfn {d} {f}", "ln -sf ../other/new.txt .", "ln -sf ../other/new.txt",
    "ln -sfT {s} {f}", "ln -sft . ../other/new.txt", "ln -b {s} {f}", "ln -snf {d} current",
    "> {f}", ": > {f}", "echo x > {f}", "echo x >> {f}", "cat {s} > {f}", "cat {f} > {f}", "cat {f} > {n}", "echo x >| {f}",
    "echo x &> {f}", "ls nothing 2> {f}", "printf '%s' x > {s}", "echo x > {n}", "echo x > {t}", "echo x 1<> {f}", "exec 3> {f}",
    "cat <<'E' > {f}\ntext\nE\n", "cat <<E >> {f}\ntext\nE\n", "{ echo a; echo b; } > {f}", "(echo a) > {f}", "echo x >& {f}",
    "head -1 {f} > {n} && mv {n} {f}", "sort {f} > {f}", "tee {f} < {s}", "echo x | tee {f}", "echo x | tee -a {f}",
    "echo x | tee {n} {f} > /dev/null", "cat {f} | tee {n}", "truncate -s 0 {f}", "truncate -s 0 {s}", "truncate --size=1 {p}",
    "truncate -s +10 {f}", "dd if=/dev/zero of={f} bs=1 count=4", "dd if={s} of={f}", "dd if={f} of={n}", "dd of={f} < {s}",
    "dd if=/dev/null of={s}", "sort -o {f} {s}", "sort -o {f} {f}", "sort -u {f} -o {n}", "split -l 1 {f} {n}",
    "tar cf {f} {s}", "tar -cf {n} {d}", "tar czf {t} {d}", "tar --create --file={f} {s}", "git archive -o {f} HEAD",
    "git archive HEAD > {f}", "git diff --output={f}", "git diff > {f}", "git format-patch -1 -o {d}", "git bundle create {f} main",
    "git log --output={f}", "find . -name '*.rs' -fprint {f}", "find src -fprintf {n} %p", "find . -type f -fls {f}",
    "rsync -a {d}/ {d}/", "rsync -a --delete {d}/ {d}/", "rsync -a ../other/ ./", "rsync -a {s} {f}",
    "find . -name '*.md' -delete", "find {d} -type f -delete", "find {d} -name '*.txt' -delete", "find . -empty -delete",
    "find {d} -type f -exec rm {} +", "find . -name '*.log' -exec rm -f {} \\;", "find {d} -name '*.md' | xargs rm -f",
    "find {d} -name '*.md' -print0 | xargs -0 rm", "find target build -type f -delete", "find . -name __pycache__ -prune -exec rm -rf {} +",
    "find . -name '*.txt' -exec mv {} {d} \\;", "find . -maxdepth 1 -name '*.txt' -exec mv {} {n} \\;",
    "find . -maxdepth 1 -type f -exec cp {s} {} \\;", "find src -name '*.rs' -exec cp {} {d} \\;",
    "find . -maxdepth 1 -type f -name 'n*' -exec sh -c 'rm \"$1\"' _ {} \\;", "find . -newer Cargo.toml -type f -delete",
    "find {d} -type f -exec truncate -s 0 {} +", "find {d} -type f -exec sh -c ': > \"$0\"' {} \\;",
    "ls | xargs rm -rf", "ls {d} | xargs -I% rm -rf {d}/%", "git ls-files -o | xargs rm -f", "git ls-files {d} | xargs rm -f",
    "git ls-files --others --exclude-standard -z | xargs -0 rm -f", "echo {f} | xargs rm", "echo {s} | xargs rm -rf",
    "git status --short | awk '{print $2}' | xargs rm -rf", "git diff --name-only | xargs git checkout --",
    "git diff --name-only | xargs rm", "printf '%s\\n' {f} | xargs -n1 rm -f", "cat {f} | xargs rm -f",
    "for f in {g}; do rm \"$f\"; done", "for f in {g}; do mv \"$f\" {n}; done", "for f in {g}; do mv \"$f\" \"$f.bak\"; done",
    "for f in {g}; do cp {s} \"$f\"; done", "for f in {g}; do : > $f; done", "for f in {f} {f}; do rm -f $f; done",
    "for f in {g}; do mv $f ${f%.*}.old; done", "for f in {s}; do rm -rf \"$f\"; done", "for d in {d}/*; do rm -rf \"$d\"; done",
    "while read -r f; do rm -f \"$f\"; done < {f}", "ls {d} | while read -r f; do rm \"{d}/$f\"; done",
    "f={f}; rm $f", "f={s}; rm -rf \"$f\"", "f=({g}); rm \"${f[@]}\"", "d={d}; rm -rf \"$d\"/*", "d={d}; rm -rf \"${d:?}/x\"",
    "set -- {p}; rm -rf \"$@\"", "f() { rm -rf \"$1\"; }; f {p}", "export F={f}; bash -c 'rm $F'", "F={f} bash -c ': > \"$F\"'",
    "git reset --hard", "git reset --hard {r}", "git reset -q --hard HEAD", "git reset", "git reset {f}", "git reset --soft {r}",
    "git reset --mixed {r}", "git reset --keep {r}", "git reset --merge", "git reset -- {p}",
    "git checkout {r}", "git checkout -- {p}", "git checkout {f}", "git checkout .", "git checkout -f", "git checkout -f {b}",
    "git checkout {r} -- {p}", "git checkout HEAD {f}", "git checkout -- {s}", "git checkout {s}", "git checkout -b {n}", "git checkout -B {b}",
    "git checkout -B {b} {r}", "git checkout --ours {f}", "git checkout --theirs notes.md", "git checkout -m {b}", "git checkout --merge notes.md",
    "git checkout --orphan lone", "git checkout --detach", "git checkout -", "git checkout {b} {f}", "git checkout -p < /dev/null",
    "git checkout --overlay {r} {d}", "git checkout --no-overlay {r} {d}", "git checkout HEAD~1 .", "git checkout --pathspec-from-file={f}",
    "git restore {p}", "git restore --staged {p}", "git restore -SW {p}", "git restore --source={r} {p}", "git restore -s {r} .",
    "git restore {s}", "git restore --staged .", "git restore .", "git restore --ours notes.md", "git restore -- {f}", "git restore :/",
    "git switch {b}", "git switch -f {b}", "git switch -c {n}", "git switch -C {b} {r}", "git switch --discard-changes {b}",
    "git switch --detach {r}", "git switch -", "git switch -m {b}", "git switch --orphan lone",
    "git clean -fd", "git clean -f", "git clean -fdx", "git clean -fdX", "git clean -n", "git clean -fd {d}", "git clean -fx {d}",
    "git clean -fdxe .env", "git clean -ffdx", "git clean -fdX target", "git clean -xdf build", "git clean -f {g}", "git clean -fd src",
    "git clean -ff vendor", "git clean -ffd", "git clean -d -f -e draft", "git -c clean.requireForce=false clean",
    "git stash", "git stash -u", "git stash push {f}", "git stash push -a", "git stash -k", "git stash pop", "git stash apply",
    "git stash drop", "git stash clear", "git stash branch lone", "git stash && git stash pop", "git stash -u && git stash drop",
    "git stash push -m x -- {p}", "git stash && git checkout topic && git stash pop", "git stash show -p", "git stash create",
    "git stash pop --index", "git stash store -m x HEAD",
    "git branch -d {b}", "git branch -D {b}", "git branch -f {b} {r}", "git branch -M {b} {b}", "git branch -m {b} {n}", "git branch -C {b} {b}",
    "git branch -c {b} {n}", "git branch --delete --force {b}", "git branch {n} {r}", "git branch -m {n}", "git branch -f {b}",
    "git tag -d v1", "git tag -d only-tag", "git tag -f only-tag", "git tag -f v1 {r}", "git tag {n}",
    "git update-ref -d refs/heads/{b}", "git update-ref refs/heads/{b} {r}", "git symbolic-ref HEAD refs/heads/{b}",
    "git fetch . +{b}:{b}", "git fetch . {b}:{b}", "git fetch -f . {b}:{b}", "git fetch --prune", "git push . {b}:{b}", "git push . +{b}:{b}",
    "git push -f . {b}:{b}", "git push origin main", "git push origin :topic", "git push --force-with-lease", "git pull", "git pull --rebase",
    "git pull --autostash", "git remote remove origin", "git remote prune origin",
    "git worktree remove ../wt", "git worktree remove -f ../wt", "git worktree remove ../bare-wt", "git worktree remove --force ../bare-wt",
    "git worktree prune", "git worktree add ../w2", "git worktree add -f ../wt {b}", "git worktree move ../wt ../w3", "git worktree add -B {b} ../w2",
    "git worktree remove -f -f ../wt", "rm -rf ../wt && git worktree prune", "mv ../wt ../w4 && git worktree prune",
    "git rm {f}", "git rm -f {f}", "git rm -r {d}", "git rm -rf {p}", "git rm --cached {f}", "git rm -r --cached .", "git rm -q {s}",
    "git mv {f} {n}", "git mv -f {f} {f}", "git mv {f} {d}", "git mv -k {f} {f}", "git mv {d} {n}", "git mv -f {s} {f}",
    "git merge topic", "git merge --abort", "git merge --no-ff topic", "git merge -X theirs topic", "git merge --squash topic", "git merge --quit",
    "git merge --continue", "git merge -s ours {b}", "git merge --autostash topic",
    "git rebase topic", "git rebase --abort", "git rebase -i HEAD~1", "git rebase --autostash topic", "git rebase --onto topic HEAD~1",
    "git cherry-pick topic", "git cherry-pick --abort", "git cherry-pick -n topic", "git revert --no-edit HEAD", "git revert -n HEAD", "git am --abort",
    "git revert --abort", "git bisect start && git bisect bad && git bisect good HEAD~1; git bisect reset",
    "git commit -qam wip", "git commit --amend -qm x", "git commit -qm x", "git add -A && git commit -qm all", "git add {p}", "git add -f .env",
    "git add -A && git reset --hard", "git add -A && git checkout -f", "git add . && git restore --staged .", "git add -f . && git clean -fdx",
    "git add -A && git stash && git stash drop", "git add {f} && rm {f}", "git add -A && rm -rf {d}", "rm staged.txt && git reset",
    "git commit -qam wip && git reset --hard HEAD~1", "git commit -qam wip && git reset HEAD~1", "git add -A && git commit -qm x && rm -rf {p}",
    "git add -A && git commit -qm x && git clean -fd", "git commit -qam x && git checkout topic && git branch -D main",
    "git gc", "git gc --prune=now", "git prune", "git reflog expire --expire=now --all", "git repack -adq", "git maintenance run --quiet", "git gc --auto",
    "git reflog delete HEAD@{0}", "git filter-branch -f HEAD", "git read-tree HEAD", "git read-tree -u --reset HEAD", "git read-tree -m -u topic",
    "git checkout-index -a", "git checkout-index -af", "git checkout-index -f {f}", "git update-index --assume-unchanged {f}", "git update-index --refresh",
    "git apply -R --index {f}", "git submodule update --init", "git init", "rm -rf .git", "rm -rf .git/hooks", "mv .git {n}", "rm .git/index",
    "rm -f .git/index.lock", "echo x > .git/hooks/pre-commit", "cp {s} .git/hooks/pre-commit", "git config core.bare true", "rm -rf vendor/inner/.git",
    "cd vendor/inner && git checkout .", "git -C vendor/inner reset --hard", "git -C vendor/quiet reset --hard", "git -C ../wt reset --hard",
    "git -C ../wt checkout -- src/lib.rs", "git -C ../wt status", "git --work-tree=../other checkout -- .", "git --work-tree=../other checkout -f",
    "GIT_WORK_TREE=../other git checkout -f", "GIT_DIR=../wt/.git git checkout -f", "git --git-dir=.git --work-tree=. reset --hard",
    "python3 -c 'import shutil; shutil.rmtree(\"draft\")'", "python3 -c 'import os; os.remove(\"new.txt\")'",
    "python3 -c 'open(\"new.txt\", \"w\")'", "perl -e 'unlink \"new.txt\"'", "perl -e 'open(F, \">\", \"new.txt\")'",
    "awk 'BEGIN { print 1 > \"new.txt\" }'", "awk 'BEGIN { system(\"rm -f new.txt\") }'", "sed -n 'w new.txt' README.md",
    "vim -es -c 'wq' {n}", "ed -s {n} < /dev/null", "touch {p}", "touch {n}", "chmod -x {f}", "mkdir -p {n}", "mkdir {t} && rm -rf {t}",
    "patch -p1 < {f}", "xxd {s} {f}", "uniq {s} {f}", "shuf -o {f} {s}", "base64 {f} > {n}", "diff -u {f} {s} > {n}", "gzip -k {f}", "script -q -c true {f}",
    "cp {f} {n} && rm {f}", "mv {f} {n} && rm {n}", "mv {f} {t} && rm -rf {t}", "mkdir fresh && mv {f} fresh && rm -rf fresh",
    "mkdir -p fresh && cp {f} fresh/ && rm -rf fresh", "cp {s} {n}; rm {n}", "mv {f} {n}; mv {s} {n}", "mv {f} {n}; cp {s} {n}", "mv {f} {n}; echo x > {n}",
    "cp {f} {f}.bak && echo x > {f}", "mv {d} {n} && rm -rf {n}", "ln {f} {n} && rm {f}", "ln -s {f} {n} && echo x > {n}", "ln -s ../{d} lnk && rm -rf lnk/*",
    "ln -s $PWD/draft /tmp/lnk && rm -rf /tmp/lnk/*", "ln -s \"$PWD\" /tmp/p && rm -rf /tmp/p/draft", "ln -sf ~ h && rm h/notes.txt",
    "tar cf a.tar {d} && rm -rf {d}", "tar --remove-files -cf {n} {f}", "tar cf - {d} | (cd /tmp && tar xf -)", "tar cf a.tar docs && tar xf a.tar",
    "t=$(mktemp -d) && cp {f} $t && rm -rf $t", "t=$(mktemp -d) && mv {f} $t && rm -rf $t", "t=$(mktemp) && mv {f} $t && rm $t", "pushd {d} && rm -f *; popd",
    "cd {d} && rm -rf *", "cd {d} && rm -f *.md", "(cd {d} && rm -rf .)", "cd {d}; git checkout .", "cd {d} && git clean -fd", "cd /tmp && rm -rf t1",
    "cd .. && rm -rf project/draft", "cd nothing-there; rm -rf draft", "cd nothing-there || rm -rf draft", "cd {d} && cd - && rm -f new.txt",
];

/// What loses nothing: the guard should let nearly all of it run.
const HARMLESS: &[&str] = &[
    "ls -la", "ls {d}", "cat {f}", "grep -rn notes {d}", "git status", "git log --oneline -5", "git diff", "git diff --stat HEAD", "wc -l {f}",
    "find . -name '*.rs'", "find {d} -type f | head", "git branch -a", "git stash list", "git show HEAD:notes.md", "head -3 {f}", "tail {f} | sort",
    "echo 'rm -rf src'", "echo \"git reset --hard\" | cat", "grep -c 'rm -rf' {f}", "git log --grep='reset --hard'", "printf '%s\\n' 'git clean -fdx'",
    "du -sh {d}", "test -f {f} && echo yes", "[ -d {d} ] || echo no", "git ls-files | wc -l", "git blame notes.md", "sort {f} | uniq -c",
    "diff notes.md README.md", "stat {f}", "file {f}", "cd {d} && ls", "for f in {g}; do echo \"$f\"; done", "ls | xargs -n1 echo", "git rev-parse HEAD",
    "git add -A", "git add {d}", "git commit -qam wip", "git fetch origin", "git checkout -q -b made", "git worktree list", "git tag made", "mkdir -p made/dir",
    "echo x > made.txt", "echo x >> made.txt", "cp src/main.rs made.rs", "touch made", "echo x > /tmp/made", "cat {f} > /tmp/made", "cp {f} /tmp/made",
    "awk '{print $1}' {f}", "sed -n 1,3p {f}", "cut -c1-3 {f}", "true && false || echo done", "env | sort", "date", "python3 -c 'print(1)'", "git stash",
    "cat > made.txt <<'E'\nrm -rf src\nE\n", "rm -rf target", "rm -rf node_modules build", "rm -rf src/__pycache__", "rm -f nothing-there", "rm -rf /tmp/made",
    "mkdir -p /tmp/made && rm -rf /tmp/made", "t=$(mktemp -d); echo x > \"$t/x\"; rm -rf \"$t\"", "mkdir made && touch made/x && rm -rf made", "git rm --cached {f}",
    "rm -f docs/a.md docs/b.md", "git checkout -- docs/a.md", "git restore docs/b.md", "mv docs/a.md docs/z.md", "find target -delete", "rm -rf scripts",
    "echo made | tee made.txt", "git diff > /tmp/made.patch", "tar czf /tmp/made.tgz src", "git config user.name", "git remote -v", "git show --stat", "git reflog",
];

/// Contexts for one part.
const AROUND: &[&str] = &[
    "{}", "{}", "{}", "{}", "{}", "{}", "cd . && {}", "({})", "{ {}; }", "if true; then {}; fi", "true && {}", "false || {}", "{} || true", "{} 2>/dev/null",
    "time {}", "{} | cat", "for i in 1 2; do {}; done", "while true; do {}; break; done", "case x in x) {} ;; esac", "f() { {}; }; f", "! {}", "{} &\nwait",
    "echo start; {}", "set -e; {}", "set -euo pipefail\n{}", "[ -e README.md ] && {}", "# first\n{}", "true; {} # done", "trap '' INT; {}",
    "x=1; {}; echo $x", "cd src/.. && {}", "cd \"$PWD\"; {}", "pushd . >/dev/null; {}; popd", "until {}; do break; done", "coproc {}; wait", "{} </dev/null",
];
/// Wrappers for a part that is one simple command without quotes.
const BEFORE: &[&str] = &[
    "env X=1", "command", "nice", "nohup", "timeout 4", "env -i PATH=$PATH", "stdbuf -o0", "setsid -w", "exec", "builtin command", "\\command", "X=1",
    "nice -n 5", "env -u X", "timeout --signal=KILL 3s", "ionice -c3",
];

/// A command and whether it was made of harmless parts only.
pub(super) fn command(dice: &mut Dice, harmless: bool) -> String {
    let parts = 1 + usize::from(dice.below(3) == 0) + usize::from(dice.below(9) == 0);
    let mut text = String::new();
    for at in 0..parts {
        if at > 0 {
            text.push_str(dice.of(&[" && ", "; ", "\n", " || "]));
        }
        // Much of what agents run is harmless; something harmless before a risky part changes what it finds.
        let from = if harmless || (parts > 1 && dice.below(3) == 0) { HARMLESS } else { RISKY };
        text.push_str(&part(dice, from));
    }
    text
}

fn part(dice: &mut Dice, from: &[&str]) -> String {
    let chosen = dice.of(from);
    let made = filled(dice, chosen);
    let plain = !made.contains(['\n', '\'', '"', ';', '|', '&', '>', '<', '(', '{', '$', '=']) && !made.starts_with("cd ");
    if plain && dice.below(5) == 0 {
        return match dice.below(8) {
            0 => format!("bash -c '{made}'"),
            1 => format!("sh -c \"{made}\""),
            2 => format!("eval '{made}'"),
            3 => format!("echo '{made}' | bash"),
            4 => format!("bash <<'E'\n{made}\nE\n"),
            _ => format!("{} {made}", dice.of(BEFORE)),
        };
    }
    let around = dice.of(AROUND);
    // What follows a here-document begins a line of its own.
    if made.ends_with('\n') { made } else { around.replace("{}", &made) }
}

/// The places in a part filled; `{}` belongs to find and xargs.
fn filled(dice: &mut Dice, part: &str) -> String {
    let mut text = String::new();
    let mut rest = part;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = rest.get(1..2).filter(|_| rest.get(2..3) == Some("}")).unwrap_or_default();
        let words = match place {
            "f" => FILES,
            "d" => DIRS,
            "g" => GLOBS,
            "p" => *dice.of(&[&FILES, &DIRS, &GLOBS]),
            "s" => SAFE,
            "n" => NEW,
            "o" => OUTSIDE,
            "t" => TEMP,
            "b" => BRANCHES,
            "r" => REVISIONS,
            _ => {
                text.push('{');
                rest = &rest[1..];
                continue;
            }
        };
        let word = dice.of(words);
        text.push_str(&written(dice, word));
        rest = &rest[3..];
    }
    text + rest
}

/// Another spelling of the same word.
fn written(dice: &mut Dice, word: &str) -> String {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./-_".contains(&byte));
    let path = plain && (word.contains('.') || word.contains('/')) && !word.starts_with(['/', '.']);
    match dice.below(12) {
        0 if plain => format!("'{word}'"),
        1 if plain => format!("\"{word}\""),
        2 if path => format!("./{word}"),
        3 if path => format!("\"$PWD/{word}\""),
        4 if path => format!("src/../{word}"),
        5 if path => format!("$(pwd)/{word}"),
        6 if path => format!("\"$(git rev-parse --show-toplevel)/{word}\""),
        7 if plain => word.replacen('e', "\\e", 1),
        8 if path => word.replacen('e', "?", 1),
        _ => word.to_owned(),
    }
}
