//! The lines of a listing, made into entries.

use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::block::{Block, Place};
use super::entry::Entry;
use super::listing::{Lines, Listing};
use crate::protocol::list::{self, Clock, Format, Kind, Line};
use crate::python::errors::Error;
use crate::python::gil_turn::{self, Turn};
use crate::python::hold;
use crate::python::text::{decode, encode};

/// How many entries share a block: whoever keeps one of them keeps all.
const SHARE: usize = 32;

/// After how many lines or entries other threads and signals are thought of.
const LOOK_UP: usize = 256;

/// A minute, as the resolution of a time.
const MINUTE: u64 = 60_000_000;

/// What a listing has: an iterator over its entries, all of which have been understood.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Entries {
    blocks: Vec<Arc<Block>>,
    count: usize,
    itself: bool,
    next: AtomicUsize,
}

/// What `lines` say of the directory whose path, with a slash, is `prefix`.
///
/// format: "mlsd", "mlst", or "list" for any other. most: how many entries may be there. now: seconds since 1970. offset:
/// seconds by which the server's clock is ahead of UTC. Raises ListingError for a line that isn't understood.
#[pyfunction]
pub fn read_listing(
    lines: &Bound<'_, Listing>,
    prefix: &Bound<'_, PyString>,
    format: &str,
    most: usize,
    now: i64,
    offset: i32,
) -> PyResult<Entries> {
    hold::this_thread();
    let py = lines.py();
    let format = match format {
        "mlsd" => Format::Mlsd,
        "mlst" => Format::Mlst,
        _ => Format::Any,
    };
    let prefix: Arc<[u8]> = encode(prefix)?.as_bytes().into();
    lines.get().lend(py, |lines| {
        let listing = list::Listing::new(format, Clock { now, offset });
        read(py, lines, listing, Found::new(prefix, most))
    })
}

fn read(py: Python<'_>, lines: &Lines, mut listing: list::Listing, mut found: Found) -> PyResult<Entries> {
    let mut turn = Turn::begin();
    if listing.wants_look_ahead() {
        for (number, line) in lines.iter().enumerate() {
            if number % LOOK_UP == 0 {
                turn.look_up(py)?;
            }
            listing.look_ahead(line);
        }
    }
    for (number, line) in lines.iter().enumerate() {
        if number % LOOK_UP == 0 {
            turn.look_up(py)?;
        }
        let understood = match listing.line(line) {
            Line::Entry(_) | Line::Facts(_) if found.is_full() => {
                return Err(Error::Listing("more entries than allowed", None).into());
            }
            Line::Entry(item) => found.push(|block| block.push(&item, b"")),
            Line::Facts(outline) => found.push(|block| block.push_outline(&outline)),
            Line::Itself => {
                found.itself = true;
                true
            }
            Line::Nothing => true,
            Line::Unknown => false,
        };
        if !understood {
            return Err(refused(py, "a line that isn't understood", line)?.into());
        }
    }
    if let Some(name) = listing.unfinished() {
        return Err(refused(py, "a name without the line that should follow", name)?.into());
    }
    Ok(found.into_entries())
}

fn refused(py: Python<'_>, why: &'static str, line: &[u8]) -> PyResult<Error> {
    Ok(Error::Listing(why, Some(decode(py, line)?.into_any().unbind())))
}

/// What has been read so far.
struct Found {
    blocks: Vec<Arc<Block>>,
    block: Block,
    prefix: Arc<[u8]>,
    count: usize,
    most: usize,
    itself: bool,
}

impl Found {
    fn new(prefix: Arc<[u8]>, most: usize) -> Self {
        Self {
            blocks: Vec::new(),
            block: Block::new(&prefix, 0, 0),
            prefix,
            count: 0,
            most,
            itself: false,
        }
    }

    fn is_full(&self) -> bool {
        self.count >= self.most
    }

    fn push(&mut self, add: impl FnOnce(&mut Block) -> bool) -> bool {
        if !add(&mut self.block) {
            return false;
        }
        self.count += 1;
        if self.block.entries() == SHARE {
            self.close();
        }
        true
    }

    /// Begins another block, which will be about as large.
    fn close(&mut self) {
        let next = Block::new(&self.prefix, SHARE, self.block.bytes());
        self.blocks.push(Arc::new(std::mem::replace(&mut self.block, next)));
    }

    fn into_entries(mut self) -> Entries {
        if self.block.entries() > 0 {
            self.close();
        }
        Entries {
            blocks: self.blocks,
            count: self.count,
            itself: self.itself,
            next: AtomicUsize::new(0),
        }
    }
}

impl Entries {
    fn at(&self, number: usize) -> Option<Place> {
        let block = self.blocks.get(number / SHARE)?;
        (number < self.count).then(|| Place::new(block, number % SHARE))
    }
}

#[pymethods]
impl Entries {
    /// Whether the directory itself was among the entries, as "." or otherwise: then it is one, and is there.
    #[getter]
    fn itself(&self) -> bool {
        self.itself
    }

    /// How many entries there are, whether they have been taken or not.
    #[getter]
    fn count(&self) -> usize {
        self.count
    }

    /// A file whose time is told to the minute: what the server's clock can be asked by.
    #[getter]
    fn timed(&self) -> Option<Entry> {
        let told = |time: list::Time| time.micros.is_some() && time.resolution == MINUTE;
        let mut places = (0..self.count).filter_map(|number| self.at(number));
        places
            .find(|place| place.kind() == Kind::File && place.item().time.is_some_and(told))
            .map(Entry::new)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Entry>>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number % LOOK_UP == 0 {
            gil_turn::look_up(py)?;
        }
        self.at(number)
            .map(|place| Entry::new(place).into_object(py))
            .transpose()
    }
}
