//! Where the data connection goes: the 227 reply to PASV (RFC 959) and the 229 reply to EPSV (RFC 2428).

use super::text::chars_prefix;

/// The reply holds no address in the form it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The six numbers of a 227 reply as they were written: nobody has checked that they are below 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort<'a> {
    pub host: [&'a [u8]; 4],
    pub port: [&'a [u8]; 2],
}

/// The first six numbers joined by commas, wherever they stand in the reply.
///
/// RFC 1123, 4.1.2.6: the form of this reply is not well standardized, the parentheses of RFC 959's example may be
/// missing, so a client must scan for the first digit of the numbers. No blanks between the numbers, and digits are
/// ASCII. The same as `re.search(r'(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)', reply, re.ASCII)`.
pub fn parse_227(reply: &[u8]) -> Result<HostPort<'_>, Malformed> {
    six_numbers(reply, |between| between == b",")
}

/// The first six numbers, each of which `joins` with the next by what stands between them.
fn six_numbers(reply: &[u8], joins: impl Fn(&[u8]) -> bool) -> Result<HostPort<'_>, Malformed> {
    let mut fields: [&[u8]; 6] = [&[]; 6];
    let mut found = 0;
    let mut rest = reply;
    while let Some(gap) = rest.iter().position(u8::is_ascii_digit) {
        let (between, numbers) = rest.split_at_checked(gap).ok_or(Malformed)?;
        if !joins(between) {
            // Fewer than six in that row, so no part of it can match.
            found = 0;
        }
        let end = numbers.iter().position(|byte| !byte.is_ascii_digit());
        let (number, after) = numbers
            .split_at_checked(end.unwrap_or(numbers.len()))
            .ok_or(Malformed)?;
        *fields.get_mut(found).ok_or(Malformed)? = number;
        found += 1;
        if found == fields.len() {
            let [h1, h2, h3, h4, p1, p2] = fields;
            return Ok(HostPort {
                host: [h1, h2, h3, h4],
                port: [p1, p2],
            });
        }
        rest = after;
    }
    Err(Malformed)
}

/// The text of the port in "229 ... (|||6446|)"; the caller reads it as a number.
///
/// RFC 2428, 3: `(<d><d><d><tcp-port><d>)`, where `<d>` is one ASCII character out of 33 to 126. The first '(' and the
/// first ')' after it count. As in ftplib, any character may delimit, and the two fields that "MUST be blank" may hold
/// text: some servers fill them in, and the client needs neither, for it connects to the host it is connected to.
pub fn parse_229(reply: &[u8]) -> Result<&[u8], Malformed> {
    let left = memchr::memchr(b'(', reply).ok_or(Malformed)?;
    let opened = reply.get(left + 1..).ok_or(Malformed)?;
    let right = memchr::memchr(b')', opened).ok_or(Malformed)?;
    let inner = opened.get(..right).ok_or(Malformed)?;
    let delimiter = chars_prefix(inner, 1);
    // "()" has no delimiter. One character is both first and last, but makes two parts, not five.
    if delimiter.is_empty() || !inner.ends_with(delimiter) {
        return Err(Malformed);
    }
    let mut delimiters = memchr::memmem::find_iter(inner, delimiter);
    let third = delimiters.nth(2).ok_or(Malformed)?;
    let fourth = delimiters.next().ok_or(Malformed)?;
    if delimiters.next().is_some() {
        return Err(Malformed);
    }
    inner.get(third + delimiter.len()..fourth).ok_or(Malformed)
}

/// Where the data connection goes, as far as the reply says it: a 229 reply names no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub host: Option<[u8; 4]>,
    pub port: u16,
}

/// What a reply to PASV or EPSV says that the two parsers above don't take, because it is the other one's, or because
/// of its form: blanks between the numbers, or `|||port|` that isn't alone in parentheses.
///
/// Servers behind NAT64 answer PASV by 229 and others EPSV by 227. Nothing is guessed: numbers that can be no address
/// are none.
pub fn find(reply: &[u8]) -> Option<Place> {
    if reply.starts_with(b"227") {
        let found = six_numbers(reply.get(3..)?, |between| between.trim_ascii() == b",").ok()?;
        let [h1, h2, h3, h4] = found.host.map(number::<u8>);
        let [high, low] = found.port.map(number::<u8>);
        return Place::new(Some([h1?, h2?, h3?, h4?]), u16::from_be_bytes([high?, low?]));
    }
    if reply.starts_with(b"229") {
        let port = parse_229(reply).ok().and_then(number::<u16>).or_else(|| {
            let after = memchr::memmem::find(reply, b"|||")? + 3;
            let digits = reply.get(after..)?.split(|&byte| byte == b'|').next()?;
            number::<u16>(digits)
        });
        return Place::new(None, port?);
    }
    None
}

impl Place {
    /// Nobody listens on port 0.
    fn new(host: Option<[u8; 4]>, port: u16) -> Option<Self> {
        (port != 0).then_some(Self { host, port })
    }
}

/// ASCII digits only: no sign, no blanks.
fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
