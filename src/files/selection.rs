//! What of a file is read: which frames, and as samples of which type.

use crate::audio::SampleRate;
use crate::dtype::Dtype;
use crate::files::facts::Facts;

/// The type of the samples that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadAs {
    /// Floats to compute with: float32, or float64 where the file has 32-bit integers or 64-bit floats.
    #[default]
    Float,
    /// The narrowest type that holds every value of the file.
    Stored,
    /// This type: at audio scale, rounded to the nearest, saturating.
    Type(Dtype),
}

impl From<Dtype> for ReadAs {
    fn from(dtype: Dtype) -> ReadAs {
        ReadAs::Type(dtype)
    }
}

impl ReadAs {
    /// The type for a file.
    pub fn of(self, facts: &Facts) -> Dtype {
        match self {
            ReadAs::Type(dtype) => dtype,
            ReadAs::Stored => facts.dtype,
            ReadAs::Float => facts.float(),
        }
    }
}

/// What of a file is read; by default all of it, as floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The type to convert to.
    pub dtype: ReadAs,
    /// The first frame.
    pub start: u64,
    /// How many frames of the file, or as many as there are; `None` stands for all the rest.
    pub frames: Option<u64>,
    /// The sample rate that the audio is to have, if it is not the file's.
    pub rate: Option<SampleRate>,
    /// The number of channels that it is to have, if it is not the file's.
    pub channels: Option<usize>,
}

impl Selection {
    /// The whole file.
    pub fn all(dtype: impl Into<ReadAs>) -> Selection {
        Selection {
            dtype: dtype.into(),
            ..Selection::default()
        }
    }
}
