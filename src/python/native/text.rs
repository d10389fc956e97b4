//! The loops of retrlines and storlines on a plain socket.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::super::{errors, modules, text};
use super::pump::Pump;
use super::reader::{charset, decode_error};
use crate::protocol::lines::{Charset, TextReader, end_with_crlf};
use crate::protocol::text::count_chars;

/// Received at once.
const RECEIVE: usize = 64 * 1024;

/// Decoded at once: what io.TextIOWrapper asks for, so that undecodable bytes spoil the same lines.
const CHUNK: usize = 8192;

/// Receives lines from `conn` until the peer closes and calls `callback` with each, its end stripped. False where
/// `conn.makefile` and its reader have to do it.
#[pyfunction]
pub fn retrlines(ftp: &Bound<'_, PyAny>, conn: &Bound<'_, PyAny>, callback: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = ftp.py();
    let encoding = ftp.getattr(intern!(py, "encoding"))?;
    let (Some(mut pump), Some(charset)) = (Pump::receiving(conn)?, charset(&encoding)) else {
        return Ok(false);
    };
    let mut lines = TextReader::new(charset);
    let mut buffer = vec![0; RECEIVE];
    loop {
        let count = pump.receive(&mut buffer)?;
        if count == 0 {
            lines.finish().map_err(|fault| decode_error(py, charset, &fault))?;
            hand_out(ftp, &mut lines, callback)?;
            return Ok(true);
        }
        for chunk in buffer.get(..count).unwrap_or_default().chunks(CHUNK) {
            lines.feed(chunk).map_err(|fault| decode_error(py, charset, &fault))?;
            hand_out(ftp, &mut lines, callback)?;
        }
        pump.look_up()?;
    }
}

/// Hands out the lines that are complete.
fn hand_out(ftp: &Bound<'_, PyAny>, lines: &mut TextReader, callback: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let charset = lines.charset();
    loop {
        // a callback may change them
        let maxline = ftp.getattr(intern!(py, "maxline"))?;
        let limit = maxline.add(1)?.extract::<i64>().unwrap_or(i64::MAX);
        let Some(line) = lines.line(usize::try_from(limit).ok()) else {
            return Ok(());
        };
        let length = match charset {
            Charset::Utf8 => count_chars(line.body),
            Charset::Latin1 | Charset::Ascii => line.body.len(),
        } + usize::from(line.ended);
        if maxline.lt(length)? {
            return Err(errors::too_long(&maxline));
        }
        let body = decode_line(py, charset, line.body)?;
        if ftp.getattr(intern!(py, "debugging"))?.gt(2)? {
            let whole = if line.ended {
                body.add("\n")?
            } else {
                body.clone().into_any()
            };
            modules::builtins(py)?.call_method1("print", ("*retr*", whole.repr()?))?;
        }
        if length == 0 {
            return Ok(());
        }
        callback.call1((body,))?;
    }
}

fn decode_line<'py>(py: Python<'py>, charset: Charset, body: &[u8]) -> PyResult<Bound<'py, PyString>> {
    if charset == Charset::Latin1 && !body.is_ascii() {
        return Ok(PyString::new(
            py,
            &body.iter().map(|&byte| char::from(byte)).collect::<String>(),
        ));
    }
    text::decode(py, body)
}

/// Sends the lines that `fp.readline` gives, each ended by CRLF, and calls `callback` with each. False where `conn`'s
/// own methods have to do it.
#[pyfunction]
pub fn storlines(
    ftp: &Bound<'_, PyAny>,
    conn: &Bound<'_, PyAny>,
    fp: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = ftp.py();
    let Some(mut pump) = Pump::sending(conn)? else {
        return Ok(false);
    };
    loop {
        let readline = fp.getattr(intern!(py, "readline"))?;
        let maxline = ftp.getattr(intern!(py, "maxline"))?;
        let line = readline.call1((maxline.add(1)?,))?;
        let maxline = ftp.getattr(intern!(py, "maxline"))?;
        if maxline.lt(line.len()?)? {
            return Err(errors::too_long(&maxline));
        }
        if !line.is_truthy()? {
            return Ok(true);
        }
        let line = match line.cast_exact::<PyBytes>() {
            Ok(bytes) => {
                let line = match end_with_crlf(bytes.as_bytes()) {
                    std::borrow::Cow::Borrowed(_) => bytes.clone(),
                    std::borrow::Cow::Owned(line) => PyBytes::new(py, &line),
                };
                pump.send_all(line.as_bytes())?;
                line.into_any()
            }
            Err(_) => {
                let line = odd_line(&line)?;
                conn.call_method1(intern!(py, "sendall"), (&line,))?;
                line
            }
        };
        if callback.is_truthy()? {
            callback.call1((line,))?;
        }
        pump.look_up()?;
    }
}

/// The line's end made CRLF by Python's own operators, for what is no `bytes`: a `bytearray` passes, a `str` is refused.
fn odd_line<'py>(line: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = line.py();
    let crlf = PyBytes::new(py, b"\r\n");
    if !text::tail(line, -2)?.ne(&crlf)? {
        return Ok(line.clone());
    }
    let body = if crlf.contains(line.get_item(-1)?)? {
        text::head(line, -1)?
    } else {
        line.clone()
    };
    body.add(crlf)
}
