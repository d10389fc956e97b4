//! Calls into Python from which a thread may never come back.
//!
//! When the interpreter ends (up to Python 3.13), a daemon thread that wants the GIL back, in the middle of a `recv`, a
//! `write` or any Python code, is ended by `pthread_exit`, which unwinds its stack. Rust can't be unwound like that: it
//! aborts the whole process. So every call that may run Python code or let go of the GIL is made here, where such a
//! thread is stopped for good instead, which nobody notices: the process is about to end. (PyO3 does the same where it
//! takes the GIL back itself, but not around calls into Python.)

use pyo3::BoundObject;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

// PyO3 declares it as "C", from which nothing may unwind: then there would be no frame of ours to stop in.
unsafe extern "C-unwind" {
    fn PyObject_Call(callable: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject;
    fn PyObject_GetAttr(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
}

/// Dropped only while the stack is being unwound.
struct Stop;

impl Drop for Stop {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

pub trait Held<'py> {
    /// `self.name`, which may be a property.
    fn getattr_held<N: IntoPyObject<'py, Target = PyString>>(&self, name: N) -> PyResult<Bound<'py, PyAny>>;

    /// `self(*args)`
    fn call_held<A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>>(
        &self,
        args: A,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// `self.name(*args)`
    fn call_method_held<
        N: IntoPyObject<'py, Target = PyString>,
        A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
    >(
        &self,
        name: N,
        args: A,
    ) -> PyResult<Bound<'py, PyAny>>;
}

impl<'py> Held<'py> for Bound<'py, PyAny> {
    fn getattr_held<N: IntoPyObject<'py, Target = PyString>>(&self, name: N) -> PyResult<Bound<'py, PyAny>> {
        let name = name.into_pyobject(self.py()).map_err(Into::into)?.into_bound();
        let stop = Stop;
        // SAFETY: the GIL is held; object and name are alive for the call.
        let result = unsafe { PyObject_GetAttr(self.as_ptr(), name.as_ptr()) };
        std::mem::forget(stop);
        // SAFETY: PyObject_GetAttr returns a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(self.py(), result) }
    }

    fn call_held<A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>>(
        &self,
        args: A,
    ) -> PyResult<Bound<'py, PyAny>> {
        let args = args.into_pyobject(self.py()).map_err(Into::into)?;
        let stop = Stop;
        // SAFETY: the GIL is held; callable and argument tuple are alive for the call, and there are no keywords.
        let result = unsafe { PyObject_Call(self.as_ptr(), args.as_ptr(), std::ptr::null_mut()) };
        std::mem::forget(stop);
        // SAFETY: PyObject_Call returns a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(self.py(), result) }
    }

    fn call_method_held<
        N: IntoPyObject<'py, Target = PyString>,
        A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
    >(
        &self,
        name: N,
        args: A,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.getattr_held(name)?.call_held(args)
    }
}
