use crate::protocol::received_lines::{Charset, TextReader, Undecodable};

/// One line as Python would show it: '\n' for any terminator.
fn shown(reader: &mut TextReader, limit: Option<usize>) -> Option<String> {
    let line = reader.line(limit)?;
    let end = if line.ended { "\n" } else { "" };
    Some(String::from_utf8(line.body.to_vec()).unwrap() + end)
}

/// All lines of `text`, fed in chunks of `size` bytes, the end of file last.
fn lines(text: &[u8], size: usize, limit: Option<usize>) -> Vec<String> {
    let mut reader = TextReader::new(Charset::Utf8);
    let mut got = Vec::new();
    for chunk in text.chunks(size) {
        got.extend(std::iter::from_fn(|| shown(&mut reader, limit)));
        reader.feed(chunk).unwrap();
    }
    got.extend(std::iter::from_fn(|| shown(&mut reader, limit)));
    reader.finish().unwrap();
    while got.last().is_none_or(|line| !line.is_empty()) {
        got.push(shown(&mut reader, limit).unwrap());
    }
    assert_eq!(reader.buffered(), 0);
    got
}

/// The slow way: translate all newlines, then cut.
fn model(text: &str, limit: Option<usize>) -> Vec<String> {
    let mut rest = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let line = rest.split_inclusive('\n').next().unwrap();
        let line: String = line.chars().take(limit.unwrap_or(usize::MAX)).collect();
        rest = rest.split_off(line.len());
        lines.push(line);
    }
    lines.push(String::new());
    lines
}

#[test]
fn memory_is_that_of_what_is_held() {
    let mut reader = TextReader::new(Charset::Utf8);
    let chunk = format!("{}\n", "x".repeat(1023)).repeat(8);
    for _ in 0..1000 {
        reader.feed(chunk.as_bytes()).unwrap();
        while reader.line(None).is_some() {}
    }
    assert!(reader.memory() <= 128 * 1024, "{}", reader.memory());
    reader.feed(&[b'x'; 1 << 20]).unwrap();
    reader.feed(b"\n").unwrap();
    while reader.line(None).is_some() {}
    reader.feed(b"y\n").unwrap();
    assert!(reader.memory() <= 128 * 1024, "{}", reader.memory());
}

#[test]
fn every_short_text_in_every_chunking_with_every_limit() {
    let mut texts = vec![String::new()];
    let mut grown = 0;
    for _ in 0..5 {
        let longer: Vec<String> = texts[grown..]
            .iter()
            .flat_map(|text| ["a", "\u{e9}", "\u{20ac}", "\r", "\n"].map(|more| text.clone() + more))
            .collect();
        grown = texts.len();
        texts.extend(longer);
    }
    for text in &texts {
        for limit in [None, Some(1), Some(2), Some(3), Some(usize::MAX)] {
            let expected = model(text, limit);
            for size in [1, 2, 3, 99] {
                assert_eq!(
                    lines(text.as_bytes(), size, limit),
                    expected,
                    "{text:?} {size} {limit:?}"
                );
            }
        }
    }
}

#[test]
fn a_cr_waits_for_what_follows() {
    let mut reader = TextReader::new(Charset::Ascii);
    reader.feed(b"abc\r").unwrap();
    assert_eq!(shown(&mut reader, None), None);
    assert_eq!(shown(&mut reader, Some(4)), None);
    reader.feed(b"\nx").unwrap();
    assert_eq!(shown(&mut reader, Some(4)).unwrap(), "abc\n");
    reader.feed(b"\r").unwrap();
    assert_eq!(shown(&mut reader, Some(1)).unwrap(), "x");
    assert_eq!(shown(&mut reader, Some(1)), None);
    reader.finish().unwrap();
    assert_eq!(shown(&mut reader, Some(1)).unwrap(), "\n");
    assert_eq!(shown(&mut reader, Some(1)).unwrap(), "");
}

