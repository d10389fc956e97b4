//! Entries of a listing as they are kept: some of them share a block of memory.

use std::sync::Arc;

use crate::protocol::list::{Item, Kind, Outline, Time};

/// The texts of an entry, in the order in which they lie one behind the other.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Facts,
    Owner,
    Group,
    Target,
    Unique,
}

const PARTS: usize = 6;

/// An entry in its block.
struct Record {
    start: u32,
    ends: [u32; PARTS],
    kind: Kind,
    told: Told,
}

/// The rest of an entry.
enum Told {
    /// By facts, which are read when they are asked for.
    Facts,
    Parts {
        size: Option<u64>,
        time: Option<Time>,
        mode: Option<u16>,
    },
}

/// Some entries of one directory.
pub struct Block {
    /// What stands before each name in a path: the directory and a slash, or nothing.
    prefix: Arc<[u8]>,
    text: Vec<u8>,
    records: Vec<Record>,
}

impl Block {
    /// With room for so many entries, and for so many bytes of text.
    pub fn new(prefix: &Arc<[u8]>, entries: usize, bytes: usize) -> Self {
        Self {
            prefix: prefix.clone(),
            text: Vec::with_capacity(bytes),
            records: Vec::with_capacity(entries),
        }
    }

    pub fn entries(&self) -> usize {
        self.records.len()
    }

    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// False for what is longer than any line is.
    pub fn push(&mut self, item: &Item<'_>, facts: &[u8]) -> bool {
        let Item { size, time, mode, .. } = *item;
        let texts = [item.owner, item.group, item.target, item.unique].map(Option::unwrap_or_default);
        self.add(item.kind, item.name, facts, texts, Told::Parts { size, time, mode })
    }

    /// The same for an entry of MLSD.
    pub fn push_outline(&mut self, found: &Outline<'_>) -> bool {
        self.add(found.kind, found.name, found.facts, [b""; 4], Told::Facts)
    }

    fn add(&mut self, kind: Kind, name: &[u8], facts: &[u8], [a, b, c, d]: [&[u8]; 4], told: Told) -> bool {
        let (Ok(start), mut ends) = (u32::try_from(self.text.len()), [0; PARTS]) else {
            return false;
        };
        for (text, end) in [name, facts, a, b, c, d].iter().zip(&mut ends) {
            self.text.extend_from_slice(text);
            let Ok(now) = u32::try_from(self.text.len()) else {
                return false;
            };
            *end = now;
        }
        self.records.push(Record {
            start,
            ends,
            kind,
            told,
        });
        true
    }
}

/// An entry: its place in a block.
#[derive(Clone)]
pub struct Place {
    block: Arc<Block>,
    number: usize,
}

impl Place {
    pub fn new(block: &Arc<Block>, number: usize) -> Self {
        Self {
            block: block.clone(),
            number,
        }
    }

    /// The only one of its block.
    pub fn alone(prefix: &[u8], item: &Item<'_>, facts: &[u8]) -> Self {
        let mut block = Block::new(&prefix.into(), 1, 0);
        block.push(item, facts);
        Self::new(&Arc::new(block), 0)
    }

    fn record(&self) -> Option<&Record> {
        self.block.records.get(self.number)
    }

    pub fn kind(&self) -> Kind {
        self.record().map_or(Kind::Other, |record| record.kind)
    }

    fn part(&self, part: Part) -> &[u8] {
        let text = self.record().and_then(|record| {
            let index = part as usize;
            let start = index
                .checked_sub(1)
                .and_then(|before| record.ends.get(before))
                .unwrap_or(&record.start);
            self.block.text.get(*start as usize..*record.ends.get(index)? as usize)
        });
        text.unwrap_or_default()
    }

    fn optional(&self, part: Part) -> Option<&[u8]> {
        Some(self.part(part)).filter(|text| !text.is_empty())
    }

    /// All but the facts.
    pub fn item(&self) -> Item<'_> {
        let (kind, name) = (self.kind(), self.part(Part::Name));
        let told = self.record().map(|record| &record.told);
        let Some(&Told::Parts { size, time, mode }) = told else {
            let facts = self.part(Part::Facts);
            return Outline { kind, name, facts }.item();
        };
        Item {
            kind,
            name,
            size,
            time,
            mode,
            owner: self.optional(Part::Owner),
            group: self.optional(Part::Group),
            target: self.optional(Part::Target),
            unique: self.optional(Part::Unique),
        }
    }

    pub fn facts(&self) -> &[u8] {
        self.part(Part::Facts)
    }

    /// What stands before the name in the path.
    pub fn prefix(&self) -> &[u8] {
        &self.block.prefix
    }

    pub fn path(&self) -> Vec<u8> {
        [self.prefix(), self.part(Part::Name)].concat()
    }
}
