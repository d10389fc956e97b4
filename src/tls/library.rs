//! The libssl that Python's `_ssl` is bound to, found through `_ssl` itself: never «some libssl» of the process.

use libc::{c_char, c_int, c_long, c_ulong, c_void};
use std::ffi::CStr;
use std::path::Path;
use std::ptr::NonNull;

/// OpenSSL's `SSL`: only ever behind a pointer.
pub enum Ssl {}

/// The flag of a context under which an EOF without close_notify passes for a regular end. Python 3.9 sets it.
pub const IGNORE_UNEXPECTED_EOF: u64 = 1 << 7;

/// The flag of a connection under which the kernel may decrypt, from OpenSSL 3 on.
const ENABLE_KTLS: u64 = 1 << 3;

/// BIO_C_SET_BUF_MEM_EOF_RETURN: what a BIO on memory returns at its end; -1 for «call again».
const SET_RESULT_AT_END: c_int = 130;

/// OpenSSL's `BIO`, what an `SSL` reads from: only ever behind a pointer.
pub enum Bio {}

/// CRYPTO_EX_INDEX_SSL: data that belongs to an `SSL`.
const EX_INDEX_SSL: c_int = 0;

/// Called when an `SSL` is made, or copied: not wanted here.
type New = unsafe extern "C" fn();
type Duplicate = unsafe extern "C" fn();

/// Called by SSL_free with what was attached to the `SSL`.
pub type Freed = unsafe extern "C" fn(*mut Ssl, *mut c_void, *mut c_void, c_int, c_long, *mut c_void);

/// A table of the library's functions, by the names and with the signatures that OpenSSL documents.
macro_rules! functions {
    ($($name:ident($($parameter:ty),*) $(-> $result:ty)?;)*) => {
        #[allow(non_snake_case, reason = "OpenSSL's own names")]
        pub(super) struct Functions {
            $(pub $name: unsafe extern "C" fn($($parameter),*) $(-> $result)?,)*
        }

        impl Functions {
            /// None where one of them is missing.
            ///
            /// # Safety
            /// `library` is of `dlopen`, never closed, and is OpenSSL's libssl or something that depends on it.
            unsafe fn of(library: NonNull<c_void>) -> Option<Self> {
                Some(Self {$(
                    $name: {
                        type Function = unsafe extern "C" fn($($parameter),*) $(-> $result)?;
                        let name = concat!(stringify!($name), "\0").as_ptr().cast();
                        // SAFETY: the library is open, as the caller promises, and the name ends with NUL.
                        let found = NonNull::new(unsafe { libc::dlsym(library.as_ptr(), name) })?;
                        // SAFETY: OpenSSL's function of this name has this type, and stays where it is; a pointer to a
                        // function is as wide as the one to data wherever there is dlsym.
                        unsafe { std::mem::transmute::<NonNull<c_void>, Function>(found) }
                    },
                )*})
            }
        }
    };
}

// All have had these signatures since OpenSSL 1.1.0.
functions! {
    OpenSSL_version(c_int) -> *const c_char;
    SSL_read(*mut Ssl, *mut c_void, c_int) -> c_int;
    SSL_write(*mut Ssl, *const c_void, c_int) -> c_int;
    SSL_get_error(*const Ssl, c_int) -> c_int;
    SSL_get_shutdown(*const Ssl) -> c_int;
    SSL_set_fd(*mut Ssl, c_int) -> c_int;
    SSL_clear_options(*mut Ssl, u64) -> u64;
    SSL_set_options(*mut Ssl, u64) -> u64;
    SSL_set0_rbio(*mut Ssl, *mut Bio);
    BIO_new_mem_buf(*const c_void, c_int) -> *mut Bio;
    BIO_ctrl(*mut Bio, c_int, c_long, *mut c_void) -> c_long;
    SSL_set_ex_data(*mut Ssl, c_int, *mut c_void) -> c_int;
    ERR_clear_error();
    ERR_peek_last_error() -> c_ulong;
    ERR_reason_error_string(c_ulong) -> *const c_char;
    CRYPTO_get_ex_new_index(c_int, c_long, *mut c_void, Option<New>, Option<Duplicate>, Option<Freed>) -> c_int;
}

