//! A command line on its way out (RFC 959, section 5.4), and what debug output shows.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::protocol::command;
use crate::python::call::Call;
use crate::python::codec::{Errors, encode_line};
use crate::python::errors::Error;
use crate::python::overrides::{Step, View};
use crate::python::sharing;
use crate::python::socket::sendable;
use crate::python::text::{decode, encode};
use crate::python::{logs, modules};

/// `self.debugging > level`
pub fn debugging_above(ftp: &Bound<'_, PyAny>, level: i64) -> PyResult<bool> {
    ftp.getattr_held(intern!(ftp.py(), "debugging"))?.is_above_held(level)
}

/// `if self.debugging`
pub fn debugging(ftp: &Bound<'_, PyAny>) -> PyResult<bool> {
    ftp.getattr_held(intern!(ftp.py(), "debugging"))?.is_true_held()
}

/// `print(tag, self.sanitize(what))`
pub fn show(ftp: &Bound<'_, PyAny>, tag: &str, what: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let sanitized = ftp.call_method_held(intern!(py, "sanitize"), (what,))?;
    modules::builtins(py)?.run_method_held(intern!(py, "print"), (tag, sanitized))
}

/// `self.structured_replies`: whether errors tell the reply and its command; see `rftplib._errors.structured`.
pub fn has_structured_replies(ftp: &Bound<'_, PyAny>) -> PyResult<bool> {
    match ftp.getattr_opt_held(intern!(ftp.py(), "structured_replies"))? {
        Some(switch) => switch.is_true_held(),
        None => Ok(false), // an object that is no FTP, to which our function was lent
    }
}

/// Sends one line, CRLF appended.
#[pyfunction]
pub fn putline(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let Ok(string) = line.cast_exact::<PyString>() else {
        return modules::odd(py)?.run_method_held(intern!(py, "putline"), (ftp, line));
    };
    let text = encode(string)?;
    let text = text.as_bytes();
    if command::has_line_break(text) {
        return Err(Error::LineBreak.into());
    }
    modules::sys(py)?.run_method_held(intern!(py, "audit"), (intern!(py, "ftplib.sendcmd"), ftp, line))?;
    if command::may_change_type(text) {
        forget_type(ftp)?;
    }
    logs::line(py, ">", || command::mask_for_log(text).into_owned())?;
    if has_structured_replies(ftp)? {
        let shown = decode(py, &command::mask_for_log(text))?;
        ftp.setattr_held(intern!(py, "_rftplib_command"), shown)?;
    }
    let whole = || decode(py, &[text, b"\r\n"].concat());
    if debugging_above(ftp, 1)? {
        show(ftp, "*put*", whole()?.as_any())?;
    }
    let sock = ftp.getattr_held(intern!(py, "sock"))?;
    if let Some(plain_sock) = sendable(&sock) {
        let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
        if let Some(wire) = encode_line(text, &encoding, &Errors::of(ftp)?) {
            return sharing::sending(&sock, || plain_sock.send_all(&wire));
        }
    }
    let sendall = sock.getattr_held(intern!(py, "sendall"))?;
    let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
    let (whole, encode) = (whole()?.into_any(), intern!(py, "encode"));
    let wire = match Errors::of(ftp)? {
        Errors::Strict => whole.call_method_held(encode, (encoding,))?,
        Errors::Escaped => whole.call_method_held(encode, (encoding, intern!(py, "surrogateescape")))?,
        Errors::Others(errors) => whole.call_method_held(encode, (encoding, errors))?,
    };
    sharing::sending(&sock, || sendall.run_held((wire,)))
}

/// The representation type in force isn't known any more: see `FTP.skip_redundant_type`.
pub fn forget_type(ftp: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    match ftp.getattr_opt_held(intern!(py, "skip_redundant_type"))? {
        Some(switch) if switch.is_true_held()? => ftp.setattr_held(intern!(py, "_type_in_force"), py.None()),
        _ => Ok(()),
    }
}

/// Sends one command line.
#[pyfunction]
pub fn putcmd(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    put_command(View::of(ftp), line)
}

fn put_command(view: View<'_, '_>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let ftp = view.ftp();
    let view = if debugging(ftp)? {
        show(ftp, "*cmd*", line)?;
        View::of(ftp)
    } else {
        view
    };
    match view.overridden(Step::Putline)? {
        None => putline(ftp, line),
        Some(method) => method.run_held((line,)),
    }
}

pub fn command_step(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let view = View::of(ftp);
    match view.overridden(Step::Putcmd)? {
        None => put_command(view, line),
        Some(method) => method.run_held((line,)),
    }
}
