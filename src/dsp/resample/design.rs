//! The filter between two rates, and one block through it.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;

use super::{Quality, Ratio};
use crate::dsp::fft::{Cache, Transform, TransformScratch, Transformed};

/// A type that is resampled in.
pub trait Designed: Transformed {
    /// The filter between two rates, which may have been made before.
    fn converter(ratio: Ratio, quality: Quality) -> Arc<Converter<Self>>;
}

type KeptConverters<T> = Cache<(Ratio, Quality), Arc<Converter<T>>>;

impl Designed for f32 {
    fn converter(ratio: Ratio, quality: Quality) -> Arc<Converter<f32>> {
        static KEPT: KeptConverters<f32> = Cache::new();
        KEPT.get((ratio, quality), Lengths::of(ratio, quality).both(), || {
            Arc::new(Converter::design(ratio, quality))
        })
    }
}

impl Designed for f64 {
    fn converter(ratio: Ratio, quality: Quality) -> Arc<Converter<f64>> {
        static KEPT: KeptConverters<f64> = Cache::new();
        KEPT.get((ratio, quality), Lengths::of(ratio, quality).both(), || {
            Arc::new(Converter::design(ratio, quality))
        })
    }
}

/// A filter of zero phase, and how long its blocks are.
pub struct Converter<T> {
    input: Transform<T>,
    output: Transform<T>,
    /// The filter's gain in each bin, which is real, by the length of the input.
    response: Vec<T>,
    /// Frames of the input that a block has in front of those that it is for, and behind them.
    pub half: usize,
    /// Frames from one block to the next, in the input and in the output.
    pub hop_in: usize,
    pub hop_out: usize,
    /// Frames of the output in front of those that a block is for.
    lead: usize,
}

/// The memory of one block.
pub struct BlockMemory<T> {
    /// The frames from `half` before the block on.
    pub input: Vec<T>,
    spectrum: Vec<Complex<T>>,
    cut: Vec<Complex<T>>,
    output: Vec<T>,
    scratch: (TransformScratch<T>, TransformScratch<T>),
}

/// How long the filter between two rates is, and its blocks.
pub struct Lengths {
    /// The lower Nyquist frequency as a fraction of the input's rate.
    nyquist: f64,
    taps: usize,
    /// As [`Converter::half`].
    half: usize,
    /// Frames of a block in the input and in the output.
    input: usize,
    output: usize,
}

impl Lengths {
    /// Those of a filter of this quality.
    pub fn of(ratio: Ratio, quality: Quality) -> Lengths {
        let (unit_in, unit_out) = ratio.whole();
        let rate = f64::from(ratio.from.hertz());
        let nyquist = rate.min(f64::from(ratio.to.hertz())) / 2.0 / rate;
        // Kaiser's length of the transition from the end of the band to the lower Nyquist frequency.
        let transition = 2.0 * PI * nyquist * (1.0 - quality.pass());
        let taps = ((quality.attenuation() - 7.95) / (2.285 * transition)).ceil() as usize;
        let half = taps.div_ceil(2).div_ceil(unit_in) * unit_in;
        let input = block_len(2 * half + 1, unit_in);
        Lengths {
            nyquist,
            taps,
            half,
            input,
            output: input / unit_in * unit_out,
        }
    }

    /// Frames of a block at both rates.
    fn both(&self) -> usize {
        self.input + self.output
    }

    /// Frames of a block at the higher rate.
    pub fn longest(&self) -> usize {
        self.input.max(self.output)
    }
}

impl<T: Designed> Converter<T> {
    /// Designs the filter.
    pub fn design(ratio: Ratio, quality: Quality) -> Converter<T> {
        let (unit_in, unit_out) = ratio.whole();
        let lengths = Lengths::of(ratio, quality);
        let (taps, half, len) = (lengths.taps, lengths.half, lengths.input);
        let input = Transform::<T>::of(len);
        let output = Transform::<T>::of(lengths.output);
        let hop_in = (len - 2 * half) / unit_in * unit_in;
        let cutoff = lengths.nyquist * (1.0 + quality.pass()) / 2.0;
        let response = response(taps.div_ceil(2), cutoff, quality.attenuation(), len);
        let bins = input.bins().min(output.bins());
        Converter {
            response: response[..bins]
                .iter()
                .map(|gain| T::nearest(*gain))
                .collect(),
            half,
            hop_in,
            hop_out: hop_in / unit_in * unit_out,
            lead: half / unit_in * unit_out,
            input,
            output,
        }
    }

