//! A connection on which a loop runs: the stream that moves the bytes, and the Python object that owns it, which is asked
//! for its timeout and whether it is still open whenever the loop has to wait.

use pyo3::intern;
use pyo3::prelude::*;
use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use super::super::errors;
use super::super::turn::Turn;
use super::socket::{Plain, receivable, sendable};
use crate::net::{self, Interest, SLICE, Step, Stream, Tcp};
use crate::transfer::{Fault, State};

/// The object's side: asked, never changed.
pub struct Owner<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> Owner<'a, 'py> {
    pub fn new(object: &'a Bound<'py, PyAny>) -> Self {
        Self(object)
    }

    pub fn py(&self) -> Python<'py> {
        self.0.py()
    }

    /// Its descriptor; EBADF once it is closed, here or by another thread.
    pub fn fd(&self) -> PyResult<RawFd> {
        let fd = self.0.call_method0(intern!(self.py(), "fileno"))?.extract::<RawFd>()?;
        if fd < 0 {
            return Err(errors::os_error(&io::Error::from_raw_os_error(libc::EBADF)));
        }
        Ok(fd)
    }

    /// How long the next wait may last, given when the operation began: at most one slice, less when the socket's
    /// timeout, as it is now, ends before; `None` in non-blocking mode. Raises what `socket` raises when nothing is left.
    pub fn slice(&self, began: Instant) -> PyResult<Option<Duration>> {
        let timeout = self.0.call_method0(intern!(self.py(), "gettimeout"))?;
        if timeout.is_none() {
            return Ok(Some(SLICE));
        }
        let seconds = timeout.extract::<f64>()?;
        if seconds <= 0.0 {
            return Ok(None);
        }
        let timeout = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match timeout.checked_sub(began.elapsed()) {
            Some(left) if !left.is_zero() => Ok(Some(left.min(SLICE))),
            _ => Err(errors::timed_out(self.py())),
        }
    }
}

/// What a socket in non-blocking mode raises when it would have to wait.
fn would_block() -> PyErr {
    errors::os_error(&io::Error::from_raw_os_error(libc::EAGAIN))
}

/// What a step on the connection failed with: TLS carries its own errors.
fn fault(error: &io::Error) -> PyErr {
    #[cfg(feature = "tls")]
    if let Some(error) = super::super::tls::carried(error) {
        return error;
    }
    errors::os_error(error)
}

/// The connection's side.
pub struct Pump<'a, 'py> {
    owner: Owner<'a, 'py>,
    stream: Box<dyn Stream + Send>,
    turn: Turn,
    moved: u64,
}

impl<'a, 'py> Pump<'a, 'py> {
    /// On a plain socket, by a descriptor of our own.
    pub fn on(plain: &Plain<'a, 'py>) -> PyResult<Self> {
        let stream = Box::new(Tcp::new(plain.duplicate()?));
        Ok(Self {
            owner: Owner::new(plain.object()),
            stream,
            turn: Turn::begin(),
            moved: 0,
        })
    }

