//! One connection shared by all who use it: the socket object, the loops, another thread that closes it, and the copies
//! of the process that `fork` makes.
//!
//! Contract: the lock is held for one step, in which nothing waits and no Python code runs, so whoever has to wait for
//! it waits a moment only, whatever else he holds. Nothing is sent or received when a link is dropped.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::wire::Lent;
use super::{Fault, Session, Ticket, Version};
use crate::net::{Interest, Step, Stream, end_sending, recv_now, reset_on_close, send_now};

/// The most data that a TLS record holds (RFC 8446, section 5.1).
pub const RECORD: usize = 16 * 1024;

enum Layer {
    Tls {
        session: Box<dyn Session>,
        /// What came after data that had to be handed out first. An error isn't sure to come twice.
        deferred: Option<Fault>,
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
    counts: Counts,
}

/// How many bytes of data have come and gone, and how it ended; outlives the connection.
#[derive(Debug, Default)]
pub struct Counts {
    received: AtomicU64,
    sent: AtomicU64,
    end: AtomicU8,
}

const CLEAN: u8 = 1;
const RAGGED: u8 = 2;

impl Counts {
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the peer has ended by a close_notify; `None` if the end wasn't seen.
    pub fn clean(&self) -> Option<bool> {
        match self.end.load(Ordering::Relaxed) {
            CLEAN => Some(true),
            RAGGED => Some(false),
            _ => None,
        }
    }

