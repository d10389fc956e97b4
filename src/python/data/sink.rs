//! Where received blocks go: callbacks that can be served without calling Python for every block.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList};
use std::io;

use crate::net::{self, FileType};
use crate::python::call::{self, Call};
use crate::python::data::file::{RealFile, WRITABLE};
use crate::python::data::meter::Meter;
use crate::python::data::recognise::{appended_to, descriptor, is_exactly, owner_of};
use crate::python::errors::Error;
use crate::python::number::number;

/// Where received blocks go.
pub enum Sink<'py> {
    /// Somebody's callable: called with each block.
    Call(Bound<'py, PyAny>),
    /// `list.append`: the same, without a call.
    List(Bound<'py, PyList>),
    /// The `write` of a BytesIO, `bytearray.extend`: nobody sees how long the blocks are.
    Bulk(Bound<'py, PyAny>),
    /// The `write` of a file that has a descriptor: nobody but the kernel is asked.
    File(RealFile<'py>),
    /// The `write` of a FileIO that has none to spare, or is a terminal.
    Raw(Bound<'py, PyAny>),
}

/// Where the first few KiB go.
pub enum Little<'py> {
    Called(Sink<'py>),
    /// To a file on disk, which tells at once if there is no room.
    OnDisk,
    /// To a pipe or a device, which may have to be waited for.
    Waiting,
}

impl<'py> Sink<'py> {
    pub fn of(callback: &Bound<'py, PyAny>) -> PyResult<Self> {
        Ok(Self::known(callback)?.unwrap_or_else(|| Sink::Call(callback.clone())))
    }

    /// For little data: the callback is called as it is, where that isn't the same as an append to a list.
    pub fn of_little(callback: &Bound<'py, PyAny>) -> PyResult<Little<'py>> {
        if let Some(list) = appended_to::<PyList>(callback) {
            return Ok(Little::Called(Sink::List(list)));
        }
        let file = match owner_of(callback, b"write")? {
            Some(target) => descriptor(&target, &WRITABLE, "writable")?.map(|(fd, _)| net::file_type(fd).ok()),
            None => None,
        };
        Ok(match file {
            Some(Some(FileType::RegularFile)) => Little::OnDisk,
            Some(_) => Little::Waiting,
            None => Little::Called(Sink::Call(callback.clone())),
        })
    }

    fn known(callback: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        if let Some(list) = appended_to::<PyList>(callback) {
            return Ok(Some(Sink::List(list)));
        }
        if let Some(target) = owner_of(callback, b"extend")? {
            return Ok(target
                .is_exact_instance_of::<PyByteArray>()
                .then(|| Sink::Bulk(callback.clone())));
        }
        let Some(target) = owner_of(callback, b"write")? else {
            return Ok(None);
        };
        if is_exactly(&target, "BytesIO")? {
            return Ok(Some(Sink::Bulk(callback.clone())));
        }
        if let Some(file) = RealFile::to_write(&target)? {
            return Ok(Some(Sink::File(file)));
        }
        Ok(is_exactly(&target, "FileIO")?.then(|| Sink::Raw(callback.clone())))
    }

    /// Whether each block is seen as it is: at most as long as the caller's block size.
    pub fn sees_blocks(&self) -> bool {
        matches!(self, Sink::Call(_) | Sink::List(_))
    }

    /// Hands out one block.
    pub fn put_block(&self, block: Bound<'py, PyBytes>) -> PyResult<()> {
        match self {
            Sink::Call(callback) | Sink::Bulk(callback) => callback.run_held((block,)),
            Sink::List(list) => list.append(block),
            Sink::File(file) => write_whole(&file.object().getattr_held("write")?, block),
            Sink::Raw(write) => write_whole(write, block),
        }
    }

    /// Hands out what has been received, in blocks if they are seen, as long as the client of `meter` isn't closed.
    pub fn put(&self, py: Python<'py>, data: &[u8], blocksize: usize, meter: &Meter) -> PyResult<()> {
        let size = if self.sees_blocks() { blocksize } else { data.len() };
        data.chunks(size.max(1)).try_for_each(|block| {
            self.put_block(PyBytes::new(py, block))?;
            meter.check_open()
        })
    }
}

/// A FileIO writes what goes in at once and returns how much that was, or None for «not now».
fn write_whole<'py>(write: &Bound<'py, PyAny>, block: Bound<'py, PyBytes>) -> PyResult<()> {
    let (py, whole, mut written) = (write.py(), block.clone(), 0);
    let mut rest = block;
    loop {
        let count = write.call_held((rest,))?;
        if count.is_none() {
            return Err(Error::WouldBlock.into());
        }
        written += match number::<usize>(&count)? {
            0 => return Err(Error::Io(io::ErrorKind::WriteZero.into()).into()),
            count => count,
        };
        match whole.as_bytes().get(written..) {
            Some(left) if !left.is_empty() => rest = PyBytes::new(py, left),
            _ => return Ok(()),
        }
        call::check_signals(py)?; // a signal may have cut the write short
    }
}
