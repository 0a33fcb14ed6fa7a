//! Recall and false alarms on commands that no table lists one by one: each way to run a command, and each place where
//! a text is only data, with each payload. `wrappers.txt`, `payloads.txt` and `data.txt` say what is what.
//!
//! `SO_UNSEEN_SHOW=1` prints everything that is decided wrongly, not only examples; `wrappers` sorts by wrapper.

use std::collections::BTreeMap;

use so::guard::{Decision, check};

use super::context;

const WRAPPERS: &str = include_str!("wrappers.txt");
const PAYLOADS: &str = include_str!("payloads.txt");
const DATA: &str = include_str!("data.txt");

/// The lines below each `## heading`.
fn sections(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            found.push((heading, Vec::new()));
        } else if !line.is_empty() && !line.starts_with("# ") {
            found.last_mut().expect("a heading").1.push(line);
        }
    }
    found
}

/// In single quotes for a shell.
fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// In double quotes, with the letters escaped that mean something there.
fn double(text: &str, special: &[char]) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|letter| special.contains(&letter).then_some('\\').into_iter().chain([letter]))
        .collect();
    format!("\"{escaped}\"")
}

/// The words of a payload: quotes are the only thing a payload uses.
fn words(payload: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in payload.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("a word").push(letter),
        }
    }
    words
}

/// A wrapper with a payload in it; `None` where the payload cannot stand there as it is.
fn wrapped(wrapper: &str, payload: &str) -> Option<String> {
    let string = |text: &str| double(text, &['"', '\\']);
    let list = words(payload).iter().map(|word| string(word)).collect::<Vec<_>>().join(", ");
    // Inside single quotes of the shell a quote ends them, and nothing can be escaped.
    let quoted = wrapper.contains('\'') && (wrapper.contains("{raw}") || wrapper.contains("{rawslash}"));
    if quoted && payload.contains('\'') {
        return None;
    }
    let inner = |text: String| text.replace('\'', r"'\''");
    let text = wrapper
        .replace("{argv}", payload)
        .replace("{text}", &single(payload))
        .replace("{dq}", &double(payload, &['"', '\\', '$', '`']))
        .replace("{hs}", &string(payload))
        .replace("{hlist}", &list)
        .replace("{s}", &inner(string(payload)))
        .replace("{list}", &inner(list))
        .replace("{rawslash}", &payload.replace('/', "\\/"))
        .replace("{raw}", payload);
    Some(text.replace('⏎', "\n"))
}

/// How many of how many, and which not.
#[derive(Default)]
struct Score {
    all: usize,
    wrong: Vec<String>,
}

impl Score {
    fn add(&mut self, right: bool, text: &str) {
        self.all += 1;
        if !right {
            self.wrong.push(text.replace('\n', "⏎"));
        }
    }
}

/// One line a family, with examples of what is wrong; then the sum.
#[expect(clippy::print_stdout, reason = "a measurement is for the one who runs it")]
fn report(what: &str, scores: &BTreeMap<String, Score>) -> (usize, usize) {
    let shown = if std::env::var_os("SO_UNSEEN_SHOW").is_some() { usize::MAX } else { 5 };
    for (name, score) in scores.iter().filter(|(_, score)| !score.wrong.is_empty()) {
        println!("{what} {name}: {} of {}", score.wrong.len(), score.all);
        score.wrong.iter().take(shown).for_each(|text| println!("    {text}"));
    }
    let sum =
        scores.values().fold((0, 0), |(wrong, all), score| (wrong + score.wrong.len(), all + score.all));
    println!("{what}: {} of {}", sum.0, sum.1);
    sum
}

/// Every `step`th payload of a class for a wrapper, beginning with another one for each wrapper.
fn measured(step: usize) {
    let context = context();
    let (mut missed, mut alarms) = (BTreeMap::<String, Score>::new(), BTreeMap::<String, Score>::new());
    let allowed = |text: &str| check(text, &context).decision() == Decision::Allow;
    let payloads = sections(PAYLOADS);
    let mut turn = 0;
    let by_wrapper = std::env::var_os("SO_UNSEEN_SHOW").is_some_and(|by| by == "wrappers");
    for (family, wrappers) in sections(WRAPPERS) {
        for wrapper in wrappers {
            for (class, commands) in &payloads {
                turn += 1;
                for payload in commands.iter().skip(turn % step.min(commands.len())).step_by(step) {
                    let Some(text) = wrapped(wrapper, payload) else { continue };
                    if *class == "harmless" {
                        alarms.entry(family.to_owned()).or_default().add(allowed(&text), &text);
                    } else {
                        let name = if by_wrapper { wrapper.to_owned() } else { format!("{family}: {class}") };
                        missed.entry(name).or_default().add(!allowed(&text), &text);
                    }
                }
            }
        }
    }
    for place in DATA.lines().filter(|line| !line.starts_with("# ") || line.contains('@')) {
        for (_, commands) in payloads.iter().filter(|(class, _)| *class != "harmless") {
            turn += 1;
            for payload in commands.iter().skip(turn % step.min(commands.len())).step_by(step) {
                if payload.contains('\'') && place.contains("'@'") {
                    continue;
                }
                let text = place.replace("\"@\"", &double(payload, &['"', '\\', '$', '`']));
                let here = text.contains('⏎');
                let text = text.replace('@', &if here { (*payload).to_owned() } else { single(payload) });
                let text = text.replace('⏎', "\n");
                alarms.entry("data".to_owned()).or_default().add(allowed(&text), &text);
            }
        }
    }
    let (wrong, all) = report("missed", &missed);
    assert!(wrong * 1_000 <= all * 5, "recall is {:.2} %", 100.0 - percent(wrong, all));
    let (wrong, all) = report("false alarms", &alarms);
    assert!(wrong * 1_000 <= all * 5, "false alarms are {:.2} %", percent(wrong, all));
}

fn percent(part: usize, all: usize) -> f64 {
    100.0 * f64::from(u32::try_from(part).expect("small")) / f64::from(u32::try_from(all).expect("small"))
}

#[test]
fn what_is_dangerous_is_so_in_every_wrapper_and_nowhere_as_data() {
    measured(4);
}

#[test]
#[ignore = "all of them take a minute; tests/run does it"]
fn all_of_what_is_dangerous_is_so_in_every_wrapper() {
    measured(1);
}
