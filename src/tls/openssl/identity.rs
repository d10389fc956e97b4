//! Certificates and keys as people have them, brought to what native-tls takes: PEM in any order and with anything around
//! it, keys of any kind, encrypted or not, and PKCS#12 archives.

use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::errors::{MAC_VERIFY_FAILURE, UNSUPPORTED, has, words};
use crate::tls::errors::OptionError;
use crate::tls::options::Identity;

/// The first byte of a certificate in DER.
const SEQUENCE: u8 = 0x30;

/// The certificates (DER) in a file or string: PEM, with anything around it, or DER, one after the other.
pub fn certificates(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found = read(data)?;
    if found.is_empty() {
        return Err("no certificate in it".to_owned());
    }
    let der: Result<Vec<Vec<u8>>, ErrorStack> = found.iter().map(|certificate| certificate.to_der()).collect();
    der.map_err(|stack| words(&stack))
}

fn read(data: &[u8]) -> Result<Vec<X509>, String> {
    if data.first() != Some(&SEQUENCE) {
        return X509::stack_from_pem(data).map_err(|stack| words(&stack));
    }
    let (mut found, mut rest) = (Vec::new(), data);
    while !rest.is_empty() {
        let certificate = X509::from_der(rest).map_err(|stack| words(&stack))?;
        let length = certificate.to_der().map_err(|stack| words(&stack))?.len();
        rest = rest.get(length..).unwrap_or_default();
        found.push(certificate);
    }
    Ok(found)
}

/// The identity as native-tls takes it.
pub fn identity(given: &Identity) -> Result<native_tls::Identity, OptionError> {
    let (chain, key) = match given {
        Identity::Pem { chain, key, password } => of_pem(chain, key, password.as_deref())?,
        Identity::Pkcs12 { archive, password } => of_archive(archive, password.as_deref().unwrap_or_default())?,
    };
    let pem = |stack: ErrorStack| OptionError::Chain(words(&stack));
    let certificates: Result<Vec<Vec<u8>>, ErrorStack> = chain.iter().map(|certificate| certificate.to_pem()).collect();
    let certificates = certificates.map_err(pem)?.concat();
    let key = key
        .private_key_to_pem_pkcs8()
        .map_err(|stack| OptionError::Key(words(&stack)))?;
    native_tls::Identity::from_pkcs8(&certificates, &key).map_err(|error| OptionError::Key(error.to_string()))
}

fn of_pem(chain: &[u8], key: &[u8], password: Option<&str>) -> Result<(Vec<X509>, PKey<Private>), OptionError> {
    let mut chain = X509::stack_from_pem(chain).map_err(|stack| OptionError::Chain(words(&stack)))?;
    if chain.is_empty() {
        return Err(OptionError::Chain("no certificate in it".to_owned()));
    }
    let key = private_key(key, password)?;
    // the client's own is sent first, wherever it is in the file
    let own = chain
        .iter()
        .position(|certificate| certificate.public_key().is_ok_and(|public| public.public_eq(&key)))
        .ok_or_else(|| OptionError::Key("the private key isn't that of the certificate".to_owned()))?;
    let own = chain.remove(own);
    chain.insert(0, own);
    Ok((chain, key))
}

fn private_key(pem: &[u8], password: Option<&str>) -> Result<PKey<Private>, OptionError> {
    if !String::from_utf8_lossy(pem).contains("PRIVATE KEY-----") {
        return Err(OptionError::Key("no private key in it".to_owned()));
    }
    let mut asked = false;
    // With a callback OpenSSL never asks at the terminal.
    let key = PKey::private_key_from_pem_callback(pem, |room| {
        asked = true;
        let password = password.unwrap_or_default().as_bytes();
        let place = room.get_mut(..password.len()).ok_or_else(ErrorStack::get)?;
        place.copy_from_slice(password);
        Ok(password.len())
    });
    key.map_err(|stack| {
        if asked {
            OptionError::Password
        } else {
            OptionError::Key(words(&stack))
        }
    })
}

fn of_archive(archive: &[u8], password: &str) -> Result<(Vec<X509>, PKey<Private>), OptionError> {
    let archive = Pkcs12::from_der(archive).map_err(|stack| OptionError::Archive(words(&stack)))?;
    let parsed = archive.parse2(password).map_err(|stack| {
        if has(&stack, MAC_VERIFY_FAILURE) {
            return OptionError::Password;
        }
        let given_up = stack.errors().iter().any(|error| error.reason_code() == UNSUPPORTED);
        let remedy = if given_up {
            ": it is closed with an algorithm that the TLS library has given up; export it anew"
        } else {
            ""
        };
        OptionError::Archive(words(&stack) + remedy)
    })?;
    match (parsed.cert, parsed.pkey) {
        (Some(own), Some(key)) => {
            // PKCS12_parse gives the others in reverse
            let others = parsed.ca.into_iter().flatten().rev();
            Ok((std::iter::once(own).chain(others).collect(), key))
        }
        // where there is no key, certificates are nobody's own
        (own, None) if own.is_some() || parsed.ca.is_some_and(|others| !others.is_empty()) => {
            Err(OptionError::Archive("no private key in it".to_owned()))
        }
        _ => Err(OptionError::Archive("no certificate in it".to_owned())),
    }
}
