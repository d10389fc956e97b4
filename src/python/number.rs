//! Numbers that Python gives.

use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::python::call::value_of;
use crate::python::errors::Error;

/// The value of an `int`, of a subclass, too: what it holds, whatever its methods say.
pub fn number<T: TryFrom<i64>>(object: &Bound<'_, PyAny>) -> Result<T, Error> {
    let number = object.cast::<PyInt>().map_err(|_| Error::NotAnInteger)?;
    value_of(number)
        .and_then(|value| T::try_from(value).ok())
        .ok_or(Error::TooLarge)
}
