//! One entry of a listing, as Python has it: `rftplib.listing.Entry`.
//!
//! An entry is a place in a block that it shares with its neighbours. So it costs one small object that the garbage
//! collector knows nothing of, and its strings, numbers and dates are made when somebody asks for them.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyNotImplemented, PyString};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use super::block::Place;
use super::listing::lower;
use crate::protocol::list::{Item, Kind, Time, mdtm};
use crate::python::call::{self, Call};
use crate::python::errors::Error;
use crate::python::number::number;
use crate::python::text::{decode, encode};
use crate::python::{hold, modules};

/// What a server tells of a file, a directory, a link or something else: an immutable value, which can be compared,
/// copied and pickled. What isn't told is None, and so is what can't be: 30 February, or a size in blocks.
#[pyclass(module = "rftplib.listing", frozen)]
#[derive(Clone)]
pub struct Entry(Place);

impl Entry {
    pub fn new(place: Place) -> Self {
        Self(place)
    }

    /// As an object of which the garbage collector knows nothing. PyO3 tells it of every object, of which it would walk
    /// over all again and again, and of which none can be part of a cycle: an entry has no objects.
    pub fn into_object(self, py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        hold::this_thread(); // making it may start the collector
        let object = Bound::new(py, self)?;
        // SAFETY: the GIL is held and the object is whole. Its class is ours and has no subclasses, and what PyO3 does to
        // end it, untracking included, may be done to an object that is untracked already.
        unsafe { ffi::PyObject_GC_UnTrack(object.as_ptr().cast()) };
        Ok(object)
    }
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::File, "file"),
    (Kind::Dir, "dir"),
    (Kind::Link, "link"),
    (Kind::Other, "other"),
];

/// The directory's part of a path, with the slash, and the name.
fn split_path(path: &[u8]) -> (&[u8], &[u8]) {
    let name = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    path.split_at_checked(name).unwrap_or((b"", path))
}

fn delta(py: Python<'_>, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    let seconds = micros.div_euclid(1_000_000);
    let datetime = modules::datetime(py)?;
    datetime.call_method_held(intern!(py, "timedelta"), (0, seconds, micros.rem_euclid(1_000_000)))
}

/// 1 January 1970 in UTC.
fn epoch(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let datetime = modules::datetime(py)?;
    let utc = datetime
        .getattr_held(intern!(py, "timezone"))?
        .getattr_held(intern!(py, "utc"))?;
    let class = datetime.getattr_held(intern!(py, "datetime"))?;
    class.call_method_held(intern!(py, "fromtimestamp"), (0, utc))
}

/// A timedelta in microseconds.
fn micros(delta: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = delta.py();
    let part = |name| -> PyResult<i64> {
        let part = delta.getattr_opt_held(name)?.ok_or(Error::NoTime)?;
        Ok(number(&part)?)
    };
    let seconds = part(intern!(py, "days"))? * 86_400 + part(intern!(py, "seconds"))?;
    Ok(seconds * 1_000_000 + part(intern!(py, "microseconds"))?)
}

/// The bytes of an optional str.
fn bytes_of(value: Option<&Bound<'_, PyString>>) -> PyResult<Option<Vec<u8>>> {
    value.map(|text| Ok(encode(text)?.as_bytes().to_vec())).transpose()
}

fn text<'py>(py: Python<'py>, part: Option<&[u8]>) -> PyResult<Option<Bound<'py, PyString>>> {
    part.map(|text| decode(py, text)).transpose()
}

/// Facts as a line has them, without the ';' at their end.
fn joined(facts: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = facts.py();
    // the values of any mapping, in a dict of our own
    let dict = modules::builtins(py)?
        .call_method_held(intern!(py, "dict"), (facts,))?
        .cast_into_exact::<PyDict>()?;
    let mut text = Vec::new();
    for (key, value) in &dict {
        let (Ok(key), Ok(value)) = (key.cast::<PyString>(), value.cast::<PyString>()) else {
            return Err(Error::NoFacts.into());
        };
        let (key, value) = (encode(key)?, encode(value)?);
        if memchr::memchr2(b'=', b';', key.as_bytes()).is_some() || value.as_bytes().contains(&b';') {
            return Err(Error::WrongFact.into());
        }
        if !text.is_empty() {
            text.push(b';');
        }
        text.extend_from_slice(&[key.as_bytes(), b"=", value.as_bytes()].concat());
    }
    Ok(text)
}

