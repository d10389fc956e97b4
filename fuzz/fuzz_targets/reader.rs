//! Invariant: whatever is called on the line reader in whatever order, it neither panics, nor holds more than was fed
//! and not taken, nor hands out more than the limit.
#![no_main]

use _rftplib::protocol::received_lines::{Charset, TextReader};
use _rftplib::protocol::text::count_chars;
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{charset, settings};

fuzz_target!(|input: &[u8]| {
    let Some(([choice], mut script)) = settings::<1>(input) else {
        return;
    };
    let charset = charset(choice);
    let mut reader = TextReader::new(charset);
    let (mut fed, mut taken) = (0, 0);
    // Each step: what to do, an argument, and for `feed` as many bytes as the argument says.
    while let Some(([step, argument], rest)) = settings::<2>(script) {
        script = rest;
        let argument = usize::from(argument);
        match step % 6 {
            0 | 1 => {
                let (piece, rest) = script.split_at(argument.min(script.len()));
                script = rest;
                fed += reader.feed(piece).map_or(0, |()| piece.len());
            }
            2 => {
                if let Some(line) = reader.line(Some(argument)) {
                    let length = match charset {
                        Charset::Utf8 => count_chars(line.body),
                        Charset::Latin1 | Charset::Ascii => line.body.len(),
                    };
                    assert!(length + usize::from(line.ended) <= argument);
                    taken += line.body.len();
                }
            }
            3 => taken += reader.line(None).map_or(0, |line| line.body.len()),
            4 => drop(reader.finish()),
            _ => {
                reader.drop_unfinished();
                reader.reopen();
            }
        }
        assert!(reader.buffered() + taken <= fed);
    }
});
