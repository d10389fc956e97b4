//! The one module through which code of others may run.
//!
//! When the interpreter ends (up to Python 3.13), a daemon thread that wants the GIL back, in the middle of a `recv`, a
//! `write` or any Python code, is ended by `pthread_exit`, which unwinds its stack. Rust can't be unwound like that: it
//! aborts the whole process. So every call that may run Python code or let go of the GIL is made here, where such a
//! thread is held for good instead, which nobody notices: the process is about to end. (PyO3 does the same where it
//! takes the GIL back itself, but not around calls into Python.) `hold` does the same for what other people's Rust calls.
//!
//! Python code may run in more places than calls: in attributes, operators, imports, in the making of an exception, in
//! what the last reference to an object leaves behind, and, up to Python 3.11, whenever the garbage collector runs
//! because a container was made. The rest of the binding reads and makes exact types only (str, int, bytes, dict, list,
//! classes of our own), for which no code of others runs. Anything else goes through here, mostly to `rftplib._odd`.
//! clippy.toml names the methods of PyO3 that are for this module alone.

mod arguments;
mod exact;
mod functions;
mod outcome;

pub use arguments::Arguments;
pub use exact::{copy, decode_utf8, encode_utf8, import, int_of, new_dict, pair, value_of};
pub use outcome::pending;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{BoundObject, ffi};
use std::ptr::null_mut;

use self::arguments::pointers;
use self::functions::{functions, held};
use self::outcome::{answer, owned};
use crate::python::hold;

/// Lets go of an object of others, whose `__del__` may run.
pub fn release(object: Bound<'_, PyAny>) {
    let object = object.into_ptr();
    // SAFETY: the GIL is held, for there was a `Bound`; the reference was owned and is given up here.
    held(|| unsafe { (functions().Py_DecRef)(object) });
}

/// Lets go of an error, which holds the frames that it came through and all that is in them.
pub fn forget(py: Python<'_>, error: PyErr) {
    error.restore(py);
    // SAFETY: the GIL is held.
    held(|| unsafe { (functions().PyErr_Clear)() });
}

/// The value, or None in place of an error that doesn't matter.
pub fn quietly<T>(py: Python<'_>, result: PyResult<T>) -> Option<T> {
    result.map_err(|error| forget(py, error)).ok()
}

/// Reports an error where none can be raised.
pub fn report(py: Python<'_>, error: PyErr) {
    error.restore(py);
    // SAFETY: the GIL is held, an exception is set, and null stands for no object.
    held(|| unsafe { (functions().PyErr_WriteUnraisable)(null_mut()) });
}

/// Raises what a signal's handler raises; from Python 3.12 on the garbage collector may run, too.
pub fn check_signals(py: Python<'_>) -> PyResult<()> {
    // SAFETY: the GIL is held.
    let result = held(|| unsafe { (functions().PyErr_CheckSignals)() });
    answer(py, result).map(drop)
}

fn name_of<'py>(py: Python<'py>, name: impl IntoPyObject<'py, Target = PyString>) -> PyResult<Bound<'py, PyString>> {
    Ok(name.into_pyobject(py).map_err(Into::into)?.into_bound())
}

