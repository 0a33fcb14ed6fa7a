#!/bin/sh
# Answers a client's hook with `so`, if it is installed here. Committed with the project, so it must not stop people
# who have no `so`: their calls go through, and they are told once a session. Who wants calls refused without `so`
# creates ~/.config/so/armed.
platform=$1 event=$2
for so in "$(command -v so 2>/dev/null)" "$HOME/.local/bin/so" "$HOME/.cargo/bin/so" /usr/local/bin/so /opt/homebrew/bin/so; do
  if [ -n "$so" ] && [ -x "$so" ] && "$so" hook --probe 2>/dev/null; then exec "$so" hook "$platform" "$event" --wiring project; fi
done
cat >/dev/null
case $event in
  [Ss]ession[_Ss]*tart) text='so is not installed here: not guarded' ;;
  PreToolUse | preToolUse | before*Execution)
    if [ -e "${XDG_CONFIG_HOME:-$HOME/.config}/so/armed" ]; then
      echo "refused: this project is guarded by so, which was not found on this machine" >&2
      exit 2
    fi
    exit 0 ;;
  *) exit 0 ;;
esac
case $platform in
  cursor) printf '{"additional_context":"%s"}\n' "$text" ;;
  *) printf '{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"%s"}}\n' "$text" ;;
esac
