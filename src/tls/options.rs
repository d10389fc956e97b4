//! The options of a context, as an engine takes them.

use super::version::Version;

/// What a context is told, in the engine's terms. Files are read and names checked by the caller.
#[derive(Default)]
pub struct Options {
    /// Roots to trust (DER), beside the operating system's or instead of them.
    pub roots: Vec<Vec<u8>>,
    pub system_roots: bool,
    pub identity: Option<Identity>,
    pub minimum: Option<Version>,
    pub maximum: Option<Version>,
    pub alpn: Vec<String>,
    pub accept_invalid_certs: bool,
    pub accept_invalid_hostnames: bool,
}

/// A client's certificate and key.
pub enum Identity {
    /// PEM: a chain and a key, which may be in the same file.
    Pem {
        chain: Vec<u8>,
        key: Vec<u8>,
        password: Option<String>,
    },
    Pkcs12 {
        archive: Vec<u8>,
        password: Option<String>,
    },
}
