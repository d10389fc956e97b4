//! Day and month, where both are numbers.

use super::dates::{Numbers, Stamp};

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
