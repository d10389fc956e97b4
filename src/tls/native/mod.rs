//! The engine on native-tls: the operating system's TLS library and its trust store. What native-tls has no API for is asked
//! of that library itself (`below`).

mod session;

use native_tls::{Certificate, Protocol, TlsConnector, TlsConnectorBuilder};
use std::sync::OnceLock;

use self::session::NativeSession;
#[cfg(target_vendor = "apple")]
use super::apple as below;
use super::errors::OptionError;
use super::lent::Lent;
#[cfg(not(target_vendor = "apple"))]
use super::openssl as below;
use super::options::Options;
use super::session::{Engine, Session, Ticket};
use super::version::Version;
use super::wire::Wire;

/// What a server name is where none is wanted: it is neither sent nor verified.
const NO_NAME: &str = "nameless.invalid";

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
    pub fn new(options: &Options) -> Result<Self, OptionError> {
        let mut builder = builder(options)?;
        let connector = below::connector(&builder).map_err(|error| OptionError::Context(below::setup(&error)))?;
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
        connector.get_or_init(|| below::connector(builder).ok()).as_ref()
    }

    /// Whether this is a certificate (DER); if not, why.
    pub fn check_certificate(der: &[u8]) -> Result<(), String> {
        Certificate::from_der(der)
            .map(drop)
            .map_err(|error| below::setup(&error))
    }
}

fn builder(options: &Options) -> Result<TlsConnectorBuilder, OptionError> {
    let mut builder = TlsConnector::builder();
    for root in &options.roots {
        let root = Certificate::from_der(root).map_err(|error| OptionError::Roots(below::setup(&error)))?;
        builder.add_root_certificate(root);
    }
    if let Some(identity) = &options.identity {
        builder.identity(below::identity(identity)?);
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

fn protocol(version: Version) -> Protocol {
    match version {
        Version::Tls10 => Protocol::Tlsv10,
        Version::Tls11 => Protocol::Tlsv11,
        Version::Tls12 => Protocol::Tlsv12,
        Version::Tls13 => Protocol::Tlsv13,
    }
}

impl Engine for Native {
    fn session(&self, fd: Lent, name: Option<&str>, ticket: Option<Ticket>) -> Box<dyn Session> {
        let wire = Wire::new(fd);
        let (connector, name) = match name {
            Some(name) => (&self.connector, name),
            None => (self.nameless().unwrap_or(&self.connector), NO_NAME),
        };
        Box::new(NativeSession::new(connector.clone(), name, wire, ticket))
    }
}
