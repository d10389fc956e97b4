//! `NativeContext`: what `ssl.SSLContext` is to ftplib, on the operating system's TLS library.

use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::options::Given;
use super::socket::NativeSocket;
use super::wrap::Wanted;
use crate::tls::{Engine, Native, Version};

/// What a context asks for at least, where it isn't told: TLS 1.0 and 1.1 are deprecated (RFC 8996).
const MINIMUM: Version = Version::Tls12;

/// A TLS context for FTP_TLS that runs TLS in Rust, on the operating system's TLS library (native-tls), verified against
/// its trust store.
///
/// cafile, cadata: certificates to trust, PEM or DER, instead of the operating system's; system_roots=True: beside them.
/// certfile, keyfile: a client certificate with its chain and its key, PEM. pkcs12, password: the same in a PKCS#12 file.
/// minimum_version, maximum_version: 'TLSv1.2', 'TLSv1.3'... or members of ssl.TLSVersion.
/// alpn: names of protocols to offer.
/// danger_accept_invalid_certs: verify nothing. danger_accept_invalid_hostnames: any trusted certificate will do, whoever
/// it is for. Anyone on the way can then read and change everything.
///
/// It can't resume TLS sessions: servers that demand it for data connections (vsftpd and ProFTPD by default) need an
/// ssl.SSLContext, as FTP_TLS has by default.
#[pyclass(module = "rftplib.tls", frozen, weakref)]
pub struct NativeContext {
    engine: Box<dyn Engine>,
    verifies: bool,
    verifies_names: bool,
    minimum: Option<Version>,
    maximum: Option<Version>,
    /// What `repr` shows: no secret in it.
    summary: String,
}

#[pymethods]
impl NativeContext {
    #[new]
    #[pyo3(
        signature = (
            *, cafile=None, cadata=None, system_roots=None, certfile=None, keyfile=None, pkcs12=None, password=None,
            minimum_version=None, maximum_version=None, alpn=None, danger_accept_invalid_certs=false,
            danger_accept_invalid_hostnames=false
        ),
        text_signature = "(*, cafile=None, cadata=None, system_roots=None, certfile=None, keyfile=None, pkcs12=None, \
                          password=None, minimum_version=None, maximum_version=None, alpn=None, \
                          danger_accept_invalid_certs=False, danger_accept_invalid_hostnames=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "one for each option that users may give")]
    fn new(
        py: Python<'_>,
        cafile: Option<&Bound<'_, PyAny>>,
        cadata: Option<&Bound<'_, PyAny>>,
        system_roots: Option<bool>,
        certfile: Option<&Bound<'_, PyAny>>,
        keyfile: Option<&Bound<'_, PyAny>>,
        pkcs12: Option<&Bound<'_, PyAny>>,
        password: Option<&Bound<'_, PyAny>>,
        minimum_version: Option<&Bound<'_, PyAny>>,
        maximum_version: Option<&Bound<'_, PyAny>>,
        alpn: Option<&Bound<'_, PyAny>>,
        danger_accept_invalid_certs: bool,
        danger_accept_invalid_hostnames: bool,
    ) -> PyResult<Self> {
        let given = Given {
            cafile,
            cadata,
            system_roots,
            certfile,
            keyfile,
            pkcs12,
            password,
            minimum_version,
            maximum_version,
            alpn,
            accept_invalid_certs: danger_accept_invalid_certs,
            accept_invalid_hostnames: danger_accept_invalid_hostnames,
        };
        let options = given.check(py, MINIMUM)?;
        let engine = Native::new(&options).map_err(|setup| given.refusal(py, &setup))?;
        let verifies = !options.accept_invalid_certs;
        let verifies_names = verifies && !options.accept_invalid_hostnames;
        let trust = match (verifies, options.system_roots, options.roots.len()) {
            (false, ..) => "nothing is verified".to_owned(),
            (true, true, 0) => "system roots".to_owned(),
            (true, true, own) => format!("system roots and {own} of its own"),
            (true, false, own) => format!("{own} roots of its own"),
        };
        let names = if verifies && !verifies_names {
            ", host names not verified"
        } else {
            ""
        };
        let identity = if options.identity.is_some() {
            ", with identity"
        } else {
            ""
        };
        Ok(Self {
            engine: Box::new(engine),
            verifies,
            verifies_names,
            minimum: options.minimum,
            maximum: options.maximum,
            summary: format!("{trust}{names}{identity}"),
        })
    }

