//! Channels: mono, stereo, and where in the stereo field they are.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::audio::channels::{MidSide, Mixdown, PanLaw, Sides, Swap};
use crate::dsp::Remix;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;

/// What becomes the one channel.
enum OneChannel {
    Of(usize),
    Mixed(Mixdown),
}

fn one_channel(audio: &AudioSamples, method: Option<&Bound<'_, PyAny>>) -> PyResult<OneChannel> {
    let Some(method) = method else {
        return Ok(OneChannel::Mixed(Mixdown::mean(audio.audio())));
    };
    if let Ok(name) = method.cast::<PyString>() {
        let count = audio.audio().layout().channels();
        return match name.to_string_lossy().as_ref() {
            "mean" => Ok(OneChannel::Mixed(Mixdown::mean(audio.audio()))),
            "left" => Ok(OneChannel::Of(0)),
            "right" if count > 1 => Ok(OneChannel::Of(1)),
            "right" => Err(PyValueError::new_err(
                "this audio has one channel, and no right one",
            )),
            other => Err(PyValueError::new_err(format!(
                "method must be 'mean', 'left', 'right' or a weight for each channel, not '{other}'"
            ))),
        };
    }
    let weights: Vec<f64> = method.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "method must be 'mean', 'left', 'right' or a weight for each channel, not {}",
            arguments::shown(method)
        ))
    })?;
    Ok(OneChannel::Mixed(Mixdown::weighted(
        audio.audio(),
        weights,
    )?))
}

fn pan(
    audio: &AudioSamples,
    position: &Bound<'_, PyAny>,
    law: Option<&Bound<'_, PyString>>,
) -> PyResult<Sides> {
    let law = match law {
        None => PanLaw::default(),
        Some(name) => name.to_string_lossy().parse()?,
    };
    let position = arguments::number(position, "position")?;
    Ok(Sides::panned(audio.audio(), position, law)?)
}

fn balance(audio: &AudioSamples, position: &Bound<'_, PyAny>) -> PyResult<Sides> {
    let position = arguments::number(position, "position")?;
    Ok(Sides::balanced(audio.audio(), position)?)
}

fn swap(
    audio: &AudioSamples,
    first: Option<&Bound<'_, PyAny>>,
    second: Option<&Bound<'_, PyAny>>,
) -> PyResult<Swap> {
    let channel = |given: Option<&Bound<'_, PyAny>>, name, usual| {
        let number = given.map_or(Ok(usual), |given| arguments::count(given, name, 0))?;
        PyResult::Ok(usize::try_from(number).unwrap_or(usize::MAX))
    };
    let (first, second) = (channel(first, "first", 0)?, channel(second, "second", 1)?);
    Ok(Swap::of(audio.audio(), first, second)?)
}

impl AudioSamples {
    /// Stores the samples in `out`, which has their shape and rate.
    fn stored<'py>(
        &self,
        py: Python<'py>,
        out: Bound<'py, AudioSamples>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let (from, into) = (self.audio(), out.get().audio());
        into.require_fit(from, from.layout().shape())?;
        running::run(py, self.bytes_per_pass(), |wait| {
            from.convert_into(into, wait)
        })?;
        Ok(out)
    }
}

