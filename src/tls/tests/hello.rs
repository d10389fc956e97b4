//! What is read from a ServerHello that passes by.

use crate::tls::hello::Hello;
use crate::tls::{Agreed, Version};

/// A record with a ServerHello of this version and suite; a supported_versions extension if `newer` says one.
fn server_hello(version: u16, suite: u16, newer: Option<u16>) -> Vec<u8> {
    let mut hello = version.to_be_bytes().to_vec();
    hello.extend([7; 32]);
    hello.push(4);
    hello.extend([1, 2, 3, 4]);
    hello.extend(suite.to_be_bytes());
    hello.push(0);
    if let Some(newer) = newer {
        hello.extend([0, 10, 0xFF, 0x01, 0, 0, 0, 43, 0, 2]);
        hello.extend(newer.to_be_bytes());
    }
    let length = hello.len() as u16;
    let mut record = vec![22, 3, 3];
    record.extend((length + 4).to_be_bytes());
    record.extend([2, 0]);
    record.extend(length.to_be_bytes());
    record.extend(hello);
    record
}

fn agreed(data: &[u8], step: usize) -> Option<Agreed> {
    let mut hello = Hello::default();
    for piece in data.chunks(step) {
        hello.feed(piece);
    }
    hello.agreed
}

#[test]
fn the_server_hello_tells_version_and_suite_however_it_comes() {
    let cases = [
        (
            server_hello(0x0303, 0xC02F, None),
            Version::Tls12,
            Some(("ECDHE-RSA-AES128-GCM-SHA256", 128)),
        ),
        (
            server_hello(0x0303, 0x1302, Some(0x0304)),
            Version::Tls13,
            Some(("TLS_AES_256_GCM_SHA384", 256)),
        ),
        (server_hello(0x0301, 0x0000, None), Version::Tls10, None),
    ];
    for (record, version, cipher) in cases {
        let followed = [record.clone(), vec![23, 3, 3, 0, 1, 9]].concat();
        for step in [1, 5, record.len(), followed.len()] {
            assert_eq!(agreed(&followed, step), Some(Agreed { version, cipher }), "step {step}");
        }
        for end in 0..record.len() {
            assert_eq!(agreed(&record[..end], record.len()), None);
        }
    }
}

#[test]
fn what_is_no_server_hello_is_left_alone() {
    let mut cut = server_hello(0x0303, 0x1301, Some(0x0304));
    let inner = cut.len() - 1;
    cut[4] -= 8; // the record is shorter than its message
    cut.truncate(inner - 8);
    for data in [
        b"220 hello there".to_vec(),
        vec![21, 3, 3, 0, 2, 2, 40],
        cut,
        vec![22; 9000],
    ] {
        assert_eq!(agreed(&data, 7), None);
    }
}
