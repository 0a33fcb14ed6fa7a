//! Filters whose changes of a known text can be followed: `awk '{print}'`, `sed s/a/b/`, `tr -d '\r'`.

use super::arg::Arg;
use super::flow::Flow;

/// Known texts after a change that can be followed: `awk '{print}'`, `sed s/a/b/`, `tr -d '\r'`.
pub(super) fn edited(name: &str, args: &[Arg], input: &Flow) -> Option<Flow> {
    let changed = |change: &dyn Fn(&str) -> String| {
        let texts = input.texts.iter().map(|text| change(text)).collect();
        Some(Flow { texts, complete: false, ..input.clone() })
    };
    let [options @ .., program] = args else { return None };
    let raw = program.text.as_str();
    let program = raw.trim();
    match name {
        "awk" if options.is_empty() => {
            let tight: String = program.split_whitespace().collect();
            matches!(tight.as_str(), "1" | "{print}" | "{print$0}" | "{print;}").then(|| input.thinned())
        }
        "sed" if options.iter().all(|arg| matches!(arg.text.as_str(), "-n" | "-e" | "-u")) => {
            if matches!(program, "" | "p") {
                return Some(input.thinned());
            }
            let mark = program.strip_prefix('s')?.chars().next()?;
            let plain = |text: &str| !text.contains(['.', '*', '[', '^', '$', '\\', '&', '+', '?', '(']);
            match program.split(mark).collect::<Vec<_>>().as_slice() {
                [_, "^" | "$", "", "" | "g"] => Some(input.thinned()),
                [_, from, to, "" | "g"]
                    if from.starts_with('^') && from.get(1..).is_some_and(plain) && plain(to) =>
                {
                    let from = from.get(1..).unwrap_or_default();
                    let line = |line: &str| {
                        line.strip_prefix(from).map_or(line.to_owned(), |rest| format!("{to}{rest}"))
                    };
                    changed(&|text| text.lines().map(line).collect::<Vec<_>>().join("\n"))
                }
                [_, from, to, "" | "g"] if !from.is_empty() && plain(from) && plain(to) => {
                    changed(&|text| text.replace(from, to))
                }
                _ => None,
            }
        }
        "cut" => match options {
            [mark, ..] if mark.text.starts_with("-d") && program == "-f1" => {
                let mark = mark.text.strip_prefix("-d").and_then(|mark| mark.chars().next())?;
                let line = |line: &str| line.split(mark).next().unwrap_or_default().to_owned();
                changed(&|text| text.lines().map(line).collect::<Vec<_>>().join("\n"))
            }
            _ => None,
        },
        "tr" => match options {
            [option] if option.text == "-s" => Some(input.thinned()),
            [from] if !from.text.starts_with('-') => translated(&from.text, raw, input),
            [option] if option.text == "-d" => {
                let gone = super::shell::decode_escapes(program);
                (!gone.contains(['-', '[']))
                    .then(|| changed(&|text| text.replace(|c| gone.contains(c), "")))?
            }
            _ => None,
        },
        _ => None,
    }
}

/// `tr FROM TO`, both plain sets of one length.
fn translated(from: &str, to: &str, input: &Flow) -> Option<Flow> {
    let (from, to) = (super::shell::decode_escapes(from), super::shell::decode_escapes(to));
    let plain = |set: &str| !set.contains(['[', '-']) || set.len() == 1;
    if !plain(&from) || !plain(&to) || from.chars().count() != to.chars().count() {
        return None;
    }
    let pairs: Vec<(char, char)> = from.chars().zip(to.chars()).collect();
    let one = |letter: char| pairs.iter().find(|(from, _)| *from == letter).map_or(letter, |(_, to)| *to);
    let texts = input.texts.iter().map(|text| text.chars().map(one).collect()).collect();
    Some(Flow { texts, complete: false, ..input.clone() })
}
