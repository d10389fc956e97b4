//! What runs natively, and when: only on an object that is exactly a `socket.socket` of an untouched `socket` module.
//! SSLSocket, subclasses, SOCKS wrappers, gevent's sockets and mocks have their own Python methods, and those are called.

mod bytes;
mod codec;
mod ends;
mod exchange;
#[cfg(feature = "tls")]
mod genuine;
mod incoming;
#[cfg(feature = "tls")]
mod lingering;
mod outgoing;
mod pump;
mod reader;
mod socket;

pub use bytes::{download, upload};
pub use codec::{encode_line, limit_of};
pub use exchange::batch;
#[cfg(feature = "tls")]
pub use genuine::{forget_tls_errors, has_ended_regularly};
pub use incoming::retrlines;
#[cfg(feature = "tls")]
pub use lingering::{Lingering, release, settle};
pub use outgoing::storlines;
pub use reader::{Reader, open_reader, reader};
pub use socket::{prepare, sendable};
