use super::SURROGATE;
use crate::protocol::text::{char_offset, chars_prefix, count_chars, split_chars, strip_line_ends};

#[test]
fn counts_characters_of_every_width() {
    assert_eq!(count_chars(b""), 0);
    assert_eq!(count_chars("a\u{e9}\u{20ac}\u{1f600}".as_bytes()), 4);
    assert_eq!(count_chars(SURROGATE), 1);
}

#[test]
fn a_prefix_never_splits_a_character() {
    let text = "a\u{e9}\u{20ac}\u{1f600}z";
    for n in 0..8 {
        let expected: String = text.chars().take(n).collect();
        assert_eq!(chars_prefix(text.as_bytes(), n), expected.as_bytes(), "{n}");
    }
    assert_eq!(split_chars(SURROGATE, 1), (SURROGATE, &b""[..]));
}

#[test]
fn finds_offsets_on_both_sides_of_a_block() {
    for character in ["a", "\u{e9}", "\u{20ac}", "\u{1f600}"] {
        let text = character.repeat(200);
        for n in [0, 1, 15, 16, 17, 31, 32, 63, 64, 65, 128, 199, 200] {
            assert_eq!(char_offset(text.as_bytes(), n), Ok(n * character.len()));
        }
        assert_eq!(char_offset(text.as_bytes(), 201), Err(200));
    }
}

#[test]
fn strips_every_trailing_line_end() {
    assert_eq!(strip_line_ends(b"a\r\n\n\r"), b"a");
    assert_eq!(strip_line_ends(b"a\r\nb"), b"a\r\nb");
    assert_eq!(strip_line_ends(b"\r\n"), b"");
}
