//! Ufuncs of small blocks: the class's own operators where they give what NumPy gives, and no detour where not.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::error::Error;
use crate::kernel::{Engine, Operand, Operation, Operator, Overflow, Sign};
use crate::python::array::computing::wrapped;
use crate::python::array::operand;
use crate::python::array::operand::Side;
use crate::python::class::AudioSamples;
use crate::python::exchange::{ndarray, outward};
use crate::python::numpy::numpy_module;
use crate::python::running::leased;
use crate::python::{policy, running};
use crate::registry::Mode;
use crate::view::access_to;

/// Audio and what it is computed with by one of NumPy's four arithmetic ufuncs, where that is what the class's own
/// operator computes.
struct Pair<'s, 'py> {
    operator: Operator,
    audio: &'s Bound<'py, AudioSamples>,
    other: &'s Bound<'py, PyAny>,
    side: Side,
}

impl<'s, 'py> Pair<'s, 'py> {
    fn of(
        ufunc: &Bound<'py, PyAny>,
        left: &'s Bound<'py, PyAny>,
        right: &'s Bound<'py, PyAny>,
    ) -> PyResult<Option<Pair<'s, 'py>>> {
        let Some(operator) = operator_of(ufunc)? else {
            return Ok(None);
        };
        let (audio, other, side) = match left.cast_exact::<AudioSamples>() {
            Ok(audio) => (audio, right, Side::Right),
            Err(_) => match right.cast_exact::<AudioSamples>() {
                Ok(audio) => (audio, left, Side::Left),
                Err(_) => return Ok(None),
            },
        };
        let pair = Pair {
            operator,
            audio,
            other,
            side,
        };
        Ok(pair.fits()?.then_some(pair))
    }

    /// Whether the other side is an array of samples that is repeated into the audio's shape, no larger one; or, where
    /// integers do not wrap, anything that the operator takes.
    fn fits(&self) -> PyResult<bool> {
        let own = self.audio.get().audio();
        if policy::overflow(self.audio.py(), own.dtype())? != Overflow::Wrap {
            return operand::is_known(self.other);
        }
        if !ndarray::is_exact_array(self.other) {
            return Ok(false);
        }
        let facts = ndarray::facts(self.other)?;
        let own = own.layout();
        let layout = facts.layout.filter(|_| facts.dtype.is_some());
        Ok(layout.is_some_and(|layout| layout.broadcast_into(own).is_some()))
    }
}

/// The operator that a ufunc of NumPy's is.
fn operator_of(ufunc: &Bound<'_, PyAny>) -> PyResult<Option<Operator>> {
    static UFUNCS: PyOnceLock<[Py<PyAny>; 4]> = PyOnceLock::new();
    const OPERATORS: [Operator; 4] = [Operator::Add, Operator::Sub, Operator::Mul, Operator::Div];
    let py = ufunc.py();
    let ufuncs = UFUNCS.get_or_try_init(py, || -> PyResult<_> {
        let [a, b, c, d] =
            OPERATORS.map(|operator| operand::ufunc(py, operator).map(Bound::unbind));
        Ok([a?, b?, c?, d?])
    })?;
    let place = ufuncs.iter().position(|one| ufunc.is(one));
    Ok(place.map(|place| OPERATORS[place]))
}

/// `array * audio`, which NumPy asks for as a ufunc: the class's own operator. Not `np.divide(audio, array)`, which
/// keeps NumPy's inf and nan; `array / audio` cannot be told from its function, and refuses zeros as operators do.
pub fn of_two<'py>(
    ufunc: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Ok(audio) = right.cast_exact::<AudioSamples>()
        && operator_of(ufunc)? == Some(Operator::Div)
        && operand::is_numpys(left)?
    {
        refuse_zeros(audio)?;
    }
    match Pair::of(ufunc, left, right)? {
        Some(Pair {
            operator,
            audio,
            other,
            side,
        }) if operator != Operator::Div => {
            AudioSamples::operate(audio, operator, side, other).map(Some)
        }
        _ => Ok(None),
    }
}

/// An error if a divisor has a zero in it.
fn refuse_zeros(audio: &Bound<'_, AudioSamples>) -> PyResult<()> {
    let samples = audio.get().audio().samples().strided();
    let bytes = audio.get().bytes_per_pass();
    running::run(audio.py(), bytes, |wait| {
        let claims = [samples.claim(Mode::Read)];
        access_to(&samples, &claims, wait.lock, wait.until, |access| {
            Engine::new().check_divisor(access, &Operand::Samples(samples))
        })?
    })
}

