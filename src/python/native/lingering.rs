//! Uploads by hand over TLS 1.3, which have to arrive whole.
//!
//! A server sends session tickets by itself, and a client that only sends never reads them. Who closes a socket with
//! unread bytes makes the kernel reset the connection, and the server loses what it hasn't read yet: it may then call a
//! file complete that was cut short. So a second descriptor keeps the connection until the server has said what became
//! of the transfer; the end of sending, which the server waits for, is told when the user closes the first.

use libc::{c_int, c_long, c_void};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::held::Held;
use super::genuine;
use crate::net;
use crate::tls::Ssl;

/// How many bytes are read away at the most before the descriptor is closed: more than any number of tickets.
const LEFTOVERS: usize = 64 * 1024;

/// The second descriptor, shared with the connection's `SSL`.
struct Kept {
    /// `None` once it is given up. Locked for a moment only.
    fd: Mutex<Option<Arc<OwnedFd>>>,
    /// A forked child has copies of all this, and no say.
    process: u32,
}

impl Kept {
    fn fd(&self) -> Option<Arc<OwnedFd>> {
        if self.process != std::process::id() {
            return None;
        }
        self.fd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells the server that nothing more is sent, as the user's close would if this descriptor weren't there.
    fn end_sending(&self) {
        if let Some(fd) = self.fd() {
            // an error says that it has ended already
            let _ = net::end_sending(fd.as_fd());
        }
    }
}

/// The connection of an upload, kept for the server's final reply.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Lingering {
    kept: Arc<Kept>,
    /// A weak reference to the user's connection.
    conn: Py<PyAny>,
}

#[pymethods]
impl Lingering {
    /// Keeps `conn`, a TLS socket. Raises OSError if there is no descriptor to spare.
    #[new]
    fn new(conn: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = conn.py();
        let number = conn.call_method_held(intern!(py, "fileno"), ())?.extract::<i32>()?;
        let fd = net::duplicate(number).map_err(|error| super::super::errors::os_error(&error))?;
        let kept = Arc::new(Kept {
            fd: Mutex::new(Some(Arc::new(fd))),
            process: std::process::id(),
        });
        attach(conn, &kept)?;
        let reference = py.import("weakref")?.getattr("ref")?.call1((conn,))?.unbind();
        Ok(Self { kept, conn: reference })
    }

    /// Whether this keeps that connection.
    fn keeps(&self, conn: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.conn.bind(conn.py()).call_held(())?.is(conn))
    }

    /// A reply is going to be waited for: if the user has closed the connection, the server has to know.
    pub fn settle(&self, py: Python<'_>) -> PyResult<()> {
        let conn = self.conn.bind(py).call_held(())?;
        let open = !conn.is_none()
            && conn
                .call_method_held(intern!(py, "fileno"), ())
                .and_then(|number| number.extract::<i32>())
                .is_ok_and(|number| number >= 0);
        if !open {
            self.kept.end_sending();
        }
        Ok(())
    }

    /// The server has said what became of the transfer, or nobody asks any more: let go of the connection.
    pub fn release(&self) {
        let fd = self.kept.fd.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(fd) = fd.filter(|_| self.kept.process == std::process::id()) else {
            return;
        };
        let mut unread = [0; 4096];
        for _ in 0..LEFTOVERS / unread.len() {
            if !matches!(net::recv_now(fd.as_fd(), &mut unread), Ok(Some(1..))) {
                break;
            }
        }
    }
}

static INDEX: PyOnceLock<Option<c_int>> = PyOnceLock::new();

/// Has the connection's `SSL` tell us when it is freed, which is just before its socket is closed. Where that can't be
/// had, settle() does it later.
fn attach(conn: &Bound<'_, PyAny>, kept: &Arc<Kept>) -> PyResult<()> {
    let py = conn.py();
    let Some((library, ssl, _alive)) = genuine::ssl_of(conn)? else {
        return Ok(());
    };
    let Some(index) = *INDEX.get_or_init(py, || library.new_index(freed)) else {
        return Ok(());
    };
    let data = Arc::into_raw(Arc::clone(kept)).cast_mut().cast::<c_void>();
    // SAFETY: `ssl` is alive, of this library, and used by this thread alone: it has just been made for this transfer.
    // What is attached is an `Arc` of `Kept`, which `freed` takes back. Nothing was attached under this index before,
    // or else that is leaked, no more.
    if !unsafe { library.attach(ssl.as_ptr(), index, data) } {
        // SAFETY: the pointer comes from into_raw, above, and nobody has got it.
        drop(unsafe { Arc::from_raw(data.cast::<Kept>()) });
    }
    Ok(())
}

/// Called by SSL_free, in whichever thread; with null for all connections but ours.
unsafe extern "C" fn freed(
    ssl: *mut Ssl,
    data: *mut c_void,
    _: *mut c_void,
    _: c_int,
    _: c_long,
    _: *mut c_void,
) {
    if data.is_null() {
        return;
    }
    // SAFETY: under our index there is nothing but what `attach` has put there, once, and SSL_free comes once.
    let kept = unsafe { Arc::from_raw(data.cast::<Kept>()) };
    // SAFETY: SSL_free calls this before it frees anything of the `SSL`, which is of the library that calls.
    let unwrapped = genuine::library().is_some_and(|library| unsafe { library.has_sent_close_notify(ssl) });
    // After unwrap() the socket goes on without TLS.
    if !unwrapped {
        kept.end_sending();
    }
}
