//! Our own TLS sockets: exactly a `rftplib.tls.NativeSocket` with none of its methods replaced.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};

use crate::python::call::Call;
use crate::python::modules;
use crate::python::tls::link::Link;
use crate::tls::Handle;

/// `NativeSocket` as it was born.
struct Born {
    class: Py<PyType>,
    methods: Py<PyDict>,
}

/// `None` within: no native loop may run, by RFTPLIB_NATIVE=0.
static BORN: PyOnceLock<Option<Born>> = PyOnceLock::new();

fn born(module: &Bound<'_, PyAny>) -> PyResult<Option<Born>> {
    let Ok(methods) = module.getattr_held("STOOD_IN_FOR")?.cast_into_exact::<PyDict>() else {
        return Ok(None);
    };
    Ok(Some(Born {
        class: module.getattr_held("NativeSocket")?.cast_into::<PyType>()?.unbind(),
        methods: methods.unbind(),
    }))
}

/// What a loop that both receives and sends stands in for.
pub const BOTH: &[&str] = &["recv", "recv_into", "makefile", "send", "sendall"];

/// A connection for a loop, if `object` is one of our sockets and none of these methods of it were replaced.
pub fn stream_of(object: &Bound<'_, PyAny>, methods: &[&str]) -> Option<Handle> {
    let py = object.py();
    // Whoever makes one of our sockets imports this. A transfer imports nothing: it may need the last descriptor.
    let module = modules::imported(py, intern!(py, "rftplib._native_socket")).ok()??;
    let born = BORN.get_or_try_init(py, || born(&module)).ok()?.as_ref()?;
    let class = object.get_type();
    if !class.is(born.class.bind(py)) {
        return None;
    }
    let own = object.getattr_held(intern!(py, "__dict__")).ok()?;
    let own = own.cast_into_exact::<PyDict>().ok()?;
    let genuine = |name: &&str| -> PyResult<bool> {
        let name = PyString::intern(py, name);
        let now = class.as_any().getattr_held(&name)?;
        let born = born.methods.bind(py).get_item(&name)?;
        Ok(born.is_some_and(|born| born.is(&now)) && !own.contains(&name)?)
    };
    if !methods.iter().all(|name| genuine(name).unwrap_or(false)) {
        return None;
    }
    let link = own.get_item(intern!(py, "_link")).ok()??;
    Some(link.cast_exact::<Link>().ok()?.get().handle())
}
