//! A connection as the loops see it: never blocking, so that the waiting is theirs.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::descriptor::{is_broken, recv_now, recv_pieces, send_file, send_now, set_blocking};
use super::readiness::Interest;

/// What receiving came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// So many bytes are there: one at least, or none where there was no room for any.
    Data(usize),
    /// The peer sends nothing more.
    End,
    /// Nothing now: wait for this, then call again.
    Wait(Interest),
}

/// What sending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes were taken.
    Data(usize),
    /// None now: wait for this, then call again.
    Wait(Interest),
}

/// How far something is that moves no data of its caller's, such as a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is complete.
    Done,
    /// It can't go on now: wait for this, then call again.
    Wait(Interest),
}

/// What one of the three gives; `Err` where there is something to wait for.
pub trait Attempt: Copy {
    type Value;
    fn value(self) -> Result<Self::Value, Interest>;
}

impl Attempt for Received {
    /// How many bytes; 0 is the end, as `recv` has it.
    type Value = usize;

    fn value(self) -> Result<usize, Interest> {
        match self {
            Self::Data(count) => Ok(count),
            Self::End => Ok(0),
            Self::Wait(interest) => Err(interest),
        }
    }
}

impl Attempt for Sent {
    type Value = usize;

    fn value(self) -> Result<usize, Interest> {
        match self {
            Self::Data(count) => Ok(count),
            Self::Wait(interest) => Err(interest),
        }
    }
}

impl Attempt for Progress {
    type Value = ();

    fn value(self) -> Result<(), Interest> {
        match self {
            Self::Done => Ok(()),
            Self::Wait(interest) => Err(interest),
        }
    }
}

impl Received {
    /// From one call of `recv`, which had room for something.
    pub(crate) fn of(received: Option<usize>) -> Self {
        match received {
            Some(0) => Self::End,
            Some(count) => Self::Data(count),
            None => Self::Wait(Interest::Read),
        }
    }
}

impl Sent {
    /// From one call of `send`.
    pub(crate) fn of(sent: Option<usize>) -> Self {
        sent.map_or(Self::Wait(Interest::Write), Self::Data)
    }
}

/// A connection that is read and written without blocking. TLS may have to wait for either direction in both.
pub trait Stream {
    /// What to wait for with [`wait`](super::wait).
    fn descriptor(&self) -> BorrowedFd<'_>;
    /// Receives what is there, at most `into.len()` bytes.
    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received>;
    /// The same into several pieces of memory, one behind the other; or into the first of them alone.
    fn receive_pieces(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<Received> {
        self.receive(into.first_mut().map_or(&mut [], |piece| &mut **piece))
    }
    /// From now on more may be taken from the kernel than is handed out: nobody else goes on reading.
    fn read_ahead(&mut self) {}
    /// Sends as much of `data` as can go now. After `Wait` call it again with the same data.
    fn send(&mut self, data: &[u8]) -> io::Result<Sent>;
    /// Lets the kernel send up to `count` bytes of a file from `offset` on. `None` where the bytes have to come through
    /// here, and at the file's end as far as the kernel knows. An error is the connection's.
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Sent>> {
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

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        Ok(Received::of(recv_now(self.fd.as_fd(), into)?))
    }

    fn receive_pieces(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<Received> {
        Ok(Received::of(recv_pieces(self.fd.as_fd(), into)?))
    }

    fn send(&mut self, data: &[u8]) -> io::Result<Sent> {
        Ok(Sent::of(send_now(self.fd.as_fd(), data)?))
    }

    /// sendfile has no flag for «don't wait», so the descriptor is put into non-blocking mode: each time, for its owner
    /// may have changed it.
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<Sent>> {
        let socket = self.fd.as_fd();
        self.changed |= set_blocking(socket, false)?;
        match send_file(socket, file, offset, count) {
            Ok(Some(0)) => Ok(None),
            Ok(sent) => Ok(Some(Sent::of(sent))),
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
