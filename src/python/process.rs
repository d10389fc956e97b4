//! Which process this is, without asking the system each time: what a fork has copied must be told from what is ours.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static COUNTED: AtomicBool = AtomicBool::new(false);
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Runs in the child, in its only thread.
extern "C" fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// From now on forks are counted. To be called once, before [`number`] is.
pub fn count_forks() {
    // SAFETY: the handler only adds to an atomic number, which is allowed in the child of a process with threads. It is
    // called for as long as the process lives. Hazard: this library is unloaded before. Python unloads no module, and
    // the C libraries forget the handlers of a library that goes.
    let outcome = unsafe { libc::pthread_atfork(None, None, Some(forked)) };
    COUNTED.store(outcome == 0, Ordering::Relaxed);
}

/// A number that the process shares with none of its ancestors.
pub fn number() -> u32 {
    if COUNTED.load(Ordering::Relaxed) {
        FORKS.load(Ordering::Relaxed)
    } else {
        std::process::id()
    }
}
