//! `self.file` of a control connection, in clear text or under TLS: what `socket.makefile('r')` gives, without its layers.

mod ahead;
mod file;
mod receive;
mod state;

use pyo3::prelude::*;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use self::state::{BROKEN_OFF, State};
use crate::protocol::received_lines::TextReader;
use crate::python::call::Call;
use crate::python::codec::{Errors, charset};
use crate::python::errors::Error;
use crate::python::modules;
use crate::python::number::number;
use crate::python::owner::Owner;
use crate::python::process;
use crate::python::socket::{enabled, receivable};
use crate::python::wait;

/// How often a thread that isn't the first in the queue looks whether it is.
const TURN: Duration = Duration::from_millis(10);

/// What `socket`'s own files say once the timeout has passed.
const TIMED_OUT: &str = "cannot read from timed out object";

/// A text reader over a socket: `readline(limit)` with universal newlines. It keeps the socket open until it is closed,
/// as the file objects of `socket.makefile` do.
///
/// Any number of threads may call it. The lock is held for state changes only: while it is held no Python code runs, no
/// exception is made, which may run some, and nothing waits.
#[pyclass(module = "rftplib._rftplib", frozen, weakref)]
pub struct Reader {
    state: Mutex<State>,
    encoding: Py<PyAny>,
    /// Whether undecodable bytes become lone surrogates.
    escapes: bool,
    wire: Wire,
}

/// What is between the reader and the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// Exactly a `socket.socket`: its descriptor is read.
    Plain,
    /// TLS, Python's or ours: its `recv_into` is called when something is there.
    Tls,
}