#[pymethods]
impl Entry {
    #[new]
    #[pyo3(signature = (
        path, r#type, size = None, modified = None, resolution = None, mode = None, owner = None, group = None,
        target = None, unique = None, facts = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as many as an entry has parts")]
    fn make(
        path: &Bound<'_, PyString>,
        r#type: &Bound<'_, PyString>,
        size: Option<u64>,
        modified: Option<&Bound<'_, PyAny>>,
        resolution: Option<&Bound<'_, PyAny>>,
        mode: Option<u16>,
        owner: Option<&Bound<'_, PyString>>,
        group: Option<&Bound<'_, PyString>>,
        target: Option<&Bound<'_, PyString>>,
        unique: Option<&Bound<'_, PyString>>,
        facts: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        hold::this_thread();
        let py = path.py();
        let wanted = encode(r#type)?;
        let Some((kind, _)) = KINDS.iter().find(|(_, name)| name.as_bytes() == wanted.as_bytes()) else {
            return Err(Error::WrongKind.into());
        };
        let since = |then: &Bound<'_, PyAny>| micros(&then.call_method_held(intern!(py, "__sub__"), (epoch(py)?,))?);
        let moment = modified.map(since).transpose()?;
        let exact = resolution.map(micros).transpose()?;
        let time = (moment.is_some() || exact.is_some()).then(|| Time {
            micros: moment,
            resolution: exact.and_then(|exact| u64::try_from(exact).ok()).unwrap_or(1),
        });
        let path = encode(path)?;
        let (prefix, name) = split_path(path.as_bytes());
        let (owner, group) = (bytes_of(owner)?, bytes_of(group)?);
        let (target, unique) = (bytes_of(target)?, bytes_of(unique)?);
        let facts = facts.map(joined).transpose()?.unwrap_or_default();
        let item = Item {
            kind: *kind,
            name,
            size,
            time,
            mode,
            owner: owner.as_deref(),
            group: group.as_deref(),
            target: target.as_deref(),
            unique: unique.as_deref(),
        };
        Ok(Self(Place::alone(prefix, &item, &facts)))
    }

    /// Where it is, from the path that was asked for on.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        decode(py, &self.0.path())
    }

