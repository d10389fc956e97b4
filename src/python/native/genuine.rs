//! Python's own TLS connections: exactly an `ssl.SSLSocket` with none of its methods replaced, whose `SSL` can be lent to a
//! loop in Rust.
//!
//! `_ssl` has no API for it. What is relied on is the layout of its object, `PyObject_HEAD; PyObject *Socket (a weak
//! reference); SSL *ssl; PySSLContext *ctx`, the same in CPython 3.7 to 3.15, and proven before each use: the two
//! pointers around the one that is wanted have to be those that Python itself gives.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::PathBuf;
use std::ptr::NonNull;
use std::sync::OnceLock;

use super::super::call::{Call, number};
use crate::net;
use crate::tls::{Borrowed, IGNORE_UNEXPECTED_EOF, Library, Ssl};

/// Whoever replaces one of these, on the object or on the class, gets it called.
const RECEIVING: [&str; 5] = ["recv", "recv_into", "read", "makefile", "gettimeout"];
const SENDING: [&str; 4] = ["send", "sendall", "write", "gettimeout"];
const BOTH: [&str; 8] = [
    "recv",
    "recv_into",
    "read",
    "makefile",
    "send",
    "sendall",
    "write",
    "gettimeout",
];

/// What a loop does with the connection.
#[derive(Clone, Copy)]
pub enum Direction {
    Receiving,
    Sending,
    Both,
}

impl Direction {
    fn methods(self) -> &'static [&'static str] {
        match self {
            Direction::Receiving => &RECEIVING,
            Direction::Sending => &SENDING,
            Direction::Both => &BOTH,
        }
    }
}

struct Genuine {
    class: Py<PyType>,
    /// The class's methods as it was born with them.
    born: Py<PyDict>,
    /// The type of `SSLSocket._sslobj`.
    inner: Py<PyType>,
    weak_reference: Py<PyAny>,
    /// Where the first of the three pointers is, in bytes.
    offset: usize,
    library: Library,
}

/// `None` within: there is no such connection here, or it can't be lent.
static GENUINE: PyOnceLock<Option<Genuine>> = PyOnceLock::new();

static LIBRARY: OnceLock<&'static Library> = OnceLock::new();

/// Looks once, at import, whether TLS connections can be lent at all.
pub fn prepare(py: Python<'_>) {
    // Without `ssl`, or with another one, there is nothing to lend; that is no error.
    let found = find(py).unwrap_or(None);
    let _ = GENUINE.set(py, found);
    if let Some(Some(genuine)) = GENUINE.get(py) {
        let _ = LIBRARY.set(&genuine.library);
    }
}

#[expect(clippy::disallowed_methods, reason = "runs only while the module is imported")]
fn find(py: Python<'_>) -> PyResult<Option<Genuine>> {
    if cfg!(Py_GIL_DISABLED) {
        return Ok(None); // nobody has run it there
    }
    let ssl = py.import("ssl")?;
    let module = py.import("_ssl")?;
    // An interpreter with `_ssl` built in has no file to find its library by.
    let Ok(file) = module.getattr("__file__").and_then(|file| file.extract::<PathBuf>()) else {
        return Ok(None);
    };
    let version: String = ssl.getattr("OPENSSL_VERSION")?.extract()?;
    let Some(library) = Library::below(&file, &version) else {
        return Ok(None);
    };
    let class = ssl.getattr("SSLSocket")?.cast_into::<PyType>()?;
    let plain = py.import("socket")?.getattr("socket")?;
    if class.getattr("__module__")?.ne("ssl")? || !class.getattr("__base__")?.is(&plain) {
        return Ok(None);
    }
    let inner = module.getattr("_SSLSocket")?.cast_into::<PyType>()?;
    let offset = py.get_type::<PyAny>().getattr("__basicsize__")?.extract::<usize>()?;
    let size = inner.getattr("__basicsize__")?.extract::<usize>()?;
    if size < offset + 3 * size_of::<usize>() {
        return Ok(None);
    }
    let born = PyDict::new(py);
    for name in RECEIVING.iter().chain(&SENDING).chain(&["fileno", "pending"]) {
        born.set_item(name, class.getattr(*name)?)?;
    }
    Ok(Some(Genuine {
        class: class.unbind(),
        born: born.unbind(),
        inner: inner.unbind(),
        weak_reference: py.import("weakref")?.getattr("ref")?.unbind(),
        offset,
        library,
    }))
}

