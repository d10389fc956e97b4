//! What is called from time to time while the loop of a transfer runs, such as what keeps the control connection alive.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::python::call::Call;

/// A callable of Python's, and when it is due.
pub struct Beat {
    began: Instant,
    interval: Duration,
    /// When it was called last, in microseconds since `began`.
    last: AtomicU64,
    call: Py<PyAny>,
}

impl Beat {
    pub fn new(seconds: f64, call: Py<PyAny>) -> Self {
        Self {
            began: Instant::now(),
            interval: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
            last: AtomicU64::new(0),
            call,
        }
    }

    /// Calls it if it is time: for the thread that runs the loop, which holds no lock and no borrow of a Python object.
    pub fn now(&self, py: Python<'_>) -> PyResult<()> {
        let now = self.began.elapsed();
        let last = Duration::from_micros(self.last.load(Ordering::Relaxed));
        if now.saturating_sub(last) < self.interval {
            return Ok(());
        }
        let micros = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.last.store(micros, Ordering::Relaxed);
        self.call.bind(py).run_held(())
    }
}
