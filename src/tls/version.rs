//! The versions of TLS, and what a handshake settles.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

impl Version {
    /// As `ssl.SSLSocket.version()` writes them.
    pub const ALL: [(&'static str, Version); 4] = [
        ("TLSv1", Version::Tls10),
        ("TLSv1.1", Version::Tls11),
        ("TLSv1.2", Version::Tls12),
        ("TLSv1.3", Version::Tls13),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, version)| *version == self)
            .map_or("", |(name, _)| name)
    }

    /// By its number in the protocol (RFC 8446, section 4.2.1).
    pub fn of(code: u16) -> Option<Self> {
        match code {
            0x0301 => Some(Version::Tls10),
            0x0302 => Some(Version::Tls11),
            0x0303 => Some(Version::Tls12),
            0x0304 => Some(Version::Tls13),
            _ => None,
        }
    }
}

/// What client and server have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub version: Version,
    /// OpenSSL's name of the cipher suite and its secret bits, if they are known.
    pub cipher: Option<(&'static str, u32)>,
}
