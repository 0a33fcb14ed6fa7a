#!/usr/bin/env bash
# Measures the commands that an agent calls all the time against their goal of 10 ms: notes in STATE.md, the plan set
# and shown, the next step, the position of a session. The plan has 40 tasks, the state is as full as it gets, the
# repository has 5,000 files. A median over 21 runs, and the processor time of one; wall times need an idle machine, so
# this is no test.
#
# benches/commands.sh [BINARY]   default: the static release binary that ./setup builds
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

runs=21 goal=10
host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
project=$scratch/project

so() { env -i HOME="$scratch" PATH=/usr/bin:/bin "$binary" --project "$project" "$@"; }

plan() {
    printf 'goal: "Forty things are so"\ntasks:\n'
    for ((n = 1; n <= 40; n++)); do
        printf '  - {id: T%d, title: "Thing %d is so", role: impl-core, files: [src/%d/**], acceptance: [{run: "test -f src/%d/a.txt"}]}\n' "$n" "$n" "$n" "$n"
    done
}

make() {
    git init -q -b main "$project"
    (
        cd "$project"
        git config user.name Dev
        git config user.email dev@example.invalid
        for ((d = 0; d < 50; d++)); do
            mkdir -p "lib/$d"
            for ((f = 0; f < 100; f++)); do echo "$d $f" >"lib/$d/$f.txt"; done
        done
        git add -A
        git commit -qm first
    )
    plan >"$scratch/plan.yaml"
    so session start >/dev/null
    for ((n = 1; n <= 20; n++)); do
        so state ask "question $n, as long as questions are that somebody has to answer" >/dev/null
        so state avoid "way $n" --why "it fails for a reason that takes a sentence to tell" >/dev/null
        so state deviate "deviation $n went another way than it was planned" >/dev/null
    done
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

over=0
measure() {
    local started ended used times=() verdict=ok TIMEFORMAT='%U %S'
    for ((run = 0; run < runs; run++)); do
        started=${EPOCHREALTIME/./}
        so "$@" >/dev/null
        ended=${EPOCHREALTIME/./}
        times+=($((ended - started)))
    done
    used=$({ time for ((run = 0; run < runs; run++)); do so "$@" >/dev/null; done; } 2>&1)
    used=$(awk -v runs="$runs" '{ printf "%.1f", ($1 + $2) * 1000 / runs }' <<<"$used")
    local took
    took=$(median "${times[@]}")
    ((took <= goal * 1000)) || { verdict='OVER' && over=1; }
    printf 'so %-28s %3d.%d ms (processor %s ms)   goal %d ms   %s\n' \
        "$*" $((took / 1000)) $((took % 1000 / 100)) "$used" "$goal" "$verdict"
}

make
cd "$scratch" # short names in what is printed
measure state
measure state deviate 'one more note'
measure session status
measure plan set plan.yaml
measure plan show
measure plan check plan.yaml
measure wave status
exit "$over"
