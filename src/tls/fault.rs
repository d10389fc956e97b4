//! What can go wrong, named by fault. The one table that maps it to Python's exceptions is in `python::tls`.

use std::fmt;
use std::io;

/// A step failed; the connection is of no more use, but for [`Fault::Late`].
#[derive(Debug)]
pub enum Fault {
    /// The connection below: reset, broken pipe...
    Connection(io::Error),
    /// The peer, or somebody on the way, closed without a close_notify.
    Truncated,
    /// The peer's certificate wasn't accepted: why, in the TLS library's words, with OpenSSL's number of it (1 is
    /// «unspecified»).
    Unverified { code: i32, reason: String },
    /// The peer broke the protocol, or sent an alert; the TLS library's words.
    Protocol(String),
    /// Data came where the peer's close_notify was awaited.
    Late,
    /// Asked for before the handshake was done.
    TooEarly,
    /// The link was closed, here or by another thread.
    Closed,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Connection(error) => write!(out, "{error}"),
            Fault::Truncated => out.write_str("EOF occurred in violation of protocol: no close_notify"),
            Fault::Unverified { reason, .. } => write!(out, "certificate verify failed: {reason}"),
            Fault::Protocol(text) => out.write_str(text),
            Fault::Late => out.write_str("application data after close notify"),
            Fault::TooEarly => out.write_str("handshake not done yet"),
            Fault::Closed => out.write_str("closed"),
        }
    }
}

impl std::error::Error for Fault {}

/// So that the loops, which know only `io::Error`, can carry it to whoever can name it.
impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Connection(error) => error,
            Fault::Closed => io::Error::from_raw_os_error(libc::EBADF),
            other => io::Error::other(other),
        }
    }
}

/// An option of a context was refused: which one, and why, never with a secret in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Setup {
    /// The root certificates.
    Roots(String),
    /// The certificate chain of the client's identity.
    Chain(String),
    /// The key of the client's identity.
    Key(String),
    /// The PKCS#12 archive as such.
    Archive(String),
    /// The key or the PKCS#12 archive doesn't open with this password.
    Password,
    /// All of them together, or the TLS library itself.
    Context(String),
}
