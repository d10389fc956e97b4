//! Invariant: however a text is cut into pieces, its lines are those that Python's universal newlines and readline(limit)
//! make of the whole.
#![no_main]

use _rftplib::protocol::received_lines::{Charset, TextReader};
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{charset, chop, decode, model, settings};

fn take(reader: &mut TextReader, limit: Option<usize>, lines: &mut Vec<String>) {
    let latin = reader.charset() == Charset::Latin1;
    while let Some(line) = reader.line(limit) {
        if line.body.is_empty() && !line.ended {
            return;
        }
        let mut body: String = if latin {
            line.body.iter().map(|&byte| char::from(byte)).collect()
        } else {
            rftplib_fuzz::text(line.body)
        };
        if line.ended {
            body.push('\n');
        }
        lines.push(body);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(([choice, limit, sizes @ ..], bytes)) = settings::<5>(input) else {
        return;
    };
    let charset = charset(choice);
    let limit = (limit > 0).then_some(usize::from(limit));
    let mut reader = TextReader::new(charset);
    let mut lines = Vec::new();
    let mut fine = true;
    for piece in chop(bytes, &sizes) {
        fine &= reader.feed(piece).is_ok();
        take(&mut reader, limit, &mut lines);
    }
    fine &= reader.finish().is_ok();
    take(&mut reader, limit, &mut lines);
    let expected = decode(charset, bytes);
    assert_eq!(fine, expected.is_some());
    if let Some(expected) = expected {
        assert_eq!(lines, model::lines(&expected, limit));
        assert_eq!(reader.buffered(), 0);
    }
});
