//! How many tests passed and failed, and which: read from what the runners of several languages print.
//!
//! Formats as printed by cargo test (1.95), cargo-nextest 0.9, pytest 8, go test 1.22, vitest 2, jest 29; and `JUnit` XML.

use serde::{Deserialize, Serialize};

/// At most so many names are kept.
const NAMES: usize = 200;

/// What tests say of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were left out.
    pub skipped: u64,
    /// The names of the failed, sorted, where they are printed.
    #[serde(default)]
    pub failing: Vec<String>,
}

impl Counts {
    /// All that there are.
    pub fn total(&self) -> u64 {
        self.passed + self.failed + self.skipped
    }
}

/// Reads the output of a test run; `None` when it is none that is known.
pub fn counts(output: &str) -> Option<Counts> {
    let plain = without_colour(output);
    let readers = [junit, nextest, cargo, go, vitest, jest, pytest];
    let mut counts = readers.iter().find_map(|read| read(&plain))?;
    counts.failing.sort();
    counts.failing.dedup();
    counts.failing.truncate(NAMES);
    Some(counts)
}

/// `test result: ok. 3 passed; 1 failed; 2 ignored; …`, one line a crate and kind of test.
fn cargo(output: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut found = false;
    for line in output.lines() {
        if let Some(result) = line.trim_start().strip_prefix("test result:") {
            found = true;
            counts.passed += before(result, " passed");
            counts.failed += before(result, " failed");
            counts.skipped += before(result, " ignored");
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            counts.failing.push(name.to_owned());
        }
    }
    found.then_some(counts)
}

/// `Summary [   0.1s] 12 tests run: 11 passed, 1 failed, 3 skipped`.
fn nextest(output: &str) -> Option<Counts> {
    let summary = output.lines().rfind(|line| {
        line.trim_start().starts_with("Summary [") && line.contains("tests run:")
            || line.contains("test run:")
    })?;
    let failing = output.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix("FAIL [")?.split_once("] ")?.1;
        Some(name.split_whitespace().filter(|word| !word.starts_with('(')).collect::<Vec<_>>().join(" "))
    });
    Some(Counts {
        passed: before(summary, " passed"),
        failed: before(summary, " failed") + before(summary, " timed out"),
        skipped: before(summary, " skipped"),
        failing: failing.collect(),
    })
}

/// `=== 1 failed, 2 passed, 1 skipped in 0.12s ===` and `FAILED tests/test_a.py::test_b - …`.
fn pytest(output: &str) -> Option<Counts> {
    let is_summary = |line: &&str| {
        let line = line.trim().trim_matches('=').trim();
        let counted =
            [" passed", " failed", " error", " skipped", " xfailed"].iter().any(|word| line.contains(word));
        counted && line.contains(" in ") && line.chars().next().is_some_and(|c| c.is_ascii_digit())
    };
    let summary = output.lines().rfind(is_summary)?;
    let failing = output.lines().filter_map(|line| {
        let name = line.strip_prefix("FAILED ").or_else(|| line.strip_prefix("ERROR "))?;
        Some(name.split(" - ").next()?.trim().to_owned())
    });
    Some(Counts {
        passed: before(summary, " passed") + before(summary, " xpassed"),
        failed: before(summary, " failed") + before(summary, " error"),
        skipped: before(summary, " skipped") + before(summary, " xfailed") + before(summary, " deselected"),
        failing: failing.collect(),
    })
}

/// `--- FAIL: TestX (0.00s)` with `-v`, else one line a package: `ok  pkg 0.1s`, `FAIL pkg 0.1s`.
fn go(output: &str) -> Option<Counts> {
    let mut tests = Counts::default();
    let mut packages = Counts::default();
    for line in output.lines() {
        let result = line.trim_start();
        let name = |rest: &str| rest.split_whitespace().next().unwrap_or_default().to_owned();
        if let Some(rest) = result.strip_prefix("--- FAIL: ") {
            tests.failed += 1;
            tests.failing.push(name(rest));
        } else if result.starts_with("--- PASS: ") {
            tests.passed += 1;
        } else if result.starts_with("--- SKIP: ") {
            tests.skipped += 1;
        } else if line.starts_with("ok  \t") {
            packages.passed += 1;
        } else if line.starts_with("FAIL\t") {
            packages.failed += 1;
        } else if line.starts_with("?   \t") {
            packages.skipped += 1;
        }
    }
    if packages.passed + packages.failed == 0 {
        return None;
    }
    // Without -v only failures are named, and packages are what can be counted.
    let counts = if tests.passed > 0 { tests } else { Counts { failing: tests.failing, ..packages } };
    Some(counts)
}

/// `      Tests  1 failed | 5 passed | 1 skipped (7)` and ` FAIL  src/a.test.ts > group > name`.
fn vitest(output: &str) -> Option<Counts> {
    let summary = output
        .lines()
        .rfind(|line| line.trim_start().starts_with("Tests  ") && line.trim_end().ends_with(')'))?;
    let failing = output.lines().filter_map(|line| {
        let name = line.trim_start().strip_prefix("FAIL ")?.trim();
        name.contains(" > ").then(|| name.to_owned())
    });
    Some(Counts {
        passed: before(summary, " passed"),
        failed: before(summary, " failed"),
        skipped: before(summary, " skipped") + before(summary, " todo"),
        failing: failing.collect(),
    })
}

