//! What can go wrong under TLS. The one table that maps it to Python's exceptions is in `python::errors`.

use std::io;

/// A step failed; the connection is of no more use, but for [`Error::Late`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection below: reset, broken pipe...
    #[error("{0}")]
    Connection(io::Error),
    /// The peer, or somebody on the way, closed without a close_notify.
    #[error("EOF occurred in violation of protocol: no close_notify")]
    Truncated,
    /// The peer's certificate wasn't accepted: why, in the TLS library's words, with OpenSSL's number of it (1 is
    /// «unspecified»).
    #[error("certificate verify failed: {reason}")]
    Unverified { code: i32, reason: String },
    /// The peer broke the protocol, or sent an alert; the TLS library's words.
    #[error("{0}")]
    Protocol(String),
    /// Data came where the peer's close_notify was awaited.
    #[error("application data after close notify")]
    Late,
    /// Asked for before the handshake was done.
    #[error("handshake not done yet")]
    TooEarly,
    /// The link was closed, here or by another thread.
    #[error("closed")]
    Closed,
}

/// So that the loops, which know only `io::Error`, can carry it to whoever can name it.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Connection(error) => error,
            Error::Closed => io::Error::from_raw_os_error(libc::EBADF),
            other => io::Error::other(other),
        }
    }
}

/// An option of a context was refused: which one, and why, never with a secret in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    #[error("the root certificates: {0}")]
    Roots(String),
    #[error("the certificate chain of the client's identity: {0}")]
    Chain(String),
    #[error("the key of the client's identity: {0}")]
    Key(String),
    #[error("the PKCS#12 archive as such: {0}")]
    Archive(String),
    /// The key or the PKCS#12 archive doesn't open with this password.
    #[error("wrong password")]
    Password,
    /// All of them together, or the TLS library itself.
    #[error("{0}")]
    Context(String),
}
