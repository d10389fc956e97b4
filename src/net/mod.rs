//! Descriptors and deadlines. Nothing here knows of Python or of FTP, and nothing here blocks for longer than the caller
//! allows: sockets are read and written with `MSG_DONTWAIT`, whatever mode they are in, and the waiting is a `poll` of
//! its own, so that whoever waits can look up now and then (signals, a close from another thread, a changed timeout).
#![forbid(unsafe_code)]

mod descriptor;
mod readiness;
mod stream;

pub use descriptor::{
    duplicate, end_sending, file_type, has_data, is_broken, position, read_file_at, recv_into, recv_now,
    reset_on_close, send_at_once, send_file, send_now, set_blocking, write_file,
};
pub use readiness::{Interest, SLICE, wait, wait_either};
pub use rustix::fs::FileType;
pub use stream::{Attempt, Progress, Received, Sent, Stream, Tcp};
