//! The walk over the chunks of plain files, all that is told of a file, and what is passed on from it.
#![no_main]

use std::io::Cursor;

use audio_samples::files::info as particulars;
use audio_samples::files::pcm::wav::Header;
use audio_samples::files::write::metadata::Metadata;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    if let Ok(header) = Header::read(&mut Cursor::new(file)) {
        let info = header.info;
        let bytes = info.frames * info.frame_bytes() as u64;
        assert!(info.data_offset + bytes <= file.len() as u64);
    }
    let _ = particulars::of(Box::new(Cursor::new(file)));
    if let Ok(passing) = Metadata::from(Box::new(Cursor::new(file))) {
        let passed = passing.before(true).len() + passing.behind(true).len();
        // A head of eight bytes and one of padding, for chunks that each have their own in the file.
        assert!(passed <= 2 * file.len());
    }
});
