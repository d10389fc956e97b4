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
            return end(stamp, after, true);
        }
        let number = short(without_mark(first), 2)?;
        let second = after.next()?;
        if let Some(named) = month(without_mark(second)) {
            (stamp.day, stamp.month) = (number, named); // "26. Juli 20:10"
            return end(stamp, after, true);
        }
        // "3 29 03:26": only a time of day tells it from a size and a year
        (stamp.month, stamp.day) = (number, short(second, 2)?);
        return end(stamp, after, false);
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
    stamp.day = short(without_mark(after.next()?), 2)?;
    end(stamp, after, true)
}

/// The time or the year that ends a date, or both.
fn end(mut stamp: Stamp, mut after: Fields<'_>, year_alone: bool) -> Option<(Stamp, Fields<'_>)> {
    let word = after.next()?;
    if let Some((time, seconds)) = time_of_day(word) {
        (stamp.time, stamp.seconds) = (Some(time), seconds);
        if seconds && year_alone {
            // `ls -T`; a year, not the name, which would end the line
            let mut ahead = after;
            if let Some(year) = ahead.next_if(|word| year(word).is_some()).and_then(year) {
                if ahead.name().is_some() {
                    stamp.year = Some(year);
                    after = ahead;
                }
            }
        }
        return Some((stamp, after));
    }
    if !year_alone {
        return None;
    }
    let word = word.strip_suffix("年".as_bytes()).unwrap_or(without_mark(word));
    stamp.year = Some(year(word)?);
    // "Apr 04, 2000 21:06"
    let mut ahead = after;
    if let Some((time, seconds)) = ahead.next().and_then(time_of_day) {
        if ahead.name().is_some() {
            (stamp.time, stamp.seconds) = (Some(time), seconds);
            after = ahead;
        }
    }
    Some((stamp, after))
}

/// A date of numbers in a Unix listing, whose time may be missing.
fn numeric(parts: Numbers, mut after: Fields<'_>) -> Option<(Stamp, Fields<'_>)> {
    let [(first, length), (second, _), (third, third_length)] = parts;
    let mut stamp = Stamp::default();
    match (length, third_length) {
        (1 | 2, 0) => {
            (stamp.month, stamp.day) = (first, second); // `ls --time-style=iso`
            return end(stamp, after, true);
        }
        (4, 1 | 2) => (stamp.year, stamp.month, stamp.day) = (Some(first), second, third),
        // the day is first, unless it can't be
        (1 | 2, 4) if second > 12 => (stamp.year, stamp.month, stamp.day) = (Some(third), first, second),
        (1 | 2, 4) => (stamp.year, stamp.month, stamp.day) = (Some(third), second, first),
        _ => return None,
    }
    let mut ahead = after;
    if let Some((time, seconds)) = ahead.next().and_then(time_of_day) {
        (stamp.time, stamp.seconds) = (Some(time), seconds);
        after = ahead;
        if let Some(word) = ahead.next().filter(|_| seconds) {
            if let Some(zone) = zone(word) {
                stamp.zone = Some(zone);
                after = ahead;
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