    /// Frames from one block to the next, in the input and in the output.
    pub fn hops(&self) -> (usize, usize) {
        (self.hop_in, self.hop_out)
    }

    /// Frames of the input of a block.
    pub fn len_in(&self) -> usize {
        self.input.len()
    }

    /// Bytes that the memory of a block takes.
    pub fn block_bytes(&self) -> usize {
        // Samples, spectrum and scratch, of the input and of the output.
        4 * size_of::<T>() * (self.input.len() + self.output.len())
    }

    /// Memory for blocks, one for each thread.
    pub fn work(&self) -> BlockMemory<T> {
        BlockMemory {
            input: vec![T::zero(); self.input.len()],
            spectrum: vec![Complex::new(T::zero(), T::zero()); self.input.bins()],
            cut: vec![Complex::new(T::zero(), T::zero()); self.output.bins()],
            output: vec![T::zero(); self.output.len()],
            scratch: (self.input.scratch(), self.output.scratch()),
        }
    }

    /// The output of the block whose input is there: `hop_out` frames.
    pub fn run<'w>(&self, work: &'w mut BlockMemory<T>) -> &'w [T] {
        self.input
            .forward(&mut work.input, &mut work.spectrum, &mut work.scratch.0);
        let (within, beyond) = work.cut.split_at_mut(self.response.len());
        for ((out, bin), gain) in within.iter_mut().zip(&work.spectrum).zip(&self.response) {
            *out = Complex::new(bin.re * *gain, bin.im * *gain);
        }
        beyond.fill(Complex::new(T::zero(), T::zero()));
        self.output
            .inverse(&mut work.cut, &mut work.output, &mut work.scratch.1);
        &work.output[self.lead..][..self.hop_out]
    }
}

/// Frames of a block for so many taps: some times as many, a multiple of the unit, and easy to transform.
fn block_len(taps: usize, unit: usize) -> usize {
    /// Taps to frames of a block: fewer waste work on frames that are thrown away, more leave the cache.
    const TIMES: usize = 4;
    let units = (TIMES * taps).div_ceil(unit).max(3);
    let power = units.next_power_of_two();
    let three_quarters = power / 4 * 3;
    unit * if three_quarters >= units {
        three_quarters
    } else {
        power
    }
}

/// The gains in the bins of a transform of `len` of a windowed sinc, divided by `len`. The filter is centred on frame 0, so
/// that they are real.
fn response(half: usize, cutoff: f64, attenuation: f64, len: usize) -> Vec<f64> {
    let beta = 0.1102 * (attenuation - 8.7);
    let top = bessel_i0(beta);
    let mut filter = vec![0.0; len];
    for distance in 0..=half {
        let time = distance as f64;
        let inside = time / (half + 1) as f64;
        let window = bessel_i0(beta * (1.0 - inside * inside).sqrt()) / top;
        let sinc = match distance {
            0 => 2.0 * cutoff,
            _ => (2.0 * PI * cutoff * time).sin() / (PI * time),
        };
        filter[distance] = window * sinc;
        if distance > 0 {
            filter[len - distance] = window * sinc;
        }
    }
    // At 0 Hz a filter of finite length is not quite 1.
    let sum: f64 = filter.iter().sum();
    let transform = Transform::<f64>::of(len);
    let mut spectrum = vec![Complex::new(0.0, 0.0); transform.bins()];
    transform.forward(&mut filter, &mut spectrum, &mut transform.scratch());
    let scale = 1.0 / (sum * len as f64);
    spectrum.iter().map(|bin| bin.re * scale).collect()
}

/// The modified Bessel function of the first kind, of order 0.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > sum * 1e-18 {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}
