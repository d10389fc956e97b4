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
use pyo3::types::PyDict;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::net::{self, Interest};
use crate::python::call::{self, Call};
use crate::python::control::reader::reader;
use crate::python::errors::Error;
use crate::python::number::number;
use crate::python::overrides::View;
use crate::python::owner::Owner;
use crate::python::tls::genuine;
use crate::python::wait;
use crate::tls::Ssl;

/// Where the client keeps it: see `rftplib._transfer`.
const ATTRIBUTE: &str = "_rftplib_lingering";

/// How many bytes are read away at the most before the descriptor is closed: more than any number of tickets.
const LEFTOVERS: usize = 64 * 1024;

/// The most that the payload of an encrypted alert has (RFC 8446, section 5.2: two bytes, the type, the tag). A session
/// ticket has far more.
const ALERT: usize = 32;

/// The second descriptor, shared with the connection's `SSL`.
struct Kept {
    /// `None` once it is given up. Locked for a moment only.
    fd: Mutex<Option<Arc<OwnedFd>>>,
    records: Mutex<Records>,
    /// A forked child has copies of all this, and no say.
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
        let fd = net::duplicate(Owner::new(conn).fd()?).map_err(Error::Io)?;
        let kept = Arc::new(Kept {
            fd: Mutex::new(Some(Arc::new(fd))),
            records: Mutex::default(),
            process: std::process::id(),
            conn: call::import(py, "weakref")?.call_method_held("ref", (conn,))?.unbind(),
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

/// What is kept for the reply that is read now, and the attributes that it is kept in.
pub type ForReply<'py> = Option<(Bound<'py, PyDict>, Bound<'py, Lingering>)>;

/// A reply is going to be waited for: see `Lingering::settle`.
pub fn settle<'py>(view: &View<'_, 'py>) -> PyResult<ForReply<'py>> {
    let (ftp, py) = (view.ftp(), view.ftp().py());
    let Some(attributes) = view.attributes() else {
        return Ok(None);
    };
    let Some(kept) = attributes.get_item(intern!(py, ATTRIBUTE))? else {
        return Ok(None);
    };
    let Ok(kept) = kept.cast_into_exact::<Lingering>() else {
        return Ok(None);
    };
    let sock = ftp.getattr_held(intern!(py, "sock"))?;
    let file = ftp.getattr_held(intern!(py, "file"))?;
    let replied = reader(&file).is_some_and(|reader| reader.get().is_buffered(py));
    kept.get().settle(&sock, replied)?;
    Ok(Some((attributes, kept)))
}

/// The reply has been read, and was no preliminary one.
pub fn release(kept: ForReply<'_>) -> PyResult<()> {
    let Some((attributes, kept)) = kept else {
        return Ok(());
    };
    let py = attributes.py();
    kept.get().release(py)?;
    if attributes.contains(intern!(py, ATTRIBUTE))? {
        attributes.del_item(intern!(py, ATTRIBUTE))?;
    }
    Ok(())
}

/// Where records begin and end among the bytes that are read away (RFC 8446, section 5.1). Only their sizes are seen.
#[derive(Default)]
struct Records {
    header: Vec<u8>,
    left: usize,
}

impl Records {
    /// Whether there is an alert among the records that begin in `data`.
    fn has_alert(&mut self, mut data: &[u8]) -> bool {
        let mut found = false;
        while !data.is_empty() {
            let skipped = self.left.min(data.len());
            self.left -= skipped;
            data = data.get(skipped..).unwrap_or_default();
            let missing = (5 - self.header.len()).min(data.len());
            self.header.extend_from_slice(data.get(..missing).unwrap_or_default());
            data = data.get(missing..).unwrap_or_default();
            if let [_, _, _, high, low] = self.header[..] {
                self.left = usize::from(high) << 8 | usize::from(low);
                found |= self.left <= ALERT;
                self.header.clear();
            }
        }
        found
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

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn an_alert_is_told_from_tickets_however_they_are_cut() {
        let record = |size: u16| {
            let [high, low] = size.to_be_bytes();
            [vec![23, 3, 3, high, low], vec![7; usize::from(size)]].concat()
        };
        let tickets = [record(250), record(235)].concat();
        let whole = [tickets.clone(), record(19)].concat();
        for size in [1, 2, 5, 7, 250, 1000] {
            let mut records = Records::default();
            assert!(!tickets.chunks(size).any(|piece| records.has_alert(piece)));
            let mut records = Records::default();
            assert!(whole.chunks(size).any(|piece| records.has_alert(piece)));
        }
    }
}
