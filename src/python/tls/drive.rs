//! Drives the steps of a session to their end: the waiting, off the GIL and in slices, between which signals, asynchronous
//! exceptions, a close by another thread and a changed timeout are looked for.

use pyo3::prelude::*;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use crate::net::{Attempt, Interest, wait};
use crate::python::errors::Error;
use crate::python::owner::Owner;
use crate::python::wait::detached;
use crate::tls;

/// A Python socket that says how long to wait, and whether to go on at all.
pub struct Driver<'a, 'py> {
    pub owner: Owner<'a, 'py>,
    pub fd: BorrowedFd<'a>,
    /// Whom the certificate is to be for.
    pub name: Option<&'a str>,
}

impl Driver<'_, '_> {
    /// Repeats `step` until it gives something; the timeout counts from `began`.
    ///
    /// The first try is made as it comes, with the GIL, for letting go of it costs more than a record does when another
    /// thread is busy; only what has to wait, or `computes` for long, runs without.
    pub fn run<A: Attempt + Send>(
        &self,
        began: Instant,
        computes: bool,
        mut step: impl FnMut() -> Result<A, tls::Error> + Send,
    ) -> PyResult<A::Value> {
        let py = self.owner.py();
        let mut outcome = if computes { py.detach(&mut step) } else { step() };
        loop {
            let interest = match outcome.map(A::value) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(interest)) => interest,
                Err(error) => return Err(Error::Tls(error, self.name.map(str::to_owned)).into()),
            };
            let Some(slice) = self.owner.slice(began, "timed out")? else {
                return Err(Error::TlsWouldBlock(interest).into());
            };
            let (fd, until) = (self.fd, Instant::now() + slice);
            outcome = detached(py, || wait_and_step(fd, interest, until, &mut step))?;
            self.owner.fd()?;
        }
    }
}

fn wait_and_step<A: Attempt>(
    fd: BorrowedFd<'_>,
    mut interest: Interest,
    until: Instant,
    step: &mut impl FnMut() -> Result<A, tls::Error>,
) -> Result<A, tls::Error> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Also when nothing has come: another thread may have left something to be sent.
        let ready = wait(fd, interest, left).map_err(tls::Error::Connection)?;
        let outcome = step()?;
        match outcome.value() {
            Err(now) if ready && Instant::now() < until => interest = now,
            _ => return Ok(outcome),
        }
    }
}
