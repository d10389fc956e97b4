//! A loop in Rust that always has something to do must let other threads have their turn, and see signals, as the
//! interpreter does between two instructions.

use pyo3::prelude::*;
use std::time::{Duration, Instant};

use crate::python::call::{self, Call};
use crate::python::modules;

/// How long a loop may go on before it looks up. Not the interpreter's switch interval of 5 ms: a thread that waits for
/// the GIL asks for it after that time, and shall not have to wait as long again.
const INTERVAL: Duration = Duration::from_millis(1);

/// Raises what a signal's handler raises, and what others have set for this thread (`PyThreadState_SetAsyncExc`, as
/// func_timeout and stopit do); lets another thread have the GIL that waits for it. The interpreter does all that where
/// Python code runs, and only there: so a bit of Python code is run.
pub fn look_up(py: Python<'_>) -> PyResult<()> {
    modules::nothing(py)?.run_held(())
}

/// When the loop has last looked up.
pub struct Turn(Instant);

impl Turn {
    /// The GIL has just been taken.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Raises what a signal's handler raises, at once; asynchronous exceptions, and lets go of the GIL for whoever waits
    /// for it, if that hasn't been looked for in a while.
    pub fn look_up(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.0.elapsed() < INTERVAL {
            return call::check_signals(py);
        }
        look_up(py)?;
        *self = Self::begin();
        Ok(())
    }
}
