//! What OpenSSL can do and tell that native-tls doesn't pass on: resume sessions, name its errors, open encrypted keys.

mod errors;
mod hook;
mod identity;

use native_tls::{HandshakeError, TlsConnector, TlsConnectorBuilder, TlsStream};
use openssl::ssl::{SslRef, SslSession};

use super::errors::Error;
use super::session::Ticket;
use super::version::{Agreed, Version};
use super::wire::Wire;
use hook::{Notes, is_resumable, noting};

pub use identity::{certificates, identity};

/// Whether the library doesn't wait for the peer's close_notify.
pub const CLOSES_AT_ONCE: bool = false;

type Handshake = Result<TlsStream<Wire>, HandshakeError<Wire>>;

/// Empties this thread's queue of errors. What others have left in it, such as Python's `ssl` where both share the library,
/// would be taken for the reason of the next step that can't go on.
pub fn forget_errors() {
    // SAFETY: it concerns this thread only, and has no arguments.
    unsafe { openssl_sys::ERR_clear_error() };
}

/// Why a context can't be made.
pub fn setup(error: &native_tls::Error) -> String {
    error.to_string()
}

pub fn connector(builder: &TlsConnectorBuilder) -> Result<TlsConnector, native_tls::Error> {
    let (connector, notes) = noting(Notes::default(), || builder.build());
    if connector.is_ok() {
        hook::watch_handshakes(notes);
    }
    connector
}

/// Begins a handshake, which resumes a session if there is one and the server will.
pub fn connect(connector: &TlsConnector, name: &str, wire: Wire, ticket: Option<&Ticket>) -> (Handshake, Seen) {
    // A copy for each connection: the library spoils the session of one that isn't ended by a close_notify.
    let session = ticket.and_then(|ticket| SslSession::from_der(ticket.der()).ok());
    let offer = session.as_deref().map_or_else(Notes::default, Notes::offering);
    let (outcome, notes) = noting(offer, || connector.connect(name, wire));
    let seen = Seen(notes.after(matches!(outcome, Err(HandshakeError::Failure(_)))));
    (outcome, seen)
}

/// Goes on with a handshake.
pub fn step(seen: Seen, call: impl FnOnce() -> Handshake) -> (Handshake, Seen) {
    let (outcome, notes) = noting(seen.0, call);
    let seen = Seen(notes.after(matches!(outcome, Err(HandshakeError::Failure(_)))));
    (outcome, seen)
}

/// The `SSL` under a stream of native-tls, and why its handshake has failed.
///
/// It is to be asked only while that stream lives.
pub struct Seen(Notes);

// SAFETY: hazard: two threads in one `SSL`. It is kept beside the stream that it belongs to, and asked while that isn't
// used: native-tls's stream may be sent to another thread for the same reason.
unsafe impl Send for Seen {}

impl Seen {
    fn ssl(&self) -> Option<&SslRef> {
        // SAFETY: hazards: (1) native-tls has freed it: the notes forget an `SSL` whose handshake has failed, and until
        // then the stream lives; (2) somebody changes it meanwhile: who asks holds the session, and so the stream.
        unsafe { self.0.ssl() }
    }

    pub fn agreed(&self, _: &Wire) -> Option<Agreed> {
        let ssl = self.ssl()?;
        let version = u16::try_from(hook::version(ssl)).ok().and_then(Version::of)?;
        let cipher = ssl.current_cipher();
        Some(Agreed {
            version,
            cipher: cipher.map(|cipher| (cipher.name(), cipher.bits().secret.unsigned_abs())),
        })
    }

    /// Whether a read that gave nothing has come to the peer's close_notify; a session ticket gives nothing, too.
    pub fn has_ended(&self) -> bool {
        self.ssl().is_none_or(hook::has_received_close_notify)
    }

    /// What another connection can resume this one's session by. In TLS 1.3 it comes some time after the handshake, and
    /// the server may send a newer one.
    pub fn ticket(&self) -> Option<Ticket> {
        let session = self.ssl()?.session()?;
        if !is_resumable(session) {
            return None;
        }
        session.to_der().ok().map(Ticket::new)
    }

    pub fn is_resumed(&self) -> bool {
        self.ssl().is_some_and(SslRef::session_reused)
    }

    pub fn handshake_error(&self, error: &native_tls::Error) -> Error {
        errors::of_handshake(error, self.0.verdict())
    }

    /// What an error of a read or write means that isn't the connection's own, `None` being «not now».
    pub fn error_of(&self, error: &std::io::Error) -> Option<Error> {
        errors::of_io(error)
    }
}