/// Empties this thread's queue of OpenSSL errors. OpenSSL since 3.6 leaves there that the kernel has refused a write, and
/// CPython (seen up to 3.15) leaves it, too: whichever connection of the thread waits next would fail by that error.
/// False where the library isn't known.
#[pyfunction]
pub fn forget_tls_errors() -> bool {
    library().inspect(|library| library.forget_errors()).is_some()
}

impl Genuine {
    /// Whether `object` is exactly an SSLSocket that has all of `methods`, and its descriptor, from its class.
    fn is_untouched(&self, object: &Bound<'_, PyAny>, methods: &[&str]) -> PyResult<bool> {
        let py = object.py();
        let class = object.get_type();
        if !class.is(self.class.bind(py)) {
            return Ok(false);
        }
        let own = object
            .getattr_held(intern!(py, "__dict__"))?
            .cast_into_exact::<PyDict>()?;
        let born = self.born.bind(py);
        for name in methods.iter().chain(&["fileno", "pending"]) {
            let name = PyString::intern(py, name);
            let is_born = match born.get_item(&name)? {
                Some(method) => class.as_any().getattr_held(&name)?.is(&method),
                None => false,
            };
            if own.contains(&name)? || !is_born {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The `SSL` of `conn`, with the object that keeps it alive.
    fn ssl<'py>(&self, conn: &Bound<'py, PyAny>) -> PyResult<Option<(NonNull<Ssl>, Bound<'py, PyAny>)>> {
        let py = conn.py();
        let inner = conn.getattr_held(intern!(py, "_sslobj"))?;
        if !inner.get_type().is(self.inner.bind(py)) {
            return Ok(None); // not under TLS, or not any more
        }
        let socket = self.weak_reference.bind(py).call_held((conn,))?;
        let context = inner.getattr_held(intern!(py, "context"))?;
        // SAFETY: `inner` is alive and exactly of a type whose objects are at least `offset` and three pointers long, as
        // was checked at import; an object is aligned for pointers. Its words are only compared, but for the middle one.
        let words = unsafe { inner.as_ptr().cast::<u8>().add(self.offset).cast::<[usize; 3]>().read() };
        if words[0] != socket.as_ptr() as usize || words[2] != context.as_ptr() as usize {
            return Ok(None); // another layout: hands off
        }
        Ok(NonNull::new(words[1] as *mut Ssl).map(|ssl| (ssl, inner)))
    }
}

fn genuine(py: Python<'_>) -> Option<&Genuine> {
    GENUINE.get(py)?.as_ref()
}

/// The library of Python's own TLS connections; also from a thread that doesn't hold the interpreter's lock.
pub fn library() -> Option<&'static Library> {
    LIBRARY.get().copied()
}

/// An `SSL`, with its library and with what keeps it alive.
pub type Found<'py> = (&'static Library, NonNull<Ssl>, Bound<'py, PyAny>);

/// The `SSL` of `conn`, if it is a TLS connection of Python's own.
pub fn ssl_of<'py>(conn: &Bound<'py, PyAny>) -> PyResult<Option<Found<'py>>> {
    let Some(Some(genuine)) = GENUINE.get(conn.py()) else {
        return Ok(None);
    };
    // by its type, and not by what it says of itself (`__class__`), for which it would have to be asked
    let class = genuine.class.bind(conn.py()).as_type_ptr();
    // SAFETY: the GIL is held; both are alive, and the second is a type.
    if unsafe { ffi::PyObject_TypeCheck(conn.as_ptr(), class) } == 0 {
        return Ok(None);
    }
    Ok(genuine.ssl(conn)?.map(|(ssl, alive)| (&genuine.library, ssl, alive)))
}

/// Whether `object` is a TLS connection of Python's own from which lines can be read by its own `recv_into`.
pub fn is_receivable(object: &Bound<'_, PyAny>) -> bool {
    genuine(object.py()).is_some_and(|genuine| genuine.is_untouched(object, &RECEIVING).unwrap_or(false))
}

