//! Modules of the standard library, looked up once: their names are looked up at each use, as scripts may replace them.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

static SYS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
static BUILTINS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

fn module<'py>(cell: &PyOnceLock<Py<PyModule>>, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyModule>> {
    Ok(cell
        .get_or_try_init(py, || py.import(name).map(Bound::unbind))?
        .bind(py)
        .clone())
}

pub fn sys(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    module(&SYS, py, "sys")
}

pub fn builtins(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    module(&BUILTINS, py, "builtins")
}