/// The library, as far as it is needed here.
pub struct Library {
    pub(super) functions: Functions,
    /// OpenSSL 3 and later, where options have 64 bits and an EOF has a reason of its own.
    third: bool,
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
        // SAFETY: the handle is open, and `_ssl` depends on libssl.
        let functions = unsafe { Functions::of(handle) }?;
        // SAFETY: OpenSSL_version returns a constant string that ends with NUL for each number.
        let found = unsafe { CStr::from_ptr((functions.OpenSSL_version)(0)) };
        if found.to_str().ok()? != version || !version.starts_with("OpenSSL ") {
            return None;
        }
        Some(Self {
            functions,
            third: !version.starts_with("OpenSSL 1."),
        })
    }

    /// Empties this thread's queue of errors, in which OpenSSL since 3.6 leaves refused writes of other connections.
    pub fn forget_errors(&self) {
        // SAFETY: it takes nothing and touches the calling thread's queue alone.
        unsafe { (self.functions.ERR_clear_error)() }
    }

    /// The last error of this thread's queue, in OpenSSL's words; none where the queue is empty.
    pub(super) fn last_error(&self) -> Option<(String, bool)> {
        // SAFETY: it takes nothing and touches the calling thread's queue alone.
        let code = unsafe { (self.functions.ERR_peek_last_error)() };
        if code == 0 {
            return None;
        }
        // SAFETY: any number may be asked for; the answer is null or a constant string that ends with NUL.
        let text = unsafe {
            let text = (self.functions.ERR_reason_error_string)(code);
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

    /// Makes the connection use another descriptor; false if there is no memory for that: then it reads from nothing.
    ///
    /// # Safety
    /// `ssl` is alive, of this library, and no other thread uses it.
    pub unsafe fn set_descriptor(&self, ssl: *mut Ssl, fd: c_int) -> bool {
        // SAFETY: as the caller promises; without a BIO an `SSL` can't be read, which is an error that it tells.
        unsafe {
            let set = (self.functions.SSL_set_fd)(ssl, fd) == 1;
            if !set {
                (self.functions.SSL_set0_rbio)(ssl, std::ptr::null_mut());
            }
            set
        }
    }

    /// Whether the kernel may decrypt what comes: then there are no records to be read.
    ///
    /// # Safety
    /// As for `set_descriptor`.
    pub(super) unsafe fn may_use_ktls(&self, ssl: *mut Ssl) -> bool {
        // SAFETY: as the caller promises. To clear no option is to ask for them.
        self.third && unsafe { (self.functions.SSL_clear_options)(ssl, 0) } & ENABLE_KTLS != 0
    }

    /// Makes the connection read `data`, and then the end, if that has come, or «nothing more now». False if there is no
    /// memory for that.
    ///
    /// # Safety
    /// As for `set_descriptor`; and `data` stays where it is until something else is set.
    pub(super) unsafe fn set_received(&self, ssl: *mut Ssl, data: &[u8], ended: bool) -> bool {
        let functions = &self.functions;
        let length = c_int::try_from(data.len()).unwrap_or(c_int::MAX);
        // SAFETY: as the caller promises; the BIO only reads the memory, and belongs to the `SSL` afterwards.
        unsafe {
            let bio = (functions.BIO_new_mem_buf)(data.as_ptr().cast(), length);
            if bio.is_null() {
                return false;
            }
            if !ended {
                (functions.BIO_ctrl)(bio, SET_RESULT_AT_END, -1, std::ptr::null_mut());
            }
            (functions.SSL_set0_rbio)(ssl, bio);
        }
        true
    }

    /// Makes an EOF without close_notify an error (or, with `tell` false, leaves it to what the context said before).
    ///
    /// # Safety
    /// As for `set_descriptor`.
    pub unsafe fn tell_unexpected_eof(&self, ssl: *mut Ssl, tell: bool) {
        if self.third {
            // SAFETY: as the caller promises.
            unsafe {
                let functions = &self.functions;
                let change = if tell {
                    functions.SSL_clear_options
                } else {
                    functions.SSL_set_options
                };
                change(ssl, IGNORE_UNEXPECTED_EOF);
            }
        }
    }

    /// A new kind of data that can be attached to an `SSL`, with what is called when that is freed.
    pub fn new_index(&self, freed: Freed) -> Option<c_int> {
        // SAFETY: a documented call; `freed` is a function of ours, whose code is never unloaded.
        let index = unsafe {
            (self.functions.CRYPTO_get_ex_new_index)(EX_INDEX_SSL, 0, std::ptr::null_mut(), None, None, Some(freed))
        };
        (index >= 0).then_some(index)
    }

    /// Attaches data to an `SSL`.
    ///
    /// # Safety
    /// As for `set_descriptor`; `index` is one of `new_index`, whose `freed` knows what to do with `data`.
    pub unsafe fn attach(&self, ssl: *mut Ssl, index: c_int, data: *mut c_void) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.functions.SSL_set_ex_data)(ssl, index, data) == 1 }
    }

    /// Whether the peer's close_notify has been received.
    ///
    /// # Safety
    /// `ssl` is alive and of this library.
    pub unsafe fn has_received_close_notify(&self, ssl: *const Ssl) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (self.functions.SSL_get_shutdown)(ssl) & 2 != 0 }
    }
}
