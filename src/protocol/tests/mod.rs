//! Each expected value is what CPython's ftplib, or the `io` stack under it, answers for the same input.

mod address;
mod batch;
mod charset;
mod command;
mod facts;
mod list;
mod model;
mod path;
mod properties;
mod received_lines;
mod reply;
mod robustness;
mod text;

/// A lone surrogate, as Python's "surrogatepass" writes it: text of the core need not be valid UTF-8.
const SURROGATE: &[u8] = b"\xed\xa0\x80";
