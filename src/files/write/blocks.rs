//! A file written block after block, in the memory of one: the counterpart of [`crate::files::stream`].

use std::io::{Seek, SeekFrom, Write};

use super::coder::{Coder, Recipe, SampleSpec};
use super::coder_of;
use crate::audio::Audio;
use crate::error::Error;
use crate::files::asking::{Asking, Caller};
use crate::files::clipping::Clipped;
use crate::registry::{Mode, Until};
use crate::view::{Lock, access};

/// A file that grows by blocks of one kind. The writer puts the length into the header at the end, so the output has to
/// seek. Until [`Blocks::finish`], and after any error but one about a block's kind, it is no valid file.
pub struct Blocks<W> {
    out: W,
    /// Where in `out` the file begins.
    start: u64,
    spec: SampleSpec,
    coder: Box<dyn Coder>,
    count: u64,
}

fn io(error: std::io::Error) -> Error {
    Error::io(&error, None)
}

impl<W: Write + Seek> Blocks<W> {
    /// Begins a file of samples of that kind.
    ///
    /// # Errors
    /// A kind that the format cannot hold, before anything is written; [`Error::Io`], also if `out` does not go back.
    pub fn begin(mut out: W, spec: SampleSpec, recipe: &Recipe) -> Result<Blocks<W>, Error> {
        let mut coder = coder_of(spec, None, recipe)?;
        let start = out.stream_position().map_err(io)?;
        coder.begin(&mut out, None)?;
        // An output that cannot seek back fails now and not after hours.
        let behind = out.stream_position().map_err(io)?;
        out.seek(SeekFrom::Start(start)).map_err(io)?;
        out.seek(SeekFrom::Start(behind)).map_err(io)?;
        Ok(Blocks {
            out,
            start,
            spec,
            coder,
            count: 0,
        })
    }

    /// Writes the next block, of any length. It is leased for reading meanwhile, and not needed afterwards.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a block of another kind than the first, or more frames than the format counts;
    /// [`Error::Io`], and what [`access`] gives.
    pub fn append(&mut self, block: &Audio, until: Until<'_>) -> Result<(), Error> {
        self.require_alike(SampleSpec::of(block))?;
        let samples = block.samples().strided();
        let caller = Caller::of(until);
        let claims = [samples.claim(Mode::Read)];
        let appended = caller.until(|until| {
            access(&claims, Lock::Leases, until, |access| {
                let mut out = Asking::new(&mut self.out, &caller);
                self.coder.append(&mut out, access, &samples)
            })?
        });
        caller.outcome(appended)?;
        self.count += 1;
        Ok(())
    }

    /// Writes the rest, and what had to be known for the header. What was written to stands at the end of the file.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::InvalidArgument`] for fewer frames than the format holds.
    pub fn finish(mut self) -> Result<(W, Clipped), Error> {
        let finished = self.coder.finish(&mut self.out)?;
        finished.put_header(&mut self.out, self.start)?;
        Ok((self.out, finished.clipped))
    }

    fn require_alike(&self, spec: SampleSpec) -> Result<(), Error> {
        if spec == self.spec {
            return Ok(());
        }
        let words = |spec: SampleSpec| {
            let plural = if spec.channels == 1 { "" } else { "s" };
            [
                format!("a sample rate of {} Hz", spec.rate.hertz()),
                format!("{} channel{plural}", spec.channels),
                format!("samples of type {}", spec.dtype.name()),
            ]
        };
        let ways_out = [
            "resample it before",
            "mix or repeat its channels before",
            "convert() it before",
        ];
        let pairs = words(spec).into_iter().zip(words(self.spec));
        let mut differing = pairs.zip(ways_out).filter(|((has, had), _)| has != had);
        differing.next().map_or(Ok(()), |((has, had), way_out)| {
            Err(Error::invalid(format!(
                "block {} (the first is 0) has {has}, and the blocks before it have {had}; a file has one kind: \
                 {way_out}",
                self.count
            )))
        })
    }
}
