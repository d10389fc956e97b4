//! A connection of Python's own `ssl`, read and written here: SSL_read and SSL_write on the `SSL` that an `ssl.SSLSocket`
//! has, by the library that it has it from. Handshake, trust, resumption and the end stay Python's.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;

use super::errors::Error;
use super::library::{Library, Ssl};
use super::link::RECORD;
use crate::net::{Interest, Received, Sent, Stream, recv_now};

const WANT_READ: libc::c_int = 2;
const WANT_WRITE: libc::c_int = 3;
const SYSCALL: libc::c_int = 5;
const ZERO_RETURN: libc::c_int = 6;

/// The `SSL` for as long as one loop runs, on a duplicate of its descriptor.
pub struct Borrowed {
    library: &'static Library,
    ssl: NonNull<Ssl>,
    fd: OwnedFd,
    /// How much a write that has to wait was given: OpenSSL wants the same again.
    unfinished: Option<usize>,
    /// What came behind data that had to be handed out first; an error isn't sure to come twice.
    deferred: Option<Outcome>,
    /// Received at once, for one system call in place of two for each record; empty where OpenSSL receives by itself.
    received: Vec<u8>,
}

/// How much that is: from about this size on it costs the kernel no more than to copy it.
const AHEAD: usize = 256 * 1024;

/// What a call that moved nothing came to.
enum Outcome {
    End,
    Wait(Interest),
    Failed(Error),
}

// SAFETY: hazards of using an `SSL` in another thread than its owner's: (1) two threads in it at once: whoever makes a
// `Borrowed` promises that nobody else uses the `SSL` meanwhile, and `Borrowed` is no `Sync`; (2) data of one thread: OpenSSL
// keeps only its queue of errors per thread, which is emptied before each call.
unsafe impl Send for Borrowed {}

impl Borrowed {
    /// # Safety
    /// `ssl` belongs to `library`, uses the descriptor `fd` and is alive, and nobody else uses it, until it is given back by
    /// `Library::set_descriptor`; only then this is dropped.
    pub unsafe fn new(library: &'static Library, ssl: NonNull<Ssl>, fd: OwnedFd) -> Self {
        Self {
            library,
            ssl,
            fd,
            unfinished: None,
            deferred: None,
            received: Vec::new(),
        }
    }

