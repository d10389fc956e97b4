//! One connection shared by all who use it: the socket object, the loops, another thread that closes it.
//!
//! Contract: the lock is held for one step, in which nothing waits and no Python code runs, so whoever has to wait for
//! it waits a moment only, whatever else he holds.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Fault, Session};
use crate::net::{Interest, Step, Stream, recv_now, send_now};

/// The most data that a TLS record holds (RFC 8446, section 5.1).
pub const RECORD: usize = 16 * 1024;

enum Layer {
    Tls(Box<dyn Session>),
    /// After both close_notifys the connection goes on in clear text.
    Plain,
    Closed,
}

pub struct Link {
    /// Stays open as long as anybody waits for it, also after a close.
    fd: Arc<OwnedFd>,
    layer: Mutex<Layer>,
    /// What came after data that had to be handed out first. An error isn't sure to come twice.
    deferred: Mutex<Option<Fault>>,
    /// Take an end without close_notify for an ordinary one.
    suppress_ragged_ends: bool,
    counts: Arc<Counts>,
}

/// How many bytes of data have come and gone, and how it ended; outlives the link.
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
    pub fn new(fd: Arc<OwnedFd>, session: Box<dyn Session>, suppress_ragged_ends: bool) -> Self {
        Self {
            fd,
            layer: Mutex::new(Layer::Tls(session)),
            deferred: Mutex::new(None),
            suppress_ragged_ends,
            counts: Arc::default(),
        }
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    fn layer(&self) -> MutexGuard<'_, Layer> {
        // A panic in the midst of a step leaves a session that fails, not one that lies.
        self.layer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deferred(&self) -> MutexGuard<'_, Option<Fault>> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the session tells of itself; `None` where there is none (any more).
    pub fn ask<T>(&self, question: impl FnOnce(&dyn Session) -> T) -> Option<T> {
        match &*self.layer() {
            Layer::Tls(session) => Some(question(session.as_ref())),
            Layer::Plain | Layer::Closed => None,
        }
    }

    pub fn handshake(&self) -> Result<Step, Fault> {
        match &mut *self.layer() {
            Layer::Tls(session) => session.handshake(),
            Layer::Plain => Ok(Step::Moved(0)),
            Layer::Closed => Err(Fault::Closed),
        }
    }

    /// As [`Stream::receive`]: as many whole records as are there and have room, or some of one.
    pub fn receive(&self, into: &mut [u8]) -> Result<Step, Fault> {
        let step = match &mut *self.layer() {
            Layer::Tls(session) => self.receive_records(session.as_mut(), into)?,
            Layer::Plain => moved(recv_now(self.fd.as_fd(), into), Interest::Read)?,
            Layer::Closed => return Err(Fault::Closed),
        };
        if let Step::Moved(count) = step {
            self.counts.received.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(step)
    }

    fn receive_records(&self, session: &mut dyn Session, into: &mut [u8]) -> Result<Step, Fault> {
        if let Step::Wait(interest) = session.handshake()? {
            return Ok(Step::Wait(interest));
        }
        let first = match self.deferred().take() {
            Some(fault) => Err(fault),
            None => session.read(into),
        };
        if !into.is_empty() {
            self.counts.note(&first);
        }
        let mut filled = match first {
            Ok(Step::Moved(count)) if count > 0 => count,
            Err(Fault::Truncated) if self.suppress_ragged_ends => return Ok(Step::Moved(0)),
            other => return other,
        };
        while let Some(rest) = into.get_mut(filled..).filter(|rest| rest.len() >= RECORD) {
            match session.read(rest) {
                Ok(Step::Moved(count)) if count > 0 => filled += count,
                Ok(_) => break, // the end comes again, and so does «not now»
                Err(fault) => {
                    *self.deferred() = Some(fault);
                    break;
                }
            }
        }
        Ok(Step::Moved(filled))
    }

    /// Sends a close_notify without waiting for the peer's.
    pub fn close_notify(&self) -> Result<Step, Fault> {
        match &mut *self.layer() {
            Layer::Tls(session) => {
                session.close_notify()?;
                session.flush()
            }
            Layer::Plain => Ok(Step::Moved(0)),
            Layer::Closed => Err(Fault::Closed),
        }
    }

    /// Sends a close_notify and reads up to the peer's; `Moved(0)` when it has come and the link is plain.
    pub fn unwrap(&self) -> Result<Step, Fault> {
        let layer = &mut *self.layer();
        let session = match layer {
            Layer::Tls(session) => session,
            Layer::Plain => return Ok(Step::Moved(0)),
            Layer::Closed => return Err(Fault::Closed),
        };
        session.close_notify()?;
        if let Step::Wait(interest) = session.flush()? {
            return Ok(Step::Wait(interest));
        }
        let outcome = session.await_close_notify();
        self.counts.note(&outcome);
        if let Step::Wait(interest) = outcome? {
            return Ok(Step::Wait(interest));
        }
        *layer = Layer::Plain;
        Ok(Step::Moved(0))
    }

    pub fn is_plain(&self) -> bool {
        matches!(&*self.layer(), Layer::Plain)
    }

    /// Whoever uses the link from now on, or waits for it, gets EBADF.
    pub fn close(&self) {
        *self.layer() = Layer::Closed;
    }
}

fn moved(outcome: io::Result<Option<usize>>, otherwise: Interest) -> Result<Step, Fault> {
    match outcome {
        Ok(count) => Ok(count.map_or(Step::Wait(otherwise), Step::Moved)),
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
        let session = &mut *self.link.layer();
        let session = match session {
            Layer::Tls(session) => session,
            Layer::Plain => return moved(send_now(self.link.fd.as_fd(), data), Interest::Write),
            Layer::Closed => return Err(Fault::Closed),
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
