//! One connection shared by all who use it: the socket object, the loops, another thread that closes it, and the copies
//! of the process that `fork` makes.
//!
//! Contract: the lock is held for one step, in which nothing waits and no Python code runs. So a thread that has to wait
//! for it waits a moment only, even with another lock in its hands. Nothing is sent or received when a link is dropped.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::errors::Error;
use super::lent::Lent;
use super::session::{Session, Ticket};
use super::version::Version;
use crate::net::{Progress, Received, end_sending, recv_now, reset_on_close};

/// The most data that a TLS record holds (RFC 8446, section 5.1).
pub const RECORD: usize = 16 * 1024;

pub(super) enum Layer {
    Tls {
        session: Box<dyn Session>,
        /// What came after data that had to be handed out first. An error isn't sure to come twice.
        deferred: Option<Error>,
        /// The peer's close_notify was asked for, and all that came before it was read.
        sought_end: bool,
    },
    /// After both close_notifys the connection goes on in clear text; its session can still be resumed.
    Plain(Option<Ticket>),
    /// Closed, but for the kernel.
    Lingering(Box<dyn Session>),
    Closed,
}

pub struct Link {
    fd: Lent,
    layer: Mutex<Layer>,
    /// The process that made it: in a copy of it, nothing is said and nothing is freed.
    maker: u32,
    /// The process that has seen the lock free, which no thread can hold any more that a fork has left behind.
    user: AtomicU32,
    /// Whether data has come, and whether the kernel has taken any.
    has_received: AtomicBool,
    pub(super) has_sent: AtomicBool,
    /// How the peer has ended it, once that was seen: CLEAN or RAGGED. It outlives the connection.
    end: AtomicU8,
}

const CLEAN: u8 = 1;
const RAGGED: u8 = 2;

impl Link {
    pub fn new(fd: Lent, session: Box<dyn Session>) -> Self {
        let process = std::process::id();
        Self {
            fd,
            layer: Mutex::new(Layer::Tls {
                session,
                deferred: None,
                sought_end: false,
            }),
            maker: process,
            user: AtomicU32::new(process),
            has_received: AtomicBool::new(false),
            has_sent: AtomicBool::new(false),
            end: AtomicU8::new(0),
        }
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.get()
    }

    /// Whether the peer has ended by a close_notify; `None` if the end wasn't seen.
    pub fn clean(&self) -> Option<bool> {
        match self.end.load(Ordering::Relaxed) {
            CLEAN => Some(true),
            RAGGED => Some(false),
            _ => None,
        }
    }

