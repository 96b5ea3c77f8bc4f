//! Filters as cascades of second-order sections, with a state of float64 whatever the samples are.
//!
//! A section is computed in the transposed direct form II, in the order of SciPy's `sosfilt`, whose bits these are in
//! float64. Sections are skewed by a sample each, so that they fill the lanes of one vector, and two channels go side by
//! side.

mod cascade;
mod design;
mod elliptic;
mod equalizer;
mod pairing;
mod roots;
mod zero_phase;

use crate::audio::blockwise::each_block;
use crate::audio::{Audio, Wait, patiently};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::error::Error;
use crate::kernel;
use crate::kernel::planes::{Planes, Real, load_row, store_row};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};
use cascade::Cascade;

pub use design::{Band, Response};
pub use equalizer::Equal;

/// Samples from which channels are shared among threads.
const PARALLEL_FROM: usize = 1 << 16;

/// Second-order sections: `[b0, b1, b2, a0, a1, a2]` each, with `a0 = 1`, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Sections {
    sections: Vec<[f64; 6]>,
}

impl Sections {
    /// As SciPy writes them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for none, numbers that are not finite, and an `a0` other than 1.
    pub fn new(sections: Vec<[f64; 6]>) -> Result<Sections, Error> {
        if sections.is_empty() {
            return Err(Error::invalid(
                "a filter has at least one section [b0, b1, b2, a0, a1, a2]".into(),
            ));
        }
        for (number, section) in sections.iter().enumerate() {
            if let Some(wrong) = section.iter().find(|number| !number.is_finite()) {
                return Err(Error::invalid(format!(
                    "section {number} of the filter has the number {wrong}; all of them are finite"
                )));
            }
            if section[3] != 1.0 {
                return Err(Error::invalid(format!(
                    "section {number} of the filter has a0 = {}, which is 1 in sections: divide all six by it",
                    section[3]
                )));
            }
        }
        Ok(Sections { sections })
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[[f64; 6]] {
        &self.sections
    }
}

/// A filter that goes on from block to block.
#[derive(Clone, Debug)]
pub struct Filter {
    design: Designer,
    running: Vec<Cascade>,
}

/// What gives a filter its sections: they may depend on the rate, which the first block tells.
#[derive(Clone, Debug)]
enum Designer {
    Given(Sections),
    ByRate(Response),
    Bands(Vec<Equal>),
}

impl Filter {
    /// By its sections.
    pub fn new(sections: Sections) -> Filter {
        Filter {
            design: Designer::Given(sections),
            running: Vec::new(),
        }
    }

    /// By its response, at the rate of the signal.
    pub fn by_response(response: Response) -> Filter {
        Filter {
            design: Designer::ByRate(response),
            running: Vec::new(),
        }
    }

    /// By the bands of an equalizer, at the rate of the signal.
    pub fn by_bands(bands: Vec<Equal>) -> Filter {
        Filter {
            design: Designer::Bands(bands),
            running: Vec::new(),
        }
    }

    fn filter<T: Real>(&mut self, planes: &mut Planes<T>) {
        for (cascade, plane) in self.running.iter_mut().zip(planes.planes_mut()) {
            cascade.run(plane);
        }
    }
}

impl Processor for Filter {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let sections = match &self.design {
            Designer::Given(sections) => sections.clone(),
            Designer::ByRate(response) => response.sections(format.rate)?,
            Designer::Bands(bands) => Sections::equalizer(bands, format.rate)?,
        };
        self.running = vec![Cascade::new(&sections); format.channels];
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        on_planes!(block, planes => self.filter(planes));
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Filter {
            design: self.design.clone(),
            running: Vec::new(),
        })
    }
}

impl Audio {
    /// New audio, filtered forwards, or forwards and backwards so that nothing comes late.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`].
    pub fn filtered(
        &self,
        sections: &Sections,
        zero_phase: bool,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let mut fresh = Fresh::alike(self.layout(), self.dtype())?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            filter_all(access, &fresh.strided(), &own, sections, zero_phase)
        })??;
        Ok(self.with_samples(fresh.share()))
    }

    /// As [`Audio::filtered`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn filter_own(
        &self,
        sections: &Sections,
        zero_phase: bool,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.samples().require_writable()?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            filter_all(access, &own, &own, sections, zero_phase)
        })?
    }

    /// New audio, filtered; waits for other operations as long as they take.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::{Band, Response}};
    /// let audio = Audio::from_vec(vec![1.0_f64; 48_000], SampleRate::new(48_000)?)?;
    /// let rumble = Response::butterworth(Band::Above(80.0), 4).sections(audio.rate())?;
    /// let filtered = audio.filter(&rumble)?.to_vec::<f64>()?;
    /// assert!(filtered[47_999].abs() < 1e-6); // a constant is below 80 Hz
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::filtered`].
    pub fn filter(&self, sections: &Sections) -> Result<Audio, Error> {
        patiently(|wait| self.filtered(sections, false, wait))
    }

    /// [`Audio::filter`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::filter_own`].
    pub fn filter_inplace(&self, sections: &Sections) -> Result<(), Error> {
        patiently(|wait| self.filter_own(sections, false, wait))
    }
}

/// Filters each channel of `from` into `out`, which is the same memory or apart from it.
fn filter_all(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    sections: &Sections,
    zero_phase: bool,
) -> Result<(), Error> {
    let layout = from.layout();
    let channels = layout.channels();
    let threads = match layout.len() >= PARALLEL_FROM {
        true => kernel::threads(),
        false => 1,
    };
    // Two channels take a thread no longer than one.
    let group = if threads > 1 && channels <= threads {
        1
    } else {
        2
    };
    let done = kernel::in_order(channels, group, threads, |first, count| match zero_phase {
        true => (first..first + count)
            .try_for_each(|channel| zero_phase::run(access, out, from, channel, sections)),
        false => forwards(access, out, from, (first, count), sections),
    });
    done.into_iter().collect()
}

fn forwards(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    (first, count): (usize, usize),
    sections: &Sections,
) -> Result<(), Error> {
    let mut running = vec![Cascade::new(sections); count];
    let mut planes = Planes::<f64>::new(count);
    let frames = from.layout().frames();
    each_block(0, frames, count, |at, frames| {
        planes.resize(frames);
        let (part, into) = (from.take_frames(at, frames)?, out.take_frames(at, frames)?);
        for number in 0..count {
            load_row(access, &part, first + number, planes.plane_mut(number));
        }
        match (&mut *running, planes.pair_mut(0, 1)) {
            ([one, other], Some((left, right))) => Cascade::run_two(one, other, left, right),
            (all, _) => {
                for (number, cascade) in all.iter_mut().enumerate() {
                    cascade.run(planes.plane_mut(number));
                }
            }
        }
        for number in 0..count {
            store_row(access, &into, first + number, planes.plane(number), false);
        }
        part.give_back();
        into.give_back();
        Ok(())
    })
}
