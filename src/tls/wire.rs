//! What a TLS library reads and writes: a descriptor that never blocks, and takes all that is written.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(target_vendor = "apple")]
use super::hello::Hello;
use super::lent::Lent;
use super::session::Traffic;
use crate::net::{recv_now, send_now};

/// As much as may wait to be sent. Records are encrypted while there is room, then given to the kernel in one call.
pub const ROOM: usize = 64 * 1024;

/// Writing never fails and hardly ever «would block»: what the kernel doesn't take stays here. So the TLS library never
/// holds a half-sent record that only the same data could complete.
pub struct Wire {
    fd: Lent,
    out: Vec<u8>,
    /// How much of `out` the kernel has taken.
    taken: usize,
    traffic: Traffic,
    /// Why nothing can be sent any more. Reading goes on: the reason may be an alert that is still to be read.
    broken: Option<i32>,
    #[cfg(target_vendor = "apple")]
    pub hello: Hello,
    /// During the handshake all is offered to the kernel at once: of a handshake that fails the library drops the wire,
    /// and the alert that tells the server why has to be out by then.
    pub eager: bool,
    /// The end of the stream below was seen; outlives the wire, which a failed handshake drops.
    ended: Arc<AtomicBool>,
}

impl Wire {
    pub fn new(fd: Lent) -> Self {
        Self {
            fd,
            out: Vec::new(),
            taken: 0,
            traffic: Traffic::default(),
            broken: None,
            #[cfg(target_vendor = "apple")]
            hello: Hello::default(),
            eager: true,
            ended: Arc::default(),
        }
    }

    pub fn ended(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.ended)
    }

    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// How much waits to be sent.
    pub fn waiting(&self) -> usize {
        self.out.len() - self.taken
    }

    /// Offers the kernel what waits. An error is kept for [`check`](Self::check).
    pub fn push(&mut self) {
        while self.broken.is_none() && self.waiting() > 0 {
            match send_now(self.fd.get(), self.out.get(self.taken..).unwrap_or_default()) {
                Ok(Some(count)) => {
                    self.taken += count;
                    self.traffic.sent += count as u64;
                }
                Ok(None) => break,
                Err(error) => self.broken = Some(error.raw_os_error().unwrap_or(libc::EIO)),
            }
        }
        if self.waiting() == 0 {
            self.out.clear();
            self.taken = 0;
        }
    }

    /// The error that ended the sending, if one did.
    pub fn check(&self) -> io::Result<()> {
        self.broken
            .map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match recv_now(self.fd.get(), into)? {
            None => Err(io::ErrorKind::WouldBlock.into()),
            Some(count) => {
                if count == 0 && !into.is_empty() {
                    self.ended.store(true, Ordering::Relaxed);
                }
                #[cfg(target_vendor = "apple")]
                self.hello.feed(into.get(..count).unwrap_or_default());
                Ok(count)
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.waiting() >= ROOM {
            self.push();
        }
        if self.waiting() >= ROOM && self.broken.is_none() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if self.broken.is_none() {
            self.out.extend_from_slice(data);
        }
        self.traffic.queued += data.len() as u64;
        if self.eager {
            self.push();
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push();
        Ok(())
    }
}
