//! Files, from Python: by path or by file object.

pub mod blocks;
pub mod closable;
pub mod edit;
pub mod facts;
pub mod file_object;
pub mod info_pickling;
pub mod many;
pub mod mapped;
pub mod read;
pub mod stream;
pub mod write;
