//! `self.file` of a control connection, in clear text or under TLS: what `socket.makefile('r')` gives, without its layers.

mod file;

use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyByteArray;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::super::call::{Call, number};
use super::super::wait::{Owner, look_up};
use super::super::{errors, modules};
use super::codec::{charset, decode_error};
use super::socket::{enabled, receivable};
use crate::net::{self, Interest};
use crate::protocol::lines::{Charset, TextReader, Undecodable};

/// How much is received at once: what io.TextIOWrapper asks for, so that undecodable bytes spoil the same lines.
const CHUNK: usize = 8192;

/// How often a thread that isn't the first in the queue looks whether it is.
const TURN: Duration = Duration::from_millis(10);

/// What `socket`'s own files say once the timeout has passed.
const TIMED_OUT: &str = "cannot read from timed out object";

/// After a batch that has ended early, the next line is the reply to no command that is sent now.
const BROKEN_OFF: &str = "replies of a batch that was broken off are unread: call rftplib.session.recover(ftp)";

/// A text reader over a socket: `readline(limit)` with universal newlines. It keeps the socket open until it is closed,
/// as the file objects of `socket.makefile` do.
///
/// Any number of threads may call it. The lock is held for state changes only: while it is held no Python code runs and
/// nothing waits.
#[pyclass(module = "rftplib._rftplib", frozen, weakref)]
pub struct Reader {
    state: Mutex<State>,
    encoding: Py<PyAny>,
    wire: Wire,
}

struct State {
    /// `None` once the reader is closed.
    socket: Option<Py<PyAny>>,
    lines: TextReader,
    /// Why it can't be read any more, such as that the socket's timeout has passed once: so it is with `socket`'s own files.
    unreadable: Option<&'static str>,
    /// TLS has ended: the socket's own method says so again, and nothing need come before it is asked.
    ended: bool,
    /// The threads that wait for a line, in the order in which they came: the first one gets the next line.
    queue: VecDeque<u64>,
    next_place: u64,
    /// The process in which a thread is within the socket's own `recv_into`, which only the end of the connection ends.
    receiving: Option<u32>,
    /// The process that the two above are of: a fork copies them, but not the threads.
    process: u32,
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

/// A reader on `sock`, or None where `sock.makefile('r', encoding=encoding)` has to do it.
#[pyfunction]
pub fn open_reader(sock: &Bound<'_, PyAny>, encoding: &Bound<'_, PyAny>) -> PyResult<Option<Reader>> {
    let wire = if receivable(sock).is_some() {
        Wire::Plain
    } else if enabled(sock.py()) && is_tls(sock) {
        Wire::Tls
    } else {
        return Ok(None);
    };
    let Some(charset) = charset(encoding) else {
        return Ok(None);
    };
    let references = number::<i64>(&sock.getattr_held("_io_refs")?)?;
    sock.setattr_held("_io_refs", references.saturating_add(1))?;
    Ok(Some(Reader {
        state: Mutex::new(State {
            socket: Some(sock.clone().unbind()),
            lines: TextReader::new(charset),
            unreadable: None,
            ended: false,
            queue: VecDeque::new(),
            next_place: 0,
            receiving: None,
            process: std::process::id(),
        }),
        encoding: encoding.clone().unbind(),
        wire,
    }))
}

/// Whether `sock` is a TLS socket whose own methods can be relied on: Python's, untouched, or ours.
#[cfg(feature = "tls")]
fn is_tls(sock: &Bound<'_, PyAny>) -> bool {
    super::genuine::is_receivable(sock) || super::super::tls::stream_of(sock, &["recv_into"]).is_some()
}

#[cfg(not(feature = "tls"))]
fn is_tls(_: &Bound<'_, PyAny>) -> bool {
    false
}

impl State {
    /// Takes in what has been received; nothing is the end.
    fn feed(&mut self, data: &[u8]) -> Result<(), Undecodable> {
        if data.is_empty() {
            self.lines.finish()
        } else {
            self.lines.feed(data)
        }
    }

