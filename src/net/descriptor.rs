//! One system call each, on borrowed descriptors. `None` means «not now» (EAGAIN, EINTR): wait, then call again.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvFlags, SendFlags, Shutdown};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

fn now_or_later(outcome: rustix::io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Ok(count) => Ok(Some(count)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A second descriptor for the same socket or file, so that a close in another thread can't hand a waiting loop a
/// stranger's descriptor.
pub fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, 0)?)
}

/// Receives what is there, at most `into.len()` bytes. `Some(0)` is the end of the stream.
pub fn recv_now(fd: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<Option<usize>> {
    now_or_later(rustix::net::recv(fd, into, RecvFlags::DONTWAIT).map(|(count, _)| count))
}

/// The same into memory that nobody has written to, so that little data costs no more than it is. `Some(&[])` is the end.
pub fn recv_into<'a>(fd: BorrowedFd<'_>, into: &'a mut [MaybeUninit<u8>]) -> io::Result<Option<&'a [u8]>> {
    match rustix::net::recv(fd, into, RecvFlags::DONTWAIT) {
        Ok(((received, _), _)) => Ok(Some(received)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The same into several pieces of memory, one behind the other.
pub fn recv_pieces(fd: BorrowedFd<'_>, into: &mut [IoSliceMut<'_>]) -> io::Result<Option<usize>> {
    let received = rustix::net::recvmsg(fd, into, &mut RecvAncillaryBuffer::default(), RecvFlags::DONTWAIT);
    now_or_later(received.map(|received| received.bytes))
}

/// A broken connection is EPIPE then, not SIGPIPE.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// macOS has no such flag that can be relied on. Python ignores SIGPIPE.
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Whether there is something to receive, which is neither the end of the stream nor an error. Neither is taken.
pub fn has_data(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let ready = poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0);
    let flags = polled[0].revents();
    // asked for data, the kernel would hand out a pending error instead, and only once
    if !ready || flags.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
        return false;
    }
    let peeked = rustix::net::recv(fd, &mut [0; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    peeked.is_ok_and(|(count, _)| count > 0)
}

/// Sends as much of `data` as the kernel takes now. A broken connection is EPIPE.
pub fn send_now(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<Option<usize>> {
    now_or_later(rustix::net::send(fd, data, SendFlags::DONTWAIT | NO_SIGNAL))
}

/// Sends a FIN behind what was sent. What fails here has been ended already.
pub fn end_sending(fd: BorrowedFd<'_>) {
    let _ = rustix::net::shutdown(fd, Shutdown::Write);
}

/// Sends small segments at once, without waiting for the acknowledgement of those before (Nagle's algorithm). What isn't
/// TCP stays as it is.
pub fn send_at_once(fd: BorrowedFd<'_>) {
    let _ = rustix::net::sockopt::set_tcp_nodelay(fd, true);
}

/// Makes the last close of the connection reset it, which tells the peer at once that nobody is there any more.
pub fn reset_on_close(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_linger(fd, Some(Duration::ZERO))?)
}

/// One `write` at the descriptor's own position; how much it took is for the caller to look at.
pub fn write_file(fd: BorrowedFd<'_>, data: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(fd, data)?)
}

/// Reads from a file at `offset`, leaving its descriptor's position alone.
pub fn read_file_at(fd: BorrowedFd<'_>, into: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(fd, into, offset)?)
}

/// Where the descriptor stands in its file; ESPIPE for a pipe, a terminal or a socket.
pub fn position(fd: BorrowedFd<'_>) -> io::Result<u64> {
    Ok(rustix::fs::tell(fd)?)
}

/// Lets the kernel send up to `count` bytes of `file`, from `offset` on. The socket must be in non-blocking mode, for
/// sendfile has no flag for it. `Some(0)` is the end of the file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn send_file(socket: BorrowedFd<'_>, file: BorrowedFd<'_>, offset: u64, count: usize) -> io::Result<Option<usize>> {
    let mut position = offset;
    now_or_later(rustix::fs::sendfile(socket, file, Some(&mut position), count))
}

/// Other systems have a sendfile with other habits: there the bytes are read and sent.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn send_file(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: u64, _: usize) -> io::Result<Option<usize>> {
    Err(Errno::NOSYS.into())
}

/// What kind of file a descriptor is for.
pub fn file_type(fd: BorrowedFd<'_>) -> io::Result<FileType> {
    let status = rustix::fs::fstat(fd)?;
    Ok(FileType::from_raw_mode(status.st_mode))
}

/// Whether a connection is over: it has failed, or was shut down in both directions. Its errors are told only once, so
/// this is how to tell them from those of something else.
pub fn is_broken(fd: BorrowedFd<'_>) -> bool {
    let mut only = [PollFd::from_borrowed_fd(fd, PollFlags::empty())];
    poll(&mut only, Some(&Timespec::default())).is_ok_and(|count| count > 0)
}

/// Puts a descriptor, and with it all its duplicates, into blocking or non-blocking mode. Returns whether it was in the
/// other one.
pub fn set_blocking(fd: BorrowedFd<'_>, blocking: bool) -> io::Result<bool> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    let mut wanted = flags;
    wanted.set(OFlags::NONBLOCK, !blocking);
    if wanted != flags {
        rustix::fs::fcntl_setfl(fd, wanted)?;
    }
    Ok(wanted != flags)
}
