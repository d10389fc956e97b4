//! How the `SSL` is seen that native-tls makes and keeps to itself: OpenSSL tells of each `SSL_CTX` and `SSL` as it is made
//! (CRYPTO_get_ex_new_index), and of the beginning and end of each handshake (SSL_CTX_set_info_callback).
//!
//! Contract: what is told is noted only while [`noting`] runs, for the thread that runs it, and only of what is made in
//! it. Should native-tls ever make its `SSL` elsewhere, nothing is noted, and nothing is resumed.

use foreign_types::ForeignTypeRef;
use libc::{c_int, c_long, c_void};
use openssl::ssl::{SslRef, SslSessionRef};
use openssl_sys as ffi;
use std::cell::Cell;
use std::ptr;
use std::sync::Once;

/// The values of `where` in an info callback: the handshake begins; it is left, for good or until more has come.
const HANDSHAKE_START: c_int = 0x10;
const EXIT: c_int = 0x02;

type InfoCallback = unsafe extern "C" fn(*const ffi::SSL, c_int, c_int);

// Since OpenSSL 1.1.1; openssl-sys hasn't got them.
unsafe extern "C" {
    fn SSL_CTX_set_info_callback(context: *mut ffi::SSL_CTX, callback: InfoCallback);
    fn SSL_SESSION_is_resumable(session: *const ffi::SSL_SESSION) -> c_int;
}

/// What was made, and what happened to it, in one call of native-tls.
#[derive(Clone, Copy)]
pub struct Notes {
    context: *mut ffi::SSL_CTX,
    ssl: *mut ffi::SSL,
    /// The session to offer when the handshake begins.
    offer: *mut ffi::SSL_SESSION,
    /// What verification came to when the handshake failed.
    verdict: c_long,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            context: ptr::null_mut(),
            ssl: ptr::null_mut(),
            offer: ptr::null_mut(),
            verdict: 0,
        }
    }
}

impl Notes {
    /// The session has to live until the call is over.
    pub fn offering(session: &SslSessionRef) -> Self {
        Self {
            offer: session.as_ptr(),
            ..Self::default()
        }
    }

    /// What is left when the call is over: nothing that may be gone by then.
    pub fn after(self, failed: bool) -> Self {
        Self {
            ssl: if failed { ptr::null_mut() } else { self.ssl },
            verdict: self.verdict,
            ..Self::default()
        }
    }

    /// # Safety
    /// The `SSL` that was noted is alive, and nobody changes it meanwhile.
    pub unsafe fn ssl(&self) -> Option<&SslRef> {
        // SAFETY: as promised, it is alive; and it isn't null.
        (!self.ssl.is_null()).then(|| unsafe { SslRef::from_ptr(self.ssl) })
    }

    pub fn verdict(&self) -> c_long {
        self.verdict
    }
}

thread_local! {
    static NOTES: Cell<Option<Notes>> = const { Cell::new(None) };
}

unsafe extern "C" fn context_made(
    context: *mut c_void,
    _: *mut c_void,
    _: *mut ffi::CRYPTO_EX_DATA,
    _: c_int,
    _: c_long,
    _: *mut c_void,
) {
    if let Some(notes) = NOTES.get() {
        let context = context.cast();
        NOTES.set(Some(Notes { context, ..notes }));
    }
}

unsafe extern "C" fn ssl_made(
    ssl: *mut c_void,
    _: *mut c_void,
    _: *mut ffi::CRYPTO_EX_DATA,
    _: c_int,
    _: c_long,
    _: *mut c_void,
) {
    if let Some(notes) = NOTES.get() {
        let ssl = ssl.cast();
        NOTES.set(Some(Notes { ssl, ..notes }));
    }
}

unsafe extern "C" fn handshake_went_on(ssl: *const ffi::SSL, place: c_int, result: c_int) {
    let Some(mut notes) = NOTES.get().filter(|notes| notes.ssl.cast_const() == ssl) else {
        return;
    };
    if place == HANDSHAKE_START && !notes.offer.is_null() {
        // SAFETY: the `SSL` is alive, for OpenSSL has just called with it, and before its ClientHello, which is when a
        // session may be set; the session is alive until `noting` ends, and OpenSSL takes a reference of its own. If it
        // doesn't want it, the handshake is a full one.
        unsafe { ffi::SSL_set_session(notes.ssl, notes.offer) };
        notes.offer = ptr::null_mut();
    } else if place & EXIT != 0 && result <= 0 {
        // SAFETY: the `SSL` is alive, for OpenSSL has just called with it.
        notes.verdict = unsafe { ffi::SSL_get_verify_result(ssl) };
    }
    NOTES.set(Some(notes));
}

/// Ends the noting, also when the call panics.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        NOTES.set(None);
    }
}

/// Runs a call of native-tls and returns what was noted meanwhile, beginning with `notes`.
pub fn noting<T>(notes: Notes, call: impl FnOnce() -> T) -> (T, Notes) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: hazards: (1) the functions outlive their code: this library is never unloaded; (2) they are called for
        // other people's objects, for libcrypto may be shared with Python's `ssl`: they note nothing then. The index
        // itself isn't used. If there is none to be had, nothing is noted and nothing resumed.
        unsafe {
            let none = ptr::null_mut();
            ffi::CRYPTO_get_ex_new_index(ffi::CRYPTO_EX_INDEX_SSL, 0, none, Some(ssl_made), None, None);
            ffi::CRYPTO_get_ex_new_index(ffi::CRYPTO_EX_INDEX_SSL_CTX, 0, none, Some(context_made), None, None);
        }
    });
    let end = End;
    NOTES.set(Some(notes));
    let result = call();
    let noted = NOTES.get().unwrap_or_default();
    drop(end);
    (result, noted)
}

/// Has the handshakes of the context that was noted looked at. To be called while it lives.
pub fn watch_handshakes(notes: Notes) {
    if !notes.context.is_null() {
        // SAFETY: the context is alive, as it has to be; native-tls sets no callback of its own; ours is never unloaded.
        unsafe { SSL_CTX_set_info_callback(notes.context, handshake_went_on) };
    }
}

pub fn is_resumable(session: &SslSessionRef) -> bool {
    // SAFETY: the session is borrowed for the call.
    unsafe { SSL_SESSION_is_resumable(session.as_ptr()) == 1 }
}

pub fn has_received_close_notify(ssl: &SslRef) -> bool {
    // SAFETY: the `SSL` is borrowed for the call.
    unsafe { ffi::SSL_get_shutdown(ssl.as_ptr()) & ffi::SSL_RECEIVED_SHUTDOWN != 0 }
}

/// The number of the version that was agreed on.
pub fn version(ssl: &SslRef) -> c_int {
    // SAFETY: the `SSL` is borrowed for the call.
    unsafe { ffi::SSL_version(ssl.as_ptr()) }
}