/// Whether the peer has ended TLS on `conn` by a close_notify; None where that can't be told, as in Python 3.9, which has
/// an EOF pass for one.
#[pyfunction]
pub fn has_ended_regularly(conn: &Bound<'_, PyAny>) -> Option<bool> {
    let (library, ssl, _alive) = ssl_of(conn).ok().flatten()?;
    if ignores_eof(conn).unwrap_or(true) {
        return None;
    }
    // SAFETY: `ssl` is alive, for `_alive` is, and belongs to this library; the lock is held, and no other thread changes
    // the flags meanwhile but one that reads from it, which this one has just done.
    Some(unsafe { library.has_received_close_notify(ssl.as_ptr()) })
}

/// A connection lent to a loop. Given back when it is dropped.
pub struct Loan<'a, 'py> {
    conn: &'a Bound<'py, PyAny>,
    ssl: NonNull<Ssl>,
    library: &'static Library,
    /// Keeps the `SSL` alive, also when another thread closes the connection meanwhile.
    _alive: Bound<'py, PyAny>,
    descriptor: RawFd,
    told_eof: bool,
}

impl<'a, 'py> Loan<'a, 'py> {
    /// `conn` for a loop, if that can be had: the stream, and what gives it back. The stream has to be dropped first.
    pub fn take(conn: &'a Bound<'py, PyAny>, direction: Direction) -> PyResult<Option<(Self, Borrowed)>> {
        let py = conn.py();
        let Some(Some(genuine)) = GENUINE.get(py) else {
            return Ok(None);
        };
        if !super::socket::enabled(py) || !genuine.is_untouched(conn, direction.methods())? {
            return Ok(None);
        }
        let Some((ssl, alive)) = genuine.ssl(conn)? else {
            return Ok(None);
        };
        let descriptor = number(&conn.call_method_held(intern!(py, "fileno"), ())?)?;
        // Without a descriptor to spare, Python's own loop needs none.
        let Ok(fd) = net::duplicate(descriptor) else {
            return Ok(None);
        };
        if net::set_blocking(fd.as_fd(), false).is_err() {
            return Ok(None);
        }
        let told_eof = !ignores_eof(conn)?;
        let library = &genuine.library;
        // SAFETY: `ssl` is alive, for `alive` is, and belongs to this library. No other thread uses it: a data connection
        // has just been made for its transfer, on a control connection whoever reads waits for the batch (`Reader::take_over`),
        // and `Loan` gives it back before anybody else reads from it. (A script whose other thread uses the connection of
        // a running transfer or batch is undefined in `ssl` as well.)
        let stream = unsafe {
            if !library.set_descriptor(ssl.as_ptr(), fd.as_raw_fd()) {
                return Ok(None);
            }
            library.tell_unexpected_eof(ssl.as_ptr(), true);
            Borrowed::new(library, ssl, fd)
        };
        let loan = Self {
            conn,
            ssl,
            library,
            _alive: alive,
            descriptor,
            told_eof,
        };
        Ok(Some((loan, stream)))
    }
}

/// Whether the context has an EOF without close_notify pass for a regular end: Python 3.9 does that.
fn ignores_eof(conn: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = conn.py();
    let context = conn.getattr_held(intern!(py, "context"))?;
    let options = number::<i64>(&context.getattr_held(intern!(py, "options"))?)?;
    Ok(options as u64 & IGNORE_UNEXPECTED_EOF != 0)
}

impl Drop for Loan<'_, '_> {
    /// Nothing is read or written here: the `SSL` gets its number back, the descriptor its mode.
    fn drop(&mut self) {
        let py = self.conn.py();
        let open = self
            .conn
            .call_method_held(intern!(py, "fileno"), ())
            .and_then(|descriptor| number::<RawFd>(&descriptor))
            .is_ok_and(|descriptor| descriptor == self.descriptor);
        // SAFETY: as in `take`; the loop has ended. A closed connection gets no number: the old one may be somebody else's.
        unsafe {
            self.library
                .set_descriptor(self.ssl.as_ptr(), if open { self.descriptor } else { -1 });
            self.library.tell_unexpected_eof(self.ssl.as_ptr(), self.told_eof);
        }
        // Non-blocking mode is how Python has a socket with a timeout. Without one, its own method puts the mode back.
        let timeout = self.conn.call_method_held(intern!(py, "gettimeout"), ());
        if let (true, Ok(timeout)) = (open, timeout) {
            if timeout.is_none() {
                let _ = self.conn.run_method_held(intern!(py, "settimeout"), (timeout,));
            }
        }
    }
}
