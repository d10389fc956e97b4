//! The dialogue on the control connection (RFC 959 sections 4 and 5.4): a command line out, a reply in.
//!
//! Each function here is the body of the method of the same name. From one to the next the way leads through attribute
//! lookup on the object (`own::overridden`), as in ftplib, so that overrides of any link are reached from everywhere.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::call::{Call, int_of};
use super::own::{Step, View};
use super::text::{Text, decode, encode};
use super::{errors, logs, modules, native};
use crate::protocol::text::count_chars;
use crate::protocol::{command, reply};

/// `self.debugging > level`
fn debugging_above(ftp: &Bound<'_, PyAny>, level: i64) -> PyResult<bool> {
    ftp.getattr_held(intern!(ftp.py(), "debugging"))?.is_above_held(level)
}

/// `if self.debugging`
fn debugging(ftp: &Bound<'_, PyAny>) -> PyResult<bool> {
    ftp.getattr_held(intern!(ftp.py(), "debugging"))?.is_true_held()
}

/// `print(tag, self.sanitize(what))`
fn show(ftp: &Bound<'_, PyAny>, tag: &str, what: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let sanitized = ftp.call_method_held(intern!(py, "sanitize"), (what,))?;
    modules::builtins(py)?.run_method_held(intern!(py, "print"), (tag, sanitized))
}

// ------------------------------------------------------------------------------------------------ commands

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
        return Err(errors::raise::<PyValueError>(
            py,
            ("an illegal newline character should not be contained",),
        ));
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
    if let Some(plain_sock) = native::sendable(&sock) {
        let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
        if let Some(wire) = native::encode_line(text, &encoding) {
            return plain_sock.send_all(&wire);
        }
    }
    let sendall = sock.getattr_held(intern!(py, "sendall"))?;
    let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
    let wire = whole()?.as_any().call_method_held(intern!(py, "encode"), (encoding,))?;
    sendall.run_held((wire,))
}

/// `self.structured_replies`: whether errors tell the reply and its command; see `rftplib._errors.structured`.
fn has_structured_replies(ftp: &Bound<'_, PyAny>) -> PyResult<bool> {
    match ftp.getattr_opt_held(intern!(ftp.py(), "structured_replies"))? {
        Some(switch) => switch.is_true_held(),
        None => Ok(false), // an object that is no FTP, to which our function was lent
    }
}

/// `error`, made of a reply, with what it is to tell.
fn structured(ftp: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = ftp.py();
    let told = has_structured_replies(ftp).and_then(|wanted| match wanted {
        true => errors::module(py)?.run_method_held(intern!(py, "structured"), (ftp, error.value(py))),
        false => Ok(()),
    });
    told.err().unwrap_or(error)
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

fn command_step(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let view = View::of(ftp);
    match view.overridden(Step::Putcmd)? {
        None => put_command(view, line),
        Some(method) => method.run_held((line,)),
    }
}

// ------------------------------------------------------------------------------------------------ replies

fn line_text<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Text<'py>> {
    let py = ftp.py();
    let file = ftp.getattr_held(intern!(py, "file"))?;
    if let Some(reader) = native::reader(&file) {
        let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
        if let Some(limit) = native::limit_of(&maxline) {
            return own_line(ftp, reader, &maxline, limit);
        }
    }
    Text::of(modules::odd(py)?.call_method_held(intern!(py, "getline"), (ftp, file))?)
}

/// A line from the reader that `connect()` made: no Python object until somebody sees it.
fn own_line<'py>(
    ftp: &Bound<'py, PyAny>,
    reader: &Bound<'py, native::Reader>,
    maxline: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<Text<'py>> {
    let py = ftp.py();
    let (body, ended) = reader.get().next_line(py, Some(limit.saturating_add(1)))?;
    // `maxline` counts characters, the line's end included
    let length = if body.len() < limit {
        0
    } else {
        count_chars(&body) + usize::from(ended)
    };
    if length > limit {
        return Err(errors::too_long(maxline));
    }
    if debugging_above(ftp, 1)? {
        let mut shown = body.clone();
        if ended {
            shown.push(b'\n');
        }
        show(ftp, "*get*", decode(py, &shown)?.as_any())?;
    }
    if body.is_empty() && !ended {
        return Err(errors::at_end(py));
    }
    Ok(Text::Wire(body))
}

/// One line from the server, its end stripped.
#[pyfunction]
pub fn getline<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    line_text(ftp)?.into_object(ftp.py())
}

fn line_step<'py>(view: View<'_, 'py>) -> PyResult<Text<'py>> {
    match view.overridden(Step::Getline)? {
        None => line_text(view.ftp()),
        Some(method) => Text::of(method.call_held(())?),
    }
}

