//! One table from faults to Python's exceptions. ftplib's own classes are raised, so that code which imports either
//! module catches both.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::protocol::reply::Kind;

struct Classes {
    error: Py<PyType>,
    reply: Py<PyType>,
    temp: Py<PyType>,
    perm: Py<PyType>,
    proto: Py<PyType>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let module = py.import("rftplib._errors")?;
        let class = |name| -> PyResult<Py<PyType>> { Ok(module.getattr(name)?.cast_into::<PyType>()?.unbind()) };
        Ok(Classes {
            error: class("Error")?,
            reply: class("error_reply")?,
            temp: class("error_temp")?,
            perm: class("error_perm")?,
            proto: class("error_proto")?,
        })
    })
}

fn raise(py: Python<'_>, class: &Py<PyType>, arg: impl for<'py> IntoPyObject<'py>) -> PyErr {
    match class.bind(py).call1((arg,)) {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// The reply is well-formed but not the one that the dialogue allows here.
pub fn unexpected(reply: &Bound<'_, PyAny>) -> PyErr {
    match classes(reply.py()) {
        Ok(table) => raise(reply.py(), &table.reply, reply.as_unbound()),
        Err(error) => error,
    }
}

/// The server broke the protocol.
pub fn malformed(reply: &Bound<'_, PyAny>) -> PyErr {
    match classes(reply.py()) {
        Ok(table) => raise(reply.py(), &table.proto, reply.as_unbound()),
        Err(error) => error,
    }
}

/// What getresp() raises for this kind of reply, or `None` where it returns the reply.
pub fn refusal(kind: Kind, reply: &Bound<'_, PyAny>) -> Option<PyErr> {
    let py = reply.py();
    if matches!(kind, Kind::Preliminary | Kind::Completion | Kind::Intermediate) {
        return None;
    }
    let table = match classes(py) {
        Ok(table) => table,
        Err(error) => return Some(error),
    };
    let class = match kind {
        Kind::TransientNegative => &table.temp,
        Kind::PermanentNegative => &table.perm,
        _ => &table.proto,
    };
    Some(raise(py, class, reply.as_unbound()))
}

/// A line is longer than `maxline`.
pub fn too_long(maxline: &Bound<'_, PyAny>) -> PyErr {
    above_limit("got more than %d bytes", maxline)
}

/// A reply is longer than `max_reply`.
pub fn reply_too_long(max_reply: &Bound<'_, PyAny>) -> PyErr {
    above_limit("got more than %d bytes in one reply", max_reply)
}

fn above_limit(text: &str, limit: &Bound<'_, PyAny>) -> PyErr {
    let py = limit.py();
    let made = || -> PyResult<PyErr> {
        // Python's own %d, which takes any number that users may have put there
        let text = pyo3::types::PyString::new(py, text).rem(limit)?;
        Ok(raise(py, &classes(py)?.error, text.unbind()))
    };
    made().unwrap_or_else(|error| error)
}

/// A failed system call, as `socket` reports it: with errno, so that Python picks the right subclass of OSError.
#[cfg(unix)]
pub fn os_error(error: &std::io::Error) -> PyErr {
    use pyo3::exceptions::PyOSError;

    let Some(errno) = error.raw_os_error() else {
        return PyOSError::new_err(error.to_string());
    };
    let text = error.to_string();
    let suffix = format!(" (os error {errno})");
    PyOSError::new_err((errno, text.strip_suffix(&suffix).unwrap_or(&text).to_owned()))
}

/// What `socket` and `ssl` raise, each with a text of its own, when the timeout has passed.
#[cfg(unix)]
pub fn timed_out(py: Python<'_>, text: &str) -> PyErr {
    let made = || -> PyResult<PyErr> {
        // socket.timeout is TimeoutError itself from 3.10 on
        let class = py.import("socket")?.getattr("timeout")?;
        Ok(PyErr::from_value(class.call1((text,))?))
    };
    made().unwrap_or_else(|error| error)
}

/// Whether `error` says that the timeout of a socket has passed: not the network's own ETIMEDOUT, which has a number.
#[cfg(unix)]
pub fn is_timeout(py: Python<'_>, error: &PyErr) -> bool {
    let Ok(class) = py.import("socket").and_then(|socket| socket.getattr("timeout")) else {
        return false;
    };
    error.is_instance(py, &class) && error.value(py).getattr("errno").is_ok_and(|number| number.is_none())
}

/// What a method of a closed `io` object raises.
pub fn closed_file() -> PyErr {
    PyValueError::new_err("I/O operation on closed file.")
}
