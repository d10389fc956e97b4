//! What the `ssl` module raises where TLS fails.

use crate::net::Interest;
use crate::python::call::{self, Call};
use crate::python::errors::exceptions::{errno, os_error, raise};
use crate::tls::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

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

fn raise_number(py: Python<'_>, class: &str, number: i32, text: &str) -> PyErr {
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
    raise_number(py, "SSLError", SSL_ERROR_SSL, text)
}

/// What a non-blocking socket raises.
pub fn would_block(py: Python<'_>, interest: Interest) -> PyErr {
    let (class, number, text) = match interest {
        Interest::Read => ("SSLWantReadError", SSL_ERROR_WANT_READ, "read"),
        Interest::Write => ("SSLWantWriteError", SSL_ERROR_WANT_WRITE, "write"),
    };
    raise_number(py, class, number, &format!("The operation did not complete ({text})"))
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

/// `error` as the exception that it is in Python; `name` is whom the certificate was to be for.
pub fn raised(py: Python<'_>, error: Error, name: Option<&str>) -> PyErr {
    let text = error.to_string();
    let made = match error {
        Error::Connection(error) => return os_error(py, &error),
        Error::Closed => return errno(py, libc::EBADF),
        Error::TooEarly => return raise::<PyValueError>(py, (text,)),
        Error::Unverified { code, reason } => unverified(py, code, &reason, name),
        Error::Truncated => reasoned(py, "SSLEOFError", SSL_ERROR_EOF, "UNEXPECTED_EOF_WHILE_READING", &text),
        Error::Protocol(text) => {
            let reason = text.split([';', ':']).next().unwrap_or_default();
            let reason = reason
                .trim()
                .to_ascii_uppercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            reasoned(py, "SSLError", SSL_ERROR_SSL, &reason, &text)
        }
        Error::Late => {
            let reason = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY";
            reasoned(py, "SSLError", SSL_ERROR_SSL, reason, &text)
        }
    };
    made.map_or_else(|error| error, PyErr::from_value)
}
