//! The whole way from bytes to samples: from the beginning and from the middle, at another rate, and what is whole of a
//! damaged file.
#![no_main]

use std::io::Cursor;

use audio_samples::audio::SampleRate;
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::{self, Selection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let select = |start, frames| Selection {
        dtype: Dtype::Float32.into(),
        start,
        frames,
        ..Selection::default()
    };
    let read = |selection| files::read_from(Box::new(Cursor::new(file)), selection);
    match read(select(0, None)) {
        Ok(whole) => {
            let frames = whole.layout().frames() as u64;
            let part = read(select(frames / 2, Some(100)));
            assert!(part.is_ok(), "{part:?}");
            // Twice as fast and as one channel; a number of channels that has no mean is refused.
            let _ = read(Selection {
                rate: whole
                    .rate()
                    .hertz()
                    .checked_mul(2)
                    .and_then(|hertz| SampleRate::new(hertz).ok()),
                channels: Some(1),
                ..select(0, Some(frames.min(1_000)))
            });
        }
        Err(Error::File { .. }) => kept(file, select(0, None)),
        Err(_) => {}
    }
});

/// The whole frames of a damaged file are those that a selection of so many gives.
fn kept(file: &[u8], selection: Selection) {
    let input = || Box::new(Cursor::new(file));
    let Ok((kept, Some(_))) = files::read_kept(input(), selection) else {
        return;
    };
    let frames = Some(kept.layout().frames() as u64);
    let asked = files::read_from(
        input(),
        Selection {
            frames,
            ..selection
        },
    );
    let difference = kept.subtract(&asked.expect("these frames are whole"));
    let peak = difference
        .and_then(|audio| audio.peak())
        .expect("both are alike");
    assert!(peak == 0.0 || peak.is_nan(), "differs by {peak}");
}
