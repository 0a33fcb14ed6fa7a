#!/usr/bin/env bash
# worlds.sh STATE DIR: makes DIR a world with a home, a neighbour, a remote and a project in the given state.
set -euo pipefail
state=$1 world=$2
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TEMPLATE_DIR='' LC_ALL=C
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2024-01-02T03:04:05Z' GIT_COMMITTER_DATE='2024-01-02T03:04:05Z'

put() { # put FILE TEXT
    mkdir -p -- "$(dirname -- "$1")"
    printf '%s\n' "$2" >"$1"
}

mkdir -p "$world"/{home,other,tmp,project}
put "$world/home/notes.txt" 'notes at home'
put "$world/home/.bashrc" 'alias ll=ls'
put "$world/home/Documents/thesis.md" 'thesis'
put "$world/home/.config/app/app.toml" 'theme = 1'
put "$world/other/data.txt" 'of another project'
put "$world/other/sub/more.txt" 'more of another project'
put "$world/other/new.txt" 'new of another project'

git init -q --bare -b main "$world/remote.git"
cd "$world/project"
git init -q -b main .
git remote add origin ../remote.git
put .gitignore $'target/\nnode_modules/\nbuild/\n.env\n*.log\n*.db'
put Cargo.toml '[package]'
put package.json '{}'
put README.md 'readme'
put notes.md 'notes'
put src/main.rs 'fn main() {}'
put src/lib.rs 'pub fn one() {}'
put src/util/mod.rs 'pub fn two() {}'
put docs/a.md 'a'
put docs/b.md 'b'
put data/in.csv '1,2'
put scripts/run.sh 'echo run'
git add -A
git commit -qm first
put notes.md 'notes, second'
git commit -qam second
git tag v1
git checkout -qb topic
put notes.md 'notes of topic'
put docs/c.md 'c of topic'
if [[ $state == expendable ]]; then
    put .env 'the key of topic'
    git add -f .env
fi
git add -A
git commit -qm topic
git checkout -q main
git push -q origin main topic v1
git fetch -q origin
# What a build makes again: nobody misses it.
put target/debug/app 'built app'
put node_modules/x/index.js 'installed'
put build/out.txt 'built out'
put src/__pycache__/m.pyc 'compiled'

dirty() {
    put src/lib.rs 'pub fn one() { /* changed */ }'
    put README.md 'readme, staged'
    git add README.md
    put notes.md 'notes, staged'
    git add notes.md
    put notes.md 'notes, staged and changed again'
    put staged.txt 'staged and new'
    git add staged.txt
    put new.txt 'untracked'
    put 'with space.txt' 'untracked, with a space'
    put draft/one.md 'draft one'
    put draft/two.md 'draft two'
    put docs/new.md 'new among the tracked'
    put draft/deep/er/three.md 'draft three'
    put data/in.csv '1,2,3'
    put .env 'KEY=1'
    put local.db 'rows'
    put debug.log 'lines'
    put .hidden 'untracked and hidden'
    mkdir -p .git/hooks
    put .git/hooks/pre-commit 'exit 0'
}

case $state in
clean) ;;
dirty) dirty ;;
expendable) put .env 'KEY=1' ;;
unpushed)
    put src/lib.rs 'pub fn three() {}'
    git commit -qam 'not pushed'
    git checkout -qb feature
    put docs/feature.md 'feature'
    git add -A
    git commit -qm feature
    git checkout -q main
    # Commits that no HEAD has ever stood on.
    git update-ref refs/heads/lonely "$(git commit-tree -p main -m lonely "topic^{tree}")"
    git update-ref refs/tags/only-tag "$(git commit-tree -p main -m tagged "feature^{tree}")"
    put notes.md 'stashed notes'
    put new.txt 'stashed, untracked'
    git stash -q -u
    put notes.md 'stashed a second time'
    git stash -q
    put docs/later.md 'untracked'
    ;;
worktree)
    git worktree add -q ../wt -b side
    put ../wt/src/lib.rs 'changed in the other tree'
    put ../wt/new.txt 'untracked in the other tree'
    put ../wt/.env 'KEY=2'
    put ../wt/docs/side.md 'committed aside'
    git -C ../wt add docs/side.md
    git -C ../wt commit -qm side
    git worktree add -q --detach ../bare-wt
    put ../bare-wt/docs/loose.md 'on no branch'
    git -C ../bare-wt add docs
    git -C ../bare-wt commit -qm loose
    put new.txt 'untracked'
    ;;
nested)
    git init -q -b main vendor/inner
    put vendor/inner/lib.c 'inner'
    git -C vendor/inner add -A
    git -C vendor/inner commit -qm inner
    put vendor/inner/lib.c 'inner, changed'
    put vendor/inner/new.c 'inner, untracked'
    git init -q -b main vendor/quiet
    put vendor/quiet/q.c 'quiet'
    git -C vendor/quiet add -A
    git -C vendor/quiet commit -qm quiet
    put new.txt 'untracked'
    ;;
links)
    dirty
    ln -s ../home/Documents docs-link
    ln -s src current
    ln -s notes.md note-link
    ln -s ../other/data.txt data-link
    ln -s ../other other-link
    ln -s nowhere dangling
    ;;
merging)
    put notes.md 'notes, third'
    git commit -qam third
    put new.txt 'untracked'
    git merge -q topic >/dev/null 2>&1 || true
    put notes.md 'half resolved by hand'
    ;;
*) echo "no such state: $state" >&2 && exit 2 ;;
esac
# Fewer files are faster to make again. No command runs that would remove an object.
while IFS= read -r -d '' dir; do
    git --git-dir="$dir" repack -qad 2>/dev/null && git --git-dir="$dir" prune-packed || true
done < <(find "$world" -name objects -type d -printf '%h\0')
