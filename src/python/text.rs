//! Lines and replies on their way between the wire and Python: made into a Python object only when somebody sees them.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// A line or a reply.
pub enum Text<'py> {
    /// From our own reader: UTF-8 that Python has not seen yet.
    Wire(Vec<u8>),
    /// A `str` (or a subclass) that came from Python, with its UTF-8; lone surrogates are kept (WTF-8).
    Seen(Bound<'py, PyAny>, Bound<'py, PyBytes>),
    /// What an override returned that is no `str`. Python's own operators decide what becomes of it.
    Odd(Bound<'py, PyAny>),
}

impl<'py> Text<'py> {
    pub fn of(object: Bound<'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyString>() {
            Ok(string) => {
                let bytes = encode(string)?;
                Ok(Text::Seen(object, bytes))
            }
            Err(_) => Ok(Text::Odd(object)),
        }
    }

    /// The text in UTF-8; `None` for what is no `str`.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Text::Wire(bytes) => Some(bytes),
            Text::Seen(_, bytes) => Some(bytes.as_bytes()),
            Text::Odd(_) => None,
        }
    }

    pub fn into_object(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Text::Wire(bytes) => Ok(decode(py, &bytes)?.into_any()),
            Text::Seen(object, _) | Text::Odd(object) => Ok(object),
        }
    }
}

/// A `str` as UTF-8, lone surrogates passed through.
pub fn encode<'py>(string: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    match string.encode_utf8() {
        Ok(bytes) => Ok(bytes),
        Err(_) => Ok(string
            .call_method1("encode", ("utf-8", "surrogatepass"))?
            .cast_into::<PyBytes>()?),
    }
}

/// UTF-8 as a `str`, lone surrogates passed through.
pub fn decode<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text)),
        Err(_) => {
            let bytes = PyBytes::new(py, bytes);
            Ok(bytes
                .call_method1("decode", ("utf-8", "surrogatepass"))?
                .cast_into::<PyString>()?)
        }
    }
}

/// `object[:end]`, by Python's own slicing.
pub fn head<'py>(object: &Bound<'py, PyAny>, end: isize) -> PyResult<Bound<'py, PyAny>> {
    object.get_item(pyo3::types::PySlice::new(object.py(), 0, end, 1))
}

/// `object[start:]`, by Python's own slicing.
pub fn tail<'py>(object: &Bound<'py, PyAny>, start: isize) -> PyResult<Bound<'py, PyAny>> {
    object.get_item(pyo3::types::PySlice::new(object.py(), start, isize::MAX, 1))
}