/// `np.add(audio, array, out=audio)` by our own loops. `None` where NumPy's differ: where integers do not wrap, and
/// where a divisor has a zero.
pub fn into<'py>(
    ufunc: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ufunc.py();
    let Ok(target) = out.cast_exact::<AudioSamples>() else {
        return Ok(None);
    };
    let Some(operator) = operator_of(ufunc)? else {
        return Ok(None);
    };
    if operator != Operator::Div
        && let Some(pair) = Pair::of(ufunc, left, right)?
        && policy::overflow(py, pair.audio.get().audio().dtype())? != Overflow::Wrap
    {
        // A result that does not fit is found before anything is stored.
        let result = AudioSamples::operate(pair.audio, operator, pair.side, pair.other)?;
        out.set_item(pyo3::types::PyEllipsis::get(py), result)?;
        return Ok(Some(out.clone()));
    }
    // Two of audio, or audio and an array.
    let both = left
        .cast_exact::<AudioSamples>()
        .ok()
        .zip(right.cast_exact::<AudioSamples>().ok());
    let (audio, operand, side) = match (both, Pair::of(ufunc, left, right)?) {
        (Some((audio, other)), _) => {
            audio.get().audio().require_rate_of(other.get().audio())?;
            let samples = other.get().audio().samples().strided();
            (audio, Some(samples), Side::Right)
        }
        (None, Some(pair)) => (pair.audio, ndarray::everyday(pair.other), pair.side),
        (None, None) => return Ok(None),
    };
    let Some(samples) = operand else {
        return Ok(None);
    };
    let (own, target) = (audio.get().audio(), target.get().audio());
    let compute = operator.compute_type(own.dtype(), samples.dtype());
    let shape = own.layout();
    let plain = shape.same_shape(target.layout())
        && samples.layout().broadcast_into(shape).is_some()
        && compute.casts_same_kind(target.dtype())
        && policy::overflow(py, compute)? == Overflow::Wrap;
    if !plain {
        return Ok(None);
    }
    let operation = Operation {
        reflected: side == Side::Left,
        ..Operation::plain(operator, compute)
    };
    let bytes = 3 * shape.len() * compute.size();
    let operand = Operand::Samples(samples);
    let done = running::run(py, bytes, |wait| {
        match own.operate_into(operation, &operand, target, wait) {
            Err(Error::DivisionByZero { .. }) => Ok(false),
            done => done.map(|()| true),
        }
    })?;
    Ok(done.then(|| out.clone()))
}

/// `np.abs(audio)`: a ufunc of NumPy's own, of one operand. `None` for all others.
pub fn of_one<'py>(
    ufunc: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ufunc.py();
    let Ok(audio) = input.cast_exact::<AudioSamples>() else {
        return Ok(None);
    };
    if let Some(sign) = sign_of(ufunc)? {
        return signed(audio, sign).map(Some);
    }
    if is_of_python(ufunc)? {
        return Ok(None);
    }
    let own = audio.get().audio();
    let array = audio.get().shared_array(py, false)?;
    let result = leased(py, &[(own, Mode::Read)], || {
        outward::call(ufunc, (array,), None)
    })?;
    if let Ok(several) = result.cast_exact::<PyTuple>() {
        let wrapped = several.iter().map(|one| wrapped([own], one));
        return Ok(Some(
            PyTuple::new(py, wrapped.collect::<PyResult<Vec<_>>>()?)?.into_any(),
        ));
    }
    wrapped([own], result).map(Some)
}

/// The sign that NumPy's `absolute` or `negative` gives; the loops for it are ours.
fn sign_of(ufunc: &Bound<'_, PyAny>) -> PyResult<Option<Sign>> {
    static UFUNCS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
    let [absolute, negative] = UFUNCS.get_or_try_init(ufunc.py(), || -> PyResult<_> {
        let numpy = numpy_module(ufunc.py())?;
        Ok([
            numpy.getattr("absolute")?.unbind(),
            numpy.getattr("negative")?.unbind(),
        ])
    })?;
    Ok(match ufunc {
        ufunc if ufunc.is(absolute) => Some(Sign::Absolute),
        ufunc if ufunc.is(negative) => Some(Sign::Negate),
        _ => None,
    })
}

/// Whether a ufunc computes by calling Python, as those of `np.frompyfunc` do.
fn is_of_python(ufunc: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = ufunc.py();
    let loops: usize = ufunc.getattr(intern!(py, "ntypes"))?.extract()?;
    if loops > 1 {
        return Ok(false);
    }
    let kinds: Vec<String> = ufunc.getattr(intern!(py, "types"))?.extract()?;
    Ok(kinds.iter().all(|kinds| kinds.contains('O')))
}

pub fn signed<'py>(audio: &Bound<'py, AudioSamples>, sign: Sign) -> PyResult<Bound<'py, PyAny>> {
    let (py, this) = (audio.py(), audio.get());
    let overflow = policy::overflow(py, this.audio().dtype())?;
    let done = running::run(py, this.bytes_per_pass(), |wait| {
        this.audio().sign(sign, overflow, wait)
    })?;
    Ok(Bound::new(py, AudioSamples::new(done))?.into_any())
}
