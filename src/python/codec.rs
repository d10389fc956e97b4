//! The encodings that text is read and written in here.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::protocol::charset::unescape;
use crate::protocol::received_lines::{Charset, Line, TextReader};
use crate::protocol::text::count_chars;
use crate::python::call::{Call, int_of};
use crate::python::{modules, text};

/// Decoded at once: what io.TextIOWrapper asks for, so that undecodable bytes spoil the same lines.
pub const CHUNK: usize = 8192;

/// The encodings whose line ends can be found in the bytes, by the names that Python's codecs have.
pub fn charset(encoding: &Bound<'_, PyAny>) -> Option<Charset> {
    // it must be exactly a str: the reader keeps it, and an object of a subclass could be part of a reference cycle
    let encoding = encoding.cast_exact::<PyString>().ok()?;
    if encoding.is(intern!(encoding.py(), "utf-8")) {
        return Some(Charset::Utf8); // the default
    }
    let name = text::encode(encoding).ok()?;
    match name.as_bytes().to_ascii_lowercase().as_slice() {
        b"utf-8" | b"utf8" | b"utf_8" => Some(Charset::Utf8),
        b"latin-1" | b"latin1" | b"iso-8859-1" | b"iso8859-1" | b"iso_8859_1" | b"l1" => Some(Charset::Latin1),
        b"ascii" | b"us-ascii" => Some(Charset::Ascii),
        _ => None,
    }
}

/// What becomes of what can't be decoded or encoded: `self.errors`.
pub enum Errors<'py> {
    Strict,
    /// "surrogateescape"
    Escaped,
    /// A handler that Python's codecs know.
    Others(Bound<'py, PyAny>),
}

impl<'py> Errors<'py> {
    /// Raises TypeError or ValueError for what is no handler.
    pub fn of(ftp: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = ftp.py();
        match ftp.getattr_opt_held(intern!(py, "errors"))? {
            None => Ok(Self::Strict), // the object is no FTP: somebody calls our function with one of his own
            Some(name) => match Self::named(&name) {
                Some(errors) => Ok(errors),
                None => Ok(Self::Others(
                    modules::odd(py)?.call_method_held(intern!(py, "errors"), (ftp,))?,
                )),
            },
        }
    }

    /// One of the two that need no Python codec.
    pub fn named(name: &Bound<'py, PyAny>) -> Option<Self> {
        let name = name.cast_exact::<PyString>().ok()?;
        if name.is(intern!(name.py(), "strict")) {
            return Some(Self::Strict);
        }
        match text::encode(name).ok()?.as_bytes() {
            b"strict" => Some(Self::Strict),
            b"surrogateescape" => Some(Self::Escaped),
            _ => None,
        }
    }

    /// A reader of lines, where Python's codecs aren't needed.
    pub fn reader(&self, charset: Charset) -> Option<TextReader> {
        match self {
            Self::Strict => Some(TextReader::new(charset)),
            Self::Escaped => Some(TextReader::escaping(charset)),
            Self::Others(_) => None,
        }
    }
}

/// `(line + CRLF).encode(encoding, errors)`, or `None` where Python's codecs have to do it (or to refuse it).
pub fn encode_line(line: &[u8], encoding: &Bound<'_, PyAny>, errors: &Errors<'_>) -> Option<Vec<u8>> {
    let charset = charset(encoding)?;
    let mut wire = match (charset, errors) {
        (_, Errors::Escaped) => unescape(charset, line)?,
        (Charset::Utf8, _) => std::str::from_utf8(line).ok()?.as_bytes().to_vec(),
        (Charset::Ascii | Charset::Latin1, _) => line.is_ascii().then(|| line.to_vec())?,
    };
    wire.extend_from_slice(b"\r\n");
    Some(wire)
}

/// A `maxline` that is a number as it should be.
pub fn limit_of(maxline: &Bound<'_, PyAny>) -> Option<usize> {
    int_of(maxline)
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|&limit| limit < isize::MAX as usize)
}

/// A line's length in characters, its end counted as one.
pub fn length(charset: Charset, line: Line<'_>) -> usize {
    let body = match charset {
        Charset::Utf8 => count_chars(line.body),
        Charset::Latin1 | Charset::Ascii => line.body.len(),
    };
    body + usize::from(line.ended)
}

/// A line's text as UTF-8.
pub fn utf8(charset: Charset, body: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if charset == Charset::Latin1 && !body.is_ascii() {
        return body
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
            .into_bytes()
            .into();
    }
    body.into()
}
