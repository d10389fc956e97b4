//! A connection as the loops see it: never blocking, so that the waiting is theirs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Interest, recv_now, send_now};

/// What an operation came to that doesn't block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes were moved; 0 from `receive` is the end of the stream.
    Moved(usize),
    /// Nothing now: wait for this, then call again.
    Wait(Interest),
}

/// A connection that is read and written without blocking. TLS may have to wait for either direction in both.
pub trait Stream {
    /// What to wait for with [`wait`](super::wait).
    fn descriptor(&self) -> BorrowedFd<'_>;
    /// Receives what is there, at most `into.len()` bytes.
    fn receive(&mut self, into: &mut [u8]) -> io::Result<Step>;
    /// Sends as much of `data` as can go now. After `Wait` call it again with the same data.
    fn send(&mut self, data: &[u8]) -> io::Result<Step>;
}

/// A plain TCP connection, through a descriptor of our own.
pub struct Tcp(pub OwnedFd);

impl Stream for Tcp {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Step> {
        Ok(recv_now(self.0.as_fd(), into)?.map_or(Step::Wait(Interest::Read), Step::Moved))
    }

    fn send(&mut self, data: &[u8]) -> io::Result<Step> {
        Ok(send_now(self.0.as_fd(), data)?.map_or(Step::Wait(Interest::Write), Step::Moved))
    }
}
