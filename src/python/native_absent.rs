//! No native loops on this platform: whatever asks for one gets the portable path.

use pyo3::prelude::*;

/// Never made here.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Reader {}

impl Reader {
    pub fn next_line(&self, _py: Python<'_>, _limit: Option<usize>) -> PyResult<(Vec<u8>, bool)> {
        Err(super::errors::closed_file())
    }
}

/// Never made here.
pub struct Plain(std::convert::Infallible);

impl Plain {
    pub fn send_all(&self, _data: &[u8]) -> PyResult<()> {
        match self.0 {}
    }
}

pub fn prepare(_py: Python<'_>) -> PyResult<()> {
    Ok(())
}

pub fn sendable(_object: &Bound<'_, PyAny>) -> Option<Plain> {
    None
}

pub fn reader<'a, 'py>(_object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Reader>> {
    None
}

pub fn limit_of(_maxline: &Bound<'_, PyAny>) -> Option<usize> {
    None
}

pub fn encode_line(_line: &[u8], _encoding: &Bound<'_, PyAny>) -> Option<Vec<u8>> {
    None
}

#[pyfunction]
pub fn open_reader(_sock: &Bound<'_, PyAny>, _encoding: &Bound<'_, PyAny>) -> Option<Reader> {
    None
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