#[pymethods]
impl AudioSamples {
    /// Mono audio: the mean of all channels, one of them, or their sum by a weight for each.
    ///
    /// Means and sums are of float64, rounded once; integers saturate. `"left"` and `"right"` are
    /// views of a channel. Mono audio is given back as it is, on its own memory. `out` has the
    /// shape (frames,) and the rate, and memory apart; samples are converted to its type.
    ///
    /// >>> AudioSamples.new_multi(np.array([[1.0, 0.0], [0.0, 0.5]]), 48_000).to_mono().to_numpy()
    /// array([0.5 , 0.25])
    #[pyo3(
        signature = (method = None, *, out = None),
        text_signature = "($self, method='mean', *, out=None)"
    )]
    fn to_mono<'py>(
        slf: &Bound<'py, Self>,
        method: Option<&Bound<'py, PyAny>>,
        out: Option<Bound<'py, AudioSamples>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let (py, audio) = (slf.py(), slf.get());
        let wanted = one_channel(audio, method)?;
        let is_weighted = method.is_some_and(|method| !method.is_instance_of::<PyString>());
        if audio.audio().layout().channels() == 1 && !is_weighted {
            let mono = match audio.audio().layout().ndim() {
                1 => slf.clone(),
                _ => Bound::new(py, audio.part(audio.audio().channel(0)?))?,
            };
            return out.map_or(Ok(mono.clone()), |out| mono.get().stored(py, out));
        }
        let mix = match wanted {
            OneChannel::Of(channel) => {
                let one = audio.part(audio.audio().channel(channel)?);
                return match out {
                    Some(out) => one.stored(py, out),
                    None => Bound::new(py, one),
                };
            }
            OneChannel::Mixed(mix) => mix,
        };
        let bytes = audio.bytes_per_pass();
        if let Some(out) = out {
            let into = out.get().audio();
            running::run(py, bytes, |wait| {
                audio.audio().mix_down_into(&mix, into, wait)
            })?;
            return Ok(out);
        }
        let mixed = running::run(py, bytes, |wait| audio.audio().mixed_down(&mix, wait))?;
        Bound::new(py, AudioSamples::new(mixed))
    }

    /// Stereo audio: mono audio in both channels; stereo audio is given back as it is.
    ///
    /// ValueError for more channels.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).to_stereo().shape
    /// (2, 10)
    #[pyo3(signature = (*, out = None))]
    fn to_stereo<'py>(
        slf: &Bound<'py, Self>,
        out: Option<Bound<'py, AudioSamples>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let (py, audio) = (slf.py(), slf.get());
        let stereo = match audio.audio().layout().channels() {
            2 => slf.clone(),
            1 => {
                let both = Remix::new(2)?;
                let bytes = 2 * audio.bytes_per_pass();
                let applied = running::run(py, bytes, |wait| {
                    let flat = audio
                        .audio()
                        .with_layout(audio.audio().layout().as_rows())?;
                    flat.applied(&both, wait)
                })?;
                Bound::new(py, AudioSamples::new(applied))?
            }
            count => {
                return Err(PyValueError::new_err(format!(
                    "{count} channels do not become 2; audio[:2, :] are two of them, and to_mono().to_stereo() has all \
                     in both"
                )));
            }
        };
        match out {
            Some(out) => stereo.get().stored(py, out),
            None => Ok(stereo),
        }
    }

    /// New stereo audio, panned: from -1, all on the left, to 1, all on the right.
    ///
    /// In the middle each side is 3.01 dB down, or 6.02 dB by the linear law. ValueError for mono.
    ///
    /// >>> AudioSamples.new_multi(np.ones((2, 1)), 48_000).pan(-1).to_numpy().tolist()
    /// [[1.0], [0.0]]
    #[pyo3(
        signature = (position, law = None),
        text_signature = "($self, position, law='constant_power')"
    )]
    fn pan(
        &self,
        py: Python<'_>,
        position: &Bound<'_, PyAny>,
        law: Option<&Bound<'_, PyString>>,
    ) -> PyResult<AudioSamples> {
        self.changed(py, &pan(self, position, law)?)
    }

    /// `pan`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (position, law = None),
        text_signature = "($self, position, law='constant_power')"
    )]
    fn pan_inplace<'py>(
        slf: Bound<'py, Self>,
        position: &Bound<'_, PyAny>,
        law: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sides = pan(slf.get(), position, law)?;
        AudioSamples::changed_inplace(slf, &sides)
    }

    /// New stereo audio with the other side turned down: from -1, the left alone, to 1, the
    /// right.
    ///
    /// In the middle nothing changes.
    ///
    /// >>> AudioSamples.new_multi(np.ones((2, 1)), 48_000).balance(0.5).to_numpy().tolist()
    /// [[0.5], [1.0]]
    fn balance(&self, py: Python<'_>, position: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        self.changed(py, &balance(self, position)?)
    }

    /// `balance`, where the samples lie. Gives the same object.
    fn balance_inplace<'py>(
        slf: Bound<'py, Self>,
        position: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let sides = balance(slf.get(), position)?;
        AudioSamples::changed_inplace(slf, &sides)
    }

    /// New audio of middle and side, `(l + r) / 2` and `(l - r) / 2`; `inverse=True` undoes it.
    ///
    /// >>> AudioSamples.new_multi(np.array([[1.0], [0.5]]), 48_000).mid_side().to_numpy().tolist()
    /// [[0.75], [0.25]]
    #[pyo3(signature = (inverse = false))]
    fn mid_side(&self, py: Python<'_>, inverse: bool) -> PyResult<AudioSamples> {
        self.changed(py, &MidSide::of(self.audio(), inverse)?)
    }

    /// `mid_side`, where the samples lie. Gives the same object.
    #[pyo3(signature = (inverse = false))]
    fn mid_side_inplace(slf: Bound<'_, Self>, inverse: bool) -> PyResult<Bound<'_, Self>> {
        let turned = MidSide::of(slf.get().audio(), inverse)?;
        AudioSamples::changed_inplace(slf, &turned)
    }

    /// New audio with two channels in each other's place. IndexError for one that is not there.
    ///
    /// >>> AudioSamples.new_multi(np.eye(2), 9).swap_channels().to_numpy().tolist()
    /// [[0.0, 1.0], [1.0, 0.0]]
    #[pyo3(signature = (first = None, second = None), text_signature = "($self, first=0, second=1)")]
    fn swap_channels(
        &self,
        py: Python<'_>,
        first: Option<&Bound<'_, PyAny>>,
        second: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.changed(py, &swap(self, first, second)?)
    }

    /// `swap_channels`, where the samples lie. Gives the same object.
    #[pyo3(signature = (first = None, second = None), text_signature = "($self, first=0, second=1)")]
    fn swap_channels_inplace<'py>(
        slf: Bound<'py, Self>,
        first: Option<&Bound<'_, PyAny>>,
        second: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let swap = swap(slf.get(), first, second)?;
        AudioSamples::changed_inplace(slf, &swap)
    }
}
