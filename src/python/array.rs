//! Audio as an array: operators, indexing, and NumPy's protocols.

/// The methods of binary operators: forward, reflected and in place. `$how` is an [`operand::Operates`].
macro_rules! operators {
    ($Class:ident: $($forward:ident $reflected:ident $in_place:ident: $how:expr;)*) => {
        #[pymethods]
        impl $Class {
            $(fn $forward<'py>(
                slf: &Bound<'py, $Class>,
                other: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $how.operate(slf, Side::Right, other)
            }

            fn $reflected<'py>(
                slf: &Bound<'py, $Class>,
                other: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $how.operate(slf, Side::Left, other)
            }

            fn $in_place(slf: &Bound<'_, $Class>, other: &Bound<'_, PyAny>) -> PyResult<()> {
                $how.operate_in_place(slf, other)
            })*
        }
    };
}

pub mod arithmetic;
pub mod computing;
pub mod float_errors;
mod functions;
pub mod indexing;
pub mod operand;
pub mod ufunc;
