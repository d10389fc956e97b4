//! Invariants: whatever a listing says, its entries are of this directory, their names stand in their lines, and nothing
//! of a line depends on how it ends.
#![no_main]

use _rftplib::protocol::list::{Clock, Format, Kind, Line, Listing, Time, mdtm};
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::settings;

fn check_name(name: &[u8], line: &[u8], format: Format) {
    assert!(!name.is_empty() && !name.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    if format != Format::Mlst {
        assert!(!name.contains(&b'/') && name != b"." && name != b"..");
    }
    // only a long name of OpenVMS is in the line before
    assert!(line.as_ptr_range().contains(&name.as_ptr()) || line.starts_with(b" "));
}

fn check_time(time: Option<Time>) {
    let Some(time) = time else { return };
    assert!(time.resolution > 0);
    // the years 1 to 9999
    let micros = time.micros.unwrap_or(0);
    assert!((-62_135_596_800_000_000..253_402_300_800_000_000).contains(&micros));
}

/// What an entry is, and its name.
fn read(listing: &mut Listing, line: &[u8], format: Format) -> Option<(Kind, Vec<u8>)> {
    let item = match listing.line(line) {
        Line::Entry(item) => item,
        Line::Facts(found) => found.item(),
        Line::Itself | Line::Nothing | Line::Unknown => return None,
    };
    check_name(item.name, line, format);
    check_time(item.time);
    assert!(item.mode.is_none_or(|mode| mode <= 0o7777));
    assert!(item.size.is_none() || item.kind == Kind::File);
    Some((item.kind, item.name.to_vec()))
}

fuzz_target!(|input: &[u8]| {
    let Some(([format, now, offset], text)) = settings(input) else {
        return;
    };
    let format = match format % 4 {
        0 => Format::Mlsd,
        1 => Format::Mlst,
        _ => Format::Any,
    };
    let clock = Clock {
        now: (i64::from(now) - 64) << (u32::from(offset) % 56),
        offset: (i32::from(offset) - 128) * 900,
    };
    check_time(mdtm(text));
    let (mut plain, mut ended) = (Listing::new(format, clock), Listing::new(format, clock));
    let lines = || text.split(|&byte| byte == b'\n');
    for line in lines() {
        plain.look_ahead(line);
        ended.look_ahead(line);
    }
    for line in lines() {
        let longer = [line, b"\r\n"].concat();
        assert_eq!(read(&mut plain, line, format), read(&mut ended, &longer, format));
    }
});
