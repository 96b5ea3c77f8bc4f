//! The core, without an interpreter.

mod blocks;
mod borrowing;
mod contention;
mod decoding;
mod dtype;
mod error;
mod file;
mod forks;
mod generation;
mod into;
mod kernel;
mod layout;
mod mapped;
mod memory;
mod methods;
mod parts;
mod pool;
mod registry;
mod samples;
mod shared;
mod verbs;
mod view;
mod wav;
mod wav_damage;
mod wav_writing;
