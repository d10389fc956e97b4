//! Data connections: a file for each verb, what is at the other end of a transfer, and what the loops have in common.

mod beat;
mod block;
#[cfg(unix)]
mod blocks;
#[cfg(unix)]
pub mod download;
pub mod entries;
pub mod entry;
#[cfg(unix)]
mod file;
pub mod listing;
pub mod meter;
#[cfg(unix)]
pub mod pump;
pub mod rate;
#[cfg(unix)]
mod recognise;
#[cfg(unix)]
pub mod retrlines;
#[cfg(unix)]
mod sink;
#[cfg(unix)]
pub mod storlines;
#[cfg(unix)]
pub mod upload;
#[cfg(unix)]
mod watch;
