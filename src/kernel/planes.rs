//! Blocks in private memory: what a method of audio computes on.
//!
//! Shared samples are no slices, for Python may write to them at any time. A method therefore loads a block of frames into
//! planes of its own, one for each channel, works on these as on any slice, and stores them. Float32 is computed in
//! float32, everything else in float64; integers are fractions of full scale on the way in, and are rounded to the
//! nearest, ties to even, and saturated on the way out.

use std::ops::{Add, Mul, Neg, Sub};

use crate::dtype::Sample;
use crate::error::Error;
use crate::kernel::arch::Arch;
use crate::kernel::row::{AnySource, AnyTarget, Tagged};
use crate::view::{Access, Source, Strided, Target};

/// Bytes of scratch memory that a block takes, so that it stays in a core's own cache.
const SCRATCH_BYTES: usize = 128 << 10;
/// Frames of a block: a multiple of the least.
const LEAST: usize = 1024;
const MOST: usize = 4096;

/// Memory for so many values, of which a caller decides the number.
///
/// # Errors
/// [`Error::OutOfMemory`], where a vector of the standard library would end the process.
pub fn room_for<N>(count: usize) -> Result<Vec<N>, Error> {
    let mut room = Vec::new();
    let bytes = count.saturating_mul(size_of::<N>());
    let reserved = room.try_reserve_exact(count);
    reserved.map_err(|_| Error::OutOfMemory { bytes })?;
    Ok(room)
}

/// As many times the same value, in memory of [`room_for`].
///
/// # Errors
/// As there.
pub fn filled<N: Clone>(count: usize, value: N) -> Result<Vec<N>, Error> {
    let mut room = room_for(count)?;
    room.resize(count, value);
    Ok(room)
}

/// A type that methods compute in: `f32` or `f64`.
pub trait Real:
    Sample + Tagged + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// The nearest number of this type.
    fn nearest(value: f64) -> Self;
    /// The largest number of this type that is not above a positive one.
    fn at_most(value: f64) -> Self;
    /// Whether it is neither zero, infinite, no number, nor less than the type holds in full.
    fn is_normal(self) -> bool;
    /// `self * factor`, rounded once.
    #[inline(always)]
    fn times(self, factor: f64) -> Self {
        Self::nearest(self.to_f64() * factor)
    }
}

impl Real for f32 {
    #[inline(always)]
    fn nearest(value: f64) -> f32 {
        value as f32
    }

    fn at_most(value: f64) -> f32 {
        let nearest = value as f32;
        match f64::from(nearest) > value {
            true => nearest.next_down(),
            false => nearest,
        }
    }

