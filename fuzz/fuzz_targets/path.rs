//! Invariant: the directory in a 257 reply is the one that ftplib reads, and never longer than the reply.
#![no_main]

use _rftplib::protocol::path::parse_257;
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{model, text};

fuzz_target!(|reply: &[u8]| {
    let name = parse_257(reply);
    assert!(name.len() <= reply.len());
    let Ok(reply) = std::str::from_utf8(reply) else {
        return;
    };
    assert_eq!(text(&name), model::parse_257(reply));
});