    /// Notes how the peer has ended the connection, if `outcome` tells; `clean`: it does so by a close_notify.
    fn note_end<T>(&self, outcome: &Result<T, Error>, clean: bool) {
        match outcome {
            Ok(_) if clean => self.end.store(CLEAN, Ordering::Relaxed),
            Err(Error::Truncated | Error::Connection(_)) => self.end.store(RAGGED, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Whether this is a copy that `fork` has made of the link.
    pub fn is_inherited(&self) -> bool {
        std::process::id() != self.maker
    }

    /// A thread that held the lock when the process was forked isn't there in the copy to let go of it: what it was doing
    /// with the session can't be finished, and counts as closed.
    pub(super) fn layer(&self) -> Result<MutexGuard<'_, Layer>, Error> {
        // A panic in the midst of a step leaves a session that fails, not one that lies.
        let process = std::process::id();
        if self.user.load(Ordering::Relaxed) == process {
            return Ok(self.layer.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let layer = match self.layer.try_lock() {
            Ok(layer) => layer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Error::Closed),
        };
        self.user.store(process, Ordering::Relaxed);
        Ok(layer)
    }

    /// What the session tells of itself; `None` where there is none (any more).
    pub fn ask<T>(&self, question: impl FnOnce(&dyn Session) -> T) -> Option<T> {
        match &*self.layer().ok()? {
            Layer::Tls { session, .. } => Some(question(session.as_ref())),
            _ => None,
        }
    }

    pub fn handshake(&self) -> Result<Progress, Error> {
        match &mut *self.layer()? {
            Layer::Tls { session, .. } => session.handshake(),
            Layer::Plain(_) => Ok(Progress::Done),
            Layer::Lingering(_) | Layer::Closed => Err(Error::Closed),
        }
    }

    /// As [`Stream::receive`](crate::net::Stream::receive): as many whole records as are there and have room, or some of one. An end without
    /// close_notify is [`Error::Truncated`].
    pub fn receive(&self, into: &mut [u8]) -> Result<Received, Error> {
        let received = match &mut *self.layer()? {
            Layer::Tls { session, deferred, .. } => self.receive_records(session.as_mut(), deferred, into)?,
            Layer::Plain(_) => Received::of(recv_now(self.fd.get(), into).map_err(Error::Connection)?),
            Layer::Lingering(_) | Layer::Closed => return Err(Error::Closed),
        };
        if let Received::Data(1..) = received {
            self.has_received.store(true, Ordering::Relaxed);
        }
        Ok(received)
    }

    fn receive_records(
        &self,
        session: &mut dyn Session,
        deferred: &mut Option<Error>,
        into: &mut [u8],
    ) -> Result<Received, Error> {
        if let Progress::Wait(interest) = session.handshake()? {
            return Ok(Received::Wait(interest));
        }
        let first = match deferred.take() {
            Some(error) => Err(error),
            None => session.read(into),
        };
        if !into.is_empty() {
            self.note_end(&first, matches!(first, Ok(Received::End)));
        }
        let mut filled = match first {
            Ok(Received::Data(count)) if count > 0 => count,
            other => return other,
        };
        while let Some(rest) = into.get_mut(filled..).filter(|rest| rest.len() >= RECORD) {
            match session.read(rest) {
                Ok(Received::Data(count)) if count > 0 => filled += count,
                Ok(_) => break, // the next read gives the end, or «not now», again
                Err(error) => {
                    *deferred = Some(error);
                    break;
                }
            }
        }
        Ok(Received::Data(filled))
    }

    /// Sends a close_notify without waiting for the peer's.
    pub fn close_notify(&self) -> Result<Progress, Error> {
        match &mut *self.layer()? {
            Layer::Tls { session, .. } => {
                session.close_notify()?;
                session.flush()
            }
            Layer::Plain(_) => Ok(Progress::Done),
            Layer::Lingering(_) | Layer::Closed => Err(Error::Closed),
        }
    }

    /// Sends a close_notify and reads up to the peer's; done when it has come and the link is plain. Nothing of what
    /// follows the peer's is read.
    pub fn unwrap(&self) -> Result<Progress, Error> {
        let layer = &mut *self.layer()?;
        let (session, sought_end) = match layer {
            Layer::Tls {
                session, sought_end, ..
            } => (session, sought_end),
            Layer::Plain(_) => return Ok(Progress::Done),
            Layer::Lingering(_) | Layer::Closed => return Err(Error::Closed),
        };
        session.close_notify()?;
        if let Progress::Wait(interest) = session.flush()? {
            return Ok(Progress::Wait(interest));
        }
        *sought_end = true;
        let outcome = session.await_close_notify();
        self.note_end(&outcome, matches!(outcome, Ok(Progress::Done)));
        if let Progress::Wait(interest) = outcome? {
            return Ok(Progress::Wait(interest));
        }
        let ticket = session.ticket();
        *layer = Layer::Plain(ticket);
        Ok(Progress::Done)
    }

    /// What another connection can resume the session by, also when this one goes on in clear text.
    pub fn ticket(&self) -> Option<Ticket> {
        match &*self.layer().ok()? {
            Layer::Tls { session, .. } => session.ticket(),
            Layer::Plain(ticket) => ticket.clone(),
            Layer::Lingering(_) | Layer::Closed => None,
        }
    }

    pub fn is_plain(&self) -> bool {
        self.layer().is_ok_and(|layer| matches!(&*layer, Layer::Plain(_)))
    }

    /// Whoever uses the link from now on, or waits for it, gets EBADF. Offers the kernel what waits to be sent, if this is
    /// the process that made the link.
    ///
    /// Returns whether to [linger](Self::linger) before the descriptor is closed, if `may_linger`. Whoever closes a socket
    /// that has bytes unread, or to which some are still on their way, has the kernel reset the connection, and what was
    /// sent may be lost with it. Session tickets (TLS 1.3) are such bytes: a server sends them by itself, after the
    /// handshake. So where data was sent and nothing received yet, the sending is ended first.
    pub fn close(&self, may_linger: bool) -> bool {
        let Ok(mut layer) = self.layer() else { return false };
        let before = std::mem::replace(&mut *layer, Layer::Closed);
        if self.is_inherited() {
            // Freeing it takes locks of the TLS library's, which a thread of the other process may have held.
            std::mem::forget(before);
            return false;
        }
        let Layer::Tls {
            mut session,
            sought_end,
            ..
        } = before
        else {
            return false;
        };
        let flushed = matches!(session.flush(), Ok(Progress::Done));
        let tickets = session.agreed().is_some_and(|agreed| agreed.version >= Version::Tls13)
            && !self.has_received.load(Ordering::Relaxed)
            && self.clean().is_none()
            && !sought_end;
        let lingers = may_linger && flushed && tickets && self.has_sent.load(Ordering::Relaxed);
        if lingers {
            end_sending(self.fd.get());
            *layer = Layer::Lingering(session);
        }
        lingers
    }

    /// Reads what comes after the end of sending; done when nothing is to be waited for any more. The descriptor is to
    /// be closed then, after another [`close`](Self::close).
    pub fn linger(&self) -> Progress {
        let Ok(mut layer) = self.layer() else {
            return Progress::Done;
        };
        let Layer::Lingering(session) = &mut *layer else {
            return Progress::Done; // another thread has closed it for good
        };
        match session.read(&mut [0; 1024]) {
            Ok(Received::Wait(interest)) => return Progress::Wait(interest),
            // An alert: it has read all. Some servers wait for our close_notify then: a reset tells that none will come.
            Ok(Received::End) | Err(Error::Protocol(_)) => {
                let _ = reset_on_close(self.fd.get());
            }
            _ => {}
        }
        Progress::Done
    }
}
