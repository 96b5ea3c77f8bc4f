//! Cut and join: parts as views of the same memory, and audio put together of other audio.

use std::ops::Range;

use crate::audio::arrangement::{Arrangement, Clip};
use crate::audio::blockwise::each_block;
use crate::audio::fading::{Curve, frames_in};
use crate::audio::level::Gain;
use crate::audio::{Audio, Wait, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};
use crate::registry::Mode;
use crate::view::{Access, Strided, access_to};

impl Audio {
    /// Some frames, on the same memory.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] for frames that are not there.
    pub fn part(&self, frames: Range<usize>) -> Result<Audio, Error> {
        let layout = self.layout();
        self.with_layout(layout.take_frames(frames.start, frames.len(), 1)?)
    }

    /// The frames from `start` to `end` seconds, on the same memory; negative times count from the end.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for times outside the audio, or an end before the start.
    pub fn trim(&self, start: f64, end: Option<f64>) -> Result<Audio, Error> {
        let frames = self.layout().frames();
        let place = |seconds: f64| -> Result<usize, Error> {
            let rate = f64::from(self.rate().hertz());
            let frame = (seconds * rate).round_ties_even();
            let frame = if frame < 0.0 {
                frame + frames as f64
            } else {
                frame
            };
            match (0.0..=frames as f64).contains(&frame) {
                true => Ok(frame as usize),
                false => Err(Error::invalid(format!(
                    "{seconds} s is outside audio of {} s",
                    self.duration()
                ))),
            }
        };
        let (from, to) = (place(start)?, end.map_or(Ok(frames), place)?);
        if from > to {
            return Err(Error::invalid(format!(
                "the end, frame {to}, is before the start, frame {from}"
            )));
        }
        self.part(from..to)
    }

    /// Without the silence at both ends but `keep` frames of it, on the same memory. Nothing is left of silence.
    ///
    /// # Errors
    /// As [`Audio::silent_runs`].
    pub fn without_silent_ends(
        &self,
        threshold_db: f64,
        keep: usize,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let frames = self.layout().frames();
        let runs = self.silent_runs(threshold_db, 1, wait)?;
        let begin = runs
            .first()
            .filter(|run| run.start == 0)
            .map_or(0, |run| run.end);
        let end = runs
            .last()
            .filter(|run| run.end == frames)
            .map_or(frames, |run| run.start);
        if begin >= end {
            return self.part(0..0);
        }
        self.part(begin.saturating_sub(keep)..(end + keep).min(frames))
    }

    /// Parts of some frames each, on the same memory; the last may be shorter.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for parts of no frame.
    pub fn parts(&self, length: usize) -> Result<Vec<Audio>, Error> {
        if length == 0 {
            return Err(Error::invalid(
                "parts have at least one frame, not 0".into(),
            ));
        }
        let frames = self.layout().frames();
        let starts = (0..frames).step_by(length);
        starts
            .map(|start| self.part(start..(start + length).min(frames)))
            .collect()
    }

    /// What lies between silences of at least `least` frames, with `keep` frames of these at each side, on the same memory.
    /// Of a silence that is shorter than twice that, each side has half.
    ///
    /// # Errors
    /// As [`Audio::silent_runs`].
    pub fn between_silences(
        &self,
        threshold_db: f64,
        least: usize,
        keep: usize,
        wait: Wait<'_>,
    ) -> Result<Vec<Audio>, Error> {
        let frames = self.layout().frames();
        let runs = self.silent_runs(threshold_db, least, wait)?;
        let mut sounds = Vec::new();
        let mut begin = 0;
        for run in runs.iter().chain([&(frames..frames)]) {
            if run.start > begin {
                sounds.push(begin..run.start);
            }
            begin = run.end;
        }
        let between = |one: &Range<usize>, next: &Range<usize>| (next.start - one.end) / 2;
        let parts = sounds.iter().enumerate().map(|(number, sound)| {
            let before = match number.checked_sub(1) {
                Some(last) => between(&sounds[last], sound),
                None => sound.start,
            };
            let behind = match sounds.get(number + 1) {
                Some(next) => between(sound, next),
                None => frames - sound.end,
            };
            self.part(sound.start - keep.min(before)..sound.end + keep.min(behind))
        });
        parts.collect()
    }
}

