//! The libssl that Python's `_ssl` is bound to, found through `_ssl` itself: never «some libssl» of the process.

use libc::{c_char, c_int, c_long, c_ulong, c_void};
use std::ffi::CStr;
use std::path::Path;
use std::ptr::NonNull;

/// OpenSSL's `SSL`: only ever behind a pointer.
pub enum Ssl {}

/// The flag of a context under which an EOF without close_notify passes for a regular end. Python 3.9 sets it.
pub const IGNORE_UNEXPECTED_EOF: u64 = 1 << 7;

/// CRYPTO_EX_INDEX_SSL: data that belongs to an `SSL`.
const EX_INDEX_SSL: c_int = 0;

/// Called by SSL_free with what was attached to the `SSL`.
pub type Freed = unsafe extern "C" fn(*mut Ssl, *mut c_void, *mut c_void, c_int, c_long, *mut c_void);

/// Its functions, as far as they are needed here. All are documented and have had these signatures since OpenSSL 1.1.0.
pub struct Library {
    pub(super) read: unsafe extern "C" fn(*mut Ssl, *mut c_void, c_int) -> c_int,
    pub(super) write: unsafe extern "C" fn(*mut Ssl, *const c_void, c_int) -> c_int,
    pub(super) get_error: unsafe extern "C" fn(*const Ssl, c_int) -> c_int,
    get_shutdown: unsafe extern "C" fn(*const Ssl) -> c_int,
    set_fd: unsafe extern "C" fn(*mut Ssl, c_int) -> c_int,
    clear_options: unsafe extern "C" fn(*mut Ssl, u64) -> u64,
    set_options: unsafe extern "C" fn(*mut Ssl, u64) -> u64,
    clear_error: unsafe extern "C" fn(),
    peek_last_error: unsafe extern "C" fn() -> c_ulong,
    reason_error_string: unsafe extern "C" fn(c_ulong) -> *const c_char,
    get_ex_new_index: unsafe extern "C" fn(
        c_int,
        c_long,
        *mut c_void,
        Option<unsafe extern "C" fn()>,
        Option<unsafe extern "C" fn()>,
        Option<Freed>,
    ) -> c_int,
    set_ex_data: unsafe extern "C" fn(*mut Ssl, c_int, *mut c_void) -> c_int,
    /// OpenSSL 3 and later, where options have 64 bits and an EOF has a reason of its own.
    third: bool,
}

/// One function by its name; the type that the field has is that of the documentation.
// SAFETY: `$handle` is open; the type, which the field says, is that of the documentation.
macro_rules! symbol {
    ($handle:expr, $name:literal) => {{
        // SAFETY: the handle is open and never closed, and the name ends with NUL.
        let found = unsafe { libc::dlsym($handle.as_ptr(), $name.as_ptr()) };
        NonNull::new(found)?;
        // SAFETY: a function of this name in libssl or libcrypto has the signature that OpenSSL documents; a pointer to
        // a function is as wide as the one dlsym returns wherever there is dlsym.
        unsafe { std::mem::transmute_copy::<*mut c_void, _>(&found) }
    }};
}

