//! Audio as an array: operators, indexing, and NumPy's protocols.

pub mod arithmetic;
pub mod fitting;
pub mod functions;
pub mod indexing;
pub mod operand;
pub mod scalar;
pub mod ufunc;
