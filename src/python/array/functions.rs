//! The other operators of Python's numbers, and NumPy's functions that are no ufuncs: all put to NumPy.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use crate::audio::Audio;
use crate::kernel::Sign;
use crate::python::array::operand::{Operates, Side};
use crate::python::array::ufunc;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::running::leased;
use crate::registry::Mode;

type Any<'py> = Bound<'py, PyAny>;

/// A ufunc of NumPy's, by name.
struct Ufunc(&'static str);

impl Operates for Ufunc {
    fn operate<'py>(
        self,
        audio: &Bound<'py, AudioSamples>,
        side: Side,
        other: &Any<'py>,
    ) -> PyResult<Any<'py>> {
        match side {
            Side::Left => ufunc::binary(self.0, other, audio, None),
            _ => ufunc::binary(self.0, audio, other, None),
        }
    }

    fn operate_in_place(self, audio: &Bound<'_, AudioSamples>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary(self.0, audio, other, Some(audio)).map(drop)
    }
}

operators! {
    AudioSamples:
    __floordiv__ __rfloordiv__ __ifloordiv__: Ufunc("floor_divide");
    __mod__ __rmod__ __imod__: Ufunc("remainder");
    __matmul__ __rmatmul__ __imatmul__: Ufunc("matmul");
    __lshift__ __rlshift__ __ilshift__: Ufunc("left_shift");
    __rshift__ __rrshift__ __irshift__: Ufunc("right_shift");
    __and__ __rand__ __iand__: Ufunc("bitwise_and");
    __xor__ __rxor__ __ixor__: Ufunc("bitwise_xor");
    __or__ __ror__ __ior__: Ufunc("bitwise_or");
}

#[pymethods]
impl AudioSamples {
    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::signed(slf, Sign::Negate)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::unary(slf, "positive")
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::signed(slf, Sign::Absolute)
    }

    fn __invert__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::unary(slf, "invert")
    }

    fn __divmod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("divmod", slf, other, None)
    }

    fn __rdivmod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("divmod", other, slf, None)
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Any<'py>,
        modulo: Option<&Any<'py>>,
    ) -> PyResult<Any<'py>> {
        if modulo.is_some_and(|modulo| !modulo.is_none()) {
            return Ok(slf.py().NotImplemented().into_bound(slf.py()));
        }
        ufunc::binary("power", slf, other, None)
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Any<'py>,
        _modulo: Option<&Any<'py>>,
    ) -> PyResult<Any<'py>> {
        ufunc::binary("power", other, slf, None)
    }

    fn __ipow__(slf: &Bound<'_, Self>, other: &Any<'_>, _modulo: Option<&Any<'_>>) -> PyResult<()> {
        ufunc::binary("power", slf, other, Some(slf)).map(drop)
    }

    /// NumPy's functions that are no ufuncs work on arrays that share the memory; what they write, they
    /// write into the audio.
    fn __array_function__<'py>(
        &self,
        function: &Any<'py>,
        types: &Any<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> PyResult<Any<'py>> {
        let py = function.py();
        let ndarray = crate::python::numpy::numpy_module(py)?.getattr(intern!(py, "ndarray"))?;
        let own = py.get_type::<AudioSamples>();
        for kind in types.try_iter()? {
            let kind = kind?;
            if !kind.is(&own) && !kind.cast::<PyType>()?.is_subclass(&ndarray)? {
                return Ok(py.NotImplemented().into_bound(py));
            }
        }
        let name = function.getattr(intern!(py, "__name__"))?.to_string();
        let mut call = Call {
            calls_back: CALLING.contains(&name.as_str()),
            ..Call::default()
        };
        let mut arrays = Vec::with_capacity(args.len());
        for (place, arg) in args.iter().enumerate() {
            let mode = if place == 0 {
                written(&name, kwargs)?
            } else {
                Mode::Read
            };
            arrays.push(call.stand_in(&arg, mode, 0)?);
        }
        let options = PyDict::new(py);
        for (key, value) in kwargs {
            let key: String = key.extract()?;
            let is_first = args.is_empty() && matches!(key.as_str(), "dst" | "a" | "arr" | "x");
            let mode = match key.as_str() {
                "out" => Mode::Write,
                _ if is_first => written(&name, kwargs)?,
                _ => Mode::Read,
            };
            options.set_item(&key, call.stand_in(&value, mode, 0)?)?;
        }
        let wanted: Vec<(&Audio, Mode)> = if call.calls_back {
            Vec::new()
        } else {
            let audio = call.audio.iter();
            audio
                .map(|(_, audio, mode)| (audio.get().audio(), *mode))
                .collect()
        };
        let args = PyTuple::new(py, arrays)?;
        let result = leased(py, &wanted, || function.call(args, Some(&options)))?;
        // `out=audio` gives the audio back, as `out=array` gives the array.
        let given = call.audio.iter().find(|(array, _, _)| array.is(&result));
        Ok(given.map_or(result.clone(), |(_, audio, _)| audio.clone().into_any()))
    }
}

