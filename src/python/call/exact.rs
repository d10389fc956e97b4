//! Modules, and objects of exact types: made, copied and read.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

use super::functions::{functions, held};
use super::outcome::owned;

pub fn import<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let name = PyString::intern(py, name);
    // SAFETY: the GIL is held; the name is alive for the call, which returns a new reference or null.
    unsafe { owned(py, held(|| (functions().PyImport_Import)(name.as_ptr()))) }
}

/// `(first, second)`
pub fn pair<'py>(first: &Bound<'py, PyAny>, second: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let (one, two) = (first.as_ptr(), second.as_ptr());
    // SAFETY: the GIL is held; both are alive for the call, which takes references of its own and returns a tuple.
    let made = unsafe { owned(first.py(), held(|| (functions().PyTuple_Pack)(2, one, two))) }?;
    // SAFETY: PyTuple_Pack makes nothing else.
    Ok(unsafe { made.cast_into_unchecked() })
}

/// `{}`
pub fn new_dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: the GIL is held; the result is a new reference to a dict.
    Ok(unsafe { owned(py, held(|| (functions().PyDict_New)()))?.cast_into_unchecked() })
}

/// `dict.copy()`
pub fn copy<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let py = dict.py();
    let dict = dict.as_ptr();
    // SAFETY: the GIL is held; the dict is alive for the call, which returns a new reference to a dict.
    Ok(unsafe { owned(py, held(|| (functions().PyDict_Copy)(dict)))?.cast_into_unchecked() })
}

/// `string.encode("utf-8", "surrogatepass")`, by what the `str` or subclass holds.
pub fn encode_utf8<'py>(string: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    let (text, encoding, errors) = (string.as_ptr(), c"utf-8".as_ptr(), c"surrogatepass".as_ptr());
    // SAFETY: the GIL is held; the string is alive for the call, which returns a new reference to bytes, or null.
    unsafe {
        let result = held(|| (functions().PyUnicode_AsEncodedString)(text, encoding, errors));
        Ok(owned(string.py(), result)?.cast_into_unchecked())
    }
}

/// `bytes.decode("utf-8", "surrogatepass")`
pub fn decode_utf8<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // no slice is longer than isize::MAX
    let (start, size) = (bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t);
    // SAFETY: the GIL is held; the slice is alive for the call, which returns a new reference to a str, or null.
    unsafe {
        let result = held(|| (functions().PyUnicode_DecodeUTF8)(start, size, c"surrogatepass".as_ptr()));
        Ok(owned(py, result)?.cast_into_unchecked())
    }
}

/// The value of an exact `int`; None for all other objects, and for what doesn't fit.
pub fn int_of(object: &Bound<'_, PyAny>) -> Option<i64> {
    value_of(object.cast_exact::<PyInt>().ok()?)
}

/// The value of an `int`, of a subclass, too: what it holds, whatever its methods say. None if it doesn't fit.
pub fn value_of(number: &Bound<'_, PyInt>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: the GIL is held and the object is an int, so that this runs no code and sets no exception.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(number.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(value)
}
