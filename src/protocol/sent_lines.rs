//! Text lines on their way out (TYPE A), many at once: RFC 959, 3.1.1.1 wants CRLF at the end of each.

/// A line is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

/// Makes wire lines of a file's bytes exactly as `FTP.storlines` makes them of `fp.readline(limit + 1)`: only LF ends a
/// line of the file; one CRLF, CR or LF at its end becomes CRLF.
///
/// Feed blocks, send what is [`ready`](Self::ready), say [`sent`](Self::sent), and [`finish`](Self::finish) at the end.
/// An error leaves the lines before it ready.
#[derive(Debug)]
pub struct SentLines {
    limit: usize,
    /// The line that isn't complete yet.
    open: Vec<u8>,
    ready: Vec<u8>,
    consumed: u64,
}

impl SentLines {
    /// `limit`: the longest line in bytes, its end included.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            open: Vec::new(),
            ready: Vec::new(),
            consumed: 0,
        }
    }

    /// Takes one block of the file.
    pub fn feed(&mut self, block: &[u8]) -> Result<(), LineTooLong> {
        for piece in block.split_inclusive(|&byte| byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if self.open.len() + piece.len() > self.limit {
                // where readline(limit + 1) would have stopped
                self.consumed += self.limit as u64 + 1;
                self.open.clear();
                return Err(LineTooLong);
            }
            match (whole, self.open.is_empty()) {
                (false, _) => self.open.extend_from_slice(piece),
                (true, true) => self.push(piece),
                (true, false) => {
                    let mut line = std::mem::take(&mut self.open);
                    line.extend_from_slice(piece);
                    self.push(&line);
                    line.clear();
                    self.open = line;
                }
            }
        }
        Ok(())
    }

    /// The file has ended: what is left is the last line.
    pub fn finish(&mut self) -> Result<(), LineTooLong> {
        let line = std::mem::take(&mut self.open);
        if !line.is_empty() {
            self.push(&line);
        }
        Ok(())
    }

    fn push(&mut self, line: &[u8]) {
        self.consumed += line.len() as u64;
        let body = line
            .strip_suffix(b"\r\n")
            .or_else(|| line.strip_suffix(b"\n"))
            .or_else(|| line.strip_suffix(b"\r"))
            .unwrap_or(line);
        self.ready.extend_from_slice(body);
        self.ready.extend_from_slice(b"\r\n");
    }

    /// What is to be sent.
    pub fn ready(&self) -> &[u8] {
        &self.ready
    }

    /// It has been.
    pub fn sent(&mut self) {
        self.ready.clear();
    }

    /// Forgets the line that isn't complete. Returns how many bytes of the file come before it.
    pub fn rewind(&mut self) -> u64 {
        self.open.clear();
        self.consumed
    }

    /// How many bytes of the file the lines so far came from; after an error up to where reading stopped.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }
}

#[cfg(test)]
mod tests {
    use super::{LineTooLong, SentLines};

    fn all(text: &[u8], block: usize, limit: usize) -> (Vec<u8>, u64, Result<(), LineTooLong>) {
        let mut lines = SentLines::new(limit);
        let outcome = text
            .chunks(block)
            .try_for_each(|block| lines.feed(block))
            .and_then(|()| lines.finish());
        (lines.ready().to_vec(), lines.consumed(), outcome)
    }

    #[test]
    fn every_end_becomes_crlf_whole_and_byte_by_byte() {
        for block in [1, 2, 3, 100] {
            let (wire, consumed, outcome) = all(b"a\nb\r\n\nc\rd\ne\r\r\nf\n\r", block, 100);
            assert_eq!(wire, b"a\r\nb\r\n\r\nc\rd\r\ne\r\r\nf\r\n\r\n", "blocks of {block}");
            assert_eq!((consumed, outcome), (17, Ok(())));
        }
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(all(b"a\nb", 1, 100), (b"a\r\nb\r\n".to_vec(), 3, Ok(())));
        assert_eq!(all(b"", 1, 100), (Vec::new(), 0, Ok(())));
    }

    #[test]
    fn what_has_been_sent_is_ready_no_more() {
        let mut lines = SentLines::new(100);
        assert_eq!(lines.feed(b"a\nb"), Ok(()));
        lines.sent();
        assert_eq!(lines.ready(), b"");
        assert_eq!(lines.feed(b"c\n"), Ok(()));
        assert_eq!(lines.ready(), b"bc\r\n");
    }

    #[test]
    fn a_line_that_isnt_complete_can_be_forgotten() {
        let mut lines = SentLines::new(100);
        assert_eq!(lines.feed(b"one\ntw"), Ok(()));
        assert_eq!(lines.rewind(), 4);
        assert_eq!(lines.feed(b"two\n"), Ok(()));
        assert_eq!((lines.ready(), lines.consumed()), (&b"one\r\ntwo\r\n"[..], 8));
    }

    #[test]
    fn a_line_above_the_limit_stops_where_readline_would_have() {
        for block in [1, 4, 100] {
            // readline(6) gives "ok\n", then "123456"
            assert_eq!(
                all(b"ok\n123456789\nx\n", block, 5),
                (b"ok\r\n".to_vec(), 9, Err(LineTooLong)),
                "blocks of {block}"
            );
            assert_eq!(
                all(b"1234\n12345", block, 5),
                (b"1234\r\n12345\r\n".to_vec(), 10, Ok(()))
            );
        }
    }
}