fn multiline_text<'py>(view: View<'_, 'py>) -> PyResult<Text<'py>> {
    let ftp = view.ftp();
    let py = ftp.py();
    let first = line_step(view)?;
    let begun = match &first {
        Text::Wire(line) => reply::Assembly::begin(line),
        Text::Seen(_, line) => reply::Assembly::begin(line.as_bytes()),
        Text::Odd(line) => {
            let whole = modules::odd(py)?.call_method_held(intern!(py, "getmultiline"), (ftp, line))?;
            return Text::of(whole);
        }
    };
    let Some(mut whole) = begun else {
        return Ok(first);
    };
    let limit = max_reply(ftp)?;
    loop {
        let next = line_step(View::of(ftp))?;
        let added = match &next {
            Text::Wire(line) => whole.add(line, limit),
            Text::Seen(_, line) => whole.add(line.as_bytes(), limit),
            Text::Odd(line) => {
                let so_far = decode(py, whole.text())?;
                let whole = modules::odd(py)?.call_method_held(intern!(py, "getmultiline"), (ftp, so_far, line))?;
                return Text::of(whole);
            }
        };
        match added {
            Ok(true) => return Ok(Text::Wire(whole.into_text())),
            Ok(false) => {}
            Err(reply::TooLong) => {
                let max_reply = ftp.getattr_held(intern!(py, "max_reply"))?;
                return Err(errors::reply_too_long(&max_reply));
            }
        }
    }
}

/// `self.max_reply`: how many characters a multi-line reply may have; `None` for any.
pub fn max_reply(ftp: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let Some(limit) = ftp.getattr_opt_held(intern!(ftp.py(), "max_reply"))? else {
        return Ok(Some(reply::MAX_REPLY)); // an object that is no FTP, to which our function was lent
    };
    if limit.is_none() {
        return Ok(None);
    }
    let number = match int_of(&limit) {
        Some(number) => Some(number),
        None => int_of(&modules::odd(ftp.py())?.call_method_held(intern!(ftp.py(), "number"), (limit,))?),
    };
    // what doesn't fit is beyond what there is memory for
    Ok(number.map(|number| usize::try_from(number).unwrap_or(0)))
}

/// One reply, multi-line replies joined by newlines (RFC 959, section 4.2).
#[pyfunction]
pub fn getmultiline<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    multiline_text(View::of(ftp))?.into_object(ftp.py())
}

/// A reply whose first digit is 1, 2 or 3, and which of them; None for what is no exact `str`.
struct Accepted<'py> {
    reply: Bound<'py, PyAny>,
    kind: Option<reply::Kind>,
}

fn reply_text<'py>(view: View<'_, 'py>) -> PyResult<Accepted<'py>> {
    let ftp = view.ftp();
    let py = ftp.py();
    let kept = native::settle(&view)?;
    let text = match view.overridden(Step::Getmultiline)? {
        None => multiline_text(view)?,
        Some(method) => Text::of(method.call_held(())?)?,
    };
    let (code, kind) = {
        let bytes = match &text {
            Text::Wire(bytes) => bytes,
            Text::Seen(_, bytes) => bytes.as_bytes(),
            Text::Odd(reply) => {
                let reply = modules::odd(py)?.call_method_held(intern!(py, "getresp"), (ftp, reply))?;
                return Ok(Accepted { reply, kind: None });
            }
        };
        logs::line(py, "<", || bytes.to_vec())?;
        (decode(py, reply::code(bytes))?, reply::kind(bytes))
    };
    let reply = text.into_object(py)?;
    if debugging(ftp)? {
        show(ftp, "*resp*", &reply)?;
    }
    if kind != reply::Kind::Preliminary {
        native::release(kept)?;
    }
    ftp.setattr_held(intern!(py, "lastresp"), code)?;
    match errors::refusal(kind, &reply) {
        Some(error) => Err(structured(ftp, error)),
        None => Ok(Accepted {
            reply,
            kind: Some(kind),
        }),
    }
}

/// One reply; 4xx, 5xx and what is no reply are raised.
#[pyfunction]
pub fn getresp<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    Ok(reply_text(View::of(ftp))?.reply)
}

/// One reply, which must be a completion (2xx).
#[pyfunction]
pub fn voidresp<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    completion(View::of(ftp))
}

fn completion<'py>(view: View<'_, 'py>) -> PyResult<Bound<'py, PyAny>> {
    let ftp = view.ftp();
    let (reply, kind) = match view.overridden(Step::Getresp)? {
        None => {
            let accepted = reply_text(view)?;
            (accepted.reply, accepted.kind)
        }
        Some(method) => {
            let reply = method.call_held(())?;
            let kind = match reply.cast_exact::<PyString>() {
                Ok(text) => Some(reply::kind(encode(text)?.as_bytes())),
                Err(_) => None,
            };
            (reply, kind)
        }
    };
    match kind {
        Some(reply::Kind::Completion) => Ok(reply),
        Some(_) => Err(structured(ftp, errors::unexpected(&reply))),
        None => {
            let py = reply.py();
            modules::odd(py)?.call_method_held(intern!(py, "voidresp"), (ftp, reply))
        }
    }
}

/// A command and its reply.
#[pyfunction]
pub fn sendcmd<'py>(ftp: &Bound<'py, PyAny>, cmd: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    command_step(ftp, cmd)?;
    let view = View::of(ftp);
    match view.overridden(Step::Getresp)? {
        None => Ok(reply_text(view)?.reply),
        Some(method) => method.call_held(()),
    }
}

/// A command and its reply, which must be a completion (2xx).
#[pyfunction]
pub fn voidcmd<'py>(ftp: &Bound<'py, PyAny>, cmd: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    command_step(ftp, cmd)?;
    let view = View::of(ftp);
    match view.overridden(Step::Voidresp)? {
        None => completion(view),
        Some(method) => method.call_held(()),
    }
}