/// What PyO3's methods of about the same names do, with the thread held if it is never to come back.
pub trait Call<'py> {
    /// `self.name`
    fn getattr_held(&self, name: impl IntoPyObject<'py, Target = PyString>) -> PyResult<Bound<'py, PyAny>>;

    /// `getattr(self, name, None)`
    fn getattr_opt_held(&self, name: impl IntoPyObject<'py, Target = PyString>) -> PyResult<Option<Bound<'py, PyAny>>>;

    /// `self.name = value`
    fn setattr_held(
        &self,
        name: impl IntoPyObject<'py, Target = PyString>,
        value: impl IntoPyObject<'py>,
    ) -> PyResult<()>;

    /// `self(*args)`
    fn call_held(&self, args: impl Arguments<'py>) -> PyResult<Bound<'py, PyAny>>;

    /// The same where nobody wants the result, whose `__del__` may run.
    fn run_held(&self, args: impl Arguments<'py>) -> PyResult<()> {
        self.call_held(args).map(release)
    }

    /// `self.name(*args)`
    fn call_method_held(
        &self,
        name: impl IntoPyObject<'py, Target = PyString>,
        args: impl Arguments<'py>,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// The same where nobody wants the result.
    fn run_method_held(
        &self,
        name: impl IntoPyObject<'py, Target = PyString>,
        args: impl Arguments<'py>,
    ) -> PyResult<()> {
        self.call_method_held(name, args).map(release)
    }

    /// `bool(self)`
    fn is_true_held(&self) -> PyResult<bool>;

    /// `self > level`
    fn is_above_held(&self, level: i64) -> PyResult<bool>;
}

impl<'py> Call<'py> for Bound<'py, PyAny> {
    fn getattr_held(&self, name: impl IntoPyObject<'py, Target = PyString>) -> PyResult<Bound<'py, PyAny>> {
        let name = name_of(self.py(), name)?;
        // SAFETY: the GIL is held; object and name are alive for the call, which returns a new reference or null.
        unsafe {
            let result = held(|| (functions().PyObject_GetAttr)(self.as_ptr(), name.as_ptr()));
            owned(self.py(), result)
        }
    }

    fn getattr_opt_held(&self, name: impl IntoPyObject<'py, Target = PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.getattr_held(name) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_instance_of::<PyAttributeError>(self.py()) => {
                forget(self.py(), error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn setattr_held(
        &self,
        name: impl IntoPyObject<'py, Target = PyString>,
        value: impl IntoPyObject<'py>,
    ) -> PyResult<()> {
        let py = self.py();
        let name = name_of(py, name)?;
        let value = value.into_pyobject(py).map_err(Into::into)?.into_any().into_bound();
        // SAFETY: the GIL is held; object, name and value are alive for the call.
        let result = unsafe { held(|| (functions().PyObject_SetAttr)(self.as_ptr(), name.as_ptr(), value.as_ptr())) };
        answer(py, result).map(drop)
    }

    fn call_held(&self, args: impl Arguments<'py>) -> PyResult<Bound<'py, PyAny>> {
        hold::this_thread();
        let args = args.into_objects(self.py())?;
        let [a, b, c, d] = pointers(&args);
        let end = null_mut::<ffi::PyObject>();
        // SAFETY: the GIL is held; callable and arguments are alive for the call, which reads up to the first null and
        // returns a new reference or null.
        unsafe {
            let result = held(|| (functions().PyObject_CallFunctionObjArgs)(self.as_ptr(), a, b, c, d, end));
            owned(self.py(), result)
        }
    }

    fn call_method_held(
        &self,
        name: impl IntoPyObject<'py, Target = PyString>,
        args: impl Arguments<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        hold::this_thread();
        let name = name_of(self.py(), name)?;
        let args = args.into_objects(self.py())?;
        let [a, b, c, d] = pointers(&args);
        let end = null_mut::<ffi::PyObject>();
        // SAFETY: as above, for the name, too.
        unsafe {
            let result =
                held(|| (functions().PyObject_CallMethodObjArgs)(self.as_ptr(), name.as_ptr(), a, b, c, d, end));
            owned(self.py(), result)
        }
    }

    fn is_true_held(&self) -> PyResult<bool> {
        // SAFETY: the GIL is held; the object is alive for the call.
        let result = unsafe { held(|| (functions().PyObject_IsTrue)(self.as_ptr())) };
        answer(self.py(), result)
    }

    fn is_above_held(&self, level: i64) -> PyResult<bool> {
        if let Some(value) = int_of(self) {
            return Ok(value > level);
        }
        let level = level.into_pyobject(self.py())?;
        // SAFETY: the GIL is held; both objects are alive for the call.
        let result =
            unsafe { held(|| (functions().PyObject_RichCompareBool)(self.as_ptr(), level.as_ptr(), ffi::Py_GT)) };
        answer(self.py(), result)
    }
}
