//! `self.file` of a connection that is exactly a `socket.socket`: what `socket.makefile('r')` gives, without its layers.

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyInt, PyString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::{errors, text};
use super::pump::Owner;
use super::socket::receivable;
use crate::net::{self, Interest};
use crate::protocol::lines::{Charset, TextReader, Undecodable};

/// How much is received at once: what io.TextIOWrapper asks for, so that undecodable bytes spoil the same lines.
const CHUNK: usize = 8192;

/// A text reader over a socket: `readline(limit)` with universal newlines. It keeps the socket open until it is closed,
/// as the file objects of `socket.makefile` do.
///
/// Any number of threads may call it. The lock is held for state changes only: while it is held no Python code runs and
/// nothing waits.
#[pyclass(module = "rftplib._rftplib", frozen, weakref)]
pub struct Reader {
    state: Mutex<State>,
    encoding: Py<PyAny>,
}

struct State {
    /// `None` once the reader is closed.
    socket: Option<Py<PyAny>>,
    fd: Option<Arc<OwnedFd>>,
    lines: TextReader,
    /// The socket's timeout has passed once: like `socket`'s own files, it can't be read any more.
    timed_out: bool,
}

/// What one attempt to receive came to.
enum Received {
    Something,
    Nothing,
}

enum Fault {
    System(io::Error),
    Text(Undecodable),
}

/// `object` as our reader, if that is what it is.
pub fn reader<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Reader>> {
    object.cast_exact::<Reader>().ok()
}

/// The encodings whose line ends can be found in the bytes, by the names that Python's codecs have.
pub fn charset(encoding: &Bound<'_, PyAny>) -> Option<Charset> {
    // exactly a str: it is kept, and a subclass could be part of a cycle
    let encoding = encoding.cast_exact::<PyString>().ok()?;
    if encoding.as_any().eq(intern!(encoding.py(), "utf-8")).ok()? {
        return Some(Charset::Utf8); // the default
    }
    match encoding.to_cow().ok()?.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "utf_8" => Some(Charset::Utf8),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso_8859_1" | "l1" => Some(Charset::Latin1),
        "ascii" | "us-ascii" => Some(Charset::Ascii),
        _ => None,
    }
}

/// `(line + CRLF).encode(encoding)`, or `None` where Python's codecs have to do it (or to refuse it).
pub fn encode_line(line: &[u8], encoding: &Bound<'_, PyAny>) -> Option<Vec<u8>> {
    let mut wire = match charset(encoding)? {
        Charset::Utf8 => std::str::from_utf8(line).ok()?.as_bytes().to_vec(),
        Charset::Ascii | Charset::Latin1 => line.is_ascii().then(|| line.to_vec())?,
    };
    wire.extend_from_slice(b"\r\n");
    Some(wire)
}

/// A `maxline` that is a number as it should be.
pub fn limit_of(maxline: &Bound<'_, PyAny>) -> Option<usize> {
    if !maxline.is_exact_instance_of::<PyInt>() {
        return None;
    }
    maxline
        .extract::<usize>()
        .ok()
        .filter(|&limit| limit < isize::MAX as usize)
}

/// A reader on `sock`, or None where `sock.makefile('r', encoding=encoding)` has to do it.
#[pyfunction]
pub fn open_reader(sock: &Bound<'_, PyAny>, encoding: &Bound<'_, PyAny>) -> PyResult<Option<Reader>> {
    let (Some(_), Some(charset)) = (receivable(sock), charset(encoding)) else {
        return Ok(None);
    };
    let references = sock.getattr("_io_refs")?.add(1)?;
    sock.setattr("_io_refs", references)?;
    Ok(Some(Reader {
        state: Mutex::new(State {
            socket: Some(sock.clone().unbind()),
            fd: None,
            lines: TextReader::new(charset),
            timed_out: false,
        }),
        encoding: encoding.clone().unbind(),
    }))
}

