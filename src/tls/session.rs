//! What every engine has to offer, so that another one may take the place of the one there is.

use super::errors::Error;
use super::lent::Lent;
use super::version::Agreed;
use crate::net::{Progress, Received, Sent};

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
