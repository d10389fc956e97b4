//! Blocks that are received as they are handed out: `bytes` whose memory is written to before anybody has seen them, so
//! that nothing is copied.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io::IoSliceMut;

use crate::python::data::pump::Pump;

/// New blocks of one size, some of which may wait for the next time.
pub struct Blocks<'py> {
    py: Python<'py>,
    size: usize,
    count: usize,
    blank: Vec<Bound<'py, PyBytes>>,
}

impl<'py> Blocks<'py> {
    /// size: of each, in bytes, more than one. count: how many are received at once, at most.
    pub fn new(py: Python<'py>, size: usize, count: usize) -> Self {
        let blank = Vec::with_capacity(count);
        Self { py, size, count, blank }
    }

    /// Receives as `Pump::receive` does and calls `put` with each block, the last of which may be shorter. False at the end.
    pub fn receive(
        &mut self,
        pump: &mut Pump<'_, 'py>,
        mut put: impl FnMut(Bound<'py, PyBytes>) -> PyResult<()>,
    ) -> PyResult<bool> {
        while self.blank.len() < self.count {
            self.blank.push(PyBytes::new_with(self.py, self.size, |_| Ok(()))?);
        }
        let mut pieces: Vec<_> = self.blank.iter_mut().map(memory).map(IoSliceMut::new).collect();
        let received = pump.receive_pieces(&mut pieces)?;
        drop(pieces);
        for block in self.blank.drain(..received / self.size) {
            put(block)?;
        }
        // one that isn't full can't be made shorter
        if let (Some(block), rest @ 1..) = (self.blank.first(), received % self.size) {
            put(PyBytes::new(self.py, block.as_bytes().get(..rest).unwrap_or_default()))?;
        }
        Ok(received > 0)
    }
}

/// The memory of a block that nobody has seen yet.
fn memory<'a>(block: &'a mut Bound<'_, PyBytes>) -> &'a mut [u8] {
    // SAFETY: the GIL is held; the block is alive for 'a, its memory has been written to, by zeros, and is as long as it
    // says. Hazard: somebody reads it, or a second such slice is made. Only `Blocks` has a reference, and bytes aren't
    // known to the garbage collector; the slices of one `receive` are of different blocks, which it asks for once each
    // and doesn't read while the slices are there.
    unsafe {
        let start = ffi::PyBytes_AsString(block.as_ptr()).cast::<u8>();
        std::slice::from_raw_parts_mut(start, block.as_bytes().len())
    }
}
