//! `ls -l` and its cousins:
//!
//! ```text
//! -rw-r--r--   1 owner    group        4096 Nov 28 09:14 name
//! drwxr-xr-x+  2 owner group 4096 2026-11-28 09:14:17.123 +0100 name
//! lrwxrwxrwx 1 owner group 6 Nov 28  2020 name -> target
//! crw-rw-rw- 1 root root 1, 3 Nov 28 09:14 null
//! d [R----F--] supervisor            512       Jan 16 18:53    name
//! ```
//!
//! Links, owner and group may be missing, and each may be a number. What counts is the first number that a date follows:
//! it is the size, and what comes behind the date is the name. A date has a year or a time of day, as names may begin with
//! either; a few forms, which are known by a mark, have both.

use super::dates::{Clock, time_of_day};
use super::fields::{Fields, is_digits, number, trim};
use super::{Item, Kind, Line, unix_dates};

pub fn line<'a>(line: &'a [u8], clock: &Clock) -> Option<Line<'a>> {
    let (kind, from) = kind(line)?;
    if let Some(start) = netware(from) {
        let (item, after) = columns(kind, start, clock)?;
        let name = trim(after.rest());
        return Some(Item { name, ..item }.into());
    }
    let (mode, start) = permissions(from)?;
    if let Some(name) = secret(start) {
        return Some(Item::new(kind, name).into());
    }
    let (mut item, after) = columns(kind, start, clock)?;
    item.mode = mode;
    item.name = after.name()?;
    if kind == Kind::Dir {
        item.name = item.name.strip_suffix(b"/").unwrap_or(item.name); // `ls -F`
    }
    if kind == Kind::Link {
        (item.name, item.target) = link(item.name, item.size);
    }
    Some(item.into())
}

/// By the first character; see `ls --help` for the rare ones.
fn kind(line: &[u8]) -> Option<(Kind, &[u8])> {
    let (first, rest) = line.split_first()?;
    let kind = match first {
        b'-' | b'C' | b'M' => Kind::File,
        b'd' => Kind::Dir,
        b'l' => Kind::Link,
        b'b' | b'c' | b'D' | b'n' | b'p' | b'P' | b's' | b'?' => Kind::Other,
        _ => return None,
    };
    Some((kind, rest))
}

/// Nine characters, and perhaps one that tells of more (an ACL). None are known of "?????????".
fn permissions(text: &[u8]) -> Option<(Option<u16>, &[u8])> {
    let (nine, mut rest) = text.split_at_checked(9)?;
    let mut mode = Some(0u16);
    for (place, &letter) in nine.iter().enumerate() {
        let (bit, special) = match place % 3 {
            0 => (4, b'r'),
            1 => (2, b'w'),
            _ => (1, b'x'),
        };
        let bit = bit << (6 - place / 3 * 3);
        // set user id, set group id, sticky
        let more = 0o4000 >> (place / 3);
        let set = match letter {
            b'-' => 0,
            b'?' => {
                mode = None;
                0
            }
            _ if letter == special => bit,
            b's' | b't' if place % 3 == 2 => bit | more,
            b'S' | b'T' | b'l' | b'L' if place % 3 == 2 => more,
            _ => return None,
        };
        mode = mode.map(|mode| mode | set);
    }
    if let Some((b'+' | b'.' | b'@' | b'*', after)) = rest.split_first() {
        rest = after;
    }
    // a number of links that is too wide follows at once
    rest.first()
        .is_some_and(|&byte| matches!(byte, b' ' | b'\t' | b'0'..=b'9'))
        .then_some((mode, rest))
}

/// What comes after "[R----F--]".
fn netware(text: &[u8]) -> Option<&[u8]> {
    let rights = trim(text).strip_prefix(b"[")?;
    let end = memchr::memchr(b']', rights)?;
    let (rights, rest) = rights.split_at_checked(end)?;
    let known = rights.iter().all(|letter| b"-SRWCEMFA".contains(letter));
    (known && rights.len() <= 8).then(|| rest.get(1..))?
}

