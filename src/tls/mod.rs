//! TLS in Rust, behind two small traits, so that another engine may take the place of the one there is.
//!
//! Contract: nothing here waits and nothing here knows of Python. A [`Session`] does one step at a time on a descriptor
//! that it never blocks on; who drives it waits with [`net::wait`](crate::net::wait) and calls again. Outgoing bytes
//! that the kernel doesn't take at once are the session's own: no step has to be repeated with the same data, so any
//! number of threads may write in turn.

mod borrowed;
mod errors;
mod handle;
#[cfg(any(test, target_vendor = "apple"))]
mod hello;
mod lent;
mod library;
mod link;
mod native;
mod options;
mod records;
mod session;
#[cfg(test)]
mod tests;
mod version;
mod wire;

// What is below native-tls. Parts of Apple's are tested everywhere.
#[cfg(any(test, target_vendor = "apple"))]
mod apple;
#[cfg(not(target_vendor = "apple"))]
mod openssl;

#[cfg(target_vendor = "apple")]
pub use apple::certificates;
pub use borrowed::Borrowed;
pub use errors::{Error, OptionError};
pub use handle::{Handle, Owed};
pub use lent::Lent;
pub use library::{IGNORE_UNEXPECTED_EOF, Library, Ssl};
pub use link::{Link, RECORD};
pub use native::Native;
#[cfg(not(target_vendor = "apple"))]
pub use openssl::certificates;
pub use options::{Identity, Options};
pub use records::Records;
pub use session::{Engine, Session, Ticket, Traffic};
pub use version::{Agreed, Version};
