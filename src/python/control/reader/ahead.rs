//! Looking at the reply that comes next, without reading it.

use pyo3::intern;
use pyo3::prelude::*;

use super::{Reader, Wire};
use crate::net;
use crate::python::call::Call;
use crate::python::codec::CHUNK;
use crate::python::data::meter::Meter;
use crate::python::data::pump::Pump;
use crate::python::number::number;
use crate::python::owner::Owner;

impl Reader {
    /// Whether the reply that comes next refuses what was asked for (4xx, 5xx), as far as it has come. None where nothing
    /// has, or where somebody else waits for it. Nothing is waited for, and whoever reads next gets all of it.
    pub(super) fn next_refuses(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        let place = {
            let mut state = self.lock(py);
            if state.is_awaited() || state.unreadable.is_some() || state.socket.is_none() {
                return Ok(None);
            }
            let known = state.refuses();
            if known.is_some() || state.ahead.len() > CHUNK {
                return Ok(known);
            }
            state.queue_up()
        };
        let received = self.receive_ahead(py);
        let mut state = self.lock(py);
        state.queue.retain(|&other| other != place);
        state.ahead.extend(received?);
        Ok(state.refuses())
    }

    /// What is there, as far as it is data: the end and the errors of the connection are for whoever reads next.
    fn receive_ahead(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let socket = self.socket(py)?;
        let socket = socket.bind(py);
        let decrypted = match self.wire {
            Wire::Plain => 0,
            Wire::Tls => number::<usize>(&socket.call_method_held(intern!(py, "pending"), ())?)?,
        };
        let mut chunk = vec![0; CHUNK];
        let mut count = 0;
        if decrypted > 0 || net::has_data(Owner::new(socket).fd()?) {
            let meter = Meter::default();
            if let Some(mut pump) = Pump::receiving(socket, &meter)? {
                count = pump.receive_now(&mut chunk);
            }
        }
        chunk.truncate(count);
        Ok(chunk)
    }

    /// Takes in what was received ahead, if there is any.
    pub(super) fn feed_ahead(&self, py: Python<'_>) -> PyResult<bool> {
        let ahead = std::mem::take(&mut self.lock(py).ahead);
        if ahead.is_empty() {
            return Ok(false);
        }
        self.feed(py, &ahead).map(|()| true)
    }
}
