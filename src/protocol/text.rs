//! Counting characters: Python's slices and limits count them, and a character may take up to four bytes.

/// Bytes looked at in one go when searching for a character boundary: counting in blocks is vectorised.
const BLOCK: usize = 64;

/// Every byte but a continuation byte (`10xxxxxx`) begins a character.
fn begins_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// `len(text)`.
pub fn count_chars(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| begins_char(byte)).count()
}

/// `text[:n]`.
pub fn chars_prefix(text: &[u8], n: usize) -> &[u8] {
    split_chars(text, n).0
}

/// `text[:n], text[n:]`.
pub fn split_chars(text: &[u8], n: usize) -> (&[u8], &[u8]) {
    let end = char_offset(text, n).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

/// The byte offset just after the first `n` characters, or, when there are fewer, how many there are.
pub fn char_offset(text: &[u8], n: usize) -> Result<usize, usize> {
    let mut left = n;
    let mut base = 0;
    for block in text.chunks(BLOCK) {
        let here = count_chars(block);
        if here > left {
            // The boundary is where the character after the n-th begins.
            let mut begins = block.iter().enumerate().filter(|&(_, &byte)| begins_char(byte));
            let offset = begins.nth(left).map_or(0, |(offset, _)| offset);
            return Ok(base + offset);
        }
        left -= here;
        base += block.len();
    }
    if left == 0 { Ok(base) } else { Err(n - left) }
}

/// `text.rstrip('\r\n')`: every trailing CR and LF goes, not just one terminator.
pub fn strip_line_ends(text: &[u8]) -> &[u8] {
    let kept = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n'));
    text.get(..kept.map_or(0, |last| last + 1)).unwrap_or_default()
}