impl State {
    /// Receives once, without waiting.
    fn receive(&mut self, fd: &OwnedFd) -> Result<Received, Fault> {
        let mut chunk = [0; CHUNK];
        match net::recv_now(fd.as_fd(), &mut chunk).map_err(Fault::System)? {
            None => Ok(Received::Nothing),
            Some(0) => self.lines.finish().map(|()| Received::Something).map_err(Fault::Text),
            Some(count) => {
                let chunk = chunk.get(..count).unwrap_or_default();
                self.lines
                    .feed(chunk)
                    .map(|()| Received::Something)
                    .map_err(Fault::Text)
            }
        }
    }

    /// A line as UTF-8 and whether a terminator followed.
    fn take(&mut self, limit: Option<usize>) -> Option<(Vec<u8>, bool)> {
        let latin = self.lines.charset() == Charset::Latin1;
        let line = self.lines.line(limit)?;
        let body = if latin && !line.body.is_ascii() {
            line.body
                .iter()
                .map(|&byte| char::from(byte))
                .collect::<String>()
                .into_bytes()
        } else {
            line.body.to_vec()
        };
        let at_end = body.is_empty() && !line.ended;
        let taken = (body, line.ended);
        if at_end {
            // the next call asks the socket anew
            self.lines.reopen();
        }
        Some(taken)
    }
}

impl Reader {
    /// The next line, at most `limit` characters with its end (`None`: no limit), as UTF-8; then whether it was ended.
    /// Nothing and not ended: the peer has closed.
    pub fn next_line(&self, py: Python<'_>, limit: Option<usize>) -> PyResult<(Vec<u8>, bool)> {
        let (socket, mut fd) = {
            let mut state = self.lock(py);
            let Some(socket) = &state.socket else {
                return Err(errors::closed_file());
            };
            let socket = socket.clone_ref(py);
            if let Some(line) = state.take(limit) {
                return Ok(line);
            }
            if state.timed_out {
                return Err(PyOSError::new_err("cannot read from timed out object"));
            }
            (socket, state.fd.clone())
        };
        let owner = Owner::new(socket.bind(py));
        let mut began = Instant::now();
        loop {
            let ours = match &mut fd {
                Some(fd) => fd,
                None => fd.insert(self.descriptor(&owner)?),
            };
            let slice = match owner.slice(began) {
                Ok(slice) => slice,
                Err(error) => {
                    self.lock(py).timed_out = true;
                    return Err(error);
                }
            };
            let at_most = slice.unwrap_or_default();
            let waited = py.detach(|| net::wait(ours.as_fd(), Interest::Read, at_most));
            py.check_signals()?;
            owner.fd()?;
            // Only a thread that holds the GIL takes the lock, so that a fork never copies it locked.
            let mut state = self.lock(py);
            if state.socket.is_none() {
                // another thread has closed it meanwhile
                return Err(errors::os_error(&io::Error::from_raw_os_error(libc::EBADF)));
            }
            let received = match waited {
                Ok(true) => state.receive(ours),
                // in non-blocking mode nothing there looks like the end, as io.TextIOWrapper has it
                Ok(false) if slice.is_none() => state.lines.finish().map(|()| Received::Something).map_err(Fault::Text),
                Ok(false) => Ok(Received::Nothing),
                Err(error) => Err(Fault::System(error)),
            };
            if received.is_ok() {
                if let Some(line) = state.take(limit) {
                    return Ok(line);
                }
            }
            drop(state);
            if let Received::Something = received.map_err(|fault| self.error(py, fault))? {
                began = Instant::now(); // the timeout is for each receive, not for the line
            }
        }
    }

