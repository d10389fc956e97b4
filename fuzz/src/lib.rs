//! What the fuzz targets share: the slow model of ftplib's algorithms, and a client put together from the core.

#[path = "../../src/protocol/tests/model.rs"]
pub mod model;

// A reader of bytes that the TLS engine keeps to itself, on macOS.
#[path = "../../src/tls/hello.rs"]
pub mod hello;
#[path = "../../src/tls/version.rs"]
pub mod version;

mod client;

pub use client::{Client, Event};

use _rftplib::protocol::received_lines::Charset;

/// The input's first `N` bytes, which choose settings, and the rest, which is what the server sends.
pub fn settings<const N: usize>(input: &[u8]) -> Option<([u8; N], &[u8])> {
    let (head, rest) = input.split_at_checked(N)?;
    Some((head.try_into().ok()?, rest))
}

pub fn charset(choice: u8) -> Charset {
    match choice % 3 {
        0 => Charset::Utf8,
        1 => Charset::Latin1,
        _ => Charset::Ascii,
    }
}

/// The whole text, as Python's decoder for this charset would give it, or `None` where it would raise.
pub fn decode(charset: Charset, bytes: &[u8]) -> Option<String> {
    match charset {
        Charset::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
        Charset::Latin1 => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
        Charset::Ascii => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// `bytes` cut into pieces of these sizes, again and again; a size of 0 means all that is left.
pub fn chop<'a>(mut bytes: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let size = if size == 0 { bytes.len() } else { usize::from(size) };
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// The bytes as UTF-8, which the core's answers must be when its input was.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("an answer cuts a character in two")
}
