//! `+ - * /` between audio and what fits its shape.

use crate::audio::{Audio, Manner, windows};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::{self, Operand, Operator, Overflow, Sign};
use crate::layout::Layout;
use crate::registry::{Claim, Mode};
use crate::view::{Fresh, Strided, access_to};

/// What to compute: the operator, the type to compute in, and on which side the audio stands.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// `+ - * /`.
    pub operator: Operator,
    /// The type that NumPy would compute in.
    pub compute: Dtype,
    /// True for `operand op audio`.
    pub reflected: bool,
    /// What becomes of integer results that do not fit.
    pub overflow: Overflow,
}

/// Samples repeated into a layout's shape.
///
/// # Errors
/// [`Error::ShapeMismatch`] with both shapes.
pub fn fit<'a>(samples: &Strided<'a>, into: &Layout) -> Result<Strided<'a>, Error> {
    samples
        .broadcast_into(into)
        .ok_or_else(|| Error::ShapeMismatch {
            audio: into.shape().to_vec(),
            operand: samples.layout().shape().to_vec(),
        })
}

fn fit_operand<'a>(operand: &Operand<'a>, into: &Layout) -> Result<Operand<'a>, Error> {
    match operand {
        Operand::Samples(samples) => fit(samples, into).map(Operand::Samples),
        Operand::Scalar(_) => Ok(*operand),
    }
}

impl Audio {
    /// An error unless both have one sample rate.
    #[inline]
    pub fn require_rate_of(&self, other: &Audio) -> Result<(), Error> {
        if self.rate == other.rate {
            return Ok(());
        }
        Err(Error::SampleRateMismatch {
            audio: self.rate.hertz(),
            operand: other.rate.hertz(),
        })
    }

    /// `audio op operand` (or the reverse) in new memory. The result has the audio's shape and rate.
    ///
    /// # Errors
    /// Shapes that do not fit, a zero in a divisor, samples that are borrowed.
    pub fn operate(
        &self,
        operation: Operation,
        operand: &Operand<'_>,
        manner: Manner<'_>,
    ) -> Result<Audio, Error> {
        let operand = fit_operand(operand, self.layout())?;
        let side = Operand::Samples(self.samples.strided());
        let (a, b) = if operation.reflected {
            (operand, side)
        } else {
            (side, operand)
        };
        let mut fresh = Fresh::new(self.layout().shape(), operation.compute)?;
        let own = self.samples.strided();
        let (claims, count) = with_claim_of(own.claim(Mode::Read), &operand);
        access_to(
            &own,
            &claims[..count],
            manner.effort,
            manner.patience,
            |access| windows::binary(access, operation, &fresh.strided(), &a, &b),
        )??;
        Ok(self.with_samples(fresh.share()))
    }

    /// `audio op= operand`: same object, same memory, same views.
    ///
    /// # Errors
    /// Read-only samples, shapes that do not fit, a result that the type cannot hold, a zero in a
    /// divisor, samples that are borrowed. No sample has changed then.
    pub fn operate_in_place(
        &self,
        operation: Operation,
        operand: &Operand<'_>,
        manner: Manner<'_>,
    ) -> Result<(), Error> {
        self.samples.require_writable()?;
        if !operation.compute.casts_same_kind(self.dtype()) {
            return Err(Error::CastRefused {
                from: operation.compute.name(),
                to: self.dtype().name(),
                operator: operation.operator.in_place_symbol(),
            });
        }
        let operand = fit_operand(operand, self.layout())?;
        let out = self.samples.strided();
        let (claims, count) = with_claim_of(out.claim(Mode::Write), &operand);
        access_to(
            &out,
            &claims[..count],
            manner.effort,
            manner.patience,
            |access| windows::binary(access, operation, &out, &Operand::Samples(out), &operand),
        )?
    }
}

impl Audio {
    /// `-audio` or `|audio|` in new memory.
    ///
    /// # Errors
    /// An integer result that does not fit, if `overflow` says so; samples that are borrowed.
    pub fn sign(&self, sign: Sign, overflow: Overflow, manner: Manner<'_>) -> Result<Audio, Error> {
        self.to_fresh(self.dtype(), manner, |access, out, from| match sign {
            Sign::Negate => kernel::negate(access, overflow, out, from),
            Sign::Absolute => kernel::absolute(access, overflow, out, from),
        })
    }

    /// The bytes of an operand that [`Audio::operate_in_place`] and [`Audio::assign`] copy first, because
    /// they overlap these samples in another order.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`].
    pub fn copied_bytes(&self, operand: &Operand<'_>) -> Result<usize, Error> {
        let operand = fit_operand(operand, self.layout())?;
        Ok(kernel::copied_bytes(&self.samples.strided(), &operand))
    }
}

/// The audio's own claim and that of the operand, if it is samples; and how many that makes.
#[inline]
fn with_claim_of(own: Claim, operand: &Operand<'_>) -> ([Claim; 2], usize) {
    match operand {
        Operand::Samples(samples) => ([own, samples.claim(Mode::Read)], 2),
        Operand::Scalar(_) => ([own, own], 1),
    }
}
