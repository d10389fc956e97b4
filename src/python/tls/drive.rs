//! Drives the steps of a session to their end: the waiting, off the GIL and in slices, between which signals, asynchronous
//! exceptions, a close by another thread and a changed timeout are looked for.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::super::call::Call;
use super::super::errors::{os_error, timed_out};
use super::errors::{raised, would_block};
use crate::net::{Interest, SLICE, Step, wait};
use crate::tls::Fault;

static NOTHING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Raises what a signal's handler raises, and what another thread has set for this one (PyThreadState_SetAsyncExc): that
/// is delivered only while Python code runs, so a bit of it is run.
pub fn look_up(py: Python<'_>) -> PyResult<()> {
    py.check_signals()?;
    let nothing = NOTHING.get_or_try_init(py, || py.eval(c"lambda: None", None, None).map(Bound::unbind))?;
    nothing.bind(py).call_held(()).map(drop)
}

/// A Python socket that says how long to wait, and whether to go on at all.
pub struct Driver<'a, 'py> {
    pub socket: &'a Bound<'py, PyAny>,
    pub fd: BorrowedFd<'a>,
    /// Whom the certificate is to be for.
    pub name: Option<&'a str>,
}

impl<'py> Driver<'_, 'py> {
    fn py(&self) -> Python<'py> {
        self.socket.py()
    }

    fn check_open(&self) -> PyResult<()> {
        let fd = self.socket.call_method_held(intern!(self.py(), "fileno"), ())?;
        if fd.extract::<i64>()? < 0 {
            return Err(os_error(&io::Error::from_raw_os_error(libc::EBADF)));
        }
        Ok(())
    }

    /// How long the next wait may last: at most a slice. Raises what `ssl` raises when nothing is left of the timeout.
    fn slice(&self, began: Instant, interest: Interest) -> PyResult<Duration> {
        let timeout = self.socket.call_method_held(intern!(self.py(), "gettimeout"), ())?;
        if timeout.is_none() {
            return Ok(SLICE);
        }
        let seconds = timeout.extract::<f64>()?;
        if seconds <= 0.0 {
            return Err(would_block(self.py(), interest));
        }
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match timeout.checked_sub(began.elapsed()) {
            Some(left) if !left.is_zero() => Ok(left.min(SLICE)),
            _ => Err(timed_out(self.py(), "timed out")),
        }
    }

    /// Repeats `step` until it has moved something; the timeout counts from `began`.
    ///
    /// The first try is made as it comes, with the GIL, for letting go of it costs more than a record does when another
    /// thread is busy; only what has to wait, or `computes` for long, runs without.
    pub fn run(
        &self,
        began: Instant,
        computes: bool,
        mut step: impl FnMut() -> Result<Step, Fault> + Send,
    ) -> PyResult<usize> {
        let mut outcome = if computes { self.py().detach(&mut step) } else { step() };
        loop {
            let interest = match outcome {
                Ok(Step::Moved(count)) => return Ok(count),
                Ok(Step::Wait(interest)) => interest,
                Err(fault) => return Err(raised(self.py(), &fault, self.name)),
            };
            let until = Instant::now() + self.slice(began, interest)?;
            let fd = self.fd;
            outcome = self.py().detach(|| wait_and_step(fd, interest, until, &mut step));
            look_up(self.py())?;
            self.check_open()?;
        }
    }
}

fn wait_and_step(
    fd: BorrowedFd<'_>,
    mut interest: Interest,
    until: Instant,
    step: &mut impl FnMut() -> Result<Step, Fault>,
) -> Result<Step, Fault> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Also when nothing has come: another thread may have left something to be sent.
        let ready = wait(fd, interest, left).map_err(Fault::Connection)?;
        match step()? {
            Step::Wait(now) if ready && Instant::now() < until => interest = now,
            other => return Ok(other),
        }
    }
}
