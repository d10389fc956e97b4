//! rftplib's engine. One way through it: `python` binds, `transfer` pumps, `net` waits, `protocol` understands.
//! Arrows point down only, and only `python` may say pyo3.

pub mod protocol;

#[cfg(unix)]
pub mod net;

#[cfg(unix)]
pub mod transfer;

#[cfg(all(unix, feature = "tls"))]
pub mod tls;

#[cfg(feature = "python")]
mod python;
