//! TLS in Rust, behind two small traits, so that another engine may take the place of the one there is.
//!
//! Contract: nothing here waits and nothing here knows of Python. A [`Session`] does one step at a time on a descriptor
//! that it never blocks on; who drives it waits with [`net::wait`](crate::net::wait) and calls again. Outgoing bytes
//! that the kernel doesn't take at once are the session's own: no step has to be repeated with the same data, so any
//! number of threads may write in turn.

mod borrowed;
mod errors;
mod handle;
mod library;
mod link;
mod native;
#[cfg(test)]
mod tests;
mod version;
mod wire;

// What is below native-tls. Parts of Apple's are tested everywhere.
#[cfg(any(test, target_vendor = "apple"))]
mod apple;
#[cfg(not(target_vendor = "apple"))]
mod openssl;

#[cfg(target_vendor = "apple")]
use apple as below;
#[cfg(not(target_vendor = "apple"))]
use openssl as below;

use crate::net::{Progress, Received, Sent};

pub use below::certificates;
pub use borrowed::Borrowed;
pub use errors::{Error, OptionError};
pub use handle::{Handle, Owed};
pub use library::{IGNORE_UNEXPECTED_EOF, Library, Ssl};
pub use link::{Link, RECORD};
pub use native::Native;
pub use version::{Agreed, Version};
pub use wire::Lent;

/// What makes sessions: the options of one context, checked.
pub trait Engine: Send + Sync {
    /// A session of a client on a connected stream socket, its handshake not begun. Without a name there is nothing to
    /// verify the certificate against, so only an engine that verifies no names takes `None`.
    ///
    /// It offers to resume the session that the ticket is of: one of the same engine, to the same name, for the
    /// certificate isn't verified again then.
    fn session(&self, fd: Lent, name: Option<&str>, ticket: Option<Ticket>) -> Box<dyn Session>;
}

/// One TLS connection, a step at a time.
pub trait Session: Send {
    /// Goes on with the handshake; it may be done already.
    fn handshake(&mut self) -> Result<Progress, Error>;
    /// Decrypts what is there, at most `into.len()` bytes. The end is the peer's close_notify.
    fn read(&mut self, into: &mut [u8]) -> Result<Received, Error>;
    /// Encrypts some of `data`. What it says was sent belongs to the session now, and [`Traffic`] tells how far it got.
    fn write(&mut self, data: &[u8]) -> Result<Sent, Error>;
    /// Offers the kernel what is left to be sent; done when that is nothing.
    fn flush(&mut self) -> Result<Progress, Error>;
    /// Encrypts a close_notify, once. There is no writing after it.
    fn close_notify(&mut self) -> Result<(), Error>;
    /// After our close_notify, reads up to the peer's; done when it has come.
    fn await_close_notify(&mut self) -> Result<Progress, Error>;
    /// How much was ever encrypted, and how much of that the kernel has taken.
    fn traffic(&self) -> Traffic;
    /// Decrypted bytes that the next read gives at once.
    fn pending(&self) -> usize;
    /// The peer's certificate (DER), once the handshake is done.
    fn peer_certificate(&self) -> Result<Option<Vec<u8>>, Error>;
    /// The protocol that ALPN chose.
    fn alpn(&self) -> Result<Option<Vec<u8>>, Error>;
    /// What client and server have agreed on, as far as it could be seen.
    fn agreed(&self) -> Option<Agreed>;
    /// What another connection can resume this session by, if it can and there is something by now.
    fn ticket(&self) -> Option<Ticket>;
    /// Whether the handshake has resumed an earlier session.
    fn is_resumed(&self) -> bool;
}

/// A session that can be resumed any number of times, with its secrets: the TLS library's own form of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Vec<u8>);

impl Ticket {
    pub fn new(der: Vec<u8>) -> Self {
        Self(der)
    }

    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// Counts of encrypted bytes on their way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub queued: u64,
    pub sent: u64,
}

/// What a context is told, in the engine's terms. Files are read and names checked by the caller.
#[derive(Default)]
pub struct Options {
    /// Roots to trust (DER), beside the operating system's or instead of them.
    pub roots: Vec<Vec<u8>>,
    pub system_roots: bool,
    pub identity: Option<Identity>,
    pub minimum: Option<Version>,
    pub maximum: Option<Version>,
    pub alpn: Vec<String>,
    pub accept_invalid_certs: bool,
    pub accept_invalid_hostnames: bool,
}

/// A client's certificate and key.
pub enum Identity {
    /// PEM: a chain and a key, which may be in the same file.
    Pem {
        chain: Vec<u8>,
        key: Vec<u8>,
        password: Option<String>,
    },
    Pkcs12 {
        archive: Vec<u8>,
        password: Option<String>,
    },
}
