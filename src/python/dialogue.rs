//! The dialogue on the control connection (RFC 959 sections 4 and 5.4): a command line out, a reply in.
//!
//! Each function here is the body of the method of the same name. From one to the next the way leads through attribute
//! lookup on the object (`own::overridden`), as in ftplib, so that overrides of any link are reached from everywhere.

use pyo3::exceptions::{PyEOFError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString};

use super::held::Held;
use super::own::{Step, View};
use super::text::{Text, encode, head, tail};
use super::{errors, logs, modules, native};
use crate::protocol::text::count_chars;
use crate::protocol::{command, reply};

/// `self.debugging > level`, by Python's own comparison for what is no plain number.
fn debugging_above(ftp: &Bound<'_, PyAny>, level: i64) -> PyResult<bool> {
    let debugging = ftp.getattr_held(intern!(ftp.py(), "debugging"))?;
    if debugging.is_exact_instance_of::<PyInt>() {
        if let Ok(value) = debugging.extract::<i64>() {
            return Ok(value > level);
        }
    }
    debugging.gt(level)
}

/// `if self.debugging`.
fn debugging(ftp: &Bound<'_, PyAny>) -> PyResult<bool> {
    ftp.getattr_held(intern!(ftp.py(), "debugging"))?.is_truthy()
}

/// `print(tag, self.sanitize(what))`
fn show(ftp: &Bound<'_, PyAny>, tag: &str, what: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let sanitized = ftp.call_method_held(intern!(py, "sanitize"), (what,))?;
    modules::builtins(py)?.call_method_held(intern!(py, "print"), (tag, sanitized))?;
    Ok(())
}

// ------------------------------------------------------------------------------------------------ commands

/// Sends one line, CRLF appended.
#[pyfunction]
pub fn putline(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    let plain = if line.is_exact_instance_of::<PyString>() {
        Some(encode(line.cast::<PyString>()?)?)
    } else {
        None
    };
    let broken = match &plain {
        Some(text) => command::has_line_break(text.as_bytes()),
        None => line.contains("\r")? || line.contains("\n")?,
    };
    if broken {
        return Err(PyValueError::new_err(
            "an illegal newline character should not be contained",
        ));
    }
    modules::sys(py)?.call_method_held(intern!(py, "audit"), (intern!(py, "ftplib.sendcmd"), ftp, line))?;
    if let Some(text) = &plain {
        if command::may_change_type(text.as_bytes()) {
            forget_type(ftp)?;
        }
    }
    if let Some(text) = &plain {
        logs::line(py, ">", || command::mask_for_log(text.as_bytes()).into_owned())?;
    }
    let verbose = debugging_above(ftp, 1)?;
    let whole = if verbose || plain.is_none() {
        Some(line.add("\r\n")?)
    } else {
        None
    };
    if let (true, Some(whole)) = (verbose, &whole) {
        show(ftp, "*put*", whole)?;
    }
    let sock = ftp.getattr_held(intern!(py, "sock"))?;
    if let (Some(text), Some(plain_sock)) = (&plain, native::sendable(&sock)) {
        let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
        if let Some(wire) = native::encode_line(text.as_bytes(), &encoding) {
            return plain_sock.send_all(&wire);
        }
    }
    let sendall = sock.getattr_held(intern!(py, "sendall"))?;
    let whole = match whole {
        Some(whole) => whole,
        None => line.add("\r\n")?,
    };
    let encoding = ftp.getattr_held(intern!(py, "encoding"))?;
    sendall.call_held((whole.call_method_held(intern!(py, "encode"), (encoding,))?,))?;
    Ok(())
}

/// The representation type in force isn't known any more: see `FTP.skip_redundant_type`.
fn forget_type(ftp: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = ftp.py();
    match ftp.getattr_opt(intern!(py, "skip_redundant_type"))? {
        Some(switch) if switch.is_truthy()? => ftp.setattr(intern!(py, "_type_in_force"), py.None()),
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
        Some(method) => method.call_held((line,)).map(drop),
    }
}

