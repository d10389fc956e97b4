//! Positional arguments of a call.

use pyo3::prelude::*;
use pyo3::{BoundObject, ffi};
use std::ptr::null_mut;

/// How many arguments a call may have.
const MOST: usize = 4;

/// A tuple of Rust, and not made one of Python: that may start the garbage collector.
pub trait Arguments<'py> {
    fn into_objects(self, py: Python<'py>) -> PyResult<[Option<Bound<'py, PyAny>>; MOST]>;
}

fn argument<'py>(py: Python<'py>, value: impl IntoPyObject<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let object = value.into_pyobject(py).map_err(Into::into)?;
    Ok(Some(object.into_any().into_bound()))
}

macro_rules! arguments {
    ($(($($name:ident)*) ($($none:ident)*);)*) => {$(
        impl<'py, $($name: IntoPyObject<'py>),*> Arguments<'py> for ($($name,)*) {
            fn into_objects(self, _py: Python<'py>) -> PyResult<[Option<Bound<'py, PyAny>>; MOST]> {
                #[allow(non_snake_case, reason = "one name for the type and its value; there may be none")]
                let ($($name,)*) = self;
                Ok([$(argument(_py, $name)?,)* $($none),*])
            }
        }
    )*};
}

arguments! {
    () (None None None None);
    (A) (None None None);
    (A B) (None None);
    (A B C) (None);
    (A B C D) ();
}

/// As C wants them: null behind the last.
pub fn pointers(objects: &[Option<Bound<'_, PyAny>>; MOST]) -> [*mut ffi::PyObject; MOST] {
    objects
        .each_ref()
        .map(|object| object.as_ref().map_or(null_mut(), Bound::as_ptr))
}