    fn is_normal(self) -> bool {
        f32::is_normal(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn nearest(value: f64) -> f64 {
        value
    }

    fn at_most(value: f64) -> f64 {
        value
    }

    fn is_normal(self) -> bool {
        f64::is_normal(self)
    }
}

/// The frames of a block, channel after channel, in memory that nothing else can reach.
#[derive(Clone, Debug)]
pub struct Planes<T> {
    samples: Vec<T>,
    channels: usize,
    frames: usize,
}

/// Frames that a pass over audio of so many channels takes at a time.
pub fn block_frames(channels: usize) -> usize {
    let fitting = SCRATCH_BYTES / size_of::<f64>() / channels.max(1);
    (fitting / LEAST * LEAST).clamp(LEAST, MOST)
}

impl<T: Real> Planes<T> {
    /// No frames yet, of so many channels.
    pub fn new(channels: usize) -> Planes<T> {
        Planes {
            samples: Vec::new(),
            channels,
            frames: 0,
        }
    }

    /// The number of channels.
    #[inline]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of frames.
    #[inline]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Makes room for other frames, whose samples have no value in particular.
    pub fn resize(&mut self, frames: usize) {
        self.samples.resize(self.channels * frames, T::nearest(0.0));
        self.frames = frames;
    }

    /// One channel.
    #[inline]
    pub fn plane(&self, channel: usize) -> &[T] {
        &self.samples[channel * self.frames..][..self.frames]
    }

    /// One channel, to be changed.
    #[inline]
    pub fn plane_mut(&mut self, channel: usize) -> &mut [T] {
        &mut self.samples[channel * self.frames..][..self.frames]
    }

    /// All channels.
    #[inline]
    pub fn planes(&self) -> impl Iterator<Item = &[T]> {
        (0..self.channels).map(|channel| self.plane(channel))
    }

    /// All channels, to be changed.
    #[inline]
    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.samples.chunks_mut(self.frames.max(1))
    }

    /// Two channels, to be changed together.
    #[inline]
    pub fn pair_mut(&mut self, first: usize, second: usize) -> Option<(&mut [T], &mut [T])> {
        let (low, high) = (first.min(second), first.max(second));
        if low == high || high >= self.channels {
            return None;
        }
        let (before, from) = self.samples.split_at_mut(high * self.frames);
        let low_plane = &mut before[low * self.frames..][..self.frames];
        let high_plane = &mut from[..self.frames];
        Some(match first == low {
            true => (low_plane, high_plane),
            false => (high_plane, low_plane),
        })
    }

    /// Loads all of `from`, with its channels.
    pub fn load(&mut self, access: &Access, from: &Strided<'_>) {
        self.channels = from.layout().channels();
        self.resize(from.layout().frames());
        for channel in 0..self.channels {
            load_row(access, from, channel, self.plane_mut(channel));
        }
    }

    /// Stores the frames in `into`, which has as many, and as many channels. `past_cache` for a destination that does not
    /// fit into the cache.
    pub fn store(&self, access: &Access, into: &Strided<'_>, past_cache: bool) {
        self.store_from(access, into, 0, past_cache);
    }

    /// As [`Planes::store`], of the frames from `first` on.
    pub fn store_from(&self, access: &Access, into: &Strided<'_>, first: usize, past_cache: bool) {
        assert_eq!(into.layout().channels(), self.channels, "channels");
        let frames = into.layout().frames();
        for channel in 0..self.channels {
            let plane = &self.plane(channel)[first..first + frames];
            store_row(access, into, channel, plane, past_cache);
        }
    }

    /// Takes away the first frames.
    pub fn drop_first(&mut self, frames: usize) {
        if frames == 0 {
            return;
        }
        let kept = self.frames - frames;
        for channel in 0..self.channels {
            let from = channel * self.frames + frames;
            self.samples.copy_within(from..from + kept, channel * kept);
        }
        self.samples.truncate(self.channels * kept);
        self.frames = kept;
    }

    /// Puts silent frames in front.
    pub fn put_silence_first(&mut self, frames: usize) {
        if frames == 0 {
            return;
        }
        let mut silence = Planes::new(self.channels);
        silence.resize(frames);
        for plane in silence.planes_mut() {
            plane.fill(T::nearest(0.0));
        }
        silence.append(self);
        *self = silence;
    }

    /// Puts the frames of another block of as many channels behind these.
    pub fn append(&mut self, more: &Planes<T>) {
        assert_eq!(more.channels, self.channels, "channels");
        let mut joined = Vec::with_capacity(self.samples.len() + more.samples.len());
        for channel in 0..self.channels {
            joined.extend_from_slice(self.plane(channel));
            joined.extend_from_slice(more.plane(channel));
        }
        self.frames += more.frames;
        self.samples = joined;
    }
}

/// Loads one channel of `from`, which has as many frames as `out`.
pub fn load_row<T: Real>(access: &Access, from: &Strided<'_>, channel: usize, out: &mut [T]) {
    let row = AnySource::of(from, access, channel);
    Arch::best().convert(&T::any_target(Target::from_slice(out)), &row, false);
}

/// Stores one channel of `into`, which has as many frames as `from`.
pub fn store_row<T: Real>(
    access: &Access,
    into: &Strided<'_>,
    channel: usize,
    from: &[T],
    past_cache: bool,
) {
    let row = AnyTarget::of(into, access, channel);
    Arch::best().convert(&row, &T::any_source(Source::from_slice(from)), past_cache);
}