    fn note(&self, outcome: &Result<Step, Fault>) {
        match outcome {
            Ok(Step::Moved(0)) => self.end.store(CLEAN, Ordering::Relaxed),
            Err(Fault::Truncated | Fault::Connection(_)) => self.end.store(RAGGED, Ordering::Relaxed),
            _ => {}
        }
    }
}

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
            counts: Counts::default(),
        }
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.get()
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether this is a copy that `fork` has made of the link.
    pub fn is_inherited(&self) -> bool {
        std::process::id() != self.maker
    }

    /// A thread that held the lock when the process was forked isn't there in the copy to let go of it: what it was doing
    /// with the session can't be finished, and counts as closed.
    fn layer(&self) -> Result<MutexGuard<'_, Layer>, Fault> {
        // A panic in the midst of a step leaves a session that fails, not one that lies.
        let process = std::process::id();
        if self.user.load(Ordering::Relaxed) == process {
            return Ok(self.layer.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let layer = match self.layer.try_lock() {
            Ok(layer) => layer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Fault::Closed),
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

    pub fn handshake(&self) -> Result<Step, Fault> {
        match &mut *self.layer()? {
            Layer::Tls { session, .. } => session.handshake(),
            Layer::Plain(_) => Ok(Step::Moved(0)),
            Layer::Lingering(_) | Layer::Closed => Err(Fault::Closed),
        }
    }

    /// As [`Stream::receive`]: as many whole records as are there and have room, or some of one. An end without
    /// close_notify is [`Fault::Truncated`].
    pub fn receive(&self, into: &mut [u8]) -> Result<Step, Fault> {
        let step = match &mut *self.layer()? {
            Layer::Tls { session, deferred, .. } => self.receive_records(session.as_mut(), deferred, into)?,
            Layer::Plain(_) => moved(recv_now(self.fd.get(), into), Interest::Read)?,
            Layer::Lingering(_) | Layer::Closed => return Err(Fault::Closed),
        };
        if let Step::Moved(count) = step {
            self.counts.received.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(step)
    }

    fn receive_records(
        &self,
        session: &mut dyn Session,
        deferred: &mut Option<Fault>,
        into: &mut [u8],
    ) -> Result<Step, Fault> {
        if let Step::Wait(interest) = session.handshake()? {
            return Ok(Step::Wait(interest));
        }
        let first = match deferred.take() {
            Some(fault) => Err(fault),
            None => session.read(into),
        };
        if !into.is_empty() {
            self.counts.note(&first);
        }
        let mut filled = match first {
            Ok(Step::Moved(count)) if count > 0 => count,
            other => return other,
        };
        while let Some(rest) = into.get_mut(filled..).filter(|rest| rest.len() >= RECORD) {
            match session.read(rest) {
                Ok(Step::Moved(count)) if count > 0 => filled += count,
                Ok(_) => break, // the end comes again, and so does «not now»
                Err(fault) => {
                    *deferred = Some(fault);
                    break;
                }
            }
        }
        Ok(Step::Moved(filled))
    }

    /// Sends a close_notify without waiting for the peer's.
    pub fn close_notify(&self) -> Result<Step, Fault> {
        match &mut *self.layer()? {
            Layer::Tls { session, .. } => {
                session.close_notify()?;
                session.flush()
            }
            Layer::Plain(_) => Ok(Step::Moved(0)),
            Layer::Lingering(_) | Layer::Closed => Err(Fault::Closed),
        }
    }

    /// Sends a close_notify and reads up to the peer's; `Moved(0)` when it has come and the link is plain. Nothing of what
    /// follows the peer's is read.
    pub fn unwrap(&self) -> Result<Step, Fault> {
        let layer = &mut *self.layer()?;
        let (session, sought_end) = match layer {
            Layer::Tls {
                session, sought_end, ..
            } => (session, sought_end),
            Layer::Plain(_) => return Ok(Step::Moved(0)),
            Layer::Lingering(_) | Layer::Closed => return Err(Fault::Closed),
        };
        session.close_notify()?;
        if let Step::Wait(interest) = session.flush()? {
            return Ok(Step::Wait(interest));
        }
        *sought_end = true;
        let outcome = session.await_close_notify();
        self.counts.note(&outcome);
        if let Step::Wait(interest) = outcome? {
            return Ok(Step::Wait(interest));
        }
        let ticket = session.ticket();
        *layer = Layer::Plain(ticket);
        Ok(Step::Moved(0))
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
        let flushed = matches!(session.flush(), Ok(Step::Moved(0)));
        let tickets = session.agreed().is_some_and(|agreed| agreed.version >= Version::Tls13)
            && self.counts.received() == 0
            && self.counts.clean().is_none()
            && !sought_end;
        let lingers = may_linger && flushed && tickets && self.counts.sent() > 0;
        if lingers {
            end_sending(self.fd.get());
            *layer = Layer::Lingering(session);
        }
        lingers
    }

    /// Reads what comes after the end of sending; `Moved` when nothing is to be waited for any more. The descriptor is to
    /// be closed then, after another [`close`](Self::close).
    pub fn linger(&self) -> Step {
        let Ok(mut layer) = self.layer() else {
            return Step::Moved(0);
        };
        let Layer::Lingering(session) = &mut *layer else {
            return Step::Moved(0); // another thread has closed it for good
        };
        match session.read(&mut [0; 1024]) {
            Ok(Step::Wait(interest)) => return Step::Wait(interest),
            // An alert: it has read all. Some servers wait for our close_notify then: a reset tells that none will come.
            Ok(Step::Moved(0)) | Err(Fault::Protocol(_)) => {
                let _ = reset_on_close(self.fd.get());
            }
            _ => {}
        }
        Step::Moved(0)
    }
}

fn moved(outcome: io::Result<Option<usize>>, otherwise: Interest) -> Result<Step, Fault> {
    match outcome {
        Ok(Some(count)) => Ok(Step::Moved(count)),
        Ok(None) => Ok(Step::Wait(otherwise)),
        Err(error) => Err(Fault::Connection(error)),
    }
}

/// One user of a link. Each sender needs one of its own: it remembers what was encrypted for it and is still to be sent,
/// so that «moved» means taken by the kernel, as with a plain socket.
pub struct Handle {
    link: Arc<Link>,
    owed: Option<Owed>,
}

/// What a send has handed over without seeing it leave.
#[derive(Clone, Copy, Debug)]
pub struct Owed {
    count: usize,
    /// Sent when this much has been.
    until: u64,
}

impl Handle {
    pub fn new(link: Arc<Link>) -> Self {
        Self { link, owed: None }
    }

    /// Goes on with a send that was given up: the same data has to be sent again.
    pub fn resume(link: Arc<Link>, owed: Option<Owed>) -> Self {
        Self { link, owed }
    }

    pub fn owed(&self) -> Option<Owed> {
        self.owed
    }

    /// As [`Stream::send`].
    pub fn write(&mut self, data: &[u8]) -> Result<Step, Fault> {
        let step = self.step(data)?;
        if let Step::Moved(count) = step {
            self.link.counts.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(step)
    }

    fn step(&mut self, data: &[u8]) -> Result<Step, Fault> {
        let layer = &mut *self.link.layer()?;
        let session = match layer {
            Layer::Tls { session, .. } => session,
            Layer::Plain(_) => return moved(send_now(self.link.fd.get(), data), Interest::Write),
            Layer::Lingering(_) | Layer::Closed => return Err(Fault::Closed),
        };
        if self.owed.is_some_and(|owed| owed.count > data.len()) {
            return Err(Fault::Protocol("bad length: send the same data again".to_owned()));
        }
        if self.owed.is_none() {
            if let Step::Wait(interest) = session.handshake()? {
                return Ok(Step::Wait(interest));
            }
            match session.write(data)? {
                Step::Moved(count) => {
                    let until = session.traffic().queued;
                    self.owed = Some(Owed { count, until });
                }
                wait @ Step::Wait(_) => return Ok(wait),
            }
        }
        let step = session.flush()?;
        match &self.owed {
            Some(owed) if session.traffic().sent < owed.until => Ok(match step {
                Step::Moved(_) => Step::Wait(Interest::Write),
                wait => wait,
            }),
            _ => Ok(Step::Moved(self.owed.take().map_or(0, |owed| owed.count))),
        }
    }
}

impl Stream for Handle {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.link.descriptor()
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Step> {
        Ok(self.link.receive(into)?)
    }

    fn send(&mut self, data: &[u8]) -> io::Result<Step> {
        Ok(self.write(data)?)
    }
}
