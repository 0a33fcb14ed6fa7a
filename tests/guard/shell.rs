//! What the shell reader sees.

use proptest::prelude::*;
use so::guard::shell::{Limit, MAX_TEXT, Part, Script, Word, read};
use so::guard::{Decision, check};

fn show(script: &Script) -> Vec<String> {
    script
        .commands
        .iter()
        .filter(|command| !command.words.is_empty())
        .map(|command| command.words.iter().map(word).collect::<Vec<_>>().join(" "))
        .collect()
}

fn word(word: &Word) -> String {
    word.parts
        .iter()
        .map(|part| match part {
            Part::Text { text, .. } => text.clone(),
            Part::Param { name, .. } => format!("${name}"),
            Part::Output { .. } => "$()".to_owned(),
            Part::Pipe { .. } => "<()".to_owned(),
            Part::Number => "0".to_owned(),
        })
        .collect()
}

/// Text and the commands that it could run, separated by ` / `.
pub(super) const COMMANDS: &[(&str, &str)] = &[
    ("a b", "a b"),
    ("a;b&&c||d&e", "a / b / c / d / e"),
    ("a|b|&c", "a / b / c"),
    ("'a' \"b\" c\\ d", "a b c d"),
    ("$'\\x61' b", "a b"),
    ("a $(b `c`) d", "c / b $() / a $() d"),
    ("a \"$(b)\" '$(c)'", "b / a $() $(c)"),
    ("# a\nb # c\nd", "b / d"),
    ("a#b", "a#b"),
    ("if a; then b; elif c; then d; else e; fi; f", "a / b / c / d / e / f"),
    ("while a; do b; done < f", "a / b"),
    ("for x in 1 2; do a $x; done", "a $x"),
    ("for x; do a; done", "a"),
    ("for ((i=0;i<3;i++)); do a; done", "a"),
    ("select x in 1; do a; done", "a"),
    ("case $x in a) b;; c|d) e;& (f) g;; *) h; esac; i", "b / e / g / h / i"),
    ("case a in a) b;esac", "b"),
    ("case a in\nesac\nb", "b"),
    ("f() { a; }; function g { b; }; function h() ( c )", "a / b / c"),
    ("f() if a; then b; fi", "a / b"),
    ("coproc X { a; }; coproc b c", "a / b c"),
    ("time -p a; ! b; time ! c", "a / b / c"),
    ("{ a; b; } > f; (c; d)", "a / b / c / d"),
    ("[[ -f a && $(b) =~ ^(x|y)$ ]] && c", "b / c"),
    ("[[ $a =~ ^(#x|#y)$ && -f b ]] # c\nd", "d"),
    ("a x{1..5000}", "a x$"),
    ("((x = 1 << 2)) && a", "a"),
    ("echo $((1 + $(a))) $[2]", "a / echo 0 0"),
    ("((a); b)", "a / b"),
    ("$( (a); b)", "a / b / $()"),
    ("$((a) | b)", "a / b / $()"),
    ("a=(1 2 $(b)) c", "b / c"),
    ("x=1 y+=2 z[3]=4 a x=5", "a x=5"),
    ("a <(b) >(c)", "b / c / a <() <()"),
    ("a ${x:-$(b)} ${y%%*}} ${#z}", "b / a $x $y} 0"),
    ("a{1,2}b {x..z} \"{1,2}\" {1} {1,2", "a1b a2b x y z {1,2} {1} {1,2"),
    ("rm$IFS-rf", "rm$IFS-rf"),
    ("a 2>&1 >f >>g <h <>i >|j &>k {fd}>l", "a"),
    ("cat <<A <<'B' | d\n$(x)\nA\n$(y)\nB\ne", "cat / d / x / e"),
    ("cat <<-A; b\n\tx\n\tA\nc", "cat / b / c"),
    ("a <<< \"$(b)\"", "b / a"),
    ("a \\\n b", "a b"),
    ("rm !(keep|$(a))", "a / rm !keep$()*"),
    ("a \"b'c\" d'e\"f'", "a b'c de\"f"),
    ("fi; done; a }", "a }"),
    ("a ) b", "a / b"),
    ("a\r\nb\r\n", "a / b"),
    ("\"\" a", " a"),
    ("! (a); !(b)", "a / b"),
    ("a `b \\`c\\``", "c / b $() / a $()"),
    ("while read f; do a \"$f\"; done <<E\nx\nE", "read f / a $f"),
    ("trap 'a' EXIT; b", "trap a EXIT / b"),
];

#[test]
fn every_command_is_seen_with_its_quotes_removed() {
    for (text, expected) in COMMANDS {
        let script = read(text);
        assert_eq!(script.limit, None, "{text:?}");
        assert_eq!(show(&script).join(" / "), *expected, "{text:?}");
    }
}

#[test]
fn what_never_ends_is_said_and_what_stood_before_it_is_kept() {
    for text in [
        "'a",
        "\"a",
        "$(a",
        "`a",
        "${a",
        "(a",
        "{ a",
        "if a",
        "case a in",
        "a=(",
        "[[ a",
        "$'a",
        "!(a",
        "a <<A\nx",
        "a \\",
    ] {
        let script = read(&format!("first\n{text}"));
        assert!(matches!(script.limit, Some(Limit::Unterminated(_))), "{text}: {:?}", script.limit);
        assert_eq!(show(&script).first().map(String::as_str), Some("first"), "{text}");
    }
}

