//! Entries of MLSD and MLST (RFC 3659, section 7.2): facts, a blank, the name.

use super::dates::mdtm;
use super::eplf::octal;
use super::fields::{number, split_once};
use super::{Item, Kind, Line, entry};

/// An entry whose facts are still to be read: what most of them say, nobody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline<'a> {
    pub kind: Kind,
    pub name: &'a [u8],
    /// As they were sent, without the last ';'.
    pub facts: &'a [u8],
}

/// A line of MLSD.
pub fn listed(line: &[u8]) -> Line<'_> {
    let Some((kind, found)) = outline(line) else {
        return Line::Unknown;
    };
    match kind {
        // whatever it is called: servers give its whole path or "."
        b"cdir" => Line::Itself,
        b"pdir" => Line::Nothing,
        _ => entry(found.kind, found.name, || Line::Facts(found)),
    }
}

/// The line of a reply to MLST: a blank before it, and a path as its name.
pub fn single(line: &[u8]) -> Line<'_> {
    match outline(line.strip_prefix(b" ").unwrap_or(line)) {
        Some((_, found)) => Line::Facts(found),
        None => Line::Unknown,
    }
}

/// A line of MLSD among those of any format: no other has "type=", or "=" and ";", in its first word.
pub fn told_apart(line: &[u8]) -> Option<Line<'_>> {
    let (facts, _) = split_once(line, b' ')?;
    (value_of_type(facts).is_some() || facts.contains(&b';') && facts.contains(&b'=')).then(|| listed(line))
}

/// The type as it is written, and the rest; `None` without a type or a name.
fn outline(line: &[u8]) -> Option<(&[u8], Outline<'_>)> {
    let (facts, name) = split(line)?;
    // most servers begin with it
    let kind = match value_of_type(facts) {
        Some(value) => split_once(value, b';').map_or(value, |(value, _)| value),
        None => facts.split(|&byte| byte == b';').find_map(value_of_type)?,
    };
    let found = Outline {
        kind: kind_of(kind).0,
        name,
        facts,
    };
    Some((kind, found))
}

/// What follows "type=".
fn value_of_type(fact: &[u8]) -> Option<&[u8]> {
    let (key, value) = fact.split_at_checked(5)?;
    key.eq_ignore_ascii_case(b"type=").then_some(value)
}

impl<'a> Outline<'a> {
    /// All that the facts say.
    pub fn item(&self) -> Item<'a> {
        let mut item = Item::new(self.kind, self.name);
        let (mut uid, mut gid) = (None, None);
        for fact in self.facts.split(|&byte| byte == b';') {
            let Some((key, value)) = split_once(fact, b'=') else {
                continue;
            };
            match key.to_ascii_lowercase().as_slice() {
                b"type" => item.target = kind_of(value).1,
                b"size" => item.size = number(value),
                b"modify" => item.time = mdtm(value),
                b"unique" => item.unique = Some(value),
                b"unix.mode" => item.mode = octal(value),
                b"unix.uid" | b"unix.owner" => uid = Some(value),
                b"unix.gid" | b"unix.group" => gid = Some(value),
                b"unix.ownername" => item.owner = Some(value),
                b"unix.groupname" => item.group = Some(value),
                _ => {}
            }
        }
        item.owner = item.owner.or(uid);
        item.group = item.group.or(gid);
        item.sized()
    }
}

/// The facts, without the last ';', and the name. The first blank ends the facts; only the target of a link, which
/// servers put there against the RFC, may have some in it, and is ended by a ';'.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut facts, mut name) = split_once(line, b' ')?;
    if !facts.ends_with(b";") {
        let open = memchr::memrchr(b';', facts).map_or(facts, |at| facts.get(at + 1..).unwrap_or_default());
        if is_link_with_target(open) {
            let mut ends = memchr::memmem::find_iter(line, b"; ");
            let end = ends.next().filter(|_| ends.next().is_none())?; // else any of them may be the one
            (facts, name) = (line.get(..end)?, line.get(end + 2..)?);
        }
    }
    let facts = facts.strip_suffix(b";").unwrap_or(facts);
    (!name.is_empty()).then_some((facts, name))
}

fn is_link_with_target(fact: &[u8]) -> bool {
    value_of_type(fact).is_some_and(|value| kind_of(value).1.is_some())
}

/// "file", "dir", "OS.unix=slink:target" and what other types servers have made up.
fn kind_of(value: &[u8]) -> (Kind, Option<&[u8]>) {
    let is = |name: &[u8]| value.eq_ignore_ascii_case(name);
    if is(b"file") {
        return (Kind::File, None);
    }
    if is(b"dir") || is(b"cdir") || is(b"pdir") {
        return (Kind::Dir, None);
    }
    let (name, target) = split_once(value, b':').unwrap_or((value, b""));
    let is_link = [
        &b"OS.unix=slink"[..],
        b"OS.unix=symlink",
        b"OS.unix=link",
        b"symlink",
        b"slink",
        b"link",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known));
    if is_link {
        return (Kind::Link, (!target.is_empty()).then_some(target));
    }
    (Kind::Other, None)
}
