//! A client that does what the binding does, without a socket: lines into replies, replies into what they say.

use crate::model::Fault;
use crate::text;
use _rftplib::protocol::received_lines::{Charset, TextReader};
use _rftplib::protocol::reply::{Assembly, Kind};
use _rftplib::protocol::text::count_chars;
use _rftplib::protocol::{address, path, reply};

/// What a reply came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Reply { kind: Kind, text: String },
    Size(String),
    Address([String; 6]),
    Port(String),
    Directory(String),
    Fault(Fault),
}

pub struct Client {
    reader: TextReader,
    assembly: Option<Assembly>,
    maxline: usize,
    max_reply: Option<usize>,
    pub events: Vec<Event>,
}

impl Client {
    pub fn new(charset: Charset, maxline: usize, max_reply: Option<usize>) -> Self {
        Self {
            reader: TextReader::new(charset),
            assembly: None,
            maxline,
            max_reply,
            events: Vec::new(),
        }
    }

    /// One received piece; false where it can't be decoded.
    pub fn receive(&mut self, piece: &[u8]) -> bool {
        let fed = self.reader.feed(piece).is_ok();
        self.take_lines();
        // A line has at most `maxline` characters of four bytes, and its last character may be undecided.
        let most = self.maxline.saturating_add(2).saturating_mul(4);
        assert!(self.reader.buffered() <= most, "an endless line is buffered");
        if let (Some(assembly), Some(limit)) = (&self.assembly, self.max_reply) {
            assert!(
                count_chars(assembly.text()) <= limit.max(self.maxline),
                "an endless reply is buffered"
            );
        }
        fed
    }

    /// The server has closed; false where it did so in the middle of a character.
    pub fn end(&mut self) -> bool {
        let whole = self.reader.finish().is_ok();
        self.take_lines();
        whole
    }

    fn take_lines(&mut self) {
        let latin = self.reader.charset() == Charset::Latin1;
        while let Some(line) = self.reader.line(Some(self.maxline + 1)) {
            let body = if latin {
                line.body
                    .iter()
                    .map(|&byte| char::from(byte))
                    .collect::<String>()
                    .into_bytes()
            } else {
                line.body.to_vec()
            };
            let length = count_chars(&body) + usize::from(line.ended);
            if length == 0 {
                self.assembly = None;
                self.events.push(Event::Fault(Fault::Closed));
                return;
            }
            if length > self.maxline {
                self.assembly = None;
                self.events.push(Event::Fault(Fault::LineTooLong));
            } else {
                self.line(&body);
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(mut assembly) = self.assembly.take() else {
            match Assembly::begin(line) {
                Some(assembly) => self.assembly = Some(assembly),
                None => self.reply(line),
            }
            return;
        };
        match assembly.add(line, self.max_reply) {
            Ok(true) => self.reply(assembly.text()),
            Ok(false) => self.assembly = Some(assembly),
            Err(_) => self.events.push(Event::Fault(Fault::ReplyTooLong)),
        }
    }

    fn reply(&mut self, reply: &[u8]) {
        self.events.push(Event::Reply {
            kind: reply::kind(reply),
            text: text(reply),
        });
        match reply::code(reply) {
            b"150" => self
                .events
                .extend(reply::size_150(reply).map(|size| Event::Size(text(size)))),
            b"227" => self.events.extend(address::parse_227(reply).ok().map(|found| {
                let ([h1, h2, h3, h4], [p1, p2]) = (found.host, found.port);
                Event::Address([h1, h2, h3, h4, p1, p2].map(text))
            })),
            b"229" => self
                .events
                .extend(address::parse_229(reply).ok().map(|port| Event::Port(text(port)))),
            b"257" => self.events.push(Event::Directory(text(&path::parse_257(reply)))),
            _ => {}
        }
    }
}
