//! Connections on which several threads may be active: one that is lent to a loop, and commands that others send meanwhile,
//! such as a NOOP that keeps it alive. A command waits for the end of the loop, and nothing is lent that is being sent on: a
//! reply stays with its command, and no two threads are in one `SSL`, which can't stand that.

use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::python::call::Call;
use crate::python::process;
use crate::python::wait;

/// How often one looks whether the other has ended.
const TURN: Duration = Duration::from_millis(10);

/// What is active, in which process: the threads of a parent process are none of ours.
static ACTIVE: Mutex<(u32, Vec<Entry>)> = Mutex::new((0, Vec::new()));

#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// The address of the socket object, which lives for as long as it is entered.
    socket: usize,
    lent: bool,
    thread: ThreadId,
}

impl Entry {
    fn new(socket: &Bound<'_, PyAny>, lent: bool) -> Self {
        Self {
            socket: socket.as_ptr() as usize,
            lent,
            thread: thread::current().id(),
        }
    }

    /// Whether both can't be at once. What a thread does within its own loop, such as in a signal's handler, is its own.
    fn excludes(&self, other: &Self) -> bool {
        self.socket == other.socket && (self.lent || other.lent) && self.thread != other.thread
    }
}

/// Only a thread that is attached to the interpreter takes the lock, and it neither waits nor calls Python while it has it:
/// so a fork never copies it locked. Nothing in there can panic.
fn active() -> MutexGuard<'static, (u32, Vec<Entry>)> {
    let mut active = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner);
    if active.0 != process::number() {
        *active = (process::number(), Vec::new());
    }
    active
}

/// An entry, for as long as it lasts.
pub struct Active(Entry);

impl Active {
    fn enter(entry: Entry) -> Option<Self> {
        let mut active = active();
        if active.1.iter().any(|other| entry.excludes(other)) {
            return None;
        }
        active.1.push(entry);
        Some(Self(entry))
    }

    /// `socket` is lent to a loop; None where another thread is active on it.
    pub fn lent(socket: &Bound<'_, PyAny>) -> Option<Self> {
        Self::enter(Entry::new(socket, true))
    }

    /// The same, once no other thread is active on it.
    pub fn lent_in_turn(socket: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::in_turn(socket, true)
    }

    fn in_turn(socket: &Bound<'_, PyAny>, lent: bool) -> PyResult<Self> {
        loop {
            if let Some(active) = Self::enter(Entry::new(socket, lent)) {
                return Ok(active);
            }
            wait::detached(socket.py(), || thread::sleep(TURN))?;
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let entries = &mut active().1;
        if let Some(index) = entries.iter().position(|other| *other == self.0) {
            entries.swap_remove(index);
        }
    }
}

/// What `send` does, on a socket that isn't lent to another thread's loop meanwhile.
pub fn sending<T>(socket: &Bound<'_, PyAny>, send: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let _active = Active::in_turn(socket, false)?;
    send()
}

/// `sendall(data)`, which is the method of `socket`, in its turn.
#[pyfunction]
pub fn send_in_turn(socket: &Bound<'_, PyAny>, sendall: &Bound<'_, PyAny>, data: &Bound<'_, PyAny>) -> PyResult<()> {
    sending(socket, || sendall.run_held((data,)))
}
