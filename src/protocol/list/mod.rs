//! Directory listings: what LIST sends, in the formats that servers are known to have, and MLSD (RFC 3659, section 7).
//!
//! RFC 959, 4.1.3: "Since the information on a file may vary widely from system to system, this information may be hard to
//! use automatically in a program". So a line is an entry, or says something that isn't one ("total 12"), or isn't
//! understood, which is an answer of its own: who skips such a line takes a file for deleted.
//!
//! Times without a zone are the server's local time, and those without a year are of the last twelve months.

mod as400;
mod dates;
mod dos;
mod eplf;
mod fields;
mod mlsx;
mod order;
mod unix;
mod unix_dates;
mod vms;
mod zos;

use super::text::strip_line_ends;
pub use dates::{Clock, mdtm};
pub use mlsx::Outline;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    File,
    Dir,
    Link,
    /// A device, a pipe, a socket; or what the listing doesn't tell.
    Other,
}

/// When something was modified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    /// Since 1970 in UTC; `None` for a time that can't be ("Feb 30").
    pub micros: Option<i64>,
    /// How exact that is, in microseconds.
    pub resolution: u64,
}

/// One entry. What isn't told is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub kind: Kind,
    /// Not empty, without slash, NUL, CR and LF; for MLST a path, which may have slashes.
    pub name: &'a [u8],
    /// Of a file, in bytes. Neither one in blocks or rounded to "4.5K", nor one of more than 64 bits.
    pub size: Option<u64>,
    pub time: Option<Time>,
    /// Permissions, 0 to 0o7777.
    pub mode: Option<u16>,
    pub owner: Option<&'a [u8]>,
    pub group: Option<&'a [u8]>,
    /// What a link leads to.
    pub target: Option<&'a [u8]>,
    /// What MLSD and EPLF call a file, whatever its names are.
    pub unique: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    fn new(kind: Kind, name: &'a [u8]) -> Self {
        Self {
            kind,
            name,
            size: None,
            time: None,
            mode: None,
            owner: None,
            group: None,
            target: None,
            unique: None,
        }
    }

    /// With a size only if it is a file.
    fn sized(self) -> Self {
        Self {
            size: self.size.filter(|_| self.kind == Kind::File),
            ..self
        }
    }
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Entry(Item<'a>),
    /// An entry of MLSD.
    Facts(Outline<'a>),
    /// The directory itself: that it is there.
    Itself,
    /// Nothing of an entry: a heading, a sum, the parent directory.
    Nothing,
    /// It isn't understood.
    Unknown,
}

/// Which lines to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Whatever a server sends, line by line.
    Any,
    Mlsd,
    /// One entry, of MLST: its name is a path.
    Mlst,
}

/// Reads a listing line by line.
#[derive(Debug)]
pub struct Listing {
    format: Format,
    clock: Clock,
    order: order::Order,
    heading: Option<zos::Heading>,
    /// A name whose line was too short for the rest (VMS).
    unfinished: Vec<u8>,
    joined: Vec<u8>,
}

impl Listing {
    pub fn new(format: Format, clock: Clock) -> Self {
        Self {
            format,
            clock,
            order: order::Order::default(),
            heading: None,
            unfinished: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// Shown each line before the first one is read, it knows day and month of "04/05/24" from those of other lines.
    pub fn look_ahead(&mut self, line: &[u8]) {
        if self.format == Format::Any {
            if let Some(date) = dos::date_of(line).or_else(|| as400::date_of(line)) {
                self.order.observe(date);
            }
        }
    }

    /// Whether `look_ahead` is worth while.
    pub fn wants_look_ahead(&self) -> bool {
        self.format == Format::Any
    }

    /// What the next line says.
    pub fn line<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        let line = strip_line_ends(line);
        if memchr::memchr3(b'\r', b'\n', 0, line).is_some() {
            return Line::Unknown;
        }
        match self.format {
            Format::Mlsd => mlsx::listed(line),
            Format::Mlst => mlsx::single(line),
            Format::Any => self.any(line),
        }
    }

    /// A name is left whose other half hasn't come.
    pub fn unfinished(&self) -> Option<&[u8]> {
        (!self.unfinished.is_empty()).then_some(&self.unfinished)
    }

    fn any<'a>(&'a mut self, line: &'a [u8]) -> Line<'a> {
        if !self.unfinished.is_empty() {
            self.joined = std::mem::take(&mut self.unfinished);
            if !line.starts_with(b" ") {
                return Line::Unknown;
            }
            self.joined.extend_from_slice(line);
            return vms::line(&self.joined, &self.clock).unwrap_or(Line::Unknown);
        }
        if is_nothing(line) {
            return Line::Nothing;
        }
        if let Some(heading) = zos::heading(line) {
            self.heading = Some(heading);
            return Line::Nothing;
        }
        if let Some(heading) = self.heading {
            return zos::line(line, heading, &self.clock);
        }
        // each is told from the others by how it begins
        if let Some(found) = unix::line(line, &self.clock)
            .or_else(|| dos::line(line, &self.clock, &self.order))
            .or_else(|| eplf::line(line))
            .or_else(|| mlsx::told_apart(line))
            .or_else(|| as400::line(line, &self.clock, &self.order))
            .or_else(|| vms::line(line, &self.clock))
        {
            return found;
        }
        if vms::is_name_alone(line) {
            self.unfinished.extend_from_slice(line);
            return Line::Nothing;
        }
        Line::Unknown
    }
}

/// A blank line, or "total N" as `ls -l` begins with, in whatever size's unit.
fn is_nothing(line: &[u8]) -> bool {
    let mut rest = fields::Fields::of(line);
    let Some(first) = rest.next() else {
        return true;
    };
    first.eq_ignore_ascii_case(b"total")
        && rest
            .next()
            .is_some_and(|sum| sum.first().is_some_and(u8::is_ascii_digit))
        && rest.next().is_none()
}

/// The entry of that name, or what the name says otherwise. One with a slash would lead out of the directory; a file
/// that is called like a directory would be lost.
fn entry<'a>(kind: Kind, name: &[u8], line: impl FnOnce() -> Line<'a>) -> Line<'a> {
    match name {
        b"." | b".." if kind == Kind::File => Line::Unknown,
        b"." => Line::Itself,
        b".." => Line::Nothing,
        _ if name.is_empty() || memchr::memchr2(b'/', 0, name).is_some() => Line::Unknown,
        _ => line(),
    }
}

impl<'a> From<Item<'a>> for Line<'a> {
    fn from(item: Item<'a>) -> Self {
        entry(item.kind, item.name, || Line::Entry(item.sized()))
    }
}
