//! A connection as the loops see it: never blocking, so that the waiting is theirs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Interest, recv_now, send_file, send_now};

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
    /// Lets the kernel send up to `count` bytes of a file from `offset` on, 0 being the file's end. `None` where the
    /// bytes have to come through here.
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Step>> {
        let _ = (file, offset, count);
        Ok(None)
    }
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

    /// The socket has to be in non-blocking mode, see [`NonBlocking`](super::NonBlocking).
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Step>> {
        match send_file(self.0.as_fd(), file, offset, count) {
            Ok(sent) => Ok(Some(sent.map_or(Step::Wait(Interest::Write), Step::Moved))),
            // a file system that can't be sent from
            Err(error)
                if matches!(
                    error.raw_os_error(),
                    Some(libc::EINVAL | libc::ENOSYS | libc::EOVERFLOW)
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
