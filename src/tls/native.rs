//! The engine on native-tls: the operating system's TLS library and its trust store. It can't resume sessions.

use native_tls::{
    Certificate, HandshakeError, MidHandshakeTlsStream, Protocol, TlsConnector, TlsConnectorBuilder, TlsStream,
};
use std::error::Error;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::fault::plain_words;
use super::wire::{Lent, ROOM, Wire};
use super::{Agreed, Engine, Fault, Identity, Options, Session, Setup, Traffic, Version};
use crate::net::{Interest, Step};

/// What a server name is where none is wanted: it is neither sent nor verified.
const NO_NAME: &str = "nameless.invalid";

/// The most session tickets that are skipped in one step (a server sends two, as a rule).
const SKIPPED: usize = 8;

/// What OpenSSL's bindings say of a step that read a session ticket and nothing else.
const SKIPS: [&str; 2] = ["the operation should be retried", "unexpected EOF"];

pub struct Native {
    connector: TlsConnector,
    /// For connections without a name, where names aren't verified.
    nameless: Option<Nameless>,
}

/// Made when it is needed: each connector reads the operating system's roots.
struct Nameless {
    builder: TlsConnectorBuilder,
    connector: OnceLock<Option<TlsConnector>>,
}

impl Native {
    pub fn new(options: &Options) -> Result<Self, Setup> {
        let mut builder = builder(options)?;
        let connector = builder.build().map_err(|error| match words(&error) {
            text if text.contains("mismatch") => Setup::Key("the private key isn't that of the certificate".to_owned()),
            text => Setup::Context(text),
        })?;
        let verifies = !options.accept_invalid_certs && !options.accept_invalid_hostnames;
        builder.use_sni(false);
        Ok(Self {
            connector,
            nameless: (!verifies).then(|| Nameless {
                builder,
                connector: OnceLock::new(),
            }),
        })
    }

    fn nameless(&self) -> Option<&TlsConnector> {
        let Nameless { builder, connector } = self.nameless.as_ref()?;
        connector.get_or_init(|| builder.build().ok()).as_ref()
    }

    /// Whether this is a certificate (DER); if not, why.
    pub fn check_certificate(der: &[u8]) -> Result<(), String> {
        Certificate::from_der(der).map(drop).map_err(|error| words(&error))
    }
}

fn builder(options: &Options) -> Result<TlsConnectorBuilder, Setup> {
    let mut builder = TlsConnector::builder();
    for root in &options.roots {
        let root = Certificate::from_der(root).map_err(|error| Setup::Roots(words(&error)))?;
        builder.add_root_certificate(root);
    }
    if let Some(identity) = &options.identity {
        builder.identity(native_identity(identity)?);
    }
    let alpn: Vec<&str> = options.alpn.iter().map(String::as_str).collect();
    builder
        .disable_built_in_roots(!options.system_roots)
        .min_protocol_version(options.minimum.map(protocol))
        .max_protocol_version(options.maximum.map(protocol))
        .request_alpns(&alpn)
        .danger_accept_invalid_certs(options.accept_invalid_certs)
        .danger_accept_invalid_hostnames(options.accept_invalid_hostnames);
    Ok(builder)
}

fn native_identity(identity: &Identity) -> Result<native_tls::Identity, Setup> {
    match identity {
        Identity::Pem { chain, key } => {
            Certificate::stack_from_pem(chain).map_err(|error| Setup::Chain(words(&error)))?;
            native_tls::Identity::from_pkcs8(chain, key).map_err(|error| Setup::Key(words(&error)))
        }
        Identity::Pkcs12 { archive, password } => {
            native_tls::Identity::from_pkcs12(archive, password).map_err(|error| match words(&error) {
                text if text.contains("mac verify failure") => Setup::Password,
                text if text.contains("unsupported") => Setup::Archive(format!(
                    "{text}: it is closed with an algorithm that the TLS library has given up; export it anew"
                )),
                text => Setup::Archive(text),
            })
        }
    }
}

fn protocol(version: Version) -> Protocol {
    match version {
        Version::Tls10 => Protocol::Tlsv10,
        Version::Tls11 => Protocol::Tlsv11,
        Version::Tls12 => Protocol::Tlsv12,
        Version::Tls13 => Protocol::Tlsv13,
    }
}

