//! Compressors, expanders, gates and limiters: a gain that the level decides.
//!
//! The level is the largest distance of a sample from zero in all channels of a frame, and all channels get one gain, so
//! that sounds stay where they are. Compressor, expander and gate are feed-forward designs after Giannoulis, Massberg and
//! Reiss ("Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60(6), 2012): a curve with a quadratic knee turns
//! decibels into decibels, and their smooth, branching detector smooths those.
//!
//! ```text
//!   reduction   compressors, expanders and gates at work
//!   limiting    limiters at work
//!   sidechain   gains that other audio decides
//! ```

mod limiting;
mod reduction;
mod sidechain;

use crate::audio::Audio;
use crate::error::Error;

pub use limiting::Limiting;
pub use reduction::Reduction;

/// Makes softer what is above a threshold.
///
/// Times are those in which 63 % of a change in decibels is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compressor {
    /// The level in dBFS from which samples are turned down.
    pub threshold_db: f64,
    /// How many decibels above the threshold become one: from 1 on, and infinite for a ceiling that quick peaks pass.
    pub ratio: f64,
    /// How fast samples are turned down, in ms.
    pub attack_ms: f64,
    /// How fast that ends, in ms.
    pub release_ms: f64,
    /// The width of the knee around the threshold, in dB; 0 is an edge.
    pub knee_db: f64,
}

impl Default for Compressor {
    fn default() -> Compressor {
        Compressor {
            threshold_db: -20.0,
            ratio: 4.0,
            attack_ms: 5.0,
            release_ms: 100.0,
            knee_db: 6.0,
        }
    }
}

/// Makes what is below a threshold softer still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expander {
    /// The level in dBFS below which samples are turned down.
    pub threshold_db: f64,
    /// How many decibels one below the threshold becomes: from 1 to 1000. No sample is turned down by more than 200 dB.
    pub ratio: f64,
    /// How fast samples come back, in ms.
    pub attack_ms: f64,
    /// How fast they are turned down, in ms.
    pub release_ms: f64,
    /// The width of the knee around the threshold, in dB; 0 is an edge.
    pub knee_db: f64,
}

impl Default for Expander {
    fn default() -> Expander {
        Expander {
            threshold_db: -40.0,
            ratio: 2.0,
            attack_ms: 5.0,
            release_ms: 100.0,
            knee_db: 6.0,
        }
    }
}

/// Turns down all that is below a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// The level in dBFS from which the gate is open.
    pub threshold_db: f64,
    /// How fast it opens, in ms.
    pub attack_ms: f64,
    /// How long it stays open after the last frame above the threshold, in ms.
    pub hold_ms: f64,
    /// How fast it closes, in ms.
    pub release_ms: f64,
    /// By how much it turns down, in dB.
    pub range_db: f64,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate {
            threshold_db: -50.0,
            attack_ms: 1.0,
            hold_ms: 50.0,
            release_ms: 100.0,
            range_db: 80.0,
        }
    }
}

/// Lets no sample past a ceiling, and leaves alone what is below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limiter {
    /// The largest distance from zero, in dBFS.
    pub ceiling_db: f64,
    /// How long before a peak the gain begins to fall, in ms.
    pub lookahead_ms: f64,
    /// How fast it comes back, in ms.
    pub release_ms: f64,
}

impl Default for Limiter {
    fn default() -> Limiter {
        Limiter {
            ceiling_db: -1.0,
            lookahead_ms: 5.0,
            release_ms: 50.0,
        }
    }
}

/// An error unless a number is in a range.
fn require(name: &str, value: f64, least: f64, most: f64, unit: &str) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let unit = match unit {
        "" => String::new(),
        unit => format!(" {unit}"),
    };
    Err(Error::invalid(format!(
        "{name} must be from {least} to {most}{unit}, not {value}"
    )))
}

/// An error unless a level is one that sounds have.
fn require_level(name: &str, decibels: f64) -> Result<(), Error> {
    require(name, decibels, -200.0, 200.0, "dBFS")
}

/// An error unless a time is none or one that dynamics take.
fn require_time(name: &str, milliseconds: f64) -> Result<(), Error> {
    require(name, milliseconds, 0.0, 10_000.0, "ms")
}

impl Compressor {
    /// One at work.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a number out of its range.
    pub fn processor(self) -> Result<Reduction, Error> {
        require_level("threshold_db", self.threshold_db)?;
        require("ratio", self.ratio, 1.0, f64::INFINITY, "")?;
        require_time("attack_ms", self.attack_ms)?;
        require_time("release_ms", self.release_ms)?;
        require("knee_db", self.knee_db, 0.0, 200.0, "dB")?;
        Ok(Reduction::compressor(self))
    }
}

