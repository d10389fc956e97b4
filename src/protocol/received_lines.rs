//! Text lines, coming in on either connection and going out in TYPE A.
//!
//! RFC 959, 3.1.1.1: "the `<CRLF>` sequence should be used where necessary to denote the end of a line of text". A lone
//! LF or a lone CR ends an incoming line too, because ftplib reads with universal newlines and servers send both.

pub use super::charset::Charset;
use super::charset::escape;
use super::text::char_offset;

/// Capacity that an empty buffer may keep: one long line shouldn't hold its memory for the rest of the session, and
/// below this much a new allocation for every chunk would cost more than it frees.
const KEEP: usize = 64 * 1024;

/// Splits received chunks into lines exactly as Python's `io.TextIOWrapper.readline(limit)` does over a socket with
/// universal newlines, the state after an error included.
///
/// Ask [`line`](Self::line) until it answers `None`, then [`feed`](Self::feed) or [`finish`](Self::finish).
/// All costs are linear in what is fed, and memory is at most a small multiple of what was fed and not yet taken.
#[derive(Debug)]
pub struct TextReader {
    /// Of what is received.
    wire: Charset,
    /// Of what is kept: UTF-8 where undecodable bytes become lone surrogates.
    charset: Charset,
    escapes: bool,
    /// Spent bytes up to `start`, text up to `valid`, then at most three bytes of a character not yet complete.
    buf: Vec<u8>,
    start: usize,
    valid: usize,
    /// No terminator stands between `start` and here, so that no byte is searched twice.
    scanned: usize,
    /// `start..counted` holds `chars` characters, so that none is counted twice.
    counted: usize,
    chars: usize,
    finished: bool,
}

/// A line, or the part of one that the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The text in the wire charset, without its terminator.
    pub body: &'a [u8],
    /// A terminator followed; it is taken, too.
    pub ended: bool,
}

/// What to hand to Python's decoder to raise the `UnicodeDecodeError` that Python's own reader would raise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The incomplete character from before, and the chunk.
    pub input: Vec<u8>,
    /// The decoder's `final` flag.
    pub last: bool,
}

impl TextReader {
    pub fn new(charset: Charset) -> Self {
        Self {
            wire: charset,
            charset,
            escapes: false,
            buf: Vec::new(),
            start: 0,
            valid: 0,
            scanned: 0,
            counted: 0,
            chars: 0,
            finished: false,
        }
    }

    /// One that takes all bytes: those that can't be decoded become lone surrogates, as with `errors="surrogateescape"`.
    pub fn escaping(charset: Charset) -> Self {
        let kept = match charset {
            Charset::Latin1 => Charset::Latin1, // which has a character for every byte
            Charset::Utf8 | Charset::Ascii => Charset::Utf8,
        };
        Self {
            wire: charset,
            escapes: true,
            ..Self::new(kept)
        }
    }

    /// In which the lines are; lone surrogates may be in them, too, where undecodable bytes are escaped.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Bytes received and not yet handed out.
    pub fn buffered(&self) -> usize {
        self.buf.len().saturating_sub(self.start)
    }

    /// Those bytes.
    pub fn held(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or_default()
    }

