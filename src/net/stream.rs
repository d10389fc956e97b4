//! A connection as the loops see it: never blocking, so that the waiting is theirs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Interest, is_broken, recv_now, send_file, send_now, set_blocking};

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
    /// Lets the kernel send up to `count` bytes of a file from `offset` on, 0 being the file's end as far as the kernel
    /// knows. `None` where the bytes have to come through here. An error is the connection's.
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Step>> {
        let _ = (file, offset, count);
        Ok(None)
    }
    /// Undoes what `send_file` did to the descriptor's mode, which all its duplicates share. `blocking`: the mode that
    /// its owner thinks it is in.
    fn give_back(&mut self, blocking: bool) {
        let _ = blocking;
    }
}

/// A plain TCP connection, through a descriptor of our own.
pub struct Tcp {
    fd: OwnedFd,
    /// It was in blocking mode until `send_file`.
    changed: bool,
}

impl Tcp {
    pub fn new(fd: OwnedFd) -> Self {
        Self { fd, changed: false }
    }
}

impl Stream for Tcp {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Step> {
        Ok(recv_now(self.fd.as_fd(), into)?.map_or(Step::Wait(Interest::Read), Step::Moved))
    }

    fn send(&mut self, data: &[u8]) -> io::Result<Step> {
        Ok(send_now(self.fd.as_fd(), data)?.map_or(Step::Wait(Interest::Write), Step::Moved))
    }

    /// sendfile has no flag for «don't wait», so the descriptor is put into non-blocking mode: each time, for its owner
    /// may have changed it.
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Step>> {
        let socket = self.fd.as_fd();
        self.changed |= set_blocking(socket, false)?;
        match send_file(socket, file, offset, count) {
            Ok(sent) => Ok(Some(sent.map_or(Step::Wait(Interest::Write), Step::Moved))),
            Err(error) if is_broken(socket) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn give_back(&mut self, blocking: bool) {
        if std::mem::take(&mut self.changed) && blocking {
            let _ = set_blocking(self.fd.as_fd(), true); // it can only fail where the descriptor isn't open
        }
    }
}
