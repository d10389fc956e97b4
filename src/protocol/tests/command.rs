use super::SURROGATE;
use crate::protocol::command::{has_line_break, mask, mask_for_log, may_change_type};

#[test]
fn finds_line_breaks_anywhere() {
    for line in [&b"\r"[..], b"\n", b"USER a\r\nDELE b", b"USER a\n", b"\nUSER"] {
        assert!(has_line_break(line), "{line:?}");
    }
    // Python's str.splitlines() would split some of these; the wire doesn't.
    for line in [
        &b""[..],
        b"USER a",
        b"USER \x00\x0b\x0c\x85",
        "\u{2028}\u{85}".as_bytes(),
    ] {
        assert!(!has_line_break(line), "{line:?}");
    }
}

#[test]
fn masks_one_star_for_each_character() {
    for (line, expected) in [
        ("PASS secret", "PASS ******"),
        ("pass secret\r\n", "pass ******\r\n"),
        ("PASS a b", "PASS ***"),
        ("PASS \u{e9}\u{1f600}", "PASS **"),
        ("PASS a\r\nb\n\r", "PASS ****\n\r"),
        ("PASS ", "PASS "),
        ("PASS \r\n", "PASS \r\n"),
        ("PASS", "PASS"),
        ("Pass secret", "Pass secret"),
        ("ACCT secret", "ACCT secret"),
        (" PASS secret", " PASS secret"),
        ("", ""),
    ] {
        assert_eq!(mask(line.as_bytes()), expected.as_bytes(), "{line}");
    }
    assert_eq!(mask(&[b"PASS ", SURROGATE, b"\n"].concat()), &b"PASS *\n"[..]);
}

#[test]
fn the_log_shows_neither_the_secret_nor_its_length() {
    for (line, expected) in [
        ("PASS secret", "PASS ****"),
        ("pass s", "pass ****"),
        ("Pass secret\r\n", "Pass ****"),
        ("ACCT secret", "ACCT ****"),
        ("acct  x", "acct ****"),
        ("PASS\tsecret", "PASS ****"),
        ("PASS:secret", "PASS ****"),
        ("  PASS secret", "PASS ****"),
        ("\t\r\nPaSs \u{e9}", "PaSs ****"),
    ] {
        assert_eq!(mask_for_log(line.as_bytes()), expected.as_bytes(), "{line}");
    }
}

#[test]
fn the_log_leaves_the_rest_alone() {
    for line in [
        "PASS",
        "PASS  ",
        "PASS \r\n",
        "PASV",
        "PASSIVE x",
        "USER PASS x",
        "RETR pass word",
        "",
        "  ",
    ] {
        assert_eq!(mask_for_log(line.as_bytes()), line.as_bytes(), "{line}");
    }
}

#[test]
fn what_may_change_the_type() {
    for line in [&b"TYPE I"[..], b"type a\r\n", b"USER joe", b"REIN", b"AUTH TLS", b"Ccc"] {
        assert!(may_change_type(line), "{line:?}");
    }
    for line in [&b""[..], b"TYPED I", b"NOOP TYPE", b"PASS USER", b"RETR x", b" TYPE I"] {
        assert!(!may_change_type(line), "{line:?}");
    }
}
