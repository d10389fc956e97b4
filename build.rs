//! Tells the crate what interpreter it is built for (`Py_GIL_DISABLED`).

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
