//! The control connection while a transfer waits for its data connection: where the server has refused to go on, and
//! nothing is moving any more, waiting is in vain.

use pyo3::intern;
use pyo3::prelude::*;
use std::time::{Duration, Instant};

use crate::python::call::Call;
use crate::python::data::meter::Meter;

/// How long nothing must have moved once a refusal is there: what was sent before it may still be on its way.
const GRACE: Duration = Duration::from_secs(1);

/// Asks the reader of the control connection, if there is one to be asked.
pub struct Watch<'a> {
    meter: &'a Meter,
    moved: u64,
    /// Since when a refusal is there and nothing has moved.
    since: Option<Instant>,
}

impl<'a> Watch<'a> {
    pub fn new(meter: &'a Meter) -> Self {
        Self {
            meter,
            moved: 0,
            since: None,
        }
    }

    /// Whether to give up, now that nothing has come, or gone, for a slice. `moved`: so many bytes all in all.
    pub fn is_in_vain(&mut self, py: Python<'_>, moved: u64) -> PyResult<bool> {
        if !self.is_refused(py)? {
            self.since = None;
            return Ok(false);
        }
        if self.since.is_none() || moved != self.moved {
            (self.since, self.moved) = (Some(Instant::now()), moved);
        }
        Ok(self.since.is_some_and(|since| since.elapsed() >= GRACE))
    }

    /// Whether a refusal is there. It is left for the one who reads the final reply.
    pub fn is_refused(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(reader) = self.meter.control() else {
            return Ok(false);
        };
        let refuses = reader.bind(py).call_method_held(intern!(py, "_refuses"), ())?;
        Ok(!refuses.is_none() && refuses.is_true_held()?)
    }
}
