//! Compressors, expanders, gates and limiters: methods of audio, and processors.

mod objects;

use pyo3::intern;
use pyo3::prelude::*;

use crate::audio::{Audio, Wait};
use crate::dsp as core;
use crate::dsp::{Compressor, Expander, Gate, Limiter, Reduction};
use crate::error::Error;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::python::running;

pub use objects::{CompressorObject, ExpanderObject, GateObject, LimiterObject};

/// A number that a caller may leave out.
type Number<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Times that a pass over the samples takes less than dynamics.
const WORK: usize = 16;

/// A number, or what is usual.
fn number_or(given: Number<'_, '_>, name: &str, usual: f64) -> PyResult<f64> {
    given.map_or(Ok(usual), |given| arguments::number(given, name))
}

fn new_audio(
    py: Python<'_>,
    audio: &AudioSamples,
    by: &dyn core::Processor,
) -> PyResult<AudioSamples> {
    let found = running::run(py, WORK * audio.bytes_per_pass(), |wait| {
        audio.audio().applied(by, wait)
    })?;
    Ok(AudioSamples::new(found))
}

/// By the level of the audio itself, or of a sidechain.
fn reduced(
    py: Python<'_>,
    audio: &AudioSamples,
    by: &Reduction,
    sidechain: Option<&Bound<'_, AudioSamples>>,
) -> PyResult<AudioSamples> {
    let Some(sidechain) = sidechain else {
        return new_audio(py, audio, by);
    };
    let key = sidechain.get().audio();
    let found = running::run(py, WORK * audio.bytes_per_pass(), |wait| {
        audio.audio().reduced_by(by, key, wait)
    })?;
    Ok(AudioSamples::new(found))
}

fn reduce<'py>(
    audio: Bound<'py, AudioSamples>,
    by: &Reduction,
    sidechain: Option<&Bound<'_, AudioSamples>>,
) -> PyResult<Bound<'py, AudioSamples>> {
    let Some(sidechain) = sidechain else {
        return in_place(audio, by);
    };
    let (own, key) = (audio.get(), sidechain.get().audio());
    running::run(audio.py(), WORK * own.bytes_per_pass(), |wait| {
        own.audio().reduce_own_by(by, key, wait)
    })?;
    Ok(audio)
}

/// The gain of each frame in dB, as an array.
fn curve_of<'py>(
    audio: &Bound<'py, AudioSamples>,
    curve: impl Fn(&Audio, Wait<'_>) -> Result<Vec<f64>, Error> + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, own) = (audio.py(), audio.get());
    let gains = running::run(py, WORK * own.bytes_per_pass(), |wait| {
        Audio::from_vec(curve(own.audio(), wait)?, own.audio().rate())
    })?;
    // A list of Python's floats would take ten times the memory.
    let samples = Bound::new(py, AudioSamples::new(gains))?;
    numpy_module(py)?.call_method1(intern!(py, "array"), (samples,))
}

fn in_place<'py>(
    audio: Bound<'py, AudioSamples>,
    by: &dyn core::Processor,
) -> PyResult<Bound<'py, AudioSamples>> {
    let own = audio.get();
    running::run(audio.py(), WORK * own.bytes_per_pass(), |wait| {
        own.audio().apply_to_own(by, wait)
    })?;
    Ok(audio)
}

fn compressor_of(
    threshold_db: Number<'_, '_>,
    ratio: Number<'_, '_>,
    attack_ms: Number<'_, '_>,
    release_ms: Number<'_, '_>,
    knee_db: Number<'_, '_>,
) -> PyResult<Compressor> {
    let usual = Compressor::default();
    Ok(Compressor {
        threshold_db: number_or(threshold_db, "threshold_db", usual.threshold_db)?,
        ratio: number_or(ratio, "ratio", usual.ratio)?,
        attack_ms: number_or(attack_ms, "attack_ms", usual.attack_ms)?,
        release_ms: number_or(release_ms, "release_ms", usual.release_ms)?,
        knee_db: number_or(knee_db, "knee_db", usual.knee_db)?,
    })
}