impl Audio {
    /// New audio with silence in front and behind.
    ///
    /// # Errors
    /// As [`Arrangement::render`].
    pub fn padded(&self, before: usize, behind: usize, wait: Wait<'_>) -> Result<Audio, Error> {
        let frames = self.layout().frames();
        let total = frames
            .checked_add(before)
            .and_then(|all| all.checked_add(behind));
        let Some(total) = total else {
            return Err(Error::TooLarge {
                samples: usize::MAX,
                size: self.dtype().size(),
            });
        };
        let arrangement = Arrangement::of(vec![Clip::new(self, before)])?;
        arrangement.lasting(total).render(None, wait)
    }

    /// New audio of so many frames: cut off, or with silence behind.
    ///
    /// # Errors
    /// As [`Arrangement::render`].
    pub fn fitted(&self, frames: usize, wait: Wait<'_>) -> Result<Audio, Error> {
        let arrangement = Arrangement::of(vec![Clip::new(self, 0)])?;
        arrangement.lasting(frames).render(None, wait)
    }

    /// New audio of this one several times.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; as [`Arrangement::render`].
    pub fn repeated(&self, times: usize, wait: Wait<'_>) -> Result<Audio, Error> {
        let frames = self.layout().frames();
        let Some(total) = frames.checked_mul(times) else {
            return Err(Error::TooLarge {
                samples: usize::MAX,
                size: self.dtype().size(),
            });
        };
        let clips = (0..times).map(|time| Clip::new(self, time * frames));
        let clips: Vec<Clip> = match frames {
            0 => vec![Clip::new(self, 0)],
            _ => clips
                .chain((times == 0).then(|| Clip::new(self, 0)))
                .collect(),
        };
        Arrangement::of(clips)?.lasting(total).render(None, wait)
    }

    /// This audio and another, one into the other over some frames: the frames of both, less those.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a fade longer than either; as [`Arrangement::of`].
    pub fn crossing(
        &self,
        other: &Audio,
        frames: usize,
        curve: Curve,
    ) -> Result<Arrangement, Error> {
        let (own, theirs) = (self.layout().frames(), other.layout().frames());
        if frames > own.min(theirs) {
            return Err(Error::invalid(format!(
                "a cross-fade of {frames} frames does not fit into audio of {own} frames and audio of {theirs}"
            )));
        }
        Arrangement::of(vec![
            Clip::new(self, 0).faded_out(frames, curve),
            Clip::new(other, own - frames).faded_in(frames, curve),
        ])
    }

    /// This audio with another on top of it from a frame on.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for audio that does not end within this; as [`Arrangement::of`].
    pub fn overlaid(&self, other: &Audio, at: usize, gain: Gain) -> Result<Arrangement, Error> {
        let (own, theirs) = (self.layout().frames(), other.layout().frames());
        if at > own || theirs > own - at {
            return Err(Error::invalid(format!(
                "audio of {theirs} frames at frame {at} does not end within audio of {own} frames; pad() or fit() makes \
                 room, and other[:{}] is what fits",
                own.saturating_sub(at)
            )));
        }
        if other.layout().channels() > self.layout().channels() {
            return Err(Error::invalid(format!(
                "audio of {} channels does not go onto audio of {}; other.to_mono() goes onto any",
                other.layout().channels(),
                self.layout().channels()
            )));
        }
        Arrangement::of(vec![
            Clip::new(self, 0),
            Clip::new(other, at).scaled(gain.value()),
        ])
    }

