//! `NativeSocket`: the methods that ftplib's users call on an `ssl.SSLSocket`, on a session in Rust.
//!
//! The descriptor belongs to an ordinary Python socket within, which answers for addresses, options and the timeout; the
//! session has a duplicate of it. Both are closed together, and whoever waits then notices within a slice.

use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::super::errors::os_error;
use super::buffers::{bytes_of, view_of};
use super::context::NativeContext;
use super::drive::Driver;
use super::errors::raised;
use super::wrap::handshake;
use crate::net::Step;
use crate::tls::{Counts, Fault, Handle, Link, Owed, RECORD};

/// What `sendall` encrypts before it looks for signals again.
const PASS: usize = 4 * 1024 * 1024;

/// A socket whose traffic is TLS in Rust: what NativeContext.wrap_socket() returns. Its methods are those of
/// ssl.SSLSocket.
#[pyclass(module = "rftplib.tls", frozen, dict, weakref)]
pub struct NativeSocket {
    /// The Python socket that owns the descriptor.
    socket: Py<PyAny>,
    context: Py<NativeContext>,
    name: Option<String>,
    counts: Arc<Counts>,
    state: Mutex<State>,
}

struct State {
    /// `None` once it is closed.
    link: Option<Arc<Link>>,
    /// How many file objects of makefile() keep it open.
    files: isize,
    closed: bool,
    /// What a send() that timed out has handed over: the next one gives the same data.
    owed: Option<Owed>,
}

impl NativeSocket {
    pub fn new(socket: Py<PyAny>, context: &Bound<'_, NativeContext>, name: Option<String>, link: Arc<Link>) -> Self {
        let counts = link.counts();
        let state = State {
            link: Some(link),
            files: 0,
            closed: false,
            owed: None,
        };
        Self {
            socket,
            context: context.clone().unbind(),
            name,
            counts,
            state: Mutex::new(state),
        }
    }

    /// Locked for a moment only: no Python code runs and nothing waits meanwhile.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// EBADF once it is closed.
    pub fn link(&self) -> PyResult<Arc<Link>> {
        let link = self.state().link.clone();
        link.ok_or_else(|| os_error(&io::Error::from_raw_os_error(libc::EBADF)))
    }

    fn drive(&self, py: Python<'_>, link: &Link, step: impl FnMut() -> Result<Step, Fault> + Send) -> PyResult<usize> {
        let driver = Driver {
            socket: self.socket.bind(py),
            fd: link.descriptor(),
            name: self.name.as_deref(),
        };
        driver.run(Instant::now(), false, step)
    }

    /// At most a record of data, and no more than `limit`.
    fn receive(&self, py: Python<'_>, limit: usize) -> PyResult<(Vec<u8>, usize)> {
        let link = self.link()?;
        let mut buffer = vec![0; limit.min(RECORD)];
        if buffer.is_empty() {
            return Ok((buffer, 0));
        }
        let count = self.drive(py, &link, || link.receive(&mut buffer))?;
        Ok((buffer, count))
    }

    fn fault(&self, py: Python<'_>, fault: &Fault) -> PyErr {
        raised(py, fault, self.name.as_deref())
    }

    fn close_now(&self, py: Python<'_>) -> PyResult<()> {
        let link = self.state().link.take();
        if let Some(link) = link {
            link.close();
        }
        self.socket.bind(py).call_method0(intern!(py, "close")).map(drop)
    }

    fn flags_must_be_zero(flags: i64, method: &str) -> PyResult<()> {
        if flags == 0 {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "non-zero flags not allowed in calls to {method}() on NativeSocket"
        )))
    }
}

#[pymethods]
impl NativeSocket {
    // -- data ---------------------------------------------------------------------------------------------------------

