//! Dates and times as listings have them.

use super::Time;
use super::fields::{Fields, is_digits, number, split_once};

pub const SECOND: u64 = 1_000_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const DAY: u64 = 24 * 60 * MINUTE;

/// A day later than now by the server's clock is taken for one of last year: so much may two clocks differ.
const SLACK: i64 = 24 * 3600;

/// What times without a year or a zone are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// In seconds since 1970, UTC.
    pub now: i64,
    /// By how many seconds the server's local time is ahead of UTC.
    pub offset: i32,
}

/// A date and, if told, a time of day. Whether the day exists is asked last: a line with a date that can't be is
/// a line that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub year: Option<u32>,
    pub month: u32,
    pub day: u32,
    /// Hours, minutes, microseconds.
    pub time: Option<(u32, u32, u64)>,
    /// Whether seconds were told.
    pub seconds: bool,
    /// Seconds ahead of UTC, where that is told.
    pub zone: Option<i64>,
}

impl Stamp {
    pub fn resolve(&self, clock: &Clock) -> Time {
        let resolution = match (self.time, self.seconds) {
            (None, _) => DAY,
            (_, true) => SECOND,
            (_, false) => MINUTE,
        };
        let ahead = self.zone.unwrap_or(i64::from(clock.offset));
        let part = i64::try_from(self.time.map_or(0, |time| time.2)).unwrap_or(0);
        let seconds = self.local_seconds(clock);
        Time {
            micros: seconds.and_then(|seconds| micros(seconds.checked_sub(ahead)?, part)),
            resolution,
        }
    }

    fn local_seconds(&self, clock: &Clock) -> Option<i64> {
        let (hours, minutes, micros) = self.time.unwrap_or_default();
        if hours > 23 || minutes > 59 || micros > 60 * SECOND {
            return None;
        }
        let of_day = i64::from(hours) * 3600 + i64::from(minutes) * 60;
        let at = |year| Some(days(year, self.month, self.day)? * 86_400 + of_day);
        if let Some(year) = self.year {
            return at(i64::from(year));
        }
        let now = clock.now.checked_add(i64::from(clock.offset))?;
        let this_year = year_of(now)?;
        // 29 February may be some years ago
        (0..=8)
            .filter_map(|back| at(this_year - back))
            .find(|&then| then <= now.saturating_add(SLACK))
    }
}

/// The time of so many seconds since 1970 and a part of a minute: in the years 1 to 9999, which are all that Python has.
pub fn micros(seconds: i64, part: i64) -> Option<i64> {
    let sum = seconds.checked_mul(1_000_000)?.checked_add(part)?;
    (-62_135_596_800_000_000..253_402_300_800_000_000)
        .contains(&sum)
        .then_some(sum)
}

/// Days since 1970 of a date of the Gregorian calendar, if there is such a day.
pub fn days(year: i64, month: u32, day: u32) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month.checked_sub(1)?).ok()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTH.get(index)? + u32::from(leap && month == 2);
    if !(1..=9999).contains(&year) || day == 0 || day > length {
        return None;
    }
    let past = year - 1;
    let whole = past * 365 + past / 4 - past / 100 + past / 400;
    let within = BEFORE.get(index)? + i64::from(leap && month > 2) + i64::from(day) - 1;
    Some(whole + within - 719_162)
}

/// The year of a time since 1970.
fn year_of(seconds: i64) -> Option<i64> {
    let day = seconds.div_euclid(86_400);
    // never more than a year off
    let guess = 1970 + day.checked_mul(400)?.div_euclid(146_097);
    (guess - 1..=guess + 1)
        .rev()
        .find(|&year| days(year, 1, 1).is_some_and(|first| first <= day))
}

/// "20261128091417", with a fraction or not: MDTM, and the fact modify (RFC 3659, 2.3), in UTC.
pub fn mdtm(text: &[u8]) -> Option<Time> {
    let (whole, fraction) = split_once(text, b'.').unwrap_or((text, b""));
    if whole.len() != 14 || !(fraction.is_empty() || is_digits(fraction)) {
        return None;
    }
    let all = number(whole)?;
    let mut micros = 0;
    let mut unit = SECOND;
    for digit in fraction.iter().take(6) {
        unit /= 10;
        micros += u64::from(digit.wrapping_sub(b'0')) * unit;
    }
    let part = |unit: u64, size: u64| u32::try_from(all / unit % size).ok();
    let stamp = Stamp {
        year: Some(part(10_000_000_000, 10_000)?),
        month: part(100_000_000, 100)?,
        day: part(1_000_000, 100)?,
        time: Some((part(10_000, 100)?, part(100, 100)?, all % 100 * SECOND + micros)),
        seconds: true,
        zone: Some(0),
    };
    let clock = Clock { now: 0, offset: 0 };
    Some(Time {
        micros: stamp.resolve(&clock).micros,
        resolution: unit,
    })
}

