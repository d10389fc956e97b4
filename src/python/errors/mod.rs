//! What can go wrong, named by whose fault it is, and the one table from there to Python's exceptions. ftplib's own classes
//! are raised, so that code which imports either module catches both.

mod exceptions;
#[cfg(unix)]
mod ssl;

pub use exceptions::{is_timeout, raise};

use pyo3::exceptions::{PyEOFError, PyOSError, PyOverflowError, PyTypeError, PyUnicodeError, PyValueError};
use pyo3::prelude::*;
use std::io;

use self::exceptions::Class;
use crate::protocol::charset::Charset;
use crate::protocol::received_lines::Undecodable;
use crate::protocol::reply::Kind;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    // ------------------------------------------------------------------------------------------- the server's
    /// A 4xx reply.
    #[error("refused for now")]
    RefusedForNow(Py<PyAny>),
    /// A 5xx reply.
    #[error("refused for good")]
    RefusedForGood(Py<PyAny>),
    /// A reply that is well-formed, but not the one that the dialogue allows here.
    #[error("unexpected reply")]
    Unexpected(Py<PyAny>),
    /// The server has broken the protocol by this reply.
    #[error("malformed reply")]
    Malformed(Py<PyAny>),
    /// A line is longer than `maxline`, which is this.
    #[error("got more than %d bytes")]
    LineTooLong(Py<PyAny>),
    /// A reply is longer than `max_reply`, which is this.
    #[error("got more than %d bytes in one reply")]
    ReplyTooLong(Py<PyAny>),
    /// The multi-line replies of a batch are longer than `max_reply`, together.
    #[error("got more than max_reply characters in one batch")]
    BatchTooLong,
    /// A listing that can't be believed, because of this line, if it is because of one.
    #[error("{0}")]
    Listing(&'static str, Option<Py<PyAny>>),
    /// A listing has more bytes than this.
    #[error("more than {0} bytes in one listing")]
    ListingTooLong(usize),
    #[error("undecodable bytes received")]
    Undecodable(Charset, Undecodable),
    /// The server has closed the control connection.
    #[error("the server has closed the connection")]
    ServerClosed,

    // ------------------------------------------------------------------------------------------- the network's
    /// A failed system call, as `socket` reports it: with errno, so that Python picks the right subclass of OSError. Or what
    /// a loop carries in its place: a failure of TLS.
    #[error("{0}")]
    Io(io::Error),
    /// The timeout of a socket has passed: `socket` and `ssl` each have a text of their own for it.
    #[error("{0}")]
    TimedOut(&'static str),
    /// TLS has failed on a connection to somebody of that name, as far as it is known.
    #[cfg(unix)]
    #[error("{0}")]
    Tls(crate::tls::Error, Option<String>),

    // ------------------------------------------------------------------------------------------- the caller's
    /// The connection is closed, here or by another thread.
    #[error("closed")]
    Closed,
    /// In non-blocking mode it would have to wait.
    #[error("would block")]
    WouldBlock,
    #[cfg(unix)]
    #[error("the operation did not complete")]
    TlsWouldBlock(crate::net::Interest),
    /// Why a reader can't be read any more.
    #[error("{0}")]
    Unreadable(&'static str),
    #[error("an illegal newline character should not be contained")]
    LineBreak,
    #[error("I/O operation on closed file.")]
    ClosedReader,
    /// What was to be done with a file that is closed: "write to".
    #[error("{0} closed file")]
    ClosedFile(&'static str),
    #[error("an integer is required")]
    NotAnInteger,
    #[error("Python int too large to convert to C ssize_t")]
    TooLarge,
    #[error("a line of a listing should be a str")]
    NoText,
    #[error("modified must be a datetime with a time zone, resolution a timedelta")]
    NoTime,
    #[error("facts are names and values, of str")]
    NoFacts,
    #[error("no fact has ';' in it, and no name '='")]
    WrongFact,
    #[error("type must be 'file', 'dir', 'link' or 'other'")]
    WrongKind,
    #[error("no such channel")]
    NoSuchChannel,
    #[error("Session refers to a different {0}.")]
    ForeignSession(&'static str),
    /// The TLS library refuses an option of a context.
    #[cfg(unix)]
    #[error("{0}")]
    TlsOption(String),
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| {
            let text = error.to_string();
            match error {
                Error::RefusedForNow(reply) => exceptions::ftp(py, Class::Temp, reply),
                Error::RefusedForGood(reply) => exceptions::ftp(py, Class::Perm, reply),
                Error::Unexpected(reply) => exceptions::ftp(py, Class::Reply, reply),
                Error::Malformed(reply) => exceptions::ftp(py, Class::Proto, reply),
                Error::LineTooLong(limit) | Error::ReplyTooLong(limit) => exceptions::above_limit(py, &text, limit),
                Error::BatchTooLong => exceptions::ftp(py, Class::Error, text),
                Error::Listing(_, line) => exceptions::listing(py, &text, line),
                Error::ListingTooLong(_) => exceptions::listing(py, &text, None),
                Error::Undecodable(charset, undecodable) => exceptions::undecodable(py, charset, &undecodable)
                    .unwrap_or_else(|| raise::<PyUnicodeError>(py, (text,))),
                Error::ServerClosed => raise::<PyEOFError>(py, ()),

                Error::Io(error) => io_error(py, error),
                Error::TimedOut(text) => exceptions::timed_out(py, text),
                #[cfg(unix)]
                Error::Tls(error, name) => ssl::raised(py, error, name.as_deref()),

                Error::Closed => exceptions::errno(py, libc::EBADF),
                Error::WouldBlock => exceptions::errno(py, libc::EAGAIN),
                #[cfg(unix)]
                Error::TlsWouldBlock(interest) => ssl::would_block(py, interest),
                Error::Unreadable(_) => raise::<PyOSError>(py, (text,)),
                Error::NotAnInteger | Error::NoText | Error::NoTime | Error::NoFacts => {
                    raise::<PyTypeError>(py, (text,))
                }
                Error::TooLarge => raise::<PyOverflowError>(py, (text,)),
                Error::LineBreak
                | Error::ClosedReader
                | Error::ClosedFile(_)
                | Error::NoSuchChannel
                | Error::WrongFact
                | Error::WrongKind
                | Error::ForeignSession(_) => raise::<PyValueError>(py, (text,)),
                #[cfg(unix)]
                Error::TlsOption(text) => ssl::refused(py, &text),
            }
        })
    }
}

/// What getresp() raises for a reply of this kind, or `None` where it returns the reply.
pub fn refusal(kind: Kind, reply: &Bound<'_, PyAny>) -> Option<Error> {
    let reply = || reply.clone().unbind();
    match kind {
        Kind::Preliminary | Kind::Completion | Kind::Intermediate => None,
        Kind::TransientNegative => Some(Error::RefusedForNow(reply())),
        Kind::PermanentNegative => Some(Error::RefusedForGood(reply())),
        Kind::Malformed => Some(Error::Malformed(reply())),
    }
}

/// A system call's error, or the failure of TLS that a loop carries in its place.
fn io_error(py: Python<'_>, error: io::Error) -> PyErr {
    #[cfg(unix)]
    let error = match error.downcast::<crate::tls::Error>() {
        Ok(carried) => return ssl::raised(py, carried, None),
        Err(error) => error,
    };
    exceptions::os_error(py, &error)
}
