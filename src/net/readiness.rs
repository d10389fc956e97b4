//! Waiting for one descriptor, or for two, for a bounded time.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;
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

/// A descriptor, and what is waited for on it.
pub type Awaited<'a> = (BorrowedFd<'a>, Interest);

/// Waits until `fd` is ready, has failed or has been hung up (`true`), or until `at_most` has passed or a signal has
/// arrived (`false`).
pub fn wait(fd: BorrowedFd<'_>, interest: Interest, at_most: Duration) -> io::Result<bool> {
    wait_any(&mut [poll_fd((fd, interest))], at_most)
}

/// Waits for the first or the second, whichever comes first; returns whether each is ready.
pub fn wait_either(first: Awaited<'_>, second: Awaited<'_>, at_most: Duration) -> io::Result<(bool, bool)> {
    let mut both = [poll_fd(first), poll_fd(second)];
    let ready = wait_any(&mut both, at_most)?;
    let [first, second] = both.map(|fd| ready && !fd.revents().is_empty());
    Ok((first, second))
}

fn poll_fd((fd, interest): Awaited<'_>) -> PollFd<'_> {
    let events = match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    };
    PollFd::from_borrowed_fd(fd, events)
}

fn wait_any(all: &mut [PollFd<'_>], at_most: Duration) -> io::Result<bool> {
    // what doesn't fit is longer than any wait
    let timeout = Timespec::try_from(at_most).ok();
    match poll(all, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
