//! From type to type as an audio engineer does it: with dither, and by the laws of telephones.

use std::str::FromStr;

use crate::audio::blockwise::{PerFrame, each_block, in_parts};
use crate::audio::g711::Law;
use crate::audio::{Audio, SampleRate, Wait};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};
use crate::kernel::{Arch, SafeLoop};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

/// How the error of rounding is kept from following the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DitherKind {
    /// Noise of triangular density, from -1 to 1 step: neither the mean nor the power of the error follows the signal.
    Triangular,
    /// The same, with the error moved to where the ear hears it least, at rates around 44.1 kHz: five taps of Lipshitz,
    /// Vanderkooy and Wannamaker, Minimally audible noise shaping, JAES 39(11), 1991.
    Shaped,
}

impl FromStr for DitherKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<DitherKind, Error> {
        match name {
            "tpdf" => Ok(DitherKind::Triangular),
            "shaped" => Ok(DitherKind::Shaped),
            _ => Err(Error::invalid(format!(
                "dither must be 'tpdf' or 'shaped', not '{name}'"
            ))),
        }
    }
}

/// Rounding to steps of `2^-(bits - 1)` with dither. The noise of a sample depends on the seed, its channel and its frame
/// alone: not on blocks, threads or the way in which samples lie.
#[derive(Clone, Debug)]
pub struct Dither {
    kind: DitherKind,
    steps: f64,
    seed: u64,
    /// The errors of the last frames of each channel, the newest first; of shaped dither alone.
    errors: Vec<[f64; TAPS.len()]>,
}

/// What of the last errors is taken from the next sample.
const TAPS: [f64; 5] = [2.033, -2.165, 1.959, -1.590, 0.6149];

impl Dither {
    /// To so many bits.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for fewer than 2 or more than 32.
    pub fn new(bits: u32, kind: DitherKind, seed: u64) -> Result<Dither, Error> {
        if !(2..=32).contains(&bits) {
            return Err(Error::invalid(format!(
                "dither is for 2 to 32 bits, not {bits}"
            )));
        }
        Ok(Dither {
            kind,
            steps: (1_u64 << (bits - 1)) as f64,
            seed,
            errors: Vec::new(),
        })
    }

    /// Rounds a block, whose first frame has this number, and which follows the one before.
    pub fn round<T: Real>(&mut self, first: usize, block: &mut Planes<T>) {
        self.errors.resize(block.channels(), [0.0; TAPS.len()]);
        if self.kind == DitherKind::Triangular {
            self.change(first, block);
            return;
        }
        for (channel, plane) in block.planes_mut().enumerate() {
            let (key, errors) = (self.key(channel), &mut self.errors[channel]);
            for (at, sample) in plane.iter_mut().enumerate() {
                let past = TAPS.iter().zip(&*errors).map(|(tap, error)| tap * error);
                let wanted = sample.to_f64() * self.steps - past.sum::<f64>();
                let rounded = whole(wanted + noise(key, (first + at) as u64));
                errors.rotate_right(1);
                errors[0] = rounded - wanted;
                if !errors[0].is_finite() {
                    errors[0] = 0.0;
                }
                *sample = T::nearest(rounded / self.steps);
            }
        }
    }

    /// What tells the noise of a channel from that of others.
    fn key(&self, channel: usize) -> u64 {
        mixed(self.seed ^ mixed(channel as u64 ^ 0x6A09_E667_F3BC_C908))
    }
}

impl PerFrame for Dither {
    fn change<T: Real>(&self, first: usize, block: &mut Planes<T>) {
        for (channel, samples) in block.planes_mut().enumerate() {
            Arch::best().compute(Triangular {
                samples,
                first: first as u64,
                key: self.key(channel),
                steps: self.steps,
            });
        }
    }
}

struct Triangular<'a, T> {
    samples: &'a mut [T],
    first: u64,
    key: u64,
    steps: f64,
}

impl<T: Real> SafeLoop for Triangular<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let step = 1.0 / self.steps;
        for (at, sample) in self.samples.iter_mut().enumerate() {
            let dithered = sample.to_f64() * self.steps + noise(self.key, self.first + at as u64);
            *sample = T::nearest(whole(dithered) * step);
        }
    }
}

/// The nearest whole number, ties to even, below 2^51.
#[inline(always)]
fn whole(value: f64) -> f64 {
    const BEYOND: f64 = 6_755_399_441_055_744.0;
    (value + BEYOND) - BEYOND
}

