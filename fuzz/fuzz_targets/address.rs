//! Invariant: parse_227 and parse_229 find in any text exactly what ftplib's expressions find, and in bytes that are no
//! text nothing that isn't there. find() finds no number that isn't there.
#![no_main]

use _rftplib::protocol::address::{find, parse_227, parse_229};
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{model, text};

fuzz_target!(|reply: &[u8]| {
    let host_port = parse_227(reply).ok().map(|found| {
        let ([h1, h2, h3, h4], [p1, p2]) = (found.host, found.port);
        [h1, h2, h3, h4, p1, p2].map(text)
    });
    let port = parse_229(reply).ok();
    if let Some(place) = find(reply) {
        let whole = String::from_utf8_lossy(reply);
        let said = |number: u16| whole.contains(&number.to_string());
        let [high, low] = place.port.to_be_bytes().map(u16::from);
        assert!(place.port != 0);
        assert!(match place.host {
            Some(host) => host.map(u16::from).into_iter().chain([high, low]).all(said),
            None => said(place.port),
        });
    }
    if let Some(numbers) = &host_port {
        assert!(
            reply.windows(11).any(|part| part[0].is_ascii_digit()),
            "no room for six numbers"
        );
        assert!(
            numbers
                .iter()
                .all(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        );
    }
    let Ok(reply) = std::str::from_utf8(reply) else {
        return;
    };
    assert_eq!(host_port, model::parse_227(reply));
    assert_eq!(port.map(text), model::parse_229(reply));
});
