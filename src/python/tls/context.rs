//! What a `NativeContext` makes its connections with.

use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::python::errors::Error;
use crate::python::tls::link::Link;
use crate::python::tls::session::{Bond, Session};
use crate::tls::{self, Engine as _, Identity, Lent, Native, OptionError, Options, Version, certificates};

/// What was read from a file or given as a string, behind how an error calls it: its option and path.
type Named = (String, Vec<u8>);

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The options of one context, checked.
#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Engine {
    native: Native,
    roots: usize,
    /// By which it is told from others, also when it is gone.
    number: u64,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (
        *, roots, system_roots, chain, key, pkcs12, password, minimum, maximum, alpn, accept_invalid_certs,
        accept_invalid_hostnames
    ))]
    #[expect(clippy::too_many_arguments, reason = "one for each option that users may give")]
    fn new(
        roots: Vec<Named>,
        system_roots: bool,
        chain: Option<Named>,
        key: Option<Named>,
        pkcs12: Option<Named>,
        password: Option<String>,
        minimum: Option<&str>,
        maximum: Option<&str>,
        alpn: Vec<String>,
        accept_invalid_certs: bool,
        accept_invalid_hostnames: bool,
    ) -> PyResult<Self> {
        let mut trusted = Vec::new();
        for (what, data) in &roots {
            let found = trusted_in(data).map_err(|why| Error::TlsOption(format!("{what}: {why}")))?;
            trusted.extend(found);
        }
        let given = Given {
            chain: chain.as_ref(),
            key: key.as_ref(),
            pkcs12: pkcs12.as_ref(),
            password: password.as_deref(),
        };
        let options = Options {
            system_roots,
            identity: given.identity(),
            minimum: minimum.and_then(version),
            maximum: maximum.and_then(version),
            alpn,
            accept_invalid_certs,
            accept_invalid_hostnames,
            roots: trusted,
        };
        Ok(Self {
            native: Native::new(&options).map_err(|refused| given.refusal(&refused))?,
            roots: options.roots.len(),
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// How many roots of its own it trusts.
    #[getter]
    fn roots(&self) -> usize {
        self.roots
    }

    /// A connection on a descriptor, which the caller closes after the Link. name: whom the certificate is to be for.
    /// session: one of this engine's, to the same name, that is to be resumed.
    fn link(&self, descriptor: i32, name: Option<String>, session: Option<&Bound<'_, Session>>) -> Link {
        // SAFETY: `NativeSocket`, the only caller, closes its link before its descriptor.
        let fd = unsafe { Lent::new(descriptor) };
        let ticket = session.map(|session| session.get().ticket());
        let link = tls::Link::new(fd, self.native.session(fd, name.as_deref(), ticket));
        Link::new(link, self.bond(name))
    }

    /// Raise ValueError if a connection to that name mustn't resume that session.
    fn check(&self, session: &Bound<'_, Session>, name: Option<String>) -> PyResult<()> {
        Ok(session.get().check(&self.bond(name))?)
    }
}

impl Engine {
    fn bond(&self, name: Option<String>) -> Bond {
        Bond {
            engine: self.number,
            name,
        }
    }
}

/// The client's identity, as it was given.
struct Given<'a> {
    chain: Option<&'a Named>,
    key: Option<&'a Named>,
    pkcs12: Option<&'a Named>,
    password: Option<&'a str>,
}

impl Given<'_> {
    fn identity(&self) -> Option<Identity> {
        let password = self.password.map(str::to_owned);
        if let Some((_, archive)) = self.pkcs12 {
            let archive = archive.clone();
            return Some(Identity::Pkcs12 { archive, password });
        }
        let ((_, chain), (_, key)) = (self.chain?, self.key?);
        Some(Identity::Pem {
            chain: chain.clone(),
            key: key.clone(),
            password,
        })
    }

    /// `refused` with the name of the option and file that it is about.
    fn refusal(&self, refused: &OptionError) -> Error {
        let (what, why) = match refused {
            OptionError::Chain(why) => (self.chain, why.as_str()),
            OptionError::Key(why) => (self.key.or(self.pkcs12), why.as_str()),
            OptionError::Archive(why) => (self.pkcs12, why.as_str()),
            OptionError::Password if self.password.is_none() => (self.key.or(self.pkcs12), "it needs a password"),
            OptionError::Password => (self.key.or(self.pkcs12), "wrong password"),
            OptionError::Roots(why) | OptionError::Context(why) => (None, why.as_str()),
        };
        let what = what.map_or("the TLS library refuses these options", |(what, _)| what.as_str());
        Error::TlsOption(format!("{what}: {why}"))
    }
}

/// The certificates in `data`, each of them one that the engine can read.
fn trusted_in(data: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let roots = certificates(data)?;
    for root in &roots {
        Native::check_certificate(root)?;
    }
    Ok(roots)
}

fn version(name: &str) -> Option<Version> {
    Version::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, version)| version)
}
