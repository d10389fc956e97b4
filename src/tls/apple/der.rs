//! As much DER as the wrapping of a key and the splitting of certificates need (X.690).

pub const INTEGER: u8 = 0x02;
pub const OCTET_STRING: u8 = 0x04;
pub const OBJECT: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;

/// One value at the front of `data`: its tag, its content, all its bytes, and what follows it.
pub struct Value<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub whole: &'a [u8],
    pub rest: &'a [u8],
}

pub fn value(data: &[u8]) -> Option<Value<'_>> {
    let (&tag, after) = data.split_first()?;
    let (&first, mut after) = after.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (digits, behind) = after.split_at_checked(usize::from(first & 0x7F))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
        after = behind;
    }
    let (content, rest) = after.split_at_checked(length)?;
    let whole = data.get(..data.len() - rest.len())?;
    Some(Value {
        tag,
        content,
        whole,
        rest,
    })
}

/// The value of `tag` whose content is these parts, one after the other.
pub fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7F => out.push(length as u8),
        length => {
            let digits: Vec<u8> = length
                .to_be_bytes()
                .into_iter()
                .skip_while(|&digit| digit == 0)
                .collect();
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(&content);
    out
}
