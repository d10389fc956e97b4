//! The loop of `rftplib.session.batch`: many commands out and their replies in, on the control connection.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::net::{Attempt, Interest, Received, Sent, Stream, wait, wait_either};
use crate::protocol::batch::{Batch, Error as BatchError};
use crate::protocol::command;
use crate::protocol::received_lines::{TextReader, Undecodable};
use crate::python::call::Call;
use crate::python::codec::{CHUNK, Errors, encode_line, length, limit_of, utf8};
use crate::python::control::commands::forget_type;
use crate::python::control::dialogue::max_reply;
use crate::python::control::kept;
use crate::python::control::reader::reader;
use crate::python::data::meter::Meter;
use crate::python::data::pump::Pump;
use crate::python::errors::Error;
use crate::python::overrides::{Step, View};
use crate::python::socket::{receivable, sendable};
use crate::python::tls::genuine::{Direction, lendable};
use crate::python::tls::native::{BOTH, stream_of};
use crate::python::{logs, modules, text};
use crate::transfer::{self, Pass};

/// Received at once.
const RECEIVE: usize = 64 * 1024;

/// The most that is received ahead of what is asked for: a server may say more than it is asked.
const AHEAD: usize = 64 * 1024;

/// What a batch came to: the exception that ended it, if any, and how many commands are unanswered; -1 where a command
/// was sent up to its middle, so that nothing can follow it.
type Outcome<'py> = (Option<Bound<'py, PyAny>>, isize);

/// Sends `commands`, exact `str`s, at most `window` of them unanswered, and appends the text of each reply to `replies`,
/// but for those to the last `late` ones. None where the object's own methods have to do it: then nothing has been sent.
#[pyfunction]
pub fn batch<'py>(
    ftp: &Bound<'py, PyAny>,
    commands: &Bound<'py, PyList>,
    window: usize,
    late: usize,
    replies: &Bound<'py, PyList>,
) -> PyResult<Option<Outcome<'py>>> {
    let py = ftp.py();
    let view = View::of(ftp);
    for step in Step::ALL {
        if view.overridden(step)?.is_some() {
            return Ok(None);
        }
    }
    // debug output and log records are made line by line
    let shown = ftp.getattr_held(intern!(py, "debugging"))?.is_true_held()?;
    if shown || logs::wanted(py, logs::Channel::Control, log::Level::Debug)? {
        return Ok(None);
    }
    let sock = ftp.getattr_held(intern!(py, "sock"))?;
    let file = ftp.getattr_held(intern!(py, "file"))?;
    let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
    let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
    let errors = Errors::of(ftp)?;
    let (Some(reader), Some(limit)) = (reader(&file), limit_of(&maxline)) else {
        return Ok(None);
    };
    let reader = reader.get();
    let mut wire = Vec::with_capacity(commands.len());
    let mut changes_type = false;
    for line in commands.iter() {
        let Ok(line) = line.cast_into_exact::<PyString>() else {
            return Ok(None);
        };
        let line = text::encode(&line)?;
        let Some(encoded) = encode_line(line.as_bytes(), &encoding, &errors) else {
            return Ok(None);
        };
        changes_type |= command::may_change_type(line.as_bytes());
        wire.push(encoded);
    }
    if !reader.reads_from(py, &sock) || !can_be_pumped(&sock)? {
        return Ok(None);
    }
    let batch = Batch::new(&wire, window, late, max_reply(ftp)?);
    let meter = Meter::default();
    for line in commands.iter() {
        modules::sys(py)?.run_method_held(intern!(py, "audit"), (intern!(py, "ftplib.sendcmd"), ftp, line))?;
    }
    if changes_type {
        forget_type(ftp)?;
    }
    let kept = kept::settle(&view)?;
    let (place, lines) = reader.take_over(py)?;
    // not before: a thread that reads would be in an `SSL` that is being lent
    let mut pump = match Pump::both(&sock, &meter) {
        Ok(Some(pump)) => pump,
        other => {
            reader.give_back(py, place, lines, false);
            return other.map(|_| None); // there is no descriptor to spare
        }
    };
    let mut exchange = Exchange::new(batch, lines, limit);
    let outcome = exchange.run(&mut pump);
    drop(pump); // before anybody else reads
    let Exchange {
        batch,
        lines,
        failed,
        held,
        ..
    } = exchange;
    let error = outcome
        .err()
        .or_else(|| failed.map(|failure| failure.raised(py, &lines, &maxline)));
    reader.give_back(py, place, lines, error.is_some());
    let all = batch.replies();
    for reply in all {
        replies.append(text::decode(py, reply)?)?;
    }
    if let Some(last) = all.last() {
        let code = text::decode(py, crate::protocol::reply::code(last))?;
        ftp.setattr_held(intern!(py, "lastresp"), code)?;
        kept::release(kept)?;
    }
    let unanswered = if held || batch.is_torn() {
        -1
    } else {
        isize::try_from(batch.unanswered()).unwrap_or(-1)
    };
    Ok(Some((
        error.map(|error| error.into_value(py).into_bound(py).into_any()),
        unanswered,
    )))
}

