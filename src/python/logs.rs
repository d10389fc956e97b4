//! Log records for Python's `logging`, through pyo3-log: loggers rftplib.control, rftplib.data and rftplib.tls.
//!
//! Nothing is done before the program itself has imported `logging`, and next to nothing while nobody wants the records:
//! the loggers' own levels are asked each time, so `setLevel` takes effect with the next command.

use ::log::Level;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};
use std::borrow::Cow;

use super::held::Held;
use super::modules;

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
    let imported = modules::sys(py)?.getattr(intern!(py, "modules"))?;
    let Some(logging) = imported
        .cast::<PyDict>()
        .ok()
        .and_then(|all| all.get_item(intern!(py, "logging")).ok().flatten())
    else {
        return Ok(None);
    };
    let [control, data, tls] = NAMES.map(|name| logging.call_method1("getLogger", (name,)).map(Bound::unbind));
    let loggers = [control?, data?, tls?];
    let bridge = pyo3_log::Logger::new(py, pyo3_log::Caching::Loggers)?.filter(::log::LevelFilter::Debug);
    // somebody else can't have taken the place: `log` is our own copy. If so all the same, records go there.
    let _ = bridge.install();
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
pub fn wanted(py: Python<'_>, channel: Channel, level: Level) -> bool {
    let Ok(Some(loggers)) = loggers(py) else {
        return false;
    };
    let logger = loggers[channel as usize].bind(py);
    // What isEnabledFor() remembers, and forgets whenever a level changes anywhere: a "no" from there is quick.
    let remembered = logger
        .getattr(intern!(py, "_cache"))
        .ok()
        .and_then(|cache| cache.cast_into_exact::<PyDict>().ok());
    if let Some(Ok(Some(answer))) = remembered.map(|cache| cache.get_item(number(level))) {
        if !answer.is_truthy().unwrap_or(true) {
            return false;
        }
    }
    logger
        .call_method_held(intern!(py, "isEnabledFor"), (number(level),))
        .is_ok_and(|answer| answer.is_truthy().unwrap_or(false))
}

/// Hands a record over. What a handler raises is reported and harms nothing, except what isn't an error: Ctrl-C.
fn emit(py: Python<'_>, channel: Channel, level: Level, text: &str) -> PyResult<()> {
    let raised = if in_main_thread(py)? {
        ::log::log!(target: TARGETS[channel as usize], level, "{text}");
        PyErr::take(py)
    } else {
        emit_held(py, channel, level, text).err()
    };
    match raised {
        Some(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(())
        }
        Some(interrupt) => Err(interrupt),
        None => Ok(()),
    }
}

/// In other threads a handler may never come back (see `held`), and pyo3-log's own frames would be unwound then.
fn emit_held(py: Python<'_>, channel: Channel, level: Level, text: &str) -> PyResult<()> {
    if let Some(loggers) = loggers(py)? {
        let logger = loggers[channel as usize].bind(py);
        logger.call_method_held(intern!(py, "log"), (number(level), "%s", text))?;
    }
    Ok(())
}

fn in_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let current = threading.call_method_held(intern!(py, "get_ident"), ())?;
    let main = threading.call_method_held(intern!(py, "main_thread"), ())?;
    current.eq(main.getattr(intern!(py, "ident"))?)
}

/// A line on the control connection, passwords masked.
pub fn line(py: Python<'_>, direction: &str, line: impl FnOnce() -> Vec<u8>) -> PyResult<()> {
    if !wanted(py, Channel::Control, Level::Debug) {
        return Ok(());
    }
    let line = line();
    let text: Cow<'_, str> = String::from_utf8_lossy(&line);
    emit(py, Channel::Control, Level::Debug, &format!("{direction} {text}"))
}

fn channel(name: &str) -> PyResult<Channel> {
    match name {
        "control" => Ok(Channel::Control),
        "data" => Ok(Channel::Data),
        "tls" => Ok(Channel::Tls),
        _ => Err(PyValueError::new_err("no such channel")),
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
    Ok(wanted(py, self::channel(channel)?, self::level(level)))
}

/// `format % args`, if anybody wants it.
#[pyfunction]
#[pyo3(signature = (channel, level, format, *args))]
pub fn log_event(channel: &str, level: u8, format: &Bound<'_, PyString>, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    let py = format.py();
    let (channel, level) = (self::channel(channel)?, self::level(level));
    if !wanted(py, channel, level) {
        return Ok(());
    }
    let text = format.rem(args)?;
    emit(py, channel, level, &text.cast::<PyString>()?.to_string_lossy())
}
