//! Invariant: an entry of a listing splits into the facts and the name that ftplib's mlsd makes of it, and never into
//! more text than it has.
#![no_main]

use _rftplib::protocol::facts::split_entry;
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{model, text};

fuzz_target!(|line: &[u8]| {
    let (found, name) = split_entry(line);
    let found: Vec<(&[u8], &[u8])> = found.collect();
    let total: usize = found.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(!found.is_empty() && total + name.len() <= line.len());
    let Ok(line) = std::str::from_utf8(line) else {
        return;
    };
    let found: Vec<_> = found.into_iter().map(|(key, value)| (text(key), text(value))).collect();
    assert_eq!((found, text(name)), model::entry(line));
});
