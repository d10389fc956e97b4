//! A connection on which a loop runs: the stream that moves the bytes, and the Python object that owns it, which is asked
//! for its timeout and whether it is still open whenever the loop has to wait.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::io::{self, IoSliceMut};
use std::time::{Duration, Instant};

use crate::net::{self, Interest, Received, SLICE, Sent, Stream, Tcp};
use crate::python::call::{Call, int_of};
use crate::python::data::meter::{End, Meter};
use crate::python::data::watch::Watch;
use crate::python::errors::{self, Error};
use crate::python::gil_turn::{Turn, look_up};
use crate::python::modules;
use crate::python::owner::Owner;
use crate::python::sharing::Active;
use crate::python::socket::{Plain, receivable, sendable};
use crate::python::tls::genuine::Direction;
use crate::python::tls::loan::Loan;
use crate::python::tls::native;
use crate::python::wait;
use crate::transfer::{self, Pass};

/// A block size that is a number as it should be.
pub fn block_size(blocksize: &Bound<'_, PyAny>) -> Option<usize> {
    int_of(blocksize)
        .and_then(|size| isize::try_from(size).ok()?.try_into().ok())
        .filter(|&size| size > 0)
}

/// Whether TLS was ended without a close_notify.
fn is_ragged(error: &io::Error) -> bool {
    let carried = error.get_ref().and_then(|carried| carried.downcast_ref());
    matches!(carried, Some(crate::tls::Error::Truncated))
}

/// The connection's side.
pub struct Pump<'a, 'py> {
    owner: Owner<'a, 'py>,
    meter: &'a Meter,
    /// Before the stream, which is dropped last: then nobody has its descriptor any more.
    loan: Option<Loan<'a, 'py>>,
    /// While there is one, other threads' commands wait.
    _active: Option<Active>,
    stream: Box<dyn Stream + Send + 'a>,
    turn: Turn,
    watch: Watch<'a>,
    /// Whether an end without close_notify passes for one: `suppress_ragged_eofs` of TLS sockets.
    takes_ragged_end: bool,
    too_late: &'static str,
    /// Since when the connection had been waited for when the loop began.
    since: Option<Instant>,
}

impl<'a, 'py> Pump<'a, 'py> {
    fn new(object: &'a Bound<'py, PyAny>, meter: &'a Meter, stream: Box<dyn Stream + Send + 'a>) -> Self {
        Self {
            owner: Owner::new(object),
            meter,
            loan: None,
            _active: None,
            stream,
            turn: Turn::begin(),
            watch: Watch::new(meter),
            takes_ragged_end: false,
            too_late: "timed out",
            since: None,
        }
    }

    /// The first wait goes on with one that has begun then.
    pub fn waits_since(&mut self, since: Option<Instant>) {
        self.since = since;
    }

    /// On a plain socket, by a descriptor of our own; None if there is none to spare.
    pub fn on(plain: &Plain<'a, 'py>, meter: &'a Meter) -> PyResult<Option<Self>> {
        Ok(plain
            .duplicate()?
            .map(|fd| Self::new(plain.object(), meter, Box::new(Tcp::new(fd)))))
    }

    /// For receiving from `object`, if that can be done natively.
    pub fn receiving(object: &'a Bound<'py, PyAny>, meter: &'a Meter) -> PyResult<Option<Self>> {
        match receivable(object) {
            Some(plain) => Self::on(&plain, meter),
            None => Self::on_tls(object, meter, Direction::Receiving),
        }
    }

    /// For sending to `object`, if that can be done natively.
    pub fn sending(object: &'a Bound<'py, PyAny>, meter: &'a Meter) -> PyResult<Option<Self>> {
        match sendable(object) {
            Some(plain) => Self::on(&plain, meter),
            None => Self::on_tls(object, meter, Direction::Sending),
        }
    }

    /// For both with `object`, if that can be done natively. It waits for threads that are sending there.
    pub fn both(object: &'a Bound<'py, PyAny>, meter: &'a Meter) -> PyResult<Option<Self>> {
        let active = Active::lent_in_turn(object)?;
        let pump = match (receivable(object), sendable(object)) {
            (Some(plain), Some(_)) => Self::on(&plain, meter),
            _ => Self::on_tls(object, meter, Direction::Both),
        };
        Ok(pump?.map(|pump| Self {
            _active: Some(active),
            ..pump
        }))
    }

    /// On a TLS socket: Python's own or ours.
    fn on_tls(object: &'a Bound<'py, PyAny>, meter: &'a Meter, direction: Direction) -> PyResult<Option<Self>> {
        let (methods, too_late): (&[&str], _) = match direction {
            Direction::Receiving => (&["recv", "recv_into", "makefile"], "The read operation timed out"),
            Direction::Sending => (&["send", "sendall"], "The write operation timed out"),
            Direction::Both => (native::BOTH, "The read operation timed out"),
        };
        let mut pump = if let Some((loan, stream)) = Loan::take(object, direction)? {
            let mut pump = Self::new(object, meter, Box::new(stream));
            pump.too_late = too_late;
            pump.loan = Some(loan);
            pump
        } else if let Some(stream) = native::stream_of(object, methods) {
            Self::new(object, meter, Box::new(stream))
        } else {
            return Ok(None);
        };
        let suppress = object.getattr_held(intern!(object.py(), "suppress_ragged_eofs"));
        pump.takes_ragged_end = suppress.is_ok_and(|flag| flag.is_true_held().unwrap_or(true));
        Ok(Some(pump))
    }

