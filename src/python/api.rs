//! What users call by name: the class's methods, its constructors, pickling, the submodules.

pub mod borrowing;
pub mod channels;
pub mod construct;
pub mod conversion;
pub mod convolve;
pub mod dsp;
pub mod dynamics;
pub mod editing;
pub mod equalizer;
pub mod filter;
pub mod generation;
pub mod level;
pub mod loudness;
pub mod measure;
pub mod memory;
pub mod methods;
pub mod missing_names;
pub mod processor;
pub mod resample;
pub mod shared;
pub mod spectrum;
pub mod tensors;
pub mod views;
