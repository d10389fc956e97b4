//! Uploads by hand over TLS 1.3, which have to arrive whole.
//!
//! A server sends session tickets by itself, and a client that only sends never reads them. Who closes a socket with
//! unread bytes makes the kernel reset the connection, and what is still to be sent, or to be read by the server, is lost:
//! the server may then call a file complete that was cut short. So a second descriptor keeps the connection until the
//! server has taken all of it, as its reply tells, or its own end. The end of sending, which the server waits for, is
//! told when the user closes the first descriptor.

use libc::{c_int, c_long, c_void};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::net::{self, Interest};
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::number::number;
use crate::python::owner::Owner;
use crate::python::tls::genuine;
use crate::python::wait;
use crate::tls::{Records, Ssl};

/// How many bytes are read away at the most before the descriptor is closed: more than any number of tickets.
const LEFTOVERS: usize = 64 * 1024;

/// The second descriptor, shared with the connection's `SSL`.
struct Kept {
    /// `None` once it is given up. Locked for a moment only.
    fd: Mutex<Option<Arc<OwnedFd>>>,
    records: Mutex<Records>,
    /// The process that made this: a forked child has copies of all of it, and does nothing with them.
    process: u32,
    /// A weak reference to the user's connection.
    conn: Py<PyAny>,
}

impl Kept {
    fn fd(&self) -> Option<Arc<OwnedFd>> {
        if self.process != std::process::id() {
            return None;
        }
        self.fd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the user still has the connection open; not once close() has been called, also before it has taken effect.
    fn is_open(&self, py: Python<'_>) -> PyResult<bool> {
        let conn = self.conn.bind(py).call_held(())?;
        if conn.is_none() {
            return Ok(false);
        }
        if conn.getattr_held(intern!(py, "_closed"))?.is_true_held()? {
            // files that makefile() has made may keep it open
            let files = conn.getattr_held(intern!(py, "_io_refs"))?;
            return Ok(number::<i64>(&files).is_ok_and(|count| count > 0));
        }
        let descriptor = conn.call_method_held(intern!(py, "fileno"), ())?;
        Ok(number::<i32>(&descriptor).is_ok_and(|descriptor| descriptor >= 0))
    }

    /// Reads away what has come, and tells whether the server has ended its side: by a close_notify, which is an alert, by
    /// a FIN, or by an error. After a close_notify it may wait for ours, which can't come any more: a reset, which finds
    /// nothing unread there, tells it so.
    fn has_ended(&self, fd: &OwnedFd) -> bool {
        let mut unread = [0; 4096];
        for _ in 0..LEFTOVERS / unread.len() {
            match net::recv_now(fd.as_fd(), &mut unread) {
                Ok(None) => return false,
                Ok(Some(count)) if count > 0 => {
                    let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
                    if records.has_alert(unread.get(..count).unwrap_or_default()) {
                        let _ = net::reset_on_close(fd.as_fd());
                        return true;
                    }
                }
                _ => return true,
            }
        }
        false
    }

    /// Tells the server that nothing more is sent, as the user's close would if this descriptor weren't there.
    fn end_sending(&self) {
        if let Some(fd) = self.fd() {
            net::end_sending(fd.as_fd());
        }
    }
}

/// The connection of an upload, kept for the server's final reply.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Lingering {
    kept: Arc<Kept>,
}

#[pymethods]
impl Lingering {
    /// Keeps `conn`, a TLS socket. Raises OSError if there is no descriptor to spare.
    #[new]
    fn new(conn: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = conn.py();
        let fd = Owner::new(conn).duplicate()?.ok_or(Error::Closed)?; // either is an OSError: see `_lingering.linger`
        let kept = Arc::new(Kept {
            fd: Mutex::new(Some(Arc::new(fd))),
            records: Mutex::default(),
            process: std::process::id(),
            conn: call::import(py, "_weakref")?.call_method_held("ref", (conn,))?.unbind(),
        });
        attach(conn, &kept)?;
        Ok(Self { kept })
    }

    /// Whether this keeps that connection.
    fn keeps(&self, conn: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.kept.conn.bind(conn.py()).call_held(())?.is(conn))
    }

    /// Whether the user still has the connection open.
    fn is_open(&self, py: Python<'_>) -> PyResult<bool> {
        self.kept.is_open(py)
    }

    /// Whether nothing is kept any more.
    fn is_released(&self) -> bool {
        self.kept.fd().is_none()
    }

    /// A reply is going to be waited for on the control connection `sock`: if the user has closed the data connection,
    /// waits until the server has taken all that was sent, or has replied (`replied`: a reply is there already), or the
    /// timeout of `sock` is over. The server may wait for us to close before it replies.
    pub fn settle(&self, sock: &Bound<'_, PyAny>, replied: bool) -> PyResult<()> {
        let py = sock.py();
        if self.kept.is_open(py)? {
            return Ok(());
        }
        self.kept.end_sending();
        let (owner, began) = (Owner::new(sock), Instant::now());
        while let Some(fd) = self.kept.fd().filter(|_| !replied) {
            let (Ok(control), Ok(Some(slice))) = (owner.fd(), owner.slice(began, "timed out")) else {
                return Ok(()); // whoever waits for the reply will tell
            };
            let pair = ((fd.as_fd(), Interest::Read), (control, Interest::Read));
            let ready = wait::detached(py, || net::wait_either(pair.0, pair.1, slice))?;
            let (data, reply) = ready.map_err(Error::Io)?;
            if data && self.kept.has_ended(&fd) {
                self.release(py)?;
            }
            if reply {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The server has said what became of the transfer, or nobody asks any more: let go of the connection.
    pub fn release(&self, py: Python<'_>) -> PyResult<()> {
        let open = self.kept.is_open(py)?;
        let fd = self.kept.fd.lock().unwrap_or_else(PoisonError::into_inner).take();
        // What the user may still read is the user's.
        if let Some(fd) = fd.filter(|_| !open && self.kept.process == std::process::id()) {
            self.kept.has_ended(&fd); // what is unread would reset the connection
        }
        Ok(())
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

/// Called by SSL_free, in whichever thread; with null for all connections but ours. The `SSL` may be half freed by then.
/// It is freed by close(), and by unwrap() and shutdown(), after which the connection goes on without TLS.
unsafe extern "C" fn freed(_: *mut Ssl, data: *mut c_void, _: *mut c_void, _: c_int, _: c_long, _: *mut c_void) {
    if data.is_null() {
        return;
    }
    // SAFETY: under our index there is nothing but what `attach` has put there, once, and SSL_free comes once.
    let kept = unsafe { Arc::from_raw(data.cast::<Kept>()) };
    // The interpreter frees it, with its lock held; at its end nobody goes on with the connection.
    let open = Python::try_attach(|py| {
        // an exception that is on its way must not be seen by what is called here
        let pending = call::pending(py);
        let open = kept.is_open(py).unwrap_or(true);
        if let Some(pending) = pending {
            pending.restore(py);
        }
        open
    });
    if open != Some(true) {
        kept.end_sending();
    }
}