/// Whether there is a loop for such a connection at all.
fn can_be_pumped(sock: &Bound<'_, PyAny>) -> PyResult<bool> {
    let plain = receivable(sock).is_some() && sendable(sock).is_some();
    Ok(plain || lendable(sock, Direction::Both)?.is_some() || stream_of(sock, BOTH).is_some())
}

/// Why the replies ended before the last one.
enum Failure {
    /// A line is longer than `maxline`.
    LineTooLong,
    Undecodable(Undecodable),
    Reply(BatchError),
    /// The server has closed the connection.
    End,
    /// The connection takes nothing any more, and nothing came that would tell why.
    Unsent(io::Error),
}

impl Failure {
    fn error(self, py: Python<'_>, lines: &TextReader, maxline: &Bound<'_, PyAny>) -> PyResult<Error> {
        let reply = |text: &[u8]| Ok::<_, PyErr>(text::decode(py, text)?.into_any().unbind());
        Ok(match self {
            Failure::LineTooLong => Error::LineTooLong(maxline.clone().unbind()),
            Failure::Undecodable(bytes) => Error::Undecodable(lines.charset(), bytes),
            Failure::Reply(BatchError::TooLong) => Error::BatchTooLong,
            Failure::Reply(BatchError::Malformed(text)) => Error::Malformed(reply(&text)?),
            Failure::Reply(BatchError::Unexpected(text)) => Error::Unexpected(reply(&text)?),
            Failure::Reply(BatchError::Closing(text)) => Error::RefusedForNow(reply(&text)?),
            Failure::End => Error::ServerClosed,
            Failure::Unsent(error) => Error::Io(error),
        })
    }

    fn raised(self, py: Python<'_>, lines: &TextReader, maxline: &Bound<'_, PyAny>) -> PyErr {
        self.error(py, lines, maxline).map_or_else(|error| error, PyErr::from)
    }
}

/// A batch on a connection.
struct Exchange {
    batch: Batch,
    lines: TextReader,
    /// `maxline`: how many characters a line may have, its end included.
    limit: usize,
    buffer: Vec<u8>,
    failed: Option<Failure>,
    /// Sending has failed; what the server has said before may still come.
    unsent: Option<io::Error>,
    /// The connection didn't take what was to be sent last: TLS may have begun to send it.
    held: bool,
}

impl Exchange {
    fn new(batch: Batch, lines: TextReader, limit: usize) -> Self {
        Self {
            batch,
            lines,
            limit,
            buffer: vec![0; RECEIVE],
            failed: None,
            unsent: None,
            held: false,
        }
    }

    fn run(&mut self, pump: &mut Pump<'_, '_>) -> PyResult<()> {
        pump.send_at_once();
        let moved = AtomicU64::new(0);
        let outcome = pump.run(
            |stream, until, _| self.pass(stream, until, &moved),
            || moved.load(Ordering::Relaxed),
            || Ok(()),
        );
        if outcome.is_ok() && self.failed.is_none() && !self.batch.is_done() {
            self.failed = Some(Failure::End); // an end without close_notify that passes for one
        }
        outcome
    }

