use super::SURROGATE;
use crate::protocol::path::parse_257;
use std::borrow::Cow;

#[test]
fn unquotes_the_directory() {
    for (reply, expected) in [
        ("257 \"/usr/dm\" is the current directory", "/usr/dm"),
        ("257 \"/usr/dm\"", "/usr/dm"),
        ("257 \"/a \"\"b\"\" c\" created", "/a \"b\" c"),
        ("257 \"\"\"\"", "\""),
        ("257 \"\"\"a", "\"a"),
        ("257 \"\"", ""),
        ("257 \"", ""),
        ("257 \"/open", "/open"),
        ("257 \"/open\"\"", "/open\""),
        ("257 \"a\nb\" c", "a\nb"),
        ("257 \"\u{e9}\u{1f600}\" c", "\u{e9}\u{1f600}"),
        ("2\u{e9}7 \"a\"", "a"),
    ] {
        assert_eq!(parse_257(reply.as_bytes()), expected.as_bytes(), "{reply}");
    }
    let odd = [b"257 \"a", SURROGATE, b"\"\"b\""].concat();
    assert_eq!(parse_257(&odd), [b"a", SURROGATE, b"\"b"].concat());
}

#[test]
fn no_quote_where_it_belongs_is_no_name() {
    for reply in [
        "257",
        "257 ",
        "257 /usr",
        "257\"/usr\"",
        "257  \"/usr\"",
        "257-\"/usr\"",
        "",
        "25 \"/\"",
    ] {
        assert_eq!(parse_257(reply.as_bytes()), &b""[..], "{reply}");
    }
}

#[test]
fn copies_only_when_it_must() {
    assert!(matches!(parse_257(b"257 \"/usr\" x"), Cow::Borrowed(b"/usr")));
    assert!(matches!(parse_257(b"257 \"/\"\"\""), Cow::Borrowed(b"/\"")));
    assert!(matches!(parse_257(b"257 \"/\"\"x\""), Cow::Owned(_)));
}
