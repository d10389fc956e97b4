//! Waiting for one descriptor, for a bounded time.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// The longest one wait may last before the caller looks at signals, `close()` and `settimeout()`: 100 ms, so that each
/// of them takes effect within 200 ms also on a busy machine.
pub const SLICE: Duration = Duration::from_millis(100);

/// What the caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Read,
    Write,
}

/// Waits until `fd` is ready, has failed or has been hung up (`true`), or until `at_most` has passed or a signal has
/// arrived (`false`). Rounds up to whole milliseconds, so that a deadline is never missed by spinning.
pub fn wait(fd: BorrowedFd<'_>, interest: Interest, at_most: Duration) -> io::Result<bool> {
    let mut poll_fd = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: match interest {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
        },
        revents: 0,
    };
    let millis = at_most.as_micros().div_ceil(1000);
    let millis = libc::c_int::try_from(millis).unwrap_or(libc::c_int::MAX);
    // SAFETY: `poll_fd` is one valid, exclusively borrowed pollfd and the count says one; the descriptor is borrowed for
    // the whole call, so it can't be closed meanwhile.
    let ready = unsafe { libc::poll(&raw mut poll_fd, 1, millis) };
    if ready < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted {
            Ok(false)
        } else {
            Err(error)
        };
    }
    Ok(ready > 0)
}