    /// Receive at most bufsize bytes, and no more than one TLS record; b'' at the end.
    #[pyo3(signature = (bufsize=1024, flags=0))]
    fn recv<'py>(&self, py: Python<'py>, bufsize: i64, flags: i64) -> PyResult<Bound<'py, PyBytes>> {
        Self::flags_must_be_zero(flags, "recv")?;
        let limit = usize::try_from(bufsize).map_err(|_| PyValueError::new_err("negative buffersize in recv"))?;
        let (buffer, count) = self.receive(py, limit)?;
        Ok(PyBytes::new(py, buffer.get(..count).unwrap_or_default()))
    }

    /// Receive into a writable buffer; returns how many bytes.
    #[pyo3(signature = (buffer, nbytes=None, flags=0))]
    fn recv_into(&self, buffer: &Bound<'_, PyAny>, nbytes: Option<i64>, flags: i64) -> PyResult<usize> {
        Self::flags_must_be_zero(flags, "recv_into")?;
        let py = buffer.py();
        let view = view_of(buffer)?.call_method1("cast", ("B",))?;
        if view.getattr("readonly")?.is_truthy()? {
            return Err(PyTypeError::new_err("recv_into() needs a writable buffer"));
        }
        let room = view.len()?;
        let limit = match nbytes.unwrap_or(0) {
            0 => room,
            number => usize::try_from(number).map_err(|_| PyValueError::new_err("negative buffersize in recv_into"))?,
        };
        if limit > room {
            return Err(PyValueError::new_err("buffer too small for requested bytes"));
        }
        let (data, count) = self.receive(py, limit)?;
        let place = pyo3::types::PySlice::new(py, 0, count as isize, 1);
        view.set_item(place, PyBytes::new(py, data.get(..count).unwrap_or_default()))?;
        Ok(count)
    }

    /// Send some of data; returns how many bytes.
    #[pyo3(signature = (data, flags=0))]
    fn send(&self, data: &Bound<'_, PyAny>, flags: i64) -> PyResult<usize> {
        Self::flags_must_be_zero(flags, "send")?;
        let (py, data) = (data.py(), bytes_of(data)?);
        let (link, owed) = (self.link()?, self.state().owed.take());
        let mut handle = Handle::resume(Arc::clone(&link), owed);
        let bytes = data.as_bytes();
        let sent = self.drive(py, &link, || handle.write(bytes));
        self.state().owed = handle.owed();
        sent
    }

    /// Send all of data; the timeout is for the whole of it.
    #[pyo3(signature = (data, flags=0))]
    fn sendall(&self, data: &Bound<'_, PyAny>, flags: i64) -> PyResult<()> {
        Self::flags_must_be_zero(flags, "sendall")?;
        let (py, data) = (data.py(), bytes_of(data)?);
        let link = self.link()?;
        let mut handle = Handle::new(Arc::clone(&link));
        let mut rest = data.as_bytes();
        let driver = Driver {
            socket: self.socket.bind(py),
            fd: link.descriptor(),
            name: self.name.as_deref(),
        };
        let began = Instant::now();
        while !rest.is_empty() {
            let (mut left, end) = (rest, rest.len().saturating_sub(PASS));
            let outcome = driver.run(began, rest.len() > RECORD * 4, || {
                while left.len() > end {
                    match handle.write(left)? {
                        Step::Moved(count) => left = left.get(count..).unwrap_or_default(),
                        wait => return Ok(wait),
                    }
                }
                Ok(Step::Moved(0))
            });
            outcome?;
            rest = left;
            py.check_signals()?;
        }
        Ok(())
    }

    /// A file object over the socket, as socket.makefile() gives.
    #[pyo3(
        signature = (*args, **kwargs),
        text_signature = "($self, mode='r', buffering=None, *, encoding=None, errors=None, newline=None)"
    )]
    fn makefile<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        slf.get().link()?;
        // Python's own, on us: it needs recv_into, send and the count of files below
        let makefile = slf.get().socket.bind(py).get_type().getattr(intern!(py, "makefile"))?;
        let mut positional = vec![slf.clone().into_any()];
        positional.extend(args.iter());
        makefile.call(PyTuple::new(py, positional)?, kwargs)
    }

    /// How many decrypted bytes the next recv() gives without waiting.
    fn pending(&self) -> usize {
        let link = self.state().link.clone();
        link.and_then(|link| link.ask(|session| session.pending())).unwrap_or(0)
    }

    // -- the ends -----------------------------------------------------------------------------------------------------

    /// Do the handshake, if it wasn't done when the socket was wrapped.
    #[pyo3(signature = (block=false))]
    fn do_handshake(&self, py: Python<'_>, block: bool) -> PyResult<()> {
        let link = self.link()?;
        let socket = self.socket.bind(py);
        let timeout = socket.call_method0(intern!(py, "gettimeout"))?;
        let blocks = block && timeout.extract::<f64>().is_ok_and(|seconds| seconds <= 0.0);
        if blocks {
            socket.call_method1(intern!(py, "settimeout"), (py.None(),))?;
        }
        let outcome = handshake(socket, &link, self.name.as_deref());
        if blocks {
            socket.call_method1(intern!(py, "settimeout"), (timeout,))?;
        }
        outcome
    }

    /// Send a close_notify and wait for the peer's; returns this socket, whose traffic is in clear text then.
    fn unwrap<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let (this, py) = (slf.get(), slf.py());
        let link = this.link()?;
        if link.is_plain() {
            return Err(PyValueError::new_err(format!("No SSL wrapper around {}", slf.repr()?)));
        }
        this.drive(py, &link, || link.unwrap())?;
        Ok(slf.clone())
    }

    /// Shut down one or both directions; whoever won't send any more says so to the peer by a close_notify.
    fn shutdown(&self, py: Python<'_>, how: i32) -> PyResult<()> {
        if how != libc::SHUT_RD {
            // as far as the kernel takes it: the direction is closed in any case
            if let Ok(link) = self.link() {
                let _ = link.close_notify();
            }
        }
        self.socket
            .bind(py)
            .call_method1(intern!(py, "shutdown"), (how,))
            .map(drop)
    }

    /// Close the socket, or let the last file object of makefile() do it.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let open = {
            let mut state = self.state();
            state.closed = true;
            state.files > 0
        };
        if open { Ok(()) } else { self.close_now(py) }
    }

    /// End TLS without a word and return the descriptor, which isn't this object's any more.
    fn detach<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let link = {
            let mut state = self.state();
            state.closed = true;
            state.link.take()
        };
        if let Some(link) = link {
            link.close();
        }
        self.socket.bind(py).call_method0(intern!(py, "detach"))
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Close, and explain the error that ended the block if it looks like a refusal for want of session reuse.
    #[pyo3(signature = (_class=None, error=None, _traceback=None))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _class: Option<&Bound<'_, PyAny>>,
        error: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let py = slf.py();
        // as attributes, for users may have replaced them
        if !slf.getattr(intern!(py, "_closed"))?.is_truthy()? {
            slf.call_method0(intern!(py, "close"))?;
        }
        let Some(error) = error else { return Ok(()) };
        let explained = py
            .import("rftplib._native_hint")?
            .call_method1("explained", (error, slf))?;
        if explained.is_none() {
            return Ok(());
        }
        let explained = PyErr::from_value(explained);
        explained.set_cause(py, Some(PyErr::from_value(error.clone())));
        Err(explained)
    }

    #[getter]
    fn _closed(&self) -> bool {
        self.state().closed
    }

    #[getter(_io_refs)]
    fn io_refs(&self) -> isize {
        self.state().files
    }

    #[setter(_io_refs)]
    fn set_io_refs(&self, count: isize) {
        self.state().files = count;
    }

    fn _decref_socketios(slf: &Bound<'_, Self>) -> PyResult<()> {
        let last = {
            let mut state = slf.get().state();
            state.files = (state.files - 1).max(0);
            state.closed && state.files == 0
        };
        if last {
            slf.call_method0(intern!(slf.py(), "close")).map(drop)
        } else {
            Ok(())
        }
    }

    // -- TLS ----------------------------------------------------------------------------------------------------------

    /// The peer's certificate, DER-encoded. native-tls doesn't take certificates apart.
    #[pyo3(signature = (binary_form=false))]
    fn getpeercert<'py>(&self, py: Python<'py>, binary_form: bool) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let certificate = self.link()?.ask(|session| session.peer_certificate());
        let certificate = certificate
            .unwrap_or(Err(Fault::TooEarly))
            .map_err(|fault| self.fault(py, &fault))?;
        if !binary_form {
            return Err(PyNotImplementedError::new_err(
                "native-tls doesn't take certificates apart: getpeercert(True) returns the certificate as DER",
            ));
        }
        Ok(certificate.map(|der| PyBytes::new(py, &der)))
    }

    /// 'TLSv1.3', 'TLSv1.2'..., None before the handshake and after unwrap().
    fn version(&self) -> Option<&'static str> {
        let link = self.state().link.clone()?;
        link.ask(|session| session.agreed())
            .flatten()
            .map(|agreed| agreed.version.name())
    }

    /// (name, protocol, secret bits) of the cipher suite, None if it isn't known.
    fn cipher(&self) -> Option<(&'static str, &'static str, u32)> {
        let link = self.state().link.clone()?;
        let agreed = link.ask(|session| session.agreed()).flatten()?;
        agreed
            .suite_name()
            .map(|(name, bits)| (name, agreed.version.name(), bits))
    }

    /// The protocol that ALPN chose, or None.
    fn selected_alpn_protocol(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let link = self.state().link.clone();
        match link.and_then(|link| link.ask(|session| session.alpn())) {
            None | Some(Err(Fault::TooEarly)) => Ok(None),
            Some(chosen) => {
                let chosen = chosen.map_err(|fault| self.fault(py, &fault))?;
                Ok(chosen.map(|name| String::from_utf8_lossy(&name).into_owned()))
            }
        }
    }

    /// TLS never compresses here.
    fn compression(&self) -> Option<String> {
        None
    }

    /// None: native-tls can't resume sessions.
    #[getter]
    fn session(&self) -> Option<bool> {
        None
    }

    #[getter]
    fn session_reused(&self) -> bool {
        false
    }

    #[getter]
    fn context(&self, py: Python<'_>) -> Py<NativeContext> {
        self.context.clone_ref(py)
    }

    #[getter]
    fn server_side(&self) -> bool {
        false
    }

    #[getter]
    fn server_hostname(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How many bytes of data have come, also after a close.
    #[getter]
    fn _received(&self) -> u64 {
        self.counts.received()
    }

    /// How many bytes of data the kernel has taken, also after a close.
    #[getter]
    fn _sent(&self) -> u64 {
        self.counts.sent()
    }

    /// Whether the peer has ended by a close_notify, None if the end wasn't seen; also after a close.
    #[getter]
    fn _clean(&self) -> Option<bool> {
        self.counts.clean()
    }

    // -- the socket within --------------------------------------------------------------------------------------------

    fn settimeout(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.socket
            .bind(value.py())
            .call_method1(intern!(value.py(), "settimeout"), (value,))
            .map(drop)
    }

    fn gettimeout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).call_method0(intern!(py, "gettimeout"))
    }

    fn setblocking(&self, flag: &Bound<'_, PyAny>) -> PyResult<()> {
        self.socket
            .bind(flag.py())
            .call_method1(intern!(flag.py(), "setblocking"), (flag,))
            .map(drop)
    }

    fn getblocking<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).call_method0("getblocking")
    }

    fn fileno<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).call_method0(intern!(py, "fileno"))
    }

    fn getpeername<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).call_method0("getpeername")
    }

    fn getsockname<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).call_method0("getsockname")
    }

    #[pyo3(signature = (*args))]
    fn setsockopt(&self, args: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.socket.bind(args.py()).getattr("setsockopt")?.call1(args).map(drop)
    }

    #[pyo3(signature = (*args))]
    fn getsockopt<'py>(&self, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(args.py()).getattr("getsockopt")?.call1(args)
    }

    #[getter]
    fn family<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).getattr("family")
    }

    #[getter]
    fn r#type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).getattr("type")
    }

    #[getter]
    fn proto<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).getattr("proto")
    }

    #[getter]
    fn timeout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.socket.bind(py).getattr("timeout")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let within = self.socket.bind(py).repr()?.to_string();
        let within = within
            .strip_prefix("<socket.socket ")
            .unwrap_or(&within)
            .trim_end_matches('>')
            .to_owned();
        let tls = self.version().unwrap_or("no TLS");
        Ok(format!("<rftplib.tls.NativeSocket {tls} {within}>"))
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(PyTypeError::new_err(format!(
            "cannot pickle '{}' object",
            slf.get_type().name()?
        )))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.socket)?;
        visit.call(&self.context)
    }
}