impl Library {
    /// The library below `module`, the file of `_ssl`, which is loaded already; `version` is what `ssl` says of it
    /// (`OPENSSL_VERSION`). None where it isn't to be had, or is another one.
    pub fn below(module: &Path, version: &str) -> Option<Self> {
        let path = std::ffi::CString::new(module.as_os_str().as_encoded_bytes()).ok()?;
        // SAFETY: the path ends with NUL. RTLD_NOLOAD loads nothing, so no code of the library's runs by this call; the
        // handle is kept for ever, as Python keeps the module.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
        let handle = NonNull::new(handle)?;
        let openssl_version: unsafe extern "C" fn(c_int) -> *const c_char = symbol!(handle, c"OpenSSL_version");
        // SAFETY: OpenSSL_version returns a constant string that ends with NUL for each number.
        let found = unsafe { CStr::from_ptr(openssl_version(0)) };
        if found.to_str().ok()? != version || !version.starts_with("OpenSSL ") {
            return None;
        }
        Some(Self {
            read: symbol!(handle, c"SSL_read"),
            write: symbol!(handle, c"SSL_write"),
            get_error: symbol!(handle, c"SSL_get_error"),
            get_shutdown: symbol!(handle, c"SSL_get_shutdown"),
            set_fd: symbol!(handle, c"SSL_set_fd"),
            clear_options: symbol!(handle, c"SSL_clear_options"),
            set_options: symbol!(handle, c"SSL_set_options"),
            clear_error: symbol!(handle, c"ERR_clear_error"),
            peek_last_error: symbol!(handle, c"ERR_peek_last_error"),
            reason_error_string: symbol!(handle, c"ERR_reason_error_string"),
            get_ex_new_index: symbol!(handle, c"CRYPTO_get_ex_new_index"),
            set_ex_data: symbol!(handle, c"SSL_set_ex_data"),
            third: !version.starts_with("OpenSSL 1."),
        })
    }

    /// Empties this thread's queue of errors, in which OpenSSL since 3.6 leaves refused writes of other connections.
    pub fn forget_errors(&self) {
        // SAFETY: it takes nothing and touches the calling thread's queue alone.
        unsafe { (self.clear_error)() }
    }

    /// The last error of this thread's queue, in OpenSSL's words; none where the queue is empty.
    pub(super) fn last_error(&self) -> Option<(String, bool)> {
        // SAFETY: it takes nothing and touches the calling thread's queue alone.
        let code = unsafe { (self.peek_last_error)() };
        if code == 0 {
            return None;
        }
        // SAFETY: any number may be asked for; the answer is null or a constant string that ends with NUL.
        let text = unsafe {
            let text = (self.reason_error_string)(code);
            if text.is_null() {
                String::from("unknown error")
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        };
        const UNEXPECTED_EOF_WHILE_READING: c_ulong = 294;
        let reason = code & if self.third { 0x7f_ffff } else { 0xfff };
        Some((text, reason == UNEXPECTED_EOF_WHILE_READING))
    }

    /// Makes the connection use another descriptor; false if there is no memory for that.
    ///
    /// # Safety
    /// `ssl` is alive, of this library, and no other thread uses it.
    pub unsafe fn set_descriptor(&self, ssl: *mut Ssl, fd: c_int) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.set_fd)(ssl, fd) == 1 }
    }

    /// Makes an EOF without close_notify an error (or, with `tell` false, leaves it to what the context said before).
    ///
    /// # Safety
    /// As for `set_descriptor`.
    pub unsafe fn tell_unexpected_eof(&self, ssl: *mut Ssl, tell: bool) {
        if self.third {
            // SAFETY: as the caller promises.
            unsafe {
                let change = if tell { self.clear_options } else { self.set_options };
                change(ssl, IGNORE_UNEXPECTED_EOF);
            }
        }
    }

    /// A new kind of data that can be attached to an `SSL`, with what is called when that is freed.
    pub fn new_index(&self, freed: Freed) -> Option<c_int> {
        // SAFETY: a documented call; `freed` is a function of ours, whose code is never unloaded.
        let index = unsafe { (self.get_ex_new_index)(EX_INDEX_SSL, 0, std::ptr::null_mut(), None, None, Some(freed)) };
        (index >= 0).then_some(index)
    }

    /// Attaches data to an `SSL`.
    ///
    /// # Safety
    /// As for `set_descriptor`; `index` is one of `new_index`, whose `freed` knows what to do with `data`.
    pub unsafe fn attach(&self, ssl: *mut Ssl, index: c_int, data: *mut c_void) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.set_ex_data)(ssl, index, data) == 1 }
    }

    /// Whether the peer's close_notify has been received.
    ///
    /// # Safety
    /// `ssl` is alive and of this library.
    pub unsafe fn has_received_close_notify(&self, ssl: *const Ssl) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.get_shutdown)(ssl) & 2 != 0 }
    }
}
