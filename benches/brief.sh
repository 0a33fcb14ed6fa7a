#!/usr/bin/env bash
# Measures `so brief` against its goal: 300 ms without the network, in a repository of 100,000 commits, 5,000 branches
# and 5,000 files that `git fast-import` makes here. A median over 9 runs, with the branches packed, and as 5,000 files.
# Wall times need an idle machine, so this is no test.
#
# benches/brief.sh [BINARY]   default: the static release binary that ./setup builds
# SO_BENCH_REPOSITORY=DIR     keeps the repository there, for the next time
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

commits=100000 branches=5000 files=5000 runs=9 goal=300
host=$(rustc -vV | sed -n 's/^host: //p')
binary=$(realpath -- "${1:-${CARGO_TARGET_DIR:-target}/$host/release/so}")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
repository=${SO_BENCH_REPOSITORY:-$scratch/repository}

# A main line, and one commit on each branch off it; every commit changes one of the files.
stream() {
    awk -v commits="$commits" -v branches="$branches" -v files="$files" -v now="$(date +%s)" '
    function said(text) { printf "data %d\n%s\n", length(text), text }
    BEGIN {
        for (n = 1; n <= commits; n++) {
            print "commit refs/heads/main"
            if (n % int(commits / branches) == 0) print "mark :" n
            printf "committer Dev <dev@example.invalid> %d +0000\n", now - (commits - n) * 300
            said("Change number " n)
            if (n == 1) for (f = 0; f < files; f++) { print "M 100644 inline src/" (f % 50) "/" f ".txt"; said("file " f) }
            else { print "M 100644 inline src/" (n % files % 50) "/" (n % files) ".txt"; said("content " n) }
        }
        for (b = 1; b <= branches; b++) {
            print "commit refs/heads/topic/" b
            printf "committer Dev <dev@example.invalid> %d +0000\n", now - (branches - b) * 3600
            said("Topic " b)
            print "from :" b * int(commits / branches)
            print "M 100644 inline topic.txt"; said("topic " b)
        }
        print "reset refs/remotes/origin/main"; print "from :" (commits - 5 * int(commits / branches)); print ""
    }'
}

make() {
    git init -q -b main "$repository"
    stream | git -C "$repository" fast-import --quiet
    git -C "$repository" checkout -q -f main
    git -C "$repository" config branch.main.remote origin
    git -C "$repository" config branch.main.merge refs/heads/main
    git -C "$repository" config remote.origin.url https://example.invalid/x.git
    git -C "$repository" config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
    echo changed >>"$repository/src/0/0.txt"
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

over=0
measure() {
    local started ended times=() verdict=ok
    for ((run = 0; run < runs; run++)); do
        started=${EPOCHREALTIME/./}
        env -i HOME="$scratch" PATH= "$binary" brief --project "$repository" >"$scratch/said"
        ended=${EPOCHREALTIME/./}
        times+=($(((ended - started) / 1000)))
    done
    (($(median "${times[@]}") <= goal)) || { verdict='OVER' && over=1; }
    ! grep -n 'unknown:' "$scratch/said" || { verdict='INCOMPLETE' && over=1; }
    printf 'so brief, %-20s %5d ms   goal %d ms   %s\n' "$1" "$(median "${times[@]}")" "$goal" "$verdict"
}

[[ -d $repository ]] || make
measure 'branches as they are'
git -C "$repository" pack-refs --all
measure 'branches packed'
exit "$over"
