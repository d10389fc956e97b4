//! Tells which of an object's methods are still those that its class was born with.
//!
//! Every internal step of the dialogue goes through Python's attribute lookup on `self`: subclasses, instance attributes
//! and class patches override each link. Only when the lookup ends at the very function that `FTP` was born with
//! may its Rust body run directly; anything else is called.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};

use crate::python::call::{self, Call};
use crate::python::modules;

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

impl Step {
    pub const ALL: [Step; NAMES.len()] = [
        Step::Putline,
        Step::Putcmd,
        Step::Getline,
        Step::Getmultiline,
        Step::Getresp,
        Step::Voidresp,
    ];
}

const NAMES: [&str; 6] = ["putline", "putcmd", "getline", "getmultiline", "getresp", "voidresp"];

/// What looks up attributes, unless a class has one of its own.
const LOOKUP: &str = "__getattribute__";

struct Own {
    names: [Py<PyString>; NAMES.len()],
    functions: Vec<Py<PyAny>>,
    plain_lookup: Py<PyAny>,
}

static OWN: PyOnceLock<Own> = PyOnceLock::new();

/// Remembers the functions that `FTP` is born with. Called once, right after the class is made.
#[pyfunction]
pub fn seal(ftp: &Bound<'_, PyType>) -> PyResult<()> {
    let py = ftp.py();
    modules::nothing(py)?; // the import is made now and not in the middle of a dialogue
    let own = Own {
        names: NAMES.map(|name| PyString::intern(py, name).unbind()),
        functions: NAMES
            .iter()
            .map(|name| ftp.as_any().getattr_held(*name).map(Bound::unbind))
            .collect::<PyResult<_>>()?,
        plain_lookup: py.get_type::<PyAny>().as_any().getattr_held(LOOKUP)?.unbind(),
    };
    let _ = OWN.set(py, own);
    Ok(())
}

/// An object as attribute lookup finds it at this moment. To be made anew whenever other code may have run.
pub struct View<'a, 'py> {
    ftp: &'a Bound<'py, PyAny>,
    class: Bound<'py, PyType>,
    /// Its own attributes; `None` where lookup isn't the ordinary one, so that every step has to be looked up and called.
    attributes: Option<Bound<'py, PyDict>>,
}

impl<'a, 'py> View<'a, 'py> {
    pub fn of(ftp: &'a Bound<'py, PyAny>) -> Self {
        let py = ftp.py();
        let class = ftp.get_type();
        let ordinary = OWN.get(py).is_some_and(|own| {
            call::quietly(py, class.getattr_held(intern!(py, LOOKUP)))
                .is_some_and(|lookup| lookup.is(&own.plain_lookup))
        });
        let attributes = if ordinary {
            call::quietly(py, ftp.getattr_held(intern!(py, "__dict__")))
                .and_then(|names| names.cast_into_exact::<PyDict>().ok())
        } else {
            None
        };
        Self { ftp, class, attributes }
    }

    pub fn ftp(&self) -> &'a Bound<'py, PyAny> {
        self.ftp
    }

    /// The object's own attributes, by the lookup that every object has: no code of others runs.
    pub fn attributes(&self) -> Option<Bound<'py, PyDict>> {
        if self.attributes.is_some() {
            return self.attributes.clone();
        }
        let py = self.ftp.py();
        let lookup = OWN.get(py)?.plain_lookup.bind(py);
        let attributes = lookup.call_held((self.ftp, intern!(py, "__dict__"))).ok()?;
        attributes.cast_into_exact::<PyDict>().ok()
    }

    /// `None` when the object's `step` is our own, else the callable that stands there.
    ///
    /// Ours it is when the class has the function that `FTP` was born with and the instance has none of its own:
    /// functions are no data descriptors, so this is where lookup looks, and nowhere else.
    pub fn overridden(&self, step: Step) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.ftp.py();
        let index = step as usize;
        let Some(own) = OWN.get(py) else {
            return Ok(Some(self.ftp.getattr_held(NAMES[index])?));
        };
        let name = own.names[index].bind(py);
        if let Some(attributes) = &self.attributes {
            let ours =
                call::quietly(py, self.class.getattr_held(name)).is_some_and(|found| found.is(&own.functions[index]));
            if ours && !attributes.contains(name)? {
                return Ok(None);
            }
        }
        Ok(Some(self.ftp.getattr_held(name)?))
    }
}
