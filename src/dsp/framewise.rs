//! Processors that need no frame but the one they change; and fades, which know where the end of a signal is.

use std::collections::VecDeque;

use crate::audio::blockwise::PerFrame;
use crate::audio::fading::{Curve, End, Fade};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::error::Error;
use crate::kernel::planes::{Planes, Real, room_for};

/// A change of each frame by itself, from block to block.
#[derive(Clone, Debug)]
pub struct Framewise<W> {
    work: W,
    /// The number of the next frame.
    at: usize,
}

impl<W> Framewise<W> {
    /// From the first frame on.
    pub fn new(work: W) -> Framewise<W> {
        Framewise { work, at: 0 }
    }
}

impl<W: PerFrame + Clone + Send + 'static> Processor for Framewise<W> {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        self.at = 0;
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        on_planes!(block, planes => self.work.change(self.at, planes));
        self.at += block.frames();
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Framewise::new(self.work.clone()))
    }
}

/// A fade in at the beginning of a signal and a fade out at its end, wherever that comes: as many frames as that takes are
/// held back.
#[derive(Clone, Debug)]
pub struct FadeEnds {
    seconds: (f64, f64),
    curve: Curve,
    /// Frames of either.
    frames: (usize, usize),
    /// The number of the next frame.
    at: usize,
    /// The frames held back, one channel after the other. Float64 holds float32 as it is.
    held: Vec<VecDeque<f64>>,
    /// Frames of silence before those held back: the signal has not had as many as are held back.
    silence: usize,
}

impl FadeEnds {
    /// Fades of some seconds, of which either may be 0.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for seconds that are negative or not finite.
    pub fn new(fade_in: f64, fade_out: f64, curve: Curve) -> Result<FadeEnds, Error> {
        for (name, seconds) in [("fade_in", fade_in), ("fade_out", fade_out)] {
            if !seconds.is_finite() || seconds < 0.0 {
                return Err(Error::invalid(format!(
                    "{name} must be a finite number of seconds from 0 on, not {seconds}"
                )));
            }
        }
        Ok(FadeEnds {
            seconds: (fade_in, fade_out),
            curve,
            frames: (0, 0),
            at: 0,
            held: Vec::new(),
            silence: 0,
        })
    }

    fn fade_in<T: Real>(&mut self, planes: &mut Planes<T>) {
        let fade = Fade {
            end: End::Start,
            frames: self.frames.0,
            curve: self.curve,
            of: self.frames.0,
        };
        let rest = self.frames.0.saturating_sub(self.at).min(planes.frames());
        fade.change_part(self.at, planes, 0..rest);
        self.at += planes.frames();
    }

    /// Puts the frames behind those that are held back, and gives as many of the first in their place.
    fn delay<T: Real>(&mut self, planes: &mut Planes<T>) {
        let silent = self.silence.min(planes.frames());
        self.silence -= silent;
        for (held, plane) in self.held.iter_mut().zip(planes.planes_mut()) {
            held.extend(plane.iter().map(|sample| sample.to_f64()));
            let (silence, sound) = plane.split_at_mut(silent);
            silence.fill(T::nearest(0.0));
            let count = sound.len();
            for (sample, first) in sound.iter_mut().zip(held.drain(..count)) {
                *sample = T::nearest(first);
            }
        }
    }

    /// The frames held back, faded out.
    fn rest<T: Real>(&mut self, planes: &mut Planes<T>) {
        let frames = self.frames.1;
        let mut rest = Planes::new(planes.channels());
        rest.resize(frames);
        let silent = std::mem::take(&mut self.silence);
        for (held, plane) in self.held.iter_mut().zip(rest.planes_mut()) {
            for (sample, first) in plane[silent..].iter_mut().zip(held.drain(..)) {
                *sample = T::nearest(first);
            }
        }
        let fade = Fade {
            end: End::Finish,
            frames,
            curve: self.curve,
            of: frames,
        };
        fade.change_part(0, &mut rest, 0..frames);
        planes.append(&rest);
    }
}

impl Processor for FadeEnds {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let rate = f64::from(format.rate.hertz());
        let frames = |seconds: f64| (seconds * rate).round_ties_even() as usize;
        self.frames = (frames(self.seconds.0), frames(self.seconds.1));
        self.at = 0;
        self.silence = self.frames.1;
        self.held = Vec::new();
        for _ in 0..format.channels {
            // Memory for frames that do not come is never touched.
            self.held.push(room_for(self.frames.1)?.into());
        }
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        on_planes!(block, planes => self.fade_in(planes));
        if self.frames.1 > 0 {
            on_planes!(block, planes => self.delay(planes));
        }
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        self.process(block);
        if self.frames.1 > 0 {
            on_planes!(block, planes => self.rest(planes));
        }
    }

    fn latency(&self) -> usize {
        self.frames.1
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(FadeEnds {
            frames: (0, 0),
            at: 0,
            held: Vec::new(),
            silence: 0,
            ..*self
        })
    }
}
