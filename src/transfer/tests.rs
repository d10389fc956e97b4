//! The loops against a socket pair and a real file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{FromFile, State, to_file};
use crate::net::{NonBlocking, Step, Stream, Tcp};

fn temporary(name: &str) -> File {
    let path = std::env::temp_dir().join(format!("rftplib-{}-{name}", std::process::id()));
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A stream that takes and gives a few bytes at a time, as TLS may, and can't send from files.
struct Small(Tcp);

impl Stream for Small {
    fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.descriptor()
    }
    fn receive(&mut self, into: &mut [u8]) -> std::io::Result<Step> {
        let end = into.len().min(7);
        self.0.receive(&mut into[..end])
    }
    fn send(&mut self, data: &[u8]) -> std::io::Result<Step> {
        self.0.send(&data[..data.len().min(7)])
    }
}

#[test]
fn receives_into_the_file_from_where_it_stands() {
    let (mut peer, here) = UnixStream::pair().unwrap();
    let mut file = temporary("receive");
    file.write_all(b"kept").unwrap();
    let sent = pattern(300_000);
    let copy = sent.clone();
    let sender = std::thread::spawn(move || peer.write_all(&copy).unwrap());
    let mut stream = Tcp(OwnedFd::from(here));
    let (mut moved, mut buffer) = (0, vec![0; 10_000]);
    while to_file(&mut stream, file.as_fd(), &mut buffer, soon(), &mut moved).unwrap() == State::Going {}
    sender.join().unwrap();
    assert_eq!(moved, 300_000);
    let mut whole = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut whole).unwrap();
    assert_eq!(whole, [b"kept".as_slice(), &sent].concat());
}

#[test]
fn comes_back_in_time_when_nothing_arrives() {
    let (_peer, here) = UnixStream::pair().unwrap();
    let file = temporary("silence");
    let began = Instant::now();
    let until = began + Duration::from_millis(50);
    let state = to_file(&mut Tcp(OwnedFd::from(here)), file.as_fd(), &mut [0; 64], until, &mut 0).unwrap();
    assert_eq!(state, State::Going);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

fn sends(stream: &mut dyn Stream, mut peer: UnixStream, guard: Option<NonBlocking>) {
    let mut file = temporary("send");
    let content = pattern(300_000);
    file.write_all(&content).unwrap();
    let receiver = std::thread::spawn(move || {
        let mut got = vec![0; 299_990];
        peer.read_exact(&mut got).unwrap();
        got
    });
    let mut source = FromFile::new(file.as_fd(), 10);
    while source.send(stream, soon()).unwrap() == State::Going {}
    assert_eq!(source.position(), 300_000);
    drop(guard);
    assert_eq!(receiver.join().unwrap(), &content[10..]);
    assert_eq!(
        file.stream_position().unwrap(),
        300_000,
        "the descriptor's own position is left alone"
    );
}

#[test]
fn sends_by_the_kernel() {
    let (peer, here) = UnixStream::pair().unwrap();
    let guard = NonBlocking::set(here.as_fd()).unwrap();
    sends(&mut Tcp(OwnedFd::from(here)), peer, Some(guard));
}

#[test]
fn sends_what_it_reads() {
    let (peer, here) = UnixStream::pair().unwrap();
    sends(&mut Small(Tcp(OwnedFd::from(here))), peer, None);
}

#[test]
fn counts_only_what_was_sent() {
    let (peer, here) = UnixStream::pair().unwrap();
    let mut file = temporary("broken");
    file.write_all(&pattern(5_000_000)).unwrap();
    let mut stream = Small(Tcp(OwnedFd::from(here)));
    let mut source = FromFile::new(file.as_fd(), 0);
    let state = source
        .send(&mut stream, Instant::now() + Duration::from_millis(30))
        .unwrap();
    assert_eq!(state, State::Going);
    let sent = source.position();
    drop(stream);
    let mut got = Vec::new();
    let mut peer = peer;
    peer.read_to_end(&mut got).unwrap();
    assert_eq!(got.len() as u64, sent);
}

#[test]
fn non_blocking_mode_ends_with_its_guard() {
    let (_peer, here) = UnixStream::pair().unwrap();
    // SAFETY: F_GETFL on a descriptor that is open
    let mode = || unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&here), libc::F_GETFL) } & libc::O_NONBLOCK;
    assert_eq!(mode(), 0);
    let guard = NonBlocking::set(here.as_fd()).unwrap();
    assert_ne!(mode(), 0);
    drop(guard);
    assert_eq!(mode(), 0);
}
