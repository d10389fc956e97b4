use crate::protocol::charset::{Charset, escape, unescape};

#[test]
fn an_incomplete_character_is_left_over() {
    for (bytes, whole) in [
        (&b"a\xc3"[..], 1),
        (b"a\xe2\x82", 1),
        (b"\xf0\x9f\x98", 0),
        (b"\xc3\xa9", 2),
        (b"", 0),
        // Python refuses a surrogate only when its third byte has come.
        (b"a\xed\xa0", 1),
        (b"a\xed\xbf", 1),
    ] {
        assert_eq!(Charset::Utf8.decodable(bytes), Some(whole), "{bytes:x?}");
    }
}

#[test]
fn what_can_never_become_valid_is_refused() {
    for bytes in [
        &b"\x80"[..],
        b"\xff",
        b"\xc0",
        b"\xc1\xbf",
        b"\xf5",
        b"\xe0\x80",
        b"\xf0\x80",
        b"\xf4\x90",
        b"\xc3a",
        b"\xe2\x82a",
        b"\xed\xa0\x80",
        b"\xed\xa0a",
    ] {
        assert_eq!(Charset::Utf8.decodable(bytes), None, "{bytes:x?}");
    }
}

#[test]
fn latin_1_takes_all_and_ascii_only_its_own() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(Charset::Latin1.decodable(&all), Some(256));
    assert_eq!(Charset::Ascii.decodable(&all[..128]), Some(128));
    assert_eq!(Charset::Ascii.decodable(&all[..129]), None);
}

#[test]
fn bytes_that_are_no_text_go_forth_and_back() {
    for (charset, bytes, text) in [
        (Charset::Utf8, &b"caf\xe9"[..], &b"caf\xed\xb3\xa9"[..]),
        (Charset::Utf8, b"\x80\xff\xc3\xa9", b"\xed\xb2\x80\xed\xb3\xbf\xc3\xa9"),
        (Charset::Utf8, b"\xed\xb2\x80", b"\xed\xb3\xad\xed\xb2\xb2\xed\xb2\x80"),
        (Charset::Ascii, b"a\xc3\xa9", b"a\xed\xb3\x83\xed\xb2\xa9"),
    ] {
        let mut escaped = Vec::new();
        assert_eq!(escape(charset, bytes, true, &mut escaped), b"", "{bytes:x?}");
        assert_eq!(escaped, text, "{bytes:x?}");
        assert_eq!(unescape(charset, text).as_deref(), Some(bytes), "{bytes:x?}");
    }
    let mut escaped = Vec::new();
    assert_eq!(
        escape(Charset::Utf8, b"\xffa\xe2\x82", false, &mut escaped),
        b"\xe2\x82"
    );
    assert_eq!(escaped, b"\xed\xb3\xbfa");
}

#[test]
fn other_lone_surrogates_are_no_bytes() {
    for text in [&b"\xed\xb1\xbf"[..], b"\xed\xb4\x80", b"\xed\xa0\x80", b"a\xed\xb2"] {
        assert_eq!(unescape(Charset::Utf8, text), None, "{text:x?}");
    }
    assert_eq!(unescape(Charset::Ascii, "é".as_bytes()), None);
}
