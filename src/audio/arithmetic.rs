//! `+ - * /` between audio and what fits its shape.

use crate::audio::{Audio, Wait, paging};
use crate::error::Error;
use crate::kernel::{self, Engine, Operand, Operation, Operator, Overflow, Sign};
use crate::layout::Layout;
use crate::registry::{Claim, Mode};
use crate::view::{Access, Fresh, Strided, access_if_quiet, access_to};

/// The everyday case, in a straight line: few samples, nothing to repeat or to cast, no other thread at work. Whether it
/// was that, and is done.
#[inline(always)]
fn small(
    operation: &Operation,
    own: &Strided<'_>,
    operand: &Operand<'_>,
    out: &Strided<'_>,
    (a, b): (&Operand<'_>, &Operand<'_>),
) -> bool {
    let beside = match operand {
        Operand::Samples(samples) => Some(samples),
        Operand::Scalar(_) => None,
    };
    let wraps = operation.overflow == Overflow::Wrap || operation.compute.is_float();
    let work = |access: &Access| Engine::new().small(access, operation, out, a, b).is_some();
    wraps && access_if_quiet(own, beside, work) == Some(true)
}

/// The error with the place of a zero as it is in the divisor that was given, not in the audio's shape.
#[cold]
fn in_divisor(error: Error, operation: &Operation, given: &Operand<'_>) -> Error {
    match (error, given) {
        (Error::DivisionByZero { index: Some(index) }, Operand::Samples(divisor))
            if !operation.reflected =>
        {
            let shape = divisor.layout().shape();
            let own = index.iter().rev().zip(shape.iter().rev());
            let mut own: Vec<usize> = own
                .map(|(at, count)| if *count == 1 { 0 } else { *at })
                .collect();
            own.reverse();
            Error::DivisionByZero {
                index: (!own.is_empty()).then_some(own),
            }
        }
        (error, _) => error,
    }
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
            between: None,
        })
}

#[inline]
fn fit_operand<'a>(operand: &Operand<'a>, into: &Layout) -> Result<Operand<'a>, Error> {
    match operand {
        Operand::Samples(samples) if !samples.layout().same_shape(into) => {
            fit(samples, into).map(Operand::Samples)
        }
        _ => Ok(*operand),
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
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let mut fresh = Fresh::alike(self.layout(), operation.compute)?;
        let own = self.samples.strided();
        let side = Operand::Samples(own);
        if wait.is_brief() {
            let (a, b) = operation.sides(&side, operand);
            if small(&operation, &own, operand, &fresh.strided(), (a, b)) {
                return Ok(self.with_samples(fresh.share()));
            }
        }
        let given = operand;
        let operand = fit_operand(operand, self.layout())?;
        let (a, b) = operation.sides(&side, &operand);
        let (claims, count) = with_claim_of(own.claim(Mode::Read), given);
        access_to(&own, &claims[..count], wait.lock, wait.until, |access| {
            self.refuse_unused_zero(access, &operation, given)?;
            paged(access, operation, &fresh.strided(), a, b)
        })?
        .map_err(|error| in_divisor(error, &operation, given))?;
        Ok(self.with_samples(fresh.share()))
    }

    /// [`Audio::operate`] beside other audio. Mono audio goes into multi-channel audio, whichever side it stands on: the
    /// result has the shape of the one with more axes.
    ///
    /// # Errors
    /// As there.
    pub fn operate_beside(
        &self,
        operation: Operation,
        other: &Audio,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let own = Operand::Samples(self.samples.strided());
        let theirs = Operand::Samples(other.samples.strided());
        if other.layout().ndim() <= self.layout().ndim() {
            return self.operate(operation, &theirs, wait);
        }
        let turned = Operation {
            reflected: !operation.reflected,
            ..operation
        };
        other.operate(turned, &own, wait)
    }

    /// A zero divisor is refused also where there is no sample to divide, as the number zero is.
    fn refuse_unused_zero(
        &self,
        access: &Access,
        operation: &Operation,
        operand: &Operand<'_>,
    ) -> Result<(), Error> {
        let divides = operation.operator == Operator::Div && !operation.reflected;
        match operand {
            Operand::Samples(_) if divides && self.layout().is_empty() => {
                Engine::new().check_divisor(access, operand)
            }
            _ => Ok(()),
        }
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
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.require_room_for(&operation)?;
        let out = self.samples.strided();
        let side = Operand::Samples(out);
        if wait.is_brief() && small(&operation, &out, operand, &out, (&side, operand)) {
            return Ok(());
        }
        let given = operand;
        let operand = fit_operand(operand, self.layout())?;
        let (claims, count) = with_claim_of(out.claim(Mode::Write), given);
        access_to(&out, &claims[..count], wait.lock, wait.until, |access| {
            self.refuse_unused_zero(access, &operation, given)?;
            paged(access, operation, &out, &side, &operand)
        })?
        .map_err(|error| in_divisor(error, &operation, given))
    }
}

