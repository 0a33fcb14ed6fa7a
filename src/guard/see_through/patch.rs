//! Codex's `apply_patch` under its other names, and what it deletes (Codex 0.169.0).

use super::Inner;
use crate::guard::arg::{Arg, Call};
use crate::patch::{self, ChangeKind};

/// What a patch would run, were it a shell's.
pub(super) fn inside(call: &Call<'_>) -> Vec<Inner> {
    match call.name {
        "apply_patch" => deleted(call),
        "applypatch" => vec![Inner::words(apply_patch(call.args))],
        "codex" if call.first() == "--codex-run-as-apply-patch" => {
            vec![Inner::words(apply_patch(call.args.get(1..).unwrap_or_default()))]
        }
        _ => Vec::new(),
    }
}

/// What a patch of Codex deletes, as `rm` would.
fn deleted(call: &Call<'_>) -> Vec<Inner> {
    let texts = call.args.iter().map(|arg| &arg.text).chain(&call.input.texts);
    let changes = texts.filter_map(|text| patch::of_codex(text)).flatten();
    let gone = changes.filter(|change| change.kind == ChangeKind::Removed);
    let names: Vec<Arg> = gone.map(|change| Arg::literal(change.path.to_string_lossy())).collect();
    let rm = ["rm", "--"].map(Arg::literal).into_iter();
    if names.is_empty() { Vec::new() } else { vec![Inner::words(rm.chain(names).collect())] }
}

fn apply_patch(args: &[Arg]) -> Vec<Arg> {
    std::iter::once(Arg::literal("apply_patch")).chain(args.iter().cloned()).collect()
}
