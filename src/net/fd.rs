//! One system call each, on borrowed descriptors. `None` means «not now» (EAGAIN, EINTR): wait, then call again.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

fn retry_later(error: io::Error) -> io::Result<Option<usize>> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
        _ => Err(error),
    }
}

fn count(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn outcome(result: libc::ssize_t) -> io::Result<Option<usize>> {
    count(result).map(Some).or_else(retry_later)
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

/// Sends a FIN behind what was sent. What fails here has been ended already.
pub fn end_sending(fd: BorrowedFd<'_>) {
    // SAFETY: shutdown takes two ints; the descriptor is borrowed for the call.
    unsafe { libc::shutdown(fd.as_raw_fd(), libc::SHUT_WR) };
}

/// Sends small segments at once, without waiting for the acknowledgement of those before (Nagle's algorithm). What isn't
/// TCP stays as it is.
pub fn send_at_once(fd: BorrowedFd<'_>) {
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or_default();
    // SAFETY: the descriptor is borrowed for the call; pointer and size describe one int.
    unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_NODELAY,
            (&raw const on).cast(),
            size,
        )
    };
}

/// Makes the last close of the connection reset it, which tells the peer at once that nobody is there any more.
pub fn reset_on_close(fd: BorrowedFd<'_>) -> io::Result<()> {
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let size = libc::socklen_t::try_from(size_of::<libc::linger>()).unwrap_or_default();
    // SAFETY: the descriptor is borrowed for the call; pointer and size describe one valid struct linger.
    let outcome = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size,
        )
    };
    if outcome < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// One `write` at the descriptor's own position; how much it took is for the caller to look at.
pub fn write_file(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and length describe one borrowed slice; the descriptor is borrowed for the call.
    count(unsafe { libc::write(fd.as_raw_fd(), data.as_ptr().cast(), data.len()) })
}

/// Reads from a file at `offset`, leaving its descriptor's position alone.
pub fn read_file_at(fd: BorrowedFd<'_>, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: the pointer and length describe one exclusively borrowed slice; the descriptor is borrowed for the call.
    count(unsafe { libc::pread(fd.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), offset) })
}

/// Where the descriptor stands in its file; ESPIPE for a pipe, a terminal or a socket.
pub fn position(fd: BorrowedFd<'_>) -> io::Result<u64> {
    // SAFETY: lseek by nothing moves nothing; the descriptor is borrowed for the call.
    let position = unsafe { libc::lseek(fd.as_raw_fd(), 0, libc::SEEK_CUR) };
    u64::try_from(position).map_err(|_| io::Error::last_os_error())
}

/// Lets the kernel send up to `count` bytes of `file`, from `offset` on. The socket must be in non-blocking mode, for
/// sendfile has no flag for it. `Some(0)` is the end of the file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn send_file(socket: BorrowedFd<'_>, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<usize>> {
    let mut position = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: both descriptors are borrowed for the call and `position` is one valid off_t.
    outcome(unsafe { libc::sendfile(socket.as_raw_fd(), file.as_raw_fd(), &raw mut position, count) })
}

/// Other systems have a sendfile with other habits: there the bytes are read and sent.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn send_file(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: u64, _: usize) -> io::Result<Option<usize>> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// What kind of file a descriptor is for: `S_IFREG`, `S_IFIFO` and so on. The number comes from Python, so it may be
/// stale: that is EBADF.
pub fn file_type(fd: RawFd) -> io::Result<libc::mode_t> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: fstat takes any number, and `status` has room for one stat, which the kernel fills.
    if unsafe { libc::fstat(fd, status.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fstat succeeded, and all zeroes is a valid stat anyway.
    Ok(unsafe { status.assume_init() }.st_mode & libc::S_IFMT)
}

/// Whether a connection is over: it has failed, or was shut down in both directions. Its errors are told only once, so
/// this is how to tell them from those of something else.
pub fn is_broken(fd: BorrowedFd<'_>) -> bool {
    let mut state = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: 0,
        revents: 0,
    };
    // SAFETY: `state` is one valid, exclusively borrowed pollfd and the count says one; the descriptor is borrowed for
    // the call, which doesn't wait.
    unsafe { libc::poll(&raw mut state, 1, 0) > 0 }
}

/// Puts a descriptor, and with it all its duplicates, into blocking or non-blocking mode. Returns whether it was in the
/// other one.
pub fn set_blocking(fd: BorrowedFd<'_>, blocking: bool) -> io::Result<bool> {
    // SAFETY: F_GETFL takes no argument; the descriptor is borrowed for the call.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    let wanted = if blocking {
        flags & !libc::O_NONBLOCK
    } else {
        flags | libc::O_NONBLOCK
    };
    // SAFETY: F_SETFL takes an int; the descriptor is borrowed for the call.
    if wanted != flags && unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, wanted) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(wanted != flags)
}
