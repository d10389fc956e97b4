//! `NativeSocket.session`: what another connection can resume a session by.

use pyo3::prelude::*;

use crate::python::errors::Error;
use crate::tls::Ticket;

/// A TLS session, to be given to wrap_socket() of the same NativeContext, for the same server_hostname, any number of
/// times. It holds secrets and shows none.
#[pyclass(name = "NativeSession", module = "rftplib.tls", frozen)]
pub struct Session {
    ticket: Ticket,
    bound: Bond,
}

/// Where a session may be resumed: the certificate isn't verified again then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// The engine's number.
    pub engine: u64,
    pub name: Option<String>,
}

impl Session {
    pub fn new(ticket: Ticket, bound: Bond) -> Self {
        Self { ticket, bound }
    }

    pub fn ticket(&self) -> Ticket {
        self.ticket.clone()
    }

    /// ValueError unless it may be resumed there.
    pub fn check(&self, there: &Bond) -> Result<(), Error> {
        if self.bound.engine != there.engine {
            return Err(Error::ForeignSession("NativeContext"));
        }
        if self.bound.name != there.name {
            return Err(Error::ForeignSession("server_hostname"));
        }
        Ok(())
    }
}
