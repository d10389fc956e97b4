//! How fast data may be moved: a token bucket, which several transfers may share.

use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::python::hold;

/// For how many seconds what could have been moved is made up for: a busy machine wakes a thread late, and the rate is
/// to be kept all the same.
const CREDIT: f64 = 0.25;

/// How many seconds' worth is moved at once: short enough that a transfer goes evenly.
const GRAIN: f64 = 0.05;

struct Bucket {
    /// How many bytes may be moved at `since`; less than 0 after more than that was moved.
    balance: f64,
    since: Instant,
}

/// At most so many bytes a second, for all who count in it.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Rate {
    per_second: f64,
    bucket: Mutex<Bucket>,
}

impl Rate {
    /// How many bytes may be moved in one go.
    pub fn grain(&self) -> usize {
        // from f64 it saturates
        ((self.per_second * GRAIN) as usize).max(1)
    }

    /// So many bytes were moved.
    pub fn spend(&self, bytes: u64) {
        self.with(|bucket| bucket.balance -= bytes as f64);
    }

    /// How long nothing may be moved from now on; zero: now something may.
    pub fn pause(&self) -> Duration {
        let balance = self.with(|bucket| bucket.balance);
        Duration::try_from_secs_f64(-balance / self.per_second).unwrap_or_default() // not for less than 0
    }

    fn with<T>(&self, action: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let elapsed = now.saturating_duration_since(bucket.since).as_secs_f64();
        let most = (self.per_second * CREDIT).max(bucket.balance);
        bucket.balance = (bucket.balance + elapsed * self.per_second).min(most);
        bucket.since = now;
        action(&mut bucket)
    }
}

#[pymethods]
impl Rate {
    #[new]
    fn new(bytes_per_second: f64) -> Self {
        hold::this_thread();
        Self {
            per_second: bytes_per_second.max(f64::MIN_POSITIVE),
            bucket: Mutex::new(Bucket {
                balance: 0.0,
                since: Instant::now(),
            }),
        }
    }

    /// How many bytes may be moved in one go.
    #[getter(grain)]
    fn in_one_go(&self) -> usize {
        self.grain()
    }
}
