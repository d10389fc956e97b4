//! The loops of retrbinary and storbinary on a plain socket.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::super::errors;
use super::socket::{receivable, sendable};
use crate::net::{self, Interest};

/// Received at once and handed out in blocks: large enough that system calls don't count, small enough for the cache.
const RECEIVE: usize = 256 * 1024;

/// How long a loop may hold the GIL while there is always something to receive: the interpreter's switch interval.
const HOLD: Duration = Duration::from_millis(5);

/// A block size that is a number as it should be.
fn block(blocksize: &Bound<'_, PyAny>) -> Option<usize> {
    if !blocksize.is_exact_instance_of::<PyInt>() {
        return None;
    }
    blocksize.extract::<usize>().ok().filter(|&size| size > 0)
}

/// Receives from `conn` until the peer closes and calls `callback` with `bytes` of at most `blocksize`. False where
/// `conn`'s own methods have to do it.
///
/// It receives while it holds the GIL and lets go of it only to wait: with another busy thread in the process each
/// release costs up to the switch interval, which is what makes the ordinary loop so slow then.
#[pyfunction]
pub fn download(conn: &Bound<'_, PyAny>, callback: &Bound<'_, PyAny>, blocksize: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = conn.py();
    let (Some(plain), Some(blocksize)) = (receivable(conn), block(blocksize)) else {
        return Ok(false);
    };
    let fd = plain.duplicate()?;
    let mut buffer = vec![0; RECEIVE.min(blocksize.max(64 * 1024))];
    let mut held = Instant::now();
    let mut began = held;
    loop {
        let Some(count) = net::recv_now(fd.as_fd(), &mut buffer).map_err(|error| errors::os_error(&error))? else {
            plain.pause(fd.as_fd(), Interest::Read, began)?;
            held = Instant::now();
            continue;
        };
        if count == 0 {
            return Ok(true);
        }
        for piece in buffer.get(..count).unwrap_or_default().chunks(blocksize) {
            callback.call1((PyBytes::new(py, piece),))?;
        }
        py.check_signals()?;
        plain.fd()?;
        began = Instant::now();
        if began.duration_since(held) > HOLD {
            py.detach(|| ());
            held = Instant::now();
        }
    }
}

/// Sends what `fp.read(blocksize)` gives until it gives nothing, and calls `callback` with each block. False where
/// `conn`'s own methods have to do it.
#[pyfunction]
pub fn upload(
    conn: &Bound<'_, PyAny>,
    fp: &Bound<'_, PyAny>,
    blocksize: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = conn.py();
    let Some(plain) = sendable(conn) else {
        return Ok(false);
    };
    let fd = plain.duplicate()?;
    loop {
        let data = fp.call_method1(intern!(py, "read"), (blocksize,))?;
        if !data.is_truthy()? {
            return Ok(true);
        }
        match data.cast_exact::<PyBytes>() {
            Ok(bytes) => plain.send_rest(fd.as_fd(), bytes.as_bytes())?,
            Err(_) => drop(conn.call_method1(intern!(py, "sendall"), (&data,))?),
        }
        if callback.is_truthy()? {
            callback.call1((data,))?;
        }
        py.check_signals()?;
        plain.fd()?;
    }
}
