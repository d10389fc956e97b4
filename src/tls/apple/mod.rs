//! What native-tls doesn't do on Security Framework: it can't resume sessions there, and little can be asked of it.

mod identity;
#[cfg(test)]
mod tests;

#[cfg(target_vendor = "apple")]
pub use framework::{CLOSES_AT_ONCE, Seen, certificates, connect, connector, forget_errors, identity, setup, step};

#[cfg(target_vendor = "apple")]
mod framework {
    use native_tls::{HandshakeError, TlsConnector, TlsConnectorBuilder, TlsStream};
    use std::error::Error as _;
    use std::io;

    pub use super::identity::certificates;
    use super::identity::pem_identity;
    use crate::tls::errors::{Error, OptionError};
    use crate::tls::options::Identity;
    use crate::tls::session::Ticket;
    use crate::tls::version::Agreed;
    use crate::tls::wire::Wire;

    /// SSLClose sends a close_notify and doesn't wait for the peer's.
    pub const CLOSES_AT_ONCE: bool = true;

    pub fn forget_errors() {}

    pub fn setup(error: &native_tls::Error) -> String {
        error.to_string()
    }

    pub fn identity(given: &Identity) -> Result<native_tls::Identity, OptionError> {
        match given {
            Identity::Pem { chain, key, .. } => {
                let (chain, key) = pem_identity(chain, key)?;
                native_tls::Identity::from_pkcs8(chain.as_bytes(), key.as_bytes())
                    .map_err(|error| OptionError::Key(error.to_string()))
            }
            Identity::Pkcs12 { archive, password } => {
                native_tls::Identity::from_pkcs12(archive, password.as_deref().unwrap_or_default())
                    .map_err(|error| OptionError::Archive(error.to_string()))
            }
        }
    }

    pub fn connector(builder: &TlsConnectorBuilder) -> Result<TlsConnector, native_tls::Error> {
        builder.build()
    }

    type Handshake = Result<TlsStream<Wire>, HandshakeError<Wire>>;

    pub fn connect(connector: &TlsConnector, name: &str, wire: Wire, _: Option<&Ticket>) -> (Handshake, Seen) {
        (connector.connect(name, wire), Seen)
    }

    pub fn step(seen: Seen, call: impl FnOnce() -> Handshake) -> (Handshake, Seen) {
        (call(), seen)
    }

    pub struct Seen;

    impl Seen {
        pub fn agreed(&self, wire: &Wire) -> Option<Agreed> {
            wire.hello.agreed
        }

        /// Whether a read that gave nothing has come to the peer's close_notify.
        pub fn has_ended(&self) -> bool {
            true
        }

        pub fn ticket(&self) -> Option<Ticket> {
            None
        }

        pub fn is_resumed(&self) -> bool {
            false
        }

        pub fn handshake_error(&self, error: &native_tls::Error) -> Error {
            let below = error.source().and_then(|source| source.downcast_ref::<io::Error>());
            if let Some(errno) = below.and_then(io::Error::raw_os_error) {
                return Error::Connection(io::Error::from_raw_os_error(errno));
            }
            let text = error.to_string();
            if text.contains("certificate") {
                return Error::Unverified { code: 1, reason: text };
            }
            Error::Protocol(text)
        }

        pub fn error_of(&self, error: &io::Error) -> Option<Error> {
            Some(Error::Protocol(error.to_string()))
        }
    }
}