/// Links, owner, group, size and date; the name is what follows them. The leftmost date that follows a number is the
/// date: what comes behind it is of the name, whatever it looks like.
fn columns<'a>(kind: Kind, text: &'a [u8], clock: &Clock) -> Option<(Item<'a>, Fields<'a>)> {
    let named = |fields| unix_dates::date(fields).filter(|(_, after)| after.name().is_some());
    let mut fields = Fields::of(text);
    let (mut before, mut size, mut stamp, mut after) = loop {
        let before = taken(text, fields);
        let word = fields.next()?;
        if let (Some(size), Some((stamp, after))) = (size(word), named(fields)) {
            break (before, size, stamp, after);
        }
    };
    if trim(before).is_empty() && stamp.time.is_none() {
        // "1 jan 12 2024 Jan  1 12:00 name" may begin with links, owner, group and size. It does if all is in lower case, as
        // names of accounts are; of "1 Jan 12 2024 Jan  1 12:00 name" nobody knows.
        let all = trim(taken(text, after));
        let columns = without_last(all);
        let year = all.get(columns.len()..).and_then(|year| number(trim(year)));
        if let Some(later) = named(after).filter(|_| year.is_some() && Fields::of(columns).count() >= 3) {
            if columns.iter().any(u8::is_ascii_uppercase) {
                return None;
            }
            (before, size) = (columns, year);
            (stamp, after) = later;
        }
    }
    let mut item = Item::new(kind, b"");
    item.time = Some(stamp.resolve(clock));
    item.size = size;
    // "1, 3" are the numbers of a device
    (item.owner, item.group) = owners(trim(before).strip_suffix(b",").map_or(before, without_last));
    // "other 531 Xyz 28 2024" is no group: the date isn't understood, and this one is of the name
    let several = |group| Fields::of(group).count() > 1;
    let odd = |group| Fields::of(group).any(|word| time_of_day(word).is_some() || (is_digits(word) && several(group)));
    (!item.group.is_some_and(odd)).then_some((item, after))
}

/// The part of `text` that comes before `fields`, which are its end.
fn taken<'a>(text: &'a [u8], fields: Fields<'_>) -> &'a [u8] {
    text.get(..text.len() - fields.rest().len()).unwrap_or_default()
}

/// Without the last word.
fn without_last(text: &[u8]) -> &[u8] {
    let last = text.iter().rposition(|&byte| byte == b' ');
    text.get(..last.unwrap_or(0)).unwrap_or_default()
}

/// The name in "? ? ? ? ? name", of what `ls` may not look at.
fn secret(text: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields::of(text);
    for _ in 0..5 {
        fields.next_if(|word| word == b"?")?;
    }
    fields.name()
}

/// The word where the size should be: none of which the size is known ("33.5k", "1,3" of a device), too.
fn size(word: &[u8]) -> Option<Option<u64>> {
    let (first, rest) = word.split_first()?;
    if !(first.is_ascii_digit() || (*first == b'-' && rest.first().is_some_and(u8::is_ascii_digit))) {
        return None;
    }
    if is_digits(word) {
        return Some(number(word));
    }
    let unit = rest.last().is_some_and(u8::is_ascii_alphabetic);
    let digits = if unit { rest.split_last()?.1 } else { rest };
    let known = digits
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    known.then_some(None)
}

/// What stands before the size: links, owner, group. A group may have blanks in it.
fn owners(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let mut fields = Fields::of(text);
    let Some(first) = fields.next() else {
        return (None, None);
    };
    let owner = if is_digits(first) { fields.next() } else { Some(first) };
    let group = trim(fields.rest());
    (owner, (!group.is_empty()).then_some(group))
}

/// Name and target. The size of a link is the length of its target, which tells where one of several arrows is the one.
fn link(text: &[u8], size: Option<u64>) -> (&[u8], Option<&[u8]>) {
    const ARROW: &[u8] = b" -> ";
    let split = |at: usize| Some((text.get(..at)?, Some(text.get(at + ARROW.len()..)?)));
    let by_size = size
        .and_then(|size| {
            text.len()
                .checked_sub(usize::try_from(size).ok()?)?
                .checked_sub(ARROW.len())
        })
        .filter(|&at| size != Some(0) && text.get(at..).is_some_and(|from| from.starts_with(ARROW)));
    by_size
        .or_else(|| memchr::memmem::find(text, ARROW))
        .and_then(split)
        .unwrap_or((text, None))
}
