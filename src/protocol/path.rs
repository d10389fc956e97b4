//! The directory name in a 257 reply to PWD or MKD (RFC 959, appendix II).

use std::borrow::Cow;

/// The name between the quotes, '' when the reply has no quotes where they belong.
///
/// RFC 959: `257<space>"<directory-name>"<space><commentary>`, and "embedded double-quotes should be escaped by
/// double-quotes". No quote right after the first space means '' (ftplib: "Not compliant to RFC 959, but UNIX ftpd does
/// this"), and a name whose closing quote is missing reaches to the end of the reply.
pub fn parse_257(reply: &[u8]) -> Cow<'_, [u8]> {
    let (_, rest) = super::text::split_chars(reply, 3);
    let Some(mut rest) = rest.strip_prefix(b" \"") else {
        return Cow::Borrowed(&[]);
    };
    let mut name: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    loop {
        let quote = memchr::memchr(b'"', rest);
        let (part, from_quote) = rest
            .split_at_checked(quote.unwrap_or(rest.len()))
            .unwrap_or((rest, &[]));
        let Some(after) = from_quote.strip_prefix(b"\"\"") else {
            return append(name, part);
        };
        // The first of the two quotes is the name's.
        let with_quote = rest.get(..part.len() + 1).unwrap_or(part);
        name = append(name, with_quote);
        rest = after;
    }
}

/// Copies only when there is something to join.
fn append<'a>(name: Cow<'a, [u8]>, part: &'a [u8]) -> Cow<'a, [u8]> {
    if name.is_empty() {
        return Cow::Borrowed(part);
    }
    if part.is_empty() {
        return name;
    }
    let mut name = name.into_owned();
    name.extend_from_slice(part);
    Cow::Owned(name)
}
