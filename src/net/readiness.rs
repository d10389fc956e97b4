//! Waiting for one descriptor, for a bounded time.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
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
    wait_number(fd.as_raw_fd(), interest, at_most)
}

/// The same for a descriptor that somebody else may close meanwhile: then the answer means nothing.
pub fn wait_number(number: RawFd, interest: Interest, at_most: Duration) -> io::Result<bool> {
    wait_any(&mut [poll_fd(number, interest)], at_most)
}

/// Waits for the first or the second, whichever comes first; returns whether each is ready.
pub fn wait_either(first: (RawFd, Interest), second: (RawFd, Interest), at_most: Duration) -> io::Result<(bool, bool)> {
    let mut both = [poll_fd(first.0, first.1), poll_fd(second.0, second.1)];
    let ready = wait_any(&mut both, at_most)?;
    Ok((ready && both[0].revents != 0, ready && both[1].revents != 0))
}

fn poll_fd(fd: RawFd, interest: Interest) -> libc::pollfd {
    libc::pollfd {
        fd,
        events: match interest {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
        },
        revents: 0,
    }
}

fn wait_any(all: &mut [libc::pollfd], at_most: Duration) -> io::Result<bool> {
    let millis = at_most.as_micros().div_ceil(1000);
    let millis = libc::c_int::try_from(millis).unwrap_or(libc::c_int::MAX);
    // SAFETY: the pointer and the count describe one exclusively borrowed slice of pollfds. The descriptors are only
    // numbers to `poll`: one that is closed is reported as such, and one that is somebody else's by now is neither read
    // nor written.
    let ready = unsafe { libc::poll(all.as_mut_ptr(), all.len() as libc::nfds_t, millis) };
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
