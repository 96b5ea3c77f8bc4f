//! Files: audio read from them, written to them, mapped and edited in them.
//!
//! ```text
//!   input -> sniffed -> pcm (plain samples) or codec (compressed) -> source -> read, stream, batch
//!   audio -> write: a coder for each kind of file -> replace
//!   mapped: the file is the memory          edit: the file is changed block by block
//! ```
//!
//! [`Audio`](crate::audio::Audio) never names this floor.

pub mod batch;
pub mod clipping;
mod codec;
pub mod edit;
pub mod info;
mod input;
pub mod mapped;
pub mod parallel;
pub mod path;
pub mod pcm;
pub mod source;
pub mod stream;
pub mod write;
