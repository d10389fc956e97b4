use crate::protocol::charset::Charset;

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
