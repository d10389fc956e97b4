//! The words of a line.

/// Words with blanks between them, and what comes after those that were taken.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// All that comes after the words taken so far, the blanks included.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// What comes after the words taken so far and one blank: a name, which may begin with blanks of its own.
    pub fn name(&self) -> Option<&'a [u8]> {
        self.rest
            .split_first()
            .and_then(|(&blank, name)| (is_blank(blank) && !name.is_empty()).then_some(name))
    }

    /// Only if the next word is one that `test` accepts, it is taken.
    pub fn next_if(&mut self, test: impl FnOnce(&[u8]) -> bool) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let word = ahead.next().filter(|word| test(word))?;
        *self = ahead;
        Some(word)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&byte| !is_blank(byte))?;
        let from = self.rest.get(start..).unwrap_or_default();
        let end = from.iter().position(|&byte| is_blank(byte)).unwrap_or(from.len());
        let (word, rest) = from.split_at_checked(end).unwrap_or((from, &[]));
        self.rest = rest;
        Some(word)
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Without the blanks at both ends.
pub fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// The value of a word of digits; `None` for any other and for what doesn't fit.
pub fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u64, |sum, &byte| {
        let digit = char::from(byte).to_digit(10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

pub fn is_digits(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

/// `text` before and after the first `separator`.
pub fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