/// Functions that call back into Python: what they call may wait for another thread, so that they hold no lease.
/// So does every function that is given something to call, or an array of objects.
const CALLING: [&str; 13] = [
    "apply_along_axis",
    "apply_over_axes",
    "vectorize",
    "piecewise",
    "fromfunction",
    "frompyfunc",
    "save",
    "savez",
    "savez_compressed",
    "savetxt",
    "array2string",
    "array_repr",
    "array_str",
];

/// What a function does to its first argument.
fn written(name: &str, kwargs: &Bound<'_, PyDict>) -> PyResult<Mode> {
    const WRITERS: [&str; 6] = [
        "copyto",
        "put",
        "place",
        "putmask",
        "put_along_axis",
        "fill_diagonal",
    ];
    let is = |option: &str, wanted: bool| -> PyResult<bool> {
        match kwargs.get_item(option)? {
            Some(given) => Ok(given.is_truthy()? == wanted),
            None => Ok(false),
        }
    };
    let writes = WRITERS.contains(&name)
        || name == "nan_to_num" && is("copy", false)?
        || is("overwrite_input", true)?;
    Ok(if writes { Mode::Write } else { Mode::Read })
}

/// Lists in lists that are looked into: NumPy has fewer axes than twice as many.
const DEPTH: usize = 32;

/// The audio among the arguments of one call.
#[derive(Default)]
struct Call<'py> {
    /// The array that stands for it, the audio, and what is done to it.
    audio: Vec<(Any<'py>, Bound<'py, AudioSamples>, Mode)>,
    /// Whether code of the user may run.
    calls_back: bool,
}

impl<'py> Call<'py> {
    /// The argument with arrays in place of audio, also inside lists and tuples.
    fn stand_in(&mut self, object: &Any<'py>, mode: Mode, depth: usize) -> PyResult<Any<'py>> {
        let py = object.py();
        if let Ok(audio) = object.cast_exact::<AudioSamples>() {
            if let Some((_, first, _)) = self.audio.first() {
                first.get().audio().require_rate_of(audio.get().audio())?;
            }
            let array = audio.get().shared_array(py, true)?;
            // Read-only audio is NumPy's to refuse.
            let mode = if audio.get().audio().samples().writable() {
                mode
            } else {
                Mode::Read
            };
            self.audio.push((array.clone(), audio.clone(), mode));
            return Ok(array);
        }
        let list = object.cast_exact::<PyList>();
        if list.is_err() && object.cast_exact::<PyTuple>().is_err() {
            let is_class = object.is_instance_of::<PyType>();
            self.calls_back |= object.is_callable() && !is_class;
            self.calls_back |= ndarray::is_array(object) && ufunc::is_of_objects(object)?;
            return Ok(object.clone());
        }
        if depth == DEPTH {
            return Err(PyValueError::new_err(format!(
                "lists nested more than {DEPTH} deep, or inside themselves, are no argument; \
                 give arrays, or lists of them"
            )));
        }
        let mut items = Vec::new();
        for item in object.try_iter()? {
            items.push(self.stand_in(&item?, mode, depth + 1)?);
        }
        Ok(match list {
            Ok(_) => PyList::new(py, items)?.into_any(),
            Err(_) => PyTuple::new(py, items)?.into_any(),
        })
    }
}
