//! The loops of retrbinary and storbinary.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::call::{Call, int_of};
use super::super::meter::Meter;
use super::ends::{RealFile, Sink};
use super::pump::Pump;
use crate::transfer::{FromFile, ToFile};

/// Received at once and handed out in blocks: large enough that system calls don't count, small enough for the cache.
const RECEIVE: usize = 128 * 1024;

/// Received at once on the way to a file.
const RECEIVE_FILE: usize = 1024 * 1024;

/// A block size that is a number as it should be.
fn block(blocksize: &Bound<'_, PyAny>) -> Option<usize> {
    int_of(blocksize)
        .and_then(|size| isize::try_from(size).ok()?.try_into().ok())
        .filter(|&size| size > 0)
}

/// Receives from `conn` until the peer closes and calls `callback` with `bytes` of at most `blocksize`. False where
/// `conn`'s own methods have to do it.
#[pyfunction]
pub fn download(
    meter: &Bound<'_, Meter>,
    conn: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
    blocksize: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let Some(blocksize) = block(blocksize) else {
        return Ok(false);
    };
    let Some(mut pump) = Pump::receiving(conn, meter.get())? else {
        return Ok(false);
    };
    let sink = Sink::of(callback)?;
    if let Sink::File(file) = &sink {
        download_to_file(&mut pump, file)?;
        return Ok(true);
    }
    let mut buffer = vec![0; RECEIVE];
    loop {
        let count = pump.receive(&mut buffer)?;
        if count == 0 {
            return Ok(true);
        }
        sink.put(conn.py(), buffer.get(..count).unwrap_or_default(), blocksize)?;
        pump.look_up()?;
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
    let first = first as u64; // counted already
    let moved = AtomicU64::new(first);
    let outcome = pump.run(
        |stream, until| {
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
    // also after a fault: what was received has been written
    let back = file.take_back();
    outcome.and(back)
}

/// Sends what `fp.read(blocksize)` gives until it gives nothing, and calls `callback` with each block. False where `conn`'s own
/// methods have to do it.
#[pyfunction]
pub fn upload(
    meter: &Bound<'_, Meter>,
    conn: &Bound<'_, PyAny>,
    fp: &Bound<'_, PyAny>,
    blocksize: &Bound<'_, PyAny>,
    callback: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = conn.py();
    let Some(mut pump) = Pump::sending(conn, meter.get())? else {
        return Ok(false);
    };
    if block(blocksize).is_some() && !callback.is_true_held()? {
        if let Some(file) = RealFile::of(fp, &["BufferedReader", "BufferedRandom", "FileIO"], "readable")? {
            upload_file(&mut pump, &file)?;
            return Ok(true);
        }
    }
    loop {
        let data = fp.call_method_held(intern!(py, "read"), (blocksize,))?;
        if !data.is_true_held()? {
            return Ok(true);
        }
        pump.look_up()?;
        match data.cast_exact::<PyBytes>() {
            Ok(bytes) => pump.send_all(bytes.as_bytes())?,
            Err(_) => pump.send_object(&data)?,
        }
        if callback.is_true_held()? {
            callback.run_held((data,))?;
        }
    }
}

/// From where the file object stands, without Python; then it stands behind what has been sent.
fn upload_file(pump: &mut Pump<'_, '_>, file: &RealFile<'_>) -> PyResult<()> {
    file.hand_over()?;
    let start = file.tell()?;
    let mut source = FromFile::new(file.fd(), start);
    let position = AtomicU64::new(start);
    let outcome = pump.run(
        |stream, until| {
            let state = source.send(stream, until);
            position.store(source.position(), Ordering::Relaxed);
            state
        },
        || position.load(Ordering::Relaxed),
        || file.check_open("read of"),
    );
    pump.give_back();
    let back = if file.check_open("read of").is_ok() {
        file.seek(position.into_inner())
    } else {
        Ok(())
    };
    outcome.and(back)
}
