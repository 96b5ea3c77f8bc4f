//! Looking at the samples of audio from a test.

use audio_samples::audio::{Audio, SampleRate, Wait};
use audio_samples::dtype::{Dtype, Sample};
use audio_samples::files::{ReadAs, Selection};
use audio_samples::registry::{Mode, Until, ViewKind};
use audio_samples::view::{Export, Fresh, Lock, Samples, access};
use audio_samples::with_sample;

/// Every sample as float64, channel by channel.
pub fn values(audio: &Audio) -> Vec<Vec<f64>> {
    let wide = audio.cast(Dtype::Float64, Wait::brief()).unwrap();
    let samples = wide.samples().strided();
    let claim = samples.claim(Mode::Read);
    let frames = samples.layout().frames();
    let row = |access: &_, channel| {
        let source = samples.source::<f64>(access, channel);
        (0..frames).map(|frame| source.get(frame)).collect()
    };
    access(&[claim], Lock::Table, Until::Now, |access| {
        let channels = samples.layout().channels();
        (0..channels).map(|channel| row(access, channel)).collect()
    })
    .unwrap()
}

/// A range of a file, in the type that the file stores.
pub fn stored(start: u64, frames: Option<u64>) -> Selection {
    Selection {
        dtype: ReadAs::Stored,
        start,
        frames,
        ..Selection::default()
    }
}

pub fn rate(hertz: u32) -> SampleRate {
    SampleRate::new(hertz).unwrap()
}

/// An array on all of the samples.
pub fn exported(samples: &Samples) -> Export {
    let layout = samples.layout();
    samples.export(ViewKind::Array, true, layout).unwrap()
}

/// Samples that count up, from 1000 in the second channel.
pub fn ramp(channels: usize, frames: usize, dtype: Dtype) -> Audio {
    let shape = [channels, frames];
    let value = |channel, frame| (channel * 1000 + frame) as f64;
    audio_of(&shape[usize::from(channels == 1)..], dtype, 44100, value)
}

/// Audio of a type and shape whose samples tell their channel and frame.
pub fn audio_of(
    shape: &[usize],
    dtype: Dtype,
    hertz: u32,
    value: impl Fn(usize, usize) -> f64,
) -> Audio {
    let mut fresh = Fresh::new(shape, dtype).unwrap();
    let frames = fresh.layout().frames();
    with_sample!(dtype, T => {
        for (index, sample) in fresh.as_mut_slice::<T>().unwrap().iter_mut().enumerate() {
            *sample = T::round_from_f64(value(index / frames, index % frames));
        }
    });
    Audio::new(fresh.share(), rate(hertz)).unwrap()
}

/// Tones with a little noise: nothing that a codec finds trivial.
pub fn wave(channels: usize, frames: usize) -> Audio {
    let value = |channel, frame| {
        let phase = frame as f64 * 0.02 * (channel + 1) as f64;
        (phase.sin() * 12_000.0 + (frame * 7919 % 301) as f64).round()
    };
    audio_of(&[channels, frames], Dtype::Int16, 44_100, value)
}
