//! OpenVMS, which has a version in each name, and a line of its own for what follows a long one:
//!
//! ```text
//! Directory SYS$SYSDEVICE:[USER]
//!
//! README.TXT;2                213/216  29-JAN-1996 03:33:12  [GROUP,OWNER]   (RWED,RWED,,)
//! SUB.DIR;1                         1  19-NOV-2001 21:41  [SYSTEM]  (RWE,RE,RE,)
//! A_NAME_THAT_IS_TOO_LONG_FOR_ONE_LINE.TXT;1
//!                                 155   2-JUL-2003 10:30:13.64
//! SECRET.TXT;1  %RMS-E-PRV, insufficient privilege or file protection violation
//!
//! Total of 4 files, 370/373 blocks.
//! ```

use super::dates::{self, Clock, Stamp};
use super::fields::{Fields, is_digits, split_once};
use super::{Item, Kind, Line};

pub fn line<'a>(line: &'a [u8], clock: &Clock) -> Option<Line<'a>> {
    if is_frame(line) {
        return Some(Line::Nothing);
    }
    let mut fields = Fields::of(line);
    let name = fields.next().filter(|name| is_versioned(name))?;
    let mut item = named(name);
    if fields.rest().trim_ascii_start().starts_with(b"%") {
        return Some(item.into()); // an error is all that is known of it
    }
    // blocks, used and allocated, before or after the date
    fields.next_if(is_blocks);
    let stamp = date(fields.next()?, &mut fields)?;
    item.time = Some(stamp.resolve(clock));
    fields.next_if(is_blocks);
    (item.group, item.owner) = owners(fields.rest());
    Some(item.into())
}

/// Whether the line is a name whose rest is still to come.
pub fn is_name_alone(line: &[u8]) -> bool {
    is_versioned(line) && !line.contains(&b' ')
}

/// A heading or a sum.
fn is_frame(line: &[u8]) -> bool {
    let heading = line
        .strip_prefix(b"Directory ")
        .is_some_and(|place| place.ends_with(b"]"));
    let sum = line
        .strip_prefix(b"Total of ")
        .or_else(|| line.strip_prefix(b"Grand total of "));
    heading
        || sum.is_some_and(|sum| {
            sum.first().is_some_and(u8::is_ascii_digit) && memchr::memmem::find(sum, b" file").is_some()
        })
}

/// "NAME.EXTENSION;VERSION"
fn is_versioned(name: &[u8]) -> bool {
    let at = memchr::memrchr(b';', name);
    at.is_some_and(|at| at > 0 && name.get(at + 1..).is_some_and(is_digits)) && !name.contains(&b'=')
}

/// The version stays in a file's name: there may be several. A directory is entered without.
fn named(name: &[u8]) -> Item<'_> {
    let plain = memchr::memrchr(b';', name)
        .and_then(|at| name.get(..at))
        .unwrap_or(name);
    match plain.split_at_checked(plain.len().saturating_sub(4)) {
        Some((stem, end)) if !stem.is_empty() && end.eq_ignore_ascii_case(b".DIR") => Item::new(Kind::Dir, stem),
        _ => Item::new(Kind::File, name),
    }
}

fn is_blocks(word: &[u8]) -> bool {
    let (used, allocated) = split_once(word, b'/').unwrap_or((word, b"0"));
    is_digits(used) && is_digits(allocated)
}

/// "29-JAN-1996", and the time that may follow.
fn date(word: &[u8], fields: &mut Fields<'_>) -> Option<Stamp> {
    let (day, rest) = split_once(word, b'-')?;
    let (month, year) = split_once(rest, b'-')?;
    let mut stamp = Stamp {
        year: Some(dates::year(year)?),
        month: dates::month(month)?,
        day: dates::short(day, 2)?,
        ..Stamp::default()
    };
    if let Some((time, seconds)) = fields.clone().next().and_then(dates::time_of_day) {
        fields.next();
        (stamp.time, stamp.seconds) = (Some(time), seconds);
    }
    Some(stamp)
}

/// "[GROUP,OWNER]" or "[OWNER]": group and owner.
fn owners(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let inner = split_once(text, b'[').and_then(|(_, from)| split_once(from, b']'));
    match inner {
        Some((inner, _)) if !inner.is_empty() => {
            split_once(inner, b',').map_or((None, Some(inner)), |(group, owner)| (Some(group), Some(owner)))
        }
        _ => (None, None),
    }
}
