//! What runs natively, and when: only on an object that is exactly a `socket.socket` of an untouched `socket` module.
//! SSLSocket, subclasses, SOCKS wrappers, gevent's sockets and mocks have their own Python methods, and those are called.

mod bytes;
mod ends;
mod incoming;
mod outgoing;
mod pump;
mod reader;
mod socket;

pub use bytes::{download, upload};
pub use incoming::retrlines;
pub use outgoing::storlines;
pub use reader::{Reader, encode_line, limit_of, open_reader, reader};
pub use socket::{prepare, sendable};
