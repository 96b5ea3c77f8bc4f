//! One block of a convolution.
//!
//! A block is transformed with the frames in front of it, multiplied by the spectrum of the impulse response, and
//! transformed back; the first frames, into which the end has run, are thrown away (overlap-save: Stockham, AFIPS 28,
//! 1966). A long response is cut into parts of a block's length, whose spectra meet those of the blocks before, so that a
//! transform stays in the cache and no block is longer than it needs to be.

use realfft::num_complex::Complex;

use super::impulse::ImpulseResponse;
use crate::dsp::fft::{Transform, TransformScratch, Transformed};
use crate::error::Error;
use crate::kernel::planes::{filled, room_for};

/// Taps up to which the sum itself takes no longer than transforms.
const SUMMED: usize = 16;
/// Frames of a transform of which an impulse response takes a fourth.
const SHORTEST: usize = 1024;
const LONGEST: usize = 32_768;
/// Parts of a longer one, up to the most frames that a part has.
const PARTS: usize = 8;
const MOST: usize = 1 << 20;

/// Where blocks begin and end: that depends on the number of taps alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub taps: usize,
    /// Frames from one block to the next.
    pub hop: usize,
    /// Frames that a block has in front of those that it is for.
    pub lead: usize,
    /// Parts of the impulse response; none where no transform is needed.
    parts: usize,
}

impl Grid {
    /// For so many taps.
    pub fn of(taps: usize) -> Grid {
        if taps <= SUMMED {
            let (hop, lead, parts) = (SHORTEST, taps.saturating_sub(1), 0);
            return Grid {
                taps,
                hop,
                lead,
                parts,
            };
        }
        if taps <= LONGEST / 4 {
            let len = (4 * taps).next_power_of_two().max(SHORTEST);
            let (hop, lead, parts) = (len - taps + 1, taps - 1, 1);
            return Grid {
                taps,
                hop,
                lead,
                parts,
            };
        }
        let fitting = taps.div_ceil(PARTS).min(MOST).next_power_of_two();
        let hop = fitting.max(LONGEST / 2);
        Grid {
            taps,
            hop,
            lead: hop,
            parts: taps.div_ceil(hop),
        }
    }

    /// Whether frames come out at once, without blocks.
    pub fn is_summed(&self) -> bool {
        self.parts == 0
    }

    /// Blocks in front of a block that take part in it.
    pub fn before(&self) -> usize {
        self.parts.saturating_sub(1)
    }
}

/// An impulse response, ready to be used on blocks.
pub struct BlockFilter<T> {
    pub grid: Grid,
    /// Of each channel the taps, or the spectra of the parts, divided by the length of the transform.
    taps: Vec<Vec<T>>,
    spectra: Vec<Vec<Complex<T>>>,
    transform: Option<Transform<T>>,
}

/// The memory that a block is computed in, one for each thread.
pub struct BlockScratch<T> {
    /// The frames from `lead` before the block on.
    pub window: Vec<T>,
    sum: Vec<Complex<T>>,
    output: Vec<T>,
    transform: Option<TransformScratch<T>>,
}

/// The spectra of the last blocks of a channel.
pub struct History<T> {
    spectra: Vec<Complex<T>>,
    /// How many blocks there were.
    blocks: usize,
}

impl<T> History<T> {
    /// Begins anew.
    pub fn forget(&mut self) {
        self.blocks = 0;
    }
}