fn words(error: &native_tls::Error) -> String {
    plain_words(&error.to_string())
}

impl Engine for Native {
    fn session(&self, fd: Lent, name: Option<&str>) -> Box<dyn Session> {
        let wire = Wire::new(fd);
        let ended = wire.ended();
        let (connector, name) = match name {
            Some(name) => (&self.connector, name),
            None => (self.nameless().unwrap_or(&self.connector), NO_NAME),
        };
        Box::new(NativeSession {
            state: State::Fresh(connector.clone(), name.to_owned(), wire),
            ended,
            notified: false,
        })
    }
}

enum State {
    Fresh(TlsConnector, String, Wire),
    Shaking(MidHandshakeTlsStream<Wire>),
    Open(TlsStream<Wire>),
    Failed,
}

struct NativeSession {
    state: State,
    /// The stream below is at its end: whatever the library says then, it was no close_notify.
    ended: Arc<AtomicBool>,
    notified: bool,
}

impl NativeSession {
    fn open(&mut self) -> Result<&mut TlsStream<Wire>, Fault> {
        match &mut self.state {
            State::Open(stream) => Ok(stream),
            State::Fresh(..) | State::Shaking(_) => Err(Fault::TooEarly),
            State::Failed => Err(Fault::Protocol("the handshake has failed".to_owned())),
        }
    }

