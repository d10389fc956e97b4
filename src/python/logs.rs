//! Log records for Python's `logging`, through pyo3-log: loggers rftplib.control, rftplib.data and rftplib.tls.
//!
//! A handler may never come back (see `call`), and pyo3-log calls it without the guards of `call`: `hold` does for it.
//!
//! Nothing is done before the program itself has imported `logging`, and next to nothing while nobody wants the records:
//! the loggers' own levels are asked each time, so `setLevel` takes effect with the next command.

use ::log::Level;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::protocol::command::mask_for_log;
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::modules;
use crate::python::text::encode;

#[derive(Clone, Copy)]
pub enum Channel {
    Control,
    Data,
    Tls,
}

const NAMES: [&str; 3] = ["rftplib.control", "rftplib.data", "rftplib.tls"];
const TARGETS: [&str; 3] = ["rftplib::control", "rftplib::data", "rftplib::tls"];

static LOGGERS: PyOnceLock<[Py<PyAny>; 3]> = PyOnceLock::new();

/// The loggers, once the program uses `logging`.
fn loggers(py: Python<'_>) -> PyResult<Option<&[Py<PyAny>; 3]>> {
    if let Some(loggers) = LOGGERS.get(py) {
        return Ok(Some(loggers));
    }
    let Some(logging) = modules::imported(py, intern!(py, "logging"))? else {
        return Ok(None);
    };
    let logger = |name| logging.call_method_held(intern!(py, "getLogger"), (name,));
    let [control, data, tls] = NAMES.map(|name| logger(name).map(Bound::unbind));
    let loggers = [control?, data?, tls?];
    let bridge = pyo3_log::Logger::new(py, pyo3_log::Caching::Loggers)?;
    // somebody else can't have taken the place: `log` is our own copy. If so all the same, records go there.
    let _ = bridge.filter(::log::LevelFilter::Debug).install();
    Ok(Some(LOGGERS.get_or_init(py, || loggers)))
}

fn number(level: Level) -> u8 {
    match level {
        Level::Error => 40,
        Level::Warn => 30,
        Level::Info => 20,
        Level::Debug | Level::Trace => 10,
    }
}

/// Whether anybody wants records of this level.
pub fn wanted(py: Python<'_>, channel: Channel, level: Level) -> PyResult<bool> {
    harmless(py, asked(py, channel, level)).map(|answer| answer.unwrap_or(false))
}

fn asked(py: Python<'_>, channel: Channel, level: Level) -> PyResult<bool> {
    let Some(loggers) = loggers(py)? else {
        return Ok(false);
    };
    let logger = loggers[channel as usize].bind(py);
    // What isEnabledFor() remembers, and forgets whenever a level changes anywhere: a "no" from there is quick.
    let remembered = logger
        .getattr_opt_held(intern!(py, "_cache"))?
        .and_then(|cache| cache.cast_into_exact::<PyDict>().ok())
        .and_then(|cache| cache.get_item(number(level)).ok().flatten());
    if remembered.is_some_and(|answer| answer.is(PyBool::new(py, false))) {
        return Ok(false);
    }
    logger
        .call_method_held(intern!(py, "isEnabledFor"), (number(level),))?
        .is_true_held()
}

/// Hands a record over.
fn emit(py: Python<'_>, channel: Channel, level: Level, text: &str) -> PyResult<()> {
    ::log::log!(target: TARGETS[channel as usize], level, "{text}");
    harmless(py, call::pending(py).map_or(Ok(()), Err)).map(drop)
}

/// What a logger or a handler raises is reported and harms nothing, except what isn't an error: Ctrl-C.
fn harmless<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => {
            call::report(py, error);
            Ok(None)
        }
        Err(interrupt) => Err(interrupt),
    }
}

/// A line on the control connection, passwords masked.
pub fn line(py: Python<'_>, direction: &str, line: impl FnOnce() -> Vec<u8>) -> PyResult<()> {
    if !wanted(py, Channel::Control, Level::Debug)? {
        return Ok(());
    }
    let line = line();
    let text = String::from_utf8_lossy(&line);
    emit(py, Channel::Control, Level::Debug, &format!("{direction} {text}"))
}

/// A line that is no exact `str`: ">" for a command, "<" for a reply. What isn't even a subclass isn't logged.
#[pyfunction]
pub fn log_line(direction: &str, line: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(string) = line.cast::<PyString>() else {
        return Ok(());
    };
    let text = encode(string)?;
    self::line(line.py(), direction, || mask_for_log(text.as_bytes()).into_owned())
}

fn channel(name: &str) -> PyResult<Channel> {
    match name {
        "control" => Ok(Channel::Control),
        "data" => Ok(Channel::Data),
        "tls" => Ok(Channel::Tls),
        _ => Err(Error::NoSuchChannel.into()),
    }
}

fn level(number: u8) -> Level {
    match number {
        30.. => Level::Warn,
        20.. => Level::Info,
        _ => Level::Debug,
    }
}

/// Whether anybody wants such records. channel: "control", "data" or "tls"; level: 10 (DEBUG), 20 (INFO)
/// or 30 (WARNING).
#[pyfunction]
pub fn log_wanted(py: Python<'_>, channel: &str, level: u8) -> PyResult<bool> {
    wanted(py, self::channel(channel)?, self::level(level))
}

/// A record, if anybody wants it.
#[pyfunction]
pub fn log_event(channel: &str, level: u8, text: &Bound<'_, PyString>) -> PyResult<()> {
    let py = text.py();
    let (channel, level) = (self::channel(channel)?, self::level(level));
    if !wanted(py, channel, level)? {
        return Ok(());
    }
    let text = encode(text)?;
    emit(py, channel, level, &String::from_utf8_lossy(text.as_bytes()))
}
