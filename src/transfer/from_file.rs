//! From a file to a connection.

use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::{Error, Pass, await_stream, nap};
use crate::net::{Sent, Stream, read_file_at};

/// A file to read from.
pub trait Source {
    /// Reads some of what is at `offset`; 0 is the end of the file.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
    /// What sendfile may read it by.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

impl Source for BorrowedFd<'_> {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        read_file_at(*self, into, offset)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        *self
    }
}

/// A file on its way out, from an offset of its own: the descriptor's position is left alone.
pub struct FromFile<S> {
    file: S,
    offset: u64,
    /// What has been read and not yet sent, where the kernel can't send from the file itself.
    buffer: Vec<u8>,
    pending: Range<usize>,
    by_kernel: bool,
    /// How many bytes may be sent still.
    most: usize,
}

/// How much is given to sendfile at once: enough that system calls don't count, and still soon back for `until`.
const SEND_FILE: usize = 4 * 1024 * 1024;

/// How much is read at once where sendfile can't be used.
const READ: usize = 256 * 1024;

impl<S: Source> FromFile<S> {
    pub fn new(file: S, offset: u64) -> Self {
        Self {
            file,
            offset,
            buffer: Vec::new(),
            pending: 0..0,
            by_kernel: true,
            most: usize::MAX,
        }
    }

    /// From now on at most so many bytes are sent.
    pub fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// Where the first byte is that hasn't been sent.
    pub fn position(&self) -> u64 {
        self.offset - self.pending.len() as u64
    }

    /// Sends until the file ends, `until` has passed or the limit is reached.
    pub fn send(&mut self, stream: &mut dyn Stream, until: Instant) -> Result<Pass, Error> {
        let mut ready = false; // the stream has said so since the last byte
        loop {
            let sent = match self.send_by_kernel(stream, ready)? {
                Some(sent) => sent,
                None => match self.fill()? {
                    None => return Ok(Pass::Held),
                    Some(0) => return Ok(Pass::Ended),
                    Some(_) => self.send_pending(stream)?,
                },
            };
            match sent {
                Sent::Data(count) => {
                    self.most = self.most.saturating_sub(count);
                    if self.most == 0 || Instant::now() >= until {
                        return Ok(Pass::Going);
                    }
                    ready = false;
                }
                Sent::Wait(interest) if !await_stream(stream, interest, until)? => return Ok(Pass::Going),
                Sent::Wait(_) => ready = true,
            }
        }
    }

    /// `None` where the bytes have to be read: from then on all are. So they are, too, when sendfile finds no more, for
    /// it believes a file's size, which may be stale, or says «not now» though the stream is ready: then it is the file
    /// that isn't, and reading tells what is the matter.
    fn send_by_kernel(&mut self, stream: &mut dyn Stream, ready: bool) -> Result<Option<Sent>, Error> {
        if !self.by_kernel {
            return Ok(None);
        }
        let file = self.file.descriptor();
        match stream
            .send_file(file, self.offset, SEND_FILE.min(self.most))
            .map_err(Error::Connection)?
        {
            Some(Sent::Data(count)) => {
                self.offset += count as u64;
                Ok(Some(Sent::Data(count)))
            }
            Some(Sent::Wait(interest)) if !ready => Ok(Some(Sent::Wait(interest))),
            _ => {
                self.by_kernel = false;
                self.buffer = vec![0; READ];
                Ok(None)
            }
        }
    }

    /// How much there is to send, 0 at the end of the file. `None`: not now, after a pause.
    fn fill(&mut self) -> Result<Option<usize>, Error> {
        if self.pending.is_empty() {
            match self.file.read_at(&mut self.buffer, self.offset) {
                Ok(count) => {
                    self.pending = 0..count;
                    self.offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    nap();
                    return Ok(None);
                }
                Err(error) => return Err(Error::File(error)),
            }
        }
        Ok(Some(self.pending.len()))
    }

    fn send_pending(&mut self, stream: &mut dyn Stream) -> Result<Sent, Error> {
        let data = self.buffer.get(self.pending.clone()).unwrap_or_default();
        let data = data.get(..self.most).unwrap_or(data);
        let sent = stream.send(data).map_err(Error::Connection)?;
        if let Sent::Data(count) = sent {
            self.pending.start = (self.pending.start + count).min(self.pending.end);
        }
        Ok(sent)
    }
}
