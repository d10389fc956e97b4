//! A loop in Rust that always has something to do must let other threads have their turn, and see signals, as the
//! interpreter does between two instructions.

use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// How long a loop may hold the GIL without a break: the interpreter's switch interval.
const HOLD: Duration = Duration::from_millis(5);

/// Since when the GIL is held without a break.
pub struct Turn(Instant);

impl Turn {
    /// The GIL has just been taken.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Raises what a signal's handler raises, and lets go of the GIL for a moment if it has been held for long.
    pub fn look_up(&mut self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        if self.0.elapsed() > HOLD {
            py.detach(|| ());
            *self = Self::begin();
        }
        Ok(())
    }
}
