//! How a plain socket becomes a NativeSocket: the handshake on the socket as it is, then its descriptor is taken over.

use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use super::super::errors::os_error;
use super::context::NativeContext;
use super::drive::Driver;
use super::socket::NativeSocket;
use crate::net;
use crate::tls::Link;

/// What wrap_socket was told, besides the socket.
pub struct Wanted {
    pub name: Option<String>,
    pub do_handshake_on_connect: bool,
    pub suppress_ragged_eofs: bool,
}

impl NativeSocket {
    /// Takes `sock` over, once the handshake is done, if it is to be done now. A handshake that fails closes it.
    pub fn wrap<'py>(
        context: &Bound<'py, NativeContext>,
        sock: &Bound<'py, PyAny>,
        wanted: &Wanted,
    ) -> PyResult<Bound<'py, Self>> {
        let py = sock.py();
        check_kind(sock)?;
        // an OSError here tells that it isn't connected, or closed
        sock.call_method0(intern!(py, "getpeername"))?;
        let timeout = sock.call_method0(intern!(py, "gettimeout"))?;
        if wanted.do_handshake_on_connect && !timeout.is_none() && timeout.extract::<f64>()? <= 0.0 {
            return Err(PyValueError::new_err(
                "do_handshake_on_connect should not be specified for non-blocking sockets",
            ));
        }
        let fd: RawFd = sock.call_method0(intern!(py, "fileno"))?.extract()?;
        let fd = Arc::new(net::duplicate(fd).map_err(|error| os_error(&error))?);
        let session = context.get().engine().session(Arc::clone(&fd), wanted.name.as_deref());
        let link = Arc::new(Link::new(Arc::clone(&fd), session, wanted.suppress_ragged_eofs));
        if wanted.do_handshake_on_connect {
            // The socket is still its owner's, who may close it or change its timeout meanwhile.
            if let Err(error) = handshake(sock, &link, wanted.name.as_deref()) {
                link.close();
                drop(released(sock));
                return Err(error);
            }
        }
        let socket = taken_over(sock)?;
        Bound::new(py, Self::new(socket.unbind(), context, wanted.name.clone(), link))
    }
}

/// Exactly a `socket.socket`, of the `socket` module as it is born, for a stream.
fn check_kind(sock: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = sock.py();
    let class = sock.get_type();
    let genuine = py.import("_socket")?.getattr("socket")?;
    if class.getattr("__module__")?.ne("socket")? || !class.getattr("__base__")?.is(&genuine) {
        return Err(PyTypeError::new_err(format!(
            "NativeContext needs a plain socket.socket, not {}.{}: use an ssl.SSLContext for that",
            class.getattr("__module__")?,
            class.qualname()?
        )));
    }
    if sock.getattr("type")?.ne(libc::SOCK_STREAM)? {
        return Err(PyNotImplementedError::new_err("only stream sockets are supported"));
    }
    Ok(())
}

pub fn handshake(sock: &Bound<'_, PyAny>, link: &Link, name: Option<&str>) -> PyResult<()> {
    let driver = Driver {
        socket: sock,
        fd: link.descriptor(),
        name,
    };
    driver.run(Instant::now(), true, || link.handshake()).map(drop)
}

/// The descriptor that `sock` has owned; EBADF if it was closed.
fn released(sock: &Bound<'_, PyAny>) -> PyResult<OwnedFd> {
    let fd: RawFd = sock.call_method0(intern!(sock.py(), "detach"))?.extract()?;
    if fd < 0 {
        return Err(os_error(&io::Error::from_raw_os_error(libc::EBADF)));
    }
    // SAFETY: a genuine socket.socket has just given up this descriptor, and gives it to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A new socket object that owns what `sock` has owned, with its timeout.
fn taken_over<'py>(sock: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = sock.py();
    let arguments = PyDict::new(py);
    for name in ["family", "type", "proto"] {
        arguments.set_item(name, sock.getattr(name)?)?;
    }
    let timeout = sock.call_method0(intern!(py, "gettimeout"))?;
    let fd = released(sock)?;
    arguments.set_item("fileno", fd.as_raw_fd())?;
    let socket = sock.get_type().call((), Some(&arguments))?;
    let _ = fd.into_raw_fd(); // the new object's now
    socket.call_method1(intern!(py, "settimeout"), (timeout,))?;
    Ok(socket)
}
