//! Holds a thread that the ending interpreter would unwind (see `call`), wherever it is: also in what PyO3 and pyo3-log
//! do by themselves, where no guard of ours can stand, such as to read an argument or to make an object.
//!
//! Before glibc unwinds a frame it runs the thread's cleanup handlers that belong to that frame. It tells by the address
//! of the handler's record: one that isn't on the stack counts as left behind with the very first frame. So our handler
//! runs before anything is unwound, and doesn't return. From 3.14 on CPython holds threads in the same way.
//!
//! The two functions are those behind `pthread_cleanup_push` and `pthread_cleanup_pop` in programs that were compiled
//! without exceptions: part of glibc's binary interface. Should it drop them, the guards of `call` are left. Other C
//! libraries (musl's, macOS's, Windows') end a thread without unwinding it.

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn this_thread() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use glibc::this_thread;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::{CStr, c_int, c_void};
    use std::ptr::null_mut;
    use std::sync::OnceLock;

    /// `struct _pthread_cleanup_buffer` of pthread.h.
    #[repr(C)]
    struct Record {
        routine: *mut c_void,
        argument: *mut c_void,
        kind: c_int,
        before: *mut Record,
    }

    type Push = unsafe extern "C" fn(*mut Record, extern "C" fn(*mut c_void), *mut c_void);
    type Pop = unsafe extern "C" fn(*mut Record, c_int);
    type IsFinalizing = unsafe extern "C" fn() -> c_int;

    struct Functions {
        push: Push,
        pop: Pop,
        is_finalizing: IsFinalizing,
    }

    fn find(name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the name ends with NUL; RTLD_DEFAULT stands for all libraries of the process.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    }

    fn functions() -> Option<&'static Functions> {
        static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
        let all = || {
            let (push, pop) = (find(c"_pthread_cleanup_push")?, find(c"_pthread_cleanup_pop")?);
            // public from 3.13 on
            let is_finalizing = find(c"Py_IsFinalizing").or_else(|| find(c"_Py_IsFinalizing"))?;
            // SAFETY: these are their types in glibc's pthread.h and in all of CPython's headers.
            unsafe {
                Some(Functions {
                    push: std::mem::transmute::<*mut c_void, Push>(push),
                    pop: std::mem::transmute::<*mut c_void, Pop>(pop),
                    is_finalizing: std::mem::transmute::<*mut c_void, IsFinalizing>(is_finalizing),
                })
            }
        };
        FUNCTIONS.get_or_init(all).as_ref()
    }

    /// The handler. A thread that ends for another reason may go.
    extern "C" fn hold(_: *mut c_void) {
        // SAFETY: it reads a variable of the interpreter, which may be asked for at any time and from any thread.
        while functions().is_some_and(|functions| unsafe { (functions.is_finalizing)() } != 0) {
            std::thread::park();
        }
    }

    /// A thread's record, on the heap.
    struct Handler(*mut Record);

    thread_local! {
        static HANDLER: Option<Handler> = functions().map(Handler::new);
    }

    impl Handler {
        fn new(functions: &Functions) -> Self {
            let record = Box::into_raw(Box::new(Record {
                routine: null_mut(),
                argument: null_mut(),
                kind: 0,
                before: null_mut(),
            }));
            // SAFETY: the record lives until `pop`, and nobody else touches it.
            unsafe { (functions.push)(record, hold, null_mut()) };
            Self(record)
        }
    }

    impl Drop for Handler {
        fn drop(&mut self) {
            // The thread has returned from its last function, or was unwound, which has taken the record from the list.
            // Whatever else was pushed since then was popped, for its frame is gone: so the list may become what it was.
            if let Some(functions) = functions() {
                // SAFETY: the record was pushed by this thread and is still there; it isn't run.
                unsafe { (functions.pop)(self.0, 0) };
            }
            // SAFETY: it is from Box::into_raw, and glibc has been made to forget it.
            drop(unsafe { Box::from_raw(self.0) });
        }
    }

    /// From now on this thread is held.
    pub fn this_thread() {
        // not at the very end of the thread, when its variables are gone
        let _ = HANDLER.try_with(|_| ());
    }
}