fn expander_of(
    threshold_db: Number<'_, '_>,
    ratio: Number<'_, '_>,
    attack_ms: Number<'_, '_>,
    release_ms: Number<'_, '_>,
    knee_db: Number<'_, '_>,
) -> PyResult<Expander> {
    let usual = Expander::default();
    Ok(Expander {
        threshold_db: number_or(threshold_db, "threshold_db", usual.threshold_db)?,
        ratio: number_or(ratio, "ratio", usual.ratio)?,
        attack_ms: number_or(attack_ms, "attack_ms", usual.attack_ms)?,
        release_ms: number_or(release_ms, "release_ms", usual.release_ms)?,
        knee_db: number_or(knee_db, "knee_db", usual.knee_db)?,
    })
}

fn gate_of(
    threshold_db: Number<'_, '_>,
    attack_ms: Number<'_, '_>,
    hold_ms: Number<'_, '_>,
    release_ms: Number<'_, '_>,
    range_db: Number<'_, '_>,
) -> PyResult<Gate> {
    let usual = Gate::default();
    Ok(Gate {
        threshold_db: number_or(threshold_db, "threshold_db", usual.threshold_db)?,
        attack_ms: number_or(attack_ms, "attack_ms", usual.attack_ms)?,
        hold_ms: number_or(hold_ms, "hold_ms", usual.hold_ms)?,
        release_ms: number_or(release_ms, "release_ms", usual.release_ms)?,
        range_db: number_or(range_db, "range_db", usual.range_db)?,
    })
}

fn limiter_of(
    ceiling_db: Number<'_, '_>,
    lookahead_ms: Number<'_, '_>,
    release_ms: Number<'_, '_>,
) -> PyResult<Limiter> {
    let usual = Limiter::default();
    Ok(Limiter {
        ceiling_db: number_or(ceiling_db, "ceiling_db", usual.ceiling_db)?,
        lookahead_ms: number_or(lookahead_ms, "lookahead_ms", usual.lookahead_ms)?,
        release_ms: number_or(release_ms, "release_ms", usual.release_ms)?,
    })
}

