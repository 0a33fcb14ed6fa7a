#!/usr/bin/env bash
# Measures `so install` and `so diff` against their goals: with no client on PATH, a cold install of everything for four
# platforms in 150 ms, one that has nothing to do and `so diff` in 30 ms, in less than 40 MB. Medians over 15 runs, and
# the least, which a busy machine disturbs least. rulesync and ruler are measured beside them when they are on PATH.
# Wall times need an idle machine, so this is no test.
#
# benches/install.sh [BINARY]   default: the static release binary that ./setup builds
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

runs=15
host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# A home and a project with nothing in them.
fresh() { rm -rf -- "${scratch:?}/home" "$scratch/project"; mkdir -p "$scratch/home" "$scratch/project/.git"; }

so() { (cd "$scratch/project" && env -i HOME="$scratch/home" PATH=/nowhere NO_COLOR=1 "$binary" "$@" >"$scratch/out" 2>&1); }

now() { echo $((${EPOCHREALTIME/./} / 10)); } # in hundredths of a millisecond

# row NAME GOAL BEFORE COMMAND...: the median and the least of all runs, in milliseconds.
row() {
    local name=$1 goal=$2 before=$3 times=() started; shift 3
    for ((run = 0; run < runs; run++)); do
        "$before"
        started=$(now)
        "$@" || { echo "failed: $*" >&2; cat "$scratch/out" >&2; exit 1; }
        times+=($(($(now) - started)))
    done
    printf '%s\n' "${times[@]}" | sort -n | awk -v name="$name" -v goal="$goal" -v runs="$runs" '
        { all[NR] = $1 / 100 }
        END { printf "%-42s median %7.1f ms   least %7.1f ms   goal %s\n", name, all[int((runs + 1) / 2)], all[1], goal }'
}

verify=()
"$binary" install --help | grep -q -- --no-verify && verify=(--no-verify)
everything=(install --yes "${verify[@]}" --platform claude --platform codex --platform cursor --platform pi)

# An aged file system can take twenty times as long for this as a fresh one, and an install makes as many files.
mkdir "$scratch/files"
row '300 empty files, in one shell' '' true eval 'rm -f "$scratch"/files/*; for file in {1..300}; do : >"$scratch/files/$file"; done'
row 'install everything, cold' '150 ms' fresh so "${everything[@]}"
row 'install everything, project scope, cold' '150 ms' fresh so "${everything[@]}" --scope project
fresh; so "${everything[@]}"
row 'install again, nothing to do' '30 ms' true so "${everything[@]}"
row 'so diff' '30 ms' true so diff --check
row 'uninstall and install again' '' true eval 'so uninstall --yes && so "${everything[@]}"'
if [ -x /usr/bin/time ]; then
    fresh
    (cd "$scratch/project" && env -i HOME="$scratch/home" PATH=/nowhere /usr/bin/time -f 'memory of a cold install: %M kB (goal 40,000)' \
        "$binary" "${everything[@]}" 2>&1 >/dev/null | tail -1)
fi

# The same tree as others read it: rules, commands and skills of ours in their own layout, first into nothing, then with
# nothing to do. rulesync wants a name in each skill.
peer() {
    command -v "$1" >/dev/null || { echo "$1 is not on PATH"; return 0; }
    call() { (cd "$scratch/project" && env HOME="$scratch/home" "$@" >"$scratch/out" 2>&1); }
    row "$1, cold" '' theirs call "$@"
    row "$1, nothing to do" '' true call "$@"
    [ ! -x /usr/bin/time ] || call /usr/bin/time -f 'memory: %M kB' "$@"
    tail -1 "$scratch/out"
}
theirs() {
    fresh
    mkdir -p "$scratch/project/.rulesync" "$scratch/project/.ruler"
    cp -r skills commands "$scratch/project/.rulesync/"; cp -r skills "$scratch/project/.ruler/"
    local skill
    for skill in "$scratch"/project/.rulesync/skills/*/SKILL.md; do
        grep -q '^name:' "$skill" || sed -i "1a name: $(basename "$(dirname "$skill")")" "$skill"
    done
    printf '# Rules\n' >"$scratch/project/.ruler/AGENTS.md"
}
peer rulesync generate --targets claudecode,codexcli,cursor --features rules,commands,skills
peer ruler apply --agents claude,codex,cursor
