//! The link on another engine than ours: a session that «encrypts» by copying, and a network that does as it is told.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use crate::net::{Interest, Progress, Received, Sent, Stream};
use crate::tls::{Agreed, Error, Handle, Lent, Link, RECORD, Session, Ticket, Traffic};

/// What the test sees of the session, and what it lets it do.
#[derive(Default)]
struct World {
    incoming: VecDeque<Result<Vec<u8>, Error>>,
    sent: Vec<u8>,
    /// How much the «kernel» takes.
    room: usize,
    closed: bool,
}

struct Fake {
    world: Arc<Mutex<World>>,
    queue: Vec<u8>,
    traffic: Traffic,
    shaken: bool,
    notified: bool,
}

/// The most that one write takes.
const TAKES: usize = 4;

impl Session for Fake {
    fn handshake(&mut self) -> Result<Progress, Error> {
        if !self.shaken {
            self.shaken = true;
            return Ok(Progress::Wait(Interest::Read));
        }
        Ok(Progress::Done)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        match self.world.lock().unwrap().incoming.pop_front() {
            None => Ok(Received::Wait(Interest::Read)),
            Some(Err(error)) => Err(error),
            Some(Ok(data)) => {
                into[..data.len()].copy_from_slice(&data);
                Ok(if data.is_empty() {
                    Received::End
                } else {
                    Received::Data(data.len())
                })
            }
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<Sent, Error> {
        if !self.queue.is_empty() {
            return Ok(Sent::Wait(Interest::Write));
        }
        let count = data.len().min(TAKES);
        self.queue.extend(&data[..count]);
        self.traffic.queued += count as u64;
        Ok(Sent::Data(count))
    }

    fn flush(&mut self) -> Result<Progress, Error> {
        let mut world = self.world.lock().unwrap();
        let count = self.queue.len().min(world.room);
        world.room -= count;
        world.sent.extend(self.queue.drain(..count));
        self.traffic.sent += count as u64;
        match self.queue.len() {
            0 => Ok(Progress::Done),
            _ => Ok(Progress::Wait(Interest::Write)),
        }
    }

    fn close_notify(&mut self) -> Result<(), Error> {
        if !self.notified {
            self.notified = true;
            self.queue.push(b'!');
            self.traffic.queued += 1;
        }
        Ok(())
    }

    fn await_close_notify(&mut self) -> Result<Progress, Error> {
        match self.read(&mut [0; 100])? {
            Received::Wait(interest) => Ok(Progress::Wait(interest)),
            _ => Ok(Progress::Done),
        }
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn pending(&self) -> usize {
        0
    }

    fn peer_certificate(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn alpn(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn agreed(&self) -> Option<Agreed> {
        None
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(Ticket::new(vec![1, 2, 3]))
    }

    fn is_resumed(&self) -> bool {
        false
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.world.lock().unwrap().closed = true;
    }
}

fn link(shaken: bool) -> (Arc<Link>, Arc<Mutex<World>>) {
    let world = Arc::new(Mutex::new(World {
        room: 1000,
        ..World::default()
    }));
    let session = Fake {
        world: Arc::clone(&world),
        queue: Vec::new(),
        traffic: Traffic::default(),
        shaken,
        notified: false,
    };
    // SAFETY: nothing is read or written by this number, for the session doesn't.
    let fd = unsafe { Lent::new(-1) };
    (Arc::new(Link::new(fd, Box::new(session))), world)
}

fn say(world: &Mutex<World>, what: Result<&[u8], Error>) {
    world.lock().unwrap().incoming.push_back(what.map(<[u8]>::to_vec));
}

#[test]
fn whoever_reads_or_writes_first_shakes_hands() {
    let (link, world) = link(false);
    say(&world, Ok(b"data"));
    let mut buffer = [0; 10];
    assert_eq!(link.receive(&mut buffer).unwrap(), Received::Wait(Interest::Read));
    assert_eq!(link.receive(&mut buffer).unwrap(), Received::Data(4));
}

#[test]
fn sent_is_what_the_kernel_has_taken() {
    let (link, world) = link(true);
    let mut handle = Handle::new(Arc::clone(&link));
    world.lock().unwrap().room = 3;
    for _ in 0..2 {
        assert_eq!(handle.send(b"abcdef").unwrap(), Sent::Wait(Interest::Write));
    }
    world.lock().unwrap().room = 100;
    assert_eq!(handle.send(b"abcdef").unwrap(), Sent::Data(TAKES));
    assert_eq!(handle.send(b"ef").unwrap(), Sent::Data(2));
    assert_eq!(world.lock().unwrap().sent, b"abcdef");
}

#[test]
fn what_one_writer_has_left_is_not_mixed_with_anothers() {
    let (link, world) = link(true);
    let (mut one, mut other) = (Handle::new(Arc::clone(&link)), Handle::new(Arc::clone(&link)));
    world.lock().unwrap().room = 1;
    assert_eq!(one.send(b"1111").unwrap(), Sent::Wait(Interest::Write));
    assert_eq!(other.send(b"2222").unwrap(), Sent::Wait(Interest::Write));
    world.lock().unwrap().room = 3;
    assert_eq!(one.send(b"1111").unwrap(), Sent::Data(4));
    world.lock().unwrap().room = 100;
    assert_eq!(other.send(b"2222").unwrap(), Sent::Data(4));
    assert_eq!(world.lock().unwrap().sent, b"11112222");
}

#[test]
fn a_send_that_was_given_up_goes_on_with_the_same_data() {
    let (link, world) = link(true);
    let mut first = Handle::new(Arc::clone(&link));
    world.lock().unwrap().room = 1;
    assert_eq!(first.send(b"abcd").unwrap(), Sent::Wait(Interest::Write));
    let mut again = Handle::resume(Arc::clone(&link), first.owed());
    assert!(again.send(b"abc").is_err());
    world.lock().unwrap().room = 100;
    assert_eq!(again.send(b"abcd").unwrap(), Sent::Data(4));
    assert!(again.owed().is_none());
    assert_eq!(world.lock().unwrap().sent, b"abcd");
}

#[test]
fn records_are_gathered_and_an_error_waits_for_its_turn() {
    let (link, world) = link(true);
    say(&world, Ok(b"one"));
    say(&world, Ok(b"two"));
    say(
        &world,
        Err(Error::Connection(io::Error::from_raw_os_error(libc::ECONNRESET))),
    );
    let mut buffer = vec![0; 3 * RECORD];
    assert_eq!(link.receive(&mut buffer).unwrap(), Received::Data(6));
    assert_eq!(&buffer[..6], b"onetwo");
    assert!(matches!(link.receive(&mut buffer), Err(Error::Connection(_))));
    assert_eq!(link.clean(), Some(false));
}

#[test]
fn a_small_buffer_gets_one_record() {
    let (link, world) = link(true);
    say(&world, Ok(b"one"));
    say(&world, Ok(b"two"));
    assert_eq!(link.receive(&mut vec![0; RECORD]).unwrap(), Received::Data(3));
}

#[test]
fn a_ragged_end_is_always_told_and_data_before_it_comes_first() {
    let (link, world) = link(true);
    say(&world, Ok(b"data"));
    say(&world, Err(Error::Truncated));
    let mut handle = Handle::new(Arc::clone(&link));
    let mut buffer = vec![0; 3 * RECORD];
    assert_eq!(handle.receive(&mut buffer).unwrap(), Received::Data(4));
    let error = handle.receive(&mut buffer).unwrap_err();
    assert!(matches!(
        error.get_ref().unwrap().downcast_ref(),
        Some(Error::Truncated)
    ));
    assert_eq!(link.clean(), Some(false));
}

#[test]
fn what_waits_is_sent_by_a_close_and_not_by_a_drop() {
    for close in [true, false] {
        let (link, world) = link(true);
        world.lock().unwrap().room = 1;
        assert_eq!(
            Handle::new(Arc::clone(&link)).send(b"abcd").unwrap(),
            Sent::Wait(Interest::Write)
        );
        world.lock().unwrap().room = 100;
        if close {
            assert!(!link.close(true));
        }
        drop(link);
        let world = world.lock().unwrap();
        assert!(world.closed);
        assert_eq!(world.sent, if close { &b"abcd"[..] } else { b"a" });
    }
}

#[test]
fn unwrap_says_goodbye_once_and_waits_for_the_answer() {
    let (link, world) = link(true);
    world.lock().unwrap().room = 0;
    assert_eq!(link.unwrap().unwrap(), Progress::Wait(Interest::Write));
    world.lock().unwrap().room = 100;
    assert_eq!(link.unwrap().unwrap(), Progress::Wait(Interest::Read));
    assert!(!link.is_plain());
    say(&world, Ok(b""));
    assert_eq!(link.unwrap().unwrap(), Progress::Done);
    assert!(link.is_plain());
    assert!(link.ticket().is_some_and(|ticket| ticket.der() == [1, 2, 3]));
    assert_eq!(
        (link.clean(), world.lock().unwrap().sent.as_slice()),
        (Some(true), &b"!"[..])
    );
}

#[test]
fn after_a_close_everything_is_ebadf_and_the_session_is_gone() {
    let (link, world) = link(true);
    let mut handle = Handle::new(Arc::clone(&link));
    link.close(true);
    assert!(world.lock().unwrap().closed);
    let errors = [
        handle.receive(&mut [0; 1]).unwrap_err(),
        handle.send(b"x").unwrap_err(),
        io::Error::from(link.unwrap().unwrap_err()),
        io::Error::from(link.handshake().unwrap_err()),
    ];
    for error in errors {
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }
    assert!(link.ask(|session| session.pending()).is_none());
}