#[pymethods]
impl AudioSamples {
    /// New audio: what is above `threshold_db` made softer, `ratio` decibels to one.
    ///
    /// The level is the largest distance of a sample from zero in all channels of a frame, in dBFS,
    /// and all channels get one gain: sounds stay where they are. A sample that is no number counts
    /// as silence, and integers are fractions of full scale. The gain is 0 dB at the first frame.
    ///
    /// - `threshold_db`: from -200 to 200 dBFS.
    /// - `ratio`: from 1, which changes nothing, to `math.inf`.
    /// - `attack_ms`, `release_ms`: the times in which 63 % of a fall and of a rise of the gain, in
    ///   decibels, are done; from 0 to 10,000 ms.
    /// - `knee_db`: the width of the bend around the threshold, from 0 to 200 dB.
    /// - `sidechain`: audio of as many frames and the same rate, of any type and number of channels,
    ///   whose level decides instead of that of this audio: music gets softer where there is
    ///   speech. In place, a sidechain that lies in the samples themselves is a ValueError.
    ///
    /// A feed-forward design after Giannoulis, Massberg and Reiss (J. Audio Eng. Soc. 60(6), 2012),
    /// with their smooth, branching detector; computed in float64.
    ///
    /// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    /// >>> round(20 * float(np.log10(loud.compress(-20, 4)[-1])), 3)
    /// -15.0
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-20.0, ratio=4.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0, sidechain=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
    fn compress(
        &self,
        py: Python<'_>,
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<AudioSamples> {
        let made = compressor_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?;
        reduced(py, self, &made.processor()?, sidechain)
    }

    /// `compress`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-20.0, ratio=4.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0, sidechain=None)"
    )]
    fn compress_inplace<'py>(
        slf: Bound<'py, Self>,
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<Bound<'py, Self>> {
        let made = compressor_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?;
        reduce(slf, &made.processor()?, sidechain)
    }

    /// New audio: what is below `threshold_db` made softer still, one decibel to `ratio`.
    ///
    /// As `compress`, but for these: `ratio` is from 1 to 1000; samples come back in `attack_ms`
    /// and go down in `release_ms`; none is turned down by more than 200 dB.
    ///
    /// >>> soft = AudioSamples.new_mono(np.full(96_000, 0.001), 48_000)
    /// >>> round(20 * float(np.log10(soft.expand(-40, 2)[-1])), 3)
    /// -80.0
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-40.0, ratio=2.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0, sidechain=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
    fn expand(
        &self,
        py: Python<'_>,
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<AudioSamples> {
        let made = expander_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?;
        reduced(py, self, &made.processor()?, sidechain)
    }

    /// `expand`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-40.0, ratio=2.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0, sidechain=None)"
    )]
    fn expand_inplace<'py>(
        slf: Bound<'py, Self>,
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<Bound<'py, Self>> {
        let made = expander_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?;
        reduce(slf, &made.processor()?, sidechain)
    }

    /// New audio: what is below `threshold_db` turned down by `range_db`.
    ///
    /// Level and times as for `compress`: the gate opens in `attack_ms`, stays open for `hold_ms`
    /// after the last frame whose level is at least the threshold, and closes in `release_ms`. It
    /// is closed at the first frame. `range_db` is from 0 to 200 dB.
    ///
    /// >>> hiss = AudioSamples.new_mono(np.full(48_000, 0.001), 48_000)
    /// >>> round(20 * float(np.log10(hiss.gate(-50)[-1])), 3)
    /// -140.0
    #[pyo3(
        signature = (threshold_db = None, *, attack_ms = None, hold_ms = None, release_ms = None, range_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-50.0, *, attack_ms=1.0, hold_ms=50.0, release_ms=100.0, range_db=80.0, sidechain=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
    fn gate(
        &self,
        py: Python<'_>,
        threshold_db: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        hold_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        range_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<AudioSamples> {
        let made = gate_of(threshold_db, attack_ms, hold_ms, release_ms, range_db)?;
        reduced(py, self, &made.processor()?, sidechain)
    }

    /// `gate`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (threshold_db = None, *, attack_ms = None, hold_ms = None, release_ms = None, range_db = None, sidechain = None),
        text_signature = "($self, threshold_db=-50.0, *, attack_ms=1.0, hold_ms=50.0, release_ms=100.0, range_db=80.0, sidechain=None)"
    )]
    fn gate_inplace<'py>(
        slf: Bound<'py, Self>,
        threshold_db: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        hold_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        range_db: Number<'_, '_>,
        sidechain: Option<&Bound<'_, AudioSamples>>,
    ) -> PyResult<Bound<'py, Self>> {
        let made = gate_of(threshold_db, attack_ms, hold_ms, release_ms, range_db)?;
        reduce(slf, &made.processor()?, sidechain)
    }

    /// New audio that is nowhere past `ceiling_db`; what is nowhere past it stays as it is, bit
    /// for bit.
    ///
    /// The gain begins to fall `lookahead_ms` before a peak and reaches it in time; what comes out
    /// is not late. All channels get one gain. Sample peaks are limited: the signal between them
    /// may be louder by some tenths of a decibel, as `true_peak` measures it. What is infinite
    /// comes out at the ceiling; what is no number stays as it is.
    ///
    /// - `ceiling_db`: from -200 to 0 dBFS; the largest number of the samples' type that is not above.
    /// - `lookahead_ms`: from 0 to 1000 ms, and less than 1,048,576 frames.
    /// - `release_ms`: the time in which 63 % of what is turned down comes back, from 0 to 10,000 ms.
    ///
    /// The least gain within the look-ahead (Lemire 2006), averaged over the look-ahead
    /// (Hämäläinen, DAFx 2002).
    ///
    /// >>> AudioSamples.new_mono(np.array([0.25, -2.0, 0.25]), 48_000).limit(0).to_numpy()[1]
    /// np.float64(-1.0)
    #[pyo3(
        signature = (ceiling_db = None, *, lookahead_ms = None, release_ms = None),
        text_signature = "($self, ceiling_db=-1.0, *, lookahead_ms=5.0, release_ms=50.0)"
    )]
    fn limit(
        &self,
        py: Python<'_>,
        ceiling_db: Number<'_, '_>,
        lookahead_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
    ) -> PyResult<AudioSamples> {
        let made = limiter_of(ceiling_db, lookahead_ms, release_ms)?;
        new_audio(py, self, &made.processor()?)
    }

    /// `limit`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (ceiling_db = None, *, lookahead_ms = None, release_ms = None),
        text_signature = "($self, ceiling_db=-1.0, *, lookahead_ms=5.0, release_ms=50.0)"
    )]
    fn limit_inplace<'py>(
        slf: Bound<'py, Self>,
        ceiling_db: Number<'_, '_>,
        lookahead_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
    ) -> PyResult<Bound<'py, Self>> {
        let made = limiter_of(ceiling_db, lookahead_ms, release_ms)?;
        in_place(slf, &made.processor()?)
    }
}
