//! The loops that need nobody: between a connection and a file, for a bounded time, without Python.
//!
//! Contract: each call moves what it can until `until`, then says how it stands. It waits for the connection no longer
//! than that, and for the file no longer than a slice. What is counted has been written to the file or taken by the
//! kernel, also when the call fails.

mod from_file;
mod to_file;

#[cfg(test)]
mod tests;

pub use from_file::{FromFile, Source};
pub use to_file::{Outlet, Target, ToFile};

use std::io;
use std::time::{Duration, Instant};

use crate::net::{Interest, Stream, wait};

/// What failed, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("connection: {0}")]
    Connection(io::Error),
    #[error("file: {0}")]
    File(io::Error),
}

/// What one pass of a loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The peer has closed (downloads), the file is at its end (uploads).
    Ended,
    /// The time is over, or a signal has arrived.
    Going,
    /// The file can't go on now: a full pipe, a signal. The connection has nothing to do with it, nor has its timeout.
    Held,
}

/// How long a file is left alone that says «not now» and can't be waited for: so that asking again costs next to
/// nothing, and nobody notices the pause.
const NAP: Duration = Duration::from_millis(10);

fn nap() {
    std::thread::sleep(NAP);
}

/// Waits for the stream until `until`; false when that has passed or a signal has arrived.
fn await_stream(stream: &dyn Stream, interest: Interest, until: Instant) -> Result<bool, Error> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Ok(false);
    }
    wait(stream.descriptor(), interest, left).map_err(Error::Connection)
}