    fn py(&self) -> Python<'py> {
        self.owner.py()
    }

    /// Gives the connection back in the mode that its owner thinks it is in: only a socket without timeout blocks.
    pub fn give_back(&mut self) {
        let timeout = self
            .owner
            .object()
            .call_method_held(intern!(self.py(), "gettimeout"), ());
        self.stream.give_back(timeout.is_ok_and(|timeout| timeout.is_none()));
    }

    /// What is sent doesn't wait until the peer has acknowledged what was sent before (TCP_NODELAY).
    pub fn send_at_once(&self) {
        net::send_at_once(self.stream.descriptor());
    }

    /// How many bytes have been received or sent.
    pub fn moved(&self) -> u64 {
        self.meter.so_far()
    }

    /// So many bytes were moved that no loop has counted.
    pub fn count(&self, bytes: u64) {
        self.meter.count(bytes);
    }

    /// The loop reads up to the end of the connection, which nobody goes on with.
    pub fn read_ahead(&mut self) {
        self.stream.read_ahead();
    }

    /// What the stream's error is in Python: noted, too.
    fn failed(&self, error: io::Error) -> PyErr {
        self.meter
            .end(if is_ragged(&error) { End::Ragged } else { End::Broken });
        Error::Io(error).into()
    }

    /// The end of what is received, if `error` is one.
    fn ended(&self, error: &io::Error) -> bool {
        let ended = is_ragged(error) && self.takes_ragged_end;
        if ended {
            self.meter.end(End::Ragged);
        }
        ended
    }

    /// Signals, a close by another thread, and a chance for other threads: whatever came up since the last block.
    pub fn look_up(&mut self) -> PyResult<()> {
        self.turn.look_up(self.owner.py())?;
        self.meter.check_open()?;
        self.meter.beat(self.owner.py())?;
        self.owner.fd().map(drop)
    }

    /// A callback, or another thread, may have called settimeout(None), which puts a lent connection back into blocking
    /// mode. OpenSSL would block in it, whoever holds the GIL.
    fn rearm(&self) -> PyResult<()> {
        match &self.loan {
            Some(_) => net::set_blocking(self.stream.descriptor(), false)
                .map(drop)
                .map_err(|error| Error::Io(error).into()),
            None => Ok(()),
        }
    }

    /// Waits one slice without the GIL.
    fn pause(&mut self, interest: Interest, began: Instant) -> PyResult<()> {
        let slice = self.slice(began)?.ok_or(Error::WouldBlock)?;
        let waited = wait::one_slice(&self.owner, self.stream.descriptor(), interest, slice);
        self.turn = Turn::begin();
        if !waited? {
            self.check_refused(self.meter.so_far())?;
        }
        self.meter.beat(self.py())?;
        self.owner.fd()?;
        self.rearm()
    }

    /// How long the next wait may last. Where it is too late and the server has refused, that is what is told.
    fn slice(&mut self, began: Instant) -> PyResult<Option<Duration>> {
        self.owner.slice(began, self.too_late).or_else(|error| {
            let late = errors::is_timeout(self.py(), &error);
            Err(if late && self.watch.is_refused(self.py())? {
                self.refused()
            } else {
                error
            })
        })
    }

    /// Ends the loop if the server has refused to go on, and nothing is moving.
    fn check_refused(&mut self, moved: u64) -> PyResult<()> {
        if self.watch.is_in_vain(self.owner.py(), moved)? {
            return Err(self.refused());
        }
        Ok(())
    }

    fn refused(&self) -> PyErr {
        self.meter.refuse();
        Error::TimedOut(self.too_late).into()
    }

    /// What is there now: nothing is waited for, and neither the end nor an error is told.
    pub fn receive_now(&mut self, into: &mut [u8]) -> usize {
        match self.stream.receive(into) {
            Ok(Received::Data(count)) => count,
            _ => 0,
        }
    }

    /// How much may be moved in one go, after a pause if the rate demands one; whether it did.
    fn room(&mut self) -> PyResult<(usize, bool)> {
        let Some(rate) = self.meter.rate() else {
            return Ok((usize::MAX, false));
        };
        let mut paused = false;
        loop {
            let pause = rate.pause().min(SLICE);
            if pause.is_zero() {
                return Ok((rate.grain(), paused));
            }
            wait::detached(self.py(), || std::thread::sleep(pause))?;
            paused = true;
            self.owner.fd()?;
            self.meter.check_open()?;
        }
    }

    /// Receives as `recv` does, 0 being the end. It asks while it holds the GIL and lets go of it only to wait: with
    /// another busy thread in the process each release costs up to the switch interval.
    pub fn receive(&mut self, into: &mut [u8]) -> PyResult<usize> {
        self.receive_pieces(&mut [IoSliceMut::new(into)])
    }

    /// The same into several pieces of memory, one behind the other.
    pub fn receive_pieces(&mut self, into: &mut [IoSliceMut<'_>]) -> PyResult<usize> {
        let (most, _) = self.room()?;
        if into.iter().map(|piece| piece.len()).sum::<usize>() <= most {
            return self.receive_up_to(into);
        }
        let first = into.first_mut().map_or(&mut [][..], |piece| &mut **piece);
        let room = first.len().min(most);
        self.receive_up_to(&mut [IoSliceMut::new(first.get_mut(..room).unwrap_or_default())])
    }

    fn receive_up_to(&mut self, into: &mut [IoSliceMut<'_>]) -> PyResult<usize> {
        let mut began = self.since.take();
        self.rearm()?;
        loop {
            match self.stream.receive_pieces(into) {
                Ok(Received::End) => {
                    self.meter.end(End::Regular);
                    return Ok(0);
                }
                Ok(Received::Data(count)) => {
                    self.meter.count(count as u64);
                    self.meter.tick(self.py())?;
                    return Ok(count);
                }
                Ok(Received::Wait(interest)) => self.pause(interest, *began.get_or_insert_with(Instant::now))?,
                Err(error) if self.ended(&error) => return Ok(0),
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Sends as `sendall` does: the timeout is for the whole of it.
    pub fn send_all(&mut self, mut data: &[u8]) -> PyResult<()> {
        let mut began = None;
        while !data.is_empty() {
            let (most, paused) = self.room()?;
            if paused {
                began = None; // the peer isn't to blame
            }
            self.rearm()?;
            match self.stream.send(data.get(..most).unwrap_or(data)) {
                Ok(Sent::Data(count)) => {
                    self.meter.count(count as u64);
                    self.meter.tick(self.py())?;
                    data = data.get(count..).unwrap_or_default();
                }
                Ok(Sent::Wait(interest)) => self.pause(interest, *began.get_or_insert_with(Instant::now))?,
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    /// `sendall(data)` for what isn't exactly `bytes`; what can't be sent is refused by the connection's own method.
    pub fn send_object(&mut self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = data.py();
        let copied = modules::builtins(py)?
            .call_method_held(intern!(py, "memoryview"), (data,))
            .and_then(|view| view.call_method_held(intern!(py, "cast"), ("B",)))
            .and_then(|view| view.call_method_held(intern!(py, "tobytes"), ()));
        match copied.map(|bytes| bytes.cast_into_exact::<PyBytes>()) {
            Ok(Ok(bytes)) => self.send_all(bytes.as_bytes()),
            _ => self.owner.object().run_method_held(intern!(py, "sendall"), (data,)),
        }
    }

    /// Runs a loop that needs no Python, a slice at a time, until it ends; `moved` tells how far it has come. A pass
    /// moves at most as many bytes as it is told. The timeout counts from the last progress, and from the last time that
    /// the file, or the rate, was to blame.
    pub fn run(
        &mut self,
        mut pass: impl FnMut(&mut dyn Stream, Instant, usize) -> Result<Pass, transfer::Error> + Send,
        moved: impl Fn() -> u64,
        still_wanted: impl Fn() -> PyResult<()>,
    ) -> PyResult<()> {
        let (mut began, mut before) = (Instant::now(), moved());
        loop {
            let (most, paused) = self.room()?;
            if paused {
                began = Instant::now();
            }
            let slice = self.slice(began)?;
            let at_most = slice.unwrap_or_default();
            self.rearm()?;
            let stream = &mut *self.stream;
            let pass = self.owner.py().detach(|| pass(stream, Instant::now() + at_most, most));
            let now = moved();
            self.meter.count(now.saturating_sub(before));
            look_up(self.py())?;
            self.meter.beat(self.py())?;
            let held = match pass {
                Ok(Pass::Ended) => {
                    self.meter.end(End::Regular);
                    return Ok(());
                }
                Ok(pass) => pass == Pass::Held,
                Err(transfer::Error::Connection(error)) if self.ended(&error) => return Ok(()),
                Err(transfer::Error::Connection(error)) => return Err(self.failed(error)),
                Err(transfer::Error::File(error)) => return Err(Error::Io(error).into()),
            };
            self.owner.fd()?;
            self.meter.check_open()?;
            still_wanted()?;
            if now != before {
                self.meter.tick(self.py())?;
            }
            if now != before || held {
                (began, before) = (Instant::now(), now);
            } else if slice.is_none() {
                return Err(Error::WouldBlock.into());
            } else {
                self.check_refused(now)?;
            }
        }
    }
}
