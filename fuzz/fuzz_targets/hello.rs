//! Invariant: what is read from a ServerHello that passes by doesn't depend on how its bytes were cut, and whatever the
//! bytes are, reading them ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{chop, hello::Hello, settings};

fuzz_target!(|input: &[u8]| {
    let Some((sizes, bytes)) = settings::<3>(input) else {
        return;
    };
    // Beyond 4096 bytes the reader gives up at a piece's end, wherever that is.
    let bytes = bytes.get(..4096).unwrap_or(bytes);
    let mut whole = Hello::default();
    whole.feed(bytes);
    let mut cut = Hello::default();
    for piece in chop(bytes, &sizes) {
        cut.feed(piece);
    }
    assert_eq!(whole.agreed, cut.agreed);
    if let Some(agreed) = whole.agreed {
        assert!(agreed.version.name().starts_with("TLSv1"));
        assert!(agreed.cipher.is_none_or(|(name, bits)| !name.is_empty() && bits >= 128));
    }
});