    /// The last part of the path.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        decode(py, self.0.item().name)
    }

    /// 'file', 'dir', 'link', or 'other': a device, a pipe, what the listing doesn't tell.
    #[getter]
    fn r#type<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        let kind = self.0.kind();
        let name = KINDS
            .iter()
            .find(|(known, _)| *known == kind)
            .map_or("other", |found| found.1);
        PyString::intern(py, name)
    }

    /// Of a file, in bytes.
    #[getter]
    fn size(&self) -> Option<u64> {
        self.0.item().size
    }

    /// When it was changed, a datetime in UTC; see `resolution`.
    #[getter]
    fn modified<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(micros) = self.0.item().time.and_then(|time| time.micros) else {
            return Ok(None);
        };
        let delta = delta(py, micros)?;
        epoch(py)?.call_method_held(intern!(py, "__add__"), (delta,)).map(Some)
    }

    /// How exact `modified` is, a timedelta: a second or less by MLSD and MDTM, a minute or a day by LIST.
    #[getter]
    fn resolution<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let time = self.0.item().time.filter(|time| time.micros.is_some());
        time.and_then(|time| i64::try_from(time.resolution).ok())
            .map(|micros| delta(py, micros))
            .transpose()
    }

    /// The permissions, as os.chmod() takes them.
    #[getter]
    fn mode(&self) -> Option<u16> {
        self.0.item().mode
    }

    /// Its owner's name or number, as text.
    #[getter]
    fn owner<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        text(py, self.0.item().owner)
    }

    /// Its group's name or number, as text.
    #[getter]
    fn group<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        text(py, self.0.item().group)
    }

    /// Where a link leads to.
    #[getter]
    fn target<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        text(py, self.0.item().target)
    }

    /// The same text for all names of one file, where the server has such a thing.
    #[getter]
    fn unique<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        text(py, self.0.item().unique)
    }

    /// Those of MLSD and MLST (RFC 3659, section 7.5), the names in lower case; a new dict each time.
    #[getter]
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = call::new_dict(py)?;
        for fact in self
            .0
            .facts()
            .split(|&byte| byte == b';')
            .filter(|fact| !fact.is_empty())
        {
            let equals = memchr::memchr(b'=', fact).unwrap_or(fact.len());
            let (key, value) = fact.split_at_checked(equals).unwrap_or((fact, b""));
            dict.set_item(lower(py, key)?, decode(py, value.get(1..).unwrap_or_default())?)?;
        }
        Ok(dict)
    }

    /// The same entry elsewhere: the server has called it otherwise.
    fn _at<'py>(&self, path: &Bound<'py, PyString>) -> PyResult<Bound<'py, Self>> {
        let py = path.py();
        let path = encode(path)?;
        let (prefix, name) = split_path(path.as_bytes());
        Self(Place::alone(prefix, &Item { name, ..self.0.item() }, self.0.facts())).into_object(py)
    }

    /// The same entry with the time of a reply to MDTM, or None if it has none.
    fn _timed<'py>(&self, reply: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, Self>>> {
        let py = reply.py();
        let reply = encode(reply)?;
        let time = reply
            .as_bytes()
            .strip_prefix(b"213 ")
            .and_then(|text| mdtm(text.trim_ascii()));
        let time = time.filter(|time| time.micros.is_some());
        time.map(|time| {
            let item = Item {
                time: Some(time),
                ..self.0.item()
            };
            Self(Place::alone(self.0.prefix(), &item, self.0.facts())).into_object(py)
        })
        .transpose()
    }

    /// Microseconds since 1970, and how exact they are: what `modified` and `resolution` say.
    fn _micros(&self) -> (Option<i64>, u64) {
        self.0
            .item()
            .time
            .map_or((None, 0), |time| (time.micros, time.resolution))
    }

    fn __eq__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast_exact::<Self>() else {
            return Ok(PyNotImplemented::get(py).to_owned().into_any());
        };
        let other = other.get();
        if self.0.path() != other.0.path() || self.0.item() != other.0.item() {
            return Ok(PyBool::new(py, false).to_owned().into_any());
        }
        // which may be written otherwise
        let facts = self.facts(py)?.into_any();
        facts.call_method_held(intern!(py, "__eq__"), (other.facts(py)?,))
    }

    fn __hash__(&self) -> u64 {
        // The names are the server's: nobody shall be able to choose those that collide.
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        let item = self.0.item();
        let keys = KEYS.get_or_init(RandomState::new);
        keys.hash_one((self.0.path(), item.kind, item.size, item.time))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let shown = |value: Bound<'_, PyAny>| -> PyResult<String> {
            let text = modules::builtins(py)?.call_method_held(intern!(py, "ascii"), (value,))?;
            Ok(String::from_utf8_lossy(encode(text.cast::<PyString>()?)?.as_bytes()).into_owned())
        };
        let mut text = format!("Entry({}", shown(self.path(py)?.into_any())?);
        text += &format!(", {}", shown(self.r#type(py).into_any())?);
        if let Some(size) = self.size() {
            text += &format!(", size={size}");
        }
        if let Some(modified) = self.modified(py)? {
            let modified = modified.call_method_held(intern!(py, "isoformat"), ())?;
            text += &format!(", modified={}", shown(modified)?);
        }
        Ok(text + ")")
    }
}
