//! Entries of MLSD and MLST (RFC 3659, section 7.2): facts, a blank, the name.

use super::dates::mdtm;
use super::eplf::octal;
use super::fields::{number, split_once};
use super::{Item, Kind, Line, entry};

/// A line of MLSD.
pub fn listed(line: &[u8]) -> Line<'_> {
    let Some((kind, item)) = read(line) else {
        return Line::Unknown;
    };
    match kind {
        // whatever it is called: servers give its whole path or "."
        b"cdir" => Line::Itself,
        b"pdir" => Line::Nothing,
        _ => entry(item),
    }
}

/// The line of a reply to MLST: a blank before it, and a path as its name.
pub fn single(line: &[u8]) -> Line<'_> {
    match read(line.strip_prefix(b" ").unwrap_or(line)) {
        Some((_, item)) => Line::Entry(item),
        None => Line::Unknown,
    }
}

/// A line of MLSD among those of any format: no other has "type=", or "=" and ";", in its first word.
pub fn told_apart(line: &[u8]) -> Option<Line<'_>> {
    let (facts, _) = split_once(line, b' ')?;
    let typed = facts.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"type="));
    (typed || facts.contains(&b';') && facts.contains(&b'=')).then(|| listed(line))
}

/// The type as it is written, and the entry; `None` without a type or a name.
fn read(line: &[u8]) -> Option<(&[u8], Item<'_>)> {
    let (facts, name) = split(line)?;
    let mut item = Item::new(Kind::Other, name);
    item.facts = facts;
    let mut kind: Option<&[u8]> = None;
    let (mut owner, mut group, mut uid, mut gid) = (None, None, None, None);
    for fact in facts.split(|&byte| byte == b';') {
        let Some((key, value)) = split_once(fact, b'=') else {
            continue;
        };
        // few are compared in full: most differ in their length
        match key.len() {
            4 if key.eq_ignore_ascii_case(b"type") => kind = Some(value),
            4 if key.eq_ignore_ascii_case(b"size") => item.size = number(value),
            6 if key.eq_ignore_ascii_case(b"modify") => item.time = mdtm(value),
            6 if key.eq_ignore_ascii_case(b"unique") => item.unique = Some(value),
            8 if key.eq_ignore_ascii_case(b"unix.uid") => uid = Some(value),
            8 if key.eq_ignore_ascii_case(b"unix.gid") => gid = Some(value),
            9 if key.eq_ignore_ascii_case(b"unix.mode") => item.mode = octal(value),
            10 if key.eq_ignore_ascii_case(b"unix.owner") => uid = Some(value),
            10 if key.eq_ignore_ascii_case(b"unix.group") => gid = Some(value),
            14 if key.eq_ignore_ascii_case(b"unix.ownername") => owner = Some(value),
            14 if key.eq_ignore_ascii_case(b"unix.groupname") => group = Some(value),
            _ => {}
        }
    }
    let kind = kind?;
    (item.owner, item.group) = (owner.or(uid), group.or(gid));
    (item.kind, item.target) = kind_of(kind);
    Some((kind, item.sized()))
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
    (!facts.is_empty() && !name.is_empty()).then_some((facts, name))
}

fn is_link_with_target(fact: &[u8]) -> bool {
    split_once(fact, b'=').is_some_and(|(key, value)| key.eq_ignore_ascii_case(b"type") && kind_of(value).1.is_some())
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
