//! G.711: samples of 8 bits whose steps grow with their loudness.

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law, of European telephones.
    A,
    /// Mu-law, of American and Japanese ones.
    Mu,
}

/// What mu-law adds to every magnitude, so that its steps are powers of two.
const BIAS: i32 = 0x84;

impl Law {
    /// The sample that a byte stands for.
    pub fn expand(self, byte: u8) -> i16 {
        let bits = match self {
            // Every second bit is turned over, so that silence has changes in it.
            Law::A => byte ^ 0x55,
            Law::Mu => !byte,
        };
        let (exponent, mantissa) = (u32::from(bits >> 4 & 7), i32::from(bits & 15));
        let magnitude = match (self, exponent) {
            (Law::Mu, _) => (((mantissa << 3) + BIAS) << exponent) - BIAS,
            (Law::A, 0) => (mantissa << 4) + 8,
            (Law::A, _) => ((mantissa << 4) + 0x108) << (exponent - 1),
        };
        // The highest bit is set for what is positive by A-law, and for what is negative by mu-law.
        let is_negative = (bits & 0x80 != 0) == (self == Law::Mu);
        (if is_negative { -magnitude } else { magnitude }) as i16
    }

    /// The byte of the step that a sample lies in.
    pub fn compress(self, sample: i16) -> u8 {
        let sample = i32::from(sample);
        match self {
            Law::A => {
                let magnitude = if sample < 0 { !sample } else { sample };
                let bits = if magnitude < 0x100 {
                    magnitude >> 4
                } else {
                    let exponent = magnitude.ilog2() as i32 - 7;
                    exponent << 4 | (magnitude >> (exponent + 3) & 15)
                };
                let sign = if sample < 0 { 0 } else { 0x80 };
                (bits as u8 | sign) ^ 0x55
            }
            Law::Mu => {
                let magnitude = sample.abs().min(0x7FFF - BIAS) + BIAS;
                let exponent = magnitude.ilog2() as i32 - 7;
                let bits = exponent << 4 | (magnitude >> (exponent + 3) & 15);
                let sign = if sample < 0 { 0x80 } else { 0 };
                !(bits as u8 | sign)
            }
        }
    }
}