    /// A place at the end of the queue.
    fn queue_up(&mut self) -> u64 {
        let process = std::process::id();
        if self.process != process {
            // the threads that waited are the parent's
            self.process = process;
            self.queue.clear();
        }
        let place = self.next_place;
        self.next_place += 1;
        self.queue.push_back(place);
        place
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
            let mut state = self.lock(py);
            match state.unreadable {
                Some(why) => Err(why),
                None => {
                    let nothing = TextReader::new(state.lines.charset());
                    Ok(std::mem::replace(&mut state.lines, nothing))
                }
            }
            .map_err(|why| errors::raise::<PyOSError>(py, (why,)))
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
                return Err(errors::closed_file());
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
            py.detach(|| std::thread::sleep(TURN));
            look_up(py)?;
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
            {
                let mut state = self.lock(py);
                if let Some(line) = state.take(limit) {
                    return Ok(line);
                }
                if let Some(why) = state.unreadable {
                    return Err(errors::raise::<PyOSError>(py, (why,)));
                }
            }
            let received = match self.wire {
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
        socket.ok_or_else(|| errors::os_error(&io::Error::from_raw_os_error(libc::EBADF)))
    }

    /// Waits for one slice; then whether something is there, the descriptor's number, and whether the socket waits at all.
    fn wait(&self, owner: &Owner<'_, '_>, began: Instant, too_late: &str) -> PyResult<(bool, RawFd, bool)> {
        let number = owner.fd()?;
        let slice = match owner.slice(began, too_late) {
            Ok(slice) => slice,
            Err(error) => {
                self.lock(owner.py()).unreadable = Some(TIMED_OUT);
                return Err(error);
            }
        };
        let ready = owner.wait_unowned(number, Interest::Read, slice.unwrap_or_default())?;
        self.socket(owner.py())?;
        Ok((ready, number, slice.is_some()))
    }

    /// Receives from a plain socket, if something comes within a slice.
    fn receive(&self, owner: &Owner<'_, '_>, began: Instant) -> PyResult<bool> {
        let py = owner.py();
        let (ready, number, waits) = self.wait(owner, began, "timed out")?;
        let mut chunk = [0; CHUNK];
        let received = if ready {
            // SAFETY: the object still has this number, and nobody closes it before the call: that takes the GIL, which
            // is held. Where there is no GIL, a close at this very moment makes it EBADF or, at worst, a stranger's.
            let fd = unsafe { BorrowedFd::borrow_raw(number) };
            net::recv_now(fd, &mut chunk).map_err(|error| errors::os_error(&error))?
        } else if waits {
            None
        } else {
            Some(0) // in non-blocking mode nothing there looks like the end, as io.TextIOWrapper has it
        };
        match received {
            Some(count) => self.feed(py, chunk.get(..count).unwrap_or_default()).map(|()| true),
            None => Ok(false),
        }
    }

    /// Receives from a TLS socket by its own method, if something comes within a slice. A record that comes in pieces is
    /// waited for in there, for as long as the socket's timeout.
    fn receive_tls(&self, owner: &Owner<'_, '_>, began: Instant) -> PyResult<bool> {
        let (py, sock) = (owner.py(), owner.object());
        let pending = sock.call_method_held(intern!(py, "pending"), ())?;
        let ended = self.lock(py).ended;
        if !ended && number::<usize>(&pending)? == 0 {
            let (ready, _, waits) = self.wait(owner, began, "The read operation timed out")?;
            if !ready && waits {
                return Ok(false);
            }
        }
        let room = PyByteArray::new(py, &[0; CHUNK]);
        self.lock(py).receiving = Some(std::process::id());
        #[cfg(feature = "tls")]
        super::genuine::forget_tls_errors();
        let received = sock.call_method_held(intern!(py, "recv_into"), (&room,));
        self.lock(py).receiving = None;
        // a close by another thread has an error of its own, whatever came of it here
        self.socket(py)?;
        owner.fd()?;
        let count = match received {
            Ok(count) => number::<usize>(&count)?,
            Err(error) => {
                if errors::is_timeout(py, &error) {
                    self.lock(py).unreadable = Some(TIMED_OUT);
                }
                return Err(error);
            }
        };
        self.lock(py).ended = count == 0;
        let data = room.to_vec();
        self.feed(py, data.get(..count).unwrap_or_default()).map(|()| true)
    }

    fn feed(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        // Only a thread that holds the GIL takes the lock, so that a fork never copies it locked.
        let (outcome, charset) = {
            let mut state = self.lock(py);
            (state.feed(data), state.lines.charset())
        };
        outcome.map_err(|fault| decode_error(py, charset, &fault))
    }

    /// Whether something has been received that nobody has read yet.
    pub fn is_buffered(&self, py: Python<'_>) -> bool {
        self.lock(py).lines.buffered() > 0
    }

    fn lock(&self, py: Python<'_>) -> std::sync::MutexGuard<'_, State> {
        match self.state.lock_py_attached(py) {
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
            if receiving == Some(std::process::id()) {
                // a thread waits in the socket's own method: only the end of the connection wakes it
                modules::end_connection(socket)?;
            }
            socket.run_method_held("_decref_socketios", ())?;
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
