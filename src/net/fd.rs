//! One system call each, on borrowed descriptors. `None` means «not now» (EAGAIN, EINTR): wait, then call again.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

fn retry_later(error: io::Error) -> io::Result<Option<usize>> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

fn outcome(result: libc::ssize_t) -> io::Result<Option<usize>> {
    match usize::try_from(result) {
        Ok(count) => Ok(Some(count)),
        Err(_) => retry_later(io::Error::last_os_error()),
    }
}

/// A second descriptor for the same socket, so that a close in another thread can't hand a waiting loop a stranger's
/// descriptor. The number comes from Python, so it may be stale: that is EBADF, never undefined behaviour.
pub fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes any number and returns a new descriptor or an error.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `copy` was just made by the kernel for us and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Receives what is there, at most `into.len()` bytes. `Some(0)` is the end of the stream.
pub fn recv_now(fd: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<Option<usize>> {
    // SAFETY: the pointer and length describe one exclusively borrowed slice; the descriptor is borrowed for the call.
    outcome(unsafe { libc::recv(fd.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), libc::MSG_DONTWAIT) })
}

/// Sends as much of `data` as the kernel takes now. A broken connection is EPIPE, not SIGPIPE.
pub fn send_now(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<Option<usize>> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the pointer and length describe one borrowed slice; the descriptor is borrowed for the call.
    outcome(unsafe { libc::send(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) })
}

/// Writes to a file at its descriptor's own position. A regular file takes everything or fails, but for signals and
/// limits, so a short count is for the caller to go on from.
pub fn write_file(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<Option<usize>> {
    // SAFETY: the pointer and length describe one borrowed slice; the descriptor is borrowed for the call.
    outcome(unsafe { libc::write(fd.as_raw_fd(), data.as_ptr().cast(), data.len()) })
}

/// Reads from a file at `offset`, leaving its descriptor's position alone.
pub fn read_file_at(fd: BorrowedFd<'_>, into: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: the pointer and length describe one exclusively borrowed slice; the descriptor is borrowed for the call.
    outcome(unsafe { libc::pread(fd.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), offset) })
}

/// Lets the kernel send up to `count` bytes of `file`, from `offset` on, which it moves forward. The socket must be in
/// non-blocking mode, for sendfile has no flag for it. `Some(0)` is the end of the file.
pub fn send_file(
    socket: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: &mut u64,
    count: usize,
) -> io::Result<Option<usize>> {
    let mut position = libc::off_t::try_from(*offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: both descriptors are borrowed for the call and `position` is one valid off_t.
    let sent = unsafe { libc::sendfile(socket.as_raw_fd(), file.as_raw_fd(), &raw mut position, count) };
    let sent = outcome(sent)?;
    if let Some(sent) = sent {
        *offset += sent as u64;
    }
    Ok(sent)
}
