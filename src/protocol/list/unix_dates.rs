//! Dates as `ls -l` has them, of whatever system and language.

use super::dates::{Numbers, Stamp, month, separated, short, time_of_day, year};
use super::fields::Fields;

/// The date in the middle of a line of `ls -l`, and what follows it.
pub fn date(fields: Fields<'_>) -> Option<(Stamp, Fields<'_>)> {
    let mut after = fields;
    let first = after.next()?;
    let mut stamp = Stamp::default();
    if first.first().is_some_and(u8::is_ascii_digit) {
        if let Some(parts) = separated(first) {
            return numeric(parts, after);
        }
        if let Some(number) = marked(first, "月") {
            stamp.month = number;
            stamp.day = after
                .next()
                .and_then(|day| short(day, 2).or_else(|| marked(day, "日")))?;
            return end(stamp, after, Ends::Either);
        }
        let number = short(without_mark(first), 2)?;
        let second = after.next()?;
        if let Some(named) = month(without_mark(second)) {
            (stamp.day, stamp.month) = (number, named); // "26. Juli 20:10"
            return end(stamp, after, Ends::Either);
        }
        // "3 29 03:26": only a time of day tells it from a size and a year
        (stamp.month, stamp.day) = (number, short(second, 2)?);
        return end(stamp, after, Ends::Time);
    }
    let mut named = without_mark(first);
    if month(named).is_none() || after.next_if(|word| month(without_mark(word)).is_some()).is_some() {
        // "Mon Jan  1 12:00:00 2001"
        if named.len() != 3 || !named.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        after = fields;
        after.next();
        named = without_mark(after.next()?);
    }
    stamp.month = month(named)?;
    let day = after.next()?;
    stamp.day = short(without_mark(day), 2)?;
    // "Apr 04, 2000 21:06"
    let both = day.ends_with(b",");
    end(stamp, after, if both { Ends::Both } else { Ends::Either })
}

/// What may end a date. A year and a time only where a mark tells so: else the second of them is of the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Time,
    Either,
    Both,
}

/// The time or the year that ends a date, or both.
fn end(mut stamp: Stamp, mut after: Fields<'_>, ends: Ends) -> Option<(Stamp, Fields<'_>)> {
    let word = after.next()?;
    if let Some((time, seconds)) = time_of_day(word) {
        (stamp.time, stamp.seconds) = (Some(time), seconds);
        // the seconds are the mark of `ls -T`
        if seconds && ends != Ends::Time {
            if let Some((word, ahead)) = next_named(after) {
                if let Some(year) = year(word) {
                    (stamp.year, after) = (Some(year), ahead);
                }
            }
        }
        return Some((stamp, after));
    }
    if ends == Ends::Time {
        return None;
    }
    let word = word.strip_suffix("年".as_bytes()).unwrap_or(without_mark(word));
    stamp.year = Some(year(word)?);
    if ends == Ends::Both {
        if let Some((word, ahead)) = next_named(after) {
            if let Some((time, seconds)) = time_of_day(word) {
                (stamp.time, stamp.seconds, after) = (Some(time), seconds, ahead);
            }
        }
    }
    Some((stamp, after))
}

/// The next word, if a name is behind it.
fn next_named(mut after: Fields<'_>) -> Option<(&[u8], Fields<'_>)> {
    let word = after.next()?;
    after.name().map(|_| (word, after))
}

/// A date of numbers in a Unix listing, whose time may be missing.
fn numeric(parts: Numbers, mut after: Fields<'_>) -> Option<(Stamp, Fields<'_>)> {
    let [(first, length), (second, _), (third, third_length)] = parts;
    let mut stamp = Stamp::default();
    match (length, third_length) {
        (1 | 2, 0) => {
            (stamp.month, stamp.day) = (first, second); // `ls --time-style=iso`
            return end(stamp, after, Ends::Either);
        }
        (4, 1 | 2) => (stamp.year, stamp.month, stamp.day) = (Some(first), second, third),
        // the day is first, unless it can't be
        (1 | 2, 4) if second > 12 => (stamp.year, stamp.month, stamp.day) = (Some(third), first, second),
        (1 | 2, 4) => (stamp.year, stamp.month, stamp.day) = (Some(third), second, first),
        _ => return None,
    }
    let filled = after.rest().strip_prefix(b" ").filter(|rest| rest.starts_with(b" "));
    if let (4, Some(rest)) = (length, filled) {
        // `ls --time-style=iso` fills up to the length of "09-26 13:45"; "2005-06-07  9:14" may be day and time
        let mut ahead = after;
        let hour = ahead
            .next()
            .filter(|word| time_of_day(word).is_some() && word.get(1) == Some(&b':'));
        return hour.is_none().then_some((stamp, Fields::of(rest)));
    }
    if let Some((word, ahead)) = next_named(after) {
        if let Some((time, seconds)) = time_of_day(word) {
            (stamp.time, stamp.seconds, after) = (Some(time), seconds, ahead);
            if let Some((word, ahead)) = next_named(after).filter(|_| seconds) {
                if let Some(zone) = zone(word) {
                    (stamp.zone, after) = (Some(zone), ahead);
                }
            }
        }
    }
    Some((stamp, after))
}

/// "+0130", in seconds.
fn zone(word: &[u8]) -> Option<i64> {
    let (sign, digits) = word.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let value = (digits.len() == 4).then(|| short(digits, 4))?.map(i64::from)?;
    (value / 100 < 24 && value % 100 < 60).then_some(sign * (value / 100 * 3600 + value % 100 * 60))
}

fn without_mark(word: &[u8]) -> &[u8] {
    word.strip_suffix(b".")
        .or_else(|| word.strip_suffix(b","))
        .unwrap_or(word)
}

/// The number in "8", "8.", and, in UTF-8, "8月" and "8日".
fn marked(word: &[u8], mark: &str) -> Option<u32> {
    short(word.strip_suffix(mark.as_bytes())?, 2)
}
