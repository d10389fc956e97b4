//! One connection of native-tls's, a step at a time.

use native_tls::{HandshakeError, MidHandshakeTlsStream, TlsConnector, TlsStream};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::net::{Interest, Progress, Received, Sent};
#[cfg(target_vendor = "apple")]
use crate::tls::apple::{self as below, Seen};
use crate::tls::errors::Error;
#[cfg(not(target_vendor = "apple"))]
use crate::tls::openssl::{self as below, Seen};
use crate::tls::session::{Session, Ticket, Traffic};
use crate::tls::version::Agreed;
use crate::tls::wire::{ROOM, Wire};

/// The most session tickets that are skipped in one step (a server sends two, as a rule).
const SKIPPED: usize = 8;

enum Phase {
    Fresh {
        connector: TlsConnector,
        name: String,
        wire: Wire,
        /// What to resume by.
        ticket: Option<Ticket>,
    },
    Shaking(MidHandshakeTlsStream<Wire>, Seen),
    Open(TlsStream<Wire>, Seen),
    Failed,
}

pub struct NativeSession {
    phase: Phase,
    /// The stream below is at its end: whatever the library says then, it was no close_notify.
    ended: Arc<AtomicBool>,
    notified: bool,
}

impl NativeSession {
    pub fn new(connector: TlsConnector, name: &str, wire: Wire, ticket: Option<Ticket>) -> Self {
        Self {
            ended: wire.ended(),
            phase: Phase::Fresh {
                connector,
                name: name.to_owned(),
                wire,
                ticket,
            },
            notified: false,
        }
    }

    fn open(&mut self) -> Result<(&mut TlsStream<Wire>, &Seen), Error> {
        below::forget_errors();
        match &mut self.phase {
            Phase::Open(stream, seen) => Ok((stream, seen)),
            Phase::Fresh { .. } | Phase::Shaking(..) => Err(Error::TooEarly),
            Phase::Failed => Err(Error::Protocol("the handshake has failed".to_owned())),
        }
    }

    fn wire(&self) -> Option<&Wire> {
        match &self.phase {
            Phase::Fresh { wire, .. } => Some(wire),
            Phase::Shaking(stream, _) => Some(stream.get_ref()),
            Phase::Open(stream, _) => Some(stream.get_ref()),
            Phase::Failed => None,
        }
    }