/// `object` as our reader, if that is what it is.
pub fn reader<'a, 'py>(object: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, Reader>> {
    object.cast_exact::<Reader>().ok()
}

/// A reader on `sock`, or None where `sock.makefile('r', encoding=encoding, errors=errors)` has to do it.
#[pyfunction]
#[pyo3(signature = (sock, encoding, errors = None))]
pub fn open_reader(
    sock: &Bound<'_, PyAny>,
    encoding: &Bound<'_, PyAny>,
    errors: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Reader>> {
    let wire = if receivable(sock).is_some() {
        Wire::Plain
    } else if enabled(sock.py()) && is_tls(sock) {
        Wire::Tls
    } else {
        return Ok(None);
    };
    let errors = errors.map_or(Some(Errors::Strict), Errors::named);
    let (Some(charset), Some(errors)) = (charset(encoding), errors) else {
        return Ok(None);
    };
    let Some(lines) = errors.reader(charset) else {
        return Ok(None);
    };
    let references = number::<i64>(&sock.getattr_held("_io_refs")?)?;
    sock.setattr_held("_io_refs", references.saturating_add(1))?;
    Ok(Some(Reader {
        state: Mutex::new(State::new(sock.clone().unbind(), lines)),
        encoding: encoding.clone().unbind(),
        escapes: matches!(errors, Errors::Escaped),
        wire,
    }))
}

/// Whether `sock` is a TLS socket whose own methods can be relied on: Python's, untouched, or ours.
fn is_tls(sock: &Bound<'_, PyAny>) -> bool {
    crate::python::tls::genuine::is_receivable(sock)
        || crate::python::tls::native::stream_of(sock, &["recv_into"]).is_some()
}

impl Reader {
    /// Whether it reads from that very object.
    pub fn reads_from(&self, py: Python<'_>, sock: &Bound<'_, PyAny>) -> bool {
        self.lock(py).socket.as_ref().is_some_and(|own| own.is(sock))
    }

    /// For a loop that reads by itself: waits for its turn as for a line, and hands over what has been received and not
    /// been read. Until it is given back, whoever else wants a line waits.
    pub fn take_over(&self, py: Python<'_>) -> PyResult<(u64, TextReader)> {
        let place = self.lock(py).queue_up();
        let taken = self.await_turn(py, place).and_then(|()| {
            self.socket(py)?;
            self.feed_ahead(py)?;
            let lines = self.lock(py).take_lines();
            lines.map_err(|why| Error::Unreadable(why).into())
        });
        if taken.is_err() {
            self.leave(py, place);
        }
        Ok((place, taken?))
    }

    /// The end of that. `broken`: replies are still to come that nobody waits for.
    pub fn give_back(&self, py: Python<'_>, place: u64, lines: TextReader, broken: bool) {
        let mut state = self.lock(py);
        state.lines = lines;
        if broken {
            state.unreadable = Some(BROKEN_OFF);
        }
        state.queue.retain(|&other| other != place);
    }

    /// The next line, at most `limit` characters with its end (`None`: no limit), as UTF-8; then whether it was ended.
    /// Nothing and not ended: the peer has closed.
    ///
    /// Several threads may wait at once, such as one that keeps the connection alive by NOOP: each gets the line after
    /// that of the thread before it, as with ftplib's file.
    pub fn next_line(&self, py: Python<'_>, limit: Option<usize>) -> PyResult<(Vec<u8>, bool)> {
        let place = {
            let mut state = self.lock(py);
            if state.socket.is_none() {
                drop(state);
                return Err(Error::ClosedReader.into());
            }
            if state.queue.is_empty() {
                if let Some(line) = state.take(limit) {
                    return Ok(line);
                }
            }
            state.queue_up()
        };
        let line = self.await_line(py, limit, place);
        self.leave(py, place);
        line
    }

    fn leave(&self, py: Python<'_>, place: u64) {
        self.lock(py).queue.retain(|&other| other != place);
    }

    fn await_turn(&self, py: Python<'_>, place: u64) -> PyResult<()> {
        while self.lock(py).queue.front().is_some_and(|&first| first != place) {
            wait::detached(py, || std::thread::sleep(TURN))?;
            self.socket(py)?;
        }
        Ok(())
    }

    fn await_line(&self, py: Python<'_>, limit: Option<usize>, place: u64) -> PyResult<(Vec<u8>, bool)> {
        self.await_turn(py, place)?;
        let socket = self.socket(py)?;
        let owner = Owner::new(socket.bind(py));
        let mut began = Instant::now();
        loop {
            let (line, unreadable) = {
                let mut state = self.lock(py);
                (state.take(limit), state.unreadable)
            };
            if let Some(line) = line {
                return Ok(line);
            }
            if let Some(why) = unreadable {
                return Err(Error::Unreadable(why).into());
            }
            let received = self.feed_ahead(py)?
                || match self.wire {
                    Wire::Plain => self.receive(&owner, began)?,
                    Wire::Tls => self.receive_tls(&owner, began)?,
                };
            if received {
                began = Instant::now(); // the timeout is for each receive, not for the line
            }
        }
    }

    /// The socket; EBADF when another thread has closed the reader meanwhile.
    fn socket(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let socket = self.lock(py).socket.as_ref().map(|socket| socket.clone_ref(py));
        socket.ok_or_else(|| Error::Closed.into())
    }

    /// Whether something has been received that nobody has read yet.
    pub fn is_buffered(&self, py: Python<'_>) -> bool {
        self.lock(py).refuses().is_some()
    }

    /// Only a thread that is attached to the interpreter takes the lock, and it doesn't wait for the interpreter while it has
    /// it: so a fork, for which all other threads are stopped at a safe point, never copies it locked. PyO3's
    /// `lock_py_attached` is not for this, as it attaches the thread again when it has the lock.
    fn lock(&self, _: Python<'_>) -> std::sync::MutexGuard<'_, State> {
        match self.state.lock() {
            Ok(state) => state,
            // no code can panic while it holds the lock; and if it could, half a line is no danger
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    fn shut(&self, py: Python<'_>) -> PyResult<()> {
        let (socket, receiving) = {
            let mut state = self.lock(py);
            (state.socket.take(), state.receiving)
        };
        if let Some(socket) = socket {
            let socket = socket.bind(py);
            if receiving == Some(process::number()) {
                // a thread waits in the socket's own method: only the end of the connection wakes it
                modules::end_connection(socket)?;
            }
            socket.run_method_held("_decref_socketios", ())?;
        }
        Ok(())
    }

    fn check_open(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let socket = self.lock(py).socket.as_ref().map(|socket| socket.clone_ref(py));
        socket.ok_or_else(|| Error::ClosedReader.into())
    }
}
