//! How sessions went, one after the other, as bars.

use serde::Serialize;
use serde_json::Value;

use crate::{clock, plain};

/// Sessions that are shown.
const SHOWN: usize = 24;

/// One session as a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its label.
    pub label: String,
    /// The day it ended.
    pub day: String,
    /// How it ended.
    pub status: String,
    /// Its gate; empty where there was none.
    pub gate: String,
    /// Tasks that were planned.
    pub planned: u64,
    /// Those that were done.
    pub done: u64,
    /// Those that were carried over.
    pub carried: u64,
    /// How long it took, in minutes.
    pub minutes: u64,
    /// The heights of what was done and of the rest, in thousandths of the highest bar.
    pub heights: (u64, u64),
    /// The height of its minutes, in thousandths of the longest.
    pub long: u64,
}

/// The last sessions, oldest first.
pub(super) fn bars(sessions: &[Value]) -> Vec<Bar> {
    let from = sessions.len().saturating_sub(SHOWN);
    let mut bars: Vec<Bar> = sessions.iter().skip(from).map(bar).collect();
    let most = bars.iter().map(|bar| bar.planned).max().unwrap_or_default().max(1);
    let longest = bars.iter().map(|bar| bar.minutes).max().unwrap_or_default().max(1);
    for bar in &mut bars {
        let done = bar.done.min(bar.planned);
        bar.heights = (done * 1000 / most, (bar.planned - done) * 1000 / most);
        bar.long = bar.minutes * 1000 / longest;
    }
    bars
}

fn bar(line: &Value) -> Bar {
    let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| line.pointer(key).and_then(Value::as_u64).unwrap_or_default();
    let (begun, ended) = (clock::ms_of(text("started_at")), clock::ms_of(text("completed_at")));
    Bar {
        label: plain::line(text("label"), 80),
        day: text("completed_at").chars().take(10).collect(),
        status: plain::line(text("status"), 20),
        gate: plain::line(text("gate"), 20),
        planned: number("/tasks/planned"),
        done: number("/tasks/done"),
        carried: line.get("carried").and_then(Value::as_array).map_or(0, |carried| carried.len() as u64),
        minutes: ended.saturating_sub(begun) / 60_000,
        heights: (0, 0),
        long: 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_highest_bar_is_the_measure() {
        let session = |planned: u64, done: u64, hours: u64| {
            json!({"started_at": "2026-01-01T00:00:00Z", "completed_at": format!("2026-01-01T0{hours}:00:00Z"),
                "tasks": {"planned": planned, "done": done}})
        };
        let bars = bars(&[session(4, 1, 2), session(2, 2, 1), session(0, 3, 0)]);
        let heights: Vec<_> = bars.iter().map(|bar| (bar.heights, bar.long)).collect();
        assert_eq!(heights, [((250, 750), 1000), ((500, 0), 500), ((0, 0), 0)]);
        assert_eq!(super::bars(&[]), []);
    }
}