impl Expander {
    /// One at work.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a number out of its range.
    pub fn processor(self) -> Result<Reduction, Error> {
        require_level("threshold_db", self.threshold_db)?;
        require("ratio", self.ratio, 1.0, 1000.0, "")?;
        require_time("attack_ms", self.attack_ms)?;
        require_time("release_ms", self.release_ms)?;
        require("knee_db", self.knee_db, 0.0, 200.0, "dB")?;
        Ok(Reduction::expander(self))
    }
}

impl Gate {
    /// One at work: closed at the beginning.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a number out of its range.
    pub fn processor(self) -> Result<Reduction, Error> {
        require_level("threshold_db", self.threshold_db)?;
        require_time("attack_ms", self.attack_ms)?;
        require_time("hold_ms", self.hold_ms)?;
        require_time("release_ms", self.release_ms)?;
        require("range_db", self.range_db, 0.0, 200.0, "dB")?;
        Ok(Reduction::gate(self))
    }
}

impl Limiter {
    /// One at work.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a number out of its range.
    pub fn processor(self) -> Result<Limiting, Error> {
        require("ceiling_db", self.ceiling_db, -200.0, 0.0, "dBFS")?;
        require("lookahead_ms", self.lookahead_ms, 0.0, 1000.0, "ms")?;
        require_time("release_ms", self.release_ms)?;
        Ok(Limiting::new(self))
    }
}

impl Audio {
    /// New audio: what is above a threshold made softer.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::Compressor};
    /// let loud = Audio::from_vec(vec![1.0_f64; 48_000], SampleRate::new(48_000)?)?;
    /// let softer = loud.compress(Compressor::default())?.to_vec::<f64>()?;
    /// assert!((20.0 * softer[47_999].log10() + 15.0).abs() < 1e-6); // a fourth of 20 dB above the threshold
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Compressor::processor`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn compress(&self, compressor: Compressor) -> Result<Audio, Error> {
        self.apply(&compressor.processor()?)
    }

    /// [`Audio::compress`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn compress_inplace(&self, compressor: Compressor) -> Result<(), Error> {
        self.apply_inplace(&compressor.processor()?)
    }

    /// New audio: what is below a threshold made softer still.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::Expander};
    /// let soft = Audio::from_vec(vec![0.001_f64; 96_000], SampleRate::new(48_000)?)?;
    /// let softer = soft.expand(Expander::default())?.to_vec::<f64>()?;
    /// assert!((20.0 * softer[95_999].log10() + 80.0).abs() < 1e-6); // 20 dB below the threshold become 40
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Expander::processor`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn expand(&self, expander: Expander) -> Result<Audio, Error> {
        self.apply(&expander.processor()?)
    }

    /// [`Audio::expand`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn expand_inplace(&self, expander: Expander) -> Result<(), Error> {
        self.apply_inplace(&expander.processor()?)
    }

    /// New audio: what is below a threshold turned down.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::Gate};
    /// let hiss = Audio::from_vec(vec![0.001_f64; 48_000], SampleRate::new(48_000)?)?;
    /// let gated = hiss.gate(Gate::default())?.to_vec::<f64>()?;
    /// assert!((gated[0] - 1e-7).abs() < 1e-15);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Gate::processor`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn gate(&self, gate: Gate) -> Result<Audio, Error> {
        self.apply(&gate.processor()?)
    }

    /// [`Audio::gate`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn gate_inplace(&self, gate: Gate) -> Result<(), Error> {
        self.apply_inplace(&gate.processor()?)
    }

    /// New audio that is nowhere past a ceiling.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::Limiter};
    /// let audio = Audio::from_vec(vec![0.25_f64, -2.0, 0.25], SampleRate::new(48_000)?)?;
    /// let limited = audio.limit(Limiter { ceiling_db: 0.0, ..Limiter::default() })?;
    /// assert_eq!(limited.to_vec::<f64>()?[1], -1.0);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Limiter::processor`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn limit(&self, limiter: Limiter) -> Result<Audio, Error> {
        self.apply(&limiter.processor()?)
    }

    /// [`Audio::limit`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn limit_inplace(&self, limiter: Limiter) -> Result<(), Error> {
        self.apply_inplace(&limiter.processor()?)
    }
}
