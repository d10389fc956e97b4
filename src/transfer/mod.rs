//! The loops that need nobody: between a connection and a file, for a bounded time, without Python.
//!
//! Contract: each call moves what it can until `until`, then says whether the end is reached. What is counted as moved
//! has been written to the file or taken by the kernel, also when the call fails.

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use crate::net::{Step, Stream, read_file_at, wait, write_file};

/// What failed, and where.
#[derive(Debug)]
pub enum Fault {
    Connection(io::Error),
    File(io::Error),
}

/// How a loop stands when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The peer has closed (downloads), the file is at its end (uploads).
    Ended,
    /// The time is over, or a signal has arrived.
    Going,
}

/// Waits for the stream until `until`; false when that has passed or a signal has arrived.
fn await_stream(stream: &dyn Stream, interest: crate::net::Interest, until: Instant) -> Result<bool, Fault> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(false);
    }
    wait(stream.descriptor(), interest, left).map_err(Fault::Connection)
}

/// Receives into `file`, at its own position, until the peer closes or `until` has passed.
pub fn to_file(
    stream: &mut dyn Stream,
    file: BorrowedFd<'_>,
    buffer: &mut [u8],
    until: Instant,
    moved: &mut u64,
) -> Result<State, Fault> {
    loop {
        match stream.receive(buffer).map_err(Fault::Connection)? {
            Step::Moved(0) => return Ok(State::Ended),
            Step::Moved(count) => write_all(file, buffer.get(..count).unwrap_or_default(), moved)?,
            Step::Wait(interest) if !await_stream(stream, interest, until)? => return Ok(State::Going),
            Step::Wait(_) => continue,
        }
        if Instant::now() >= until {
            return Ok(State::Going);
        }
    }
}

fn write_all(file: BorrowedFd<'_>, mut data: &[u8], moved: &mut u64) -> Result<(), Fault> {
    while !data.is_empty() {
        match write_file(file, data).map_err(Fault::File)? {
            Some(0) => return Err(Fault::File(io::ErrorKind::WriteZero.into())),
            Some(count) => {
                *moved += count as u64;
                data = data.get(count..).unwrap_or_default();
            }
            None => {} // a signal came between: a regular file has no «not now»
        }
    }
    Ok(())
}

/// A file on its way out, from an offset of its own: the descriptor's position is left alone.
pub struct FromFile<'a> {
    file: BorrowedFd<'a>,
    offset: u64,
    /// What has been read and not yet sent, where the kernel can't send from the file itself.
    buffer: Vec<u8>,
    pending: std::ops::Range<usize>,
    by_kernel: bool,
}

/// How much is given to sendfile at once: enough that system calls don't count, and still soon back for `until`.
const SEND_FILE: usize = 4 * 1024 * 1024;

/// How much is read at once where sendfile can't be used.
const READ: usize = 256 * 1024;

impl<'a> FromFile<'a> {
    pub fn new(file: BorrowedFd<'a>, offset: u64) -> Self {
        Self {
            file,
            offset,
            buffer: Vec::new(),
            pending: 0..0,
            by_kernel: true,
        }
    }

    /// Where the first byte is that hasn't been sent.
    pub fn position(&self) -> u64 {
        self.offset - self.pending.len() as u64
    }

    /// Sends until the file ends or `until` has passed.
    pub fn send(&mut self, stream: &mut dyn Stream, until: Instant) -> Result<State, Fault> {
        loop {
            match self.step(stream)? {
                Step::Moved(0) => return Ok(State::Ended),
                Step::Moved(_) if Instant::now() >= until => return Ok(State::Going),
                Step::Moved(_) => {}
                Step::Wait(interest) => {
                    if !await_stream(stream, interest, until)? {
                        return Ok(State::Going);
                    }
                }
            }
        }
    }

    fn step(&mut self, stream: &mut dyn Stream) -> Result<Step, Fault> {
        if self.by_kernel {
            let sent = stream
                .send_file(self.file, self.offset, SEND_FILE)
                .map_err(Fault::Connection)?;
            if let Some(step) = sent {
                if let Step::Moved(count) = step {
                    self.offset += count as u64;
                }
                return Ok(step);
            }
            self.by_kernel = false;
            self.buffer = vec![0; READ];
        }
        if self.pending.is_empty() {
            let Some(count) = read_file_at(self.file, &mut self.buffer, self.offset).map_err(Fault::File)? else {
                return self.step(stream); // a signal came between
            };
            self.pending = 0..count;
            self.offset += count as u64;
            if count == 0 {
                return Ok(Step::Moved(0));
            }
        }
        let data = self.buffer.get(self.pending.clone()).unwrap_or_default();
        let step = stream.send(data).map_err(Fault::Connection)?;
        if let Step::Moved(count) = step {
            self.pending.start = (self.pending.start + count).min(self.pending.end);
        }
        Ok(step)
    }
}
