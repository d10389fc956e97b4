use crate::protocol::facts::{is_lower_ascii, split_entry};

fn entry(line: &str) -> (String, String) {
    let (facts, name) = split_entry(line.as_bytes());
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let facts: Vec<_> = facts
        .map(|(key, value)| format!("{}->{}", text(key), text(value)))
        .collect();
    (facts.join(" "), text(name))
}

#[test]
fn splits_facts_and_name() {
    for (line, facts, name) in [
        ("type=file;size=12; a", "type->file size->12", "a"),
        ("Type=dir; a b ", "Type->dir", "a b "),
        ("type=file;  x", "type->file", " x"),
        ("type=file; a\r\n", "type->file", "a"),
        ("type=file; a\n\r\n", "type->file", "a"),
        ("a==b;c=; x", "a->=b c->", "x"),
        ("a;b; x", "a-> b->", "x"),
        (";; x", "-> ->", "x"),
        ("a=1;\u{e9}=\u{20ac}; \u{1f600}", "a->1 \u{e9}->\u{20ac}", "\u{1f600}"),
        // The last character goes, even where it isn't the semicolon that it should be.
        ("size=12 x", "size->1", "x"),
        ("size=1\u{1f600} x", "size->1", "x"),
        (" x", "->", "x"),
        ("", "->", ""),
        ("name-only", "name-onl->", ""),
        ("a=1;\r", "a->1", ""),
    ] {
        assert_eq!(entry(line), (facts.to_string(), name.to_string()), "{line:?}");
    }
}

#[test]
fn knows_what_lower_would_not_change() {
    for key in ["", "size", "unix.mode", "x-1=_"] {
        assert!(is_lower_ascii(key.as_bytes()), "{key}");
    }
    for key in ["Size", "sizE", "\u{e9}", "\u{c9}"] {
        assert!(!is_lower_ascii(key.as_bytes()), "{key}");
    }
}
