//! Other people's buffers: the limited API has no buffer protocol before Python 3.11, so `memoryview` stands in.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The bytes of any object that has them.
pub fn bytes_of<'py>(data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    if let Ok(bytes) = data.cast_exact::<PyBytes>() {
        return Ok(bytes.clone());
    }
    let view = view_of(data)?;
    Ok(view.call_method0("tobytes")?.cast_into::<PyBytes>()?)
}

pub fn view_of<'py>(data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let class = data.py().import("builtins")?.getattr("memoryview")?;
    class.call1((data,)).map_err(|_| {
        let name = data
            .get_type()
            .name()
            .map_or_else(|_| "?".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("a bytes-like object is required, not '{name}'"))
    })
}
