use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Answer, Script, errno, pattern, pipe, soon, temporary};
use crate::net::Tcp;
use crate::transfer::{Error, Outlet, Pass, Target, ToFile};

/// A stream on which all of this has arrived, and the end behind it.
fn received(data: &[u8]) -> Tcp {
    let (mut peer, here) = UnixStream::pair().unwrap();
    peer.write_all(data).unwrap();
    Tcp::new(OwnedFd::from(here))
}

/// Passes until the end, counting those in which the file couldn't go on.
fn run<T: Target>(loop_: &mut ToFile<T>, stream: &mut Tcp) -> Result<usize, Error> {
    let mut held = 0;
    loop {
        match loop_.receive(stream, soon())? {
            Pass::Ended => return Ok(held),
            Pass::Held => held += 1,
            Pass::Going => {}
        }
    }
}

/// A file that answers by a script.
struct Fake {
    script: Script,
    has: Vec<u8>,
}

impl Target for Fake {
    fn ready(&self, _: Duration) -> std::io::Result<bool> {
        Ok(true)
    }
    fn write(&mut self, data: &[u8]) -> std::io::Result<Option<usize>> {
        match self.script.next(data.len()) {
            Ok(count) => {
                self.has.extend_from_slice(&data[..count]);
                Ok(Some(count))
            }
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn scripted(answers: Vec<Answer>) -> ToFile<Fake> {
    let file = Fake {
        script: Script::new(answers),
        has: Vec::new(),
    };
    ToFile::new(file, vec![0; 10_000], 0)
}

#[test]
fn receives_into_the_file_from_where_it_stands() {
    let (mut peer, here) = UnixStream::pair().unwrap();
    let mut file = temporary("receive");
    file.write_all(b"kept").unwrap();
    let sent = pattern(300_000);
    let copy = sent.clone();
    let sender = std::thread::spawn(move || peer.write_all(&copy).unwrap());
    let mut target = ToFile::new(Outlet::new(file.as_fd(), true), vec![0; 10_000], 0);
    run(&mut target, &mut Tcp::new(OwnedFd::from(here))).unwrap();
    sender.join().unwrap();
    assert_eq!(target.written(), 300_000);
    let mut whole = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut whole).unwrap();
    assert_eq!(whole, [b"kept".as_slice(), &sent].concat());
}

#[test]
fn what_was_received_before_comes_first() {
    let mut buffer = vec![0; 100];
    buffer[..6].copy_from_slice(b"before");
    let file = Fake {
        script: Script::new([]),
        has: Vec::new(),
    };
    let mut target = ToFile::new(file, buffer, 6);
    run(&mut target, &mut received(b" after")).unwrap();
    assert_eq!(
        (target.target.has.as_slice(), target.written()),
        (b"before after".as_slice(), 12)
    );
}

#[test]
fn comes_back_in_time_when_nothing_arrives() {
    let (_peer, here) = UnixStream::pair().unwrap();
    let began = Instant::now();
    let until = began + Duration::from_millis(50);
    let pass = scripted(vec![]).receive(&mut Tcp::new(OwnedFd::from(here)), until);
    assert_eq!(pass.unwrap(), Pass::Going);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[test]
fn goes_on_while_there_is_time_and_comes_back_when_there_is_none() {
    let mut stream = received(&pattern(25_000));
    let mut target = scripted(vec![]);
    assert_eq!(target.receive(&mut stream, Instant::now()).unwrap(), Pass::Going);
    assert_eq!(target.written(), 10_000, "one buffer is taken, whatever the time");
    assert_eq!(target.receive(&mut stream, soon()).unwrap(), Pass::Ended);
    assert_eq!(target.written(), 25_000);
}

#[test]
fn short_counts_are_gone_on_from() {
    let mut target = scripted(vec![Answer::Takes(1), Answer::Takes(100), Answer::Takes(3)]);
    assert_eq!(run(&mut target, &mut received(&pattern(500))).unwrap(), 0);
    assert_eq!(
        (target.target.has.as_slice(), target.written()),
        (pattern(500).as_slice(), 500)
    );
}

#[test]
fn a_signal_between_loses_nothing_and_is_told_at_once() {
    let mut target = scripted(vec![
        Answer::Fails(libc::EINTR),
        Answer::Takes(10),
        Answer::Fails(libc::EINTR),
        Answer::Fails(libc::EINTR),
    ]);
    assert_eq!(run(&mut target, &mut received(&pattern(500))).unwrap(), 3);
    assert_eq!(target.target.has, pattern(500));
}

#[test]
fn a_file_that_always_says_eintr_is_asked_now_and_then() {
    let mut target = scripted((0..1_000_000).map(|_| Answer::Fails(libc::EINTR)).collect());
    let mut stream = received(b"data");
    let end = Instant::now() + Duration::from_millis(200);
    let mut passes = 0;
    while Instant::now() < end {
        assert_eq!(target.receive(&mut stream, soon()).unwrap(), Pass::Held);
        passes += 1;
    }
    assert!((1..=40).contains(&passes), "{passes} passes in 200 ms");
    assert_eq!(target.written(), 0);
}

#[test]
fn an_error_of_the_file_is_the_files_and_told_once() {
    let mut target = scripted(vec![Answer::Takes(10), Answer::Fails(libc::ENOSPC)]);
    let error = run(&mut target, &mut received(&pattern(500))).unwrap_err();
    assert!(matches!(error, Error::File(error) if error.raw_os_error() == Some(libc::ENOSPC)));
    assert_eq!(target.written(), 10);
    target.rescue();
    assert_eq!(target.target.has, pattern(10), "what didn't fit isn't tried again");
}

#[test]
fn what_is_left_when_the_loop_is_stopped_is_written_if_it_can_be() {
    let mut target = scripted(vec![Answer::Fails(libc::EINTR)]);
    let mut stream = received(&pattern(500));
    assert_eq!(target.receive(&mut stream, soon()).unwrap(), Pass::Held);
    assert!(target.target.has.is_empty());
    target.rescue();
    assert_eq!(
        (target.target.has.as_slice(), target.written()),
        (pattern(500).as_slice(), 500)
    );
}

// ---------------------------------------------------------------------------------- real descriptors

#[test]
fn a_file_on_disk_has_no_not_now() {
    // a file whose write says EAGAIN: a full pipe in non-blocking mode that passes for one on disk
    let (_reader, writer) = pipe();
    crate::net::set_blocking(writer.as_fd(), false).unwrap();
    let mut outlet = Outlet::new(writer.as_fd(), true);
    let error = loop {
        match outlet.write(&[0; 65536]) {
            Ok(count) => assert!(count.is_some_and(|count| count > 0)),
            Err(error) => break error,
        }
    };
    assert_eq!(error.raw_os_error(), errno(libc::EAGAIN).raw_os_error());
    assert_eq!(Outlet::new(writer.as_fd(), false).write(b"x").unwrap(), None);
}

#[test]
fn a_full_pipe_holds_the_loop_for_a_slice_and_no_longer() {
    for blocking in [true, false] {
        let (mut reader, writer) = pipe();
        crate::net::set_blocking(writer.as_fd(), blocking).unwrap();
        let data = pattern(300_000);
        let copy = data.clone();
        let (mut peer, here) = UnixStream::pair().unwrap();
        let sender = std::thread::spawn(move || peer.write_all(&copy).unwrap());
        let mut stream = Tcp::new(OwnedFd::from(here));
        let mut target = ToFile::new(Outlet::new(writer.as_fd(), false), vec![0; 100_000], 0);
        let began = Instant::now();
        while target.receive(&mut stream, soon()).unwrap() != Pass::Held {}
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "a blocking write would have lasted for ever"
        );
        assert!(target.written() > 0);
        assert!(
            !crate::net::set_blocking(writer.as_fd(), blocking).unwrap(),
            "the pipe's mode is left alone"
        );

        // somebody reads: it goes on, and nothing is lost
        let reading = std::thread::spawn(move || {
            let mut got = Vec::new();
            reader.read_to_end(&mut got).unwrap();
            got
        });
        run(&mut target, &mut stream).unwrap();
        sender.join().unwrap();
        assert_eq!(target.written(), 300_000);
        drop(target);
        drop(writer);
        assert!(reading.join().unwrap() == data);
    }
}

#[test]
fn what_is_left_goes_into_a_pipe_that_has_room() {
    let (mut reader, writer) = pipe();
    let data = pattern(300_000);
    let mut target = ToFile::new(Outlet::new(writer.as_fd(), false), data.clone(), data.len());
    assert_eq!(target.receive(&mut received(b""), soon()).unwrap(), Pass::Held);
    let before = target.written() as usize;
    let mut got = vec![0; before];
    reader.read_exact(&mut got).unwrap();
    target.rescue();
    let more = target.written() as usize - before;
    assert!(more > 0);
    got.resize(before + more, 0);
    reader.read_exact(&mut got[before..]).unwrap();
    assert!(got == data[..before + more]);
}

#[test]
fn a_pipe_without_a_reader_fails() {
    let (reader, writer) = pipe();
    drop(reader);
    let mut target = ToFile::new(Outlet::new(writer.as_fd(), false), vec![0; 100], 0);
    let error = run(&mut target, &mut received(b"data")).unwrap_err();
    assert!(matches!(error, Error::File(error) if error.raw_os_error() == Some(libc::EPIPE)));
}

#[test]
fn a_full_device_fails() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        return; // only Linux has it
    };
    let mut target = ToFile::new(Outlet::new(full.as_fd(), false), vec![0; 100], 0);
    let error = run(&mut target, &mut received(b"data")).unwrap_err();
    assert!(matches!(error, Error::File(error) if error.raw_os_error() == Some(libc::ENOSPC)));
}

#[test]
fn receives_no_more_than_the_limit_in_one_pass() {
    let data = pattern(50_000);
    let mut stream = received(&data);
    let mut target = scripted(vec![]);
    for pass in 1..=5 {
        target.limit(7_000);
        assert_eq!(target.receive(&mut stream, soon()).unwrap(), Pass::Going);
        assert_eq!(target.written(), pass * 7_000);
    }
    assert_eq!(
        target.receive(&mut stream, soon()).unwrap(),
        Pass::Going,
        "it is used up, and nothing is waited for"
    );
    assert_eq!(target.written(), 35_000);
    target.limit(usize::MAX);
    run(&mut target, &mut stream).unwrap();
    assert_eq!(target.target.has, data);
}