    /// Lays another audio on top of this where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::overlaid`]; read-only samples. No sample has changed then.
    pub fn overlay_onto_own(
        &self,
        other: &Audio,
        at: usize,
        gain: Gain,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.samples().require_writable()?;
        self.overlaid(other, at, gain)?;
        let touched = self.part(at..at + other.layout().frames())?;
        let (own, theirs) = (touched.samples().strided(), other.samples().strided());
        if own.span().overlaps(&theirs.span()) {
            // As if copied first, which it is.
            let copy = patiently(|wait| other.copy(wait))?;
            return self.overlay_onto_own(&copy, at, gain, wait);
        }
        let claims = [own.claim(Mode::Write), theirs.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            let channels = own.layout().channels();
            let (mut sum, mut more) = (Planes::<f64>::new(channels), Planes::<f64>::new(0));
            each_block(0, own.layout().frames(), channels, |at, frames| {
                let part = own.take_frames(at, frames)?;
                sum.load(access, &part);
                more.load(access, &theirs.take_frames(at, frames)?);
                let count = more.channels();
                for channel in 0..channels {
                    let added = more.plane(channel % count);
                    for (sum, added) in sum.plane_mut(channel).iter_mut().zip(added) {
                        *sum += added * gain.value();
                    }
                }
                sum.store(access, &part, false);
                part.give_back();
                Ok(())
            })
        })?
    }

    /// Turns the order of the frames where they lie.
    ///
    /// # Errors
    /// Read-only samples; samples that are borrowed. No sample has changed then.
    pub fn reverse_own(&self, wait: Wait<'_>) -> Result<(), Error> {
        self.samples().require_writable()?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            match own.dtype() {
                Dtype::Float32 => reverse::<f32>(access, &own),
                _ => reverse::<f64>(access, &own),
            }
        })?
    }

    /// Turns the order of the frames where they lie; `audio` backwards as a view is a layout of it.
    ///
    /// # Errors
    /// As [`Audio::reverse_own`].
    pub fn reverse_inplace(&self) -> Result<(), Error> {
        patiently(|wait| self.reverse_own(wait))
    }

    /// Without the silence at both ends but `keep` seconds of it, on the same memory.
    ///
    /// # Errors
    /// As [`Audio::silent_runs`].
    pub fn trim_silence(&self, threshold_db: f64, keep: f64) -> Result<Audio, Error> {
        let keep = frames_in(self, keep)?;
        patiently(|wait| self.without_silent_ends(threshold_db, keep, wait))
    }

    /// Parts of some seconds each, on the same memory; the last may be shorter.
    ///
    /// # Errors
    /// As [`Audio::parts`].
    pub fn split(&self, seconds: f64) -> Result<Vec<Audio>, Error> {
        self.parts(frames_in(self, seconds)?)
    }

    /// The silences of at least some seconds, in frames.
    ///
    /// # Errors
    /// As [`Audio::silent_runs`].
    pub fn silences(&self, threshold_db: f64, least: f64) -> Result<Vec<Range<usize>>, Error> {
        let least = frames_in(self, least)?;
        patiently(|wait| self.silent_runs(threshold_db, least, wait))
    }

    /// What lies between silences of at least `least` seconds, with `keep` seconds of these at each side, on the same memory.
    ///
    /// # Errors
    /// As [`Audio::silent_runs`].
    pub fn split_silence(
        &self,
        threshold_db: f64,
        least: f64,
        keep: f64,
    ) -> Result<Vec<Audio>, Error> {
        let (least, keep) = (frames_in(self, least)?, frames_in(self, keep)?);
        patiently(|wait| self.between_silences(threshold_db, least, keep, wait))
    }

    /// New audio with some seconds of silence in front and behind.
    ///
    /// # Errors
    /// As [`Audio::padded`].
    pub fn pad(&self, start: f64, end: f64) -> Result<Audio, Error> {
        let (start, end) = (frames_in(self, start)?, frames_in(self, end)?);
        patiently(|wait| self.padded(start, end, wait))
    }

    /// New audio of some seconds: cut off, or with silence behind.
    ///
    /// # Errors
    /// As [`Audio::fitted`].
    pub fn fit(&self, seconds: f64) -> Result<Audio, Error> {
        let frames = frames_in(self, seconds)?;
        patiently(|wait| self.fitted(frames, wait))
    }

    /// New audio of this one several times.
    ///
    /// # Errors
    /// As [`Audio::repeated`].
    pub fn repeat(&self, times: usize) -> Result<Audio, Error> {
        patiently(|wait| self.repeated(times, wait))
    }

    /// New audio with another on top of it from some seconds on, louder or softer by decibels.
    ///
    /// # Errors
    /// As [`Audio::overlaid`].
    pub fn overlay(&self, other: &Audio, at: f64, gain_db: f64) -> Result<Audio, Error> {
        let (at, gain) = (frames_in(self, at)?, Gain::decibels(gain_db)?);
        let arrangement = self.overlaid(other, at, gain)?;
        patiently(|wait| arrangement.render(None, wait))
    }

    /// [`Audio::overlay`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::overlay_onto_own`].
    pub fn overlay_inplace(&self, other: &Audio, at: f64, gain_db: f64) -> Result<(), Error> {
        let (at, gain) = (frames_in(self, at)?, Gain::decibels(gain_db)?);
        patiently(|wait| self.overlay_onto_own(other, at, gain, wait))
    }

    /// Pieces of audio one after the other, in new memory.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let one = Audio::from_vec(vec![0.5_f32], SampleRate::new(48_000)?)?;
    /// let two = Audio::from_vec(vec![0.25_f32, 0.0], SampleRate::new(48_000)?)?;
    /// assert_eq!(Audio::concatenate(&[&one, &two])?.to_vec::<f32>()?, [0.5, 0.25, 0.0]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Arrangement::of`] and [`Arrangement::render`].
    pub fn concatenate(pieces: &[&Audio]) -> Result<Audio, Error> {
        let arrangement = one_after_the_other(pieces)?;
        patiently(|wait| arrangement.render(None, wait))
    }

    /// The sum of pieces of audio that begin together, each with a gain in decibels.
    ///
    /// # Errors
    /// As [`Arrangement::of`] and [`Arrangement::render`].
    pub fn mix(pieces: &[(&Audio, f64)]) -> Result<Audio, Error> {
        let clips = pieces
            .iter()
            .map(|(audio, db)| Ok(Clip::new(audio, 0).scaled(Gain::decibels(*db)?.value())));
        let arrangement = Arrangement::of(clips.collect::<Result<_, Error>>()?)?;
        patiently(|wait| arrangement.render(None, wait))
    }

    /// New audio: this one and another, one into the other over some seconds.
    ///
    /// # Errors
    /// As [`Audio::crossing`] and [`Arrangement::render`].
    pub fn crossfade(&self, other: &Audio, seconds: f64, curve: Curve) -> Result<Audio, Error> {
        let arrangement = self.crossing(other, frames_in(self, seconds)?, curve)?;
        patiently(|wait| arrangement.render(None, wait))
    }
}

