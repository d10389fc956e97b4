//! What needs no server: keys and certificates, and the ServerHello.

use super::super::errors::OptionError;
use super::hello::Hello;
use super::identity::{certificates, pem_identity};
use super::version::{Agreed, Version};

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

/// Two values that look like certificates to whoever only counts bytes.
const DER: &[u8] = &[0x30, 3, 2, 1, 5, 0x30, 2, 5, 0];

#[test]
fn certificates_come_as_pem_or_der() {
    let both = vec![DER[..5].to_vec(), DER[5..].to_vec()];
    assert_eq!(certificates(DER), Ok(both.clone()));
    let pem = b"subject=/CN=x\n-----BEGIN CERTIFICATE-----\nMAMC\r\nAQU=\n-----END CERTIFICATE-----\n\
                -----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n\
                -----BEGIN X509 CERTIFICATE-----\nMAIFAA==\n-----END X509 CERTIFICATE-----";
    assert_eq!(certificates(pem), Ok(both));
    let broken: [&[u8]; 6] = [
        b"",
        b"no PEM at all",
        b"-----BEGIN CERTIFICATE-----\nMAMC",
        b"-----BEGIN CERTIFICATE-----\nMA!C\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        &DER[..8],
    ];
    for data in broken {
        assert!(certificates(data).is_err(), "{data:?}");
    }
}

fn key_of(key: &str) -> Result<String, OptionError> {
    let chain = b"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----";
    Ok(pem_identity(chain, key.as_bytes())?.1)
}

#[test]
fn keys_become_pkcs8() {
    let pkcs8 = "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n";
    assert_eq!(key_of(&format!("Bag Attributes\n{pkcs8}")), Ok(pkcs8.to_owned()));
    // SEQUENCE { 0, { rsaEncryption, NULL }, OCTET STRING of the key }
    assert_eq!(
        key_of("-----BEGIN RSA PRIVATE KEY-----\nMAMCAQU=\n-----END RSA PRIVATE KEY-----"),
        Ok("-----BEGIN PRIVATE KEY-----\nMBkCAQAwDQYJKoZIhvcNAQEBBQAEBTADAgEF\n-----END PRIVATE KEY-----\n".to_owned())
    );
    let refused = [
        "",
        "-----BEGIN PRIVATE KEY-----\nMAMCAQU=",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAMCAQU=\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAMCAQU=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN DSA PRIVATE KEY-----\nMAMCAQU=\n-----END DSA PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMAMCAQU=\n-----END EC PRIVATE KEY-----",
    ];
    for key in refused {
        assert!(matches!(key_of(key), Err(OptionError::Key(_))), "{key}");
    }
}
