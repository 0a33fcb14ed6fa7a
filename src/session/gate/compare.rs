//! A result held against what failed before the work began.

use super::{Check, GateResult, Verdict};

/// What the checks say, and why it is not green.
pub(super) fn judge(checks: &[Check], baseline: Option<&GateResult>) -> (Verdict, Vec<String>) {
    let mut reasons = Vec::new();
    let mut verdict = Verdict::Green;
    let before = baseline.map(GateResult::by_name).unwrap_or_default();
    for check in checks {
        let old = before.get(check.name.as_str()).copied();
        if let Some(fallen) = old.and_then(|old| fewer(check, old)) {
            reasons.push(fallen);
            verdict = Verdict::Red;
        }
        if !check.status.is_bad() {
            continue;
        }
        let unknown = || Some("there is no baseline that it failed in".to_owned());
        if let Some(why) = old.map_or_else(unknown, |old| worse(check, old)) {
            reasons.push(format!("{}: {} ({why})", check.name, check.status.word()));
            verdict = Verdict::Red;
        } else {
            reasons.push(format!("{}: {} as before", check.name, check.status.word()));
            verdict = if verdict == Verdict::Red { Verdict::Red } else { Verdict::NoWorse };
        }
    }
    for (name, _) in before
        .iter()
        .filter(|(name, old)| !old.command.is_empty() && !checks.iter().any(|check| check.name == **name))
    {
        reasons.push(format!("{name}: the check is gone"));
        verdict = Verdict::Red;
    }
    (verdict, reasons)
}

/// Tests that are no longer there.
fn fewer(check: &Check, old: &Check) -> Option<String> {
    let (now, before) = (check.counts.as_ref()?.total(), old.counts.as_ref()?.total());
    (now < before).then(|| format!("{}: {now} tests, {before} before", check.name))
}

/// Why a check that is bad is worse than it was; `None` when it is not.
fn worse(check: &Check, old: &Check) -> Option<String> {
    if !old.status.is_bad() {
        return Some(format!("it was {} before", old.status.word()));
    }
    if check.status != old.status {
        return Some(format!("it was {} before", old.status.word()));
    }
    let (Some(now), Some(before)) = (&check.counts, &old.counts) else {
        return (check.counts.is_none() && old.counts.is_some())
            .then(|| "it does not count its tests any more".to_owned());
    };
    let is_named = !now.failing.is_empty() && !before.failing.is_empty();
    let new: Vec<_> = now.failing.iter().filter(|name| !before.failing.contains(name)).collect();
    match new.first() {
        Some(name) if is_named => Some(format!("{} of it did not fail before: {name}", new.len())),
        _ if now.failed > before.failed => Some(format!("{} fail, {} before", now.failed, before.failed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::gate::{Counts, Status, Variant};

    fn check(name: &str, status: Status, counts: Option<(u64, u64, &[&str])>) -> Check {
        let counts = counts.map(|(passed, failed, names)| Counts {
            passed,
            failed,
            skipped: 0,
            failing: names.iter().map(|name| (*name).to_owned()).collect(),
        });
        let command = name.to_owned();
        Check {
            name: name.to_owned(),
            command,
            status,
            seconds: 0,
            counts,
            log: String::new(),
            findings: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_new_is_red() {
        use Status::{Absent, Fail, Pass, Stub, Timeout};
        let one = |status, counts| vec![check("test", status, counts)];
        let failing = |names: &'static [&'static str]| Some((8, names.len() as u64, names));
        for (now, before, expected) in [
            (one(Pass, None), None, Verdict::Green),
            (one(Absent, None), None, Verdict::Green),
            (one(Fail, None), None, Verdict::Red),
            (one(Fail, None), Some(one(Fail, None)), Verdict::NoWorse),
            (one(Stub, None), Some(one(Stub, None)), Verdict::NoWorse),
            (one(Stub, None), Some(one(Fail, None)), Verdict::Red),
            (one(Timeout, None), Some(one(Pass, None)), Verdict::Red),
            (one(Fail, failing(&["a"])), Some(one(Fail, failing(&["a", "b"]))), Verdict::Red), // a test is gone
            (one(Fail, Some((9, 1, &["a"]))), Some(one(Fail, failing(&["a", "b"]))), Verdict::NoWorse),
            (one(Fail, Some((9, 1, &["c"]))), Some(one(Fail, failing(&["a", "b"]))), Verdict::Red),
            (one(Fail, Some((9, 2, &[]))), Some(one(Fail, Some((9, 1, &[])))), Verdict::Red),
            (one(Pass, Some((9, 0, &[]))), Some(one(Pass, Some((10, 0, &[])))), Verdict::Red),
            (Vec::new(), Some(one(Pass, None)), Verdict::Red),
        ] {
            let before = before.map(|checks| GateResult {
                variant: Variant::Baseline,
                result: Verdict::Red,
                green: false,
                checks,
                reasons: Vec::new(),
                tree: String::new(),
            });
            let (verdict, reasons) = judge(&now, before.as_ref());
            assert_eq!(verdict, expected, "{now:?}: {reasons:?}");
            assert_eq!(verdict == Verdict::Green, reasons.is_empty(), "{reasons:?}");
        }
    }
}
