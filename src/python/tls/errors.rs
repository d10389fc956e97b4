//! One table from the faults of TLS to what the `ssl` module raises for them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::io;

use crate::net::Interest;
use crate::python::call::{self, Call};
use crate::python::errors::{self, os_error};
use crate::tls::Fault;

/// The numbers of ssl.SSLErrorNumber.
const SSL_ERROR_SSL: i32 = 1;
const SSL_ERROR_WANT_READ: i32 = 2;
const SSL_ERROR_WANT_WRITE: i32 = 3;
const SSL_ERROR_EOF: i32 = 8;

/// OpenSSL's numbers of the reasons that a certificate is refused for when it is for somebody else: another host name,
/// another address.
const SOMEBODY_ELSE: [i32; 2] = [62, 64];

fn make<'py>(py: Python<'py>, class: &str, number: i32, text: &str) -> PyResult<Bound<'py, PyAny>> {
    call::import(py, "ssl")?.call_method_held(class, (number, text))
}

fn raise(py: Python<'_>, class: &str, number: i32, text: &str) -> PyErr {
    make(py, class, number, text).map_or_else(|error| error, PyErr::from_value)
}

/// `ssl.SSLError` with the attributes that those of the ssl module have.
fn reasoned<'py>(py: Python<'py>, class: &str, number: i32, reason: &str, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let error = make(py, class, number, &format!("[SSL: {reason}] {text}"))?;
    error.setattr_held("library", "SSL")?;
    error.setattr_held("reason", reason)?;
    Ok(error)
}

/// An ssl.SSLError for an option that can't be used.
pub fn refused(py: Python<'_>, text: &str) -> PyErr {
    raise(py, "SSLError", SSL_ERROR_SSL, text)
}

/// What a non-blocking socket raises.
pub fn would_block(py: Python<'_>, interest: Interest) -> PyErr {
    let (class, number, text) = match interest {
        Interest::Read => ("SSLWantReadError", SSL_ERROR_WANT_READ, "read"),
        Interest::Write => ("SSLWantWriteError", SSL_ERROR_WANT_WRITE, "write"),
    };
    raise(py, class, number, &format!("The operation did not complete ({text})"))
}

fn unverified<'py>(py: Python<'py>, code: i32, reason: &str, name: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    let message = match name {
        Some(name) if SOMEBODY_ELSE.contains(&code) => format!("{reason}, certificate is not valid for '{name}'"),
        _ => reason.to_owned(),
    };
    let text = format!("certificate verify failed: {message}");
    let class = "SSLCertVerificationError";
    let error = reasoned(py, class, SSL_ERROR_SSL, "CERTIFICATE_VERIFY_FAILED", &text)?;
    error.setattr_held("verify_code", code)?;
    error.setattr_held("verify_message", message)?;
    Ok(error)
}

/// `fault` as the exception that it is in Python; `name` is whom the certificate was to be for.
pub fn raised(py: Python<'_>, fault: &Fault, name: Option<&str>) -> PyErr {
    let error = match fault {
        Fault::Connection(error) => return os_error(error),
        Fault::Closed => return os_error(&io::Error::from_raw_os_error(libc::EBADF)),
        Fault::TooEarly => return errors::raise::<PyValueError>(py, (fault.to_string(),)),
        Fault::Unverified { code, reason } => unverified(py, *code, reason, name),
        Fault::Truncated => reasoned(
            py,
            "SSLEOFError",
            SSL_ERROR_EOF,
            "UNEXPECTED_EOF_WHILE_READING",
            &fault.to_string(),
        ),
        Fault::Protocol(text) => {
            let reason = text.split([';', ':']).next().unwrap_or_default();
            let reason = reason
                .trim()
                .to_ascii_uppercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            reasoned(py, "SSLError", SSL_ERROR_SSL, &reason, text)
        }
        Fault::Late => {
            let reason = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY";
            reasoned(py, "SSLError", SSL_ERROR_SSL, reason, &fault.to_string())
        }
    };
    error.map_or_else(|error| error, PyErr::from_value)
}

/// The fault of TLS that an `io::Error` carries out of a loop, if it does, as the exception that it is in Python.
pub fn carried(error: &io::Error) -> Option<PyErr> {
    let fault = error.get_ref()?.downcast_ref::<Fault>()?;
    Some(Python::attach(|py| raised(py, fault, None)))
}
