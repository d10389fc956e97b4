//! The data connection of an upload that is kept until the final reply: see `tls::lingering`.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::python::call::Call;
use crate::python::control::reader::reader;
use crate::python::overrides::View;
use crate::python::tls::lingering::Lingering;

/// Where the client keeps it: see `rftplib._transfer`.
const ATTRIBUTE: &str = "_rftplib_lingering";

/// There while replies to NOOPs are to come beside that of the transfer: see `rftplib._noops`.
const OTHERS: &str = "_rftplib_noops";

/// What is kept for the reply that is read now, and the attributes that it is kept in.
pub type ForReply<'py> = Option<(Bound<'py, PyDict>, Bound<'py, Lingering>)>;

/// A reply is going to be waited for: see `Lingering::settle`.
pub fn settle<'py>(view: &View<'_, 'py>) -> PyResult<ForReply<'py>> {
    let (ftp, py) = (view.ftp(), view.ftp().py());
    let Some(attributes) = view.attributes() else {
        return Ok(None);
    };
    let Some(kept) = attributes.get_item(intern!(py, ATTRIBUTE))? else {
        return Ok(None);
    };
    let Ok(kept) = kept.cast_into_exact::<Lingering>() else {
        return Ok(None);
    };
    let sock = ftp.getattr_held(intern!(py, "sock"))?;
    let file = ftp.getattr_held(intern!(py, "file"))?;
    let replied = reader(&file).is_some_and(|reader| reader.get().is_buffered(py));
    kept.get().settle(&sock, replied)?;
    Ok(Some((attributes, kept)))
}

/// The reply has been read, and was no preliminary one.
pub fn release(kept: ForReply<'_>) -> PyResult<()> {
    let Some((attributes, kept)) = kept else {
        return Ok(());
    };
    let py = attributes.py();
    if attributes.contains(intern!(py, OTHERS))? {
        return Ok(()); // it may be that of a NOOP
    }
    kept.get().release(py)?;
    if attributes.contains(intern!(py, ATTRIBUTE))? {
        attributes.del_item(intern!(py, ATTRIBUTE))?;
    }
    Ok(())
}
