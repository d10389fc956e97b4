//! The control connection: the dialogue, the reader below it, and what replies say.

pub mod commands;
pub mod dialogue;
#[cfg(unix)]
pub mod exchange;
#[cfg(unix)]
mod kept;
#[cfg(unix)]
pub mod reader;
pub mod replies;

#[cfg(not(unix))]
pub use super::absent::{kept, reader};
