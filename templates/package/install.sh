#!/bin/sh
# Puts {{ bin }} {{ version }} where the shell finds it: fetches the archive for this machine, holds it against SHA256SUMS, and
# replaces the program in one step. Nothing else is changed. It needs tar, gzip and one of sha256sum, shasum, openssl; and
# curl or wget unless the archives are in a directory here.
set -eu

usage() {
  cat <<'EOF'
Usage: install.sh [--from URL|DIR] [--to DIR] [--sums FILE]

  --from  where the archives and SHA256SUMS are: an address or a directory{{ " [default: " ~ base_url ~ "]" if base_url }}
  --to    where the program goes [default: ~/.local/bin]
  --sums  a copy of SHA256SUMS that you trust more than the one beside the archives
  --print-target  say which archive is for this machine, and end

  SO_FROM, SO_BIN_DIR: the same as --from and --to
EOF
}

fail() {
  printf 'install.sh: %s\n' "$@" >&2
  exit 2
}

version='{{ version }}'
default={{ base_url | sh }}
from=${SO_FROM:-$default}
to=${SO_BIN_DIR:-${HOME:+$HOME/.local/bin}}
sums='' only_target=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --print-target) only_target=yes ;;
    --from | --to | --sums)
      [ $# -gt 1 ] || fail "$1 needs a value"
      case $1 in
        --from) from=$2 ;;
        --to) to=$2 ;;
        --sums) sums=$2 ;;
      esac
      shift
      ;;
    *) fail "what is $1? see --help" ;;
  esac
  shift
done

# Which archive is for this machine.
case "$(uname -s) $(uname -m)" in
{% for target in targets if target.patterns %}
  {% for pattern in target.patterns %}{{ pattern }}{{ " | " if not loop.last }}{% endfor %}) target={{ target.triple }} ;;
{% endfor %}
  *) fail "there is no archive for $(uname -s) $(uname -m)" 'build it from the source: see README.md' ;;
esac
[ -z "$only_target" ] || { printf '%s\n' "$target" && exit 0; }
[ -n "$from" ] || fail 'say where the archives are: --from URL or --from DIR'
[ -n "$to" ] || fail 'say where the program goes: --to DIR'

scratch=$(mktemp -d)
new=''
trap 'rm -rf -- "$scratch"; [ -z "$new" ] || rm -f -- "$new"' EXIT
trap 'exit 130' HUP INT TERM

# fetch NAME: one file into the scratch directory.
fetch() {
  if [ -d "$from" ]; then
    cp -- "$from/$1" "$scratch/$1" || fail "there is no $1 in $from"
  elif command -v curl >/dev/null 2>&1; then
    curl -fsSL --retry 2 -o "$scratch/$1" -- "$from/$1" || fail "could not fetch $from/$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$scratch/$1" -- "$from/$1" || fail "could not fetch $from/$1"
  else
    fail 'there is neither curl nor wget here: fetch the archive and SHA256SUMS by other means, then use --from DIR'
  fi
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    fail 'nothing here can compute SHA-256: install sha256sum, shasum or openssl'
  fi
}

name={{ name }}-$version-$target
fetch "$name.tar.gz"
if [ -z "$sums" ]; then
  fetch SHA256SUMS
  sums=$scratch/SHA256SUMS
fi
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\.tar\.gz\$/\1/p" <"$sums")
[ -n "$wanted" ] || fail "SHA256SUMS does not name $name.tar.gz"
found=$(sum "$scratch/$name.tar.gz")
[ "$wanted" = "$found" ] || fail "$name.tar.gz is not what SHA256SUMS says; nothing was installed" "wanted $wanted" "found  $found"

gzip -dc <"$scratch/$name.tar.gz" | tar -xf - -C "$scratch"
[ -f "$scratch/$name/{{ bin }}" ] || fail "$name.tar.gz holds no {{ bin }}"

# A rename replaces the program at once: hooks that run meanwhile find the old one or the new one.
mkdir -p -- "$to"
to=$(CDPATH='' cd -- "$to" && pwd)
new=$to/.{{ bin }}.new.$$
cp -- "$scratch/$name/{{ bin }}" "$new"
chmod 755 -- "$new"
"$new" --version >/dev/null || fail "the program of $name does not run here; nothing was installed"
mv -f -- "$new" "$to/{{ bin }}"
new=''
printf '%s is at %s\n' "$("$to/{{ bin }}" --version)" "$to/{{ bin }}"
# shellcheck disable=SC2016 # the person's shell expands it
case $(command -v {{ bin }} || true) in
  "$to/{{ bin }}") ;;
  '') printf '%s is not on PATH; add this to the profile of your shell: export PATH="%s:$PATH"\n' "$to" "$to" ;;
  *) printf 'another {{ bin }} comes first on PATH: %s; put %s before it\n' "$(command -v {{ bin }})" "$to" ;;
esac
printf 'next, in a project: {{ bin }} install\n'
