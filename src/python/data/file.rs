//! Files of Python's whose descriptor a loop reads or writes by itself.

use pyo3::prelude::*;
use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::net::{self, FileType};
use crate::python::call::Call;
use crate::python::data::recognise::descriptor;
use crate::python::errors::Error;
use crate::python::number::number;
use crate::python::owner::Owner;
use crate::transfer::Outlet;

/// The classes of files to write to.
pub const WRITABLE: [&str; 3] = ["BufferedWriter", "BufferedRandom", "FileIO"];

/// An open file object of the `io` module with a descriptor, of which we have a duplicate: so that a close in another
/// thread can't hand a loop a stranger's.
pub struct RealFile<'py> {
    object: Bound<'py, PyAny>,
    fd: OwnedFd,
    kind: FileType,
    buffered: bool,
}

impl<'py> RealFile<'py> {
    /// `object` as a regular file, if it is exactly one of `classes` and `able` ("readable"), see [`descriptor`], and if
    /// there is a descriptor to spare.
    pub fn of(object: &Bound<'py, PyAny>, classes: &[&str], able: &str) -> PyResult<Option<Self>> {
        Ok(Self::open(object, classes, able)?.filter(|file| file.kind == FileType::RegularFile))
    }

    /// `object` as anything that can be written to: a pipe or a device, too. Terminals are Python's own: they say that
    /// they are ready when there is room for one byte, and block then.
    pub fn to_write(object: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let file = Self::open(object, &WRITABLE, "writable")?;
        Ok(file.filter(|file| !file.fd.is_terminal()))
    }

    fn open(object: &Bound<'py, PyAny>, classes: &[&str], able: &str) -> PyResult<Option<Self>> {
        let Some((_, buffered)) = descriptor(object, classes, able)? else {
            return Ok(None);
        };
        let Some(fd) = Owner::new(object).duplicate()? else {
            return Ok(None);
        };
        let Ok(kind) = net::file_type(fd.as_fd()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            object: object.clone(),
            fd,
            kind,
            buffered,
        }))
    }

    pub fn object(&self) -> &Bound<'py, PyAny> {
        &self.object
    }

    pub fn py(&self) -> Python<'py> {
        self.object.py()
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The file to be written to.
    pub fn outlet(&self) -> Outlet<'_> {
        Outlet::new(
            self.fd(),
            matches!(self.kind, FileType::RegularFile | FileType::BlockDevice),
        )
    }

    /// What is still in the object's buffer goes to the descriptor (and read-ahead is given back), so that bytes may be
    /// written there without it.
    pub fn hand_over(&self) -> PyResult<()> {
        if self.buffered {
            self.object.run_method_held("flush", ())?;
        }
        Ok(())
    }

    /// The object learns where its descriptor stands now, if that stands anywhere: pipes and terminals don't.
    pub fn take_back(&self) -> PyResult<()> {
        if self.object.getattr_held("closed")?.is_true_held()? || net::position(self.fd()).is_err() {
            return Ok(());
        }
        self.object.run_method_held("tell", ())
    }

    /// ValueError, as the next call would raise it, when another thread has closed the object. `verb`: "write to".
    pub fn check_open(&self, verb: &'static str) -> PyResult<()> {
        if self.object.getattr_held("closed")?.is_true_held()? {
            let verb = if self.buffered { verb } else { "I/O operation on" };
            return Err(Error::ClosedFile(verb).into());
        }
        Ok(())
    }

    /// The position as the object sees it.
    pub fn tell(&self) -> PyResult<u64> {
        Ok(number(&self.object.call_method_held("tell", ())?)?)
    }

    pub fn seek(&self, position: u64) -> PyResult<()> {
        self.object.run_method_held("seek", (position,))
    }
}
