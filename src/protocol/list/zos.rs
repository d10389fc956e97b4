//! z/OS: data sets, and members of partitioned ones. A heading says which, and every line after it is one.
//!
//! ```text
//! Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
//! WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS   48-MVS.FILE
//! Migrated                                                 OLD.DATA
//!
//!  Name     VV.MM   Created       Changed      Size  Init   Mod   Id
//! MEMBER1   01.01 2004/06/22 2004/06/22 16:32   128   128     0 BOBY12
//! ```
//!
//! Sizes are in tracks or records, and days those of the last use: neither is told. Files of z/OS UNIX are listed as
//! `ls -l` does.

use super::dates::{self, Clock, Stamp};
use super::fields::Fields;
use super::{Item, Kind, Line};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    DataSets,
    Members,
}

pub fn heading(line: &[u8]) -> Option<Heading> {
    let mut words = Fields::of(line);
    match (words.next()?, words.next()?, words.next()?) {
        (b"Volume", b"Unit", b"Referred") if words.last()? == b"Dsname" => Some(Heading::DataSets),
        (b"Name", b"VV.MM", b"Created") | (b"Name", b"Size", b"TTR") => Some(Heading::Members),
        _ => None,
    }
}

pub fn line<'a>(line: &'a [u8], heading: Heading, clock: &Clock) -> Line<'a> {
    match heading {
        Heading::DataSets => data_set(line),
        Heading::Members => member(line, clock),
    }
    .map_or(Line::Unknown, Line::from)
}

fn data_set(line: &[u8]) -> Option<Item<'_>> {
    let mut before: &[u8] = b"";
    let mut name: &[u8] = b"";
    let mut count = 0;
    for word in Fields::of(line) {
        (before, name) = (name, word);
        count += 1;
    }
    if count < 2 {
        return None;
    }
    let name = name
        .strip_prefix(b"'")
        .and_then(|name| name.strip_suffix(b"'"))
        .unwrap_or(name);
    let kind = match before {
        b"PO" | b"PO-E" | b"POE" | b"Directory" => Kind::Dir,
        b"PS" | b"PS-E" | b"PSU" | b"DA" | b"VS" | b"VSAM" | b"PATH" => Kind::File,
        _ => Kind::Other, // on tape, or moved to one: nothing is told
    };
    is_name(name, 44).then(|| Item::new(kind, name))
}

fn member<'a>(line: &'a [u8], clock: &Clock) -> Option<Item<'a>> {
    let mut words = Fields::of(line);
    let name = words.next()?;
    let mut item = Item::new(Kind::File, name);
    let (_, _, changed, time) = (words.next(), words.next(), words.next(), words.next());
    if let (Some([(year, 4), (month, _), (day, _)]), Some((time, seconds))) =
        (changed.and_then(dates::separated), time.and_then(dates::time_of_day))
    {
        let stamp = Stamp {
            year: Some(year),
            month,
            day,
            time: Some(time),
            seconds,
            zone: None,
        };
        item.time = Some(stamp.resolve(clock));
    }
    is_name(name, 8).then_some(item)
}

/// Of the letters that z/OS has for names.
fn is_name(name: &[u8], most: usize) -> bool {
    name.len() <= most
        && name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"$#@-.{".contains(byte))
}