    /// For receiving from `object`, if that can be done natively.
    pub fn receiving(object: &'a Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        match receivable(object) {
            Some(plain) => Self::on(&plain).map(Some),
            None => Ok(Self::on_tls(object, &["recv", "recv_into", "makefile"])),
        }
    }

    /// For sending to `object`, if that can be done natively.
    pub fn sending(object: &'a Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        match sendable(object) {
            Some(plain) => Self::on(&plain).map(Some),
            None => Ok(Self::on_tls(object, &["send", "sendall"])),
        }
    }

    /// On one of our own TLS sockets.
    #[cfg(feature = "tls")]
    fn on_tls(object: &'a Bound<'py, PyAny>, methods: &[&str]) -> Option<Self> {
        let stream = Box::new(super::super::tls::stream_of(object, methods)?);
        Some(Self {
            owner: Owner::new(object),
            stream,
            turn: Turn::begin(),
            moved: 0,
        })
    }

    #[cfg(not(feature = "tls"))]
    fn on_tls(_: &'a Bound<'py, PyAny>, _: &[&str]) -> Option<Self> {
        None
    }

    fn py(&self) -> Python<'py> {
        self.owner.py()
    }

    /// Gives the connection back in the mode that its owner thinks it is in: only a socket without timeout blocks.
    pub fn give_back(&mut self) {
        let timeout = self.owner.0.call_method0(intern!(self.py(), "gettimeout"));
        self.stream.give_back(timeout.is_ok_and(|timeout| timeout.is_none()));
    }

    /// How many bytes have been received or sent.
    pub fn moved(&self) -> u64 {
        self.moved
    }

    /// Signals, a close by another thread, and a chance for other threads: whatever came up since the last block.
    pub fn look_up(&mut self) -> PyResult<()> {
        self.turn.look_up(self.owner.py())?;
        self.owner.fd().map(drop)
    }

    /// Waits one slice without the GIL.
    fn pause(&mut self, interest: Interest, began: Instant) -> PyResult<()> {
        let slice = self.owner.slice(began)?.ok_or_else(would_block)?;
        let descriptor = self.stream.descriptor();
        let waited = self.owner.py().detach(|| net::wait(descriptor, interest, slice));
        self.turn = Turn::begin();
        self.py().check_signals()?;
        waited.map_err(|error| fault(&error))?;
        self.owner.fd().map(drop)
    }

    /// Receives as `recv` does, 0 being the end. It asks while it holds the GIL and lets go of it only to wait: with
    /// another busy thread in the process each release costs up to the switch interval.
    pub fn receive(&mut self, into: &mut [u8]) -> PyResult<usize> {
        let mut began = None;
        loop {
            match self.stream.receive(into).map_err(|error| fault(&error))? {
                Step::Moved(count) => {
                    self.moved += count as u64;
                    return Ok(count);
                }
                Step::Wait(interest) => self.pause(interest, *began.get_or_insert_with(Instant::now))?,
            }
        }
    }

    /// Sends as `sendall` does: the timeout is for the whole of it.
    pub fn send_all(&mut self, mut data: &[u8]) -> PyResult<()> {
        let mut began = None;
        while !data.is_empty() {
            match self.stream.send(data).map_err(|error| fault(&error))? {
                Step::Moved(count) => {
                    self.moved += count as u64;
                    data = data.get(count..).unwrap_or_default();
                }
                Step::Wait(interest) => self.pause(interest, *began.get_or_insert_with(Instant::now))?,
            }
        }
        Ok(())
    }

    /// Runs a loop that needs no Python, a slice at a time, until it ends; `moved` tells how far it has come. The
    /// timeout counts from the last progress, and from the last time that the file was to blame.
    pub fn run(
        &mut self,
        mut pass: impl FnMut(&mut dyn Stream, Instant) -> Result<State, Fault> + Send,
        moved: impl Fn() -> u64,
        still_wanted: impl Fn() -> PyResult<()>,
    ) -> PyResult<()> {
        let (mut began, mut before) = (Instant::now(), moved());
        let start = before;
        loop {
            let slice = self.owner.slice(began)?;
            let at_most = slice.unwrap_or_default();
            let stream = &mut *self.stream;
            let state = self.owner.py().detach(|| pass(stream, Instant::now() + at_most));
            self.py().check_signals()?;
            let held = match state {
                Ok(State::Ended) => {
                    self.moved += moved() - start;
                    return Ok(());
                }
                Ok(state) => state == State::Held,
                Err(Fault::Connection(error) | Fault::File(error)) => return Err(fault(&error)),
            };
            self.owner.fd()?;
            still_wanted()?;
            if moved() != before || held {
                (began, before) = (Instant::now(), moved());
            } else if slice.is_none() {
                return Err(would_block());
            }
        }
    }
}
