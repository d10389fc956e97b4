//! What mlsd() collects and yields: lines as they came, made into names and facts one at a time.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::facts;
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::gil_turn::Turn;
use crate::python::hold;
use crate::python::text::{decode, encode};

/// After how many entries other threads and signals are thought of: no loop of Python's runs between two of them where
/// `list()` takes them all.
const LOOK_UP: usize = 256;

/// The lines of an MLSD listing; iterating over it yields (name, facts) and takes the lines away.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Listing {
    collected: Mutex<Collected>,
    /// How many bytes are taken, if there is a limit.
    most: Option<usize>,
}

#[derive(Default)]
struct Collected {
    lines: Lines,
    next: usize,
    template: Option<Template>,
    turn: Option<Turn>,
    /// Whether the last line has no end.
    cut: bool,
}

/// Lines one behind the other, and where each ends.
#[derive(Default)]
pub struct Lines {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.ends.push(self.text.len());
    }

    /// How much memory they take: empty lines take some, too.
    fn taken(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<usize>()
    }

    fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = number
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .unwrap_or(&0);
        self.text.get(*start..end)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).filter_map(|number| self.get(number))
    }
}

/// The facts of the line before. Nearly every line has the same facts in the same order, and many have the same values:
/// what didn't change is neither decoded nor hashed again. Nobody else ever sees its dict.
struct Template {
    facts: Vec<Fact>,
    dict: Py<PyDict>,
}

struct Fact {
    name: Vec<u8>,
    key: Py<PyAny>,
    value: Vec<u8>,
}

impl Listing {
    /// As a reader's lock: a thread that holds it never waits for the interpreter.
    fn lock(&self, _: Python<'_>) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(&self, py: Python<'_>) -> PyResult<()> {
        let mut turn = self.lock(py).turn.take().unwrap_or_else(Turn::begin);
        turn.look_up(py)?;
        self.lock(py).turn = Some(turn);
        Ok(())
    }

    /// Adds a line: UTF-8, its end stripped. ended: whether it had one.
    pub fn push(&self, py: Python<'_>, line: &[u8], ended: bool) -> Result<(), Error> {
        let mut collected = self.lock(py);
        collected.lines.push(line);
        collected.cut = !ended;
        match self.most {
            Some(most) if collected.lines.taken() > most => Err(Error::ListingTooLong(most)),
            _ => Ok(()),
        }
    }

    /// Shows `work` all lines. It may let other threads run, so they are out of the lock meanwhile, and gone for others.
    pub fn lend<R>(&self, py: Python<'_>, work: impl FnOnce(&Lines) -> R) -> R {
        let lines = std::mem::take(&mut self.lock(py).lines);
        let result = work(&lines);
        self.lock(py).lines = lines;
        result
    }
}

impl Collected {
    fn take(&mut self) -> Option<&[u8]> {
        self.next += 1;
        self.lines.get(self.next - 1)
    }
}

impl Template {
    /// The template after this line, or `None` if the line's facts aren't the ones it has.
    fn update(&mut self, py: Python<'_>, line: &[u8]) -> PyResult<bool> {
        let (found, _) = facts::split_entry(line);
        let mut known = self.facts.iter_mut();
        let dict = self.dict.bind(py);
        for (name, value) in found {
            let Some(fact) = known.next().filter(|fact| fact.name == name) else {
                return Ok(false);
            };
            if fact.value != value {
                dict.set_item(&fact.key, decode(py, value)?)?;
                fact.value.clear();
                fact.value.extend_from_slice(value);
            }
        }
        Ok(known.next().is_none())
    }

    /// A template from one line; `None` if a fact is named twice, for the later one counts.
    fn of(py: Python<'_>, line: &[u8]) -> PyResult<Option<Self>> {
        let (found, _) = facts::split_entry(line);
        let dict = call::new_dict(py)?;
        let mut facts = Vec::new();
        for (name, value) in found {
            let key = lower(py, name)?;
            dict.set_item(&key, decode(py, value)?)?;
            facts.push(Fact {
                name: name.to_vec(),
                key: key.unbind(),
                value: value.to_vec(),
            });
        }
        Ok((dict.len() == facts.len()).then(|| Self {
            facts,
            dict: dict.unbind(),
        }))
    }
}

/// One line of an MLSD listing (RFC 3659, section 7): name and facts.
fn entry_of<'py>(py: Python<'py>, line: &[u8]) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyDict>)> {
    let (found, name) = facts::split_entry(line);
    let entry = call::new_dict(py)?;
    for (key, value) in found {
        entry.set_item(lower(py, key)?, decode(py, value)?)?;
    }
    Ok((decode(py, name)?, entry))
}

/// `key.lower()`; ASCII natively.
pub fn lower<'py>(py: Python<'py>, key: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if key.is_ascii() {
        let lowered = key.to_ascii_lowercase();
        return Ok(decode(py, &lowered)?.into_any());
    }
    decode(py, key)?.call_method_held(intern!(py, "lower"), ())
}

/// Name and facts of one line, with the help of the line before.
fn entry<'py>(
    py: Python<'py>,
    template: &mut Option<Template>,
    line: &[u8],
) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyDict>)> {
    let fits = match template {
        Some(template) => template.update(py, line)?,
        None => false,
    };
    if !fits {
        *template = Template::of(py, line)?;
    }
    let Some(template) = template else {
        return entry_of(py, line);
    };
    let (_, name) = facts::split_entry(line);
    Ok((decode(py, name)?, call::copy(template.dict.bind(py))?))
}

#[pymethods]
impl Listing {
    #[new]
    #[pyo3(signature = (most = None))]
    fn new(most: Option<usize>) -> Self {
        hold::this_thread(); // PyO3 makes an object of it, which may start the garbage collector
        Self {
            collected: Mutex::default(),
            most,
        }
    }

    /// Adds a line, as list.append would.
    #[pyo3(signature = (line, /))]
    fn append(&self, line: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = line.py();
        let stripped;
        let string = match line.cast::<PyString>() {
            Ok(string) => string,
            Err(_) => {
                // what is no `str` gets Python's own error
                stripped = line.call_method_held(intern!(py, "rstrip"), ("\r\n",))?;
                stripped.cast::<PyString>().map_err(|_| Error::NoText)?
            }
        };
        Ok(self.push(py, encode(string)?.as_bytes(), true)?)
    }

    /// The last line, if it came without an end: then nobody knows whether it is whole.
    #[getter]
    fn cut<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        let line = {
            let collected = self.lock(py);
            match collected.cut {
                true => collected.lines.iter().last().map(<[u8]>::to_vec),
                false => None,
            }
        };
        line.map(|line| decode(py, &line)).transpose()
    }

    /// The last line had no end: what the loop in Python says.
    fn mark_cut(&self, py: Python<'_>) {
        self.lock(py).cut = true;
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        // the line is copied, so that the lock isn't held while Python objects are made
        let (line, mut template) = {
            let mut collected = self.lock(py);
            if collected.next % LOOK_UP == 0 {
                drop(collected);
                self.look_up(py)?;
                collected = self.lock(py);
            }
            let Some(line) = collected.take().map(<[u8]>::to_vec) else {
                return Ok(None);
            };
            (line, collected.template.take())
        };
        let made = entry(py, &mut template, &line);
        // what another thread has left there meanwhile goes once the lock is free
        let other = std::mem::replace(&mut self.lock(py).template, template);
        drop(other);
        let (name, facts) = made?;
        call::pair(&name, &facts).map(Some)
    }
}
