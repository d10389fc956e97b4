//! The loops against a socket pair, real files, and files that say what real ones rarely do.

mod from_file;
mod to_file;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;
use std::time::{Duration, Instant};

use crate::net::{Received, Sent, Stream, Tcp};

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

/// The reading and the writing end.
fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: there is room for the two descriptors, and nobody else knows them.
    unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1]))
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

/// What a file answers, one after the other.
enum Answer {
    /// It moves that many bytes at most.
    Takes(usize),
    Fails(i32),
}

/// Answers by a script, and then without limit.
struct Script(VecDeque<Answer>);

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(answers.into_iter().collect())
    }

    fn next(&mut self, asked: usize) -> io::Result<usize> {
        match self.0.pop_front() {
            Some(Answer::Takes(count)) => Ok(count.min(asked)),
            Some(Answer::Fails(number)) => Err(errno(number)),
            None => Ok(asked),
        }
    }
}

/// A stream that takes and gives a few bytes at a time, as TLS may, and can't send from files.
struct Small(Tcp);

impl Stream for Small {
    fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.descriptor()
    }
    fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        let end = into.len().min(7);
        self.0.receive(&mut into[..end])
    }
    fn send(&mut self, data: &[u8]) -> io::Result<Sent> {
        self.0.send(&data[..data.len().min(7)])
    }
}
