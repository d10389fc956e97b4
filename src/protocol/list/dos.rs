//! What IIS sends, and other servers of Windows:
//!
//! ```text
//! 04-27-00  12:09PM       <DIR>          name
//! 2026-11-28  18:48                 9730 name
//! 04/27/2000  12:09 PM    <JUNCTION>     name [C:\target]
//! ```

use super::dates::{Clock, Numbers, separated, time_of_day};
use super::fields::{Fields, number};
use super::order::Order;
use super::{Item, Kind, Line};

/// From the end of "<DIR>" to the name.
const GAP: usize = 10;

pub fn date_of(line: &[u8]) -> Option<Numbers> {
    let date = line
        .first()
        .is_some_and(u8::is_ascii_digit)
        .then(|| Fields::of(line).next())??;
    separated(date).filter(|parts| parts.iter().all(|&(_, length)| length > 0))
}

pub fn line<'a>(line: &'a [u8], clock: &Clock, order: &Order) -> Option<Line<'a>> {
    let date = date_of(line)?;
    let mut fields = Fields::of(line);
    fields.next();
    let (time, half) = split_half(fields.next()?);
    let (mut time, seconds) = time_of_day(time)?;
    let half = half.or_else(|| {
        let word = fields.next_if(|word| matches!(split_half(word), (b"", Some(_))))?;
        split_half(word).1
    });
    match (half, time.0) {
        (Some(Half::Before), 12) => time.0 = 0,
        (Some(Half::After), 1..=11) => time.0 += 12,
        _ => {}
    }
    let word = fields.next()?;
    let (kind, size) = match word {
        b"<DIR>" => (Kind::Dir, None),
        b"<JUNCTION>" | b"<SYMLINK>" | b"<SYMLINKD>" => (Kind::Link, None),
        _ => (Kind::File, Some(size(word)?)),
    };
    let mut name = fields.name()?;
    if kind != Kind::File {
        let gap = fields.rest().iter().take(GAP).take_while(|&&byte| byte == b' ').count();
        name = fields.rest().get(gap..)?;
    }
    let mut item = Item::new(kind, name);
    if kind == Kind::Link {
        if let Some((before, target)) = target(name) {
            (item.name, item.target) = (before, Some(target));
        }
    }
    item.size = size.flatten();
    let stamp = super::dates::Stamp {
        time: Some(time),
        seconds,
        ..order.apply(date)
    };
    item.time = Some(stamp.resolve(clock));
    Some(item.into())
}

#[derive(Clone, Copy)]
enum Half {
    Before,
    After,
}

/// "12:09PM", "03:47p": the time and the half of the day.
fn split_half(word: &[u8]) -> (&[u8], Option<Half>) {
    let time = word
        .strip_suffix(b"M")
        .or_else(|| word.strip_suffix(b"m"))
        .unwrap_or(word);
    match time.split_last() {
        Some((b'A' | b'a', time)) => (time, Some(Half::Before)),
        Some((b'P' | b'p', time)) => (time, Some(Half::After)),
        _ => (word, None),
    }
}

/// "9730" or "9,730".
fn size(word: &[u8]) -> Option<Option<u64>> {
    if !word.contains(&b',') {
        return word.iter().all(u8::is_ascii_digit).then(|| number(word));
    }
    let mut groups = word.split(|&byte| byte == b',');
    let first = groups.next().and_then(number)?;
    let mut sum = Some(first);
    for group in groups {
        let group = (group.len() == 3).then(|| number(group))??;
        sum = sum.and_then(|sum| sum.checked_mul(1000)?.checked_add(group));
    }
    Some(sum)
}

/// "name [target]"
fn target(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_suffix(b"]")?;
    let at = memchr::memmem::find(inner, b" [")?;
    Some((inner.get(..at)?, inner.get(at + 2..)?))
}
