#!/usr/bin/env bash
# Times one hook call for an allowed command in pairs with `/bin/true`: medians of each, their ratio, and the slowest in a
# hundred of each. The goals: twice `/bin/true`, and 5 ms, as far as the machine lets `/bin/true` do so. Wall times need
# an idle machine, so this is no test.
#
# benches/hook.sh [BINARY]   default: the static release binary that ./setup builds
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

pairs=500
host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
mkdir -p "$scratch/home" "$scratch/project"
git -C "$scratch/project" init -q
export HOME=$scratch/home
here() { sed "s#/home/dev/project#$scratch/project#g" "tests/payloads/claude/$1.json"; }
here SessionStart | "$binary" hook claude SessionStart >/dev/null
here PreToolUse.Bash >"$scratch/in"
[[ -z $("$binary" hook claude PreToolUse <"$scratch/in") ]] || { echo 'the command is not allowed' >&2 && exit 1; }

trues=() hooks=()
for ((pair = 0; pair < pairs; pair++)); do
    started=${EPOCHREALTIME/./}
    /bin/true <"$scratch/in"
    between=${EPOCHREALTIME/./}
    "$binary" hook claude PreToolUse <"$scratch/in"
    ended=${EPOCHREALTIME/./}
    trues+=($((between - started))) hooks+=($((ended - between)))
done

# rank PERCENT MICROSECONDS...
rank() {
    local percent=$1
    shift
    printf '%s\n' "$@" | sort -n | sed -n "$(($# * percent / 100))p"
}
bare=$(rank 50 "${trues[@]}") hook=$(rank 50 "${hooks[@]}")
printf '/bin/true %s us, a hook %s us: %s.%02d times; the slowest in a hundred %s us and %s us\n' \
    "$bare" "$hook" "$((hook / bare))" "$((hook * 100 / bare % 100))" \
    "$(rank 99 "${trues[@]}")" "$(rank 99 "${hooks[@]}")"
