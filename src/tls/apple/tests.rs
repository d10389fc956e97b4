//! What needs no server: keys and certificates.

use super::identity::{certificates, pem_identity};
use crate::tls::OptionError;

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

/// OpenSSL reads what was wrapped as the key that it has made.
#[cfg(not(target_vendor = "apple"))]
#[test]
fn keys_of_openssl_stay_what_they_are() {
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;

    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let (ec, rsa) = (EcKey::generate(&curve).unwrap(), Rsa::generate(2048).unwrap());
    let keys = [
        (ec.private_key_to_pem().unwrap(), PKey::from_ec_key(ec).unwrap()),
        (rsa.private_key_to_pem().unwrap(), PKey::from_rsa(rsa).unwrap()),
    ];
    for (pem, key) in keys {
        let wrapped = key_of(std::str::from_utf8(&pem).unwrap()).unwrap();
        assert!(wrapped.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(PKey::private_key_from_pem(wrapped.as_bytes()).unwrap().public_eq(&key));
    }
}
