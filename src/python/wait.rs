//! The one way to wait for a connection: is it closed, what is its timeout now, one slice without the interpreter's lock,
//! then signals and asynchronous exceptions. The clock is Rust's: tests that freeze Python's don't stop it.
//!
//! The socket object is asked and never changed: its timeout and its attributes are the user's.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::net::{self, Interest, SLICE};
use crate::python::call::{Call, int_of};
use crate::python::errors;

pub use crate::python::call::look_up;

/// The Python object that owns a connection.
#[derive(Clone, Copy)]
pub struct Owner<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> Owner<'a, 'py> {
    pub fn new(object: &'a Bound<'py, PyAny>) -> Self {
        Self(object)
    }

    pub fn py(&self) -> Python<'py> {
        self.0.py()
    }

    pub fn object(&self) -> &'a Bound<'py, PyAny> {
        self.0
    }

    /// Its descriptor; EBADF once it is closed, here or by another thread.
    pub fn fd(&self) -> PyResult<RawFd> {
        let number = self.0.call_method_held(intern!(self.py(), "fileno"), ())?;
        int_of(&number)
            .and_then(|number| RawFd::try_from(number).ok())
            .filter(|&number| number >= 0)
            .ok_or_else(|| errors::os_error(&io::Error::from_raw_os_error(libc::EBADF)))
    }

    /// How long the next wait may last, for something that began then: at most one slice, less when the socket's timeout,
    /// as it is now, ends before; `None` in non-blocking mode. Raises a timeout that says `too_late` when nothing is left.
    pub fn slice(&self, began: Instant, too_late: &str) -> PyResult<Option<Duration>> {
        let timeout = self.0.call_method_held(intern!(self.py(), "gettimeout"), ())?;
        if timeout.is_none() {
            return Ok(Some(SLICE));
        }
        // of a genuine socket it is None or an exact float
        let seconds = timeout.cast_exact::<PyFloat>()?.value();
        if seconds <= 0.0 {
            return Ok(None);
        }
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match timeout.checked_sub(began.elapsed()) {
            Some(left) if !left.is_zero() => Ok(Some(left.min(SLICE))),
            _ => Err(errors::timed_out(self.py(), too_late)),
        }
    }

    /// Waits one slice on `descriptor`, which is ours: no other thread can close it. Returns whether it is ready.
    pub fn wait(&self, descriptor: BorrowedFd<'_>, interest: Interest, slice: Duration) -> PyResult<bool> {
        self.detached(|| net::wait(descriptor, interest, slice))?
            .map_err(|error| errors::os_error(&error))
    }

    /// The same on the socket's own descriptor, which another thread may close meanwhile: then the answer means nothing,
    /// and is EBADF. Only the number is used while the lock is released, and nothing is read or written by it.
    pub fn wait_unowned(&self, number: RawFd, interest: Interest, slice: Duration) -> PyResult<bool> {
        self.detached(|| net::wait_number(number, interest, slice))?
            .map_err(|error| errors::os_error(&error))
    }

    /// What `work` gives, which takes a slice at the most, without the interpreter's lock. Raises what has come up
    /// meanwhile instead: what a signal's handler or another thread raises, EBADF after a close.
    pub fn detached<T: Send>(&self, work: impl FnOnce() -> T + Send) -> PyResult<T> {
        let outcome = self.py().detach(work);
        look_up(self.py())?;
        self.fd()?;
        Ok(outcome)
    }
}

/// Waits until something comes on the data connection `conn` (or can be sent, if `sending`), or a reply on the control
/// connection, whose descriptor is `control` (-1: none), or `seconds` are over. Returns whether to go on with `conn`, and
/// how many seconds are left. Raises OSError if `conn` is closed by another thread.
#[pyfunction]
pub fn await_end(conn: &Bound<'_, PyAny>, control: RawFd, sending: bool, seconds: f64) -> PyResult<(bool, f64)> {
    let owner = Owner::new(conn);
    let (began, limit) = (
        Instant::now(),
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
    );
    let interest = if sending { Interest::Write } else { Interest::Read };
    loop {
        let number = owner.fd()?;
        let left = limit.saturating_sub(began.elapsed());
        let slice = left.min(SLICE);
        let ready = owner.detached(|| net::wait_either((number, interest), (control, Interest::Read), slice))?;
        let (data, reply) = ready.map_err(|error| errors::os_error(&error))?;
        // what has come on both is taken from the data connection first
        if data || reply || left.is_zero() {
            return Ok((data, limit.saturating_sub(began.elapsed()).as_secs_f64()));
        }
    }
}
