//! Impulse responses: the numbers, and which audio they are for.

use std::sync::Arc;

use crate::audio::{Audio, SampleRate, Wait, patiently};
use crate::dsp::processor::SignalFormat;
use crate::error::Error;
use crate::kernel::planes::{filled, load_row};
use crate::registry::Mode;
use crate::view::access_to;

/// What comes out of a system for one sample of 1.0: taps for each channel, or the same ones for all.
///
/// ```
/// # use audio_samples::dsp::ImpulseResponse;
/// let echo = ImpulseResponse::new(vec![vec![1.0, 0.0, 0.0, 0.5]])?;
/// assert_eq!(echo.taps(), 4);
/// # Ok::<(), audio_samples::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImpulseResponse {
    /// As many of each channel, at least one, in the order of time.
    channels: Arc<Vec<Vec<f64>>>,
    /// Where it is audio, which is for audio of the same rate.
    rate: Option<SampleRate>,
}

impl ImpulseResponse {
    /// One channel after the other, for audio of any rate.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no taps, channels of different lengths, and numbers that are not finite.
    pub fn new(channels: Vec<Vec<f64>>) -> Result<ImpulseResponse, Error> {
        ImpulseResponse {
            channels: Arc::new(channels),
            rate: None,
        }
        .required()
    }

    /// The samples of some audio; integers are fractions of full scale.
    ///
    /// # Errors
    /// As [`ImpulseResponse::new`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn of(audio: &Audio, wait: Wait<'_>) -> Result<ImpulseResponse, Error> {
        ImpulseResponse::loaded(audio, wait)?.required()
    }

    /// [`ImpulseResponse::of`]; waits for other operations as long as they take.
    ///
    /// # Errors
    /// As there.
    pub fn of_audio(audio: &Audio) -> Result<ImpulseResponse, Error> {
        patiently(|wait| ImpulseResponse::of(audio, wait))
    }

    /// The same for audio of any rate.
    #[must_use]
    pub fn for_any_rate(self) -> ImpulseResponse {
        ImpulseResponse { rate: None, ..self }
    }

    /// Samples backwards in time, whatever they are: with them a convolution is a correlation.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`].
    pub fn backwards(audio: &Audio, wait: Wait<'_>) -> Result<ImpulseResponse, Error> {
        let mut loaded = ImpulseResponse::loaded(audio, wait)?;
        if let Some(channels) = Arc::get_mut(&mut loaded.channels) {
            channels.iter_mut().for_each(|taps| taps.reverse());
        }
        Ok(loaded)
    }

    fn loaded(audio: &Audio, wait: Wait<'_>) -> Result<ImpulseResponse, Error> {
        let own = audio.samples().strided();
        let (channels, frames) = (audio.layout().channels(), audio.layout().frames());
        let claims = [own.claim(Mode::Read)];
        let channels = access_to(&own, &claims, wait.lock, wait.until, |access| {
            let load = |channel| {
                let mut taps = filled(frames, 0.0)?;
                load_row(access, &own, channel, &mut taps);
                Ok(taps)
            };
            (0..channels).map(load).collect::<Result<_, Error>>()
        })??;
        Ok(ImpulseResponse {
            channels: Arc::new(channels),
            rate: Some(audio.rate()),
        })
    }

    fn required(self) -> Result<ImpulseResponse, Error> {
        let taps = self.taps();
        if taps == 0 {
            return Err(Error::invalid(
                "an impulse response has at least one tap, and this one has none; [1.0] changes nothing".into(),
            ));
        }
        if let Some(other) = self.channels.iter().find(|other| other.len() != taps) {
            return Err(Error::invalid(format!(
                "the channels of an impulse response have as many taps, and these have {taps} and {}; fill the shorter \
                 ones up with zeros",
                other.len()
            )));
        }
        for (channel, taps) in self.channels.iter().enumerate() {
            if let Some(at) = taps.iter().position(|tap| !tap.is_finite()) {
                return Err(Error::invalid(format!(
                    "tap {at} of channel {channel} of the impulse response is {}, which would spoil all of the audio",
                    taps[at]
                )));
            }
        }
        Ok(self)
    }

    /// Taps of a channel.
    pub fn taps(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// The taps of each channel, or the only ones.
    pub(super) fn channels(&self) -> &[Vec<f64>] {
        &self.channels
    }

    /// An error unless it is for audio of this format.
    ///
    /// # Errors
    /// [`Error::SampleRateMismatch`]; [`Error::InvalidArgument`] with the channels of both.
    pub fn require(&self, format: &SignalFormat) -> Result<(), Error> {
        if let Some(rate) = self.rate.filter(|rate| *rate != format.rate) {
            return Err(Error::SampleRateMismatch {
                audio: format.rate.hertz(),
                operand: rate.hertz(),
            });
        }
        let own = self.channels.len();
        if own != 1 && own != format.channels {
            return Err(Error::invalid(format!(
                "{own} channels do not go with audio of {}: one channel goes with all, or as many as the audio has; \
                 to_mono() or an index such as ir[0, :] gives one, and to_stereo() makes two channels of one",
                format.channels
            )));
        }
        Ok(())
    }
}
