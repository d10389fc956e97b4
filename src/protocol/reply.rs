//! Replies on the control connection (RFC 959, section 4.2).

use super::text::{chars_prefix, count_chars, split_chars};

/// What the first digit says. RFC 959, 4.2: "There are five values for the first digit of the reply code".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 1yz: begun, expect another reply.
    Preliminary,
    /// 2yz: done.
    Completion,
    /// 3yz: accepted, more information is wanted (PASS after USER, RNTO after RNFR).
    Intermediate,
    /// 4yz: refused for now.
    TransientNegative,
    /// 5yz: refused for good.
    PermanentNegative,
    /// Anything else, the empty reply included: not FTP.
    Malformed,
}

/// Judges by the first character alone. RFC 959 asks for three digits and a space; servers that send "200" or
/// "2 text" are understood, because the first digit is all that decides what comes next.
pub fn kind(reply: &[u8]) -> Kind {
    match reply.first() {
        Some(b'1') => Kind::Preliminary,
        Some(b'2') => Kind::Completion,
        Some(b'3') => Kind::Intermediate,
        Some(b'4') => Kind::TransientNegative,
        Some(b'5') => Kind::PermanentNegative,
        _ => Kind::Malformed,
    }
}

/// `reply[:3]`, digits or not.
pub fn code(reply: &[u8]) -> &[u8] {
    chars_prefix(reply, 3)
}

/// How many lines in front of a reply may be strays.
pub const MAX_STRAYS: usize = 100;

/// The reply that begins on this line, without what some servers leave of the line end before: NULs (CR LF NUL), or
/// an empty line (CR CR LF, or CR LF twice). `None`: the line is such a remnant and nothing else.
///
/// ftplib takes neither for a reply, so no reply that it understands is changed. What is no reply behind its NULs
/// stays as it is.
pub fn without_remnant(line: &[u8]) -> Option<&[u8]> {
    let rest = line.get(line.iter().position(|&byte| byte != 0)?..)?;
    Some(if kind(rest) == Kind::Malformed { line } else { rest })
}

/// Whether the reply that begins here refuses what was asked for (4yz, 5yz), as far as it has come. `None`: nothing has, but
/// what may be left of a line's end.
pub fn refuses(received: &[u8]) -> Option<bool> {
    let first = received.iter().find(|byte| !matches!(byte, b'\r' | b'\n' | 0))?;
    Some(matches!(first, b'4' | b'5'))
}

/// The code, when this line opens a multi-line reply. RFC 959, 4.2: "the first line will begin with the exact required
/// reply code, followed immediately by a Hyphen".
pub fn opens(line: &[u8]) -> Option<&[u8]> {
    let (code, rest) = split_chars(line, 3);
    rest.starts_with(b"-").then_some(code)
}

/// Whether this line closes the multi-line reply opened with `code`. RFC 959, 4.2: "The last line will begin with the
/// same code, followed immediately by Space". Any other character but a hyphen, and none at all, will do too: servers
/// end replies with a bare "226", and waiting for the space would wait for ever. A line with another code is text.
pub fn closes(line: &[u8], code: &[u8]) -> bool {
    let (own, rest) = split_chars(line, 3);
    own == code && !rest.starts_with(b"-")
}

/// The digits of the size that many servers announce in a 150 reply, as in
/// "150 Opening BINARY mode data connection for README (2048 bytes)". No RFC asks for it, so its absence is no error.
///
/// The same as `re.match(r'150 .* \((\d+) bytes\)', reply, re.IGNORECASE | re.ASCII)`: text between the code and the
/// size (a second space at least), on the first line only, and the last size on that line wins.
pub fn size_150(reply: &[u8]) -> Option<&[u8]> {
    let rest = reply.strip_prefix(b"150 ")?;
    let mut line = rest.split(|&byte| byte == b'\n').next()?;
    while let Some(paren) = memchr::memrchr(b'(', line) {
        // Digits hold no parenthesis, so no byte is looked at twice on the way to the left.
        let (before, after) = rest.split_at_checked(paren)?;
        if before.ends_with(b" ") {
            if let Some(digits) = digits_then_bytes(after.get(1..).unwrap_or_default()) {
                return Some(digits);
            }
        }
        line = before;
    }
    None
}

/// The digits, if `text` begins with `\d+ bytes\)`.
fn digits_then_bytes(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(end)?;
    let fits = unit.get(..7)?.eq_ignore_ascii_case(b" bytes)");
    (fits && !digits.is_empty()).then_some(digits)
}

/// Characters in one reply, unless the user asks for more or less. A line is bounded by `maxline`, but a multi-line
/// reply that never ends would fill the memory. The longest replies with a purpose are listings on the control
/// connection (RFC 959: STAT with a pathname): 100,000 entries are about 8 MB.
pub const MAX_REPLY: usize = 16 * 1024 * 1024;

/// A multi-line reply on its way in, its lines joined by newlines.
#[derive(Clone, Debug)]
pub struct Assembly {
    text: Vec<u8>,
    /// Where the code ends.
    code: usize,
    chars: usize,
}

/// The reply has more characters than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTooLong;

impl Assembly {
    /// `None`: the line is a whole reply.
    pub fn begin(first: &[u8]) -> Option<Self> {
        let code = opens(first)?;
        Some(Self {
            text: first.to_vec(),
            code: code.len(),
            chars: count_chars(first),
        })
    }

    /// Adds a line. `Ok(true)`: it was the last one. `limit` counts characters, newlines included; `None`: no limit.
    pub fn add(&mut self, line: &[u8], limit: Option<usize>) -> Result<bool, ReplyTooLong> {
        self.text.push(b'\n');
        self.text.extend_from_slice(line);
        self.chars += count_chars(line) + 1;
        if limit.is_some_and(|limit| self.chars > limit) {
            return Err(ReplyTooLong);
        }
        Ok(closes(line, self.text.get(..self.code).unwrap_or_default()))
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn into_text(self) -> Vec<u8> {
        self.text
    }
}
