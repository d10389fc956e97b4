//! How a reader receives: by the descriptor of a plain socket, or by the method of a TLS socket.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::time::Instant;

use super::{Reader, TIMED_OUT};
use crate::net::{self, Interest};
use crate::python::call::Call;
use crate::python::codec::CHUNK;
use crate::python::errors::{self, Error};
use crate::python::number::number;
use crate::python::owner::{Descriptor, Owner};
use crate::python::tls::genuine;
use crate::python::wait;

impl Reader {
    /// Waits for one slice; then whether something is there, the descriptor, and whether the socket waits at all.
    fn wait<'a>(
        &self,
        owner: &Owner<'a, '_>,
        began: Instant,
        too_late: &'static str,
    ) -> PyResult<(bool, Descriptor<'a>, bool)> {
        let fd = owner.descriptor()?;
        let slice = match owner.slice(began, too_late) {
            Ok(slice) => slice,
            Err(error) => {
                self.lock(owner.py()).unreadable = Some(TIMED_OUT);
                return Err(error);
            }
        };
        let ready = wait::one_slice(owner, fd.as_fd(), Interest::Read, slice.unwrap_or_default())?;
        self.socket(owner.py())?;
        Ok((ready, fd, slice.is_some()))
    }

    /// Receives from a plain socket, if something comes within a slice.
    pub(super) fn receive(&self, owner: &Owner<'_, '_>, began: Instant) -> PyResult<bool> {
        let py = owner.py();
        let (ready, fd, waits) = self.wait(owner, began, "timed out")?;
        let mut chunk = [MaybeUninit::uninit(); CHUNK];
        let received = if ready {
            net::recv_into(fd.as_fd(), &mut chunk).map_err(Error::Io)?
        } else if waits {
            None
        } else {
            Some(&[][..]) // in non-blocking mode nothing there looks like the end, as io.TextIOWrapper has it
        };
        match received {
            Some(data) => self.feed(py, data).map(|()| true),
            None => Ok(false),
        }
    }

    /// Receives from a TLS socket by its own method, if something comes within a slice. A record that comes in pieces is
    /// waited for in there, for as long as the socket's timeout.
    pub(super) fn receive_tls(&self, owner: &Owner<'_, '_>, began: Instant) -> PyResult<bool> {
        let (py, sock) = (owner.py(), owner.object());
        let pending = sock.call_method_held(intern!(py, "pending"), ())?;
        let ended = self.lock(py).ended;
        if !ended && number::<usize>(&pending)? == 0 {
            let (ready, _, waits) = self.wait(owner, began, "The read operation timed out")?;
            if !ready && waits {
                return Ok(false);
            }
        }
        let room = PyByteArray::new(py, &[0; CHUNK]);
        let open = self.lock(py).begin_receiving();
        if !open {
            return Err(Error::Closed.into());
        }
        genuine::forget_tls_errors();
        let received = sock.call_method_held(intern!(py, "recv_into"), (&room,));
        self.lock(py).receiving = None;
        // a close by another thread has an error of its own, whatever came of it here
        self.socket(py)?;
        owner.fd()?;
        let count = match received {
            Ok(count) => number::<usize>(&count)?,
            Err(error) => {
                if errors::is_timeout(py, &error) {
                    self.lock(py).unreadable = Some(TIMED_OUT);
                }
                return Err(error);
            }
        };
        self.lock(py).ended = count == 0;
        let data = room.to_vec();
        self.feed(py, data.get(..count).unwrap_or_default()).map(|()| true)
    }

    pub(super) fn feed(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let (outcome, charset) = {
            let mut state = self.lock(py);
            (state.feed(data), state.lines.charset())
        };
        Ok(outcome.map_err(|undecodable| Error::Undecodable(charset, undecodable))?)
    }
}
