//! What is under a `NativeSocket`, as `_ssl._SSLSocket` is under an `ssl.SSLSocket`: TLS on its descriptor. The socket
//! object itself is handed in with each call that may have to wait: it is asked for its timeout and whether it is open.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::net::{self, Attempt, Progress, SLICE, Sent};
use crate::python::errors::Error;
use crate::python::gil_turn::look_up;
use crate::python::owner::Owner;
use crate::python::tls::drive::Driver;
use crate::python::tls::session::{Bond, Session};
use crate::python::wait;
use crate::tls::{self, Handle, Owed, RECORD};

/// What `send_all` encrypts before it looks up again.
const PASS: usize = 4 * 1024 * 1024;

/// For how long a server may leave a connection open on which all was sent and nothing came.
const LINGER: Duration = Duration::from_secs(2);

#[pyclass(module = "rftplib._rftplib", frozen)]
pub struct Link {
    link: Arc<tls::Link>,
    /// Whom the certificate is to be for, and what made the link.
    bond: Bond,
    /// What a send() that timed out has handed over: the next one gives the same data.
    owed: Mutex<Option<Owed>>,
}

/// Locked for a moment only, and by threads that hold the GIL, so that no fork finds it locked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub fn new(link: tls::Link, bond: Bond) -> Self {
        Self {
            link: Arc::new(link),
            bond,
            owed: Mutex::default(),
        }
    }

    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.link))
    }

    fn driver<'a, 'py>(&'a self, socket: &'a Bound<'py, PyAny>) -> Driver<'a, 'py> {
        Driver {
            owner: Owner::new(socket),
            fd: self.link.descriptor(),
            name: self.bond.name.as_deref(),
        }
    }

    fn drive<A: Attempt + Send>(
        &self,
        socket: &Bound<'_, PyAny>,
        step: impl FnMut() -> Result<A, tls::Error> + Send,
    ) -> PyResult<A::Value> {
        self.driver(socket).run(Instant::now(), false, step)
    }

    fn linger(&self, py: Python<'_>, most: Duration) -> PyResult<()> {
        let began = Instant::now();
        while let Progress::Wait(interest) = self.link.linger() {
            let left = most.saturating_sub(began.elapsed()).min(SLICE);
            if left.is_zero() {
                break;
            }
            let fd = self.link.descriptor();
            let waited = wait::detached(py, || net::wait(fd, interest, left))?;
            if waited.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn failed(&self, error: tls::Error) -> PyErr {
        Error::Tls(error, self.bond.name.clone()).into()
    }
}

#[pymethods]
impl Link {
    fn handshake(&self, socket: &Bound<'_, PyAny>) -> PyResult<()> {
        let driver = self.driver(socket);
        driver.run(Instant::now(), true, || self.link.handshake())
    }

    /// At most a record of data, and no more than `size` bytes; b'' at the peer's close_notify.
    fn receive<'py>(&self, socket: &Bound<'py, PyAny>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut buffer = vec![0; size.min(RECORD)];
        let mut count = 0;
        if !buffer.is_empty() {
            count = self.drive(socket, || self.link.receive(&mut buffer))?;
        }
        Ok(PyBytes::new(socket.py(), buffer.get(..count).unwrap_or_default()))
    }

    /// Some of `data`; returns how many bytes.
    fn send(&self, socket: &Bound<'_, PyAny>, data: &Bound<'_, PyBytes>) -> PyResult<usize> {
        let owed = locked(&self.owed).take();
        let mut handle = Handle::resume(Arc::clone(&self.link), owed);
        let bytes = data.as_bytes();
        let sent = self.drive(socket, || handle.write(bytes));
        *locked(&self.owed) = handle.owed();
        sent
    }

    /// All of `data`; the timeout is for the whole of it.
    fn send_all(&self, socket: &Bound<'_, PyAny>, data: &Bound<'_, PyBytes>) -> PyResult<()> {
        let mut handle = self.handle();
        let mut rest = data.as_bytes();
        let (driver, began) = (self.driver(socket), Instant::now());
        while !rest.is_empty() {
            let (mut left, end) = (rest, rest.len().saturating_sub(PASS));
            let outcome = driver.run(began, rest.len() > RECORD * 4, || {
                while left.len() > end {
                    match handle.write(left)? {
                        Sent::Data(count) => left = left.get(count..).unwrap_or_default(),
                        Sent::Wait(interest) => return Ok(Progress::Wait(interest)),
                    }
                }
                Ok(Progress::Done)
            });
            outcome?;
            rest = left;
            look_up(socket.py())?;
        }
        Ok(())
    }

    /// How many decrypted bytes the next receive() gives without waiting.
    fn pending(&self) -> usize {
        self.link.ask(|session| session.pending()).unwrap_or(0)
    }

    /// Both close_notifys. Traffic is in clear text then.
    fn unwrap(&self, socket: &Bound<'_, PyAny>) -> PyResult<()> {
        self.drive(socket, || self.link.unwrap())
    }

    fn is_plain(&self) -> bool {
        self.link.is_plain()
    }

    /// Our close_notify, as far as the kernel takes it.
    fn close_notify(&self) {
        let _ = self.link.close_notify();
    }

    /// To be called before the descriptor is closed, or given away: whoever uses the link, or waits for it, gets EBADF.
    ///
    /// may_linger: give the server some time to take in what was sent, where session tickets may spoil it that nobody will
    /// read. timeout: that of the socket, in seconds or None, which is the most of it.
    fn close(&self, py: Python<'_>, may_linger: bool, timeout: Option<f64>) -> PyResult<()> {
        // A close while another thread still sends waits for nothing: that thread's data is lost either way.
        if !self.link.close(may_linger && Arc::strong_count(&self.link) == 1) {
            return Ok(());
        }
        let most = timeout.map_or(LINGER, |seconds| {
            Duration::try_from_secs_f64(seconds).unwrap_or(LINGER).min(LINGER)
        });
        let outcome = self.linger(py, most);
        self.link.close(false);
        outcome
    }

    /// The peer's certificate, DER-encoded.
    fn peer_certificate<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let certificate = self.link.ask(|session| session.peer_certificate());
        let certificate = certificate
            .unwrap_or(Err(tls::Error::Closed))
            .map_err(|error| self.failed(error))?;
        Ok(certificate.map(|der| PyBytes::new(py, &der)))
    }

    /// 'TLSv1.3', 'TLSv1.2'..., None before the handshake and after unwrap().
    fn version(&self) -> Option<&'static str> {
        let agreed = self.link.ask(|session| session.agreed()).flatten();
        agreed.map(|agreed| agreed.version.name())
    }

    /// (name, protocol, secret bits) of the cipher suite, None if it isn't known.
    fn cipher(&self) -> Option<(&'static str, &'static str, u32)> {
        let agreed = self.link.ask(|session| session.agreed()).flatten()?;
        agreed.cipher.map(|(name, bits)| (name, agreed.version.name(), bits))
    }

    /// The protocol that ALPN chose, or None.
    fn alpn(&self) -> PyResult<Option<String>> {
        match self.link.ask(|session| session.alpn()) {
            None | Some(Err(tls::Error::TooEarly)) => Ok(None),
            Some(chosen) => {
                let chosen = chosen.map_err(|error| self.failed(error))?;
                Ok(chosen.map(|name| String::from_utf8_lossy(&name).into_owned()))
            }
        }
    }

    /// What another connection can resume the session by, if there is something by now.
    fn session(&self) -> Option<Session> {
        let ticket = self.link.ticket()?;
        Some(Session::new(ticket, self.bond.clone()))
    }

    /// Whether it has resumed a session; None where it isn't under TLS.
    fn is_resumed(&self) -> Option<bool> {
        self.link.ask(|session| session.is_resumed())
    }

    /// Whether the peer has ended by a close_notify, None if the end wasn't seen.
    #[getter]
    fn clean(&self) -> Option<bool> {
        self.link.clean()
    }
}

impl Drop for Link {
    /// A copy that `fork` has made is left as it is: to free it takes locks of the TLS library's, which a thread of the
    /// other process may have held.
    fn drop(&mut self) {
        if self.link.is_inherited() {
            std::mem::forget(Arc::clone(&self.link));
        }
    }
}
