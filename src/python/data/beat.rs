//! What is called from time to time while the loop of a transfer runs: who wants to know how far it is, and what keeps
//! the control connection alive.

use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::python::call::{Arguments, Call};

/// A callable of Python's, and when it is due.
pub struct Beat {
    interval: Duration,
    /// `None`: never.
    due: Mutex<Option<Instant>>,
    call: Py<PyAny>,
}

impl Beat {
    /// Due at once, then after each interval.
    pub fn new(interval: Duration, call: Py<PyAny>) -> Self {
        Self {
            interval,
            due: Mutex::new(Some(Instant::now())),
            call,
        }
    }

    /// Due after each interval.
    pub fn later(interval: Duration, call: Py<PyAny>) -> Self {
        let beat = Self::new(interval, call);
        beat.is_due();
        beat
    }

    fn is_due(&self) -> bool {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if due.is_none_or(|due| now < due) {
            return false;
        }
        *due = now.checked_add(self.interval);
        true
    }

    /// Calls it if it is time: for the thread that runs the loop, which holds no lock and no borrow of a Python object.
    pub fn now<'py>(&self, py: Python<'py>, args: impl Arguments<'py>) -> PyResult<()> {
        if self.is_due() {
            self.call.bind(py).run_held(args)?;
        }
        Ok(())
    }
}
