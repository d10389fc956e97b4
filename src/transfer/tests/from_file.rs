use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Answer, Script, Small, errno, pattern, soon, temporary};
use crate::net::{Interest, Received, Sent, Stream, Tcp, set_blocking};
use crate::transfer::{Error, FromFile, Pass, Source};

const SIZE: usize = 300_000;

/// A file with [`pattern`] in it.
fn content(name: &str) -> File {
    let mut file = temporary(name);
    file.write_all(&pattern(SIZE)).unwrap();
    file
}

fn receiver(mut peer: UnixStream) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        got
    })
}

/// Passes until the end, counting those in which the file couldn't go on.
fn run<S: Source>(source: &mut FromFile<S>, stream: &mut dyn Stream) -> Result<usize, Error> {
    let mut held = 0;
    loop {
        match source.send(stream, soon())? {
            Pass::Ended => return Ok(held),
            Pass::Held => held += 1,
            Pass::Going => {}
        }
    }
}

fn sends(mut stream: impl Stream, peer: UnixStream) {
    let mut file = content("send");
    let receiving = receiver(peer);
    let mut source = FromFile::new(file.as_fd(), 10);
    run(&mut source, &mut stream).unwrap();
    assert_eq!(source.position(), SIZE as u64);
    drop(stream);
    assert_eq!(receiving.join().unwrap(), &pattern(SIZE)[10..]);
    assert_eq!(
        file.stream_position().unwrap(),
        SIZE as u64,
        "the descriptor's own position is left alone"
    );
}

#[test]
fn sends_by_the_kernel() {
    let (peer, here) = UnixStream::pair().unwrap();
    sends(Tcp::new(OwnedFd::from(here)), peer);
}

#[test]
fn sends_what_it_reads() {
    let (peer, here) = UnixStream::pair().unwrap();
    sends(Small(Tcp::new(OwnedFd::from(here))), peer);
}

#[test]
fn counts_only_what_was_sent() {
    let (mut peer, here) = UnixStream::pair().unwrap();
    let mut file = temporary("broken");
    file.write_all(&pattern(5_000_000)).unwrap();
    let mut stream = Small(Tcp::new(OwnedFd::from(here)));
    let mut source = FromFile::new(file.as_fd(), 0);
    let pass = source
        .send(&mut stream, Instant::now() + Duration::from_millis(30))
        .unwrap();
    assert_eq!(pass, Pass::Going);
    let sent = source.position();
    drop(stream);
    let mut got = Vec::new();
    peer.read_to_end(&mut got).unwrap();
    assert_eq!(got.len() as u64, sent);
}

// ---------------------------------------------------------------------------------- sendfile

/// What sendfile does, one after the other; then it works.
struct ByKernel {
    below: Tcp,
    answers: Vec<Answer>,
    asked: usize,
}

impl Stream for ByKernel {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.below.descriptor()
    }
    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        self.below.receive(into)
    }
    fn send(&mut self, data: &[u8]) -> io::Result<Sent> {
        self.below.send(data)
    }
    fn send_file(&mut self, file: BorrowedFd<'_>, offset: u64, _: usize) -> io::Result<Option<Sent>> {
        self.asked += 1;
        match self.answers.pop() {
            Some(Answer::Takes(count)) => self.below.send_file(file, offset, count),
            Some(Answer::Fails(libc::EAGAIN)) => Ok(Some(Sent::Wait(Interest::Write))),
            Some(Answer::Fails(0)) => Ok(None),
            Some(Answer::Fails(number)) => Err(errno(number)),
            None => Ok(None),
        }
    }
}

/// All arrives, whatever sendfile says: `answers`, the last one first.
fn all_is_read(answers: Vec<Answer>, asked: usize) {
    let (peer, here) = UnixStream::pair().unwrap();
    let receiving = receiver(peer);
    let file = content("kernel");
    let mut stream = ByKernel {
        below: Tcp::new(OwnedFd::from(here)),
        answers,
        asked: 0,
    };
    run(&mut FromFile::new(file.as_fd(), 0), &mut stream).unwrap();
    assert_eq!(stream.asked, asked);
    drop(stream);
    assert!(receiving.join().unwrap() == pattern(SIZE));
}

#[test]
fn what_sendfile_cannot_do_is_read_and_sent() {
    all_is_read(vec![], 1);
    all_is_read(vec![Answer::Takes(1000)], 2);
}

#[test]
fn sendfile_believes_a_size_that_may_be_stale() {
    all_is_read(vec![Answer::Fails(0), Answer::Takes(1000)], 2);
}

#[test]
fn a_not_now_of_the_file_is_told_from_the_connections() {
    // the stream is ready, and sendfile says for the second time that something isn't
    all_is_read(vec![Answer::Fails(libc::EAGAIN), Answer::Fails(libc::EAGAIN)], 2);
}

#[test]
fn an_error_of_the_connection_is_the_connections() {
    let (peer, here) = UnixStream::pair().unwrap();
    drop(peer);
    let file = content("reset");
    let error = run(&mut FromFile::new(file.as_fd(), 0), &mut Tcp::new(OwnedFd::from(here))).unwrap_err();
    assert!(matches!(error, Error::Connection(error) if error.raw_os_error() == Some(libc::EPIPE)));
}

