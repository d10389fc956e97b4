//! What a reader holds under its lock.

use pyo3::prelude::*;
use std::collections::VecDeque;

use crate::protocol::received_lines::{TextReader, Undecodable};
use crate::protocol::reply::refuses;
use crate::python::codec::utf8;
use crate::python::process;

/// After a batch that has ended early, or a transfer with NOOPs, what comes next is the reply to an earlier command.
pub const BROKEN_OFF: &str = "replies to earlier commands are still to come: call rftplib.session.recover(ftp)";

pub struct State {
    /// `None` once the reader is closed.
    pub socket: Option<Py<PyAny>>,
    pub lines: TextReader,
    /// Received ahead of whoever reads next, by who wanted to know what comes next.
    pub ahead: Vec<u8>,
    /// Why it can't be read any more, such as that the socket's timeout has passed once: so it is with `socket`'s own files.
    pub unreadable: Option<&'static str>,
    /// TLS has ended: the socket's own method says so again, and nothing need come before it is asked.
    pub ended: bool,
    /// The threads that wait for a line, in the order in which they came: the first one gets the next line.
    pub queue: VecDeque<u64>,
    pub next_place: u64,
    /// The process in which a thread is within the socket's own `recv_into`, which only the end of the connection ends.
    pub receiving: Option<u32>,
    /// The process that the two above are of: a fork copies them, but not the threads.
    pub process: u32,
}

impl State {
    pub fn new(socket: Py<PyAny>, lines: TextReader) -> Self {
        Self {
            socket: Some(socket),
            lines,
            ahead: Vec::new(),
            unreadable: None,
            ended: false,
            queue: VecDeque::new(),
            next_place: 0,
            receiving: None,
            process: process::number(),
        }
    }

    /// Takes in what has been received; no bytes stand for the end.
    pub fn feed(&mut self, data: &[u8]) -> Result<(), Undecodable> {
        if data.is_empty() {
            self.lines.finish()
        } else {
            self.lines.feed(data)
        }
    }

    /// The lines that have been received, for a loop that reads by itself; or why it can't.
    pub fn take_lines(&mut self) -> Result<TextReader, &'static str> {
        match self.unreadable {
            Some(why) => Err(why),
            None => {
                let nothing = TextReader::new(self.lines.charset());
                Ok(std::mem::replace(&mut self.lines, nothing))
            }
        }
    }

    /// Whether the reply that comes next refuses what was asked for; `None` where nothing of it has been received.
    pub fn refuses(&self) -> Option<bool> {
        refuses(self.lines.held()).or_else(|| refuses(&self.ahead))
    }

    /// A thread is about to call the socket's own `recv_into`, unless the reader is closed: whoever closes it from now on
    /// wakes that thread.
    pub fn begin_receiving(&mut self) -> bool {
        let open = self.socket.is_some();
        if open {
            self.receiving = Some(process::number());
        }
        open
    }

    /// Whether threads of this process wait for lines.
    pub fn is_awaited(&self) -> bool {
        self.process == process::number() && !self.queue.is_empty()
    }

    /// A place at the end of the queue.
    pub fn queue_up(&mut self) -> u64 {
        let process = process::number();
        if self.process != process {
            // the threads that waited are in the parent process
            self.process = process;
            self.queue.clear();
        }
        let place = self.next_place;
        self.next_place += 1;
        self.queue.push_back(place);
        place
    }

    /// A line as UTF-8 and whether a terminator followed. None, too, where what has come is the reply to another command;
    /// after a timeout what has come can still be read, as from Python's own files.
    pub fn take(&mut self, limit: Option<usize>) -> Option<(Vec<u8>, bool)> {
        if self.unreadable == Some(BROKEN_OFF) {
            return None;
        }
        let charset = self.lines.charset();
        let line = self.lines.line(limit)?;
        let body = utf8(charset, line.body).into_owned();
        let at_end = body.is_empty() && !line.ended;
        let taken = (body, line.ended);
        if at_end {
            // the next call asks the socket anew
            self.lines.reopen();
        }
        Some(taken)
    }
}
