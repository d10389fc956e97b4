//! Invariant: a DER value and what follows it are together what was given, and what is wrapped is read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::der::{value, wrap};

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Some(found) = value(rest) {
        assert_eq!([found.whole, found.rest].concat(), rest);
        assert!(found.whole.ends_with(found.content));
        let again = wrap(found.tag, &[found.content]);
        let again = value(&again).expect("what was wrapped is DER");
        assert_eq!(
            (again.tag, again.content, again.rest),
            (found.tag, found.content, &[][..])
        );
        rest = found.rest;
    }
});
