//! For any text the parsers answer what the slow model answers, however the text arrives.

use super::model;
use crate::protocol::received_lines::{Charset, TextReader};
use crate::protocol::reply::Assembly;
use crate::protocol::{address, command, facts, path, reply};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Text in which the characters that matter to a parser are likely.
fn text() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => proptest::sample::select(vec![
            "(", ")", "|", ",", "\"", " ", "-", ";", "=", "\r", "\n", "\r\n", "0", "19", "256", " (", " bytes)",
            "\"\"", " \"", "|||", "220", "150 ", "227 ", "229 ", "257 ", "PASS ", "pass ", "acct ", "type=file;", "\0",
            "\u{e9}", "\u{20ac}", "\u{1f600}", "\u{660}", "\u{85}", "\u{2028}",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn owned(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The text's bytes, cut after each of `sizes` bytes, again and again.
fn chunks<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for &size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (chunk, rest) = bytes.split_at(size.min(bytes.len()));
        chunks.push(chunk);
        bytes = rest;
    }
    chunks
}

/// All lines, '\n' for each terminator, asked for as soon as they can be had.
fn read_all(chunks: &[&[u8]], limit: Option<usize>) -> Vec<String> {
    let mut reader = TextReader::new(Charset::Utf8);
    let mut lines = Vec::new();
    for chunk in chunks {
        reader.feed(chunk).unwrap();
        while let Some(line) = reader.line(limit) {
            lines.push(owned(line.body) + if line.ended { "\n" } else { "" });
        }
    }
    reader.finish().unwrap();
    loop {
        let line = reader.line(limit).unwrap();
        if line.body.is_empty() && !line.ended {
            assert_eq!(reader.buffered(), 0);
            return lines;
        }
        lines.push(owned(line.body) + if line.ended { "\n" } else { "" });
    }
}

/// `getmultiline()` over our own parts, as the binding puts them together.
fn replies(lines: &[String], maxline: usize, max_reply: Option<usize>) -> Vec<Result<String, model::Fault>> {
    use model::Fault::{Closed, LineTooLong, ReplyTooLong};
    let mut lines = lines.iter();
    let mut getline = || match lines.next() {
        None => Err(Closed),
        Some(line) if line.chars().count() > maxline => Err(LineTooLong),
        Some(line) => Ok(line.trim_end_matches('\n')),
    };
    let mut getmultiline = || {
        let first = getline()?;
        let Some(mut assembly) = Assembly::begin(first.as_bytes()) else {
            return Ok(first.to_owned());
        };
        while !assembly
            .add(getline()?.as_bytes(), max_reply)
            .map_err(|_| ReplyTooLong)?
        {}
        Ok(owned(&assembly.into_text()))
    };
    let mut replies = Vec::new();
    while replies.last() != Some(&Err(Closed)) {
        replies.push(getmultiline());
    }
    replies
}

proptest! {
    // The same cases in every run: new ones are for the fuzz targets to find.
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(959),
        ..ProptestConfig::default()
    })]

    #[test]
    fn sizes_and_directories(tail in text()) {
        for start in ["150 ", "257 \"", "257 ", ""] {
            let reply = format!("{start}{tail}");
            let size = reply::size_150(reply.as_bytes()).map(owned);
            prop_assert_eq!(size, model::size_150(&reply), "{:?}", &reply);
            let name = owned(&path::parse_257(reply.as_bytes()));
            prop_assert_eq!(name, model::parse_257(&reply), "{:?}", &reply);
        }
    }

    #[test]
    fn addresses(head in text(), numbers in proptest::collection::vec(0_u32..300, 4..8), tail in text()) {
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        for reply in [format!("{head}{}{tail}", numbers.join(",")), format!("229 {head}({tail}"), head, tail] {
            let found = address::parse_227(reply.as_bytes()).ok();
            let found = found.map(|found| {
                let ([h1, h2, h3, h4], [p1, p2]) = (found.host, found.port);
                [h1, h2, h3, h4, p1, p2].map(owned)
            });
            prop_assert_eq!(found, model::parse_227(&reply), "{:?}", &reply);
            let port = address::parse_229(reply.as_bytes()).ok().map(owned);
            prop_assert_eq!(port, model::parse_229(&reply), "{:?}", &reply);
        }
    }

    #[test]
    fn extended_addresses(fields in proptest::collection::vec("[0-9a-z()\u{e9}]{0,4}", 3..7), delimiter in "[|!\u{20ac}(5]") {
        let reply = format!("229 ok ({})", fields.join(&delimiter));
        let port = address::parse_229(reply.as_bytes()).ok().map(owned);
        prop_assert_eq!(port, model::parse_229(&reply), "{:?}", &reply);
    }

    #[test]
    fn entries(line in text()) {
        let (found, name) = facts::split_entry(line.as_bytes());
        let found: Vec<_> = found.map(|(key, value)| (owned(key), owned(value))).collect();
        prop_assert_eq!((found, owned(name)), model::entry(&line));
    }

    #[test]
    fn commands(tail in text()) {
        for verb in ["", "PASS ", "pass ", "Pass ", "  ACCT "] {
            let line = format!("{verb}{tail}");
            prop_assert_eq!(owned(&command::mask(line.as_bytes())), model::sanitize(&line));
            prop_assert_eq!(command::has_line_break(line.as_bytes()), line.contains(['\r', '\n']));
        }
    }

    #[test]
    fn no_log_record_holds_a_password(verb in "[ \t]{0,2}([Pp][Aa][Ss][Ss]|[Aa][Cc][Cc][Tt])", secret in "[a-z0-9]{6,12}") {
        let line = format!("{verb} {secret}\r\n");
        let shown = owned(&command::mask_for_log(line.as_bytes()));
        prop_assert!(!shown.contains(&secret), "{:?}", shown);
        prop_assert!(shown.ends_with(" ****") && shown.len() == 9, "{:?}", shown);
    }

    #[test]
    fn what_follows_an_answer_does_not_change_it(host in "[0-9]{1,3}(,[0-9]{1,3}){5}", name in "[a-z /]{0,9}", tail in text()) {
        for reply in [format!("227 ({host})"), format!("229 (|||{}|)", host.len()), format!("257 \"{name}\" ")] {
            let more = format!("{reply}{tail}");
            prop_assert_eq!(address::parse_227(more.as_bytes()).is_ok(), reply.starts_with("227") || model::parse_227(&more).is_some());
            if reply.starts_with("227") {
                prop_assert_eq!(address::parse_227(more.as_bytes()), address::parse_227(reply.as_bytes()));
            }
            if reply.starts_with("229") {
                prop_assert_eq!(address::parse_229(more.as_bytes()), address::parse_229(reply.as_bytes()));
            }
            prop_assert_eq!(path::parse_257(more.as_bytes()), path::parse_257(reply.as_bytes()));
        }
        let size = format!("150 x (12 bytes)\n{tail}");
        prop_assert_eq!(reply::size_150(size.as_bytes()), Some(&b"12"[..]));
    }

    #[test]
    fn lines_whole_byte_by_byte_and_anyhow(
        text in text(),
        limit in proptest::option::of(1_usize..12),
        sizes in proptest::collection::vec(1_usize..7, 1..5),
    ) {
        let expected = model::lines(&text, limit);
        for sizes in [&[usize::MAX][..], &[1], &sizes] {
            let lines = read_all(&chunks(text.as_bytes(), sizes), limit);
            prop_assert_eq!(&lines, &expected, "{:?} in {:?}", &text, sizes);
        }
    }

    #[test]
    fn replies_are_put_together_as_by_ftplib(
        lines in proptest::collection::vec("(22[01]|[0-9\u{e9}]{0,4})[- ]?[a-z\u{20ac}]{0,9}\n", 0..12),
        maxline in 3_usize..20,
        max_reply in proptest::option::of(1_usize..40),
    ) {
        prop_assert_eq!(replies(&lines, maxline, max_reply), model::replies(&lines, maxline, max_reply));
    }

    #[test]
    fn rubbish_in_any_order_of_calls(
        steps in proptest::collection::vec((0_u8..6, proptest::collection::vec(any::<u8>(), 0..20)), 0..30),
        charset in proptest::sample::select(vec![Charset::Utf8, Charset::Latin1, Charset::Ascii]),
    ) {
        let mut reader = TextReader::new(charset);
        let (mut fed, mut taken) = (0, 0);
        for (step, bytes) in steps {
            match step {
                0 | 1 => fed += reader.feed(&bytes).map_or(0, |()| bytes.len()),
                2 => taken += reader.line(Some(bytes.len())).map_or(0, |line| line.body.len()),
                3 => taken += reader.line(None).map_or(0, |line| line.body.len()),
                4 => drop(reader.finish()),
                _ => reader.drop_unfinished(),
            }
            prop_assert!(reader.buffered() + taken <= fed, "more buffered than was fed");
        }
    }
}
