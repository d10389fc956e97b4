//! A connection of Python's own `ssl`, lent to a loop: its `SSL` on a duplicate of its descriptor.

use pyo3::intern;
use pyo3::prelude::*;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::ptr::NonNull;

use crate::net;
use crate::python::call::{self, Call};
use crate::python::number::number;
use crate::python::owner::Owner;
use crate::python::sharing::Active;
use crate::python::tls::genuine::{self, Direction};
use crate::tls::{Borrowed, Library, Ssl};

/// A connection lent to a loop. Given back when it is dropped.
pub struct Loan<'a, 'py> {
    conn: &'a Bound<'py, PyAny>,
    ssl: NonNull<Ssl>,
    library: &'static Library,
    /// Keeps the `SSL` alive, also when another thread closes the connection meanwhile.
    _alive: Bound<'py, PyAny>,
    descriptor: RawFd,
    told_eof: bool,
    /// Dropped last: until then no other thread sends.
    _active: Active,
}

impl<'a, 'py> Loan<'a, 'py> {
    /// `conn` for a loop, if that can be had: the stream, and what gives it back. The loan has to be dropped first.
    pub fn take(conn: &'a Bound<'py, PyAny>, direction: Direction) -> PyResult<Option<(Self, Borrowed)>> {
        let py = conn.py();
        let Some((library, ssl, alive)) = genuine::lendable(conn, direction)? else {
            return Ok(None);
        };
        let Some(active) = Active::lent(conn) else {
            return Ok(None);
        };
        // Of a closed connection, and without a descriptor to spare, Python's own loop takes care.
        let owner = Owner::new(conn);
        let Some(own) = call::quietly(py, owner.fd()) else {
            return Ok(None);
        };
        let Some(fd) = call::quietly(py, owner.duplicate()).flatten() else {
            return Ok(None);
        };
        if net::set_blocking(fd.as_fd(), false).is_err() {
            return Ok(None);
        }
        let told_eof = !genuine::ignores_eof(conn)?;
        // SAFETY: `ssl` is alive, for `alive` is, and belongs to this library. No other thread uses it: a data connection
        // has just been made for its transfer; on a control connection whoever reads waits for the batch (`Reader::take_over`),
        // whoever sends a command waits for `active`, and it isn't lent while one is being sent. Hazard: a script calls the
        // socket's own methods in another thread at that moment. Up to Python 3.12 `ssl` itself can't stand two threads in
        // one connection; the lock that later versions have for each `SSL` isn't taken here, so such a script may crash.
        let stream = unsafe {
            if !library.set_descriptor(ssl.as_ptr(), fd.as_raw_fd()) {
                return Ok(None);
            }
            library.tell_unexpected_eof(ssl.as_ptr(), true);
            Borrowed::new(library, ssl, fd)
        };
        let loan = Self {
            conn,
            ssl,
            library,
            _alive: alive,
            descriptor: own.as_raw_fd(),
            told_eof,
            _active: active,
        };
        Ok(Some((loan, stream)))
    }
}

impl Drop for Loan<'_, '_> {
    /// Nothing is read or written here: the `SSL` gets its number back, the descriptor its mode.
    fn drop(&mut self) {
        let py = self.conn.py();
        let open = self
            .conn
            .call_method_held(intern!(py, "fileno"), ())
            .and_then(|descriptor| Ok(number::<RawFd>(&descriptor)?))
            .is_ok_and(|descriptor| descriptor == self.descriptor);
        // SAFETY: as in `take`; the loop has ended. A closed connection gets no number: the old one may be somebody else's.
        unsafe {
            self.library
                .set_descriptor(self.ssl.as_ptr(), if open { self.descriptor } else { -1 });
            self.library.tell_unexpected_eof(self.ssl.as_ptr(), self.told_eof);
        }
        // Non-blocking mode is how Python has a socket with a timeout. Without one, its own method puts the mode back.
        let timeout = self.conn.call_method_held(intern!(py, "gettimeout"), ());
        if let (true, Ok(timeout)) = (open, timeout) {
            if timeout.is_none() {
                let _ = self.conn.run_method_held(intern!(py, "settimeout"), (timeout,));
            }
        }
    }
}