    /// How many bytes its buffer takes.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.buf.capacity()
    }

    /// Takes one received chunk; it is decoded as a whole before any line of it is seen.
    ///
    /// On an error the chunk is gone and so is the unfinished line before it, while an incomplete character and an
    /// undecided CR stay: that is what Python's reader keeps when its decoder raises.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Undecodable> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.finished = false;
        self.make_room();
        let before = self.buf.len();
        self.buf.extend_from_slice(chunk);
        let fresh = self.buf.get(self.valid..).unwrap_or_default();
        match self.wire.decodable(fresh) {
            Some(length) => {
                self.valid += length;
                Ok(())
            }
            None if self.escapes => {
                self.escape(false);
                Ok(())
            }
            None => {
                let input = fresh.to_vec();
                self.buf.truncate(before);
                self.drop_unfinished();
                Err(Undecodable { input, last: false })
            }
        }
    }

    /// The peer has closed: an undecided CR ends its line, and what is left is the last line. An incomplete character
    /// is an error, now and each time this is called again, as in Python.
    pub fn finish(&mut self) -> Result<(), Undecodable> {
        let pending = self.buf.get(self.valid..).unwrap_or_default();
        if pending.is_empty() {
            self.finished = true;
            return Ok(());
        }
        if self.escapes {
            self.escape(true);
            self.finished = true;
            return Ok(());
        }
        let input = pending.to_vec();
        self.drop_unfinished();
        Err(Undecodable { input, last: true })
    }

    fn escape(&mut self, last: bool) {
        let fresh = self.buf.split_off(self.valid);
        let rest = escape(self.wire, &fresh, last, &mut self.buf);
        self.valid = self.buf.len();
        self.buf.extend_from_slice(rest);
    }

    /// Takes back [`finish`](Self::finish), so that `line` asks for input again once nothing is left. Python's reader
    /// asks the socket anew with every call, also after an end of file.
    pub fn reopen(&mut self) {
        self.finished = false;
    }

    /// Forgets the unfinished line, as Python's reader does when receiving the rest of it raises (a timeout, Ctrl-C).
    /// An incomplete character and an undecided CR stay.
    pub fn drop_unfinished(&mut self) {
        let text = self.buf.get(self.start..self.valid).unwrap_or_default();
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let end = self.start + text.len();
        let from = self.start + memchr::memrchr2(b'\r', b'\n', text).map_or(0, |last| last + 1);
        self.buf.drain(from..end);
        self.valid -= end - from;
        self.scanned = self.scanned.min(from);
        self.counted = self.start;
        self.chars = 0;
    }

    /// The next line of at most `limit` characters, its terminator counted as one; the rest of a longer line comes
    /// next. `None`: need more input. After `finish`, an empty body without `ended` is the end of file.
    pub fn line(&mut self, limit: Option<usize>) -> Option<Line<'_>> {
        let (end, terminator) = self.find_end();
        if let Some(cut) = limit.and_then(|limit| self.cut(limit, end)) {
            // Python wants input before it looks at the limit, even at a limit of 0.
            if end > self.start || terminator > 0 || self.finished {
                return Some(self.take(cut, 0));
            }
        }
        (terminator > 0 || self.finished).then(|| self.take(end, terminator))
    }

    /// Where the first line's body ends, and the length of its terminator: 0 when it hasn't come yet. A CR that is the
    /// last character so far may be half of a CRLF: it belongs neither to the body nor to the terminator.
    fn find_end(&mut self) -> (usize, usize) {
        let text = self.buf.get(self.scanned..self.valid).unwrap_or_default();
        let Some(offset) = memchr::memchr2(b'\r', b'\n', text) else {
            self.scanned = self.valid;
            return (self.valid, 0);
        };
        let terminator = match text.get(offset..) {
            Some([b'\r']) => usize::from(self.finished),
            Some([b'\r', b'\n', ..]) => 2,
            _ => 1,
        };
        self.scanned += offset;
        (self.scanned, terminator)
    }

    /// Where the first `limit` characters end, if the body that ends at `end` has as many.
    fn cut(&mut self, limit: usize, end: usize) -> Option<usize> {
        // A character has at least one byte: most lines need no counting.
        if end.saturating_sub(self.start) < limit {
            return None;
        }
        if self.charset != Charset::Utf8 {
            return Some(self.start + limit);
        }
        if self.chars > limit {
            self.counted = self.start;
            self.chars = 0;
        }
        let uncounted = self.buf.get(self.counted..end).unwrap_or_default();
        match char_offset(uncounted, limit - self.chars) {
            Ok(offset) => Some(self.counted + offset),
            Err(chars) => {
                self.counted = end;
                self.chars += chars;
                None
            }
        }
    }

    fn take(&mut self, end: usize, terminator: usize) -> Line<'_> {
        let begin = self.start;
        self.start = end + terminator;
        self.scanned = self.scanned.max(self.start);
        self.counted = self.start;
        self.chars = 0;
        Line {
            body: self.buf.get(begin..end).unwrap_or_default(),
            ended: terminator > 0,
        }
    }

    /// Frees the spent bytes once they are half of the buffer: moving the rest then costs no more than they did.
    fn make_room(&mut self) {
        if self.start < self.buffered() {
            return;
        }
        let spent = self.start;
        self.buf.drain(..spent);
        self.start = 0;
        self.valid -= spent;
        self.scanned -= spent;
        self.counted -= spent;
        if self.buf.is_empty() {
            self.buf.shrink_to(KEEP);
        }
    }
}
