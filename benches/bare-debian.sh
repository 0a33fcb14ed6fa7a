#!/usr/bin/env bash
# From the archive to the first proven refusal on a Debian that has nothing: a minimal system in a folder, the release
# unpacked by its own installer, an install for a client, and the very command that was wired for it, asked about a
# dangerous call. The goal is 120 s, the making of the system not counted.
#
# benches/bare-debian.sh [BINARY]   default: the static release binary that ./setup builds
# Needs root, debootstrap and a Debian mirror; SO_BARE names a system made before, to be used again.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

goal=120
not_run() {
    printf '!!! NOT RUN: %s\n' "$*" >&2
    exit 0
}
[[ $(id -u) == 0 ]] || not_run 'the bare Debian needs root, for chroot'
command -v debootstrap >/dev/null || not_run 'debootstrap is not here'

host=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
# ldd fails for a program that is static.
linked=$(ldd "$binary" 2>&1 || true)
grep -qE 'not a dynamic executable|statically linked' <<<"$linked" || not_run "$binary is not static"
scratch=$(mktemp -d)
system=${SO_BARE:-$scratch/system}
# What is mounted must go before the folder does.
trap '! mountpoint -q "$system/proc" || umount "$system/proc"; mountpoint -q "$system/proc" || rm -rf -- "$scratch"' EXIT
if [[ ! -x $system/bin/sh ]]; then
    debootstrap --variant=minbase stable "$system" >"$scratch/debootstrap.log" 2>&1 ||
        not_run "debootstrap: $(tail -n 1 "$scratch/debootstrap.log")"
fi
for tool in cargo rustc node python3 curl wget git; do
    ! chroot "$system" sh -c "command -v $tool" >/dev/null || not_run "$system is not bare: it has $tool"
done
rm -rf -- "$system/root/release" "$system/root/.local" "$system/root/.claude" "$system/root/project"

"$binary" build --package --out "$scratch/dist" --binary "$binary" --target x86_64-unknown-linux-gnu >/dev/null
cp -r -- "$scratch/dist/release" "$system/root/release"

# A program finds its own file by it, as on every system that was started.
mount -t proc proc "$system/proc" || not_run '/proc cannot be mounted here'
bare() { chroot "$system" env -i HOME=/root PATH=/root/.local/bin:/usr/bin:/bin "$@"; }

started=${EPOCHREALTIME/./}
bare sh /root/release/install.sh --from /root/release
mkdir -p -- "$system/root/project"
bare so --project /root/project install --platform claude --yes --quiet
# The command that the client would run, as it stands in its settings.
plugin=$(find "$system/root/.local/share/so" -name hooks.json -path '*claude*' | head -n 1)
command=$(grep -o '"command": "[^"]*PreToolUse[^"]*"' "$plugin" | head -n 1 | sed 's/^"command": "//; s/"$//')
payload='{"session_id":"s","cwd":"/root/project","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"COMMAND"}}'
answer=$(bare sh -c "$command" <<<"${payload/COMMAND/git push --force origin main}" || true)
quiet=$(bare sh -c "$command" <<<"${payload/COMMAND/ls -l}")
took=$(((${EPOCHREALTIME/./} - started) / 1000))

grep -q 'force-push' <<<"$answer" || { printf 'no refusal: %s\n' "$answer" >&2 && exit 1; }
[[ -z $quiet ]] || { printf 'a harmless call was answered: %s\n' "$quiet" >&2 && exit 1; }
printf 'from the archive to the first refusal: %s ms, goal %s s\n' "$took" "$goal"
((took <= goal * 1000)) || exit 1
