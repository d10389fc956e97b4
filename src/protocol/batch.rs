//! Many commands whose replies are awaited together: pipelining, as RFC 2920 has it for SMTP. RFC 959 says nothing
//! against it, for replies come in the order of the commands.
//!
//! What is to be sent goes out, lines come in; the queue knows which command each reply belongs to.

use super::reply::{self, Assembly, Kind};

/// What ends a batch before its last reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The multi-line replies together have more characters than they may have.
    TooLong,
    /// No reply: neither this one's command nor the next one's can be told.
    Malformed(Vec<u8>),
    /// A second preliminary reply (1yz) to one command.
    Unexpected(Vec<u8>),
    /// 421: the server closes the connection. RFC 959, 4.2: "This may be a reply to any command".
    Closing(Vec<u8>),
}

/// A batch on its way.
#[derive(Debug)]
pub struct Batch {
    wire: Vec<u8>,
    /// Where in `wire` each command ends.
    ends: Vec<usize>,
    /// How many commands may be unanswered.
    window: usize,
    /// How many replies are waited for.
    wanted: usize,
    /// How many bytes were sent, and how many commands with them.
    sent: usize,
    begun: usize,
    /// A multi-line reply that isn't complete yet.
    open: Option<Assembly>,
    /// The next command has had its preliminary reply.
    preliminary: bool,
    /// How many remnants of line ends came before it.
    strays: usize,
    replies: Vec<Vec<u8>>,
    /// How many characters the multi-line replies to come may have; `None`: any number.
    room: Option<usize>,
}

impl Batch {
    /// `commands`: as they are sent, their line ends included. `window`: how many may be unanswered, at least one.
    /// `late`: the replies to so many of the last ones are left for whoever reads next. `max_reply`: how many characters
    /// the multi-line replies may have together.
    pub fn new(commands: &[Vec<u8>], window: usize, late: usize, max_reply: Option<usize>) -> Self {
        let mut end = 0;
        let ends = commands.iter().map(|command| {
            end += command.len();
            end
        });
        Self {
            ends: ends.collect(),
            wire: commands.concat(),
            window: window.max(late).max(1),
            wanted: commands.len().saturating_sub(late),
            sent: 0,
            begun: 0,
            open: None,
            preliminary: false,
            strays: 0,
            replies: Vec::with_capacity(commands.len()),
            room: max_reply,
        }
    }

    /// What may be sent now.
    pub fn outgoing(&self) -> &[u8] {
        let last = self.replies.len().saturating_add(self.window).min(self.ends.len());
        let end = last.checked_sub(1).and_then(|last| self.ends.get(last)).copied();
        self.wire.get(self.sent..end.unwrap_or(0)).unwrap_or_default()
    }

    /// So many bytes of it have been.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        while self.ends.get(self.begun).is_some_and(|&end| end <= self.sent) {
            self.begun += 1;
        }
    }

    /// How many commands were sent whole and have no reply yet.
    pub fn unanswered(&self) -> usize {
        self.begun.saturating_sub(self.replies.len())
    }

    /// Whether a command has been sent up to its middle.
    pub fn is_torn(&self) -> bool {
        let begin = self.begun.checked_sub(1).and_then(|last| self.ends.get(last));
        self.sent > begin.copied().unwrap_or(0)
    }

    /// All is sent, and every reply that is waited for is there.
    pub fn is_done(&self) -> bool {
        self.begun == self.ends.len() && self.replies.len() == self.wanted
    }

    /// Whether a reply that is waited for may come now.
    pub fn awaits(&self) -> bool {
        self.unanswered() > 0 && self.replies.len() < self.wanted
    }

    /// Takes a line of a reply, its end stripped. Only to be called while one is awaited.
    pub fn take(&mut self, line: &[u8]) -> Result<(), Error> {
        let whole = match self.open.take() {
            None => {
                let Some(line) = self.begin(line) else {
                    return Ok(());
                };
                match Assembly::begin(line) {
                    None => line.to_vec(),
                    Some(begun) => {
                        self.open = Some(begun);
                        return Ok(());
                    }
                }
            }
            Some(mut open) => match open.add(line, self.room) {
                Ok(false) => {
                    self.open = Some(open);
                    return Ok(());
                }
                Ok(true) => {
                    let whole = open.into_text();
                    // bytes for characters: the room is for safety, and a character has one at least
                    self.room = self.room.map(|room| room.saturating_sub(whole.len()));
                    whole
                }
                Err(reply::ReplyTooLong) => return Err(Error::TooLong),
            },
        };
        match reply::kind(&whole) {
            Kind::Preliminary if self.preliminary => Err(Error::Unexpected(whole)),
            Kind::Preliminary => {
                self.preliminary = true;
                Ok(())
            }
            Kind::Malformed => Err(Error::Malformed(whole)),
            _ if reply::code(&whole) == b"421" => Err(Error::Closing(whole)),
            _ => {
                (self.preliminary, self.strays) = (false, 0);
                self.replies.push(whole);
                Ok(())
            }
        }
    }

    /// The line with which a reply begins, as the dialogue takes it; `None` for a remnant of the line before.
    fn begin<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let rest = reply::without_remnant(line);
        if rest.is_none() && self.strays < reply::MAX_STRAYS {
            self.strays += 1;
            return None;
        }
        Some(rest.unwrap_or(line))
    }

    /// The replies so far, in the order of the commands.
    pub fn replies(&self) -> &[Vec<u8>] {
        &self.replies
    }
}
