//! Certificates and keys as people have them, brought to what the engine takes: PEM in any order and with anything
//! around it, keys of PKCS#1 and SEC 1 (`BEGIN RSA PRIVATE KEY`, `BEGIN EC PRIVATE KEY`) as well as PKCS#8.

use pem::{EncodeConfig, LineEnding, Pem};
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{Decode, Encode, Reader, SliceReader};
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;

use crate::tls::errors::OptionError;

/// rsaEncryption, whose parameters are NULL (RFC 8017, appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey, whose parameters are the curve (RFC 5480, section 2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The first byte of a certificate in DER.
const SEQUENCE: u8 = 0x30;

/// The certificates (DER) in a file or string: PEM, with anything around it, or DER, one after the other.
pub fn certificates(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    if data.first() == Some(&SEQUENCE) {
        return der_certificates(data).map_err(|error| error.to_string());
    }
    let blocks = pem::parse_many(data).map_err(|error| error.to_string())?;
    let found = blocks
        .into_iter()
        .filter(|block| matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE"));
    let found: Vec<Vec<u8>> = found.map(Pem::into_contents).collect();
    if found.iter().all(Vec::is_empty) {
        return Err("no certificate in it".to_owned());
    }
    Ok(found)
}

fn der_certificates(data: &[u8]) -> pkcs8::der::Result<Vec<Vec<u8>>> {
    let mut rest = SliceReader::new(data)?;
    let mut found = Vec::new();
    while !rest.is_finished() {
        found.push(rest.tlv_bytes()?.to_vec());
    }
    Ok(found)
}

/// A PEM chain, the client's certificate first, and its key as PKCS#8, from a PEM chain and a PEM key, which may be one
/// and the same file.
pub fn pem_identity(chain: &[u8], key: &[u8]) -> Result<(String, String), OptionError> {
    let chain = certificates(chain).map_err(OptionError::Chain)?;
    let chain: String = chain.into_iter().map(|der| encode("CERTIFICATE", der)).collect();
    let blocks = pem::parse_many(key).map_err(|error| OptionError::Key(error.to_string()))?;
    let Some(block) = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY")) else {
        return Err(OptionError::Key("no private key in it".to_owned()));
    };
    Ok((chain, encode("PRIVATE KEY", pkcs8(block)?)))
}

/// A key block's content as PKCS#8 (RFC 5958).
fn pkcs8(block: &Pem) -> Result<Vec<u8>, OptionError> {
    let kind = block.headers().get("Proc-Type").unwrap_or_default();
    if block.tag() == "ENCRYPTED PRIVATE KEY" || kind.contains("ENCRYPTED") {
        return Err(OptionError::Key(
            "the private key is encrypted, and Security Framework opens encrypted keys only in PKCS#12 archives: make one with \
             «openssl pkcs12 -export -inkey KEY -in CERT -out FILE.p12» and give it as pkcs12="
                .to_owned(),
        ));
    }
    let der = block.contents();
    let wrapped = match block.tag() {
        "PRIVATE KEY" => return Ok(der.to_vec()),
        "RSA PRIVATE KEY" => wrapped(RSA, AnyRef::NULL, der),
        "EC PRIVATE KEY" => ec(der),
        other => return Err(OptionError::Key(format!("unsupported kind of key: {other}"))),
    };
    wrapped.map_err(|error| OptionError::Key(format!("a private key that can't be read: {error}")))
}

/// An ECPrivateKey names its curve itself (RFC 5915, section 3).
fn ec(der: &[u8]) -> pkcs8::der::Result<Vec<u8>> {
    let key = EcPrivateKey::from_der(der)?;
    let curve = key.parameters.and_then(|parameters| parameters.named_curve());
    let curve = curve.ok_or_else(|| pkcs8::der::ErrorKind::Failed.to_error())?;
    wrapped(EC, AnyRef::from(&curve), der)
}

fn wrapped(algorithm: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> pkcs8::der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifierRef {
        oid: algorithm,
        parameters: Some(parameters),
    };
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(key)?).to_der()
}

fn encode(tag: &str, der: Vec<u8>) -> String {
    let form = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(tag, der), form)
}