    fn seen(&self) -> Option<&Seen> {
        match &self.phase {
            Phase::Open(_, seen) => Some(seen),
            _ => None,
        }
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// What an error of a read or write means, `None` being «not now».
    fn error_of(&self, error: io::Error) -> Option<Error> {
        if error.kind() == io::ErrorKind::WouldBlock {
            None
        } else if error.raw_os_error().is_some() {
            Some(Error::Connection(error))
        } else if self.ended() {
            Some(Error::Truncated)
        } else {
            self.seen()?.error_of(&error)
        }
    }
}

impl Session for NativeSession {
    fn handshake(&mut self) -> Result<Progress, Error> {
        if matches!(self.phase, Phase::Open(..)) {
            return Ok(Progress::Done);
        }
        below::forget_errors();
        let (outcome, seen) = match std::mem::replace(&mut self.phase, Phase::Failed) {
            Phase::Open(..) | Phase::Failed => return Err(Error::Protocol("the handshake has failed".to_owned())),
            Phase::Fresh {
                connector,
                name,
                wire,
                ticket,
            } => below::connect(&connector, &name, wire, ticket.as_ref()),
            Phase::Shaking(stream, seen) => below::step(seen, || stream.handshake()),
        };
        match outcome {
            Ok(mut stream) => {
                stream.get_mut().push();
                stream.get_mut().eager = false;
                self.phase = Phase::Open(stream, seen);
                Ok(Progress::Done)
            }
            Err(HandshakeError::WouldBlock(mut stream)) => {
                stream.get_mut().push();
                let interest = match stream.get_ref().waiting() {
                    0 => Interest::Read,
                    _ => Interest::Write,
                };
                self.phase = Phase::Shaking(stream, seen);
                Ok(Progress::Wait(interest))
            }
            Err(HandshakeError::Failure(error)) => Err(match seen.handshake_error(&error) {
                Error::Protocol(_) if self.ended() => Error::Truncated,
                error => error,
            }),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        let ended = Arc::clone(&self.ended);
        let (stream, seen) = self.open()?;
        // What is still to be sent may be what the peer waits for.
        stream.get_mut().push();
        let mut outcome = stream.read(into);
        let mut empty = false;
        for _ in 0..SKIPPED {
            empty = matches!(outcome, Ok(0)) && !into.is_empty() && !seen.has_ended();
            if !empty || ended.load(Ordering::Relaxed) {
                break;
            }
            outcome = stream.read(into);
        }
        stream.get_mut().push();
        match outcome {
            // OpenSSL up to 1.1.1 takes an end without close_notify for an ordinary one
            Ok(0) if self.ended() && !into.is_empty() => Err(Error::Truncated),
            Ok(0) if empty => Ok(Received::Wait(Interest::Read)),
            Ok(0) if !into.is_empty() => Ok(Received::End),
            Ok(count) => Ok(Received::Data(count)),
            Err(error) => self.error_of(error).map_or(Ok(Received::Wait(Interest::Read)), Err),
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<Sent, Error> {
        let notified = self.notified;
        let (stream, _) = self.open()?;
        stream.get_mut().push();
        stream.get_ref().check().map_err(Error::Connection)?;
        if notified {
            return Err(Error::Connection(io::Error::from_raw_os_error(libc::EPIPE)));
        }
        if stream.get_ref().waiting() > 0 {
            return Ok(Sent::Wait(Interest::Write));
        }
        let mut taken = 0;
        // the last record may go beyond the room, never a new one
        while taken < data.len() && stream.get_ref().waiting() < ROOM {
            match stream.write(data.get(taken..).unwrap_or_default()) {
                Ok(count) => taken += count,
                Err(_) if taken > 0 => break, // the next write gets the error again
                // With all that is written taken, only a handshake message of the peer's can be missing.
                Err(error) => return self.error_of(error).map_or(Ok(Sent::Wait(Interest::Read)), Err),
            }
        }
        Ok(Sent::Data(taken))
    }

    fn flush(&mut self) -> Result<Progress, Error> {
        let wire = self.open()?.0.get_mut();
        wire.push();
        wire.check().map_err(Error::Connection)?;
        match wire.waiting() {
            0 => Ok(Progress::Done),
            _ => Ok(Progress::Wait(Interest::Write)),
        }
    }

    fn close_notify(&mut self) -> Result<(), Error> {
        if self.notified {
            return Ok(());
        }
        self.open()?
            .0
            .shutdown()
            .map_err(|error| self.error_of(error).unwrap_or(Error::Late))?;
        self.notified = true;
        Ok(())
    }

    fn await_close_notify(&mut self) -> Result<Progress, Error> {
        if below::CLOSES_AT_ONCE {
            return Ok(Progress::Done);
        }
        match self.read(&mut [0; 1024])? {
            Received::Data(_) => Err(Error::Late),
            Received::End => Ok(Progress::Done),
            Received::Wait(interest) => Ok(Progress::Wait(interest)),
        }
    }

    fn traffic(&self) -> Traffic {
        self.wire().map(Wire::traffic).unwrap_or_default()
    }

    fn pending(&self) -> usize {
        match &self.phase {
            Phase::Open(stream, _) => stream.buffered_read_size().unwrap_or(0),
            _ => 0,
        }
    }

    fn peer_certificate(&self) -> Result<Option<Vec<u8>>, Error> {
        let Phase::Open(stream, _) = &self.phase else {
            return Err(Error::TooEarly);
        };
        let certificate = stream.peer_certificate().map_err(unknown)?;
        certificate
            .map(|certificate| certificate.to_der())
            .transpose()
            .map_err(unknown)
    }

    fn alpn(&self) -> Result<Option<Vec<u8>>, Error> {
        let Phase::Open(stream, _) = &self.phase else {
            return Err(Error::TooEarly);
        };
        stream.negotiated_alpn().map_err(unknown)
    }

    fn agreed(&self) -> Option<Agreed> {
        let (seen, wire) = (self.seen()?, self.wire()?);
        seen.agreed(wire)
    }

    fn ticket(&self) -> Option<Ticket> {
        self.seen()?.ticket()
    }

    fn is_resumed(&self) -> bool {
        self.seen().is_some_and(Seen::is_resumed)
    }
}

fn unknown(error: native_tls::Error) -> Error {
    Error::Protocol(below::setup(&error))
}
