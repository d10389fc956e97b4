//! The arguments of NativeContext, checked: each error names the option or the file, and none holds a secret.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use super::errors::refused;
use crate::tls::{Identity, Native, Options, Setup, Version, certificates, pem_identity};

/// The arguments as they come.
pub struct Given<'a, 'py> {
    pub cafile: Option<&'a Bound<'py, PyAny>>,
    pub cadata: Option<&'a Bound<'py, PyAny>>,
    pub system_roots: Option<bool>,
    pub certfile: Option<&'a Bound<'py, PyAny>>,
    pub keyfile: Option<&'a Bound<'py, PyAny>>,
    pub pkcs12: Option<&'a Bound<'py, PyAny>>,
    pub password: Option<&'a Bound<'py, PyAny>>,
    pub minimum_version: Option<&'a Bound<'py, PyAny>>,
    pub maximum_version: Option<&'a Bound<'py, PyAny>>,
    pub alpn: Option<&'a Bound<'py, PyAny>>,
    pub accept_invalid_certs: bool,
    pub accept_invalid_hostnames: bool,
}

fn contradiction(text: &str) -> PyErr {
    PyValueError::new_err(text.to_owned())
}

/// What stands for a file in an error: its option and its path.
fn label(option: &str, path: &Bound<'_, PyAny>) -> String {
    let path = path.repr().map_or_else(|_| "?".to_owned(), |text| text.to_string());
    format!("{option} {path}")
}

/// The content of a file. What fails is an OSError that names it.
fn read_file(path: &Bound<'_, PyAny>, option: &str) -> PyResult<Vec<u8>> {
    let py = path.py();
    let path = py.import("os")?.call_method1("fspath", (path,)).map_err(|_| {
        let class = path
            .get_type()
            .name()
            .map_or_else(|_| "?".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("{option} should be a path, not {class}"))
    })?;
    let file = py.import("io")?.call_method1("open", (path, "rb"))?;
    let content = file.call_method0("read");
    file.call_method0("close")?;
    content?.extract()
}

impl Given<'_, '_> {
    /// `default_minimum` holds where no minimum is given.
    pub fn check(&self, py: Python<'_>, default_minimum: Version) -> PyResult<Options> {
        let roots = self.roots(py)?;
        let system_roots = self.system_roots.unwrap_or(roots.is_empty());
        if roots.is_empty() && !system_roots && !self.accept_invalid_certs {
            return Err(contradiction(
                "system_roots=False leaves nothing to trust: give cafile or cadata",
            ));
        }
        let minimum = match self.minimum_version {
            Some(version) => version_of(version, "minimum_version")?,
            None => Some(default_minimum),
        };
        let maximum = self
            .maximum_version
            .map_or(Ok(None), |version| version_of(version, "maximum_version"))?;
        let (minimum, maximum) = bounds(minimum, maximum, self.minimum_version.is_some())?;
        Ok(Options {
            roots,
            system_roots,
            identity: self.identity(py)?,
            minimum,
            maximum,
            alpn: self.alpn()?,
            accept_invalid_certs: self.accept_invalid_certs,
            accept_invalid_hostnames: self.accept_invalid_hostnames,
        })
    }

    fn roots(&self, py: Python<'_>) -> PyResult<Vec<Vec<u8>>> {
        let mut roots = Vec::new();
        if let Some(path) = self.cafile {
            let data = read_file(path, "cafile")?;
            roots.extend(trusted(&data).map_err(|why| refused(py, &format!("{}: {why}", label("cafile", path))))?);
        }
        if let Some(data) = self.cadata {
            let data = text_or_bytes(data, "cadata")?;
            roots.extend(trusted(&data).map_err(|why| refused(py, &format!("cadata: {why}")))?);
        }
        Ok(roots)
    }

    fn identity(&self, py: Python<'_>) -> PyResult<Option<Identity>> {
        match (self.certfile, self.keyfile, self.pkcs12) {
            (None, None, None) if self.password.is_some() => {
                Err(contradiction("password is for pkcs12, which isn't given"))
            }
            (None, None, None) => Ok(None),
            (None, Some(_), None) => Err(contradiction("keyfile needs certfile")),
            (Some(certfile), keyfile, None) => {
                if self.password.is_some() {
                    return Err(contradiction(
                        "password is for pkcs12: native-tls opens encrypted keys only in PKCS#12 archives",
                    ));
                }
                let chain = read_file(certfile, "certfile")?;
                let key = match keyfile {
                    Some(keyfile) => read_file(keyfile, "keyfile")?,
                    None => chain.clone(),
                };
                pem_identity(&chain, &key)
                    .map(Some)
                    .map_err(|setup| self.refusal(py, &setup))
            }
            (None, None, Some(pkcs12)) => {
                let password = self
                    .password
                    .map_or(Ok(Vec::new()), |given| text_or_bytes(given, "password"))?;
                let password = String::from_utf8(password).map_err(|_| contradiction("password should be UTF-8"))?;
                if password.contains('\0') {
                    return Err(contradiction("password has an embedded null character"));
                }
                let archive = read_file(pkcs12, "pkcs12")?;
                Ok(Some(Identity::Pkcs12 { archive, password }))
            }
            (_, _, Some(_)) => Err(contradiction("certfile and keyfile can't be combined with pkcs12")),
        }
    }

