//! Which of an object's methods are still ours?
//!
//! Every internal step of the dialogue goes through Python's attribute lookup on `self`: subclasses, instance attributes
//! and class patches override each link. Only when the lookup ends at the very function that `FTP` was born with, bound
//! to this very object, may its Rust body run directly; anything else is called.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

/// The links of the dialogue that have bodies in Rust.
#[derive(Clone, Copy)]
pub enum Step {
    Putline,
    Putcmd,
    Getline,
    Getmultiline,
    Getresp,
    Voidresp,
}

const NAMES: [&str; 6] = ["putline", "putcmd", "getline", "getmultiline", "getresp", "voidresp"];

struct Own {
    method_type: Py<PyType>,
    names: [Py<PyString>; 6],
    functions: [Py<PyAny>; 6],
}

static OWN: PyOnceLock<Own> = PyOnceLock::new();

/// Remembers the functions that `FTP` is born with. Called once, right after the class is made.
#[pyfunction]
pub fn seal(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let namespace = class.getattr("__dict__")?;
    let mut functions = Vec::with_capacity(NAMES.len());
    for name in NAMES {
        functions.push(namespace.get_item(name)?.unbind());
    }
    let functions: [Py<PyAny>; 6] = functions
        .try_into()
        .map_err(|_| pyo3::exceptions::PyTypeError::new_err("FTP lacks a method"))?;
    let own = Own {
        method_type: py
            .import("types")?
            .getattr("MethodType")?
            .cast_into::<PyType>()?
            .unbind(),
        names: NAMES.map(|name| PyString::intern(py, name).unbind()),
        functions,
    };
    let _ = OWN.set(py, own);
    Ok(())
}

/// `None` when `ftp`'s `step` is our own, else the callable that stands there.
pub fn overridden<'py>(ftp: &Bound<'py, PyAny>, step: Step) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ftp.py();
    let index = step as usize;
    let Some(own) = OWN.get(py) else {
        return Ok(Some(ftp.getattr(NAMES[index])?));
    };
    let found = ftp.getattr(&own.names[index])?;
    if found.get_type().is(own.method_type.bind(py))
        && found.getattr(pyo3::intern!(py, "__func__"))?.is(&own.functions[index])
        && found.getattr(pyo3::intern!(py, "__self__"))?.is(ftp)
    {
        return Ok(None);
    }
    Ok(Some(found))
}