/// Pieces of audio one after the other.
///
/// # Errors
/// As [`Arrangement::of`].
pub fn one_after_the_other(pieces: &[&Audio]) -> Result<Arrangement, Error> {
    let mut at = 0_usize;
    let mut clips = Vec::with_capacity(pieces.len());
    for piece in pieces {
        clips.push(Clip::new(piece, at));
        at = at.saturating_add(piece.layout().frames());
    }
    Arrangement::of(clips)
}

/// Blocks from both ends change places, turned round, until they meet.
fn reverse<T: Real>(access: &Access, own: &Strided<'_>) -> Result<(), Error> {
    let layout = own.layout();
    let channels = layout.channels();
    let (mut front, mut back) = (Planes::<T>::new(channels), Planes::<T>::new(channels));
    let turn = |planes: &mut Planes<T>| planes.planes_mut().for_each(<[T]>::reverse);
    let half = layout.frames() / 2;
    each_block(0, half, channels, |at, frames| {
        let first = own.take_frames(at, frames)?;
        let last = own.take_frames(layout.frames() - at - frames, frames)?;
        front.load(access, &first);
        back.load(access, &last);
        turn(&mut front);
        turn(&mut back);
        first_and_last(access, (&back, &first), (&front, &last));
        Ok(())
    })
}

fn first_and_last<T: Real>(
    access: &Access,
    (one, first): (&Planes<T>, &Strided<'_>),
    (other, last): (&Planes<T>, &Strided<'_>),
) {
    one.store(access, first, false);
    other.store(access, last, false);
    first.give_back();
    last.give_back();
}
