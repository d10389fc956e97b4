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

/// Rust and Python agree on what UTF-8 is, and both judge a character as soon as it can't become valid, but for one
/// case: Python's incremental decoder waits for the third byte of a surrogate before it refuses it.
fn is_cut_surrogate(bytes: &[u8]) -> bool {
    matches!(bytes, [0xED, 0xA0..=0xBF])
}
