//! What is at the other end of a transfer: built-in methods bound to an object of exactly a known type, and files of the
//! `io` module, so that nobody can tell whether they were called.

use pyo3::PyTypeInfo;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString};
use std::os::fd::BorrowedFd;

use crate::net::{self, FileType};
use crate::python::call::Call;
use crate::python::modules;
use crate::python::owner::Owner;
use crate::python::text::encode;

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
    owner_of(callback, b"append").ok()??.cast_into_exact::<T>().ok()
}

/// What `callback` belongs to, if it is the built-in method of that name of something.
pub fn owner_of<'py>(callback: &Bound<'py, PyAny>, method: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
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
pub fn is_exactly(object: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    Ok(object.get_type().is(&modules::io(object.py())?.getattr_held(name)?))
}

/// The descriptor of `object`, if that is exactly one of `classes` over exactly a FileIO, open, with none of its methods
/// shadowed, and `able` ("readable", "writable"); and whether it has a buffer.
pub fn descriptor<'a>(
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
