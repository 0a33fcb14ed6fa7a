use super::*;

/// The merged text, or the word conflict.
fn text(name: &str, base: &str, mine: &str, new: &str) -> String {
    match merge(name, base.as_bytes(), mine.as_bytes(), new.as_bytes()) {
        Outcome::Merged(merged) => String::from_utf8(merged.bytes).unwrap(),
        Outcome::Conflict(_) => "conflict".to_owned(),
    }
}

#[test]
fn form_stays_as_the_side_that_changed_it_wants_it() {
    let (base, new) = ("a\nb\nc\nd\n", "a\nb\nc\nD\n");
    assert_eq!(text("x.md", base, "A\r\nb\r\nc\r\nd\r\n", new), "A\r\nb\r\nc\r\nD\r\n");
    assert_eq!(text("x.md", base, "a\r\nb\r\nc\r\nd\r\n", new), "a\r\nb\r\nc\r\nD\r\n");
    assert_eq!(text("x.md", base, "\u{feff}A\nb\nc\nd", new), "\u{feff}A\nb\nc\nD");
    assert_eq!(text("x.md", "a\nb", "A\nb", "a\nb\n"), "A\nb\n");
    assert_eq!(text("x.png", "a\0", "b\0", "c\0"), "conflict");
}

#[test]
fn frontmatter_goes_by_key() {
    let base = "---\nname: a\ndescription: Old.\nmodel: x\n---\ntext\n";
    let mine = "---\nname: a\ndescription: Mine.\nmodel: x\ncolor: red\n---\ntext\n";
    let new = "---\nname: a\ndescription: Old.\nmodel: y\ntools: [Read]\n---\ntext\n";
    assert_eq!(
        text("a.md", base, mine, new),
        "---\nname: a\ndescription: Mine.\nmodel: y\ntools: [Read]\ncolor: red\n---\ntext\n"
    );
    let same_key = "---\nname: a\ndescription: New.\nmodel: x\n---\ntext\n";
    assert_eq!(text("a.md", base, mine, same_key), "conflict");
    // The same key added by both sides at two places would stand twice.
    let (mine, new) = (base.replace("name", "x: 1\nname"), base.replace("model", "x: 2\nmodel"));
    assert_eq!(text("a.md", base, &mine, &new), "conflict");
    assert_eq!(
        text("a.md", base, &base.replace("model: x\n", ""), &base.replace("text", "new")),
        base.replace("model: x\n", "").replace("text", "new")
    );
}

#[test]
fn neighbouring_items_and_sections_are_joined() {
    let base = "# T\n\n- one\n- two\n- three\n";
    assert_eq!(
        text("a.md", base, "# T\n\n- one\n- TWO\n- three\n", "# T\n\n- one\n- two\n- THREE\n"),
        "# T\n\n- one\n- TWO\n- THREE\n"
    );
    assert_eq!(
        text("a.md", base, &format!("{base}- mine\n"), &format!("{base}- new\n")),
        format!("{base}- mine\n- new\n")
    );
    assert_eq!(
        text("a.md", base, &format!("{base}\n## Mine\nx\n"), &format!("{base}\n## New\ny\n")),
        format!("{base}\n## Mine\nx\n\n## New\ny\n")
    );
    assert_eq!(text("a.md", base, &format!("{base}\n## S\nx\n"), &format!("{base}\n## S\ny\n")), "conflict");
    assert_eq!(text("a.md", base, &base.replace("two", "2"), &base.replace("two", "zwei")), "conflict");
}

#[test]
fn a_paragraph_and_a_code_block_are_one_part() {
    assert_eq!(text("a.md", "x\none\ntwo\n", "x\nONE\ntwo\n", "x\none\nTWO\n"), "conflict");
    let code = "```sh\n- one\n- two\n```\n";
    assert_eq!(text("a.md", code, &code.replace("one", "1"), &code.replace("two", "2")), "conflict");
    assert_eq!(text("a.sh", "one\ntwo\n", "ONE\ntwo\n", "one\nTWO\n"), "conflict");
}

#[test]
fn a_notation_that_was_valid_stays_so() {
    let base = "{\n  \"a\": 1,\n\n\n  \"b\": 2\n}\n";
    let mine = base.replace("\"a\": 1,", "\"a\": 1,\n  \"c\": 1,");
    let new = base.replace("\n}", ",\n  \"d\": 4\n}");
    assert_eq!(text("a.json", base, &mine, &new), mine.replace("\n}", ",\n  \"d\": 4\n}"));
    let (base, mine, new) = ("a = 1\n\nb = 2\n\n", "a = 1\nc = 1\n\nb = 2\n\n", "a = 1\n\nb = 2\n\nc = 2\n");
    assert_eq!(text("a.toml", base, mine, new), "conflict");
}

#[test]
fn what_the_person_deleted_and_the_new_version_changed_is_theirs_to_decide() {
    let base = "# A\n\ntext a\n\n# B\n\ntext b\n";
    assert_eq!(text("a.md", base, "# A\n\ntext a\n", &base.replace("text b", "text c")), "conflict");
    assert_eq!(text("a.md", base, "# A\n\ntext a\n", &base.replace("text a", "text c")), "# A\n\ntext c\n");
}

#[test]
fn a_text_that_lost_a_line_is_found() {
    let (base, mine, new) = ("a\nb\n", "a\nm\nb\n", "a\nb\nn\n");
    assert!(check::holds([base, mine, new], "a\nm\nb\nn\n"));
    for wrong in ["a\nb\nn\n", "a\nm\nb\n", "a\nm\nb\nn\nx\n", "m\nb\nn\n", "a\nm\nm\nb\nn\n"] {
        assert!(!check::holds([base, mine, new], wrong), "{wrong:?}");
    }
    assert!(!check::holds(["a\nb\n", "a\nb\nm\n", "a\n"], "a\nb\nm\n"), "a removal that was left out");
}
