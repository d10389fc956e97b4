//! TLS: Python's own connections, lent to the loops, and those of `rftplib.tls.NativeContext`, under whose objects this is
//! what `_ssl` is under `ssl`'s.

pub mod context;
mod drive;
pub mod genuine;
pub mod lingering;
pub mod link;
pub mod loan;
pub mod native;
pub mod session;
