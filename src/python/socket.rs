//! Python's sockets from Rust: borrowed, never owned. Timeouts, errors and errno are those that `socket` raises.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use crate::net::{self, Interest};
use crate::python::call::Call;
use crate::python::errors::Error;
use crate::python::owner::Owner;
use crate::python::wait;

/// The methods of `socket.socket` whose work is done here. Whoever replaces one of them gets the portable path.
const RECEIVING: [&str; 3] = ["recv", "recv_into", "makefile"];
const SENDING: [&str; 2] = ["send", "sendall"];

struct Native {
    class: Py<PyType>,
    receiving: Vec<Method>,
    sending: Vec<Method>,
}

/// A method as the class was born with it.
struct Method {
    name: Py<PyString>,
    born: Py<PyAny>,
}

impl Native {
    fn is_untouched(&self, object: &Bound<'_, PyAny>, methods: &[Method]) -> bool {
        let py = object.py();
        let class = object.get_type();
        class.is(self.class.bind(py))
            && methods.iter().all(|method| {
                class
                    .getattr_held(method.name.bind(py))
                    .is_ok_and(|now| now.is(&method.born))
            })
    }
}

/// `None` within: native loops are off, by RFTPLIB_NATIVE=0 or because `socket.socket` is somebody else's.
static NATIVE: PyOnceLock<Option<Native>> = PyOnceLock::new();

/// Looks once, at import, whether native loops may run at all.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    NATIVE.get_or_try_init(py, || find(py)).map(drop)
}

#[expect(clippy::disallowed_methods, reason = "runs only while the module is imported")]
fn find(py: Python<'_>) -> PyResult<Option<Native>> {
    let switch = py
        .import("os")?
        .getattr("environ")?
        .call_method1("get", ("RFTPLIB_NATIVE", "1"))?;
    let module = py.import("socket")?;
    let class = module.getattr("socket")?;
    let genuine = py.import("_socket")?.getattr("socket")?;
    let Ok(class) = class.cast_into::<PyType>() else {
        return Ok(None);
    };
    let untouched = class.getattr("__module__")?.eq("socket")? && class.getattr("__base__")?.is(&genuine);
    if switch.eq("0")? || !untouched {
        return Ok(None);
    }
    let methods = |names: &[&str]| -> PyResult<Vec<Method>> {
        let method = |name: &&str| {
            Ok(Method {
                name: PyString::intern(py, name).unbind(),
                born: class.getattr(*name)?.unbind(),
            })
        };
        names.iter().map(method).collect()
    };
    let (receiving, sending) = (methods(&RECEIVING)?, methods(&SENDING)?);
    Ok(Some(Native {
        receiving,
        sending,
        class: class.unbind(),
    }))
}

/// Whether native loops may run at all.
pub fn enabled(py: Python<'_>) -> bool {
    NATIVE.get(py).is_some_and(Option::is_some)
}

/// `object` as a socket to receive from natively, if that is what it is.
pub fn receivable<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<Plain<'a, 'py>> {
    let native = NATIVE.get(object.py())?.as_ref()?;
    native.is_untouched(object, &native.receiving).then_some(Plain(object))
}

/// `object` as a socket to send to natively, if that is what it is.
pub fn sendable<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<Plain<'a, 'py>> {
    let native = NATIVE.get(object.py())?.as_ref()?;
    native.is_untouched(object, &native.sending).then_some(Plain(object))
}

/// Exactly a `socket.socket`.
pub struct Plain<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> Plain<'a, 'py> {
    pub fn object(&self) -> &'a Bound<'py, PyAny> {
        self.0
    }

    /// A descriptor of our own for one loop; None if there is none to spare.
    pub fn duplicate(&self) -> PyResult<Option<OwnedFd>> {
        Owner::new(self.0).duplicate()
    }

    /// `sendall(data)`: the socket's timeout is for the whole of it.
    pub fn send_all(&self, mut data: &[u8]) -> PyResult<()> {
        let (owner, mut began) = (Owner::new(self.0), None);
        loop {
            let fd = owner.descriptor()?;
            match net::send_now(fd.as_fd(), data).map_err(Error::Io)? {
                Some(count) => {
                    data = data.get(count..).unwrap_or_default();
                    if data.is_empty() {
                        return Ok(());
                    }
                }
                None => {
                    let slice = owner.slice(*began.get_or_insert_with(Instant::now), "timed out")?;
                    let Some(slice) = slice else {
                        return Err(Error::WouldBlock.into());
                    };
                    wait::one_slice(&owner, fd.as_fd(), Interest::Write, slice)?;
                }
            }
        }
    }
}
