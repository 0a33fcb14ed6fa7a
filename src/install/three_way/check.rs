//! What a merged text must hold, whatever merged it.
//!
//! Responsible for: no line of the person's lost, no change of the new version left out, nothing that neither side
//! has; and a notation that was valid stays so. Must not: know how a text came about.

use std::collections::BTreeMap;

use super::Notation;

/// Whether `result` holds every line that only one side added, and none that only one side removed.
pub(super) fn holds([base, mine, new]: [&str; 3], result: &str) -> bool {
    let mut lines: BTreeMap<&str, [i64; 4]> = BTreeMap::new();
    for (at, text) in [base, mine, new, result].into_iter().enumerate() {
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if let Some(count) = lines.entry(line).or_default().get_mut(at) {
                *count += 1;
            }
        }
    }
    lines.values().all(|[base, mine, new, result]| {
        // What both sides did to a line, once where they did the same.
        let sum = mine + new - base;
        let (least, most) = (sum.min(*mine.max(new)).max(0), sum.max(*mine.min(new)).max(0));
        (least..=most).contains(result)
    })
}

/// Whether `result` can still be read where all sides can.
pub(super) fn is_valid(notation: Notation, sides: [&str; 3], result: &str) -> bool {
    let reads = |text: &str| match notation {
        Notation::Json => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        Notation::Toml => text.parse::<toml_edit::DocumentMut>().is_ok(),
        Notation::Markdown | Notation::Text => true,
    };
    reads(result) || !sides.into_iter().all(reads)
}