    fn lock(&self, py: Python<'_>) -> std::sync::MutexGuard<'_, State> {
        match self.state.lock_py_attached(py) {
            Ok(state) => state,
            // no code can panic while it holds the lock; and if it could, half a line is no danger
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// The descriptor of our own, made when it is first waited for.
    fn descriptor(&self, owner: &Owner<'_, '_>) -> PyResult<Arc<OwnedFd>> {
        let fd = Arc::new(net::duplicate(owner.fd()?).map_err(|error| errors::os_error(&error))?);
        self.lock(owner.py()).fd = Some(fd.clone());
        Ok(fd)
    }

    fn error(&self, py: Python<'_>, fault: Fault) -> PyErr {
        match fault {
            Fault::System(error) => errors::os_error(&error),
            Fault::Text(fault) => decode_error(py, self.lock(py).lines.charset(), &fault),
        }
    }

    fn shut(&self, py: Python<'_>) -> PyResult<()> {
        let socket = {
            let mut state = self.lock(py);
            state.fd = None;
            state.socket.take()
        };
        if let Some(socket) = socket {
            socket.call_method0(py, "_decref_socketios")?;
        }
        Ok(())
    }

    fn check_open(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.lock(py)
            .socket
            .as_ref()
            .map(|socket| socket.clone_ref(py))
            .ok_or_else(errors::closed_file)
    }
}

/// The UnicodeDecodeError that Python's own decoder raises for these bytes.
pub fn decode_error(py: Python<'_>, charset: Charset, fault: &Undecodable) -> PyErr {
    let raised = || -> PyResult<()> {
        let codecs = py.import("codecs")?;
        let input = PyBytes::new(py, &fault.input);
        match charset {
            Charset::Utf8 => codecs.call_method1("utf_8_decode", (input, "strict", fault.last))?,
            Charset::Ascii => codecs.call_method1("ascii_decode", (input, "strict"))?,
            Charset::Latin1 => codecs.call_method1("latin_1_decode", (input, "strict"))?,
        };
        Ok(())
    };
    match raised() {
        Err(error) => error,
        Ok(()) => pyo3::exceptions::PyUnicodeError::new_err("undecodable bytes received"),
    }
}

/// A size argument as `io` has it: None or negative means no limit.
fn size_limit(size: Option<i64>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

#[pymethods]
impl Reader {
    /// The next line, its end as '\n', at most `size` characters; '' at the end.
    #[pyo3(signature = (size = -1, /))]
    fn readline<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyString>> {
        let (mut body, ended) = self.next_line(py, size_limit(size))?;
        if ended {
            body.push(b'\n');
        }
        text::decode(py, &body)
    }

    /// At most `size` characters, or all until the peer closes.
    #[pyo3(signature = (size = -1, /))]
    fn read<'py>(&self, py: Python<'py>, size: Option<i64>) -> PyResult<Bound<'py, PyString>> {
        let limit = size_limit(size);
        let mut whole = Vec::new();
        let mut length = 0;
        while limit.is_none_or(|limit| length < limit) {
            let (body, ended) = self.next_line(py, limit.map(|limit| limit - length))?;
            if body.is_empty() && !ended {
                break;
            }
            length += crate::protocol::text::count_chars(&body) + usize::from(ended);
            whole.extend_from_slice(&body);
            if ended {
                whole.push(b'\n');
            }
        }
        text::decode(py, &whole)
    }

    /// Lets go of the socket.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.shut(py)
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.lock(py).socket.is_none()
    }

    #[getter]
    fn encoding(&self, py: Python<'_>) -> Py<PyAny> {
        self.encoding.clone_ref(py)
    }

    #[classattr]
    fn errors() -> &'static str {
        "strict"
    }

    #[classattr]
    fn mode() -> &'static str {
        "r"
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.check_open(py)?.call_method0(py, "fileno")
    }

    fn readable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| true)
    }

    fn writable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| false)
    }

    fn seekable(&self, py: Python<'_>) -> PyResult<bool> {
        self.check_open(py).map(|_| false)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        let line = self.readline(py, None)?;
        Ok(if line.is_truthy()? { Some(line) } else { None })
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyResult<PyRef<'_, Self>> {
        slf.check_open(slf.py())?;
        Ok(slf)
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, py: Python<'_>, _args: &Bound<'_, pyo3::types::PyTuple>) -> PyResult<()> {
        self.shut(py)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // a dropped file lets go of its socket, as those of socket.makefile do
        let _ = Python::try_attach(|py| {
            // it may be dropped because of an exception, which must not be pending while Python is called
            let pending = PyErr::take(py);
            if let Err(error) = self.shut(py) {
                error.write_unraisable(py, None);
            }
            if let Some(pending) = pending {
                pending.restore(py);
            }
        });
    }
}
