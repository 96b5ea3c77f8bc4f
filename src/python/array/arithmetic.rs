//! `+ - * /` of the class: understand the operand, run the core's operation, wrap the result.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::{self, Operation, Operator, Sign};
use crate::python::array::float_errors;
use crate::python::array::float_errors::Computing;
use crate::python::array::operand;
use crate::python::array::operand::{Operates, OtherSide, Side};
use crate::python::array::ufunc;
use crate::python::array::ufunc::fast;
use crate::python::class::AudioSamples;
use crate::python::policy;

impl AudioSamples {
    #[inline]
    pub(super) fn operate<'py>(
        slf: &Bound<'py, Self>,
        operator: Operator,
        side: Side,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let reflected = side == Side::Left;
        let done = match operand::everyday(this.audio().dtype(), operator, other) {
            Some((compute, operand)) => {
                this.compute(py, operator, reflected, compute, &operand, None)?
            }
            None => match operand::parse(this.audio(), operator, side, other)? {
                Some(operand) => this.operate_on(py, operator, reflected, &operand)?,
                None => return Ok(py.NotImplemented().into_bound(py)),
            },
        };
        Ok(Bound::new(py, AudioSamples::new(done))?.into_any())
    }

    #[inline]
    fn compute(
        &self,
        py: Python<'_>,
        operator: Operator,
        reflected: bool,
        compute: Dtype,
        operand: &kernel::Operand<'_>,
        other: Option<&Audio>,
    ) -> PyResult<Audio> {
        let operation = Operation {
            operator,
            compute,
            reflected,
            overflow: policy::overflow(py, compute)?,
        };
        if let Some(other) = other {
            return self.compute_beside(py, operation, operand, other);
        }
        let computing = Computing::Operator(&operation, operand);
        float_errors::run(py, self.bytes_per_pass(), computing, |wait| {
            self.audio().operate(operation, operand, wait)
        })
    }

    /// As `compute`, where the operand is audio: an error is told of both.
    #[inline(never)]
    fn compute_beside(
        &self,
        py: Python<'_>,
        operation: Operation,
        operand: &kernel::Operand<'_>,
        other: &Audio,
    ) -> PyResult<Audio> {
        let computing = Computing::Operator(&operation, operand);
        float_errors::run(py, self.bytes_per_pass(), computing, |wait| {
            let done = self.audio().operate(operation, operand, wait);
            done.map_err(|error| self.beside(Some(other), operation.operator.symbol(), error))
        })
    }

    #[inline]
    fn operate_on(
        &self,
        py: Python<'_>,
        operator: Operator,
        reflected: bool,
        operand: &OtherSide<'_>,
    ) -> PyResult<Audio> {
        if let Some(other) = operand.audio()
            && other.layout().ndim() > self.audio().layout().ndim()
        {
            let operation = Operation {
                reflected,
                overflow: policy::overflow(py, operand.compute)?,
                ..Operation::plain(operator, operand.compute)
            };
            let bytes = 2 * other.layout().len() * other.dtype().size();
            let kernel = kernel::Operand::Samples(other.samples().strided());
            let computing = Computing::Operator(&operation, &kernel);
            return float_errors::run(py, bytes, computing, |wait| {
                let done = self.audio().operate_beside(operation, other, wait);
                done.map_err(|error| self.beside(Some(other), operator.symbol(), error))
            });
        }
        let kernel = operand.kernel(self.audio())?;
        let other = operand.audio();
        self.compute(py, operator, reflected, operand.compute, &kernel, other)
    }

    /// The error; if two pieces of audio do not fit, told of both.
    #[cold]
    fn beside(&self, other: Option<&Audio>, symbol: &'static str, error: Error) -> Error {
        match (error, other) {
            (Error::ShapeMismatch { .. }, Some(other)) => Error::between(
                self.audio().layout().shape(),
                other.layout().shape(),
                symbol,
            ),
            (error, _) => error,
        }
    }

    #[inline]
    fn operate_in_place(
        slf: &Bound<'_, Self>,
        operator: Operator,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let own = this.audio().dtype();
        if let Some((compute, operand)) = operand::everyday(own, operator, other) {
            return this.compute_in_place(py, operator, compute, &operand, None);
        }
        let Some(operand) = operand::parse(this.audio(), operator, Side::InPlace, other)? else {
            return Err(PyTypeError::new_err(format!(
                "unsupported operand type for {}: 'AudioSamples' and '{}'; \
                 give a number, a NumPy array or audio",
                operator.in_place_symbol(),
                other.get_type().name()?
            )));
        };
        if let Some(array) = operand.other() {
            return ufunc::in_place(slf, operator, array);
        }
        let kernel = operand.kernel(this.audio())?;
        let other = operand.audio();
        this.compute_in_place(py, operator, operand.compute, &kernel, other)
    }

    #[inline]
    fn compute_in_place(
        &self,
        py: Python<'_>,
        operator: Operator,
        compute: Dtype,
        operand: &kernel::Operand<'_>,
        other: Option<&Audio>,
    ) -> PyResult<()> {
        let operation = Operation {
            operator,
            compute,
            reflected: false,
            overflow: policy::overflow(py, self.audio().dtype())?,
        };
        let beside = |error| self.beside(other, operator.in_place_symbol(), error);
        policy::allow_operand(py, || self.audio().copied_bytes(operand).map_err(beside))?;
        let computing = Computing::Operator(&operation, operand);
        float_errors::run(py, self.bytes_per_pass(), computing, |wait| {
            let done = self.audio().operate_in_place(operation, operand, wait);
            done.map_err(beside)
        })
    }
}

impl Operates for Operator {
    #[inline]
    fn operate<'py>(
        self,
        audio: &Bound<'py, AudioSamples>,
        side: Side,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        AudioSamples::operate(audio, self, side, other)
    }

    #[inline]
    fn operate_in_place(
        self,
        audio: &Bound<'_, AudioSamples>,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        AudioSamples::operate_in_place(audio, self, other)
    }
}

operators! {
    AudioSamples:
    __add__ __radd__ __iadd__: Operator::Add;
    __sub__ __rsub__ __isub__: Operator::Sub;
    __mul__ __rmul__ __imul__: Operator::Mul;
    __truediv__ __rtruediv__ __itruediv__: Operator::Div;
}

#[pymethods]
impl AudioSamples {
    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        fast::signed(slf, Sign::Negate)
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        fast::signed(slf, Sign::Absolute)
    }
}
