use super::SURROGATE;
use crate::protocol::reply::{
    Assembly, Kind, MAX_REPLY, ReplyTooLong, closes, code, kind, opens, refuses, size_150, without_remnant,
};

#[test]
fn the_first_digit_decides() {
    for (reply, expected) in [
        (&b"150 go"[..], Kind::Preliminary),
        (b"226 done", Kind::Completion),
        (b"331 more", Kind::Intermediate),
        (b"450 busy", Kind::TransientNegative),
        (b"550 no", Kind::PermanentNegative),
        (b"2", Kind::Completion),
        (b"2yz", Kind::Completion),
        (b"", Kind::Malformed),
        (b"099", Kind::Malformed),
        (b"600", Kind::Malformed),
        (b" 200", Kind::Malformed),
        (b"\xd9\xa1", Kind::Malformed), // ARABIC-INDIC DIGIT ONE
    ] {
        assert_eq!(kind(reply), expected, "{reply:?}");
    }
}

#[test]
fn what_is_left_of_a_line_end_is_no_reply() {
    for (line, expected) in [
        (&b""[..], None),
        (b"\0", None),
        (b"\0\0", None),
        (b"\x00226 done", Some(&b"226 done"[..])),
        (b"\0\x00220-hello", Some(b"220-hello")),
        (b"226 done\0", Some(b"226 done\0")),
        (b"226 done", Some(b"226 done")),
        (b" ", Some(b" ")),
        (b"\0hello", Some(b"\0hello")),
        (b"\x00\x00099", Some(b"\x00\x00099")),
    ] {
        assert_eq!(without_remnant(line), expected, "{line:?}");
    }
}

#[test]
fn the_first_digit_tells_a_refusal() {
    for (received, expected) in [
        (&b""[..], None),
        (b"\r\n\0\r", None),
        (b"4", Some(true)),
        (b"\r\n451 no\r\n226 x\r\n", Some(true)),
        (b"\x00550", Some(true)),
        (b"226 done\r\n451", Some(false)),
        (b"150 x\r\n451", Some(false)),
        (b"x451", Some(false)),
    ] {
        assert_eq!(refuses(received), expected, "{received:?}");
    }
}

#[test]
fn a_code_is_three_characters() {
    assert_eq!(code(b"226 x"), b"226");
    assert_eq!(code(b"22"), b"22");
    assert_eq!(code("2\u{e9}6x".as_bytes()), "2\u{e9}6".as_bytes());
    assert_eq!(code(&[SURROGATE, b"abc"].concat()), [SURROGATE, b"ab"].concat());
}

#[test]
fn a_hyphen_in_fourth_place_opens() {
    assert_eq!(opens(b"220-hello"), Some(&b"220"[..]));
    assert_eq!(opens(b"220-"), Some(&b"220"[..]));
    assert_eq!(opens("2\u{e9}0-".as_bytes()), Some("2\u{e9}0".as_bytes()));
    for line in [&b"220 hello"[..], b"220", b"22-", b"2200-", b"", "\u{e9}0-".as_bytes()] {
        assert_eq!(opens(line), None, "{line:?}");
    }
}

#[test]
fn the_same_code_without_hyphen_closes() {
    for line in [&b"220 bye"[..], b"220", b"2200 x", b"220\tx"] {
        assert!(closes(line, b"220"), "{line:?}");
    }
    for line in [&b"220-more"[..], b"221 other", b" 220 text", b"22", b""] {
        assert!(!closes(line, b"220"), "{line:?}");
    }
}

#[test]
fn finds_the_announced_size() {
    for (reply, expected) in [
        ("150 Opening data connection for x (123 bytes)", "123"),
        ("150 Opening (123 bytes).", "123"),
        ("150 x (1 bytes) y (22 bytes) z", "22"),
        ("150 x (1 bytes) y (22 bites) z", "1"),
        ("150 x (1 Bytes)", "1"),
        ("150 x (1 BYTES)\n150 y (2 bytes)", "1"),
        ("150  (007 bytes)", "007"),
        ("150 ( (9 bytes)", "9"),
        ("150 a\r (5 bytes)", "5"),
        ("150 \u{e9} (5 bytes)", "5"),
    ] {
        assert_eq!(size_150(reply.as_bytes()), Some(expected.as_bytes()), "{reply}");
    }
}

#[test]
fn no_size_is_no_error() {
    for reply in [
        "150 ok",
        "150",
        "150 (123 bytes)",
        "150-x (123 bytes)",
        "125 x (123 bytes)",
        "150 x(123 bytes)",
        "150 x (bytes)",
        "150 x ( bytes)",
        "150 x (123bytes)",
        "150 x (123  bytes)",
        "150 x (123 bytes",
        "150 x (-1 bytes)",
        "150 x\n150 y (2 bytes)",
        "150 x (12\n3 bytes)",
        "150 x (\u{663} bytes)",
        "150 x (1 byte\u{17f})",
        "",
    ] {
        assert_eq!(size_150(reply.as_bytes()), None, "{reply}");
    }
}

#[test]
fn a_reply_has_as_many_characters_as_the_limit() {
    let begun = Assembly::begin("211-\u{e9}".as_bytes()).unwrap();
    assert_eq!(begun.text(), "211-\u{e9}".as_bytes());
    let mut fits = begun.clone();
    assert_eq!(fits.add(b"211 x", Some(11)), Ok(true));
    assert_eq!(fits.text(), "211-\u{e9}\n211 x".as_bytes());
    assert_eq!(begun.clone().add(b"211 x", None), Ok(true));
    assert_eq!(begun.clone().add(b"211 x", Some(10)), Err(ReplyTooLong));
    // what an object without a `max_reply` of its own gets: 16 Mi, as FTP has
    let mut long = vec![b'x'; (16 << 20) - 6];
    assert_eq!(begun.clone().add(&long, Some(MAX_REPLY)), Ok(false));
    long.push(b'x');
    assert_eq!(begun.clone().add(&long, Some(MAX_REPLY)), Err(ReplyTooLong));
}
