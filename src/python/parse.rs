//! What replies and listing lines say: the sans-IO core's parsers for Python.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

use super::errors;
use super::text::{decode, encode, head};
use crate::protocol::{address, facts, path, reply};

/// The reply's UTF-8 if its code is `code`, else error_reply, as ftplib's parsers start.
fn expect<'py>(resp: &Bound<'py, PyAny>, code: &str) -> PyResult<Bound<'py, PyBytes>> {
    if let Ok(string) = resp.cast::<PyString>() {
        let bytes = encode(string)?;
        if reply::code(bytes.as_bytes()) == code.as_bytes() {
            return Ok(bytes);
        }
        return Err(errors::unexpected(resp));
    }
    if head(resp, 3)?.ne(code)? {
        return Err(errors::unexpected(resp));
    }
    let name = resp.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "expected string or bytes-like object, got '{name}'"
    )))
}

/// `int(text)`: natively for a few digits, by Python for everything else it takes or refuses.
fn integer<'py>(py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if let Some(value) = small_number(text) {
        return Ok(value.into_pyobject(py)?.into_any());
    }
    py.get_type::<PyInt>().call1((decode(py, text)?,))
}

/// A number of up to nine ASCII digits.
fn small_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 9 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

/// The size that a 150 reply announces, or None.
#[pyfunction]
pub fn parse_150<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let bytes = expect(resp, "150")?;
    match reply::size_150(bytes.as_bytes()) {
        Some(digits) => Ok(Some(integer(resp.py(), digits)?)),
        None => Ok(None),
    }
}

/// The host and port of a 227 reply (RFC 959, PASV).
#[pyfunction]
pub fn parse_227<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let py = resp.py();
    let bytes = expect(resp, "227")?;
    let Ok(found) = address::parse_227(bytes.as_bytes()) else {
        return Err(errors::malformed(resp));
    };
    let host = decode(py, &found.host.join(&b'.'))?;
    let port = match found.port.map(small_number) {
        [Some(high), Some(low)] => ((high << 8) + low).into_pyobject(py)?.into_any(),
        _ => integer(py, found.port[0])?
            .lshift(8)?
            .add(integer(py, found.port[1])?)?,
    };
    (host, port).into_pyobject(py)
}

/// The port of a 229 reply (RFC 2428, EPSV), beside the peer's host.
#[pyfunction]
pub fn parse_229<'py>(resp: &Bound<'py, PyAny>, peer: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let py = resp.py();
    let bytes = expect(resp, "229")?;
    let Ok(port) = address::parse_229(bytes.as_bytes()) else {
        return Err(errors::malformed(resp));
    };
    let host = peer.get_item(0)?;
    (host, integer(py, port)?).into_pyobject(py)
}

/// The directory of a 257 reply (RFC 959, MKD and PWD).
#[pyfunction]
pub fn parse_257<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let bytes = expect(resp, "257")?;
    decode(resp.py(), &path::parse_257(bytes.as_bytes()))
}

/// One line of an MLSD listing (RFC 3659, section 7): name and facts.
pub fn entry_of<'py>(py: Python<'py>, line: &[u8]) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyDict>)> {
    let (found, name) = facts::split_entry(line);
    let entry = PyDict::new(py);
    for (key, value) in found {
        entry.set_item(lower(py, key)?, decode(py, value)?)?;
    }
    Ok((decode(py, name)?, entry))
}

/// `key.lower()`; ASCII natively.
pub fn lower<'py>(py: Python<'py>, key: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if key.is_ascii() {
        let lowered = key.to_ascii_lowercase();
        return Ok(decode(py, &lowered)?.into_any());
    }
    decode(py, key)?.call_method0("lower")
}
