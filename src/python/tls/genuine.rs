//! Python's own TLS connections: exactly an `ssl.SSLSocket` with none of its methods replaced, whose `SSL` can be lent to a
//! loop in Rust.
//!
//! `_ssl` has no API for it. What is relied on is the layout of its object, `PyObject_HEAD; PyObject *Socket (a weak
//! reference); SSL *ssl; PySSLContext *ctx`, the same in CPython 3.7 to 3.15, and proven before each use: the two
//! pointers around the one that is wanted have to be those that Python itself gives.

use pyo3::exceptions::PyException;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};
use std::path::PathBuf;
use std::ptr::NonNull;
use std::sync::OnceLock;

use crate::python::call::Call;
use crate::python::number::number;
use crate::python::socket;
use crate::tls::{IGNORE_UNEXPECTED_EOF, Library, Ssl};

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
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    let found = match find(py) {
        // Ctrl-C while `ssl` is being imported
        Err(error) if !error.is_instance_of::<PyException>(py) => return Err(error),
        // Without `ssl`, or with another one, there is nothing to lend; that is no error.
        found => found.unwrap_or(None),
    };
    let _ = GENUINE.set(py, found);
    if let Some(Some(genuine)) = GENUINE.get(py) {
        let _ = LIBRARY.set(&genuine.library);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "runs only while the module is imported")]
fn find(py: Python<'_>) -> PyResult<Option<Genuine>> {
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
        weak_reference: py.import("_weakref")?.getattr("ref")?.unbind(),
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
            return Ok(None); // the connection isn't under TLS (any more)
        }
        let socket = self.weak_reference.bind(py).call_held((conn,))?;
        let context = inner.getattr_held(intern!(py, "context"))?;
        // SAFETY: `inner` is alive and exactly of a type whose objects are at least `offset` and three pointers long, as
        // was checked at import; an object is aligned for pointers. Its words are only compared, but for the middle one.
        let words = unsafe { inner.as_ptr().cast::<u8>().add(self.offset).cast::<[usize; 3]>().read() };
        if words[0] != socket.as_ptr() as usize || words[2] != context.as_ptr() as usize {
            return Ok(None); // the object has another layout: it isn't touched
        }
        Ok(NonNull::new(words[1] as *mut Ssl).map(|ssl| (ssl, inner)))
    }
}

fn genuine(py: Python<'_>) -> Option<&'static Genuine> {
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

/// The `SSL` of `conn` for a loop in that direction, if its class's own methods would do the same.
pub fn lendable<'py>(conn: &Bound<'py, PyAny>, direction: Direction) -> PyResult<Option<Found<'py>>> {
    let Some(genuine) = genuine(conn.py()) else {
        return Ok(None);
    };
    if !socket::enabled(conn.py()) || !genuine.is_untouched(conn, direction.methods())? {
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
    // the flags meanwhile but one that reads from it, which this one has just done. Hazard: without the interpreter's lock
    // another thread reads from it nevertheless. Then the flags, one number, are those before or after.
    Some(unsafe { library.has_received_close_notify(ssl.as_ptr()) })
}

/// Whether the context has an EOF without close_notify pass for a regular end: Python 3.9 does that.
pub fn ignores_eof(conn: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = conn.py();
    let context = conn.getattr_held(intern!(py, "context"))?;
    let options = number::<i64>(&context.getattr_held(intern!(py, "options"))?)?;
    Ok(options as u64 & IGNORE_UNEXPECTED_EOF != 0)
}
