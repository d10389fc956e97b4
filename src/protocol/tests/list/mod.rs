//! What each line of a listing says, one row of a table each. The clock stands at 28 November 2026, 09:14:17.

mod dos;
mod headings;
mod mlsx;
mod names;
mod others;
mod refused;
mod unix;

use crate::protocol::list::{Clock, Format, Item, Kind, Line, Listing, Time};

const CLOCK: Clock = Clock {
    now: 1_795_857_257,
    offset: 0,
};

/// A row: a line, and what it says.
type Row = (&'static str, &'static str);

fn listing() -> Listing {
    Listing::new(Format::Any, CLOCK)
}

/// What a line alone says.
fn said(line: &[u8]) -> String {
    let mut listing = listing();
    listing.look_ahead(line);
    describe(&listing.line(line))
}

fn describe(line: &Line<'_>) -> String {
    match line {
        Line::Entry(item) => described(item),
        Line::Facts(outline) => described(&outline.item()),
        Line::Itself => "itself".into(),
        Line::Nothing => "nothing".into(),
        Line::Unknown => "unknown".into(),
    }
}

/// `kind "name" size date ±resolution mode owner:group -> "target" #unique`, without what isn't told.
fn described(item: &Item<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut parts = vec![
        match item.kind {
            Kind::File => "file",
            Kind::Dir => "dir",
            Kind::Link => "link",
            Kind::Other => "other",
        }
        .to_string(),
        format!("{:?}", text(item.name)),
    ];
    parts.extend(item.size.map(|size| size.to_string()));
    parts.extend(item.time.map(|time| date(&time)));
    parts.extend(item.mode.map(|mode| format!("0{mode:o}")));
    if item.owner.is_some() || item.group.is_some() {
        let (owner, group) = (item.owner.unwrap_or_default(), item.group.unwrap_or_default());
        parts.push(format!("{}:{}", text(owner), text(group)));
    }
    parts.extend(item.target.map(|target| format!("-> {:?}", text(target))));
    parts.extend(item.unique.map(|unique| format!("#{}", text(unique))));
    parts.join(" ")
}

fn date(time: &Time) -> String {
    let resolution = match time.resolution {
        86_400_000_000 => "1d".to_string(),
        60_000_000 => "1m".to_string(),
        1_000_000 => "1s".to_string(),
        micros => format!("{micros}us"),
    };
    let Some(micros) = time.micros else {
        return format!("never ±{resolution}");
    };
    let (days, of_day) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    // Howard Hinnant's civil_from_days
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let seconds = of_day / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}");
    if of_day % 1_000_000 > 0 {
        text += &format!(".{:06}", of_day % 1_000_000);
    }
    format!("{text} ±{resolution}")
}

/// Each row, as it is and with the ends of lines that servers send. A name takes whatever follows it.
fn check(rows: &[Row]) {
    for &(line, expected) in rows {
        assert_eq!(said(line.as_bytes()), expected, "{line:?}");
        for end in ["\r\n", "\n", "\r", "\r\r\n"] {
            assert_eq!(said([line, end].concat().as_bytes()), expected, "{line:?} + {end:?}");
        }
        // a part of a line is another line, or none; it is never an error
        for at in 0..line.len() {
            said(&line.as_bytes()[..at]);
            said(&line.as_bytes()[at..]);
        }
    }
}

/// The same where the name is the last of a line: bytes more are bytes of the name.
fn check_names_at_the_end(rows: &[Row]) {
    check(rows);
    for &(line, _) in rows {
        let mut listing = listing();
        listing.look_ahead(line.as_bytes());
        let Some((kind, name)) = kind_and_name(&listing.line(line.as_bytes())) else {
            continue;
        };
        if kind == Kind::Link || line.ends_with('/') {
            continue;
        }
        for more in [&b"x"[..], b" x", b";1", b"\xff\xfe", b" -> x", b".\xe2\x82"] {
            let longer = [line.as_bytes(), more].concat();
            let expected = Some((kind, [&name, more].concat()));
            assert_eq!(kind_and_name(&listing.line(&longer)), expected, "{line:?}");
        }
        for more in [&b"/"[..], b"/x", b"\0", b"\nx", b"\rx"] {
            let longer = [line.as_bytes(), more].concat();
            let expected = if more == b"/" && kind == Kind::Dir {
                None
            } else {
                Some(Line::Unknown)
            };
            let found = listing.line(&longer);
            assert!(expected.is_none_or(|expected| expected == found), "{line:?} + {more:?}");
        }
    }
}

fn kind_and_name(line: &Line<'_>) -> Option<(Kind, Vec<u8>)> {
    match line {
        Line::Entry(item) => Some((item.kind, item.name.to_vec())),
        Line::Facts(outline) => Some((outline.kind, outline.name.to_vec())),
        _ => None,
    }
}
