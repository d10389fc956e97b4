//! One user of a link: what a loop, or a call of the socket object's, reads and writes by.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::errors::Error;
use super::link::{Layer, Link};
use crate::net::{Interest, Progress, Received, Sent, Stream, send_now};

/// One user of a link. Each sender needs one of its own: it remembers what was encrypted for it and is still to be sent,
/// so that «sent» means taken by the kernel, as with a plain socket.
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
    pub fn write(&mut self, data: &[u8]) -> Result<Sent, Error> {
        let sent = self.write_some(data)?;
        if let Sent::Data(1..) = sent {
            self.link.has_sent.store(true, Ordering::Relaxed);
        }
        Ok(sent)
    }

    fn write_some(&mut self, data: &[u8]) -> Result<Sent, Error> {
        let layer = &mut *self.link.layer()?;
        let session = match layer {
            Layer::Tls { session, .. } => session,
            Layer::Plain(_) => {
                let sent = send_now(self.link.descriptor(), data).map_err(Error::Connection)?;
                return Ok(Sent::of(sent));
            }
            Layer::Lingering(_) | Layer::Closed => return Err(Error::Closed),
        };
        if self.owed.is_some_and(|owed| owed.count > data.len()) {
            return Err(Error::Protocol("bad length: send the same data again".to_owned()));
        }
        if self.owed.is_none() {
            if let Progress::Wait(interest) = session.handshake()? {
                return Ok(Sent::Wait(interest));
            }
            match session.write(data)? {
                Sent::Data(count) => {
                    let until = session.traffic().queued;
                    self.owed = Some(Owed { count, until });
                }
                wait @ Sent::Wait(_) => return Ok(wait),
            }
        }
        let flushed = session.flush()?;
        match &self.owed {
            Some(owed) if session.traffic().sent < owed.until => Ok(Sent::Wait(match flushed {
                Progress::Done => Interest::Write,
                Progress::Wait(interest) => interest,
            })),
            _ => Ok(Sent::Data(self.owed.take().map_or(0, |owed| owed.count))),
        }
    }
}

impl Stream for Handle {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.link.descriptor()
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        Ok(self.link.receive(into)?)
    }

    fn send(&mut self, data: &[u8]) -> io::Result<Sent> {
        Ok(self.write(data)?)
    }
}