/// Two numbers from 0 to 1, added and shifted: from -1 to 1, of triangular density.
#[inline(always)]
fn noise(key: u64, frame: u64) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 32) as f64;
    let bits = mixed(key.wrapping_add(frame.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let (one, other) = (bits >> 32, bits & 0xFFFF_FFFF);
    // The lowest bit of half a unit makes the mean 0.
    f64::from(one as u32) * UNIT + f64::from(other as u32) * UNIT - 1.0 + UNIT
}

/// The bits of a number, each of which depends on all of them (the finish of SplitMix64, Steele, Lea and Flood).
#[inline(always)]
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

impl Audio {
    /// The samples in an integer type, with dither, in the same order of memory.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where nothing is rounded; samples that are borrowed.
    pub fn dithered(
        &self,
        dtype: Dtype,
        kind: DitherKind,
        seed: u64,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let dither = self.dither_to(dtype, kind, seed)?;
        let mut fresh = Fresh::alike(self.layout(), dtype)?;
        let from = self.samples.strided();
        let claims = [from.claim(Mode::Read)];
        access_to(&from, &claims, wait.lock, wait.until, |access| {
            dither_all(access, &fresh.strided(), &from, &dither)
        })??;
        Ok(self.with_samples(fresh.share()))
    }

    /// As [`Audio::dithered`], into the samples of other audio of the same shape and rate.
    ///
    /// # Errors
    /// As there, and as [`Audio::require_fit`].
    pub fn dither_into(
        &self,
        out: &Audio,
        kind: DitherKind,
        seed: u64,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        out.require_fit(self, self.layout().shape())?;
        let dither = self.dither_to(out.dtype(), kind, seed)?;
        let (from, into) = (self.samples.strided(), out.samples.strided());
        let claims = [into.claim(Mode::Write), from.claim(Mode::Read)];
        access_to(&into, &claims, wait.lock, wait.until, |access| {
            dither_all(access, &into, &from, &dither)
        })?
    }

    fn dither_to(&self, dtype: Dtype, kind: DitherKind, seed: u64) -> Result<Dither, Error> {
        let own = self.dtype();
        let rounds = !dtype.is_float() && (own.is_float() || own.size() > dtype.size());
        if !rounds {
            return Err(Error::invalid(format!(
                "from {} to {} nothing is rounded, so there is nothing to dither; leave dither= out",
                own.name(),
                dtype.name()
            )));
        }
        Dither::new(8 * dtype.size() as u32, kind, seed)
    }
}

fn dither_all(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    dither: &Dither,
) -> Result<(), Error> {
    let layout = from.layout();
    let channels = layout.channels();
    let part = |start, count, dither: &mut Dither| {
        let mut block = Planes::<f64>::new(channels);
        each_block(start, count, channels, |at, frames| {
            let (from, out) = (from.take_frames(at, frames)?, out.take_frames(at, frames)?);
            block.load(access, &from);
            dither.round(at, &mut block);
            block.store(access, &out, false);
            from.give_back();
            out.give_back();
            Ok(())
        })
    };
    match dither.kind {
        // Each frame by itself: on all threads.
        DitherKind::Triangular => {
            let done = in_parts(from, |start, count| part(start, count, &mut dither.clone()));
            done.into_iter().collect()
        }
        DitherKind::Shaped => part(0, layout.frames(), &mut dither.clone()),
    }
}

impl Audio {
    /// Bytes of G.711, channel after channel: each sample rounded to 16 bits and compressed by a law.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`].
    pub fn companded(&self, law: Law, wait: Wait<'_>) -> Result<Vec<u8>, Error> {
        let integers = self.convert(Dtype::Int16, wait)?;
        let samples = integers.to_vec::<i16>()?;
        Ok(samples
            .into_iter()
            .map(|sample| law.compress(sample))
            .collect())
    }

    /// Audio of int16 from bytes of G.711, channel after channel. `shape` is `(frames,)` or `(channels, frames)`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another number of bytes; [`Error::OutOfMemory`].
    pub fn from_companded(
        bytes: &[u8],
        shape: &[usize],
        law: Law,
        rate: SampleRate,
    ) -> Result<Audio, Error> {
        let mut fresh = Fresh::new(shape, Dtype::Int16)?;
        let samples = fresh.as_mut_slice::<i16>().unwrap_or_default();
        if samples.len() != bytes.len() {
            return Err(Error::invalid(format!(
                "{} bytes are not the {} samples of shape {shape:?}",
                bytes.len(),
                samples.len()
            )));
        }
        for (sample, byte) in samples.iter_mut().zip(bytes) {
            *sample = law.expand(*byte);
        }
        Audio::new(fresh.share(), rate)
    }
}
