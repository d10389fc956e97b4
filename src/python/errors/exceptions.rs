//! How exceptions are made: here and at once. PyO3's `new_err` leaves that to whoever raises them, which is PyO3 itself,
//! unguarded (see `call`).

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyType};
use std::io;

use crate::protocol::charset::Charset;
use crate::protocol::received_lines::Undecodable;
use crate::python::call::{self, Arguments, Call};
use crate::python::modules;

/// ftplib's classes.
#[derive(Clone, Copy)]
pub enum Class {
    Error,
    Reply,
    Temp,
    Perm,
    Proto,
}

const NAMES: [&str; 5] = ["Error", "error_reply", "error_temp", "error_perm", "error_proto"];

static CLASSES: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();

fn classes(py: Python<'_>) -> PyResult<&Vec<Py<PyAny>>> {
    CLASSES.get_or_try_init(py, || {
        let module = call::import(py, "rftplib._errors")?;
        let class = |name: &&str| module.getattr_held(*name).map(Bound::unbind);
        NAMES.iter().map(class).collect()
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

/// One of ftplib's, with its one argument.
pub fn ftp<'py>(py: Python<'py>, class: Class, argument: impl IntoPyObject<'py>) -> PyErr {
    match classes(py) {
        Ok(table) => made(table[class as usize].bind(py), (argument,)),
        Err(error) => error,
    }
}

/// rftplib.listing's own.
pub fn listing(py: Python<'_>, text: &str, line: Option<Py<PyAny>>) -> PyErr {
    let module = call::import(py, "rftplib.listing");
    match module.and_then(|module| module.getattr_held(intern!(py, "ListingError"))) {
        Ok(class) => made(&class, (text, line)),
        Err(error) => error,
    }
}

/// `text % limit`, by Python's own %d, which takes any number that users may have put there.
pub fn above_limit(py: Python<'_>, text: &str, limit: Py<PyAny>) -> PyErr {
    let text = PyString::new(py, text);
    match text.as_any().call_method_held(intern!(py, "__mod__"), (limit,)) {
        Ok(text) => ftp(py, Class::Error, text),
        Err(error) => error,
    }
}

/// A failed system call, as `socket` reports it: with errno, so that Python picks the right subclass.
pub fn os_error(py: Python<'_>, error: &io::Error) -> PyErr {
    let text = error.to_string();
    let Some(errno) = error.raw_os_error() else {
        return raise::<PyOSError>(py, (text,));
    };
    let suffix = format!(" (os error {errno})");
    raise::<PyOSError>(py, (errno, text.strip_suffix(&suffix).unwrap_or(&text)))
}

pub fn errno(py: Python<'_>, number: i32) -> PyErr {
    os_error(py, &io::Error::from_raw_os_error(number))
}

/// The UnicodeDecodeError that Python's own decoder raises for these bytes.
pub fn undecodable(py: Python<'_>, charset: Charset, bytes: &Undecodable) -> Option<PyErr> {
    let decoded = || -> PyResult<()> {
        let codecs = call::import(py, "codecs")?;
        let input = PyBytes::new(py, &bytes.input);
        match charset {
            Charset::Utf8 => codecs.run_method_held("utf_8_decode", (input, "strict", bytes.last)),
            Charset::Ascii => codecs.run_method_held("ascii_decode", (input, "strict")),
            Charset::Latin1 => codecs.run_method_held("latin_1_decode", (input, "strict")),
        }
    };
    decoded().err()
}

/// `socket.timeout`, which is TimeoutError itself from Python 3.10 on.
fn timeout_class(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    modules::socket(py)?.getattr_held(intern!(py, "timeout"))
}

pub fn timed_out(py: Python<'_>, text: &str) -> PyErr {
    timeout_class(py).map_or_else(|error| error, |class| made(&class, (text,)))
}

/// Whether `error` says that the timeout of a socket has passed: not the network's own ETIMEDOUT, which has a number.
pub fn is_timeout(py: Python<'_>, error: &PyErr) -> bool {
    let Some(class) = call::quietly(py, timeout_class(py)).and_then(|class| class.cast_into::<PyType>().ok()) else {
        return false;
    };
    // only the class itself counts: a subclass of it is a script's own
    let number = error.value(py).as_any().getattr_held(intern!(py, "errno"));
    error.get_type(py).is(&class) && call::quietly(py, number).is_some_and(|number| number.is_none())
}
