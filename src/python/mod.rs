//! The binding: the only part that may say pyo3. `python/rftplib/__init__.py` is the table of contents that users see;
//! the bodies of its methods, where they are more than orchestration, are here.

mod call;
mod dialogue;
mod entries;
mod entry;
mod errors;
mod hold;
mod listing;
mod logs;
mod meter;
mod modules;
mod own;
mod parse;
mod text;
mod turn;
#[cfg(unix)]
mod wait;

/// TLS in Rust: `rftplib.tls.NativeContext`.
#[cfg(all(unix, feature = "tls"))]
mod tls;

#[cfg(unix)]
mod native;

/// Where no native loop exists (Windows), everything takes the portable path.
#[cfg(not(unix))]
#[path = "native_absent.rs"]
mod native;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The engine of rftplib: not an API of its own, see `rftplib`.
#[pymodule]
mod _rftplib {
    #[pymodule_export]
    use super::dialogue::{getline, getmultiline, getresp, putcmd, putline, sendcmd, voidcmd, voidresp};
    #[pymodule_export]
    use super::entries::{Entries, read_listing};
    #[pymodule_export]
    use super::entry::Entry;
    #[pymodule_export]
    use super::listing::Listing;
    #[pymodule_export]
    use super::logs::{log_event, log_line, log_wanted};
    #[pymodule_export]
    use super::meter::Meter;
    #[cfg(all(unix, feature = "tls"))]
    #[pymodule_export]
    use super::native::{Lingering, forget_tls_errors, has_ended_regularly};
    #[pymodule_export]
    use super::native::{Reader, batch, download, open_reader, retrlines, storlines, upload};
    #[pymodule_export]
    use super::own::seal;
    #[pymodule_export]
    use super::parse::{parse_150, parse_227, parse_229, parse_257};
    #[cfg(all(unix, feature = "tls"))]
    #[pymodule_export]
    use super::tls::{Engine, Link, Session};
    #[cfg(unix)]
    #[pymodule_export]
    use super::wait::await_end;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        refuse_subinterpreters()?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        super::native::prepare(module.py())
    }
}

/// From 3.12 on the interpreter itself refuses modules like this one, which keep objects for the whole process. Before, a
/// subinterpreter would leave objects behind that the main interpreter then trips over.
#[expect(clippy::disallowed_methods, reason = "runs only while the module is imported")]
fn refuse_subinterpreters() -> PyResult<()> {
    // SAFETY: called while the module is imported, so the thread is attached to an interpreter, which is all that
    // PyInterpreterState_Get asks for; it never returns null.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "module rftplib._rftplib does not support loading in subinterpreters",
    ))
}
