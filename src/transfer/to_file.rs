//! From a connection into a file.

use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::{Error, NAP, Pass, await_stream, nap};
use crate::net::{Interest, Received, SLICE, Stream, wait, write_file};

/// A file to write to, which never blocks for long.
pub trait Target {
    /// Waits until a write won't block, `at_most` so long; whether it won't. False when there is no time left, but for
    /// what never blocks.
    fn ready(&self, at_most: Duration) -> io::Result<bool>;
    /// Writes some of `data`. `None`: not now, ask again after a while.
    fn write(&mut self, data: &[u8]) -> io::Result<Option<usize>>;
}

/// A file by its descriptor, written at the descriptor's own position.
pub struct Outlet<'a> {
    fd: BorrowedFd<'a>,
    on_disk: bool,
}

impl<'a> Outlet<'a> {
    /// `on_disk`: it takes everything at once or fails. What isn't (pipes, terminals, sockets) may block until somebody
    /// reads; its mode is somebody else's, too, and isn't changed.
    pub fn new(fd: BorrowedFd<'a>, on_disk: bool) -> Self {
        Self { fd, on_disk }
    }
}

impl Target for Outlet<'_> {
    fn ready(&self, at_most: Duration) -> io::Result<bool> {
        if self.on_disk {
            return Ok(true);
        }
        // some devices say for ever that they are ready, and take their time then
        Ok(!at_most.is_zero() && wait(self.fd, Interest::Write, at_most)?)
    }

    fn write(&mut self, data: &[u8]) -> io::Result<Option<usize>> {
        // where there is room for anything, there is room for this much (POSIX: poll, write)
        let most = if self.on_disk { data.len() } else { libc::PIPE_BUF };
        match write_file(self.fd, data.get(..most).unwrap_or(data)) {
            Ok(0) if !data.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            // Another writer was faster. A file on disk has no «not now»: that would be an error, as it is in Python's `io`.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.on_disk => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A download into a file.
pub struct ToFile<T> {
    pub(super) target: T,
    buffer: Vec<u8>,
    /// What has been received and not yet written: nothing more is received before it is.
    pending: Range<usize>,
    written: u64,
    /// How many bytes may be received still.
    most: usize,
}

impl<T: Target> ToFile<T> {
    /// `buffer`: what is received at once; its first `received` bytes have been already.
    pub fn new(target: T, buffer: Vec<u8>, received: usize) -> Self {
        Self {
            target,
            buffer,
            pending: 0..received,
            written: 0,
            most: usize::MAX,
        }
    }

    /// From now on at most so many bytes are received.
    pub fn limit(&mut self, most: usize) {
        self.most = most;
    }

    /// How many bytes the file has taken.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Receives until the peer closes, `until` has passed or the limit is reached.
    pub fn receive(&mut self, stream: &mut dyn Stream, until: Instant) -> Result<Pass, Error> {
        let file_until = Instant::now() + SLICE;
        loop {
            if !self.write_pending(file_until)? {
                return Ok(Pass::Held);
            }
            let room = self.buffer.len().min(self.most);
            if room == 0 {
                return Ok(Pass::Going);
            }
            let into = self.buffer.get_mut(..room).unwrap_or_default();
            match stream.receive(into).map_err(Error::Connection)? {
                Received::End => return Ok(Pass::Ended),
                Received::Data(count) => {
                    self.pending = 0..count;
                    self.most = self.most.saturating_sub(count);
                }
                Received::Wait(interest) if !await_stream(stream, interest, until)? => return Ok(Pass::Going),
                Received::Wait(_) => continue,
            }
            if !self.write_pending(file_until)? {
                return Ok(Pass::Held);
            }
            if Instant::now() >= until {
                return Ok(Pass::Going);
            }
        }
    }

    /// Writes what the file takes without delay of what has been received: the last thing to do when the loop is stopped.
    pub fn rescue(&mut self) {
        // whoever stopped it has an error of his own to tell
        let _ = self.write_pending(Instant::now() + NAP);
    }

    /// Whether all of it is written; if not, it can wait, or `until` has passed.
    pub fn write_pending(&mut self, until: Instant) -> Result<bool, Error> {
        while !self.pending.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if !self.target.ready(left).map_err(Error::File)? {
                return Ok(false);
            }
            let data = self.buffer.get(self.pending.clone()).unwrap_or_default();
            match self.target.write(data) {
                Ok(Some(count)) => {
                    self.written += count as u64;
                    self.pending.start += count;
                }
                Ok(None) => {
                    nap();
                    return Ok(false);
                }
                Err(error) => {
                    self.pending = 0..0; // told once
                    return Err(Error::File(error));
                }
            }
        }
        Ok(true)
    }
}
