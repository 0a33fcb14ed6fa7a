//! A dangerous command is found wherever a shell would run it, and is data wherever it is none.

use proptest::prelude::*;
use so::guard::check;
use so::guard::shell::read;

use super::context;

/// Commands, and the rule that each breaks.
const DANGEROUS: &[(&str, &str)] = &[
    ("git reset --hard", "discard-work"),
    ("git clean -fd", "discard-work"),
    ("git push --force origin main", "force-push"),
    ("rm -rf /", "delete-outside"),
];

/// What may stand before a simple command; `@` is the command.
const PREFIXES: &[&str] = &[
    "@",
    "A=1 B='x y' @",
    ">/dev/null @",
    "@ 2>&1",
    "sudo @",
    "sudo -u root -- @",
    "env @",
    "env -i A=1 @",
    "env -S '@'",
    "time @",
    "time -p @",
    "! @",
    "true\r\n@\r\n",
    "timeout 5 @",
    "timeout -k 1 5s @",
    "nice -n 5 @",
    "nohup @",
    "stdbuf -oL @",
    "setsid @",
    "command @",
    "exec @",
    "eval @",
    "xargs @ </dev/null",
    "find . -maxdepth 0 -exec @ \\;",
    "flock /tmp/lock @",
    "@ # why not",
    "x=$(true) @",
];

/// Where a shell runs a text; `@` is the text, `#` a number of its own.
const PLACES: &[&str] = &[
    "true; @",
    "true\n@",
    "true && @",
    "true || @",
    "cat f | (@\n)",
    "(@\n)",
    "{ @\n}",
    "{\n@\n} 2>/dev/null",
    "if true; then\n@\nfi",
    "if @\nthen :; fi",
    "if false; then :; elif true; then :; else @\nfi",
    "while @\ndo :; done",
    "until true; do @\ndone",
    "for x in 1 2; do @\ndone",
    "for ((i = 0; i < 1; i++)); do @\ndone",
    "for x in 1; { @\n}",
    "select x in 1; do @\ndone",
    "case x in x) @\n;; esac",
    "case x in (y) ;; *) @\nesac",
    "f() { @\n}; f",
    "function g { @\n}\ng",
    "f() (@\n); f",
    "coproc { @\n}",
    "coproc NAME { @\n}",
    "time { @\n}",
    "! { @\n}",
    "echo \"$(@\n)\"",
    "x=$(@\n)",
    "x=(a $(@\n))",
    "export x=\"$(@\n)\"",
    "echo ${x:-$(@\n)}",
    "echo \"${x:-${y:+$(@\n)}}\"",
    "echo $((1 + $(@\n)))",
    "((x = $(@\n)))",
    "[[ -n $(@\n) ]]",
    "[[ a == b || $(@\n) =~ ^(x|y)$ ]]",
    "cat <(@\n)",
    "true > >(@\n)",
    "echo x >\"$(@\n)\"",
    "cat <<E#\n$(@\n)\nE#",
    "cat <<-E#\n\t$(@\n)\n\tE#",
    "cat <<A# <<'B#'\n$(@\n)\nA#\n$(not)\nB#",
    "sh <<'E#'\n@\nE#",
    "bash -s <<'E#'\n@\nE#",
    "cat <<'E#' | sh\n@\nE#",
    "{ bash; } <<'E#'\n@\nE#",
    "x=$(sh <<'E#'\n@\nE#\n)",
    "# it's\n@",
    "true \\\n  && @",
    "true && # it's\n@",
    "{ @\n} &\nwait",
    "echo 'a # b' \"c # d\"; @",
];

/// Where a shell runs a text that stands in a word; `@` is the word.
const TEXTS: &[&str] = &[
    "sh -c @",
    "bash -ec @",
    "bash --norc -o pipefail -c @",
    "sudo sh -c @",
    "env A=1 bash -c @",
    "nice -n 5 sh -c @",
    "timeout 5 sh -c @",
    "find . -maxdepth 0 -exec sh -c @ \\;",
    "eval @",
    "trap @ EXIT",
    "x=@; eval \"$x\"",
    "x=@; sh -c \"$x\"",
    "echo @ | sh",
    "printf '%s\\n' @ | bash",
    "echo @ | (cat | bash)",
    "{ if true; then echo @; fi; true; } | sh",
    "f() { echo @; }; f | sh",
    "echo @ > >(bash)",
    "exec 3> >(bash); echo @ >&3",
    "exec {out}> >(bash)\necho @ >&\"$out\"",
    "coproc bash; echo @ >&\"${COPROC[1]}\"",
    "bash <<< @",
    "bash <(echo @)",
    ". <(echo @)",
    "echo @ > /tmp/x.sh; sh /tmp/x.sh",
];

