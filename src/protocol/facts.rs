//! Entries of MLSD and MLST listings (RFC 3659, section 7.2).
//!
//! ```text
//! entry = [ facts ] SP pathname
//! facts = 1*( fact ";" )
//! fact  = factname "=" value
//! ```

use super::text::strip_line_ends;

/// The facts of one entry: `(name, value)` in the server's order and spelling.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    rest: Option<&'a [u8]>,
}

/// Splits one line of a listing into its facts and the file's name, as `FTP.mlsd` does.
///
/// The first space ends the facts, so names with spaces survive. Without a space all is facts and the name is ''.
/// The facts' last character is dropped, whatever it is: the RFC says it is a ';'.
pub fn split_entry(line: &[u8]) -> (Facts<'_>, &[u8]) {
    let (facts, name) = partition(strip_line_ends(line), b' ');
    (
        Facts {
            rest: Some(drop_last_char(facts)),
        },
        name,
    )
}

/// Whether `lower()` would give the same text back: ASCII without capitals. RFC 3659, 7.2: "Fact names are
/// case-insensitive", so each is lower-cased, which most servers have done already.
pub fn is_lower_ascii(key: &[u8]) -> bool {
    key.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

impl<'a> Iterator for Facts<'a> {
    type Item = (&'a [u8], &'a [u8]);

    /// A fact without '=' has the value ''. There is always one fact: no text at all is one fact named ''.
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let (fact, rest) = partition(text, b';');
        if fact.len() < text.len() {
            self.rest = Some(rest);
        }
        Some(partition(fact, b'='))
    }
}

/// `text.partition(separator)` without its middle.
fn partition(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let Some(at) = memchr::memchr(separator, text) else {
        return (text, &[]);
    };
    let (before, from) = text.split_at_checked(at).unwrap_or((text, &[]));
    (before, from.get(1..).unwrap_or_default())
}

/// `text[:-1]`.
fn drop_last_char(text: &[u8]) -> &[u8] {
    let last = text.iter().rposition(|byte| byte & 0xC0 != 0x80);
    text.get(..last.unwrap_or(0)).unwrap_or_default()
}
