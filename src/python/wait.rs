//! The one way to wait: is the connection closed, what is its timeout now, one slice without the interpreter's lock, then
//! signals and asynchronous exceptions. The clock is Rust's: tests that freeze Python's don't stop it.

use pyo3::prelude::*;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use crate::net::{self, Interest, SLICE};
use crate::python::errors::Error;
use crate::python::gil_turn::look_up;
use crate::python::owner::{Owner, borrowed};

/// What `work` gives, which takes a slice at the most, without the interpreter's lock. Raises what has come up meanwhile
/// instead: what a signal's handler or another thread raises.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    let outcome = py.detach(work);
    look_up(py)?;
    Ok(outcome)
}

/// Waits one slice for `fd`, which is the owner's or a duplicate of it. Returns whether it is ready; EBADF after a close by
/// another thread.
pub fn one_slice(owner: &Owner<'_, '_>, fd: BorrowedFd<'_>, interest: Interest, slice: Duration) -> PyResult<bool> {
    let ready = detached(owner.py(), || net::wait(fd, interest, slice))?;
    owner.fd()?;
    Ok(ready.map_err(Error::Io)?)
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
        let fd = owner.fd()?;
        let left = limit.saturating_sub(began.elapsed());
        let slice = left.min(SLICE);
        let ready = detached(conn.py(), || match borrowed(control) {
            Some(control) => net::wait_either((fd, interest), (control, Interest::Read), slice),
            None => Ok((net::wait(fd, interest, slice)?, false)),
        })?;
        owner.fd()?;
        let (data, reply) = ready.map_err(Error::Io)?;
        // what has come on both is taken from the data connection first
        if data || reply || left.is_zero() {
            return Ok((data, limit.saturating_sub(began.elapsed()).as_secs_f64()));
        }
    }
}