impl<T: Transformed> BlockFilter<T> {
    /// Transforms an impulse response.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(impulse: &ImpulseResponse) -> Result<BlockFilter<T>, Error> {
        let grid = Grid::of(impulse.taps());
        let channels = impulse.channels().iter();
        if grid.is_summed() {
            let nearest = |taps: &Vec<f64>| taps.iter().map(|tap| T::nearest(*tap)).collect();
            return Ok(BlockFilter {
                grid,
                taps: channels.map(nearest).collect(),
                spectra: Vec::new(),
                transform: None,
            });
        }
        let len = grid.lead + grid.hop;
        let spectra = channels.map(|taps| spectra(taps, &grid, len));
        Ok(BlockFilter {
            grid,
            taps: Vec::new(),
            spectra: spectra.collect::<Result<_, Error>>()?,
            transform: Some(Transform::of(len)),
        })
    }

    /// Memory for blocks.
    pub fn scratch(&self) -> BlockScratch<T> {
        let bins = self.transform.as_ref().map_or(0, Transform::bins);
        BlockScratch {
            window: vec![T::zero(); self.grid.lead + self.grid.hop],
            sum: vec![Complex::new(T::zero(), T::zero()); bins],
            output: vec![
                T::zero();
                self.transform
                    .as_ref()
                    .map_or(self.grid.hop, Transform::len)
            ],
            transform: self.transform.as_ref().map(Transform::scratch),
        }
    }

    /// Memory for the spectra of a channel.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn history(&self) -> Result<History<T>, Error> {
        let bins = self.transform.as_ref().map_or(0, Transform::bins);
        let zero = Complex::new(T::zero(), T::zero());
        Ok(History {
            spectra: filled(self.grid.parts * bins, zero)?,
            blocks: 0,
        })
    }

    /// Takes in the block that is in the window, which is lost.
    pub fn take(&self, work: &mut BlockScratch<T>, history: &mut History<T>) {
        if let (Some(transform), Some(scratch)) = (&self.transform, &mut work.transform) {
            let at = history.blocks % self.grid.parts * transform.bins();
            let spectrum = &mut history.spectra[at..][..transform.bins()];
            transform.forward(&mut work.window, spectrum, scratch);
        }
        history.blocks += 1;
    }

    /// The `hop` frames that come out for the block taken in last.
    pub fn give<'w>(
        &self,
        work: &'w mut BlockScratch<T>,
        history: &History<T>,
        channel: usize,
    ) -> &'w [T] {
        let (Some(transform), Some(scratch)) = (&self.transform, &mut work.transform) else {
            self.sum(channel, &work.window, &mut work.output);
            return &work.output;
        };
        let (bins, parts) = (transform.bins(), self.grid.parts);
        let response = &self.spectra[channel % self.spectra.len()];
        for (part, response) in response.chunks_exact(bins).take(history.blocks).enumerate() {
            let at = (history.blocks - 1 - part) % parts * bins;
            let block = &history.spectra[at..][..bins];
            match part {
                0 => multiply(&mut work.sum, block, response),
                _ => multiply_add(&mut work.sum, block, response),
            }
        }
        transform.inverse(&mut work.sum, &mut work.output, scratch);
        &work.output[self.grid.lead..]
    }

    /// The sum itself: as many frames as `out` has, of those in `window`, which begins `lead` frames before.
    pub fn sum(&self, channel: usize, window: &[T], out: &mut [T]) {
        let taps = &self.taps[channel % self.taps.len()];
        out.fill(T::nearest(0.0));
        // Some frames at a time, which stay in the nearest cache.
        for (part, out) in out.chunks_mut(SHORTEST).enumerate() {
            for (tap, lead) in taps.iter().zip((0..=self.grid.lead).rev()) {
                let from = &window[part * SHORTEST + lead..][..out.len()];
                for (out, sample) in out.iter_mut().zip(from) {
                    *out = *out + *tap * *sample;
                }
            }
        }
    }
}

/// The spectra of the parts of an impulse response by transforms of `len`, divided by it.
fn spectra<T: Transformed>(
    taps: &[f64],
    grid: &Grid,
    len: usize,
) -> Result<Vec<Complex<T>>, Error> {
    let transform = Transform::<f64>::of(len);
    let mut scratch = transform.scratch();
    let mut spectrum = vec![Complex::new(0.0, 0.0); transform.bins()];
    let scale = 1.0 / len as f64;
    let mut spectra = room_for(grid.parts * transform.bins())?;
    // A part is as long as a hop; a response of one part may be longer.
    let part = if grid.parts == 1 {
        taps.len()
    } else {
        grid.hop
    };
    for part in taps.chunks(part) {
        let mut signal = vec![0.0; len];
        signal[..part.len()].copy_from_slice(part);
        transform.forward(&mut signal, &mut spectrum, &mut scratch);
        let nearest = |bin: &Complex<f64>| {
            Complex::new(T::nearest(bin.re * scale), T::nearest(bin.im * scale))
        };
        spectra.extend(spectrum.iter().map(nearest));
    }
    Ok(spectra)
}

fn multiply<T: Transformed>(out: &mut [Complex<T>], one: &[Complex<T>], other: &[Complex<T>]) {
    for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
        *out = Complex::new(
            one.re * other.re - one.im * other.im,
            one.re * other.im + one.im * other.re,
        );
    }
}

fn multiply_add<T: Transformed>(out: &mut [Complex<T>], one: &[Complex<T>], other: &[Complex<T>]) {
    for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
        out.re = out.re + (one.re * other.re - one.im * other.im);
        out.im = out.im + (one.re * other.im + one.im * other.re);
    }
}
