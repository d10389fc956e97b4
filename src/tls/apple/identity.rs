//! Certificates and keys as people have them, brought to what the engine takes: PEM in any order and with anything
//! around it, keys of PKCS#1 and SEC 1 (`BEGIN RSA PRIVATE KEY`, `BEGIN EC PRIVATE KEY`) as well as PKCS#8.

use super::der::{self, INTEGER, OBJECT, OCTET_STRING, SEQUENCE};
use crate::tls::errors::OptionError;

/// rsaEncryption (1.2.840.113549.1.1.1) and its NULL parameters (RFC 8017, appendix A.1).
const RSA: &[u8] = &[6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
/// id-ecPublicKey (1.2.840.10045.2.1; RFC 5480, section 2.1.1).
const EC: &[u8] = &[6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1];
/// The tag of an ECPrivateKey's parameters (RFC 5915, section 3).
const EC_PARAMETERS: u8 = 0xA0;

struct Block<'a> {
    label: &'a str,
    base64: &'a str,
}

/// The PEM blocks of a text (RFC 7468), whatever stands between them. `None` for one that doesn't end.
fn blocks(mut text: &str) -> Option<Vec<Block<'_>>> {
    let mut found = Vec::new();
    while let Some((_, after)) = text.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----")?;
        let (base64, after) = after.split_once(&format!("-----END {label}-----"))?;
        found.push(Block { label, base64 });
        text = after;
    }
    Some(found)
}

fn text_of(pem: &[u8]) -> String {
    String::from_utf8_lossy(pem).into_owned()
}

fn is_certificate(block: &Block<'_>) -> bool {
    matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE")
}

/// The certificates (DER) in a file or string: PEM, with anything around it, or DER, one after the other.
pub fn certificates(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    if data.first() == Some(&SEQUENCE) {
        return der_certificates(data);
    }
    let text = text_of(data);
    let blocks = blocks(&text).ok_or("a PEM block has no end")?;
    let found: Option<Vec<Vec<u8>>> = blocks
        .iter()
        .filter(|b| is_certificate(b))
        .map(|b| decode(b.base64))
        .collect();
    match found {
        Some(found) if found.is_empty() => Err("no certificate in it".to_owned()),
        Some(found) => Ok(found),
        None => Err("a certificate that is no base64".to_owned()),
    }
}

fn der_certificates(mut data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    while !data.is_empty() {
        match der::value(data) {
            Some(value) if value.tag == SEQUENCE => {
                found.push(value.whole.to_vec());
                data = value.rest;
            }
            _ => return Err("no certificate, neither PEM nor DER".to_owned()),
        }
    }
    Ok(found)
}

/// A PEM chain, the client's certificate first, and its key as PKCS#8, from a PEM chain and a PEM key, which may be one
/// and the same file.
pub fn pem_identity(chain: &[u8], key: &[u8]) -> Result<(String, String), OptionError> {
    let found = certificates(chain).map_err(OptionError::Chain)?;
    let chain: String = found.iter().map(|der| encode("CERTIFICATE", der)).collect();
    let text = text_of(key);
    let blocks = blocks(&text).ok_or_else(|| OptionError::Key("a PEM block has no end".to_owned()))?;
    let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
        return Err(OptionError::Key("no private key in it".to_owned()));
    };
    let der = pkcs8(block)?;
    Ok((chain, encode("PRIVATE KEY", &der)))
}

/// A key block's content as PKCS#8 (RFC 5958).
fn pkcs8(block: &Block<'_>) -> Result<Vec<u8>, OptionError> {
    let bad = || OptionError::Key("a private key that can't be read".to_owned());
    if block.label == "ENCRYPTED PRIVATE KEY" || block.base64.contains("ENCRYPTED") {
        return Err(OptionError::Key(
            "the private key is encrypted, and Security Framework opens encrypted keys only in PKCS#12 archives: make one with \
             «openssl pkcs12 -export -inkey KEY -in CERT -out FILE.p12» and give it as pkcs12="
                .to_owned(),
        ));
    }
    let der = decode(block.base64).ok_or_else(bad)?;
    match block.label {
        "PRIVATE KEY" => Ok(der),
        "RSA PRIVATE KEY" => Ok(wrapped(RSA, &der)),
        "EC PRIVATE KEY" => {
            let curve = ec_curve(&der).ok_or_else(bad)?;
            Ok(wrapped(&[EC, curve].concat(), &der))
        }
        other => Err(OptionError::Key(format!("unsupported kind of key: {other}"))),
    }
}

fn wrapped(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let version = der::wrap(INTEGER, &[&[0]]);
    let algorithm = der::wrap(SEQUENCE, &[algorithm]);
    let key = der::wrap(OCTET_STRING, &[key]);
    der::wrap(SEQUENCE, &[&version, &algorithm, &key])
}

/// The named curve that an ECPrivateKey carries.
fn ec_curve(key: &[u8]) -> Option<&[u8]> {
    let mut fields = der::value(key).filter(|value| value.tag == SEQUENCE)?.content;
    while !fields.is_empty() {
        let field = der::value(fields)?;
        if field.tag == EC_PARAMETERS {
            return der::value(field.content)
                .filter(|curve| curve.tag == OBJECT)
                .map(|curve| curve.whole);
        }
        fields = field.rest;
    }
    None
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with white space anywhere (RFC 4648). `None` for anything else in it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let body: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let digits = body
        .strip_suffix(b"==")
        .or_else(|| body.strip_suffix(b"="))
        .unwrap_or(&body);
    if body.is_empty() || body.len() % 4 != 0 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for &digit in group {
            bits = bits << 6 | u32::try_from(ALPHABET.iter().position(|&letter| letter == digit)?).ok()?;
        }
        bits <<= 6 * (4 - group.len());
        out.extend(bits.to_be_bytes().into_iter().skip(1).take(group.len() * 6 / 8));
    }
    Some(out)
}

fn encode(label: &str, data: &[u8]) -> String {
    let mut body = String::new();
    for group in data.chunks(3) {
        let bits = (0..3).fold(0_u32, |sum, at| {
            sum << 8 | u32::from(group.get(at).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            body.push(if place <= group.len() {
                char::from(ALPHABET[digit as usize])
            } else {
                '='
            });
        }
        if body.len() % 65 == 64 {
            body.push('\n');
        }
    }
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.trim_end())
}
