//! Audio in aligned memory that Rust owns and every consumer shares: NumPy, PyTorch, other threads, other processes.
//!
//! An [`Audio`] is samples (`int16`, `int32`, `float32` or `float64`) with a sample rate. Cloning and slicing share the
//! samples; an operation holds a lease on exactly the bytes that it reads and writes, so that threads may work on
//! one audio at a time without a lost update. [`files`] reads, writes, maps and edits audio files.
//!
//! ```
//! use audio_samples::{Error, files};
//!
//! # let source = concat!(env!("CARGO_MANIFEST_DIR"), "/python/audio_samples/_recordings/tabla.wav");
//! # let target = std::env::temp_dir().join(format!("half-{}.wav", std::process::id()));
//! let audio = files::read(source)?;
//! let left = audio.channel(0)?; // the same memory
//! audio.scale_inplace(0.5)?;
//! files::write(&target, &audio)?;
//!
//! assert_eq!(files::read(&target)?.channel(0)?.to_vec::<f32>()?, left.to_vec::<f32>()?);
//! # std::fs::remove_file(target).ok();
//! # Ok::<(), Error>(())
//! ```
//!
//! Without the feature `python`, which is on by default, the crate needs no interpreter:
//! `audio_samples = { version = "0.1", default-features = false }`.
//!
//! # The house
//!
//! A file names only what stands on strictly lower floors, and no two files name each other in a circle;
//! `tests/architecture.rs` holds them to that. The hidden modules are public for the crate's own tests and
//! benches, and promise no stability.
//!
//! ```text
//! 7   python          thin classes and functions: convert, call, convert back
//! 6   files           formats: read, written, mapped, edited
//! 5   dsp             signal processing, block by block
//! 4   audio           samples with a rate; what an audio engineer does with them
//! 3   kernel          plans and loops over samples
//! 2   view            buffer + layout + type + lease: the only door to samples
//! 1   memory          one allocation and its owner
//!     registry        every view and every lease, by address
//! 0   dtype layout error sync
//! ```

// The page about Rust, whose example is a test.
#![cfg_attr(doctest, doc = include_str!("../docs/rust.md"))]

pub mod audio;
pub mod dsp;
pub mod dtype;
pub mod error;
pub mod files;
#[doc(hidden)]
pub mod kernel;
pub mod layout;
pub mod memory;
#[cfg(feature = "python")]
mod python;
#[doc(hidden)]
pub mod registry;
mod sync;
#[doc(hidden)]
pub mod view;

pub use audio::{Audio, SampleRate};
pub use dtype::Dtype;
pub use error::Error;
