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
mod functions;

pub use arguments::Arguments;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};
use pyo3::{BoundObject, ffi};
use std::ffi::c_int;
use std::ptr::null_mut;

use self::arguments::pointers;
use self::functions::{functions, held};
use crate::python::hold;

/// What the C function that has just failed has raised.
#[cold]
fn raised(py: Python<'_>) -> PyErr {
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
unsafe fn owned(py: Python<'_>, result: *mut ffi::PyObject) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the caller's promise.
    match unsafe { Bound::from_owned_ptr_or_opt(py, result) } {
        Some(object) => Ok(object),
        None => Err(raised(py)),
    }
}

/// The answer of a C function that returns -1 with an exception set.
fn answer(py: Python<'_>, result: c_int) -> PyResult<bool> {
    if result < 0 { Err(raised(py)) } else { Ok(result > 0) }
}

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

pub fn import<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let name = PyString::intern(py, name);
    // SAFETY: the GIL is held; the name is alive for the call, which returns a new reference or null.
    unsafe { owned(py, held(|| (functions().PyImport_Import)(name.as_ptr()))) }
}

/// `(first, second)`
pub fn pair<'py>(first: &Bound<'py, PyAny>, second: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    let (one, two) = (first.as_ptr(), second.as_ptr());
    // SAFETY: the GIL is held; both are alive for the call, which takes references of its own and returns a tuple.
    let made = unsafe { owned(first.py(), held(|| (functions().PyTuple_Pack)(2, one, two))) }?;
    // SAFETY: PyTuple_Pack makes nothing else.
    Ok(unsafe { made.cast_into_unchecked() })
}

/// `{}`
pub fn new_dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: the GIL is held; the result is a new reference to a dict.
    Ok(unsafe { owned(py, held(|| (functions().PyDict_New)()))?.cast_into_unchecked() })
}

/// `dict.copy()`
pub fn copy<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let py = dict.py();
    let dict = dict.as_ptr();
    // SAFETY: the GIL is held; the dict is alive for the call, which returns a new reference to a dict.
    Ok(unsafe { owned(py, held(|| (functions().PyDict_Copy)(dict)))?.cast_into_unchecked() })
}

/// `string.encode("utf-8", "surrogatepass")`, by what the `str` or subclass holds.
pub fn encode_utf8<'py>(string: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    let (text, encoding, errors) = (string.as_ptr(), c"utf-8".as_ptr(), c"surrogatepass".as_ptr());
    // SAFETY: the GIL is held; the string is alive for the call, which returns a new reference to bytes, or null.
    unsafe {
        let result = held(|| (functions().PyUnicode_AsEncodedString)(text, encoding, errors));
        Ok(owned(string.py(), result)?.cast_into_unchecked())
    }
}

/// `bytes.decode("utf-8", "surrogatepass")`
pub fn decode_utf8<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // no slice is longer than isize::MAX
    let (start, size) = (bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t);
    // SAFETY: the GIL is held; the slice is alive for the call, which returns a new reference to a str, or null.
    unsafe {
        let result = held(|| (functions().PyUnicode_DecodeUTF8)(start, size, c"surrogatepass".as_ptr()));
        Ok(owned(py, result)?.cast_into_unchecked())
    }
}

/// The value of an exact `int`; None for all other objects, and for what doesn't fit.
pub fn int_of(object: &Bound<'_, PyAny>) -> Option<i64> {
    value_of(object.cast_exact::<PyInt>().ok()?)
}

/// The value of an `int`, of a subclass, too: what it holds, whatever its methods say. None if it doesn't fit.
pub fn value_of(number: &Bound<'_, PyInt>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: the GIL is held and the object is an int, so that this runs no code and sets no exception.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(number.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(value)
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
