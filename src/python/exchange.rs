//! The doors between our memory and CPython's: one protocol a file.

pub mod buffer;
pub mod dlpack;
pub mod ndarray;
pub mod owner;
