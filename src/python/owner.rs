//! The Python object that owns a descriptor: it is asked and never changed, for its timeout and its attributes are the user's.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::net::{self, SLICE};
use crate::python::call::{Call, int_of};
use crate::python::errors::Error;

/// A descriptor to read or write by.
pub enum Descriptor<'a> {
    /// The owner's: nobody can close it while the interpreter's lock is held.
    Owners(BorrowedFd<'a>),
    Own(OwnedFd),
}

impl AsFd for Descriptor<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Descriptor::Owners(fd) => *fd,
            Descriptor::Own(fd) => fd.as_fd(),
        }
    }
}

/// A socket, or a file, of Python's.
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

    /// Its descriptor; EBADF once it is closed, here or by another thread. See [`borrowed`].
    pub fn fd(&self) -> PyResult<BorrowedFd<'a>> {
        let number = self.0.call_method_held(intern!(self.py(), "fileno"), ())?;
        int_of(&number)
            .and_then(|number| borrowed(RawFd::try_from(number).ok()?))
            .ok_or_else(|| Error::Closed.into())
    }

    /// To read or write by at once, or after a wait. Where there is no interpreter's lock it is a descriptor of our own, so
    /// that it can't become a stranger's, unless there is none to spare.
    pub fn descriptor(&self) -> PyResult<Descriptor<'a>> {
        let own = if cfg!(Py_GIL_DISABLED) { self.duplicate()? } else { None };
        match own {
            Some(own) => Ok(Descriptor::Own(own)),
            None => self.fd().map(Descriptor::Owners),
        }
    }

    /// A descriptor of our own for the same; None if there is none to spare.
    ///
    /// Where there is no interpreter's lock, another thread may close the object in between, and a stranger get its
    /// number before it is duplicated. An object forgets its number before it closes the descriptor, and never gets it
    /// back: so if it still has that number afterwards, the duplicate is one of its own.
    pub fn duplicate(&self) -> PyResult<Option<OwnedFd>> {
        let fd = self.fd()?;
        let Ok(own) = net::duplicate(fd) else {
            return Ok(None);
        };
        if cfg!(Py_GIL_DISABLED) && self.fd()?.as_raw_fd() != fd.as_raw_fd() {
            return Err(Error::Closed.into());
        }
        Ok(Some(own))
    }

    /// How long the next wait may last, for something that began then: at most one slice, less when the socket's timeout,
    /// as it is now, ends before; `None` in non-blocking mode. Raises a timeout that says `too_late` when nothing is left.
    pub fn slice(&self, began: Instant, too_late: &'static str) -> PyResult<Option<Duration>> {
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
            _ => Err(Error::TimedOut(too_late).into()),
        }
    }
}

/// A descriptor by the number that Python gives; `None` for -1, which stands for none.
///
/// To be used at once, while the object that gave it is open: before any Python code runs and before the interpreter's lock
/// is released. While the lock is released the descriptor is only polled, and the object is asked again afterwards.
pub fn borrowed<'a>(number: RawFd) -> Option<BorrowedFd<'a>> {
    // SAFETY: it isn't -1. Hazard: the descriptor is closed, and the number somebody else's by now. A close takes the
    // interpreter's lock, so who keeps to the rule above reads and writes by an open one. What is polled without the lock
    // may be a stranger's: nothing of it is changed by that, and the answer isn't believed. Without the lock a close may come
    // at any time: so there it is only polled, or duplicated and then asked for again (`Owner::descriptor`). Where there is
    // no descriptor to spare, a close at this very moment makes it EBADF or, at worst, a stranger's, as with Python's own
    // sockets there.
    (number >= 0).then(|| unsafe { BorrowedFd::borrow_raw(number) })
}
