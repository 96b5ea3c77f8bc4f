//! Audio put together of other audio: one after the other, on top of each other, with fades.
//!
//! An arrangement is a list of clips: some audio, where it begins, and how loud it is. It is summed block by block in
//! float64 and rounded once. Integers saturate.

use crate::audio::blockwise::{each_block, in_parts};
use crate::audio::fading::{Curve, End, Fade};
use crate::audio::{Audio, SampleRate, Wait};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, load_row};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

/// Some audio in an arrangement.
#[derive(Clone, Debug)]
pub struct Clip {
    audio: Audio,
    /// The frame at which it begins.
    at: usize,
    factor: f64,
    /// Frames and curves of its fades.
    fade_in: (usize, Curve),
    fade_out: (usize, Curve),
}

impl Clip {
    /// Audio that begins at a frame, as loud as it is.
    pub fn new(audio: &Audio, at: usize) -> Clip {
        Clip {
            audio: audio.clone(),
            at,
            factor: 1.0,
            fade_in: (0, Curve::Linear),
            fade_out: (0, Curve::Linear),
        }
    }

    /// Louder or softer by a factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Clip {
        Clip { factor, ..self }
    }

    /// With a fade in at its beginning.
    #[must_use]
    pub fn faded_in(self, frames: usize, curve: Curve) -> Clip {
        Clip {
            fade_in: (frames, curve),
            ..self
        }
    }

    /// With a fade out at its end, which is a fade in backwards, a frame later: where it crosses a fade in of as many
    /// frames, both gains belong to one time.
    #[must_use]
    pub fn faded_out(self, frames: usize, curve: Curve) -> Clip {
        Clip {
            fade_out: (frames, curve),
            ..self
        }
    }

    fn frames(&self) -> usize {
        self.audio.layout().frames()
    }

    fn end(&self) -> usize {
        self.at.saturating_add(self.frames())
    }

    /// Adds what of it lies in a block, whose first frame has the number `first`.
    fn add(
        &self,
        access: &Access,
        first: usize,
        block: &mut Planes<f64>,
        own: &mut Planes<f64>,
    ) -> Result<(), Error> {
        let (from, to) = (first.max(self.at), (first + block.frames()).min(self.end()));
        if from >= to {
            return Ok(());
        }
        let start = from - self.at;
        let part = self.audio.samples().strided();
        let part = part.take_frames(start, to - from)?;
        own.resize(to - from);
        // Mono goes into all channels.
        let channels = part.layout().channels();
        for channel in 0..block.channels() {
            load_row(access, &part, channel % channels, own.plane_mut(channel));
        }
        self.fade(start, own);
        let place = from - first;
        for channel in 0..block.channels() {
            let into = &mut block.plane_mut(channel)[place..];
            for (sum, sample) in into.iter_mut().zip(own.plane(channel)) {
                *sum += sample * self.factor;
            }
        }
        part.give_back();
        Ok(())
    }

    fn fade(&self, start: usize, own: &mut Planes<f64>) {
        let (frames, count) = (self.frames(), own.frames());
        let (long, curve) = self.fade_in;
        if start < long {
            let fade = Fade {
                end: End::Start,
                frames: long,
                curve,
                of: long,
            };
            fade.change_part(start, own, 0..count.min(long - start));
        }
        let (long, curve) = self.fade_out;
        let begin = frames - long.min(frames);
        if start + count > begin {
            let skipped = begin.saturating_sub(start);
            let fade = Fade {
                end: End::Finish,
                frames: long,
                curve,
                // A frame later than a fade that ends in silence.
                of: long + 1,
            };
            let first = start + skipped - begin;
            fade.change_from(first, own, skipped..count);
        }
    }
}

/// Clips, and what they make together.
pub struct Arrangement {
    clips: Vec<Clip>,
    rate: SampleRate,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Arrangement {
    /// As long as its last clip, of as many channels as the one with most has, in the type that all of them promote to.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no clip, or channels that do not go together; [`Error::SampleRateMismatch`].
    pub fn of(clips: Vec<Clip>) -> Result<Arrangement, Error> {
        let Some(first) = clips.first() else {
            return Err(Error::invalid(
                "nothing was given to be put together: at least one piece of audio is needed"
                    .into(),
            ));
        };
        let (rate, mut dtype) = (first.audio.rate(), first.audio.dtype());
        let mut widest = &first.audio;
        for clip in &clips {
            first.audio.require_rate_of(&clip.audio)?;
            dtype = dtype.promote(clip.audio.dtype());
            let (layout, most) = (clip.audio.layout(), widest.layout());
            if (layout.channels(), layout.ndim()) > (most.channels(), most.ndim()) {
                widest = &clip.audio;
            }
        }
        let channels = widest.layout().channels();
        for (number, clip) in clips.iter().enumerate() {
            let own = clip.audio.layout().channels();
            if own != channels && own != 1 {
                return Err(Error::invalid(format!(
                    "audio {number} has {own} channels, and another {channels}: mono goes into any number; to_mono() and \
                     audio[:{}, :] give fewer",
                    own.min(channels)
                )));
            }
        }
        let frames = clips.iter().map(Clip::end).max().unwrap_or(0);
        let shape = match widest.layout().ndim() {
            1 => vec![frames],
            _ => vec![channels, frames],
        };
        Ok(Arrangement {
            rate,
            dtype,
            shape,
            clips,
        })
    }

    /// The same, cut off or filled up with silence to so many frames.
    #[must_use]
    pub fn lasting(mut self, frames: usize) -> Arrangement {
        if let Some(last) = self.shape.last_mut() {
            *last = frames;
        }
        self
    }

    /// The audio that it makes: new, or `out`.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`]; an `out` that does not fit, or that overlaps a clip.
    pub fn render(&self, out: Option<&Audio>, wait: Wait<'_>) -> Result<Audio, Error> {
        let mut claims = Vec::new();
        for clip in &self.clips {
            claims.push(clip.audio.samples().strided().claim(Mode::Read));
            if let Some(out) = out {
                out.require_fit(&clip.audio, &self.shape)?;
            }
        }
        if let Some(out) = out {
            let into = out.samples().strided();
            claims.push(into.claim(Mode::Write));
            access_to(&into, &claims, wait.lock, wait.until, |access| {
                self.sum(access, &into)
            })??;
            return Ok(out.clone());
        }
        let mut fresh = Fresh::new(&self.shape, self.dtype)?;
        let Some(first) = self.clips.first() else {
            return Audio::new(fresh.share(), self.rate);
        };
        let asked = first.audio.samples().strided();
        access_to(&asked, &claims, wait.lock, wait.until, |access| {
            self.sum(access, &fresh.strided())
        })??;
        Audio::new(fresh.share(), self.rate)
    }

    fn sum(&self, access: &Access, out: &Strided<'_>) -> Result<(), Error> {
        let channels = out.layout().channels();
        let done = in_parts(out, |start, count| {
            let (mut block, mut own) = (Planes::<f64>::new(channels), Planes::new(channels));
            each_block(start, count, channels, |at, frames| {
                block.resize(frames);
                for plane in block.planes_mut() {
                    plane.fill(0.0);
                }
                for clip in &self.clips {
                    clip.add(access, at, &mut block, &mut own)?;
                }
                let into = out.take_frames(at, frames)?;
                block.store(access, &into, false);
                into.give_back();
                Ok(())
            })
        });
        done.into_iter().collect()
    }
}