/// "09:14", "9:14:05", "12:30:13.64": hours, minutes, microseconds; and whether there were seconds. The numbers may be
/// too large.
pub fn time_of_day(word: &[u8]) -> Option<((u32, u32, u64), bool)> {
    let (hours, rest) = split_once(word, b':')?;
    let (minutes, seconds) = split_once(rest, b':').map_or((rest, None), |(minutes, rest)| (minutes, Some(rest)));
    let (hours, minutes) = (short(hours, 2)?, short(minutes, 2)?);
    let Some(seconds) = seconds else {
        return Some(((hours, minutes, 0), false));
    };
    let (seconds, fraction) = split_once(seconds, b'.').unwrap_or((seconds, b"0"));
    if !is_digits(fraction) {
        return None;
    }
    Some(((hours, minutes, u64::from(short(seconds, 2)?) * SECOND), true))
}

/// A number of one to `most` digits.
pub fn short(word: &[u8], most: usize) -> Option<u32> {
    (word.len() <= most)
        .then(|| number(word))?
        .and_then(|value| u32::try_from(value).ok())
}

/// A year of four digits: no other number of four digits, such as a size.
pub fn year(word: &[u8]) -> Option<u32> {
    (word.len() == 4)
        .then(|| short(word, 4))?
        .filter(|year| (1600..3000).contains(year))
}

/// The number of a month's name, in English and in languages whose servers don't speak it: the first three letters.
pub fn month(word: &[u8]) -> Option<u32> {
    let mut letters = [0; 3];
    // é, û and ä as the letters that they are
    let mut plain = word.iter().filter_map(|&byte| match byte {
        0xC3 => None,
        0xA9 => Some(b'e'),
        0xBB => Some(b'u'),
        0xA4 => Some(b'a'),
        _ => Some(byte.to_ascii_lowercase()),
    });
    for letter in &mut letters {
        *letter = plain.next()?;
    }
    if word.len() > 12 || !plain.all(|letter| letter.is_ascii_alphabetic()) {
        return None;
    }
    Some(match &letters {
        b"jan" | b"ene" | b"gen" => 1,
        b"feb" | b"fev" => 2,
        b"mar" | b"mae" | b"mrz" | b"maa" => 3,
        b"apr" | b"avr" | b"abr" => 4,
        b"may" | b"mai" | b"mag" | b"mei" | b"maj" => 5,
        b"jun" | b"jui" | b"giu" if is_july(word) => 7,
        b"jun" | b"jui" | b"giu" => 6,
        b"jul" | b"lug" => 7,
        b"aug" | b"aou" | b"ago" => 8,
        b"sep" | b"set" => 9,
        b"oct" | b"okt" | b"ott" | b"out" => 10,
        b"nov" => 11,
        b"dec" | b"dez" | b"dic" => 12,
        _ => return None,
    })
}

/// "juin" and "juil." begin alike.
fn is_july(word: &[u8]) -> bool {
    word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"juil"))
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

/// The date in the middle of a line of `ls -l`, and what follows it.
pub fn unix(fields: Fields<'_>) -> Option<(Stamp, Fields<'_>)> {
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

/// The numbers of a date, and how many digits each has; 0 digits where there is none.
pub type Numbers = [(u32, usize); 3];

/// The two or three numbers of "2005-06-07", "24.04.2003", "09-26".
pub fn separated(word: &[u8]) -> Option<Numbers> {
    let separator = *word.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let (first, rest) = split_once(word, separator)?;
    let part = |word: &[u8]| Some((short(word, 4)?, word.len()));
    match split_once(rest, separator) {
        Some((second, third)) => Some([part(first)?, part(second)?, part(third)?]),
        None => (separator == b'-').then_some([part(first)?, part(rest)?, (0, 0)]),
    }
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

/// In which order a listing has day and month of dates like "04/05/24".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    day_first: bool,
    month_first: bool,
    year_first: bool,
}

impl Order {
    pub fn observe(&mut self, [(first, length), (second, _), _]: Numbers) {
        self.year_first |= length <= 2 && (first > 31 || first == 0);
        self.day_first |= (13..=31).contains(&first);
        self.month_first |= (13..=31).contains(&second);
    }

    /// Year, month and day. The month is first, as Windows has it, unless other lines say that it can't be.
    pub fn apply(&self, [(first, length), (second, _), (third, third_length)]: Numbers) -> Stamp {
        let (year, month, day) = if length == 4 || (self.year_first && third_length <= 2) {
            (full_year(first, length), second, third)
        } else if first > 12 || (self.day_first && !self.month_first && second <= 12) {
            (full_year(third, third_length), second, first)
        } else {
            (full_year(third, third_length), first, second)
        };
        Stamp {
            year: Some(year),
            month,
            day,
            ..Stamp::default()
        }
    }
}

/// Of two digits: from 1970 to 2069. Of three: years since 1900, as of programs that forgot 2000.
fn full_year(year: u32, length: usize) -> u32 {
    match length {
        3 => 1900 + year,
        1 | 2 if year < 70 => 2000 + year,
        1 | 2 => 1900 + year,
        _ => year,
    }
}