    /// What a call means that has returned `result`, which isn't positive. Asked at once: errno is volatile.
    fn outcome(&self, result: libc::c_int) -> Outcome {
        let errno = io::Error::last_os_error();
        // SAFETY: `ssl` is alive, and ours for now; the result is that of its last call, made by this thread.
        match unsafe { (self.library.functions.SSL_get_error)(self.ssl.as_ptr(), result) } {
            WANT_READ => Outcome::Wait(Interest::Read),
            WANT_WRITE => Outcome::Wait(Interest::Write),
            ZERO_RETURN => Outcome::End,
            // OpenSSL up to 1.1.1 says nothing at all of an EOF
            SYSCALL if result == 0 || errno.raw_os_error() == Some(0) => Outcome::Failed(Error::Truncated),
            SYSCALL => Outcome::Failed(Error::Connection(errno)),
            _ => Outcome::Failed(match self.library.last_error() {
                Some((_, true)) => Error::Truncated,
                Some((text, false)) => Error::Protocol(text),
                None => Error::Protocol("unknown error".to_owned()),
            }),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<usize, Outcome> {
        if let Some(outcome) = self.deferred.take() {
            return Err(outcome);
        }
        let room = libc::c_int::try_from(into.len()).unwrap_or(libc::c_int::MAX);
        loop {
            self.library.forget_errors();
            // SAFETY: `ssl` is alive, and ours for now; pointer and length describe one exclusively borrowed slice. Its
            // descriptor is in non-blocking mode, so the call doesn't wait.
            let result =
                unsafe { (self.library.functions.SSL_read)(self.ssl.as_ptr(), into.as_mut_ptr().cast(), room) };
            if let Some(count) = usize::try_from(result).ok().filter(|&count| count > 0) {
                return Ok(count);
            }
            match self.outcome(result) {
                wait @ Outcome::Wait(Interest::Read) if !self.refill()? => return Err(wait),
                Outcome::Wait(Interest::Read) => {}
                outcome => return Err(outcome),
            }
        }
    }

    /// Receives for OpenSSL, which has used up all there was; false where nothing is there, or where it does so by itself.
    fn refill(&mut self) -> Result<bool, Outcome> {
        if self.received.is_empty() {
            return Ok(false);
        }
        let failed = |error| Outcome::Failed(Error::Connection(error));
        let Some(count) = recv_now(self.fd.as_fd(), &mut self.received).map_err(failed)? else {
            return Ok(false);
        };
        if self.set_received(count, count == 0) {
            Ok(true)
        } else {
            Err(failed(io::Error::from_raw_os_error(libc::ENOMEM)))
        }
    }

    /// Has OpenSSL read that many bytes of what was received.
    fn set_received(&self, count: usize, ended: bool) -> bool {
        let data = self.received.get(..count).unwrap_or_default();
        // SAFETY: `ssl` is alive, and ours for now. The memory stays where it is, and is changed only when OpenSSL has read
        // all of it, until another descriptor is set: by whoever gives the `SSL` back, before this is dropped.
        unsafe { self.library.set_received(self.ssl.as_ptr(), data, ended) }
    }
}

impl Stream for Borrowed {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        self.receive_pieces(&mut [IoSliceMut::new(into)])
    }

    /// As much as is there and has room, whatever the records' sizes.
    fn receive_pieces(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<Received> {
        let mut filled = 0;
        for piece in into {
            let mut room = &mut **piece;
            while !room.is_empty() {
                match self.read(room) {
                    Ok(count) => {
                        filled += count;
                        room = room.get_mut(count..).unwrap_or_default();
                    }
                    Err(Outcome::Wait(_)) if filled > 0 => return Ok(Received::Data(filled)),
                    Err(outcome) if filled > 0 => {
                        self.deferred = Some(outcome);
                        return Ok(Received::Data(filled));
                    }
                    Err(Outcome::Wait(interest)) => return Ok(Received::Wait(interest)),
                    Err(Outcome::End) => return Ok(Received::End),
                    Err(Outcome::Failed(error)) => return Err(error.into()),
                }
            }
        }
        Ok(Received::Data(filled))
    }

    fn read_ahead(&mut self) {
        // SAFETY: `ssl` is alive, and ours for now.
        if unsafe { self.library.may_use_ktls(self.ssl.as_ptr()) } {
            return;
        }
        self.received = vec![0; AHEAD];
        if !self.set_received(0, false) {
            self.received = Vec::new();
        }
    }

    /// One record.
    fn send(&mut self, data: &[u8]) -> io::Result<Sent> {
        let size = self.unfinished.unwrap_or(RECORD).min(data.len());
        let count = libc::c_int::try_from(size).unwrap_or(0);
        if count == 0 {
            return Ok(Sent::Data(0));
        }
        self.library.forget_errors();
        // SAFETY: `ssl` is alive, and ours for now; the pointer is good for `count` bytes, which is no more than the
        // slice has. Its descriptor is in non-blocking mode, so the call doesn't wait.
        let result = unsafe { (self.library.functions.SSL_write)(self.ssl.as_ptr(), data.as_ptr().cast(), count) };
        if let Some(sent) = usize::try_from(result).ok().filter(|&sent| sent > 0) {
            self.unfinished = None;
            return Ok(Sent::Data(sent));
        }
        match self.outcome(result) {
            Outcome::Wait(interest) => {
                self.unfinished = Some(size);
                Ok(Sent::Wait(interest))
            }
            // the peer has ended the connection: what is written goes nowhere
            Outcome::End => Err(io::Error::from_raw_os_error(libc::EPIPE)),
            Outcome::Failed(error) => Err(error.into()),
        }
    }
}

impl Drop for Borrowed {
    /// The queue of errors is the thread's: nothing of this connection stays in it.
    fn drop(&mut self) {
        self.library.forget_errors();
    }
}
