//! The whole way from bytes to samples, from the beginning and from the middle.
#![no_main]

use std::io::Cursor;

use audio_samples::dtype::Dtype;
use audio_samples::files::{self, Selection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let read = |start, frames| {
        let selection = Selection {
            dtype: Dtype::Float32.into(),
            start,
            frames,
            ..Selection::default()
        };
        files::read_from(Box::new(Cursor::new(file)), selection)
    };
    if let Ok(whole) = read(0, None) {
        let frames = whole.layout().frames() as u64;
        let part = read(frames / 2, Some(100));
        assert!(part.is_ok(), "{part:?}");
    }
});
