//! The loop of storlines: text lines to a data connection.

use memchr::memchr_iter;
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::protocol::sent_lines::{LineTooLong, SentLines};
use crate::python::call::Call;
use crate::python::codec::limit_of;
use crate::python::data::meter::Meter;
use crate::python::data::pump::Pump;
use crate::python::data::recognise::is_line_source;
use crate::python::errors::Error;
use crate::python::modules;
use crate::python::number::number;

/// Read and sent at once where the source is known.
const READ: usize = 64 * 1024;

/// Sends the lines that `fp.readline` gives, each ended by CRLF, and calls `callback` with each. False where `conn`'s own methods
/// have to do it.
#[pyfunction]
pub fn storlines(
    meter: &Bound<'_, Meter>,
    ftp: &Bound<'_, PyAny>,
    conn: &Bound<'_, PyAny>,
    fp: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let Some(mut pump) = Pump::sending(conn, meter.get())? else {
        return Ok(false);
    };
    let maxline = ftp.getattr_held(intern!(ftp.py(), "maxline"))?;
    match limit_of(&maxline) {
        Some(limit) if !callback.is_true_held()? && is_line_source(fp)? => send_known(&mut pump, fp, limit, &maxline)?,
        _ => send_each(ftp, &mut pump, fp, callback)?,
    }
    Ok(true)
}

/// Line by line, as ftplib does.
fn send_each(
    ftp: &Bound<'_, PyAny>,
    pump: &mut Pump<'_, '_>,
    fp: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = ftp.py();
    loop {
        let line = modules::odd(py)?.call_method_held(intern!(py, "line_to_send"), (ftp, fp))?;
        if line.is_none() {
            return Ok(());
        }
        pump.look_up()?;
        match line.cast_exact::<PyBytes>() {
            Ok(bytes) => pump.send_all(bytes.as_bytes())?,
            Err(_) => pump.send_object(&line)?,
        }
        if callback.is_true_held()? {
            callback.run_held((line,))?;
        }
    }
}

/// From a file whose bytes are all at hand: many lines at once. If this is stopped, the file is left where `readline`
/// would have left it, behind the line that was being sent.
fn send_known(
    pump: &mut Pump<'_, '_>,
    fp: &Bound<'_, PyAny>,
    limit: usize,
    maxline: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = fp.py();
    let start = number::<u64>(&fp.call_method_held(intern!(py, "tell"), ())?)?;
    let seek = |position: u64| fp.run_method_held(intern!(py, "seek"), (start + position,));
    let mut lines = SentLines::new(limit);
    let (mut method, mut size, mut read) = ("read", READ, 0);
    loop {
        let block = match fp.call_method_held(method, (size,)) {
            Ok(block) if block.is_none() => return Err(Error::WouldBlock.into()),
            Ok(block) => block.cast_into::<PyBytes>()?,
            Err(error) if method == "readline" => return Err(error),
            Err(error) => {
                read = lines.rewind();
                // an exception that comes out of Python code has a traceback: a signal's handler has raised it
                let is_the_files = error.is_instance_of::<PyOSError>(py) && error.traceback(py).is_none();
                if seek(read).is_err() || !is_the_files {
                    return Err(error);
                }
                // the lines before the bad spot are to be sent, and readline is to say what is the matter
                (method, size) = ("readline", limit.saturating_add(1));
                continue;
            }
        };
        let taken = match block.as_bytes() {
            [] => lines.finish().map(|()| true),
            bytes => lines.feed(bytes).map(|()| false),
        };
        let before = pump.moved();
        let outcome = pump.send_all(lines.ready()).and_then(|()| match taken {
            Ok(true) => Ok(()),
            Ok(false) => pump.look_up(),
            Err(LineTooLong) => Err(Error::LineTooLong(maxline.clone().unbind()).into()),
        });
        if let Err(error) = outcome {
            let sent = usize::try_from(pump.moved() - before).unwrap_or(usize::MAX);
            let at = line_end(block.as_bytes(), lines.ready(), sent).map(|at| read + at as u64);
            // the caller gets the error that stopped the loop, and never one of this seek
            let _ = seek(at.unwrap_or(lines.consumed()));
            return Err(error);
        }
        if taken == Ok(true) {
            return Ok(());
        }
        lines.sent();
        read += block.as_bytes().len() as u64;
    }
}

/// Where in `block` the line ends that the first unsent byte of `ready` belongs to, if it ends there: there is one LF a
/// line in both.
fn line_end(block: &[u8], ready: &[u8], sent: usize) -> Option<usize> {
    ready.get(sent).and_then(|_| {
        let lines = memchr_iter(b'\n', ready.get(..sent).unwrap_or_default()).count();
        memchr_iter(b'\n', block).nth(lines).map(|at| at + 1)
    })
}
