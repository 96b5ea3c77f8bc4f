//! The Python package: the list of what it exports.
//!
//! Classes and functions here are thin: convert the arguments, call the core, convert the result back.
//! What speaks CPython's or NumPy's memory protocols is in [`exchange`].

mod arithmetic;
mod audio;
mod blocks;
mod borrowing;
mod construct;
mod edit;
mod errors;
mod exchange;
mod facts;
mod files;
mod fitting;
mod functions;
mod generation;
mod hints;
mod indexing;
mod input;
mod mapped;
mod memory;
mod number;
mod opened;
mod operand;
mod pickling;
mod policy;
mod running;
mod shared;
mod stream;
mod tensors;
mod told;
mod ufunc;
mod views;

use pyo3::prelude::*;

/// The compiled half of the package `audio_samples`.
#[pymodule(gil_used = false)]
mod _audio_samples {
    #[pymodule_export]
    use super::audio::AudioSamples;
    #[pymodule_export]
    use super::borrowing::Borrow;
    #[pymodule_export]
    use super::edit::{FileEdit, edit};
    #[pymodule_export]
    use super::files::{AudioInfo, info, read, read_many, write};
    #[pymodule_export]
    use super::generation::generation;
    #[pymodule_export]
    use super::mapped::open;
    #[pymodule_export]
    use super::memory::memory;
    #[pymodule_export]
    use super::pickling::restore;
    #[pymodule_export]
    use super::policy::_use_policy;
    #[pymodule_export]
    use super::running::{num_threads, set_num_threads};
    #[pymodule_export]
    use super::shared::attach_handle;
    #[pymodule_export]
    use super::stream::{FileStream, stream};
    #[pymodule_export]
    use super::told::restore_info;
    #[pymodule_export]
    use super::views::View;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        super::errors::register(module)?;
        // What is public is listed in the package's __init__.py, once.
        module.delattr("__all__")?;
        super::exchange::dlpack::install(module.py())?;
        super::hints::install(module.py())?;
        crate::view::survive_forks();
        Ok(())
    }
}
