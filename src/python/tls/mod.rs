//! `rftplib.tls.NativeContext` and the sockets that it makes: TLS in Rust behind the methods of `ssl`'s objects.

mod buffers;
mod context;
mod drive;
mod errors;
mod options;
mod socket;
mod wrap;

use pyo3::prelude::*;
use std::sync::Arc;

use crate::tls::Handle;

pub use context::NativeContext;
pub use errors::carried;
pub use socket::NativeSocket;

/// A connection for a loop, if `object` is one of our sockets and none of these methods of it were replaced.
pub fn stream_of(object: &Bound<'_, PyAny>, methods: &[&str]) -> Option<Handle> {
    let socket = object.cast_exact::<NativeSocket>().ok()?;
    let own = |name: &&str| {
        let Ok(method) = object.getattr(*name) else {
            return false;
        };
        // a method of ours, bound to this very object
        method
            .get_type()
            .name()
            .is_ok_and(|name| name == "builtin_function_or_method")
            && method.getattr("__self__").is_ok_and(|owner| owner.is(object))
    };
    if !methods.iter().all(own) {
        return None;
    }
    socket.get().link().ok().map(|link| Handle::new(Arc::clone(&link)))
}
