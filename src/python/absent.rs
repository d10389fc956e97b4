//! No native loops on this platform (Windows): whatever asks for one gets the portable path.

use pyo3::prelude::*;

pub mod socket {
    use pyo3::prelude::*;

    /// Never made here.
    pub struct Plain(std::convert::Infallible);

    impl Plain {
        pub fn send_all(&self, _data: &[u8]) -> PyResult<()> {
            match self.0 {}
        }
    }

    pub fn sendable(_object: &Bound<'_, PyAny>) -> Option<Plain> {
        None
    }
}

pub mod reader {
    use pyo3::prelude::*;

    /// Never made here.
    #[pyclass(module = "rftplib._rftplib", frozen)]
    pub struct Reader {}

    impl Reader {
        pub fn next_line(&self, _py: Python<'_>, _limit: Option<usize>) -> PyResult<(Vec<u8>, bool)> {
            Err(crate::python::errors::Error::ClosedReader.into())
        }
    }

    pub fn reader<'a, 'py>(_object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Reader>> {
        None
    }

    #[pyfunction]
    #[pyo3(signature = (*_args))]
    pub fn open_reader(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<Reader> {
        None
    }
}

pub mod sharing {
    use pyo3::prelude::*;

    use crate::python::call::Call;

    pub fn sending<T>(_socket: &Bound<'_, PyAny>, send: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        send()
    }

    #[pyfunction]
    pub fn send_in_turn(
        _socket: &Bound<'_, PyAny>,
        sendall: &Bound<'_, PyAny>,
        data: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        sendall.run_held((data,))
    }
}

pub mod kept {
    use crate::python::overrides::View;
    use pyo3::prelude::*;

    pub fn settle(_view: &View<'_, '_>) -> PyResult<()> {
        Ok(())
    }

    pub fn release(_kept: ()) -> PyResult<()> {
        Ok(())
    }
}

#[pyfunction]
#[pyo3(signature = (*_args))]
pub fn batch(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<u64> {
    None
}

#[pyfunction]
#[pyo3(signature = (*_args))]
pub fn download(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<u64> {
    None
}

#[pyfunction]
#[pyo3(signature = (*_args))]
pub fn upload(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<u64> {
    None
}

#[pyfunction]
#[pyo3(signature = (*_args))]
pub fn retrlines(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<u64> {
    None
}

#[pyfunction]
#[pyo3(signature = (*_args))]
pub fn storlines(_args: &Bound<'_, pyo3::types::PyTuple>) -> Option<u64> {
    None
}
