//! How bytes on the wire make characters: the three charsets that need no Python codec.

/// An encoding in which CR and LF are the bytes 13 and 10 and never part of another character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    Latin1,
    Ascii,
}

impl Charset {
    /// How many of these bytes make whole characters; `None` if they can't be decoded. Only the last few bytes, an
    /// incomplete character, may be left over.
    pub fn decodable(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Latin1 => Some(bytes.len()),
            Self::Ascii => bytes.is_ascii().then_some(bytes.len()),
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(_) => Some(bytes.len()),
                Err(error) => {
                    let whole = error.valid_up_to();
                    let rest = bytes.get(whole..).unwrap_or_default();
                    (error.error_len().is_none() || is_cut_surrogate(rest)).then_some(whole)
                }
            },
        }
    }
}

/// Appends to `text` what of `bytes` makes characters; what doesn't becomes a lone surrogate a byte, U+DC80 to U+DCFF, as
/// Python's "surrogateescape" has it (PEP 383). Returns the incomplete character at the end, unless this is the `last` of
/// the input.
pub fn escape<'a>(charset: Charset, mut bytes: &'a [u8], last: bool, text: &mut Vec<u8>) -> &'a [u8] {
    loop {
        let (whole, bad) = undecodable(charset, bytes, last);
        let (valid, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        text.extend_from_slice(valid);
        let (escaped, rest) = rest.split_at_checked(bad).unwrap_or((rest, &[]));
        for &byte in escaped {
            text.extend_from_slice(&[0xED, 0xB0 | byte >> 6, 0x80 | byte & 0x3F]);
        }
        if bad == 0 {
            return rest;
        }
        bytes = rest;
    }
}

/// How many bytes at the beginning can be decoded, and how many behind them never can; 0 if there are none.
fn undecodable(charset: Charset, bytes: &[u8], last: bool) -> (usize, usize) {
    let whole = match charset {
        Charset::Latin1 => return (bytes.len(), 0),
        Charset::Ascii => {
            let whole = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(bytes.len());
            return (whole, usize::from(whole < bytes.len()));
        }
        Charset::Utf8 => std::str::from_utf8(bytes),
    };
    match whole {
        Ok(_) => (bytes.len(), 0),
        Err(error) => {
            let whole = error.valid_up_to();
            let rest = bytes.get(whole..).unwrap_or_default();
            let bad = match error.error_len() {
                Some(_) if !last && is_cut_surrogate(rest) => 0,
                Some(length) => length,
                None if last => rest.len(),
                None => 0,
            };
            (whole, bad)
        }
    }
}

/// What `escape` was given, from its text; `None` where there is another lone surrogate, or a character that the charset
/// doesn't have or that isn't looked for here: beyond ASCII in Latin-1.
pub fn unescape(charset: Charset, mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    loop {
        let (valid, rest) = match std::str::from_utf8(text) {
            Ok(_) => (text, None),
            Err(error) => text
                .split_at_checked(error.valid_up_to())
                .map(|(valid, rest)| (valid, Some(rest)))?,
        };
        if charset != Charset::Utf8 && !valid.is_ascii() {
            return None;
        }
        bytes.extend_from_slice(valid);
        match rest {
            None => return Some(bytes),
            Some([0xED, high @ (0xB2 | 0xB3), low, rest @ ..]) => {
                bytes.push(high << 6 | low & 0x3F);
                text = rest;
            }
            Some(_) => return None,
        }
    }
}

/// Rust and Python agree on what UTF-8 is, and both judge a character as soon as it can't become valid, but for one
/// case: Python's incremental decoder waits for the third byte of a surrogate before it refuses it.
fn is_cut_surrogate(bytes: &[u8]) -> bool {
    matches!(bytes, [0xED, 0xA0..=0xBF])
}
