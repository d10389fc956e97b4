//! The other end of a transfer: callbacks and files that can be served without calling Python for every block.
//!
//! Recognised are built-in methods bound to an object of exactly a known type, so that nobody can tell the difference.

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction, PyDict, PyList, PyType};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::super::held::Held;
use crate::net;

/// Where received blocks go.
pub enum Sink<'py> {
    /// Somebody's callable: called with each block.
    Call(Bound<'py, PyAny>),
    /// `list.append`: the same, without a call.
    List(Bound<'py, PyList>),
    /// The `write` of a BytesIO, `bytearray.extend`: nobody sees how long the blocks are.
    Bulk(Bound<'py, PyAny>),
    /// The `write` of a real file.
    File(RealFile<'py>),
}

impl<'py> Sink<'py> {
    pub fn of(callback: &Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(Self::known(callback)?.unwrap_or_else(|| Sink::Call(callback.clone())))
    }

    fn known(callback: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let py = callback.py();
        if !callback.is_instance_of::<PyCFunction>() {
            return Ok(None);
        }
        if let Some(list) = appended_to::<PyList>(callback) {
            return Ok(Some(Sink::List(list)));
        }
        let name = callback.getattr_held(intern!(py, "__name__"))?;
        let target = callback.getattr_held(intern!(py, "__self__"))?;
        if name.eq("extend")? {
            return Ok(target
                .is_exact_instance_of::<pyo3::types::PyByteArray>()
                .then(|| Sink::Bulk(callback.clone())));
        }
        if name.eq("write")? {
            if is_exactly(&target, "BytesIO")? {
                return Ok(Some(Sink::Bulk(callback.clone())));
            }
            return Ok(
                RealFile::of(&target, &["BufferedWriter", "BufferedRandom", "FileIO"], "writable")?.map(Sink::File),
            );
        }
        Ok(None)
    }

    /// Whether each block is seen as it is: at most as long as the caller's block size.
    pub fn sees_blocks(&self) -> bool {
        matches!(self, Sink::Call(_) | Sink::List(_))
    }

    /// Hands out one block.
    pub fn put_block(&self, block: Bound<'py, PyBytes>) -> PyResult<()> {
        match self {
            Sink::Call(callback) | Sink::Bulk(callback) => callback.call_held((block,)).map(drop),
            Sink::List(list) => list.append(block),
            Sink::File(file) => file.object.call_method_held("write", (block,)).map(drop),
        }
    }

    /// Hands out what has been received, in blocks if they are seen.
    pub fn put(&self, py: Python<'py>, data: &[u8], blocksize: usize) -> PyResult<()> {
        let size = if self.sees_blocks() { blocksize } else { data.len() };
        data.chunks(size.max(1))
            .try_for_each(|block| self.put_block(PyBytes::new(py, block)))
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
        return Ok(!object.getattr_held("closed")?.is_truthy()? && !is_shadowed(object));
    }
    Ok(RealFile::of(object, &["BufferedReader", "BufferedRandom"], "readable")?.is_some())
}

/// What `callback` appends to, if it is the `append` of exactly a `T`.
pub fn appended_to<'py, T: PyTypeInfo>(callback: &Bound<'py, PyAny>) -> Option<Bound<'py, T>> {
    let py = callback.py();
    if !callback.is_instance_of::<PyCFunction>() {
        return None;
    }
    let name = callback.getattr_held(intern!(py, "__name__")).ok()?;
    if !name.eq(intern!(py, "append")).ok()? {
        return None;
    }
    callback
        .getattr_held(intern!(py, "__self__"))
        .ok()?
        .cast_into_exact::<T>()
        .ok()
}

/// Whether `object`'s type is exactly `io.<name>`, the built-in one.
fn is_exactly(object: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    let class = object.py().import("_io")?.getattr_held(name)?.cast_into::<PyType>()?;
    Ok(object.get_type().is(&class))
}

/// An open file object of the `io` module over a regular file.
pub struct RealFile<'py> {
    object: Bound<'py, PyAny>,
    fd: OwnedFd,
    buffered: bool,
}

impl<'py> RealFile<'py> {
    /// `object`, if it is exactly one of `classes` over exactly a FileIO over a regular file, open, with none of its
    /// methods shadowed, and `able` ("readable", "writable").
    pub fn of(object: &Bound<'py, PyAny>, classes: &[&str], able: &str) -> PyResult<Option<Self>> {
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
        if object.getattr_held("closed")?.is_truthy()? || !object.call_method_held(able, ())?.is_truthy()? {
            return Ok(None);
        }
        let Ok(fd) = net::duplicate(object.call_method_held("fileno", ())?.extract()?) else {
            return Ok(None);
        };
        if !net::is_regular(fd.as_fd()).unwrap_or(false) {
            return Ok(None);
        }
        let buffered = !raw.is(object);
        Ok(Some(Self {
            object: object.clone(),
            fd,
            buffered,
        }))
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What is still in the object's buffer goes to the descriptor (and read-ahead is given back), so that bytes may be
    /// written there behind its back.
    pub fn hand_over(&self) -> PyResult<()> {
        if self.buffered {
            self.object.call_method_held("flush", ())?;
        }
        Ok(())
    }

    /// The object learns where its descriptor stands now.
    pub fn take_back(&self) -> PyResult<()> {
        if self.object.getattr_held("closed")?.is_truthy()? {
            return Ok(());
        }
        self.object.call_method_held("tell", ()).map(drop)
    }

    /// ValueError, as the next call would raise it, when another thread has closed the object. `verb`: "write to".
    pub fn check_open(&self, verb: &str) -> PyResult<()> {
        if self.object.getattr_held("closed")?.is_truthy()? {
            let verb = if self.buffered { verb } else { "I/O operation on" };
            return Err(PyValueError::new_err(format!("{verb} closed file")));
        }
        Ok(())
    }

    /// The position as the object sees it.
    pub fn tell(&self) -> PyResult<u64> {
        self.object.call_method_held("tell", ())?.extract()
    }

    pub fn seek(&self, position: u64) -> PyResult<()> {
        self.object.call_method_held("seek", (position,)).map(drop)
    }
}