#[test]
fn an_error_of_the_file_is_the_files() {
    // a directory can be opened, but neither sent nor read
    let (_peer, here) = UnixStream::pair().unwrap();
    let directory = File::open("/").unwrap();
    let error = run(
        &mut FromFile::new(directory.as_fd(), 0),
        &mut Tcp::new(OwnedFd::from(here)),
    );
    assert!(matches!(error.unwrap_err(), Error::File(error) if error.raw_os_error() == Some(libc::EISDIR)));
}

#[test]
fn the_mode_that_sendfile_needs_is_given_back() {
    for (was, wanted, then) in [
        (true, true, true),
        (true, false, false), // its owner has meanwhile set a timeout
        (false, true, false), // it wasn't sendfile's doing
        (false, false, false),
    ] {
        let (_peer, here) = UnixStream::pair().unwrap();
        set_blocking(here.as_fd(), was).unwrap();
        let file = content("mode");
        let shared = here.try_clone().unwrap();
        let is_blocking = || !set_blocking(shared.as_fd(), true).unwrap();
        let mut stream = Tcp::new(OwnedFd::from(here));
        stream.send_file(file.as_fd(), 0, 10).unwrap();
        stream.give_back(wanted);
        drop(stream);
        assert_eq!(is_blocking(), then, "{was} {wanted}");
    }
}

// ---------------------------------------------------------------------------------- reading

/// A file that answers by a script when it is read.
struct Fake {
    script: RefCell<Script>,
    below: File,
}

impl Source for Fake {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.script.borrow_mut().next(into.len())?;
        self.below.as_fd().read_at(&mut into[..count], offset)
    }
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.below.as_fd()
    }
}

fn scripted(answers: Vec<Answer>) -> FromFile<Fake> {
    let file = Fake {
        script: RefCell::new(Script::new(answers)),
        below: content("fake"),
    };
    FromFile::new(file, 0)
}

fn small() -> (UnixStream, Small) {
    let (peer, here) = UnixStream::pair().unwrap();
    (peer, Small(Tcp::new(OwnedFd::from(here))))
}

#[test]
fn signals_and_short_counts_lose_nothing() {
    let (peer, mut stream) = small();
    let receiving = receiver(peer);
    let mut source = scripted(vec![
        Answer::Fails(libc::EINTR),
        Answer::Takes(1),
        Answer::Takes(1000),
        Answer::Fails(libc::EINTR),
        Answer::Fails(libc::EINTR),
    ]);
    assert_eq!(run(&mut source, &mut stream).unwrap(), 3);
    drop(stream);
    assert!(receiving.join().unwrap() == pattern(SIZE));
}

#[test]
fn a_file_that_always_says_eintr_is_asked_now_and_then() {
    let (_peer, mut stream) = small();
    let mut source = scripted((0..1_000_000).map(|_| Answer::Fails(libc::EINTR)).collect());
    let end = Instant::now() + Duration::from_millis(200);
    let mut passes = 0;
    while Instant::now() < end {
        assert_eq!(source.send(&mut stream, soon()).unwrap(), Pass::Held);
        passes += 1;
    }
    assert!((1..=40).contains(&passes), "{passes} passes in 200 ms");
    assert_eq!(source.position(), 0);
}

#[test]
fn errors_of_reading_are_the_files_and_what_was_read_before_is_sent() {
    for number in [libc::EIO, libc::EAGAIN] {
        let (peer, mut stream) = small();
        let receiving = receiver(peer);
        let mut source = scripted(vec![Answer::Takes(1000), Answer::Fails(number)]);
        let error = run(&mut source, &mut stream).unwrap_err();
        assert!(matches!(error, Error::File(error) if error.raw_os_error() == Some(number)));
        assert_eq!(source.position(), 1000);
        drop(stream);
        assert_eq!(receiving.join().unwrap(), pattern(1000));
    }
}

#[test]
fn sends_no_more_than_the_limit_in_one_pass() {
    for by_kernel in [true, false] {
        let (peer, here) = UnixStream::pair().unwrap();
        let file = content("limited");
        let receiving = receiver(peer);
        let mut stream = Small(Tcp::new(OwnedFd::from(here)));
        let mut large = Tcp::new(stream.descriptor().try_clone_to_owned().unwrap());
        let stream: &mut dyn Stream = if by_kernel { &mut large } else { &mut stream };
        let mut source = FromFile::new(file.as_fd(), 0);
        for pass in 1..=3 {
            source.limit(50_000);
            assert_eq!(source.send(stream, soon()).unwrap(), Pass::Going);
            assert_eq!(source.position(), pass * 50_000);
        }
        source.limit(usize::MAX);
        run(&mut source, stream).unwrap();
        crate::net::end_sending(stream.descriptor());
        assert_eq!(receiving.join().unwrap(), pattern(SIZE));
    }
}
