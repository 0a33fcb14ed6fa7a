#!/bin/sh
# Answers a client's hook with `so`, if it is installed here. Committed with the project, so it must not stop people
# who have no `so`: their calls go through, and they are told once a session. Who wants calls refused without `so`
# creates ~/.config/so/armed.
platform=$1 event=$2 guard=$3
for so in "$(command -v so 2>/dev/null)" "$HOME/.local/bin/so" "$HOME/.cargo/bin/so" /usr/local/bin/so /opt/homebrew/bin/so; do
  # Another program may be called so: ours says its full name.
  [ -x "$so" ] && [ "$("$so" hook --probe </dev/null 2>/dev/null)" = sessionwright ] || continue
  # Of two wirings one answers. `so` sees to that, except where the client runs extensions, which do.
  [ "$platform" != pi ] || exec "$so" hook "$platform" "$event"
  exec "$so" hook "$platform" "$event" --wiring project
done
[ "$platform" != pi ] || exit 127
cat >/dev/null
if [ "$guard" = --guard ]; then
  [ -e "${XDG_CONFIG_HOME:-$HOME/.config}/so/armed" ] || exit 0
  echo 'refused: this project is guarded by so, which was not found on this machine' >&2
  exit 2
fi
text='so is not installed here: not guarded'
case $platform:$event in
  cursor:sessionStart) printf '{"additional_context":"%s"}\n' "$text" ;;
  *:SessionStart) printf '{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"%s"}}\n' "$text" ;;
esac
