//! EPLF, the "easily parsed LIST format" of D. J. Bernstein's and other servers:
//!
//! ```text
//! +i8388621.48594,m825718503,r,s280,up644,<TAB>name
//! ```

use super::dates::{SECOND, micros};
use super::fields::{number, split_once};
use super::{Item, Kind, Line, Time};

pub fn line(line: &[u8]) -> Option<Line<'_>> {
    let (facts, name) = split_once(line.strip_prefix(b"+")?, b'\t')?;
    let mut item = Item::new(Kind::Other, name);
    for fact in facts.split(|&byte| byte == b',') {
        match fact.split_first() {
            Some((b'r', [])) => item.kind = Kind::File,
            Some((b'/', [])) => item.kind = Kind::Dir,
            Some((b's', size)) => item.size = number(size),
            Some((b'i', unique)) => item.unique = Some(unique),
            Some((b'm', seconds)) => {
                let seconds = number(seconds).and_then(|seconds| i64::try_from(seconds).ok());
                item.time = Some(Time {
                    micros: seconds.and_then(|seconds| micros(seconds, 0)),
                    resolution: SECOND,
                });
            }
            Some((b'u', [b'p', mode @ ..])) => item.mode = octal(mode),
            // "Clients should ignore facts that they don't understand"
            _ => {}
        }
    }
    Some(item.into())
}

/// Permissions in octal digits.
pub fn octal(digits: &[u8]) -> Option<u16> {
    let value = digits.iter().try_fold(0u32, |sum, &digit| match digit {
        b'0'..=b'7' if sum <= 0o177_777 => Some(sum * 8 + u32::from(digit - b'0')),
        _ => None,
    })?;
    // the type of the file may be in there, too
    (!digits.is_empty()).then_some(u16::try_from(value & 0o7777).ok())?
}
