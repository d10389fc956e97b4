//! Dates and times as listings have them.

use super::Time;
use super::fields::{is_digits, number, split_once};

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
