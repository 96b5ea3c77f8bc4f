//! One channel of samples of any type: what a loop is given after the last `match` on types.

use crate::dtype::{Dtype, Sample};
use crate::view::{Access, Source, Strided, Target};

macro_rules! any_row {
    ($(#[$doc:meta])* $Any:ident of $Row:ident by $row:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub enum $Any<'a> {
            /// Of int16.
            Int16($Row<'a, i16>),
            /// Of int32.
            Int32($Row<'a, i32>),
            /// Of float32.
            Float32($Row<'a, f32>),
            /// Of float64.
            Float64($Row<'a, f64>),
        }

        impl<'a> $Any<'a> {
            /// One channel of the samples.
            #[inline]
            pub fn of(samples: &Strided<'a>, access: &'a Access, channel: usize) -> Self {
                match samples.dtype() {
                    Dtype::Int16 => $Any::Int16(samples.$row(access, channel)),
                    Dtype::Int32 => $Any::Int32(samples.$row(access, channel)),
                    Dtype::Float32 => $Any::Float32(samples.$row(access, channel)),
                    Dtype::Float64 => $Any::Float64(samples.$row(access, channel)),
                }
            }

            /// `len` samples from `from` on.
            #[inline]
            pub fn range(&self, from: usize, len: usize) -> Self {
                match self {
                    $Any::Int16(row) => $Any::Int16(row.range(from, len)),
                    $Any::Int32(row) => $Any::Int32(row.range(from, len)),
                    $Any::Float32(row) => $Any::Float32(row.range(from, len)),
                    $Any::Float64(row) => $Any::Float64(row.range(from, len)),
                }
            }
        }
    };
}

any_row! {
    /// A channel to read from.
    AnySource of Source by source
}
any_row! {
    /// A channel to write to.
    AnyTarget of Target by target
}

/// A sample type whose rows go in and out of those of any type.
pub trait Tagged: Sample {
    /// The row among rows of any type.
    fn any_source(row: Source<'_, Self>) -> AnySource<'_>;
    /// The row among rows of any type.
    fn any_target(row: Target<'_, Self>) -> AnyTarget<'_>;
    /// The row, if it is of this type.
    fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>>;
}

macro_rules! tagged {
    ($($T:ty: $Any:ident),*) => {$(
        impl Tagged for $T {
            #[inline]
            fn any_source(row: Source<'_, Self>) -> AnySource<'_> {
                AnySource::$Any(row)
            }
            #[inline]
            fn any_target(row: Target<'_, Self>) -> AnyTarget<'_> {
                AnyTarget::$Any(row)
            }
            #[inline]
            fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>> {
                match row {
                    AnyTarget::$Any(row) => Some(*row),
                    _ => None,
                }
            }
        }
    )*};
}

tagged!(i16: Int16, i32: Int32, f32: Float32, f64: Float64);

/// Samples of the type that is computed in, or one number for all of them.
#[derive(Clone, Copy)]
pub enum Feed<'a, T> {
    /// As many samples as the destination has.
    Row(Source<'a, T>),
    /// The same value everywhere.
    Number(T),
}

impl<'a, T: Sample> Feed<'a, T> {
    /// The same values from the last to the first.
    #[inline]
    pub fn reversed(&self) -> Feed<'a, T> {
        match self {
            Feed::Row(row) => Feed::Row(row.reversed()),
            Feed::Number(number) => Feed::Number(*number),
        }
    }

    /// `len` values from `from` on.
    #[inline]
    pub fn range(&self, from: usize, len: usize) -> Feed<'a, T> {
        match self {
            Feed::Row(row) => Feed::Row(row.range(from, len)),
            Feed::Number(number) => Feed::Number(*number),
        }
    }
}
