//! Commands on the control connection: what may not be sent, and what may not be shown.

use std::borrow::Cow;

use super::text::{count_chars, strip_line_ends};

/// Whether the line holds a CR or LF. RFC 959, 5.3: the end of the line ends the command, so a line break inside an
/// argument would smuggle in a second command. ftplib refuses both characters (bpo-30119).
pub fn has_line_break(line: &[u8]) -> bool {
    memchr::memchr2(b'\r', b'\n', line).is_some()
}

/// The password as debug output shows it: one star for each character, trailing CR and LF kept, as `FTP.sanitize`
/// does. Only the spellings "pass " and "PASS " are masked: this must print what ftplib prints. Our own log records go
/// through [`mask_for_log`].
pub fn mask(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(secret) = line.strip_prefix(b"PASS ").or_else(|| line.strip_prefix(b"pass ")) else {
        return Cow::Borrowed(line);
    };
    let shown = strip_line_ends(secret);
    let line_ends = secret.get(shown.len()..).unwrap_or_default();
    let verb = line.get(..5).unwrap_or_default();
    let stars = vec![b'*'; count_chars(shown)];
    Cow::Owned([verb, &stars, line_ends].concat())
}

/// The line as our log shows it: the argument of PASS and ACCT, in any letter case, becomes "****". A fixed number of
/// stars, for the length of a password says something about it. Leading blanks are passed over, because servers do so.
pub fn mask_for_log(line: &[u8]) -> Cow<'_, [u8]> {
    let blank = line.len() - line.trim_ascii_start().len();
    let word = line.get(blank..).unwrap_or_default();
    let verb = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (verb, argument) = word.split_at_checked(verb).unwrap_or((word, &[]));
    let secret = verb.eq_ignore_ascii_case(b"PASS") || verb.eq_ignore_ascii_case(b"ACCT");
    if !secret || argument.trim_ascii().is_empty() {
        return Cow::Borrowed(line);
    }
    Cow::Owned([verb, b" ****"].concat())
}

/// Whether the representation type may be another one after this command: TYPE itself, and what begins a session anew
/// (RFC 959, 4.1.1: USER, REIN; RFC 4217: AUTH, CCC).
pub fn may_change_type(line: &[u8]) -> bool {
    let verb = line.split(|&byte| byte == b' ').next().unwrap_or_default();
    ["TYPE", "USER", "REIN", "AUTH", "CCC"]
        .iter()
        .any(|name| verb.eq_ignore_ascii_case(name.as_bytes()))
}
