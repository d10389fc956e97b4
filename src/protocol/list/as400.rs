//! OS/400, now IBM i:
//!
//! ```text
//! QSYS            77824 02/23/00 15:09:55 *DIR       name/
//! QPGMR        16347136 29.06.13 15:45:09 *FILE      RPGUNIT.SAVF
//! QPGMR                                   *MEM       MKCMD.MBR
//! ```

use super::dates::{Clock, Numbers, Stamp, separated, time_of_day};
use super::fields::{Fields, is_digits, number, trim};
use super::order::Order;
use super::{Item, Kind, Line};

/// Owner, size, date and time, then the type: of members all but the first are missing.
struct Columns<'a> {
    owner: &'a [u8],
    size: Option<u64>,
    date: Option<(Numbers, &'a [u8])>,
    kind: &'a [u8],
    after: Fields<'a>,
}

fn columns(line: &[u8]) -> Option<Columns<'_>> {
    let mut fields = Fields::of(line);
    let owner = fields.next()?;
    let size = fields.next_if(is_digits);
    let mut date = None;
    if size.is_some() {
        let parts = separated(fields.next()?).filter(|parts| parts.iter().all(|&(_, length)| length > 0))?;
        date = Some((parts, fields.next()?));
    }
    let kind = fields.next()?;
    let letters = kind.strip_prefix(b"*")?;
    if letters.is_empty() || !letters.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Some(Columns {
        owner,
        size: size.and_then(number),
        date,
        kind,
        after: fields,
    })
}

pub fn date_of(line: &[u8]) -> Option<Numbers> {
    Some(columns(line)?.date?.0)
}

pub fn line<'a>(line: &'a [u8], clock: &Clock, order: &Order) -> Option<Line<'a>> {
    let columns = columns(line)?;
    let name = trim(columns.after.rest());
    // a file that is the current directory: it has members, and no name here
    if name.is_empty() {
        return Some(Line::Nothing);
    }
    // a member of a file that is itself listed here: of the next level
    if columns.kind == b"*MEM" && name.contains(&b'/') {
        return Some(Line::Nothing);
    }
    let (name, directory) = name.strip_suffix(b"/").map_or((name, false), |name| (name, true));
    let kind = match columns.kind {
        _ if directory => Kind::Dir,
        b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR" => Kind::Dir,
        // a file of records has members; one that saves objects is one
        b"*FILE" if !name.ends_with(b".SAVF") => Kind::Dir,
        _ => Kind::File,
    };
    let mut item = Item::new(kind, name);
    item.owner = Some(columns.owner);
    item.size = columns.size;
    if let Some((date, time)) = columns.date {
        let (time, seconds) = time_of_day(time)?;
        let stamp = Stamp {
            time: Some(time),
            seconds,
            ..order.apply(date)
        };
        item.time = Some(stamp.resolve(clock));
    }
    Some(item.into())
}
