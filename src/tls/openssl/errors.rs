//! OpenSSL's errors, by their codes.

use libc::{c_int, c_long};
use openssl::error::{self, ErrorStack};
use openssl::ssl;
use openssl::x509::X509VerifyResult;
use std::error::Error as _;
use std::io;

use crate::tls::errors::Error;

/// Which part of OpenSSL an error is of, and which it is.
pub type Code = (c_int, c_int);

const CERTIFICATE_VERIFY_FAILED: Code = (20, 134);
pub const MAC_VERIFY_FAILURE: Code = (35, 113);
/// A reason that all parts give, since OpenSSL 3.
pub const UNSUPPORTED: c_int = 0x8_010C;

pub fn code(error: &error::Error) -> Code {
    (error.library_code(), error.reason_code())
}

pub fn has(stack: &ErrorStack, wanted: Code) -> bool {
    stack.errors().iter().any(|error| code(error) == wanted)
}

/// The reasons, each once, the deepest first.
pub fn words(stack: &ErrorStack) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for error in stack.errors() {
        let reason = error.reason().unwrap_or("unknown error");
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        reasons.push("unknown error");
    }
    reasons.join("; ")
}

/// Why a handshake failed; `verdict` is what verification came to.
pub fn of_handshake(error: &native_tls::Error, verdict: c_long) -> Error {
    let Some(below) = error.source() else {
        return Error::Protocol(error.to_string());
    };
    if let Some(errno) = below.downcast_ref().and_then(io::Error::raw_os_error) {
        return Error::Connection(io::Error::from_raw_os_error(errno));
    }
    let Some(stack) = below.downcast_ref::<ErrorStack>() else {
        return Error::Protocol(below.to_string());
    };
    if !has(stack, CERTIFICATE_VERIFY_FAILED) {
        return Error::Protocol(words(stack));
    }
    let code = c_int::try_from(verdict).unwrap_or(1);
    // SAFETY: any number will do: those that OpenSSL doesn't know have a text that says so.
    let verdict = unsafe { X509VerifyResult::from_raw(code) };
    Error::Unverified {
        code,
        reason: verdict.error_string().to_owned(),
    }
}

/// What an error of a read or write means that isn't the connection's own, `None` being «not now».
pub fn of_io(error: &io::Error) -> Option<Error> {
    let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<ssl::Error>()) else {
        return Some(Error::Protocol(error.to_string()));
    };
    match error.ssl_error() {
        Some(stack) => Some(Error::Protocol(words(stack))),
        // a record that held no data, such as a session ticket
        None if matches!(error.code(), ssl::ErrorCode::WANT_READ | ssl::ErrorCode::WANT_WRITE) => None,
        None => Some(Error::Protocol(error.to_string())),
    }
}