/// Where a text is found, but where its author is asked whatever it is: the body is judged by itself as well.
const BY_ARGUMENT: &[&str] = &[
    "run() { sh -c \"$1\"; }; run @",
    "run() { eval \"$*\"; }; run @",
    "run() { local text=$1; eval \"$text\"; }; run @",
    "sh -c 'eval \"$1\"' _ @",
];

/// Where a text is data; `@` is the word.
const DATA: &[&str] = &[
    "echo @",
    "printf '%s\\n' @ >> notes.md",
    "git commit -m @",
    "git log --grep=@",
    "grep -rn @ src",
    "rg -e @ .",
    "x=@; echo \"$x\"",
    "[[ $x == @ ]]",
    "case $x in @) : ;; esac",
    "cat <<< @",
    "echo @ | grep -c x",
    "echo @ >&2",
    "exec 3> >(cat); echo @ >&3",
    "say() { echo \"$*\"; }; say @",
    "test -n @",
];

/// Where a text of any lines is data; `@` is the text.
const BLOCKS: &[&str] = &[
    "cat <<'E#'\n@\nE#",
    "cat <<-\"E#\" > /tmp/notes\n@\nE#",
    "git commit -F - <<'E#'\n@\nE#",
    "git commit -m \"$(cat <<'E#'\n@\nE#\n)\"",
    "cat <<'E#' | grep x\n@\nE#",
    ": <<'E#'\n@\nE#",
    "x=$(cat <<'E#'\n@\nE#\n); echo \"$x\"",
];

/// A text and the rule that it breaks.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) text: String,
    rule: &'static str,
}

/// One word, quoted in one of the ways that leave it the same.
fn quoted(text: &str, way: u8) -> String {
    match way % 5 {
        0 => format!("'{}'", text.replace('\'', "'\\''")),
        1 => {
            let inner: String = text
                .chars()
                .map(|character| match character {
                    '"' | '\\' | '$' | '`' => format!("\\{character}"),
                    _ => character.to_string(),
                })
                .collect();
            format!("\"{inner}\"")
        }
        2 => format!("$'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n")),
        3 => format!("$'{}'", text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>()),
        _ => text
            .chars()
            .map(|character| match character {
                '\n' => "'\n'".to_owned(),
                _ => format!("\\{character}"),
            })
            .collect(),
    }
}

/// The words of a simple command, each character of which may be quoted in its own way.
fn spelled(command: &str, ways: &[u8]) -> String {
    let mut ways = ways.iter().cycle();
    let plain = |character: char| character == ' ' || ways.next().is_none_or(|way| way % 8 > 4);
    let mut plain = plain;
    let mut again = 0_u8;
    command
        .chars()
        .map(|character| {
            again = again.wrapping_add(1);
            if plain(character) { character.to_string() } else { quoted(&character.to_string(), again) }
        })
        .collect()
}

fn put(frame: &str, text: &str, number: usize) -> String {
    // The number first: the text has its own.
    frame.replace('#', &number.to_string()).replace('@', text)
}

/// `#` in a frame that is a comment stays one.
fn place(at: usize, text: &str, number: usize) -> String {
    let frame = PLACES[at % PLACES.len()];
    // A here-document ends with a line of its own; what the place puts behind it must not stand on that line.
    let ends = text.lines().last().is_some_and(|line| line.starts_with(['A', 'E']));
    let text = &if ends { format!("{{ {text}\n}}") } else { text.to_owned() };
    if frame.contains("E#") || frame.contains("A#") {
        put(frame, text, number)
    } else {
        frame.replace('@', text)
    }
}

/// A text in some places, innermost first.
fn nested(inner: String, places: &[(bool, usize, u8)]) -> String {
    places.iter().enumerate().fold(inner, |text, (number, (word, at, way))| {
        if *word {
            TEXTS[at % TEXTS.len()].replace('@', &quoted(&text, *way))
        } else {
            place(*at, &text, number)
        }
    })
}

fn places() -> impl Strategy<Value = Vec<(bool, usize, u8)>> {
    proptest::collection::vec((any::<bool>(), 0..1000_usize, any::<u8>()), 0..4)
}

/// A dangerous command in places where it runs.
pub(super) fn dangerous() -> impl Strategy<Value = Made> {
    let leaf = (prop::sample::select(DANGEROUS), prop::sample::select(PREFIXES), any::<[u8; 12]>());
    (leaf, places()).prop_map(|(((command, rule), prefix, ways), places)| {
        let quotes = prefix.contains('\'');
        let command = if quotes { command.to_owned() } else { spelled(command, &ways) };
        Made { text: nested(prefix.replace('@', &command), &places), rule }
    })
}

