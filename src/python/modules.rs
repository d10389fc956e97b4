//! Modules of the standard library, looked up once: their names are looked up at each use, as scripts may replace them.

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::held::Held;

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

/// Ends the connection of `sock` in both directions, as far as the kernel is concerned, and wakes whoever waits for it.
/// TLS is not told: `ssl.SSLSocket.shutdown` would take its `SSL` away from under another thread.
pub fn end_connection(sock: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = sock.py();
    let socket = py.import("_socket")?.getattr(intern!(py, "socket"))?;
    match socket.call_method_held(intern!(py, "shutdown"), (sock, 2)) {
        Err(error) if error.is_instance_of::<PyOSError>(py) => Ok(()), // it has ended already
        outcome => outcome.map(drop),
    }
}
