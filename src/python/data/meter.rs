//! How far a transfer has come and how its data connection has ended: filled by the loops, read by the record of the
//! transfer (`rftplib._transfer`), from whichever thread.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::python::data::beat::Beat;
use crate::python::data::rate::Rate;
use crate::python::errors::Error;
use crate::python::hold;

/// How often it is told how far a transfer is: ten times a second, where a loop looks up that often.
const TICK: Duration = Duration::from_millis(90);

/// How a data connection has ended, as far as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By a FIN in clear text, by a close_notify under TLS.
    Regular = 1,
    /// Under TLS by a FIN without close_notify: somebody on the way can have cut it off.
    Ragged = 2,
    /// By an error of the connection, such as a reset.
    Broken = 3,
}

#[cfg(unix)]
use crate::python::process::number as process;

/// Nothing is forked here.
#[cfg(not(unix))]
fn process() -> u32 {
    0
}

/// Counts the bytes of one transfer, and keeps it at its rate.
#[pyclass(module = "rftplib._rftplib", frozen)]
#[derive(Default)]
pub struct Meter {
    moved: AtomicU64,
    end: AtomicU8,
    stopped: AtomicBool,
    refused: AtomicBool,
    /// The reader of the control connection, on which a refusal may come meanwhile.
    control: OnceLock<Py<PyAny>>,
    process: u32,
    beat: OnceLock<Beat>,
    /// Called with the count.
    tick: Option<Beat>,
    rate: Option<Py<Rate>>,
    /// What takes the place of the callback of a download.
    next: Mutex<Option<Py<PyAny>>>,
}

impl Meter {
    pub fn count(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
        if let Some(rate) = &self.rate {
            rate.get().spend(bytes);
        }
    }

    pub fn rate(&self) -> Option<&Rate> {
        self.rate.as_ref().map(Py::get)
    }

    /// Whether nothing but the count is wanted of it: no progress, no rate, no NOOPs.
    pub fn only_counts(&self) -> bool {
        self.tick.is_none() && self.rate.is_none() && self.beat.get().is_none()
    }

    /// Tells how far it is, if that hasn't been told in a while.
    pub fn tick(&self, py: Python<'_>) -> PyResult<()> {
        self.tick.as_ref().map_or(Ok(()), |tick| tick.now(py, (self.so_far(),)))
    }

    /// What is to be called from now on, if the callback has said so.
    pub fn take_next(&self) -> Option<Py<PyAny>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub fn so_far(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// EBADF if another thread has closed the client meanwhile: what has been received isn't handed out any more.
    pub fn check_open(&self) -> PyResult<()> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Error::Closed.into());
        }
        Ok(())
    }

    /// The server has refused the transfer, and no more data comes.
    pub fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    pub fn control(&self) -> Option<&Py<PyAny>> {
        self.control.get()
    }

    pub fn end(&self, end: End) {
        self.end.store(end as u8, Ordering::Relaxed);
    }
}

#[pymethods]
impl Meter {
    #[new]
    #[pyo3(signature = (tick=None, rate=None))]
    fn new(tick: Option<Py<PyAny>>, rate: Option<Py<Rate>>) -> Self {
        hold::this_thread();
        Self {
            tick: tick.map(|call| Beat::new(TICK, call)),
            rate,
            process: process(),
            ..Self::default()
        }
    }

    /// Whether a fork has copied it: the transfer goes on in the parent process.
    #[getter]
    fn inherited(&self) -> bool {
        self.process != process()
    }

    /// Count so many bytes more. Returns for how many seconds nothing may be moved.
    fn add(&self, py: Python<'_>, bytes: u64) -> PyResult<f64> {
        self.check_open()?;
        self.count(bytes);
        self.tick(py)?;
        Ok(self.rate().map_or(0.0, |rate| rate.pause().as_secs_f64()))
    }

    /// Have the loop that runs call this in place of its callback from now on. A loop that doesn't know of it goes on
    /// calling the callback.
    fn hand_over(&self, callback: Py<PyAny>) {
        let before = self
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(callback);
        drop(before); // after the lock, for its `__del__` may run
    }

    /// End the loop that counts here: it may wait for a file, which doesn't notice the end of the connection.
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Have a loop that waits in vain look for a refusal on the control connection, whose reader this is.
    fn watch(&self, reader: Py<PyAny>) {
        let _ = self.control.set(reader); // it is the same one all the time
    }

    /// Have `call()` called every so many seconds by the loop that counts here, between two pieces of the data.
    fn each(&self, seconds: f64, call: Py<PyAny>) {
        let interval = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let _ = self.beat.set(Beat::later(interval, call)); // a transfer has one
    }

    /// The loop is between two pieces: calls what is due.
    pub fn beat(&self, py: Python<'_>) -> PyResult<()> {
        self.beat.get().map_or(Ok(()), |beat| beat.now(py, ()))
    }

    /// Note that the connection has failed.
    fn fail(&self) {
        self.end(End::Broken);
    }

    /// How many bytes have been received, or sent.
    #[getter]
    fn moved(&self) -> u64 {
        self.so_far()
    }

    /// Whether the peer has closed a TLS connection without a close_notify.
    #[getter]
    fn ragged(&self) -> bool {
        self.end.load(Ordering::Relaxed) == End::Ragged as u8
    }

    /// Whether the peer has ended the connection as it should.
    #[getter]
    fn regular(&self) -> bool {
        self.end.load(Ordering::Relaxed) == End::Regular as u8
    }

    /// Whether a loop has ended because of a refusal, which lies on the control connection.
    #[getter]
    fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether the connection has failed.
    #[getter]
    fn broken(&self) -> bool {
        self.end.load(Ordering::Relaxed) == End::Broken as u8
    }
}
