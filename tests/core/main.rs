//! The core, without an interpreter.

mod file;
mod generation;
mod kernel;
mod layout;
mod pool;
mod samples;
mod wav;
mod wav_damage;
mod wav_writing;