#[test]
fn nesting_and_length_have_limits() {
    for open in
        ["(", "$(", "{ ", "if ", "case x in a) ", "f() ", "\"$(", "${a:-", "$((", "((", "!(", "[[ $(", "! "]
    {
        let script = read(&open.repeat(20_000));
        assert!(script.limit.is_some() || open == "! ", "{open}");
    }
    assert_eq!(read(&"a".repeat(MAX_TEXT + 1)).limit, Some(Limit::TooLong));
    assert_eq!(read(&"a;".repeat(20_000)).limit, Some(Limit::TooLong));
    assert_eq!(read(&"{a,b}".repeat(40)).limit, Some(Limit::TooLong));
    assert_eq!(read(&format!("a {}", "{".repeat(200) + &"}".repeat(200))).limit, Some(Limit::TooDeep));
}

#[test]
fn steps_grow_with_the_text_and_no_faster() {
    for piece in [
        "a b;",
        "$(a) ",
        "((1)) ",
        "((;",
        "$((",
        "\"x$y\" ",
        "`a`\n",
        "<(a) ",
        "a=(b) ",
        "case a in b) c;; esac;",
        "<<A\n",
        "{a,b} ",
        "a[",
        "9",
    ] {
        let (small, large) = (read(&piece.repeat(200)).steps, read(&piece.repeat(400)).steps);
        assert!(
            large <= small * 5 / 2 + 1000 || read(&piece.repeat(5_000)).limit == Some(Limit::TooLong),
            "{piece}: {small} {large}"
        );
        assert!(read(&piece.repeat(5_000)).steps <= piece.len() * 5_000 * 65 + 70_000, "{piece}");
    }
}

/// Most that judging may take for one byte of text whose parts have nothing to do with each other.
const WORK_PER_BYTE: usize = 200;

#[test]
fn judging_grows_with_the_text_and_no_faster() {
    let context = super::context();
    for piece in [
        "ls -l a;",
        "x=1; y=$x;",
        "A=1 B=2 ls;",
        "sudo nice ls;",
        "sh -c 'a; b';",
        "sh -c 'sh -c \"sh -c a\"';",
        "f() { a \"$1\"; }; f b;",
        "echo a | sh;",
        "cat <<E | sh\na\nE\n",
        "(cd a; b);",
        "echo a > >(b);",
        "exec 3> >(b); ",
        "if a; then b; fi;",
        "a $(b $(c));",
        "for x in 1 2 3; do a $x; done;",
    ] {
        let work = |times: usize| check(&piece.repeat(times), &context).work;
        let (small, large) = (work(100), work(200));
        assert!(large <= small * 5 / 2, "{piece}: {small}, twice as much: {large}");
        assert!(large <= piece.len() * 200 * WORK_PER_BYTE, "{piece}: {large}");
    }
}

#[test]
fn what_multiplies_ends_and_is_not_allowed() {
    let again = |start: &str, piece: &str| format!("{start}; {}rm -rf \"$x\"", piece.repeat(60));
    for text in [
        again("x=aaaaaaaaaa", "x=$x$x;"),
        again("x=(a b)", "x=($x $x);"),
        again("x=a", "x=$(echo $x$x);"),
        format!("x={}; {}", "a".repeat(100_000), "sh -c 'echo $x';".repeat(5_000)),
        format!("f() {{ a; a \"$1\"; }}; {}", "f $(f $(f $(f $(f a))));".repeat(3_000)),
        "a;".repeat(20_000),
        "sudo ".repeat(50_000),
        "eval ".repeat(50_000),
        "(".repeat(50_000),
        "$(".repeat(50_000),
        "{ ".repeat(50_000),
        format!("{}ls", "sh -c 'a'; ".repeat(20_000)),
    ] {
        let verdict = check(&text, &super::context());
        let shown: String = text.chars().take(60).collect();
        assert!(verdict.decision() > Decision::Allow, "{shown}");
        assert!(verdict.work <= 80 * MAX_TEXT, "{shown}: {}", verdict.work);
    }
}

#[test]
fn input_of_a_pipe_and_of_a_compound_command_is_known() {
    let script = read("a | { b; c; } | d");
    let upstream: Vec<_> = script.commands.iter().map(|command| command.upstream.clone()).collect();
    assert_eq!(upstream, [0..0, 0..1, 0..1, 1..3]);
    let script = read("{ a; b < f; } <<E\ntext\nE");
    assert_eq!(script.commands[0].inherited, Some(2));
    assert_eq!(script.commands[2].redirects[0].target.as_literal().as_deref(), Some("text\n"));
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn no_mix_of_syntax_panics(pieces in proptest::collection::vec(
        prop::sample::select(vec!["a", " ", "\n", "'", "\"", "$(", ")", "`", "${", "}", "{", "((", "))", "<<E", "E", ";;", "case x in ",
            "esac", "if ", "fi", "\\", "é", "$'", "=", "x=(", "[", "[[", "]]", "|", "&", ">", "<", "#", "!", "function ", "for x in", "do ", "done", ",", ".."]),
        0..60)) {
        let text = pieces.concat();
        let script = read(&text);
        prop_assert!(script.steps <= text.len() * 65 + 70_000);
    }

    #[test]
    fn quoting_a_word_in_any_way_leaves_it_the_same_word(text in "[a-z /$*{},~'-]{1,12}") {
        let single = format!("x '{}'", text.replace('\'', "'\\''"));
        let escaped: String = text.chars().flat_map(|character| ['\\', character]).collect();
        prop_assert_eq!(show(&read(&single)), vec![format!("x {text}")]);
        prop_assert_eq!(show(&read(&format!("x {escaped}"))), vec![format!("x {text}")]);
    }
}
