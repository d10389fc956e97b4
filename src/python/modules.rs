//! Modules, looked up once: their names are looked up at each use, as scripts may replace them.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::call::{self, Call};

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

#[cfg(unix)]
pub fn socket(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static SOCKET: Once = PyOnceLock::new();
    once(&SOCKET, py, || call::import(py, "socket"))
}

/// What ftplib does with objects of other types than the usual ones, in Python.
pub fn odd(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static ODD: Once = PyOnceLock::new();
    once(&ODD, py, || call::import(py, "rftplib._odd"))
}

/// A function that does nothing; see `call::look_up`.
pub fn nothing(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static NOTHING: Once = PyOnceLock::new();
    once(&NOTHING, py, || odd(py)?.getattr_held(intern!(py, "look_up")))
}
