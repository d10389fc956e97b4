//! The FTP dialogue without I/O: bytes in, values out. No socket, no clock, no Python.
//!
//! Contract:
//! - Text is a Python `str` in UTF-8 that may also hold lone surrogates (three bytes each, "surrogatepass"), so it need
//!   not be valid UTF-8. A character begins at every byte that isn't a continuation byte.
//! - Every parser answers what CPython's `ftplib` answers for the same `str`. Where that is laxer than the RFC, the
//!   comment beside it says so and why.
//! - "Need more input" is a value (`None`), never an error.
//! - Nothing panics, whatever the peer sends, and every function takes time linear in its input.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod address;
pub mod batch;
pub mod charset;
pub mod command;
pub mod facts;
pub mod list;
pub mod path;
pub mod received_lines;
pub mod reply;
pub mod sent_lines;
pub mod text;

#[cfg(test)]
mod tests;
