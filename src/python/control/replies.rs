//! What replies say: the parsers of `protocol` for Python.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::protocol::{address, path, reply};
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::modules;
use crate::python::text::{decode, encode};

/// The reply's UTF-8 if its code is `code`, else error_reply, as ftplib's parsers start.
fn expect<'py>(resp: &Bound<'py, PyAny>, code: &str) -> PyResult<Bound<'py, PyBytes>> {
    let py = resp.py();
    let Ok(string) = resp.cast::<PyString>() else {
        modules::odd(py)?.run_method_held(intern!(py, "not_text"), (resp, code))?;
        return Err(Error::Unexpected(resp.clone().unbind()).into()); // this is never reached: the function has raised
    };
    let bytes = encode(string)?;
    if reply::code(bytes.as_bytes()) == code.as_bytes() {
        return Ok(bytes);
    }
    Err(Error::Unexpected(resp.clone().unbind()).into())
}

/// A number of a few digits; None for one that may be too large for anything but Python's `int`.
fn few_digits(digits: &[u8]) -> Option<u64> {
    (digits.len() <= 15).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

/// The size that a 150 reply announces, or None.
#[pyfunction]
pub fn parse_150<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (py, bytes) = (resp.py(), expect(resp, "150")?);
    let Some(digits) = reply::size_150(bytes.as_bytes()) else {
        return Ok(None);
    };
    let size = match few_digits(digits) {
        Some(size) => size.into_pyobject(py)?.into_any(),
        None => modules::builtins(py)?.call_method_held(intern!(py, "int"), (decode(py, digits)?,))?,
    };
    Ok(Some(size))
}

/// The host of a 227 reply and its port (RFC 959, PASV).
#[pyfunction]
pub fn parse_227<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let py = resp.py();
    let bytes = expect(resp, "227")?;
    let Ok(found) = address::parse_227(bytes.as_bytes()) else {
        return Err(Error::Malformed(resp.clone().unbind()).into());
    };
    let [high, low] = found.port;
    let port = match (few_digits(high), few_digits(low)) {
        (Some(high), Some(low)) => ((high << 8) + low).into_pyobject(py)?.into_any(),
        _ => modules::odd(py)?.call_method_held(intern!(py, "port"), (decode(py, high)?, decode(py, low)?))?,
    };
    let host = decode(py, &found.host.join(&b'.'))?.into_any();
    call::pair(&host, &port)
}

/// The port of a 229 reply (RFC 2428, EPSV), as it stands there.
#[pyfunction]
pub fn parse_229<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let bytes = expect(resp, "229")?;
    let Ok(port) = address::parse_229(bytes.as_bytes()) else {
        return Err(Error::Malformed(resp.clone().unbind()).into());
    };
    decode(resp.py(), port)
}

/// What a reply to PASV or EPSV says in another form than `parse_227` and `parse_229` take: the host ('' where the reply
/// names none) and the port, or None.
#[pyfunction]
pub fn find_address(resp: &Bound<'_, PyAny>) -> PyResult<Option<(String, u16)>> {
    let Ok(string) = resp.cast_exact::<PyString>() else {
        return Ok(None);
    };
    let found = address::find(encode(string)?.as_bytes());
    Ok(found.map(|place| {
        let host = place.host.map(|host| host.map(|number| number.to_string()).join("."));
        (host.unwrap_or_default(), place.port)
    }))
}

/// The directory of a 257 reply (RFC 959, MKD and PWD).
#[pyfunction]
pub fn parse_257<'py>(resp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let bytes = expect(resp, "257")?;
    decode(resp.py(), &path::parse_257(bytes.as_bytes()))
}
