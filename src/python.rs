//! The Python package: the list of what it exports.
//!
//! Classes and functions here are thin: convert the arguments, call the core, convert the result back.
//!
//! ```text
//!   api                what users call by name: the class's methods, constructors, pickling
//!   array     files    audio as an array: operators, indexing, NumPy's protocols; files
//!   exchange           CPython's, NumPy's and DLPack's memory protocols, one in each file
//!   ground             the files of this folder: the class, errors, arguments, how operations run
//! ```

mod api;
mod arguments;
mod array;
mod class;
mod errors;
mod exchange;
mod files;
mod numpy;
mod opening;
mod policy;
mod running;
mod wording;

use pyo3::prelude::*;

/// The compiled half of the package `audio_samples`.
#[pymodule(gil_used = false)]
mod _audio_samples {
    #[pymodule_export]
    use super::api::borrowing::BorrowBlock;
    #[pymodule_export]
    use super::api::dsp::dsp;
    #[pymodule_export]
    use super::api::editing::{concatenate, mix};
    #[pymodule_export]
    use super::api::generation::generation;
    #[pymodule_export]
    use super::api::memory::memory;
    #[pymodule_export]
    use super::api::shared::{attach_handle, handle};
    #[pymodule_export]
    use super::api::spectrum::{_density, _intensities, _overlap_added, _spectra};
    #[pymodule_export]
    use super::api::views::View;
    #[pymodule_export]
    use super::array::computing::{
        _allow_copy, _array, _copied, _give_back, _lease, _parts, _refuse_masked, _refuse_shape,
        _same_samples, _wrap,
    };
    #[pymodule_export]
    use super::class::AudioSamples;
    #[pymodule_export]
    use super::files::edit::{FileEdit, edit};
    #[pymodule_export]
    use super::files::info_pickling::restore_info;
    #[pymodule_export]
    use super::files::many::{FileIterator, iter_many, read_many};
    #[pymodule_export]
    use super::files::mapped::open;
    #[pymodule_export]
    use super::files::read::{AudioInfo, info, read};
    #[pymodule_export]
    use super::files::stream::{FileStream, stream};
    #[pymodule_export]
    use super::files::write::write;
    #[pymodule_export]
    use super::policy::_use_policy;
    #[pymodule_export]
    use super::running::{num_threads, set_num_threads};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        super::errors::register(module)?;
        // What is public is listed in the package's __init__.py, once.
        module.delattr("__all__")?;
        super::exchange::dlpack::install(module.py())?;
        crate::view::survive_forks();
        Ok(())
    }
}