#[test]
fn a_cr_waits_for_a_whole_character() {
    let mut reader = TextReader::new(Charset::Utf8);
    reader.feed(b"\r\xc3").unwrap();
    assert_eq!(shown(&mut reader, None), None);
    reader.feed(b"\xa9").unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "\n");
    assert_eq!(shown(&mut reader, Some(1)).unwrap(), "\u{e9}");
}

#[test]
fn a_limit_of_zero_wants_input_like_any_other() {
    let mut reader = TextReader::new(Charset::Utf8);
    assert_eq!(shown(&mut reader, Some(0)), None);
    reader.feed(b"\na").unwrap();
    assert_eq!(shown(&mut reader, Some(0)).unwrap(), "");
    assert_eq!(shown(&mut reader, Some(2)).unwrap(), "\n");
}

#[test]
fn the_limit_may_change_between_calls() {
    let mut reader = TextReader::new(Charset::Utf8);
    reader.feed("\u{e9}\u{e9}\u{e9}\u{e9}".as_bytes()).unwrap();
    assert_eq!(shown(&mut reader, Some(6)), None);
    assert_eq!(shown(&mut reader, Some(2)).unwrap(), "\u{e9}\u{e9}");
    assert_eq!(shown(&mut reader, None), None);
    assert_eq!(shown(&mut reader, Some(3)), None);
    assert_eq!(shown(&mut reader, Some(2)).unwrap(), "\u{e9}\u{e9}");
}

#[test]
fn the_end_of_file_repeats_until_more_comes() {
    let mut reader = TextReader::new(Charset::Latin1);
    reader.feed(b"last").unwrap();
    reader.finish().unwrap();
    let got: Vec<_> = (0..3).map(|_| shown(&mut reader, None).unwrap()).collect();
    assert_eq!(got, ["last", "", ""]);
    reader.reopen();
    assert_eq!(shown(&mut reader, None), None);
    reader.finish().unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "");
    reader.feed(b"more\nx").unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "more\n");
    assert_eq!(shown(&mut reader, None), None);
    assert_eq!(reader.buffered(), 1);
}

#[test]
fn an_undecodable_chunk_takes_the_unfinished_line_with_it() {
    let mut reader = TextReader::new(Charset::Utf8);
    reader.feed(b"half a line\r").unwrap();
    assert_eq!(shown(&mut reader, None), None);
    let error = reader.feed(b"220 ok\r\nbad \xff").unwrap_err();
    assert_eq!(
        error,
        Undecodable {
            input: b"220 ok\r\nbad \xff".to_vec(),
            last: false
        }
    );
    // The CR was still undecided, and Python's decoder remembers it.
    reader.feed(b"221 next\n").unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "\n");
    assert_eq!(shown(&mut reader, None).unwrap(), "221 next\n");
}

#[test]
fn lines_not_yet_taken_survive_an_undecodable_chunk() {
    let mut reader = TextReader::new(Charset::Ascii);
    reader.feed(b"one\ntwo\nhalf").unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "one\n");
    assert!(reader.feed("\u{e9}".as_bytes()).is_err());
    assert_eq!(shown(&mut reader, None).unwrap(), "two\n");
    assert_eq!(shown(&mut reader, None), None);
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn an_incomplete_character_stays_whatever_follows() {
    let mut reader = TextReader::new(Charset::Utf8);
    reader.feed(b"ab\xe2\x82").unwrap();
    let error = reader.feed(b"x").unwrap_err();
    assert_eq!(
        error,
        Undecodable {
            input: b"\xe2\x82x".to_vec(),
            last: false
        }
    );
    for _ in 0..2 {
        let error = reader.finish().unwrap_err();
        assert_eq!(
            error,
            Undecodable {
                input: b"\xe2\x82".to_vec(),
                last: true
            }
        );
        assert_eq!(shown(&mut reader, None), None);
    }
    reader.feed(b"\xac\n").unwrap();
    assert_eq!(shown(&mut reader, None).unwrap(), "\u{20ac}\n");
}

