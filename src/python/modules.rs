//! Modules, looked up once: their names are looked up at each use, as scripts may replace them.

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::python::call::{self, Call};

type Once = PyOnceLock<Py<PyAny>>;

fn once<'py>(
    cell: &'static Once,
    py: Python<'py>,
    make: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<&'py Bound<'py, PyAny>> {
    Ok(cell.get_or_try_init(py, || make().map(Bound::unbind))?.bind(py))
}

pub fn sys(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static SYS: Once = PyOnceLock::new();
    once(&SYS, py, || call::import(py, "sys"))
}

pub fn builtins(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static BUILTINS: Once = PyOnceLock::new();
    once(&BUILTINS, py, || call::import(py, "builtins"))
}

pub fn datetime(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static DATETIME: Once = PyOnceLock::new();
    once(&DATETIME, py, || call::import(py, "datetime"))
}

/// Python's own classes of files, whatever scripts put into `io`.
#[cfg(unix)]
pub fn io(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static IO: Once = PyOnceLock::new();
    once(&IO, py, || call::import(py, "_io"))
}

pub fn socket(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static SOCKET: Once = PyOnceLock::new();
    once(&SOCKET, py, || call::import(py, "socket"))
}

/// What ftplib does with objects of other types than the usual ones, in Python.
pub fn odd(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static ODD: Once = PyOnceLock::new();
    once(&ODD, py, || call::import(py, "rftplib._odd"))
}

/// The module of that name if somebody has imported it: nothing is imported for the sake of it.
pub fn imported<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match sys(py)?.getattr_held(intern!(py, "modules"))?.cast::<PyDict>() {
        Ok(all) => all.get_item(name),
        Err(_) => Ok(None),
    }
}

/// A function that does nothing; see `gil_turn::look_up`.
pub fn nothing(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static NOTHING: Once = PyOnceLock::new();
    once(&NOTHING, py, || odd(py)?.getattr_held(intern!(py, "look_up")))
}

/// Ends the connection of `sock` in both directions, as far as the kernel is concerned, and wakes whoever waits for it.
/// TLS is not told: `ssl.SSLSocket.shutdown` would take its `SSL` away from under another thread.
#[cfg(unix)]
pub fn end_connection(sock: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = sock.py();
    let class = call::import(py, "_socket")?.getattr_held(intern!(py, "socket"))?;
    match class.run_method_held(intern!(py, "shutdown"), (sock, libc::SHUT_RDWR)) {
        Err(error) if error.is_instance_of::<PyOSError>(py) => {
            call::forget(py, error); // it has ended already
            Ok(())
        }
        outcome => outcome,
    }
}