    fn wire(&self) -> Option<&Wire> {
        match &self.state {
            State::Fresh(_, _, wire) => Some(wire),
            State::Shaking(stream) => Some(stream.get_ref()),
            State::Open(stream) => Some(stream.get_ref()),
            State::Failed => None,
        }
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// What an error of a read or write means, `None` being «not now».
    fn fault(&self, error: io::Error) -> Option<Fault> {
        if error.kind() == io::ErrorKind::WouldBlock {
            None
        } else if error.raw_os_error().is_some() {
            Some(Fault::Connection(error))
        } else if self.ended() {
            Some(Fault::Truncated)
        } else {
            Some(Fault::Protocol(plain_words(&error.to_string())))
        }
    }

    fn handshake_fault(&self, error: &native_tls::Error) -> Fault {
        let below = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        if let Some(errno) = below.and_then(io::Error::raw_os_error) {
            return Fault::Connection(io::Error::from_raw_os_error(errno));
        }
        let report = error.to_string();
        if report.contains("certificate verify failed") {
            // «error:...certificate verify failed:...: (the reason)»
            let reason = report
                .rsplit_once(" (")
                .map_or("", |(_, reason)| reason.trim_end_matches(')'));
            Fault::Unverified(reason.to_owned())
        } else if self.ended() {
            Fault::Truncated
        } else {
            Fault::Protocol(plain_words(&report))
        }
    }
}

impl Session for NativeSession {
    fn handshake(&mut self) -> Result<Step, Fault> {
        let outcome = match std::mem::replace(&mut self.state, State::Failed) {
            State::Open(stream) => {
                self.state = State::Open(stream);
                return Ok(Step::Moved(0));
            }
            State::Failed => return Err(Fault::Protocol("the handshake has failed".to_owned())),
            State::Fresh(connector, name, wire) => connector.connect(&name, wire),
            State::Shaking(stream) => stream.handshake(),
        };
        match outcome {
            Ok(mut stream) => {
                stream.get_mut().push();
                stream.get_mut().eager = false;
                self.state = State::Open(stream);
                Ok(Step::Moved(0))
            }
            Err(HandshakeError::WouldBlock(mut stream)) => {
                stream.get_mut().push();
                let interest = match stream.get_ref().waiting() {
                    0 => Interest::Read,
                    _ => Interest::Write,
                };
                self.state = State::Shaking(stream);
                Ok(Step::Wait(interest))
            }
            Err(HandshakeError::Failure(error)) => Err(self.handshake_fault(&error)),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<Step, Fault> {
        let notified = self.notified;
        let stream = self.open()?;
        // What is still to be sent may be what the peer waits for.
        stream.get_mut().push();
        let mut outcome = stream.read(into);
        if notified {
            // After our close_notify a session ticket looks like the end, once; the real end stays one.
            for _ in 0..SKIPPED {
                match outcome {
                    Ok(0) => outcome = stream.read(into),
                    _ => break,
                }
            }
        }
        stream.get_mut().push();
        match outcome {
            // OpenSSL up to 1.1.1 takes an end without close_notify for an ordinary one
            Ok(0) if self.ended() && !into.is_empty() => Err(Fault::Truncated),
            Ok(count) => Ok(Step::Moved(count)),
            Err(error) => self.fault(error).map_or(Ok(Step::Wait(Interest::Read)), Err),
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<Step, Fault> {
        let notified = self.notified;
        let stream = self.open()?;
        stream.get_mut().push();
        stream.get_ref().check().map_err(Fault::Connection)?;
        if notified {
            return Err(Fault::Connection(io::Error::from_raw_os_error(libc::EPIPE)));
        }
        if stream.get_ref().waiting() > 0 {
            return Ok(Step::Wait(Interest::Write));
        }
        let mut taken = 0;
        // the last record may go beyond the room, never a new one
        while taken < data.len() && stream.get_ref().waiting() < ROOM {
            match stream.write(data.get(taken..).unwrap_or_default()) {
                Ok(count) => taken += count,
                Err(_) if taken > 0 => break, // it comes again
                // With all that is written taken, only a handshake message of the peer's can be missing.
                Err(error) => return self.fault(error).map_or(Ok(Step::Wait(Interest::Read)), Err),
            }
        }
        Ok(Step::Moved(taken))
    }

    fn flush(&mut self) -> Result<Step, Fault> {
        let wire = self.open()?.get_mut();
        wire.push();
        wire.check().map_err(Fault::Connection)?;
        match wire.waiting() {
            0 => Ok(Step::Moved(0)),
            _ => Ok(Step::Wait(Interest::Write)),
        }
    }

    fn close_notify(&mut self) -> Result<(), Fault> {
        if self.notified {
            return Ok(());
        }
        self.open()?
            .shutdown()
            .map_err(|error| self.fault(error).unwrap_or(Fault::Late))?;
        self.notified = true;
        Ok(())
    }

    fn await_close_notify(&mut self) -> Result<Step, Fault> {
        for _ in 0..SKIPPED {
            // The first call has sent ours; from the second on it looks for the peer's.
            let Err(error) = self.open()?.shutdown() else {
                return Ok(Step::Moved(0));
            };
            match self.fault(error) {
                None => return Ok(Step::Wait(Interest::Read)),
                Some(Fault::Protocol(text)) if SKIPS.contains(&text.as_str()) => {}
                Some(Fault::Protocol(text)) if text.contains("application data after close notify") => {
                    return Err(Fault::Late);
                }
                Some(fault) => return Err(fault),
            }
        }
        Ok(Step::Wait(Interest::Read))
    }

    fn traffic(&self) -> Traffic {
        self.wire().map(Wire::traffic).unwrap_or_default()
    }

    fn pending(&self) -> usize {
        match &self.state {
            State::Open(stream) => stream.buffered_read_size().unwrap_or(0),
            _ => 0,
        }
    }

    fn peer_certificate(&self) -> Result<Option<Vec<u8>>, Fault> {
        let State::Open(stream) = &self.state else {
            return Err(Fault::TooEarly);
        };
        let certificate = stream
            .peer_certificate()
            .map_err(|error| Fault::Protocol(words(&error)))?;
        let der = certificate.map(|certificate| certificate.to_der()).transpose();
        der.map_err(|error| Fault::Protocol(words(&error)))
    }

    fn alpn(&self) -> Result<Option<Vec<u8>>, Fault> {
        let State::Open(stream) = &self.state else {
            return Err(Fault::TooEarly);
        };
        stream.negotiated_alpn().map_err(|error| Fault::Protocol(words(&error)))
    }

    fn agreed(&self) -> Option<Agreed> {
        match &self.state {
            State::Open(stream) => stream.get_ref().hello.agreed,
            _ => None,
        }
    }
}
