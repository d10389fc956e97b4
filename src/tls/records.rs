//! TLS records seen from outside: their sizes alone, for their contents are encrypted.

/// The most that the payload of an encrypted alert has (RFC 8446, section 5.2: two bytes, the type, the tag). A session
/// ticket has far more.
const ALERT: usize = 32;

/// Where records begin and end among the bytes that are read away (RFC 8446, section 5.1). Only their sizes are seen.
#[derive(Default)]
pub struct Records {
    header: Vec<u8>,
    left: usize,
}

impl Records {
    /// Whether there is an alert among the records that begin in `data`.
    pub fn has_alert(&mut self, mut data: &[u8]) -> bool {
        let mut found = false;
        while !data.is_empty() {
            let skipped = self.left.min(data.len());
            self.left -= skipped;
            data = data.get(skipped..).unwrap_or_default();
            let missing = (5 - self.header.len()).min(data.len());
            self.header.extend_from_slice(data.get(..missing).unwrap_or_default());
            data = data.get(missing..).unwrap_or_default();
            if let [_, _, _, high, low] = self.header[..] {
                self.left = usize::from(high) << 8 | usize::from(low);
                found |= self.left <= ALERT;
                self.header.clear();
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn an_alert_is_told_from_tickets_however_they_are_cut() {
        let record = |size: u16| {
            let [high, low] = size.to_be_bytes();
            [vec![23, 3, 3, high, low], vec![7; usize::from(size)]].concat()
        };
        let tickets = [record(250), record(235)].concat();
        let whole = [tickets.clone(), record(19)].concat();
        for size in [1, 2, 5, 7, 250, 1000] {
            let mut records = Records::default();
            assert!(!tickets.chunks(size).any(|piece| records.has_alert(piece)));
            let mut records = Records::default();
            assert!(whole.chunks(size).any(|piece| records.has_alert(piece)));
        }
    }
}