impl Audio {
    /// `audio op operand` (or the reverse), stored in the samples of other audio of the same shape, which may be these
    /// or overlap them and the operand.
    ///
    /// # Errors
    /// As [`Audio::operate_in_place`]; another shape or rate of `out`. No sample has changed then.
    pub fn operate_into(
        &self,
        operation: Operation,
        operand: &Operand<'_>,
        out: &Audio,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.require_rate_of(out)?;
        out.require_room_for(&operation)?;
        if !self.layout().same_shape(out.layout()) {
            return Err(Error::ShapeMismatch {
                audio: out.layout().shape().to_vec(),
                operand: self.layout().shape().to_vec(),
                between: None,
            });
        }
        let (own, into) = (self.samples.strided(), out.samples.strided());
        let (side, operand) = (Operand::Samples(own), fit_operand(operand, self.layout())?);
        let (a, b) = operation.sides(&side, &operand);
        let ([first, second], count) = with_claim_of(own.claim(Mode::Read), &operand);
        let claims = [into.claim(Mode::Write), first, second];
        access_to(&into, &claims[..=count], wait.lock, wait.until, |access| {
            if operation.operator == Operator::Div {
                Engine::new().check_divisor(access, b)?;
            }
            if !may_fail_late(&operation) {
                return paged(access, operation, &into, a, b);
            }
            let mut beside = Fresh::alike(out.layout(), out.dtype())?;
            Engine::new().binary(access, &operation, &beside.strided(), a, b)?;
            Engine::new().copy(access, &into, &beside.strided())
        })?
    }

    /// Whether an operation's result may be stored in these samples.
    #[inline]
    fn require_room_for(&self, operation: &Operation) -> Result<(), Error> {
        self.samples.require_writable()?;
        if operation.compute.casts_same_kind(self.dtype()) {
            return Ok(());
        }
        Err(Error::CastRefused {
            from: operation.compute.name(),
            to: self.dtype().name(),
            operator: operation.operator.in_place_symbol(),
            in_file: self.samples.buffer().owner_name() == "file",
        })
    }
}

impl Audio {
    /// `-audio` or `|audio|` in new memory.
    ///
    /// # Errors
    /// An integer result that does not fit, if `overflow` says so; samples that are borrowed.
    pub fn sign(&self, sign: Sign, overflow: Overflow, wait: Wait<'_>) -> Result<Audio, Error> {
        let fresh = Fresh::alike(self.layout(), self.dtype())?;
        self.to_fresh(fresh, wait, |access, out, from| {
            Engine::new().unary(access, sign, overflow, out, from)
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

/// Whether a result that does not fit is an error, which is to be found before anything is written.
fn may_fail_late(operation: &Operation) -> bool {
    operation.overflow == Overflow::Raise && !operation.compute.is_float()
}

/// The audio's own claim and that of the operand, if it is samples; and how many that makes.
#[inline]
fn with_claim_of(own: Claim, operand: &Operand<'_>) -> ([Claim; 2], usize) {
    match operand {
        Operand::Samples(samples) => ([own, samples.claim(Mode::Read)], 2),
        Operand::Scalar(_) => ([own, own], 1),
    }
}

/// [`Engine::binary`], part by part where samples lie in a file.
///
/// # Errors
/// As there; a zero in a divisor is found before anything is written.
#[inline]
fn paged(
    access: &Access,
    operation: Operation,
    out: &Strided<'_>,
    a: &Operand<'_>,
    b: &Operand<'_>,
) -> Result<(), Error> {
    let engine = Engine::new();
    let is_file =
        |operand: &Operand<'_>| matches!(operand, Operand::Samples(from) if from.is_file());
    let in_file = out.is_file() || is_file(a) || is_file(b);
    // In the whole, not part by part.
    let whole = may_fail_late(&operation);
    if !in_file || whole || !paging::are_apart(out, a) || !paging::are_apart(out, b) {
        return engine.binary(access, &operation, out, a, b);
    }
    let mut all = vec![out];
    for operand in [a, b] {
        if let Operand::Samples(samples) = operand {
            all.push(samples);
        }
    }
    if operation.operator == Operator::Div
        && let Operand::Samples(divisor) = b
    {
        paging::each(&[divisor], |start, count| {
            let checked = engine.check_divisor(access, &paging::part(b, start, count)?);
            checked.map_err(|error| later(error, start))
        })?;
    }
    paging::each(&all, |start, count| {
        let (a, b) = (
            paging::part(a, start, count)?,
            paging::part(b, start, count)?,
        );
        let out = out.take_frames(start, count)?;
        engine.binary(access, &operation, &out, &a, &b)
    })
}

/// The error with its place in the whole.
fn later(error: Error, start: usize) -> Error {
    match error {
        Error::DivisionByZero {
            index: Some(mut index),
        } => {
            if let Some(frame) = index.last_mut() {
                *frame += start;
            }
            Error::DivisionByZero { index: Some(index) }
        }
        other => other,
    }
}
