//! A descriptor that a Python object owns, and TLS uses.

use std::os::fd::{BorrowedFd, RawFd};

/// The descriptor of a socket object, used as long as its link isn't closed.
#[derive(Clone, Copy)]
pub struct Lent(RawFd);

impl Lent {
    /// # Safety
    /// Who owns the descriptor closes the [`Link`](super::Link) on it first.
    pub unsafe fn new(number: RawFd) -> Self {
        Self(number)
    }

    pub fn number(self) -> RawFd {
        self.0
    }

    pub fn get(&self) -> BorrowedFd<'_> {
        // SAFETY: hazard: the descriptor is closed, and the number somebody else's by now. Who reads and writes by it holds
        // the link's lock and has seen it open, and its owner closes the link, which takes the lock, before the
        // descriptor. Who only polls it may come too late: he learns nothing then, and finds the link closed.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}
