#!/usr/bin/env bash
# sandbox.sh ROOT WORLD TMP: run under `unshare -Urmn`. Makes ROOT a system of which only WORLD (and, with TMP, /tmp,
# which is WORLD/tmp) can be written. Then, for each line on stdin, runs the file COMMAND in WORLD's neighbour
# directory `ask` with the directory CWD there as working directory, and answers with its exit code.
set -euo pipefail
root=$1 world=$2 tmp=$3
readonly_bind() {
    mount --rbind -- "$1" "$2"
    mount -o remount,bind,ro -- "$2"
}
mount -t tmpfs -o mode=755 none "$root"
mkdir -p "$root"/{usr,dev,etc,tmp,proc} "$root$world"
for dir in bin sbin lib lib32 lib64; do
    if [[ -L /$dir ]]; then
        cp -P "/$dir" "$root/$dir"
    elif [[ -d /$dir ]]; then
        mkdir "$root/$dir"
        readonly_bind "/$dir" "$root/$dir"
    fi
done
readonly_bind /usr "$root/usr"
for device in null zero urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
echo 'me:x:0:0:me:/:/bin/bash' >"$root/etc/passwd"
printf '[user]\nname = a\nemail = a@example.org\n[init]\ndefaultBranch = main\n' >"$root/etc/gitconfig"
[[ $tmp == no ]] || mount --bind "$world/tmp" "$root/tmp"
mount --bind "$world" "$root$world"
mount -o remount,ro "$root"

cd /
export PATH=/usr/local/bin:/usr/bin:/bin HOME=$world/home LC_ALL=C.UTF-8 GIT_EDITOR=true GIT_TERMINAL_PROMPT=0
# No capability: what is mounted stays as it is mounted. With its first process everything that was started ends.
run() {
    unshare -p --fork --kill-child --root="$root" --mount-proc=/proc \
        setpriv --inh-caps=-all --bounding-set=-all --no-new-privs \
        timeout -s KILL 5 bash -c 'ulimit -u 500 -f 100000; cd -- "$1" && eval "$2"' bash "$1" "$2" </dev/null >/dev/null 2>&1
}
# It proves that it holds before anything is run in it.
for path in /probe /usr/probe /bin/probe /etc/passwd /dev/probe; do
    if run / "echo > $path"; then
        echo "leak: $path"
        exit 1
    fi
done
if run / 'mount -o remount,rw /usr || mount -t tmpfs none /usr || chroot / true' || ! run "$world" ': > probe && rm probe'; then
    echo 'leak: it is not closed, or not open'
    exit 1
fi
echo ready
while read -r _; do
    run "$(<"$world.ask/cwd")" "$(<"$world.ask/command")" && status=0 || status=$?
    echo "$status"
done
