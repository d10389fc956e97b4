//! Lines and replies on their way between the wire and Python: made into a Python object only when somebody sees them.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::python::call;

/// A line or a reply.
pub enum Text<'py> {
    /// From our own reader: UTF-8 that Python has not seen yet.
    Wire(Vec<u8>),
    /// A `str` that came from Python, with its UTF-8; lone surrogates are kept (WTF-8).
    Seen(Bound<'py, PyAny>, Bound<'py, PyBytes>),
    /// What an override returned that is no `str`, or a subclass of it: `rftplib._odd` decides what becomes of it.
    Odd(Bound<'py, PyAny>),
}

impl<'py> Text<'py> {
    pub fn of(object: Bound<'py, PyAny>) -> PyResult<Self> {
        match object.cast_exact::<PyString>() {
            Ok(string) => {
                let bytes = encode(string)?;
                Ok(Text::Seen(object, bytes))
            }
            Err(_) => Ok(Text::Odd(object)),
        }
    }

    pub fn into_object(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Text::Wire(bytes) => Ok(decode(py, &bytes)?.into_any()),
            Text::Seen(object, _) | Text::Odd(object) => Ok(object),
        }
    }
}

/// A `str` as UTF-8, lone surrogates passed through. Of a subclass: what it holds, whatever its methods say.
pub fn encode<'py>(string: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    call::encode_utf8(string)
}

/// UTF-8 as a `str`, lone surrogates passed through.
pub fn decode<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text)),
        Err(_) => call::decode_utf8(py, bytes),
    }
}