fn command_step(ftp: &Bound<'_, PyAny>, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let view = View::of(ftp);
    match view.overridden(Step::Putcmd)? {
        None => put_command(view, line),
        Some(method) => method.call_held((line,)).map(drop),
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
    let readline = file.getattr_held(intern!(py, "readline"))?;
    let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
    let line = readline.call_held((maxline.add(1)?,))?;
    let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
    if maxline.lt(line.len()?)? {
        return Err(errors::too_long(&ftp.getattr_held(intern!(py, "maxline"))?));
    }
    if debugging_above(ftp, 1)? {
        show(ftp, "*get*", &line)?;
    }
    if !line.is_truthy()? {
        return Err(PyEOFError::new_err(()));
    }
    strip(line)
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
        show(ftp, "*get*", super::text::decode(py, &shown)?.as_any())?;
    }
    if body.is_empty() && !ended {
        return Err(PyEOFError::new_err(()));
    }
    Ok(Text::Wire(body))
}

/// Drops one CRLF, CR or LF from the end.
fn strip(line: Bound<'_, PyAny>) -> PyResult<Text<'_>> {
    if line.is_exact_instance_of::<PyString>() {
        let text = encode(line.cast::<PyString>()?)?;
        let bytes = text.as_bytes();
        let stripped = bytes
            .strip_suffix(b"\r\n")
            .or_else(|| bytes.strip_suffix(b"\r"))
            .or_else(|| bytes.strip_suffix(b"\n"));
        return Ok(match stripped {
            Some(stripped) => Text::Wire(stripped.to_vec()),
            None => Text::Seen(line, text),
        });
    }
    let py = line.py();
    if tail(&line, -2)?.eq("\r\n")? {
        return Text::of(head(&line, -2)?);
    }
    if PyString::new(py, "\r\n").contains(tail(&line, -1)?)? {
        return Text::of(head(&line, -1)?);
    }
    Text::of(line)
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
    let first = line_step(view)?;
    let Some(bytes) = first.bytes() else {
        return odd_multiline(ftp, first.into_object(ftp.py())?);
    };
    let Some(mut whole) = reply::Assembly::begin(bytes) else {
        return Ok(first);
    };
    let limit = max_reply(ftp)?;
    loop {
        let next = line_step(View::of(ftp))?;
        let Some(bytes) = next.bytes() else {
            // str + str only: Python's own error
            let so_far = super::text::decode(ftp.py(), whole.text())?;
            let line_end = PyString::new(ftp.py(), "\n").add(next.into_object(ftp.py())?)?;
            return Text::of(so_far.add(line_end)?);
        };
        match whole.add(bytes, limit) {
            Ok(true) => return Ok(Text::Wire(whole.into_text())),
            Ok(false) => {}
            Err(reply::TooLong) => {
                return Err(errors::reply_too_long(
                    &ftp.getattr_held(intern!(ftp.py(), "max_reply"))?,
                ));
            }
        }
    }
}

/// `self.max_reply`: how many characters a multi-line reply may have; `None` for any.
fn max_reply(ftp: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    match ftp.getattr_opt(intern!(ftp.py(), "max_reply"))? {
        Some(limit) => limit.extract(),
        None => Ok(Some(reply::MAX_REPLY)), // an object that is no FTP, to which our function was lent
    }
}

/// The same for lines that are no `str`, as an override may return them.
fn odd_multiline<'py>(ftp: &Bound<'py, PyAny>, first: Bound<'py, PyAny>) -> PyResult<Text<'py>> {
    let py = ftp.py();
    let fourth = |line: &Bound<'py, PyAny>| line.get_item(pyo3::types::PySlice::new(py, 3, 4, 1));
    let mut whole = first;
    if fourth(&whole)?.eq("-")? {
        let code = head(&whole, 3)?;
        loop {
            let next = line_step(View::of(ftp))?.into_object(py)?;
            whole = whole.add(PyString::new(py, "\n").add(&next)?)?;
            if head(&next, 3)?.eq(&code)? && fourth(&next)?.ne("-")? {
                break;
            }
        }
    }
    Text::of(whole)
}

/// One reply, multi-line replies joined by newlines (RFC 959, section 4.2).
#[pyfunction]
pub fn getmultiline<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    multiline_text(View::of(ftp))?.into_object(ftp.py())
}

