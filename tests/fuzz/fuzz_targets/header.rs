//! The walk over the chunks of plain files, and all that is told of a file.
#![no_main]

use std::io::Cursor;

use audio_samples::audio::particulars;
use audio_samples::audio::wav::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    if let Ok(header) = Header::read(&mut Cursor::new(file)) {
        let info = header.info;
        let bytes = info.frames * info.frame_bytes() as u64;
        assert!(info.data_offset + bytes <= file.len() as u64);
    }
    let _ = particulars::of(Box::new(Cursor::new(file)));
});