    /// Sends and receives what can be until `until`.
    fn pass(&mut self, stream: &mut dyn Stream, until: Instant, moved: &AtomicU64) -> Result<Pass, transfer::Error> {
        loop {
            self.take_replies();
            if self.failed.is_some() || self.batch.is_done() {
                return Ok(Pass::Ended);
            }
            let sent = self.send(stream);
            let received = self.receive(stream).map_err(transfer::Error::Connection)?;
            let count = size(sent) + size(received);
            moved.fetch_add(count, Ordering::Relaxed);
            let left = until.saturating_duration_since(Instant::now());
            if count > 0 && !left.is_zero() || self.failed.is_some() {
                continue;
            }
            if left.is_zero() {
                return Ok(Pass::Going);
            }
            let fd = stream.descriptor();
            let ready = match (interest(sent), interest(received)) {
                (Some(one), Some(other)) if one != other => {
                    wait_either((fd, one), (fd, other), left).map(|(one, other)| one || other)
                }
                (one, other) => wait(fd, one.or(other).unwrap_or(Interest::Read), left),
            };
            if !ready.map_err(transfer::Error::Connection)? {
                return Ok(Pass::Going); // a signal may have ended the wait
            }
        }
    }

    fn send(&mut self, stream: &mut dyn Stream) -> Option<Sent> {
        let data = self.batch.outgoing();
        if data.is_empty() || self.unsent.is_some() {
            return None;
        }
        match stream.send(data) {
            Ok(sent) => {
                if let Sent::Data(count) = sent {
                    self.batch.sent(count);
                }
                self.held = matches!(sent, Sent::Wait(_));
                Some(sent)
            }
            Err(error) => {
                self.unsent = Some(error);
                None
            }
        }
    }

    fn receive(&mut self, stream: &mut dyn Stream) -> io::Result<Option<Received>> {
        if self.batch.unanswered() == 0 && self.lines.buffered() >= AHEAD {
            return Ok(None);
        }
        let received = match stream.receive(&mut self.buffer) {
            Ok(received) => received,
            Err(error) => return Err(self.unsent.take().unwrap_or(error)),
        };
        match received {
            Received::End => self.end(),
            Received::Data(count) => {
                for chunk in self.buffer.get(..count).unwrap_or_default().chunks(CHUNK) {
                    if let Err(bytes) = self.lines.feed(chunk) {
                        self.failed = Some(Failure::Undecodable(bytes));
                        break;
                    }
                }
            }
            Received::Wait(_) => {}
        }
        Ok(Some(received))
    }

    /// Nothing more comes.
    fn end(&mut self) {
        match self.lines.finish() {
            Ok(()) => self.take_replies(),
            Err(bytes) => self.failed = Some(Failure::Undecodable(bytes)),
        }
        if self.failed.is_none() && !self.batch.is_done() {
            self.failed = Some(self.unsent.take().map_or(Failure::End, Failure::Unsent));
        }
    }

    fn take_replies(&mut self) {
        let charset = self.lines.charset();
        while self.failed.is_none() && self.batch.awaits() {
            let Some(line) = self.lines.line(Some(self.limit.saturating_add(1))) else {
                return;
            };
            if length(charset, line) > self.limit {
                self.failed = Some(Failure::LineTooLong);
            } else if line.body.is_empty() && !line.ended {
                return; // the server has closed the connection
            } else if let Err(error) = self.batch.take(&utf8(charset, line.body)) {
                self.failed = Some(Failure::Reply(error));
            }
        }
    }
}

fn size(moved: Option<impl Attempt<Value = usize>>) -> u64 {
    moved
        .and_then(|moved| moved.value().ok())
        .map_or(0, |count| count as u64)
}

/// What to wait for before the next try.
fn interest(moved: Option<impl Attempt<Value = usize>>) -> Option<Interest> {
    moved.and_then(|moved| moved.value().err())
}
