//! Ufuncs of small blocks: the class's own operators where they give what NumPy gives, and no detour where not.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::error::Error;
use crate::kernel::{Engine, Operand, Operation, Operator, Overflow, Sign};
use crate::python::array::computing::wrapped;
use crate::python::array::float_errors;
use crate::python::array::float_errors::Computing;
use crate::python::array::operand;
use crate::python::array::operand::Side;
use crate::python::class::AudioSamples;
use crate::python::exchange::{ndarray, outward};
use crate::python::numpy::numpy_module;
use crate::python::running::leased;
use crate::python::{policy, running};
use crate::registry::Mode;
use crate::view::access_to;

/// Audio and the other side of one of NumPy's four arithmetic ufuncs.
struct Pair<'s, 'py> {
    audio: &'s Bound<'py, AudioSamples>,
    other: &'s Bound<'py, PyAny>,
    side: Side,
}

impl<'s, 'py> Pair<'s, 'py> {
    fn of(left: &'s Bound<'py, PyAny>, right: &'s Bound<'py, PyAny>) -> Option<Pair<'s, 'py>> {
        let (audio, other, side) = match left.cast_exact::<AudioSamples>() {
            Ok(audio) => (audio, right, Side::Right),
            Err(_) => (right.cast_exact::<AudioSamples>().ok()?, left, Side::Left),
        };
        Some(Pair { audio, other, side })
    }

    /// What becomes of results that do not fit.
    fn overflow(&self) -> PyResult<Overflow> {
        policy::overflow(self.audio.py(), self.audio.get().audio().dtype())
    }

    /// Whether the class's own operator gives what NumPy's function does: with an array of samples that is repeated into
    /// the audio's shape, no larger one; or, where integers do not wrap, with all that the operator takes.
    fn fits(&self) -> PyResult<bool> {
        if self.overflow()? != Overflow::Wrap {
            return operand::is_known(self.other);
        }
        if !ndarray::is_exact_array(self.other) {
            return Ok(false);
        }
        let facts = ndarray::facts(self.other)?;
        let own = self.audio.get().audio().layout();
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
    let (Some(operator), Some(pair)) = (operator_of(ufunc)?, Pair::of(left, right)) else {
        return Ok(None);
    };
    if operator == Operator::Div {
        if pair.side == Side::Left && operand::is_numpys(left)? {
            refuse_zeros(pair.audio)?;
        }
        return Ok(None);
    }
    if !pair.fits()? {
        return Ok(None);
    }
    AudioSamples::operate(pair.audio, operator, pair.side, pair.other).map(Some)
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

/// `np.add(audio, array, out=audio)` by our own loops. `None` where NumPy's differ: for shapes and types that it alone
/// knows, and where a divisor has a zero.
pub fn into<'py>(
    ufunc: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Ok(target) = out.cast_exact::<AudioSamples>() else {
        return Ok(None);
    };
    let (Some(operator), Some(pair)) = (operator_of(ufunc)?, Pair::of(left, right)) else {
        return Ok(None);
    };
    let overflow = pair.overflow()?;
    let own = pair.audio.get().audio();
    let parsed;
    let (operand, compute) = if let Ok(other) = pair.other.cast_exact::<AudioSamples>() {
        let other = other.get().audio();
        own.require_rate_of(other)?;
        let compute = operator.compute_type(own.dtype(), other.dtype());
        (Operand::Samples(other.samples().strided()), compute)
    } else if let Some(samples) = ndarray::everyday(pair.other) {
        let compute = operator.compute_type(own.dtype(), samples.dtype());
        (Operand::Samples(samples), compute)
    } else if overflow != Overflow::Wrap && operand::is_known(pair.other)? {
        parsed = operand::parse(own, operator, pair.side, pair.other)?;
        let Some(other) = parsed.as_ref().filter(|parsed| parsed.other().is_none()) else {
            return Ok(None);
        };
        (other.kernel(own)?, other.compute)
    } else {
        return Ok(None);
    };
    let target = target.get().audio();
    let shape = own.layout();
    let fits = match &operand {
        Operand::Samples(samples) => samples.layout().broadcast_into(shape).is_some(),
        Operand::Scalar(_) => true,
    };
    if !(fits && shape.same_shape(target.layout()) && compute.casts_same_kind(target.dtype())) {
        return Ok(None);
    }
    let operation = Operation {
        operator,
        compute,
        reflected: pair.side == Side::Left,
        overflow,
    };
    let py = out.py();
    let bytes = 3 * shape.len() * compute.size();
    let computing = Computing::Operator(&operation, &operand);
    let done = float_errors::run(py, bytes, computing, |wait| {
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
