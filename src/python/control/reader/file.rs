//! The reader as the text file that scripts see: the methods of `socket.makefile('r')` that `ftp.file` is used by.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::Reader;
use super::state::BROKEN_OFF;
use crate::python::call::{self, Call};
use crate::python::text;

/// A size argument as `io` has it: None or negative means no limit.
fn size_limit(size: Option<i64>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

#[pymethods]
impl Reader {
    /// The next line, its end as '\n', at most `size` characters; '' at the end.
    #[pyo3(signature = (size = -1, /))]
    fn readline<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyString>> {
        let (mut body, ended) = self.next_line(py, size_limit(size))?;
        if ended {
            body.push(b'\n');
        }
        text::decode(py, &body)
    }

    /// At most `size` characters, or all until the peer closes.
    #[pyo3(signature = (size = -1, /))]
    fn read<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyString>> {
        let limit = size_limit(size);
        let mut whole = Vec::new();
        let mut length = 0;
        while limit.is_none_or(|limit| length < limit) {
            let (body, ended) = self.next_line(py, limit.map(|limit| limit - length))?;
            if body.is_empty() && !ended {
                break;
            }
            length += crate::protocol::text::count_chars(&body) + usize::from(ended);
            whole.extend_from_slice(&body);
            if ended {
                whole.push(b'\n');
            }
        }
        text::decode(py, &whole)
    }

    /// Lets go of the socket.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.shut(py)
    }

    /// Whether something has been received that nobody has read yet.
    #[getter]
    fn _buffered(&self, py: Python<'_>) -> bool {
        self.is_buffered(py)
    }

    /// Whether the reply that comes next is a refusal, as far as it has come: see `next_refuses`.
    fn _refuses(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        self.next_refuses(py)
    }

    /// Refuse to be read: replies are still to come that nobody waits for.
    fn _break_off(&self, py: Python<'_>) {
        self.lock(py).unreadable = Some(BROKEN_OFF);
    }

    /// Go on after what has made it unreadable: a timeout, or a batch that was broken off.
    fn _resume(&self, py: Python<'_>) {
        self.lock(py).unreadable = None;
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.lock(py).socket.is_none()
    }

    #[getter]
    fn encoding(&self, py: Python<'_>) -> Py<PyAny> {
        self.encoding.clone_ref(py)
    }

    #[getter]
    fn errors(&self) -> &'static str {
        if self.escapes { "surrogateescape" } else { "strict" }
    }

    #[classattr]
    fn mode() -> &'static str {
        "r"
    }

    fn fileno<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.check_open(py)?.bind(py).call_method_held("fileno", ())
    }

    fn readable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| true)
    }

    fn writable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| false)
    }

    fn seekable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| false)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        let line = self.readline(py, None)?;
        Ok(if line.is_true_held()? { Some(line) } else { None })
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyResult<PyRef<'_, Self>> {
        slf.check_open(slf.py())?;
        Ok(slf)
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, py: Python<'_>, _args: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.shut(py)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // a dropped file lets go of its socket, as those of socket.makefile do
        let _ = Python::try_attach(|py| {
            // it may be dropped because of an exception, which must not be pending while Python is called
            let pending = call::pending(py);
            if let Err(error) = self.shut(py) {
                call::report(py, error);
            }
            if let Some(pending) = pending {
                pending.restore(py);
            }
        });
    }
}
