#!/usr/bin/env bash
# Measures `so build` of this tree against its goals: a median over 20 runs of the static release binary, with no
# client on PATH. Wall times need an idle machine, so this is no test.
#
# benches/build.sh [BINARY]   default: the static release binary that ./setup builds
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
runs=20
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

so() { env -i HOME="$scratch" PATH= "$binary" "$@"; }

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# wall NAME GOAL PREPARE COMMAND...: milliseconds of COMMAND, each after PREPARE.
wall() {
    local name=$1 goal=$2 prepare=$3 started ended times=()
    shift 3
    for ((run = 0; run < runs; run++)); do
        $prepare
        started=${EPOCHREALTIME/./}
        "$@" >/dev/null
        ended=${EPOCHREALTIME/./}
        times+=($((ended - started)))
    done
    row "$name" "$(median "${times[@]}")" 1000 ms "$goal"
}

over=0
# row NAME VALUE DIVISOR UNIT GOAL
row() {
    local verdict=ok
    (($2 <= $5 * $3)) || { verdict='OVER' && over=1; }
    awk -v name="$1" -v value="$2" -v by="$3" -v unit="$4" -v goal="$5" -v verdict="$verdict" \
        'BEGIN { printf "%-34s %8.1f %-2s   goal %4d %-2s   %s\n", name, value / by, unit, goal, unit, verdict }'
}

nothing() { :; }
fresh() { rm -rf -- "$scratch/dist"; }
build() { so build --source . --out "$scratch/dist" "$@"; }

printf '%s, %d runs each, medians; starting a process alone takes ' "$("$binary" --version)" "$runs"
wall 'so --version' 1000 nothing so --version | awk '{ print $3, $4 }'
wall 'so build, nothing there' 150 fresh build
wall 'so build, nothing to change' 150 nothing build
wall 'so build --check' 30 nothing build --check
wall 'so check' 150 nothing so check

# GNU time: the most memory that was resident, in KiB.
if peak=$(env -i HOME="$scratch" PATH= "$(type -P time || echo time-is-missing)" -f %M "$binary" build --source . --out "$scratch/peak" 2>&1 >/dev/null); then
    row 'so build, peak memory' "$peak" 1024 MB 40
else
    echo 'so build, peak memory: not measured, GNU time is not here (Debian: apt install time)'
fi
exit "$over"
