//! The loop of storbinary: blocks to a data connection.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::python::call::Call;
use crate::python::data::file::RealFile;
use crate::python::data::meter::Meter;
use crate::python::data::pump::{Pump, block_size};
use crate::transfer::FromFile;

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
    if block_size(blocksize).is_some() && !callback.is_true_held()? {
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
        |stream, until, most| {
            source.limit(most);
            let pass = source.send(stream, until);
            position.store(source.position(), Ordering::Relaxed);
            pass
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
