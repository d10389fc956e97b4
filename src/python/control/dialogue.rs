//! The dialogue on the control connection (RFC 959, section 4): lines in, replies of them, and a command with its reply.
//!
//! Each function here is the body of the method of the same name. From one to the next the way leads through attribute
//! lookup on the object (`overrides`), as in ftplib, so that overrides of any link are reached from everywhere.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::protocol::reply;
use crate::protocol::text::count_chars;
use crate::python::call::{self, Call, int_of};
use crate::python::codec::limit_of;
use crate::python::control::commands::{command_step, debugging, debugging_above, has_structured_replies, show};
use crate::python::control::kept;
use crate::python::control::reader::{Reader, reader};
use crate::python::errors::{self, Error};
use crate::python::overrides::{Step, View};
use crate::python::text::{Text, decode, encode};
use crate::python::{logs, modules};

fn line_text<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Text<'py>> {
    let py = ftp.py();
    let file = ftp.getattr_held(intern!(py, "file"))?;
    if let Some(reader) = reader(&file) {
        let maxline = ftp.getattr_held(intern!(py, "maxline"))?;
        if let Some(limit) = limit_of(&maxline) {
            return own_line(ftp, reader, &maxline, limit);
        }
    }
    Text::of(modules::odd(py)?.call_method_held(intern!(py, "getline"), (ftp, file))?)
}

/// A line from the reader that `connect()` made: no Python object until somebody sees it.
fn own_line<'py>(
    ftp: &Bound<'py, PyAny>,
    reader: &Bound<'py, Reader>,
    maxline: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<Text<'py>> {
    let py = ftp.py();
    let (body, ended) = reader.get().next_line(py, Some(limit.saturating_add(1)))?;
    // `maxline` counts characters, and the line's end is one of them
    let length = if body.len() < limit {
        0
    } else {
        count_chars(&body) + usize::from(ended)
    };
    if length > limit {
        return Err(Error::LineTooLong(maxline.clone().unbind()).into());
    }
    if debugging_above(ftp, 1)? {
        let mut shown = body.clone();
        if ended {
            shown.push(b'\n');
        }
        show(ftp, "*get*", decode(py, &shown)?.as_any())?;
    }
    if body.is_empty() && !ended {
        return Err(Error::ServerClosed.into());
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

/// The line that a reply begins with: what some servers leave of the line end before is passed over, as far as it can't
/// be a reply.
fn first_line<'py>(view: View<'_, 'py>) -> PyResult<Text<'py>> {
    let ftp = view.ftp();
    let mut line = line_step(view)?;
    for _ in 0..reply::MAX_STRAYS {
        let bytes = match &line {
            Text::Wire(bytes) => bytes,
            Text::Seen(_, bytes) => bytes.as_bytes(),
            Text::Odd(_) => return Ok(line),
        };
        match reply::without_remnant(bytes) {
            Some(rest) if rest.len() == bytes.len() => return Ok(line),
            Some(rest) => return Ok(Text::Wire(rest.to_vec())),
            None => line = line_step(View::of(ftp))?,
        }
    }
    Ok(line)
}

fn multiline_text<'py>(ftp: &Bound<'py, PyAny>, first: Text<'py>) -> PyResult<Text<'py>> {
    let py = ftp.py();
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
            Err(reply::ReplyTooLong) => {
                let max_reply = ftp.getattr_held(intern!(py, "max_reply"))?;
                return Err(Error::ReplyTooLong(max_reply.unbind()).into());
            }
        }
    }
}

/// `self.max_reply`: how many characters a multi-line reply may have; `None` for any.
pub fn max_reply(ftp: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let Some(limit) = ftp.getattr_opt_held(intern!(ftp.py(), "max_reply"))? else {
        return Ok(Some(reply::MAX_REPLY)); // the object is no FTP: somebody calls our function with one of his own
    };
    if limit.is_none() {
        return Ok(None);
    }
    let number = match int_of(&limit) {
        Some(number) => Some(number),
        None => int_of(&modules::odd(ftp.py())?.call_method_held(intern!(ftp.py(), "number"), (limit,))?),
    };
    // a number below 0 allows nothing; one that is too large for 64 bits limits nothing
    Ok(number.map(|number| usize::try_from(number).unwrap_or(0)))
}

/// One reply, multi-line replies joined by newlines (RFC 959, section 4.2).
#[pyfunction]
pub fn getmultiline<'py>(ftp: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    multiline_text(ftp, line_step(View::of(ftp))?)?.into_object(ftp.py())
}

/// A reply whose first digit is 1, 2 or 3, and which of them; None for what is no exact `str`.
struct Accepted<'py> {
    reply: Bound<'py, PyAny>,
    kind: Option<reply::Kind>,
}

fn reply_text<'py>(view: View<'_, 'py>) -> PyResult<Accepted<'py>> {
    let ftp = view.ftp();
    let py = ftp.py();
    let kept = kept::settle(&view)?;
    let text = match view.overridden(Step::Getmultiline)? {
        None => multiline_text(ftp, first_line(view)?)?,
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
        kept::release(kept)?;
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

/// The exception for `error`, which was made of a reply, with what it is to tell.
fn structured(ftp: &Bound<'_, PyAny>, error: Error) -> PyErr {
    let (py, error) = (ftp.py(), PyErr::from(error));
    let told = has_structured_replies(ftp).and_then(|wanted| match wanted {
        true => call::import(py, "rftplib._errors")?.run_method_held(intern!(py, "structured"), (ftp, error.value(py))),
        false => Ok(()),
    });
    told.err().unwrap_or(error)
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
        Some(_) => Err(structured(ftp, Error::Unexpected(reply.unbind()))),
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
