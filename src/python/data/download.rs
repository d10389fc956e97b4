//! The loop of retrbinary: blocks from a data connection.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::python::data::file::RealFile;
use crate::python::data::meter::Meter;
use crate::python::data::pump::{Pump, block_size};
use crate::python::data::sink::Sink;
use crate::transfer::ToFile;

/// Received at once and handed out in blocks: large enough that system calls don't count, small enough for the cache.
const RECEIVE: usize = 128 * 1024;

/// Received at once on the way to a file.
const RECEIVE_FILE: usize = 1024 * 1024;

/// Receives from `conn` until the peer closes and calls `callback` with `bytes` of at most `blocksize`. False where
/// `conn`'s own methods have to do it.
#[pyfunction]
pub fn download<'py>(
    meter: &Bound<'py, Meter>,
    conn: &Bound<'py, PyAny>,
    callback: &Bound<'py, PyAny>,
    blocksize: &Bound<'py, PyAny>,
) -> PyResult<bool> {
    let Some(blocksize) = block_size(blocksize) else {
        return Ok(false);
    };
    let Some(mut pump) = Pump::receiving(conn, meter.get())? else {
        return Ok(false);
    };
    let mut sink = Sink::of(callback)?;
    loop {
        if let Sink::File(file) = &sink {
            download_to_file(&mut pump, file)?;
            return Ok(true);
        }
        match download_to_sink(&mut pump, meter, &sink, blocksize)? {
            Some(next) => sink = Sink::of(&next)?,
            None => return Ok(true),
        }
    }
}

/// Until the peer closes, or the callback has handed over to another one, which is returned.
fn download_to_sink<'py>(
    pump: &mut Pump<'_, 'py>,
    meter: &Bound<'py, Meter>,
    sink: &Sink<'py>,
    blocksize: usize,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = meter.py();
    let mut buffer = vec![0; RECEIVE];
    loop {
        let count = pump.receive(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        sink.put(py, buffer.get(..count).unwrap_or_default(), blocksize)?;
        pump.look_up()?;
        if let Some(next) = meter.get().take_next() {
            return Ok(Some(next.into_bound(py)));
        }
    }
}

/// From the first block on without Python. If nothing comes, the object is left alone.
fn download_to_file(pump: &mut Pump<'_, '_>, file: &RealFile<'_>) -> PyResult<()> {
    let mut buffer = vec![0; RECEIVE_FILE];
    let first = pump.receive(&mut buffer)?;
    if first == 0 {
        return Ok(());
    }
    file.check_open("write to")?;
    file.hand_over()?;
    let mut target = ToFile::new(file.outlet(), buffer, first);
    let first = first as u64; // the pump has counted these
    let moved = AtomicU64::new(first);
    let outcome = pump.run(
        |stream, until, most| {
            target.limit(most);
            let state = target.receive(stream, until);
            moved.store(target.written().max(first), Ordering::Relaxed);
            state
        },
        || moved.load(Ordering::Relaxed),
        || file.check_open("write to"),
    );
    if outcome.is_err() {
        file.py().detach(|| target.rescue());
        pump.count(target.written().saturating_sub(moved.load(Ordering::Relaxed)));
    }
    // the object learns its position after an error, too, for what was received has been written
    let back = file.take_back();
    outcome.and(back)
}