#[test]
fn dropping_the_unfinished_line_keeps_what_is_undecided() {
    let mut reader = TextReader::new(Charset::Utf8);
    reader.feed(b"whole\r\nhalf\r\xc3").unwrap();
    reader.drop_unfinished();
    reader.feed(b"\xa9\n").unwrap();
    let got: Vec<_> = std::iter::from_fn(|| shown(&mut reader, None)).collect();
    assert_eq!(got, ["whole\n", "\n", "\u{e9}\n"]);
}

#[test]
fn only_cr_and_lf_end_lines() {
    let text = "a\u{b}b\u{c}c\u{1c}d\u{85}e\u{2028}f\0g\n";
    assert_eq!(lines(text.as_bytes(), 1, None), [text, ""]);
}

/// Quadratic cost would make these take minutes.
#[test]
fn long_input_in_small_pieces_costs_its_length() {
    let mut endless = TextReader::new(Charset::Utf8);
    for _ in 0..500_000 {
        endless.feed("\u{e9}a".as_bytes()).unwrap();
        assert!(endless.line(Some(1_000_001)).is_none());
    }
    assert_eq!(endless.buffered(), 1_500_000);

    let mut cut = TextReader::new(Charset::Utf8);
    cut.feed("\u{e9}".repeat(500_000).as_bytes()).unwrap();
    assert_eq!(std::iter::from_fn(|| cut.line(Some(2)).map(|_| ())).count(), 250_000);

    let mut behind = TextReader::new(Charset::Latin1);
    behind.feed(&b"x\n".repeat(4_000_000)).unwrap();
    for _ in 0..500_000 {
        behind.feed(b"y\r\n").unwrap();
        assert!(behind.line(None).is_some_and(|line| line.ended));
    }
    assert_eq!(behind.buffered(), 8_500_000);
}

#[test]
fn what_is_held_is_what_no_line_has_taken() {
    let mut reader = TextReader::new(Charset::Utf8);
    assert_eq!(reader.held(), b"");
    reader.feed(b"one\r\ntwo").unwrap();
    assert_eq!(reader.held(), b"one\r\ntwo");
    assert_eq!(shown(&mut reader, None).unwrap(), "one\n");
    assert_eq!((reader.held(), reader.buffered()), (&b"two"[..], 3));
}

#[test]
fn what_cant_be_decoded_becomes_lone_surrogates() {
    for (charset, chunks, expected) in [
        (Charset::Utf8, [&b"a\xff"[..], b"b\r\n"], &b"a\xed\xb3\xbfb"[..]),
        (Charset::Utf8, [b"\xc3", b"\xa9\r\n"], "\u{e9}".as_bytes()),
        (Charset::Ascii, [b"\xc3", b"\xa9\r\n"], b"\xed\xb3\x83\xed\xb2\xa9"),
        (Charset::Latin1, [b"\xc3", b"\xa9\r\n"], b"\xc3\xa9"),
    ] {
        let mut reader = TextReader::escaping(charset);
        for chunk in chunks {
            assert_eq!(reader.feed(chunk), Ok(()));
        }
        assert_eq!(reader.line(None).unwrap().body, expected, "{charset:?}");
    }
    for (cut, expected) in [
        (&b"x\xe2\x82"[..], &b"x\xed\xb3\xa2\xed\xb2\x82"[..]),
        (b"x\xed\xa0", b"x\xed\xb3\xad\xed\xb2\xa0"),
        (b"\xffx\xed\xa0", b"\xed\xb3\xbfx\xed\xb3\xad\xed\xb2\xa0"),
    ] {
        let mut reader = TextReader::escaping(Charset::Utf8);
        assert_eq!(reader.feed(cut), Ok(()));
        // Python's decoder waits for the rest of them
        assert_eq!(reader.line(Some(3)), None);
        assert_eq!(reader.finish(), Ok(()));
        assert_eq!(reader.line(None).unwrap().body, expected);
    }
}