/// The same as data.
pub(super) fn harmless() -> impl Strategy<Value = Made> {
    let leaf = (prop::sample::select(DANGEROUS), any::<bool>(), 0..1000_usize, any::<u8>());
    (leaf, places()).prop_map(|(((command, rule), block, at, way), places)| {
        let leaf = if block {
            put(BLOCKS[at % BLOCKS.len()], command, 100)
        } else {
            DATA[at % DATA.len()].replace('@', &quoted(command, way))
        };
        Made { text: nested(leaf, &places), rule }
    })
}

/// Every place by itself: no case of the tables above is left to chance.
fn each(leaf: &str) -> Vec<String> {
    let places = (0..PLACES.len()).map(|at| place(at, leaf, 7));
    let texts = TEXTS.iter().flat_map(|frame| (0..5).map(|way| frame.replace('@', &quoted(leaf, way))));
    places.chain(texts).collect()
}

fn breaks(text: &str, rule: &str) -> bool {
    check(text, &context()).findings.iter().any(|finding| finding.rule.name == rule)
}

#[test]
fn a_dangerous_command_is_found_in_each_place() {
    let mut missed = Vec::new();
    for (command, rule) in DANGEROUS {
        let prefixed = PREFIXES.iter().map(|prefix| prefix.replace('@', command));
        let given = BY_ARGUMENT.iter().map(|frame| frame.replace('@', &quoted(command, 0)));
        missed.extend(prefixed.chain(each(command)).chain(given).filter(|text| !breaks(text, rule)));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n---\n"));
}

#[test]
fn the_same_text_as_data_is_allowed_in_each_place() {
    let mut refused = Vec::new();
    for (command, _) in DANGEROUS {
        let data = DATA.iter().flat_map(|frame| (0..5).map(|way| frame.replace('@', &quoted(command, way))));
        let blocks = BLOCKS.iter().map(|frame| put(frame, command, 100));
        let leaves: Vec<String> = data.chain(blocks).collect();
        let echoed = each(&format!("echo '{command}'"));
        refused.extend(leaves.into_iter().chain(echoed).filter_map(|text| {
            let finding = check(&text, &context()).strictest().map(so::guard::Finding::message)?;
            Some(format!("{text}\n  {finding}"))
        }));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n---\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dangerous_command_is_found_in_places_within_places(made in dangerous()) {
        prop_assert!(breaks(&made.text, made.rule), "{}", made.text);
    }

    #[test]
    fn the_same_text_as_data_is_allowed_in_places_within_places(made in harmless()) {
        let verdict = check(&made.text, &context());
        prop_assert!(verdict.findings.is_empty(), "{}\n{:?}", made.text, verdict.strictest());
    }

    #[test]
    fn a_word_is_the_same_however_it_is_quoted(text in "[ -~\n]{1,20}", ways in any::<[u8; 12]>()) {
        for way in 0..5 {
            let script = read(&format!("x {}", quoted(&text, way)));
            prop_assert_eq!(script.commands[0].words[1].as_literal(), Some(text.clone()), "{}", way);
            prop_assert_eq!(script.commands.len(), 1);
        }
        let each: String = text.chars().zip(ways.iter().cycle()).map(|(character, way)| quoted(&character.to_string(), *way)).collect();
        let script = read(&format!("x {each}"));
        prop_assert_eq!(script.commands[0].words[1].as_literal(), Some(text.clone()), "{}", each);
    }
}

/// `| command | found or allow |`, with signs for what a table cannot hold.
pub(super) fn table() -> Vec<(String, bool)> {
    let text = include_str!("reader/found.md");
    let signs = [("\\|", "|"), ("⏎", "\n"), ("␍", "\r"), ("⇥", "\t"), ("␀", "\0")];
    text.lines()
        .filter_map(|line| line.strip_prefix("| `` ")?.rsplit_once(" `` | "))
        .map(|(command, expected)| {
            let command =
                signs.iter().fold(command.to_owned(), |text, (sign, real)| text.replace(sign, real));
            (command, expected.starts_with("found"))
        })
        .collect()
}

#[test]
fn every_reading_is_as_the_table_says() {
    let wrong = table()
        .into_iter()
        .filter(|(command, found)| check(command, &context()).findings.is_empty() == *found);
    let wrong: Vec<String> = wrong.map(|(command, found)| format!("{found}: {command:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
