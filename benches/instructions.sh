#!/usr/bin/env bash
# Counts the instructions of one hook call and holds them to the budget. Exact, so the same on a busy machine.
#
# benches/instructions.sh [BINARY]   default: the static release binary
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
command -v valgrind >/dev/null || { echo 'benches/instructions.sh: valgrind is not on PATH' >&2 && exit 2; }

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
mkdir -p "$scratch/home" "$scratch/plain" "$scratch/policy/.orchestrator/policy"
git -C "$scratch/plain" init -q
git -C "$scratch/policy" init -q
cp tests/policy/right/ten-rules.yaml "$scratch/policy/.orchestrator/policy/guard.yaml"
project=$scratch/plain

# payload COMMAND: what the client sends before it runs COMMAND in the project.
recorded=$(<tests/payloads/claude/PreToolUse.Bash.json)
payload() {
    local text=${recorded//"/home/dev/project"/"$project"}
    printf '%s\n' "${text/"echo hi > ran.txt"/"$1"}"
}

over=0
# budget NAME COMMAND EXPECTED LIMIT: EXPECTED is deny or allow.
budget() {
    local name=$1 answer verdict count
    payload "$2" >"$scratch/in"
    answer=$(cd "$project" && env -i HOME="$scratch/home" PATH="$PATH" \
        valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$scratch/log" \
        "$binary" hook claude PreToolUse <"$scratch/in" 2>"$scratch/err") || true
    case $answer$(<"$scratch/err") in
        '') verdict=allow ;;
        *'"ask"'*) verdict=ask ;;
        *) verdict=deny ;;
    esac
    count=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$scratch/log")
    printf '%-34s %9s of %7s instructions, %s\n' "$name" "$count" "$4" "$verdict"
    if [[ $verdict != "$3" ]]; then
        printf '  expected %s: %s%s\n' "$3" "$answer" "$(<"$scratch/err")"
        over=1
    fi
    ((count <= $4)) || over=1
}

# A session has begun, as one always has: the first call of all makes directories that later calls find.
sed "s#/home/dev/project#$project#g" tests/payloads/claude/SessionStart.json |
    env -i HOME="$scratch/home" PATH="$PATH" "$binary" hook claude SessionStart >/dev/null

budget 'allowed: echo' 'echo hi > ran.txt' allow 250000
budget 'allowed: cargo test' 'cd src && cargo test --locked 2>&1 | tail -n 20' allow 250000
budget 'allowed: git commit' 'git add src/main.rs && git commit -m \"Read tokens without copying them\"' allow 250000
budget 'allowed: a loop' 'for f in src/*.rs; do wc -l $f; done | sort -n | tail -5' allow 250000
budget 'allowed: three in a row' 'npm run build && npx vitest run --coverage 2>&1 | tail -50' allow 250000
budget 'denied: git push --force' 'git push --force origin main' deny 400000
budget 'denied: rm -rf outside' 'rm -rf /etc/passwd' deny 400000
project=$scratch/policy
# A wave is open there, and the project has settings.
printf '## Session Config\n\ntest-command: none\nenforcement: warn\n' >"$project/AGENTS.md"
printf 'goal: x\ntasks:\n  - {id: T1, title: x, role: impl-core, files: [ran.txt], acceptance: [{run: test -f ran.txt}]}\n' >"$scratch/plan"
so() { env -i HOME="$scratch/home" PATH="$PATH" "$binary" --project "$project" "$@" >/dev/null; }
so session start
so plan set "$scratch/plan"
so plan approve
so wave start
budget 'with a policy: echo' 'echo hi > ran.txt' allow 1200000
budget 'with a policy: cargo test' 'cd src && cargo test --locked 2>&1 | tail -n 20' allow 1200000
budget 'with a policy: its own rule' 'make deploy-prod' deny 1350000
budget 'with a policy: a rule of a pack' 'kubectl delete ns staging' deny 1350000
((over == 0)) || { echo 'over budget, or judged wrongly' && exit 1; }
