//! What a function of the interpreter has returned, or raised.

use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use super::functions::{functions, held};

/// What the C function that has just failed has raised.
#[cold]
pub fn raised(py: Python<'_>) -> PyErr {
    // Up to Python 3.11 that may be a class and its arguments still: to make an exception of them is to call the class.
    let (mut class, mut value, mut trace) = (null_mut(), null_mut(), null_mut());
    // SAFETY: the GIL is held; the three are out parameters, owned by nobody else, and given back at once.
    unsafe {
        ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut trace);
        held(|| (functions().PyErr_NormalizeException)(&raw mut class, &raw mut value, &raw mut trace));
        ffi::PyErr_Restore(class, value, trace);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "it is an exception now: there is nothing to be called"
    )]
    PyErr::fetch(py)
}

/// The exception that is set, taken away.
pub fn pending(py: Python<'_>) -> Option<PyErr> {
    // SAFETY: the GIL is held.
    let none = unsafe { ffi::PyErr_Occurred() }.is_null();
    (!none).then(|| raised(py))
}

/// A new reference that a C function has returned, or null.
///
/// SAFETY: `result` is an owned reference, or null with an exception set.
pub unsafe fn owned(py: Python<'_>, result: *mut ffi::PyObject) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the caller's promise.
    match unsafe { Bound::from_owned_ptr_or_opt(py, result) } {
        Some(object) => Ok(object),
        None => Err(raised(py)),
    }
}

/// The answer of a C function that returns -1 with an exception set.
pub fn answer(py: Python<'_>, result: c_int) -> PyResult<bool> {
    if result < 0 { Err(raised(py)) } else { Ok(result > 0) }
}