/// `Tests:       1 failed, 2 passed, 3 total` and `  ● group › name`.
fn jest(output: &str) -> Option<Counts> {
    let summary =
        output.lines().rfind(|line| line.starts_with("Tests: ") && line.trim_end().ends_with(" total"))?;
    let failing = output.lines().filter_map(|line| {
        let name = line.strip_prefix("  ● ")?.trim();
        (!name.starts_with("Console")).then(|| name.to_owned())
    });
    Some(Counts {
        passed: before(summary, " passed"),
        failed: before(summary, " failed"),
        skipped: before(summary, " skipped") + before(summary, " todo"),
        failing: failing.collect(),
    })
}

/// `<testsuite tests="3" failures="1" errors="0" skipped="1">`; the outermost elements count.
fn junit(output: &str) -> Option<Counts> {
    let start = output.find("<testsuite")?;
    let text = output.get(start..)?;
    let mut counts = Counts::default();
    let suites = text.match_indices("<testsuite ").filter_map(|(at, _)| text.get(at..)?.split('>').next());
    let mut total = 0;
    for suite in suites {
        let number = |name: &str| {
            attribute(suite, name).and_then(|value| value.parse::<u64>().ok()).unwrap_or_default()
        };
        total += number("tests");
        counts.failed += number("failures") + number("errors");
        counts.skipped += number("skipped");
    }
    counts.passed = total.saturating_sub(counts.failed + counts.skipped);
    for case in text.split("<testcase").skip(1) {
        let own = case.split("</testcase>").next().unwrap_or_default();
        if own.contains("<failure") || own.contains("<error") {
            let head = own.split('>').next().unwrap_or_default();
            let class = attribute(head, "classname").map(|class| format!("{class}.")).unwrap_or_default();
            counts.failing.push(format!("{class}{}", attribute(head, "name").unwrap_or_default()));
        }
    }
    (total > 0).then_some(counts)
}

fn attribute<'t>(element: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The number right before the first `word`; 0 without one.
fn before(line: &str, word: &str) -> u64 {
    let find = |at: usize| {
        let head = line.get(..at)?;
        let digits = head.chars().rev().take_while(char::is_ascii_digit).count();
        head.get(head.len() - digits..)?.parse().ok()
    };
    line.match_indices(word).find_map(|(at, _)| find(at)).unwrap_or_default()
}

/// Without the escape sequences of terminals.
fn without_colour(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.strip_prefix('[').and_then(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            rest.get(end + 1..)
        });
        plain.push_str(rest.unwrap_or(part));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn each_runner_is_understood() {
        for (output, passed, failed, skipped, failing) in [
            (
                "test a::b ... ok\ntest a::c ... FAILED\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\nrunning 2 tests\ntest result: ok. 2 passed; 0 failed; 3 ignored; 0 measured\n",
                3,
                1,
                3,
                &["a::c"][..],
            ),
            (
                "        PASS [   0.004s] krate tests::one\n        FAIL [   0.005s] krate tests::two\n------------\n     Summary [   0.010s] 2 tests run: 1 passed, 1 failed, 4 skipped\n        FAIL [   0.005s] krate tests::two\n",
                1,
                1,
                4,
                &["krate tests::two"],
            ),
            (
                "FAILED tests/test_a.py::test_b - assert 1 == 2\nERROR tests/test_c.py::test_d - E\n===== 1 failed, 7 passed, 2 skipped, 1 error in 0.12s =====\n",
                7,
                2,
                2,
                &["tests/test_a.py::test_b", "tests/test_c.py::test_d"],
            ),
            ("3 passed in 0.01s\n", 3, 0, 0, &[]),
            (
                "--- FAIL: TestX (0.00s)\n    x_test.go:5: no\nFAIL\nFAIL\texample.org/a\t0.003s\nok  \texample.org/b\t0.002s\n?   \texample.org/c\t[no test files]\n",
                1,
                1,
                1,
                &["TestX"],
            ),
            (
                "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n--- FAIL: TestB (0.00s)\nFAIL\nFAIL\texample.org/a\t0.1s\n",
                1,
                1,
                0,
                &["TestB"],
            ),
            (
                "\u{1b}[31m FAIL \u{1b}[39m src/a.test.ts > sum > adds\n\n \u{1b}[2m Test Files \u{1b}[22m 1 failed (1)\n\u{1b}[2m      Tests \u{1b}[22m 1 failed | 5 passed | 1 skipped (7)\n",
                5,
                1,
                1,
                &["src/a.test.ts > sum > adds"],
            ),
            (
                "  ● sum › adds\n\n    expect\n\nTests:       1 failed, 1 skipped, 2 passed, 4 total\nSnapshots:   0 total\n",
                2,
                1,
                1,
                &["sum › adds"],
            ),
            (
                "<?xml version=\"1.0\"?><testsuites><testsuite name=\"s\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"><testcase classname=\"C\" name=\"a\"/><testcase classname=\"C\" name=\"b\"><failure message=\"x\"/></testcase></testsuite></testsuites>",
                1,
                1,
                1,
                &["C.b"],
            ),
        ] {
            let counts = counts(output).unwrap_or_else(|| panic!("not understood: {output}"));
            let failing: Vec<_> = failing.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(counts, Counts { passed, failed, skipped, failing }, "{output}");
        }
        for output in ["", "all good\n", "Tests: none\n", "12 files in 3 directories\n"] {
            assert_eq!(counts(output), None, "{output}");
        }
    }
}
