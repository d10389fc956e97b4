//! Whatever the peer sends, a parser gives an answer.

use crate::protocol::received_lines::{Charset, TextReader};
use crate::protocol::{address, command, facts, path, reply, text};

fn all_parsers(text: &[u8]) {
    let code = reply::code(text);
    assert!(text.starts_with(code));
    assert_eq!(reply::closes(text, code), reply::opens(text).is_none());
    reply::kind(text);
    assert!(reply::size_150(text).is_none_or(|digits| digits.iter().all(u8::is_ascii_digit)));
    if let Ok(found) = address::parse_227(text) {
        assert!(found.host.iter().chain(&found.port).all(|number| !number.is_empty()));
    }
    if let Ok(port) = address::parse_229(text) {
        assert!(port.len() + 6 <= text.len());
    }
    assert!(address::find(text).is_none_or(|place| place.port != 0));
    assert!(path::parse_257(text).len() <= text.len());
    assert!(facts::split_entry(text).0.count() >= 1);
    assert_eq!(text::count_chars(&command::mask(text)), text::count_chars(text));
    command::mask_for_log(text);
    for charset in [Charset::Utf8, Charset::Latin1, Charset::Ascii] {
        let mut reader = TextReader::new(charset);
        for byte in text {
            // An error is an answer, too.
            let _ = reader.feed(&[*byte]);
            while reader.line(Some(3)).is_some() {}
        }
        if reader.finish().is_ok() {
            while reader
                .line(Some(3))
                .is_some_and(|line| line.ended || !line.body.is_empty())
            {}
            assert_eq!(reader.buffered(), 0);
        }
    }
}

const SAMPLES: [&[u8]; 8] = [
    b"150 Opening data connection for x (123 bytes)\r\n",
    b"227 Entering Passive Mode (127,0,0,1,19,136).\r\n",
    b"229 Entering Extended Passive Mode (|||6446|)\r\n",
    "229 (\u{1f600}\u{1f600}\u{1f600}21\u{1f600})".as_bytes(),
    b"257 \"/a \"\"b\"\" c\" created\r\n",
    b"PASS \xed\xa0\x80secret\r\n",
    b"type=file;size=12; \xc3\xa9\r\n",
    b"220-a\r\n220 b\r\n",
];

#[test]
fn every_prefix_and_every_suffix() {
    for sample in SAMPLES {
        for at in 0..=sample.len() {
            all_parsers(&sample[..at]);
            all_parsers(&sample[at..]);
        }
    }
}

#[test]
fn every_byte_replaced_by_any_other() {
    for sample in SAMPLES {
        for at in 0..sample.len() {
            for byte in 0..=255 {
                let mut broken = sample.to_vec();
                broken[at] = byte;
                all_parsers(&broken);
            }
        }
    }
}

#[test]
fn long_runs_of_what_the_parsers_look_for() {
    for unit in [
        &b"("[..],
        b" (1",
        b"1,",
        b"\"",
        b"|",
        b";",
        b"=",
        b"\r",
        b" (1 bytes",
        b"\x80",
        b"-",
    ] {
        for start in [&b""[..], b"150 ", b"229 (", b"257 \"", b"PASS "] {
            all_parsers(&[start, &unit.repeat(20_000)].concat());
        }
    }
}