    /// Run the client's side of TLS on a connected socket.socket, which is taken over; returns the NativeSocket.
    #[pyo3(
        signature = (
            sock, server_side=false, do_handshake_on_connect=true, suppress_ragged_eofs=true, server_hostname=None,
            session=None
        ),
        text_signature = "($self, sock, server_side=False, do_handshake_on_connect=True, suppress_ragged_eofs=True, \
                          server_hostname=None, session=None)"
    )]
    fn wrap_socket<'py>(
        slf: &Bound<'py, Self>,
        sock: &Bound<'py, PyAny>,
        server_side: bool,
        do_handshake_on_connect: bool,
        suppress_ragged_eofs: bool,
        server_hostname: Option<&Bound<'py, PyAny>>,
        session: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, NativeSocket>> {
        if server_side {
            return Err(PyNotImplementedError::new_err(
                "NativeContext is for clients: server_side isn't supported",
            ));
        }
        if session.is_some() {
            return Err(PyValueError::new_err(
                "session: native-tls can't resume TLS sessions; use an ssl.SSLContext, FTP_TLS's default, for that",
            ));
        }
        let name = server_hostname.map(encoded).transpose()?;
        if name.is_none() && slf.get().verifies_names {
            return Err(PyValueError::new_err("check_hostname requires server_hostname"));
        }
        NativeSocket::wrap(
            slf,
            sock,
            &Wanted {
                name,
                do_handshake_on_connect,
                suppress_ragged_eofs,
            },
        )
    }

    /// As with ssl.SSLContext: the client's side of TLS, any version.
    #[getter]
    fn protocol<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("ssl")?.getattr("PROTOCOL_TLS_CLIENT")
    }

    /// Whether the certificate has to be for the server's name.
    #[getter]
    fn check_hostname(&self) -> bool {
        self.verifies_names
    }

    /// ssl.CERT_REQUIRED or, with danger_accept_invalid_certs, ssl.CERT_NONE.
    #[getter]
    fn verify_mode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let name = if self.verifies { "CERT_REQUIRED" } else { "CERT_NONE" };
        py.import("ssl")?.getattr(name)
    }

    /// The lowest ssl.TLSVersion.
    #[getter]
    fn minimum_version<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tls_version(py, self.minimum, "MINIMUM_SUPPORTED")
    }

    /// The highest ssl.TLSVersion.
    #[getter]
    fn maximum_version<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        tls_version(py, self.maximum, "MAXIMUM_SUPPORTED")
    }

    fn __repr__(&self) -> String {
        let least = self.minimum.map_or("any version", Version::name);
        let most = self.maximum.map_or("newest", Version::name);
        format!("<rftplib.tls.NativeContext {least} to {most}, {}>", self.summary)
    }

    /// Made from files, and holding keys: it can't be pickled.
    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(PyTypeError::new_err(format!(
            "cannot pickle '{}' object",
            slf.get_type().name()?
        )))
    }
}

impl NativeContext {
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }
}

fn tls_version<'py>(py: Python<'py>, version: Option<Version>, otherwise: &str) -> PyResult<Bound<'py, PyAny>> {
    let name = version.map_or_else(|| otherwise.to_owned(), |version| version.name().replace('.', "_"));
    py.import("ssl")?.getattr("TLSVersion")?.getattr(name.as_str())
}

/// A server's name as TLS wants it (IDNA), refused where `ssl` refuses it.
fn encoded(name: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(name) = name.cast::<PyString>() else {
        return Err(PyTypeError::new_err(format!(
            "server_hostname should be str, not {}",
            name.get_type().name()?
        )));
    };
    let given = name.to_cow()?;
    if given.is_empty() || given.starts_with('.') {
        return Err(PyValueError::new_err(
            "server_hostname cannot be an empty string or start with a leading dot.",
        ));
    }
    if given.contains('\0') {
        return Err(PyValueError::new_err("server_hostname has an embedded null character"));
    }
    if given.is_ascii() && given.parse::<std::net::IpAddr>().is_ok() {
        return Ok(given.into_owned());
    }
    let encoded: Vec<u8> = name.call_method1("encode", ("idna",))?.extract()?;
    String::from_utf8(encoded).map_err(|_| PyValueError::new_err("server_hostname can't be encoded"))
}
