//! Drives the steps of a session to their end: the waiting, off the GIL and in slices, between which signals, asynchronous
//! exceptions, a close by another thread and a changed timeout are looked for.

use pyo3::prelude::*;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use crate::net::{Interest, Step, wait};
use crate::python::tls::errors::{raised, would_block};
use crate::python::wait::Owner;
use crate::tls::Fault;

/// A Python socket that says how long to wait, and whether to go on at all.
pub struct Driver<'a, 'py> {
    pub owner: Owner<'a, 'py>,
    pub fd: BorrowedFd<'a>,
    /// Whom the certificate is to be for.
    pub name: Option<&'a str>,
}

impl Driver<'_, '_> {
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
        let py = self.owner.py();
        let mut outcome = if computes { py.detach(&mut step) } else { step() };
        loop {
            let interest = match outcome {
                Ok(Step::Moved(count)) => return Ok(count),
                Ok(Step::Wait(interest)) => interest,
                Err(fault) => return Err(raised(py, &fault, self.name)),
            };
            let Some(slice) = self.owner.slice(began, "timed out")? else {
                return Err(would_block(py, interest));
            };
            let (fd, until) = (self.fd, Instant::now() + slice);
            outcome = self.owner.detached(|| wait_and_step(fd, interest, until, &mut step))?;
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