/// A reply whose first digit is 1, 2 or 3, and which of them.
struct Accepted<'py> {
    reply: Bound<'py, PyAny>,
    kind: reply::Kind,
}

/// The connection of an upload by hand that is kept for its reply, if there is one; the server has all of it by now.
fn settle_upload<'py>(view: &View<'_, 'py>) -> PyResult<Option<(Bound<'py, PyDict>, Bound<'py, PyAny>)>> {
    let (ftp, py) = (view.ftp(), view.ftp().py());
    let Some(attributes) = view.attributes() else {
        return Ok(None);
    };
    let Some(lingering) = attributes.get_item(intern!(py, "_rftplib_lingering"))? else {
        return Ok(None);
    };
    let (sock, file) = (
        ftp.getattr_held(intern!(py, "sock"))?,
        ftp.getattr_held(intern!(py, "file"))?,
    );
    let replied = native::reader(&file).is_some_and(|reader| reader.get().is_buffered(py));
    lingering.call_method_held(intern!(py, "settle"), (sock, replied))?;
    Ok(Some((attributes, lingering)))
}

fn reply_text<'py>(view: View<'_, 'py>) -> PyResult<Accepted<'py>> {
    let ftp = view.ftp();
    let py = ftp.py();
    let kept = settle_upload(&view)?;
    let text = match view.overridden(Step::Getmultiline)? {
        None => multiline_text(view)?,
        Some(method) => Text::of(method.call_held(())?)?,
    };
    let known = match text.bytes() {
        Some(bytes) => Some((
            super::text::decode(py, reply::code(bytes))?.into_any(),
            reply::kind(bytes),
        )),
        None => None,
    };
    if let Some(bytes) = text.bytes() {
        logs::line(py, "<", || bytes.to_vec())?;
    }
    let reply = text.into_object(py)?;
    if debugging(ftp)? {
        show(ftp, "*resp*", &reply)?;
    }
    let (code, kind) = match known {
        Some(known) => known,
        None => (head(&reply, 3)?, odd_kind(&reply)?),
    };
    if let Some((attributes, lingering)) = kept.filter(|_| kind != reply::Kind::Preliminary) {
        lingering.call_method_held(intern!(py, "release"), ())?;
        let name = intern!(py, "_rftplib_lingering");
        if attributes.contains(name)? {
            attributes.del_item(name)?;
        }
    }
    ftp.setattr(intern!(py, "lastresp"), code)?;
    match errors::refusal(kind, &reply) {
        Some(error) => Err(error),
        None => Ok(Accepted { reply, kind }),
    }
}

/// The kind of a reply that is no `str`: by `==`, as `in {'1', '2', '3'}` would find it.
fn odd_kind(reply: &Bound<'_, PyAny>) -> PyResult<reply::Kind> {
    let first = head(reply, 1)?;
    first.hash()?;
    for digit in ["1", "2", "3", "4", "5"] {
        if first.eq(digit)? {
            return Ok(reply::kind(digit.as_bytes()));
        }
    }
    Ok(reply::Kind::Malformed)
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
    let (reply, complete) = match view.overridden(Step::Getresp)? {
        None => {
            let accepted = reply_text(view)?;
            (accepted.reply, accepted.kind == reply::Kind::Completion)
        }
        Some(method) => {
            let reply = method.call_held(())?;
            let complete = !head(&reply, 1)?.ne("2")?;
            (reply, complete)
        }
    };
    if complete {
        Ok(reply)
    } else {
        Err(errors::unexpected(&reply))
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
