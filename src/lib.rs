//! Audio in aligned memory that Rust owns and everybody can see.
//!
//! A file may name only what stands on strictly lower floors; `tests/architecture.rs` holds it to that.
//!
//! ```text
//! floor 7   python          thin classes and functions: convert, call, convert back
//! floor 6   files           formats, read, written, mapped and edited
//! floor 4   audio           samples with a rate; what an audio engineer does with them
//! floor 3   kernel          plans and loops over samples
//! floor 2   view            buffer + layout + type + lease: the only door to samples
//! floor 1   memory          one allocation and whoever must free it
//!           registry        every view and every lease, by address
//! floor 0   dtype layout error sync
//! ```

pub mod audio;
pub mod dtype;
pub mod error;
pub mod files;
pub mod kernel;
pub mod layout;
pub mod memory;
#[cfg(feature = "python")]
mod python;
pub mod registry;
mod sync;
pub mod view;
