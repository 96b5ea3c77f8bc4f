//! What the package's Python code computes with: leases, arrays on the samples, and audio around a result.

use std::cell::Cell;

use pyo3::prelude::*;

use crate::audio::{Audio, paging};
use crate::error::Error;
use crate::python::array::operand;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::running;
use crate::registry::{Lease, Mode};

type Class<'py> = Bound<'py, AudioSamples>;

/// Leases on some audio, each for reading or for writing, while a `with` block runs.
#[pyclass(unsendable, module = "audio_samples._audio_samples")]
pub struct Leases(Cell<Option<Lease<'static>>>);

#[pymethods]
impl Leases {
    fn __enter__(&self) {}

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, _raised: &Bound<'_, PyAny>) {
        drop(self.0.take());
    }
}

/// Takes leases; waits for other operations, and answers Ctrl-C meanwhile.
#[pyfunction]
pub fn _lease(py: Python<'_>, wanted: Vec<(Class<'_>, bool)>) -> PyResult<Leases> {
    let mode = |writes: &bool| if *writes { Mode::Write } else { Mode::Read };
    let wanted: Vec<(&Audio, Mode)> = wanted
        .iter()
        .map(|(audio, writes)| (audio.get().audio(), mode(writes)))
        .collect();
    let whole = wanted.first().map(|(audio, _)| *audio);
    Ok(Leases(Cell::new(Some(running::lease(py, whole, &wanted)?))))
}

/// An array on the samples, to be written or not; None takes it as the audio is. `beside` has to be of the same rate.
#[pyfunction]
#[pyo3(signature = (audio, writes, beside))]
pub fn _array<'py>(
    audio: &Class<'py>,
    writes: Option<bool>,
    beside: Option<&Class<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let this = audio.get();
    if let Some(beside) = beside {
        beside.get().audio().require_rate_of(this.audio())?;
    }
    if writes == Some(true) {
        this.audio().samples().require_writable()?;
    }
    this.shared_array(audio.py(), writes != Some(false))
}

/// Audio of a result with the shape of one of the operands and a sample type, or the result.
#[pyfunction]
pub fn _wrap<'py>(
    result: Bound<'py, PyAny>,
    operands: Vec<Class<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    wrapped(operands.iter().map(|audio| audio.get().audio()), result)
}

pub fn wrapped<'a, 'py>(
    operands: impl IntoIterator<Item = &'a Audio>,
    result: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if !ndarray::is_exact_array(&result) {
        return Ok(result);
    }
    let facts = ndarray::facts(&result)?;
    let (Some(_), Some(layout)) = (facts.dtype, facts.layout) else {
        return Ok(result);
    };
    let mut operands = operands.into_iter();
    let Some(audio) = operands.find(|audio| audio.layout().shape() == layout.shape()) else {
        return Ok(result);
    };
    let samples = ndarray::adopt(&result)?;
    let wrapped = AudioSamples::new(audio.with_samples(samples));
    Ok(Bound::new(result.py(), wrapped)?.into_any())
}

/// The same audio in memory of its own, complete as of one moment.
#[pyfunction]
pub fn _copied(audio: &Class<'_>, why: &str) -> PyResult<AudioSamples> {
    audio.get().copied(audio.py(), why).map(AudioSamples::new)
}

/// A `CopyError` where copies are not allowed.
#[pyfunction]
pub fn _allow_copy(audio: &Class<'_>, why: &str) -> PyResult<()> {
    audio.get().allow_copy(audio.py(), why)
}

/// Start and length, in frames, of the parts in which a mapped file too large for the memory is gone over.
#[pyfunction]
pub fn _parts(audio: &Class<'_>) -> Option<Vec<(usize, usize)>> {
    paging::of(&audio.get().audio().samples().strided()).map(Iterator::collect)
}

/// Gives the pages of some frames back to the system, once they are computed.
#[pyfunction]
pub fn _give_back(audio: &Class<'_>, start: usize, count: usize) -> PyResult<()> {
    let samples = audio.get().audio().samples().strided();
    samples.take_frames(start, count)?.give_back();
    Ok(())
}

/// Whether an array is the samples of the audio, all of them in the same order.
#[pyfunction]
pub fn _same_samples(array: &Bound<'_, PyAny>, audio: &Class<'_>) -> PyResult<bool> {
    ndarray::same_samples(array, audio.get().audio())
}

/// Raises the error of a masked array.
#[pyfunction]
pub fn _refuse_masked(value: &Bound<'_, PyAny>) -> PyResult<()> {
    operand::refuse_masked(value)
}

/// Raises the error of a result that the audio has no room for.
#[pyfunction]
pub fn _refuse_shape(audio: &Class<'_>, shape: Vec<usize>) -> Result<(), Error> {
    Err(Error::ShapeMismatch {
        audio: audio.get().audio().layout().shape().to_vec(),
        operand: shape,
        between: None,
    })
}
