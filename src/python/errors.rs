//! One table from faults to Python's exceptions. ftplib's own classes are raised, so that code which imports either
//! module catches both.
//!
//! The exceptions are made here and at once (`raise`): PyO3's `new_err` leaves that to whoever raises them, which is PyO3
//! itself, unguarded (see `call`).

use pyo3::PyTypeInfo;
use pyo3::exceptions::{PyEOFError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;
use pyo3::types::PyType;

use super::call::{self, Arguments, Call};
use crate::protocol::reply::Kind;

struct Classes {
    error: Py<PyAny>,
    reply: Py<PyAny>,
    temp: Py<PyAny>,
    perm: Py<PyAny>,
    proto: Py<PyAny>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// What is written in Python of it.
pub fn module(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    call::import(py, "rftplib._errors")
}

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get_or_try_init(py, || {
        let module = module(py)?;
        let class = |name| module.getattr_held(name).map(Bound::unbind);
        Ok(Classes {
            error: class("Error")?,
            reply: class("error_reply")?,
            temp: class("error_temp")?,
            perm: class("error_perm")?,
            proto: class("error_proto")?,
        })
    })
}

/// `class(*args)`, to be raised.
fn made<'py>(class: &Bound<'py, PyAny>, args: impl Arguments<'py>) -> PyErr {
    class.call_held(args).map_or_else(|error| error, PyErr::from_value)
}

/// `E(*args)`, to be raised: one of Python's own exceptions.
pub fn raise<'py, E: PyTypeInfo>(py: Python<'py>, args: impl Arguments<'py>) -> PyErr {
    made(py.get_type::<E>().as_any(), args)
}

fn ftp_error<'py>(
    py: Python<'py>,
    choose: impl FnOnce(&'py Classes) -> &'py Py<PyAny>,
    args: impl Arguments<'py>,
) -> PyErr {
    match classes(py) {
        Ok(table) => made(choose(table).bind(py), args),
        Err(error) => error,
    }
}

/// The reply is well-formed but not the one that the dialogue allows here.
pub fn unexpected(reply: &Bound<'_, PyAny>) -> PyErr {
    ftp_error(reply.py(), |table| &table.reply, (reply,))
}

/// The server broke the protocol.
pub fn malformed(reply: &Bound<'_, PyAny>) -> PyErr {
    ftp_error(reply.py(), |table| &table.proto, (reply,))
}

/// What getresp() raises for this kind of reply, or `None` where it returns the reply.
pub fn refusal(kind: Kind, reply: &Bound<'_, PyAny>) -> Option<PyErr> {
    let choose = |table| -> &Py<PyAny> {
        let table: &Classes = table;
        match kind {
            Kind::TransientNegative => &table.temp,
            Kind::PermanentNegative => &table.perm,
            _ => &table.proto,
        }
    };
    match kind {
        Kind::Preliminary | Kind::Completion | Kind::Intermediate => None,
        _ => Some(ftp_error(reply.py(), choose, (reply,))),
    }
}

/// 4yz, where no `getresp()` has read it.
pub fn temporary(reply: &Bound<'_, PyAny>) -> PyErr {
    ftp_error(reply.py(), |table| &table.temp, (reply,))
}

/// A line is longer than `maxline`.
pub fn too_long(maxline: &Bound<'_, PyAny>) -> PyErr {
    above_limit("got more than %d bytes", maxline)
}

/// A reply is longer than `max_reply`.
pub fn reply_too_long(max_reply: &Bound<'_, PyAny>) -> PyErr {
    above_limit("got more than %d bytes in one reply", max_reply)
}

/// The multi-line replies of a batch are longer than `max_reply`, together.
pub fn batch_too_long(py: Python<'_>) -> PyErr {
    ftp_error(
        py,
        |table| &table.error,
        ("got more than max_reply characters in one batch",),
    )
}

fn above_limit(text: &str, limit: &Bound<'_, PyAny>) -> PyErr {
    let py = limit.py();
    // Python's own %d, which takes any number that users may have put there
    match PyString::new(py, text)
        .as_any()
        .call_method_held(intern!(py, "__mod__"), (limit,))
    {
        Ok(text) => ftp_error(py, |table| &table.error, (text,)),
        Err(error) => error,
    }
}

/// A failed system call, as `socket` reports it: with errno, so that Python picks the right subclass of OSError.
#[cfg(unix)]
pub fn os_error(error: &std::io::Error) -> PyErr {
    use pyo3::exceptions::PyOSError;

    let text = error.to_string();
    Python::attach(|py| {
        let Some(errno) = error.raw_os_error() else {
            return raise::<PyOSError>(py, (text,));
        };
        let suffix = format!(" (os error {errno})");
        raise::<PyOSError>(py, (errno, text.strip_suffix(&suffix).unwrap_or(&text)))
    })
}

/// What `socket` and `ssl` raise, each with a text of its own, when the timeout has passed.
#[cfg(unix)]
pub fn timed_out(py: Python<'_>, text: &str) -> PyErr {
    // socket.timeout is TimeoutError itself from 3.10 on
    match super::modules::socket(py).and_then(|socket| socket.getattr_held(intern!(py, "timeout"))) {
        Ok(class) => made(&class, (text,)),
        Err(error) => error,
    }
}

/// Whether `error` says that the timeout of a socket has passed: not the network's own ETIMEDOUT, which has a number.
#[cfg(unix)]
pub fn is_timeout(py: Python<'_>, error: &PyErr) -> bool {
    let class = super::modules::socket(py).and_then(|socket| socket.getattr_held(intern!(py, "timeout")));
    let Some(class) = super::call::quietly(py, class).and_then(|class| class.cast_into::<PyType>().ok()) else {
        return false;
    };
    // the class itself: nobody else raises a subclass of it
    let number = error.value(py).as_any().getattr_held(intern!(py, "errno"));
    error.get_type(py).is(&class) && super::call::quietly(py, number).is_some_and(|number| number.is_none())
}

/// What a method of a closed `io` object raises.
pub fn closed_file() -> PyErr {
    Python::attach(|py| raise::<PyValueError>(py, ("I/O operation on closed file.",)))
}

/// The server has closed the control connection.
pub fn at_end(py: Python<'_>) -> PyErr {
    raise::<PyEOFError>(py, ())
}
