//! The loop of retrbinary: blocks from a data connection.

use pyo3::prelude::*;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::net::{self, Interest, SLICE};
use crate::python::data::blocks::Blocks;
use crate::python::data::file::RealFile;
use crate::python::data::meter::{End, Meter};
use crate::python::data::pump::{Pump, block_size};
use crate::python::data::sink::{Little, Sink};
use crate::python::errors::Error;
use crate::python::gil_turn::{Turn, look_up};
use crate::python::owner::Owner;
use crate::python::socket::{Plain, receivable};
use crate::python::wait;
use crate::transfer::{self, ToFile};

/// What is received before a loop of its own begins.
const BEGIN: usize = 16 * 1024;

/// Received at once and handed out in blocks: large enough that system calls don't count, small enough for the cache.
const RECEIVE: usize = 128 * 1024;

/// Blocks smaller than this are cut from what was received.
const BLOCK: usize = 4096;

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
    let (mut held, mut since) = (Vec::new(), None);
    if let Some(plain) = receivable(conn).filter(|_| meter.get().only_counts()) {
        let begun = match Sink::of_little(callback)? {
            Little::Called(sink) => begin(&plain, meter.get(), |data| {
                sink.put(conn.py(), data, blocksize, meter.get())
            })?,
            Little::OnDisk => {
                let begun = begin(&plain, meter.get(), |data| {
                    held.extend_from_slice(data);
                    Ok(())
                });
                match begun {
                    Ok(Begun::Going(since)) => Begun::Going(since),
                    ended => {
                        // what was received is written after an error, too
                        let written = write_little(callback, std::mem::take(&mut held), meter.get());
                        ended.and_then(|begun| written.map(|()| begun))?
                    }
                }
            }
            Little::Waiting => Begun::Going(None),
        };
        match begun {
            Begun::Ended => return Ok(true),
            Begun::Going(waiting) => since = waiting,
        }
    }
    let Some(mut pump) = Pump::receiving(conn, meter.get())? else {
        return Ok(false);
    };
    pump.waits_since(since);
    pump.read_ahead();
    let handed_over = meter.get().take_next().map(|next| next.into_bound(conn.py()));
    let mut sink = Sink::of(handed_over.as_ref().unwrap_or(callback))?;
    loop {
        if let Sink::File(file) = &sink {
            download_to_file(&mut pump, file, &held)?;
            return Ok(true);
        }
        if !held.is_empty() {
            sink.put(conn.py(), &std::mem::take(&mut held), blocksize, meter.get())?; // there was no descriptor to spare for the file
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
    let size = if sink.sees_blocks() { blocksize } else { RECEIVE }.min(RECEIVE);
    let mut blocks = Blocks::new(py, size, RECEIVE / size);
    let mut buffer = if size < BLOCK { vec![0; RECEIVE] } else { Vec::new() };
    loop {
        let going = if size < BLOCK {
            let count = pump.receive(&mut buffer)?;
            sink.put(py, buffer.get(..count).unwrap_or_default(), blocksize, meter.get())?;
            count > 0
        } else {
            blocks.receive(pump, |block| {
                sink.put_block(block)?;
                meter.get().check_open()
            })?
        };
        if !going {
            return Ok(None);
        }
        pump.look_up()?;
        if let Some(next) = meter.get().take_next() {
            return Ok(Some(next.into_bound(py)));
        }
    }
}

/// How far `begin` has come.
enum Begun {
    /// That was all.
    Ended,
    /// More may come. Since when it has been waited for, if nothing came at once.
    Going(Option<Instant>),
}

/// Receives the first few KiB by the socket's own descriptor, and hands them out as they come: small files need no more,
/// and neither a descriptor of our own nor a large buffer.
fn begin(plain: &Plain<'_, '_>, meter: &Meter, mut put: impl FnMut(&[u8]) -> PyResult<()>) -> PyResult<Begun> {
    let (owner, py) = (Owner::new(plain.object()), plain.object().py());
    let (mut turn, mut since, mut total) = (Turn::begin(), None, 0);
    let mut room = [MaybeUninit::uninit(); BEGIN];
    while total < BEGIN {
        let fd = owner.descriptor()?;
        match net::recv_into(fd.as_fd(), &mut room) {
            Ok(Some([])) => {
                meter.end(End::Regular);
                return Ok(Begun::Ended);
            }
            Ok(Some(data)) => {
                since = None;
                total += data.len();
                meter.count(data.len() as u64);
                put(data)?;
                turn.look_up(py)?;
            }
            Ok(None) => {
                let slice = owner.slice(*since.get_or_insert_with(Instant::now), "timed out")?;
                let slice = slice.ok_or(Error::WouldBlock)?;
                if !wait::one_slice(&owner, fd.as_fd(), Interest::Read, slice)? {
                    return Ok(Begun::Going(since));
                }
                turn = Turn::begin();
            }
            Err(error) => {
                meter.end(End::Broken);
                return Err(Error::Io(error).into());
            }
        }
    }
    Ok(Begun::Going(None))
}

/// Writes all that was received to the file whose `write` is `callback`. If nothing came, the object is left alone.
fn write_little(callback: &Bound<'_, PyAny>, data: Vec<u8>, meter: &Meter) -> PyResult<()> {
    if data.is_empty() {
        return Ok(());
    }
    let (py, length) = (callback.py(), data.len());
    let sink = Sink::of(callback)?;
    let Sink::File(file) = &sink else {
        return sink.put(py, &data, length, meter); // there was no descriptor to spare
    };
    file.check_open("write to")?;
    file.hand_over()?;
    let mut target = ToFile::new(file.outlet(), data, length);
    let outcome = loop {
        match py.detach(|| target.write_pending(Instant::now() + SLICE)) {
            Ok(true) => break Ok(()),
            Ok(false) => look_up(py).and_then(|()| file.check_open("write to"))?,
            Err(transfer::Error::File(error) | transfer::Error::Connection(error)) => {
                break Err(Error::Io(error).into());
            }
        }
    };
    let back = file.take_back();
    outcome.and(back)
}

/// From the first block on without Python; `held` has come before. If nothing comes, the object is left alone.
fn download_to_file(pump: &mut Pump<'_, '_>, file: &RealFile<'_>, held: &[u8]) -> PyResult<()> {
    let mut buffer = vec![0; RECEIVE_FILE];
    let first = match buffer.get_mut(..held.len()) {
        Some(begun) if !held.is_empty() => {
            begun.copy_from_slice(held);
            held.len()
        }
        _ => pump.receive(&mut buffer)?,
    };
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
            let pass = target.receive(stream, until);
            moved.store(target.written().max(first), Ordering::Relaxed);
            pass
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
