//! The doors between our memory and CPython's: one protocol a file.

mod array;
mod arrow;
pub mod buffer;
pub mod dlpack;
pub mod ndarray;
pub mod outward;
pub mod owner;