    fn alpn(&self) -> PyResult<Vec<String>> {
        let Some(given) = self.alpn else {
            return Ok(Vec::new());
        };
        if given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err("alpn should be a list of names, not one"));
        }
        let mut names = Vec::new();
        for name in given.try_iter()? {
            let name: String = name?
                .extract()
                .map_err(|_| PyTypeError::new_err("alpn should be a list of str"))?;
            if name.is_empty() || name.len() > 255 {
                return Err(contradiction("alpn: a name has 1 to 255 bytes"));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// `setup` with the name of the option and file that it is about.
    pub fn refusal(&self, py: Python<'_>, setup: &Setup) -> PyErr {
        let file = |option: &str, path: Option<&Bound<'_, PyAny>>| path.map(|path| label(option, path));
        let certfile = || file("certfile", self.certfile);
        let keyfile = || file("keyfile", self.keyfile).or_else(certfile);
        let pkcs12 = || file("pkcs12", self.pkcs12);
        let (what, why) = match setup {
            Setup::Chain(why) => (certfile(), why.as_str()),
            Setup::Key(why) => (keyfile().or_else(pkcs12), why.as_str()),
            Setup::Archive(why) => (pkcs12(), why.as_str()),
            Setup::Password if self.password.is_none() => (pkcs12(), "it needs a password"),
            Setup::Password => (pkcs12(), "wrong password"),
            Setup::Roots(why) | Setup::Context(why) => (None, why.as_str()),
        };
        refused(
            py,
            &format!(
                "{}: {why}",
                what.unwrap_or_else(|| "the TLS library refuses these options".to_owned())
            ),
        )
    }
}

/// The certificates in `data`, each of them one that the engine can read.
fn trusted(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let roots = certificates(data)?;
    for root in &roots {
        Native::check_certificate(root)?;
    }
    Ok(roots)
}

fn text_or_bytes(data: &Bound<'_, PyAny>, option: &str) -> PyResult<Vec<u8>> {
    if let Ok(text) = data.cast::<PyString>() {
        return Ok(text.to_cow()?.into_owned().into_bytes());
    }
    if data.is_instance_of::<PyBytes>() || data.is_instance_of::<PyByteArray>() {
        return data.extract();
    }
    Err(PyTypeError::new_err(format!(
        "{option} should be str or bytes, not {}",
        data.get_type().name()?
    )))
}

/// A protocol version: a name as `version()` gives them, or a member of ssl.TLSVersion. `None` is no bound.
fn version_of(given: &Bound<'_, PyAny>, option: &str) -> PyResult<Option<Version>> {
    let name = match given.cast::<PyString>() {
        Ok(name) => name.to_cow()?.into_owned(),
        Err(_) => match given.getattr("name").and_then(|name| name.extract::<String>()) {
            Ok(name) => name,
            Err(_) => {
                let class = given.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "{option} should be str or ssl.TLSVersion, not {class}"
                )));
            }
        },
    };
    match (name.as_str(), option) {
        ("MINIMUM_SUPPORTED", "minimum_version") | ("MAXIMUM_SUPPORTED", "maximum_version") => return Ok(None),
        ("MINIMUM_SUPPORTED", _) => return Ok(Some(Version::Tls10)),
        ("MAXIMUM_SUPPORTED", _) => return Ok(Some(Version::Tls13)),
        _ => {}
    }
    let dotted = name.replace('_', ".");
    match Version::ALL.iter().find(|(known, _)| *known == dotted) {
        Some(&(_, version)) => Ok(Some(version)),
        None => Err(contradiction(&format!(
            "{option}: {name:?} is not supported, only TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3 are"
        ))),
    }
}

/// A maximum below the default minimum lowers that; below one that was asked for, it is a contradiction.
fn bounds(
    minimum: Option<Version>,
    maximum: Option<Version>,
    asked: bool,
) -> PyResult<(Option<Version>, Option<Version>)> {
    match (minimum, maximum) {
        (Some(low), Some(high)) if low > high && asked => {
            Err(contradiction("minimum_version is above maximum_version"))
        }
        (Some(low), Some(high)) if low > high => Err(contradiction(&format!(
            "maximum_version is below the default minimum, {}: give minimum_version as well",
            low.name()
        ))),
        bounds => Ok(bounds),
    }
}
