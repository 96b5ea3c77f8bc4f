//! How one sample lies in a file.

pub use crate::audio::g711::Law;
use crate::dtype::Dtype;
use crate::error::Error;

/// How one sample is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// 8 bits, 128 is silence.
    Unsigned8,
    /// 8 bits, 0 is silence.
    Signed8,
    /// 16-bit integers.
    Pcm16,
    /// 24-bit integers in three bytes.
    Pcm24,
    /// 32-bit integers.
    Pcm32,
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
    /// 8 bits that stand for about 13, by one of the two laws of G.711.
    G711(Law),
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Encoding; 9] = [
        Encoding::Unsigned8,
        Encoding::Pcm16,
        Encoding::Pcm24,
        Encoding::Pcm32,
        Encoding::Float32,
        Encoding::Float64,
        Encoding::Signed8,
        Encoding::G711(Law::Mu),
        Encoding::G711(Law::A),
    ];

    /// The name that libsndfile has made common.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Unsigned8 => "PCM_U8",
            Encoding::Signed8 => "PCM_S8",
            Encoding::Pcm16 => "PCM_16",
            Encoding::Pcm24 => "PCM_24",
            Encoding::Pcm32 => "PCM_32",
            Encoding::Float32 => "FLOAT",
            Encoding::Float64 => "DOUBLE",
            Encoding::G711(Law::Mu) => "ULAW",
            Encoding::G711(Law::A) => "ALAW",
        }
    }

    /// The encoding of that name; upper and lower case are the same.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with the names that there are.
    pub fn from_name(name: &str) -> Result<Encoding, Error> {
        let known = |encoding: &Encoding| encoding.name().eq_ignore_ascii_case(name);
        Encoding::ALL.into_iter().find(known).ok_or_else(|| {
            let names = Encoding::ALL.map(Encoding::name).join(", ");
            Error::invalid(format!(
                "there is no subtype '{name}'; the subtypes are {names}"
            ))
        })
    }

    /// The encoding that holds every sample of a type and nothing more.
    pub const fn of(dtype: Dtype) -> Encoding {
        match dtype {
            Dtype::Int16 => Encoding::Pcm16,
            Dtype::Int32 => Encoding::Pcm32,
            Dtype::Float32 => Encoding::Float32,
            Dtype::Float64 => Encoding::Float64,
        }
    }

    /// The narrowest sample type that holds every value: 8 bits become int16, 24 bits int32, both shifted
    /// to full scale.
    pub const fn dtype(self) -> Dtype {
        match self {
            Encoding::Unsigned8 | Encoding::Signed8 | Encoding::Pcm16 | Encoding::G711(_) => {
                Dtype::Int16
            }
            Encoding::Pcm24 | Encoding::Pcm32 => Dtype::Int32,
            Encoding::Float32 => Dtype::Float32,
            Encoding::Float64 => Dtype::Float64,
        }
    }

    /// Bytes of one sample.
    pub const fn width(self) -> usize {
        match self {
            Encoding::Unsigned8 | Encoding::Signed8 | Encoding::G711(_) => 1,
            Encoding::Pcm16 => 2,
            Encoding::Pcm24 => 3,
            Encoding::Pcm32 | Encoding::Float32 => 4,
            Encoding::Float64 => 8,
        }
    }

    /// True for IEEE 754.
    pub const fn is_float(self) -> bool {
        matches!(self, Encoding::Float32 | Encoding::Float64)
    }

    /// Whether its bytes, in the machine's order, are samples of [`Encoding::dtype`] as they lie.
    pub const fn is_sample_type(self) -> bool {
        !matches!(
            self,
            Encoding::Unsigned8 | Encoding::Signed8 | Encoding::Pcm24 | Encoding::G711(_)
        )
    }
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

impl ByteOrder {
    /// That of this machine.
    pub const NATIVE: ByteOrder = if cfg!(target_endian = "big") {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };

    /// Turns numbers of `width` bytes in this order into the machine's, or back.
    pub fn exchange(self, bytes: &mut [u8], width: usize) {
        if self != ByteOrder::NATIVE {
            bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
    }

    /// A 16-bit number.
    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    /// A 32-bit number.
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }
}
