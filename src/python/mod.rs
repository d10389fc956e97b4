//! The binding: the only part that may say pyo3. `python/rftplib/__init__.py` is the table of contents that users see;
//! the bodies of its methods, where they are more than orchestration, are here.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "what only native loops use"))]

mod call;
mod codec;
mod control;
mod data;
mod errors;
mod gil_turn;
mod hold;
mod logs;
mod modules;
mod number;
mod overrides;
#[cfg(unix)]
mod owner;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod sharing;
#[cfg(unix)]
mod socket;
mod text;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod wait;

/// Where no native loop exists (Windows), everything takes the portable path.
#[cfg(not(unix))]
mod absent;
#[cfg(not(unix))]
use absent::{sharing, socket};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// The engine of rftplib: not an API of its own, see `rftplib`.
// A free-threaded interpreter turns its lock on when it imports this, unless PYTHON_GIL=0 forbids it: PyO3 0.30 needs 3.14
// there, which nobody has run this on. On 3.13 without the lock, with an older PyO3, the tests have passed
// (docs/how-it-is-built.md). What argues for going without it:
//
// - Every class here is `frozen`. What changes in one is an atomic number, a `OnceLock`, or behind a `Mutex` (`Reader`,
//   `Listing`, `Rate`, `Meter`, `Link`, `Lingering`, `sharing`); `Engine`, `Session` and `Entry` don't change. So no
//   borrow can fail.
// - A lock is held for a change of state by an attached thread that meanwhile calls no Python, makes no exception and
//   waits for nothing: so it can't be part of a circle, stopping all threads never stops one that has it, and no fork
//   copies it locked. That of `tls::Link`, which is also taken off the interpreter, knows of forks by itself.
// - What Python hands in is read by the interpreter's own calls. Bytes that are borrowed are `bytes`, which don't change.
// - What is read or written by its number is a duplicate that was proven to be the object's own (`Owner::duplicate`), or
//   belongs to a `NativeSocket`, which closes its `Link` first. By a number alone things are only polled or asked for
//   their kind: `owner::borrowed`.
// - What is looked up once and kept (`PyOnceLock`) is never changed.
// - An `SSL` that is lent runs without the interpreter's lock on every Python: `Loan::take`.
//
// What argues against it is what Python has itself: two threads that write to one file or one BytesIO at once, or that use
// one `SSLSocket` by its own methods.
#[pymodule(gil_used = true)]
mod _rftplib {
    #[cfg(not(unix))]
    #[pymodule_export]
    use super::absent::{batch, download, retrlines, storlines, upload};
    #[pymodule_export]
    use super::control::commands::{putcmd, putline};
    #[pymodule_export]
    use super::control::dialogue::{getline, getmultiline, getresp, sendcmd, voidcmd, voidresp};
    #[cfg(unix)]
    #[pymodule_export]
    use super::control::exchange::batch;
    #[pymodule_export]
    use super::control::reader::{Reader, open_reader};
    #[pymodule_export]
    use super::control::replies::{find_address, parse_150, parse_227, parse_229, parse_257};
    #[cfg(unix)]
    #[pymodule_export]
    use super::data::download::download;
    #[pymodule_export]
    use super::data::entries::{Entries, read_listing};
    #[pymodule_export]
    use super::data::entry::Entry;
    #[pymodule_export]
    use super::data::listing::Listing;
    #[pymodule_export]
    use super::data::meter::Meter;
    #[pymodule_export]
    use super::data::rate::Rate;
    #[cfg(unix)]
    #[pymodule_export]
    use super::data::retrlines::retrlines;
    #[cfg(unix)]
    #[pymodule_export]
    use super::data::storlines::storlines;
    #[cfg(unix)]
    #[pymodule_export]
    use super::data::upload::upload;
    #[pymodule_export]
    use super::logs::{log_event, log_line, log_wanted};
    #[pymodule_export]
    use super::overrides::seal;
    #[pymodule_export]
    use super::sharing::send_in_turn;
    #[cfg(unix)]
    #[pymodule_export]
    use super::tls::context::Engine;
    #[cfg(unix)]
    #[pymodule_export]
    use super::tls::genuine::{forget_tls_errors, has_ended_regularly};
    #[cfg(unix)]
    #[pymodule_export]
    use super::tls::lingering::Lingering;
    #[cfg(unix)]
    #[pymodule_export]
    use super::tls::link::Link;
    #[cfg(unix)]
    #[pymodule_export]
    use super::tls::session::Session;
    #[cfg(unix)]
    #[pymodule_export]
    use super::wait::await_end;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        refuse_subinterpreters()?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        #[cfg(unix)]
        {
            crate::python::process::count_forks();
            super::socket::prepare(module.py())?;
            super::tls::genuine::prepare(module.py())?;
        }
        Ok(())
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
