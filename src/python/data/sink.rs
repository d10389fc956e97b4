//! The other end of a transfer: callbacks and files that can be served without calling Python for every block.
//!
//! Recognised are built-in methods bound to an object of exactly a known type, so that nobody can tell the difference.

use pyo3::PyTypeInfo;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyCFunction, PyDict, PyList, PyString};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::net::{self, FileType};
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::modules;
use crate::python::number::number;
use crate::python::owner::Owner;
use crate::python::text::encode;
use crate::transfer::Outlet;

/// Where received blocks go.
pub enum Sink<'py> {
    /// Somebody's callable: called with each block.
    Call(Bound<'py, PyAny>),
    /// `list.append`: the same, without a call.
    List(Bound<'py, PyList>),
    /// The `write` of a BytesIO, `bytearray.extend`: nobody sees how long the blocks are.
    Bulk(Bound<'py, PyAny>),
    /// The `write` of a file that has a descriptor: nobody but the kernel is asked.
    File(RealFile<'py>),
    /// The `write` of a FileIO that has none to spare, or is a terminal.
    Raw(Bound<'py, PyAny>),
}

impl<'py> Sink<'py> {
    pub fn of(callback: &Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(Self::known(callback)?.unwrap_or_else(|| Sink::Call(callback.clone())))
    }

    fn known(callback: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        if let Some(list) = appended_to::<PyList>(callback) {
            return Ok(Some(Sink::List(list)));
        }
        if let Some(target) = owner(callback, b"extend")? {
            return Ok(target
                .is_exact_instance_of::<PyByteArray>()
                .then(|| Sink::Bulk(callback.clone())));
        }
        let Some(target) = owner(callback, b"write")? else {
            return Ok(None);
        };
        if is_exactly(&target, "BytesIO")? {
            return Ok(Some(Sink::Bulk(callback.clone())));
        }
        if let Some(file) = RealFile::to_write(&target)? {
            return Ok(Some(Sink::File(file)));
        }
        Ok(is_exactly(&target, "FileIO")?.then(|| Sink::Raw(callback.clone())))
    }

    /// Whether each block is seen as it is: at most as long as the caller's block size.
    pub fn sees_blocks(&self) -> bool {
        matches!(self, Sink::Call(_) | Sink::List(_))
    }

    /// Hands out one block.
    pub fn put_block(&self, block: Bound<'py, PyBytes>) -> PyResult<()> {
        match self {
            Sink::Call(callback) | Sink::Bulk(callback) => callback.run_held((block,)),
            Sink::List(list) => list.append(block),
            Sink::File(file) => write_whole(&file.object.getattr_held("write")?, block),
            Sink::Raw(write) => write_whole(write, block),
        }
    }

    /// Hands out what has been received, in blocks if they are seen.
    pub fn put(&self, py: Python<'py>, data: &[u8], blocksize: usize) -> PyResult<()> {
        let size = if self.sees_blocks() { blocksize } else { data.len() };
        data.chunks(size.max(1))
            .try_for_each(|block| self.put_block(PyBytes::new(py, block)))
    }
}

/// A FileIO writes what goes in at once and returns how much that was, or None for «not now».
fn write_whole<'py>(write: &Bound<'py, PyAny>, block: Bound<'py, PyBytes>) -> PyResult<()> {
    let (py, whole, mut written) = (write.py(), block.clone(), 0);
    let mut rest = block;
    loop {
        let count = write.call_held((rest,))?;
        if count.is_none() {
            return Err(Error::WouldBlock.into());
        }
        written += match number::<usize>(&count)? {
            0 => return Err(Error::Io(io::ErrorKind::WriteZero.into()).into()),
            count => count,
        };
        match whole.as_bytes().get(written..) {
            Some(left) if !left.is_empty() => rest = PyBytes::new(py, left),
            _ => return Ok(()),
        }
        call::check_signals(py)?; // what may have cut it short
    }
}

/// Whether the instance has one of the methods that reading and writing go through as an attribute of its own.
fn is_shadowed(file: &Bound<'_, PyAny>) -> bool {
    let Ok(names) = file.getattr_held("__dict__") else {
        return false;
    };
    let Ok(names) = names.cast_into::<PyDict>() else {
        return true;
    };
    [
        "read", "readline", "readinto", "readall", "write", "flush", "seek", "tell", "fileno", "raw",
    ]
    .iter()
    .any(|name| names.contains(*name).unwrap_or(true))
}

/// Whether `object` is a BytesIO or an open file over a regular file: all of it is at hand, and it can be sought in.
pub fn is_line_source(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if is_exactly(object, "BytesIO")? {
        return Ok(!object.getattr_held("closed")?.is_true_held()? && !is_shadowed(object));
    }
    let Some((fd, _)) = descriptor(object, &["BufferedReader", "BufferedRandom"], "readable")? else {
        return Ok(false);
    };
    Ok(net::file_type(fd).is_ok_and(|kind| kind == FileType::RegularFile))
}

/// What `callback` appends to, if it is the `append` of exactly a `T`.
pub fn appended_to<'py, T: PyTypeInfo>(callback: &Bound<'py, PyAny>) -> Option<Bound<'py, T>> {
    owner(callback, b"append").ok()??.cast_into_exact::<T>().ok()
}

/// What `callback` belongs to, if it is the built-in method of that name of something.
fn owner<'py>(callback: &Bound<'py, PyAny>, method: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = callback.py();
    if !callback.is_instance_of::<PyCFunction>() {
        return Ok(None);
    }
    let name = callback
        .getattr_held(intern!(py, "__name__"))?
        .cast_into_exact::<PyString>()?;
    if encode(&name)?.as_bytes() != method {
        return Ok(None);
    }
    callback.getattr_held(intern!(py, "__self__")).map(Some)
}

/// Whether `object`'s type is exactly `io.<name>`, the built-in one.
fn is_exactly(object: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    Ok(object.get_type().is(&modules::io(object.py())?.getattr_held(name)?))
}

/// The descriptor of `object`, if that is exactly one of `classes` over exactly a FileIO, open, with none of its methods
/// shadowed, and `able` ("readable", "writable"); and whether it has a buffer.
fn descriptor<'a>(
    object: &'a Bound<'_, PyAny>,
    classes: &[&str],
    able: &str,
) -> PyResult<Option<(BorrowedFd<'a>, bool)>> {
    let mut known = false;
    for class in classes {
        known = known || is_exactly(object, class)?;
    }
    if !known {
        return Ok(None);
    }
    let raw = if is_exactly(object, "FileIO")? {
        object.clone()
    } else {
        object.getattr_held("raw")?
    };
    if !is_exactly(&raw, "FileIO")? || is_shadowed(object) || is_shadowed(&raw) {
        return Ok(None);
    }
    if object.getattr_held("closed")?.is_true_held()? || !object.call_method_held(able, ())?.is_true_held()? {
        return Ok(None);
    }
    Ok(Some((Owner::new(object).fd()?, !raw.is(object))))
}

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
        let file = Self::open(object, &["BufferedWriter", "BufferedRandom", "FileIO"], "writable")?;
        Ok(file.filter(|file| !file.fd.is_terminal()))
    }

    fn open(object: &Bound<'py, PyAny>, classes: &[&str], able: &str) -> PyResult<Option<Self>> {
        let Some((fd, buffered)) = descriptor(object, classes, able)? else {
            return Ok(None);
        };
        let Ok(fd) = net::duplicate(fd) else {
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
    /// written there behind its back.
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
