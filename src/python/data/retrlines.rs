//! The loop of retrlines: text lines from a data connection.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::protocol::received_lines::{Charset, Line, TextReader};
use crate::python::call::Call;
use crate::python::codec::{CHUNK, Errors, charset, length, limit_of, utf8};
use crate::python::data::listing::Listing;
use crate::python::data::meter::Meter;
use crate::python::data::pump::Pump;
use crate::python::data::recognise::appended_to;
use crate::python::errors::Error;
use crate::python::number::number;
use crate::python::{modules, text};

/// Received at once.
const RECEIVE: usize = 64 * 1024;

/// Where lines go.
enum LineSink<'py> {
    /// Somebody's callable.
    Call(Bound<'py, PyAny>),
    /// `list.append`: no Python code runs between two lines.
    List(Bound<'py, PyList>),
    /// The collector of mlsd(), which wants no `str`.
    Listing(Bound<'py, Listing>),
}

/// Receives lines from `conn` until the peer closes and calls `callback` with each, its end stripped. False
/// where `conn.makefile` and its reader have to do it.
#[pyfunction]
pub fn retrlines(
    meter: &Bound<'_, Meter>,
    ftp: &Bound<'_, PyAny>,
    conn: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = ftp.py();
    let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
    let errors = Errors::of(ftp)?;
    let (Some(charset), Some(mut pump)) = (charset(&encoding), Pump::receiving(conn, meter.get())?) else {
        return Ok(false);
    };
    let Some(mut lines) = errors.reader(charset) else {
        return Ok(false);
    };
    pump.read_ahead();
    let sink = match (appended_to::<PyList>(callback), appended_to::<Listing>(callback)) {
        (Some(list), _) => LineSink::List(list),
        (_, Some(listing)) => LineSink::Listing(listing),
        _ => LineSink::Call(callback.clone()),
    };
    let undecodable = |bytes| Error::Undecodable(charset, bytes);
    let mut buffer = vec![0; RECEIVE];
    loop {
        let count = pump.receive(&mut buffer)?;
        if count == 0 {
            lines.finish().map_err(undecodable)?;
            hand_out(ftp, &mut lines, &sink, meter.get())?;
            return Ok(true);
        }
        for chunk in buffer.get(..count).unwrap_or_default().chunks(CHUNK) {
            lines.feed(chunk).map_err(undecodable)?;
            hand_out(ftp, &mut lines, &sink, meter.get())?;
        }
        pump.look_up()?;
    }
}

/// Hands out the lines that are complete.
fn hand_out<'py>(ftp: &Bound<'py, PyAny>, lines: &mut TextReader, sink: &LineSink<'py>, meter: &Meter) -> PyResult<()> {
    let py = ftp.py();
    loop {
        // a callback may change either attribute
        let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
        let verbose = ftp.getattr_held(intern!(py, "debugging"))?.is_above_held(2)?;
        if let (false, Some(limit)) = (verbose, limit_of(&maxline)) {
            match sink {
                LineSink::List(list) => {
                    return append_all(lines, limit, &maxline, |charset, line| {
                        list.append(decode_line(py, charset, line.body)?)
                    });
                }
                LineSink::Listing(listing) => {
                    return append_all(lines, limit, &maxline, |charset, line| {
                        Ok(listing.get().push(py, &utf8(charset, line.body), line.ended)?)
                    });
                }
                LineSink::Call(_) => {}
            }
        }
        let plain = limit_of(&maxline);
        let limit = match plain {
            Some(limit) => Some(limit.saturating_add(1)),
            None => {
                let limit = modules::odd(py)?.call_method_held(intern!(py, "limit"), (&maxline,))?;
                usize::try_from(number::<isize>(&limit)?).ok()
            }
        };
        let charset = lines.charset();
        let Some(line) = lines.line(limit) else {
            return Ok(());
        };
        let length = length(charset, line);
        match plain {
            Some(limit) if length > limit => return Err(Error::LineTooLong(maxline.unbind()).into()),
            Some(_) => {}
            None => modules::odd(py)?.run_method_held(intern!(py, "check_length"), (length, &maxline))?,
        }
        let body = decode_line(py, charset, line.body)?;
        if verbose {
            let mut whole = utf8(charset, line.body).into_owned();
            if line.ended {
                whole.push(b'\n');
            }
            let builtins = modules::builtins(py)?;
            let shown = builtins.call_method_held(intern!(py, "repr"), (text::decode(py, &whole)?,))?;
            builtins.run_method_held(intern!(py, "print"), ("*retr*", shown))?;
        }
        if length == 0 {
            return Ok(());
        }
        match sink {
            LineSink::Call(callback) => {
                callback.run_held((body,))?;
                meter.check_open()?;
            }
            LineSink::List(list) => list.append(body)?,
            LineSink::Listing(listing) => listing.get().push(py, &utf8(charset, line.body), line.ended)?,
        }
    }
}

/// The same where no Python code can run between two lines.
fn append_all(
    lines: &mut TextReader,
    limit: usize,
    maxline: &Bound<'_, PyAny>,
    mut append: impl FnMut(Charset, Line<'_>) -> PyResult<()>,
) -> PyResult<()> {
    let charset = lines.charset();
    while let Some(line) = lines.line(Some(limit.saturating_add(1))) {
        // a character has at least one byte: most lines need no counting
        if line.body.len() >= limit && length(charset, line) > limit {
            return Err(Error::LineTooLong(maxline.clone().unbind()).into());
        }
        if line.body.is_empty() && !line.ended {
            return Ok(());
        }
        append(charset, line)?;
    }
    Ok(())
}

fn decode_line<'py>(py: Python<'py>, charset: Charset, body: &[u8]) -> PyResult<Bound<'py, PyString>> {
    text::decode(py, &utf8(charset, body))
}
