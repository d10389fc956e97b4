//! Reads the ServerHello as it passes by, which tells the version and cipher suite: native-tls doesn't, nor does
//! Security Framework through it. It is sent in
//! clear text and vouched for by the handshake that follows (RFC 8446, section 4.1.3; RFC 5246, section 7.4.1.3).

use super::version::{Agreed, Version};

/// More than the longest ServerHello there is (a post-quantum key share has 1120 bytes).
const LIMIT: usize = 4096;

const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const SUPPORTED_VERSIONS: u16 = 43;

/// OpenSSL's name of a suite, given its number in IANA's registry, and its secret bits: the suites that are in use.
fn cipher(number: u16) -> Option<(&'static str, u32)> {
    SUITES
        .iter()
        .find(|(known, ..)| *known == number)
        .map(|&(_, name, bits)| (name, bits))
}

#[rustfmt::skip]
const SUITES: [(u16, &str, u32); 22] = [
    (0x1301, "TLS_AES_128_GCM_SHA256", 128),
    (0x1302, "TLS_AES_256_GCM_SHA384", 256),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256", 256),
    (0x1304, "TLS_AES_128_CCM_SHA256", 128),
    (0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256", 128),
    (0xC02C, "ECDHE-ECDSA-AES256-GCM-SHA384", 256),
    (0xC02F, "ECDHE-RSA-AES128-GCM-SHA256", 128),
    (0xC030, "ECDHE-RSA-AES256-GCM-SHA384", 256),
    (0xCCA8, "ECDHE-RSA-CHACHA20-POLY1305", 256),
    (0xCCA9, "ECDHE-ECDSA-CHACHA20-POLY1305", 256),
    (0x009E, "DHE-RSA-AES128-GCM-SHA256", 128),
    (0x009F, "DHE-RSA-AES256-GCM-SHA384", 256),
    (0xCCAA, "DHE-RSA-CHACHA20-POLY1305", 256),
    (0xC023, "ECDHE-ECDSA-AES128-SHA256", 128),
    (0xC024, "ECDHE-ECDSA-AES256-SHA384", 256),
    (0xC027, "ECDHE-RSA-AES128-SHA256", 128),
    (0xC028, "ECDHE-RSA-AES256-SHA384", 256),
    (0x009C, "AES128-GCM-SHA256", 128),
    (0x009D, "AES256-GCM-SHA384", 256),
    (0xC013, "ECDHE-RSA-AES128-SHA", 128),
    (0xC014, "ECDHE-RSA-AES256-SHA", 256),
    (0x0035, "AES256-SHA", 256),
];

/// The beginning of what a server sends, until its ServerHello is complete.
#[derive(Debug, Default)]
pub struct Hello {
    seen: Vec<u8>,
    done: bool,
    pub agreed: Option<Agreed>,
}

impl Hello {
    pub fn feed(&mut self, data: &[u8]) {
        if self.done {
            return;
        }
        self.seen.extend_from_slice(data);
        match read(&self.seen) {
            Read::More if self.seen.len() <= LIMIT => return,
            Read::More | Read::Other => {}
            Read::Done(agreed) => self.agreed = agreed,
        }
        self.done = true;
        self.seen = Vec::new();
    }
}

enum Read {
    More,
    /// Something else than a ServerHello in one record: an alert, or a server that likes fragments.
    Other,
    Done(Option<Agreed>),
}

fn read(data: &[u8]) -> Read {
    let mut record = Bytes(data);
    let (Some(kind), Some(_version), Some(length)) = (record.byte(), record.short(), record.short()) else {
        return Read::More;
    };
    if kind != HANDSHAKE {
        return Read::Other;
    }
    let Some(body) = record.take(usize::from(length)) else {
        return Read::More;
    };
    let mut message = Bytes(body);
    if message.byte() != Some(SERVER_HELLO) {
        return Read::Other;
    }
    let length = message
        .take(3)
        .map_or(0, |l| l.iter().fold(0, |sum, &b| sum << 8 | usize::from(b)));
    match message.take(length) {
        Some(hello) => Read::Done(server_hello(Bytes(hello))),
        None => Read::Other,
    }
}

fn server_hello(mut hello: Bytes<'_>) -> Option<Agreed> {
    let mut version = hello.short()?;
    hello.take(32)?; // the random
    let session = hello.byte()?;
    hello.take(usize::from(session))?;
    let suite = hello.short()?;
    hello.byte()?; // the compression
    let length = hello.short().unwrap_or(0);
    let mut extensions = Bytes(hello.take(usize::from(length))?);
    while let (Some(kind), Some(length)) = (extensions.short(), extensions.short()) {
        let mut body = Bytes(extensions.take(usize::from(length))?);
        if kind == SUPPORTED_VERSIONS {
            version = body.short()?;
        }
    }
    Version::of(version).map(|version| Agreed {
        version,
        cipher: cipher(suite),
    })
}

/// Bytes that are taken from the front; `None` where there aren't enough.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }
}
