//! Invariant: a reply's code, kind and size are ftplib's, and each line either opens a multi-line reply or closes the
//! one with its own code.
#![no_main]

use _rftplib::protocol::reply::{Kind, closes, code, kind, opens, size_150};
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{model, text};

fuzz_target!(|reply: &[u8]| {
    let own = code(reply);
    assert!(reply.starts_with(own));
    assert_eq!(closes(reply, own), opens(reply).is_none());
    let size = size_150(reply);
    let kind = kind(reply);
    let Ok(reply) = std::str::from_utf8(reply) else {
        return;
    };
    assert_eq!(text(own), reply.chars().take(3).collect::<String>());
    assert_eq!(opens(reply.as_bytes()).is_some(), reply.chars().nth(3) == Some('-'));
    assert_eq!(kind == Kind::Malformed, !reply.starts_with(['1', '2', '3', '4', '5']));
    assert_eq!(size.map(text), model::size_150(reply));
});
