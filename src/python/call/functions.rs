//! The guard: functions of the interpreter, and how a thread is held in them.

use pyo3::ffi::{self, Py_ssize_t};
use std::ffi::{c_char, c_int};

type Object = *mut ffi::PyObject;

/// A table of the interpreter's functions from which a thread may be unwound.
macro_rules! functions {
    ($($name:ident($($parameter:ty),* $(; $more:tt)?) $(-> $result:ty)?;)*) => {
        #[allow(non_snake_case, reason = "CPython's own names")]
        pub struct Functions {
            $(pub $name: unsafe extern "C-unwind" fn($($parameter),* $(, $more)?) $(-> $result)?,)*
        }
        static FUNCTIONS: Functions = Functions {$(
            // SAFETY: the two types differ in that nothing may unwind from the former; as ABIs they are the same.
            $name: unsafe {
                type Declared = unsafe extern "C" fn($($parameter),* $(, $more)?) $(-> $result)?;
                type Unwinding = unsafe extern "C-unwind" fn($($parameter),* $(, $more)?) $(-> $result)?;
                std::mem::transmute::<Declared, Unwinding>(ffi::$name)
            },
        )*};
    };
}

functions! {
    PyObject_CallFunctionObjArgs(Object; ...) -> Object;
    PyObject_CallMethodObjArgs(Object, Object; ...) -> Object;
    PyObject_GetAttr(Object, Object) -> Object;
    PyObject_SetAttr(Object, Object, Object) -> c_int;
    PyObject_IsTrue(Object) -> c_int;
    PyObject_RichCompareBool(Object, Object, c_int) -> c_int;
    PyImport_Import(Object) -> Object;
    PyTuple_Pack(Py_ssize_t; ...) -> Object;
    PyDict_New() -> Object;
    PyDict_Copy(Object) -> Object;
    PyUnicode_AsEncodedString(Object, *const c_char, *const c_char) -> Object;
    PyUnicode_DecodeUTF8(*const c_char, Py_ssize_t, *const c_char) -> Object;
    PyErr_NormalizeException(*mut Object, *mut Object, *mut Object);
    PyErr_WriteUnraisable(Object);
    PyErr_Clear();
    PyErr_CheckSignals() -> c_int;
    Py_DecRef(Object);
}

/// The table, read so that the compiler can't see through it. Else LLVM finds PyO3's declarations behind it, as "C", from
/// which nothing may unwind, and takes the guards away.
#[inline(always)]
pub fn functions() -> &'static Functions {
    static TABLE: &Functions = &FUNCTIONS;
    // SAFETY: it is a reference like any other, read once more than the compiler would.
    unsafe { std::ptr::read_volatile(&raw const TABLE) }
}

/// Dropped only while the stack is being unwound.
struct Hold;

impl Drop for Hold {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// `work` calls one of the `functions`, and has nothing that would have to be dropped.
#[inline(always)]
pub fn held<R>(work: impl FnOnce() -> R) -> R {
    let hold = Hold;
    let result = work();
    std::mem::forget(hold);
    result
}
