//! How loud audio is by EBU R 128 and ITU-R BS.1770-4.

use ebur128::{Channel, EbuR128, Mode};

use crate::audio::{Audio, Wait, patiently};
use crate::dsp::processor::{SignalBlock, SignalFormat, measured, on_planes};
use crate::dsp::true_peak::TruePeak;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};

/// LUFS below which a block counts as silence.
const ABSOLUTE_GATE: f64 = -70.0;
/// The lowest sample rate at which there is the frequency at which the standard's first filter turns, 1681.97 Hz.
const LOWEST_RATE: u32 = 3364;

/// Loudness and true peak of a signal that comes in blocks.
///
/// Channels count as BS.1770 says: those of 5 as left, right, centre and surrounds, those of 6 with a low-frequency
/// channel, which does not count, as the fourth; of any other number each as 1.
pub struct LoudnessMeter {
    /// What of loudness is measured, if anything.
    wanted: Option<Mode>,
    weights: Option<Vec<f64>>,
    signal: Option<(SignalFormat, Option<EbuR128>)>,
    /// The peaks between the samples, if they are measured.
    peaks: Option<TruePeak>,
    wants_peaks: bool,
    frames: u64,
    /// Of each channel, whether a sample was no number, or infinite.
    spoiled: Vec<bool>,
    /// Loudness of the last 400 ms and of the last 3 s, every 100 ms, if it is kept.
    series: Option<[Vec<f64>; 2]>,
}

impl LoudnessMeter {
    /// Nothing measured yet. `weights` are the factors of the channels' energies in place of those of BS.1770.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a weight that is negative or not finite.
    pub fn new(weights: Option<Vec<f64>>) -> Result<LoudnessMeter, Error> {
        let wrong = |weight: &&f64| !weight.is_finite() || **weight < 0.0;
        if let Some(weight) = weights.iter().flatten().find(wrong) {
            return Err(Error::invalid(format!(
                "a weight is a finite number from 0 on, not {weight}"
            )));
        }
        Ok(LoudnessMeter {
            wanted: Some(Mode::I | Mode::LRA),
            weights,
            signal: None,
            peaks: None,
            wants_peaks: true,
            frames: 0,
            spoiled: Vec::new(),
            series: None,
        })
    }

    /// A meter of one thing, which takes less time.
    ///
    /// # Errors
    /// As [`LoudnessMeter::new`].
    pub fn of_one(measure: Measure, weights: Option<&[f64]>) -> Result<LoudnessMeter, Error> {
        let mut meter = LoudnessMeter::new(weights.map(<[f64]>::to_vec))?;
        meter.wanted = match measure {
            // With the memory of a meter of everything, whose sums have the same order.
            Measure::Integrated => Some(Mode::I | Mode::S),
            Measure::Range => Some(Mode::LRA),
            Measure::Series => Some(Mode::S),
            Measure::TruePeak => None,
        };
        meter.wants_peaks = measure == Measure::TruePeak;
        meter.series = (measure == Measure::Series).then(Default::default);
        Ok(meter)
    }

    /// Takes in a block.
    ///
    /// # Errors
    /// A block of another format than those before it; a rate or a number of channels that the standard's filters are not
    /// for; samples that are borrowed for writing.
    pub fn update(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        let is_first = self.signal.is_none();
        let done = self
            .begin(&SignalFormat::of(audio))
            .and_then(|()| measured(audio, wait, |block| self.add(block)));
        if is_first && done.is_err() {
            self.reset();
        }
        done
    }

    /// Forgets all blocks.
    pub fn reset(&mut self) {
        (self.signal, self.peaks) = (None, None);
        self.frames = 0;
        self.spoiled.clear();
    }

    /// Begins a signal of this format, or goes on with one.
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn begin(&mut self, format: &SignalFormat) -> Result<(), Error> {
        if let Some((known, _)) = &self.signal {
            return known.require(format);
        }
        if let Some(weights) = &self.weights
            && weights.len() != format.channels
        {
            return Err(Error::invalid(format!(
                "{} weights for {} channels: one is needed for each",
                weights.len(),
                format.channels
            )));
        }
        // An empty signal has no channels to filter, but is silence too.
        let channels = format.channels.max(1);
        let meter = self.wanted.map(|wanted| {
            let mut meter = loudness_meter(wanted, channels, format.rate.hertz())?;
            let map = positions(channels, self.weights.is_some());
            if meter.set_channel_map(&map).is_err() {
                unreachable!("as many channels as the meter was made for");
            }
            Ok::<_, Error>(meter)
        });
        self.signal = Some((*format, meter.transpose()?));
        self.peaks = (self.wants_peaks).then(|| TruePeak::new(format.rate, format.channels));
        self.spoiled = vec![false; channels];
        Ok(())
    }

    /// Takes in a block of the signal that has begun.
    pub fn add(&mut self, block: &SignalBlock) {
        let Some((format, meter)) = &mut self.signal else {
            return;
        };
        // Decimals, such as a tenth of 11,025 Hz, are rounded as the meter does.
        let tenth = (u64::from(format.rate.hertz()) + 5) / 10;
        on_planes!(block, planes => for (channel, plane) in planes.planes().enumerate() {
            self.spoiled[channel] |= !are_finite(plane);
            if let Some(peaks) = &mut self.peaks {
                peaks.add(channel, plane);
            }
        });
        let Some(meter) = meter else {
            self.frames += block.frames() as u64;
            return;
        };
        let own;
        let block = match &self.weights {
            None => block,
            Some(weights) => {
                let mut changed = block.clone();
                on_planes!(&mut changed, planes => weighted(planes, weights));
                own = changed;
                &own
            }
        };
        let mut at = 0;
        while at < block.frames() {
            // Up to the next tenth of a second.
            let left = (tenth - self.frames % tenth) as usize;
            let count = left.min(block.frames() - at);
            let added = match block {
                SignalBlock::Single(planes) => {
                    let parts: Vec<&[f32]> = planes
                        .planes()
                        .map(|plane| &plane[at..at + count])
                        .collect();
                    meter.add_frames_planar_f32(&parts)
                }
                SignalBlock::Double(planes) => {
                    let parts: Vec<&[f64]> = planes
                        .planes()
                        .map(|plane| &plane[at..at + count])
                        .collect();
                    meter.add_frames_planar_f64(&parts)
                }
            };
            debug_assert!(added.is_ok(), "planes of one length");
            at += count;
            self.frames += count as u64;
            if let Some([momentary, short]) = &mut self.series
                && self.frames.is_multiple_of(tenth)
            {
                if self.frames >= 4 * tenth {
                    momentary.push(recent(meter, self.frames, 4 * tenth));
                }
                if self.frames >= 30 * tenth {
                    short.push(recent(meter, self.frames, 30 * tenth));
                }
            }
        }
    }

    /// Loudness of all blocks so far in LUFS, gated: -inf for silence, NaN if a sample is no number. Of less than 400 ms
    /// the loudness of what there is.
    pub fn integrated(&self) -> f64 {
        let Some((format, meter)) = self.sound() else {
            return self.without_sound();
        };
        let block = 4 * ((u64::from(format.rate.hertz()) + 5) / 10);
        if self.frames < block {
            return match recent(meter, self.frames, block) {
                short if short < ABSOLUTE_GATE => f64::NEG_INFINITY,
                short => short,
            };
        }
        meter.loudness_global().unwrap_or(f64::NAN)
    }

    /// Loudness of the last 400 ms in LUFS, not gated.
    pub fn momentary(&self) -> f64 {
        self.last_tenths(4)
    }

    /// Loudness of the last 3 s in LUFS, not gated.
    pub fn short_term(&self) -> f64 {
        self.last_tenths(30)
    }

    fn last_tenths(&self, tenths: u64) -> f64 {
        let Some((format, meter)) = self.sound() else {
            return self.without_sound();
        };
        let block = tenths * ((u64::from(format.rate.hertz()) + 5) / 10);
        recent(meter, self.frames, block)
    }

    /// Loudness of each 400 ms and of each 3 s, one value every 100 ms, where the meter keeps them. Where there is less than
    /// that, one value of what there is.
    pub fn series(&self) -> [Vec<f64>; 2] {
        let [momentary, short] = self.series.clone().unwrap_or_default();
        let or_one = |series: Vec<f64>, one: f64| match series.is_empty() && self.frames > 0 {
            true => vec![one],
            false => series,
        };
        [
            or_one(momentary, self.momentary()),
            or_one(short, self.short_term()),
        ]
    }

    /// Loudness range (EBU Tech 3342) of all blocks so far in LU: 0 for less than 3 s.
    pub fn range(&self) -> f64 {
        match self.sound() {
            Some((_, meter)) => meter.loudness_range().unwrap_or(0.0),
            None if self.is_spoiled() => f64::NAN,
            None => 0.0,
        }
    }

    /// The largest distance from zero between the samples of each channel, as BS.1770-4 interpolates them; full scale is 1.
    /// NaN for a channel with a sample that is no number.
    pub fn true_peaks(&self) -> Vec<f64> {
        let peaks = self.peaks.iter().flat_map(TruePeak::peaks);
        let spoiled = self.spoiled.iter();
        (peaks.zip(spoiled))
            .map(|(peak, is_spoiled)| if *is_spoiled { f64::NAN } else { peak })
            .collect()
    }

    /// The meter of a signal that has frames, all of them numbers.
    fn sound(&self) -> Option<(&SignalFormat, &EbuR128)> {
        let (format, meter) = self.signal.as_ref()?;
        let is_sound = self.frames > 0 && !self.is_spoiled();
        is_sound.then_some((format, meter.as_ref()?))
    }

    fn is_spoiled(&self) -> bool {
        self.spoiled.contains(&true)
    }

    fn without_sound(&self) -> f64 {
        if self.is_spoiled() {
            f64::NAN
        } else {
            f64::NEG_INFINITY
        }
    }
}

/// What of loudness is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Integrated loudness.
    Integrated,
    /// Loudness range.
    Range,
    /// The loudness of the last 400 ms and 3 s, every 100 ms.
    Series,
    /// True peaks.
    TruePeak,
}

fn loudness_meter(wanted: Mode, channels: usize, rate: u32) -> Result<EbuR128, Error> {
    if rate < LOWEST_RATE {
        return Err(Error::invalid(format!(
            "loudness is measured from {LOWEST_RATE} Hz on, where the standard's filters fit, not at {rate} Hz; resample \
             to 48000 Hz first"
        )));
    }
    let count = u32::try_from(channels).unwrap_or(u32::MAX);
    EbuR128::new(count, rate, wanted).map_err(|_| {
        Error::invalid(format!(
            "loudness is measured of 1 to 64 channels at up to 2822400 Hz, not of {channels} at {rate} Hz"
        ))
    })
}

/// What each channel counts as.
fn positions(channels: usize, are_weighted: bool) -> Vec<Channel> {
    let mut map = vec![Channel::Left; channels];
    if !are_weighted && (channels == 5 || channels == 6) {
        map[channels - 2] = Channel::LeftSurround;
        map[channels - 1] = Channel::RightSurround;
        if channels == 6 {
            map[3] = Channel::Unused;
        }
    }
    map
}

/// Loudness of the last `block` frames, or of all `frames` where there are fewer: the meter's memory begins in silence.
fn recent(meter: &EbuR128, frames: u64, block: u64) -> f64 {
    let tenths = block * 10 / u64::from(meter.rate()).max(1);
    let level = match tenths {
        0..10 => meter.loudness_momentary(),
        _ => meter.loudness_shortterm(),
    };
    let missing = match frames < block {
        true => 10.0 * (block as f64 / frames as f64).log10(),
        false => 0.0,
    };
    level.unwrap_or(f64::NAN) + missing
}

fn weighted<T: Real>(planes: &mut Planes<T>, weights: &[f64]) {
    for (plane, weight) in planes.planes_mut().zip(weights) {
        let factor = weight.sqrt();
        for sample in plane {
            *sample = sample.times(factor);
        }
    }
}

/// Whether all samples are finite: nothing else times 0 is 0.
fn are_finite<T: Real>(samples: &[T]) -> bool {
    let zero = T::nearest(0.0);
    let mut lanes = [zero; 16];
    let (parts, rest) = samples.as_chunks::<16>();
    for part in parts {
        for (lane, sample) in lanes.iter_mut().zip(part) {
            *lane = *lane + *sample * zero;
        }
    }
    lanes.iter().all(|lane| *lane == zero) && rest.iter().all(|sample| *sample * zero == zero)
}

impl Audio {
    /// Measures one thing of all of the audio.
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn measured_loudness(
        &self,
        measure: Measure,
        weights: Option<&[f64]>,
        wait: Wait<'_>,
    ) -> Result<LoudnessMeter, Error> {
        let mut meter = LoudnessMeter::of_one(measure, weights)?;
        meter.update(self, wait)?;
        Ok(meter)
    }

    /// Integrated loudness in LUFS (ITU-R BS.1770-4): -inf for silence, NaN if a sample is no number.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dtype::Dtype, audio::generation::sine_wave};
    /// // EBU Tech 3341, case 1: a tone of 1 kHz at -23 dBFS in both channels.
    /// let tone = sine_wave(1000.0, 5.0, SampleRate::new(48_000)?, 0.0708, Dtype::Float64)?;
    /// let both = tone.to_vec::<f64>()?;
    /// let frames: Vec<f64> = both.iter().flat_map(|sample| [*sample, *sample]).collect();
    /// let stereo = Audio::from_interleaved(frames, 2, tone.rate())?;
    /// assert!((stereo.loudness()? + 23.0).abs() < 0.1);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn loudness(&self) -> Result<f64, Error> {
        patiently(|wait| {
            Ok(self
                .measured_loudness(Measure::Integrated, None, wait)?
                .integrated())
        })
    }

    /// Loudness range in LU (EBU Tech 3342).
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn loudness_range(&self) -> Result<f64, Error> {
        patiently(|wait| Ok(self.measured_loudness(Measure::Range, None, wait)?.range()))
    }

    /// The true peak of each channel (ITU-R BS.1770-4, Annex 2); full scale is 1.
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn true_peaks(&self, wait: Wait<'_>) -> Result<Vec<f64>, Error> {
        Ok(self
            .measured_loudness(Measure::TruePeak, None, wait)?
            .true_peaks())
    }

    /// The largest true peak of all channels; full scale is 1.
    ///
    /// # Errors
    /// As [`LoudnessMeter::update`].
    pub fn true_peak(&self) -> Result<f64, Error> {
        Ok(largest_peak(&patiently(|wait| self.true_peaks(wait))?))
    }
}

/// The largest of some peaks: NaN if one is.
pub fn largest_peak(peaks: &[f64]) -> f64 {
    let larger = |most: f64, peak: &f64| {
        if *peak > most || peak.is_nan() {
            *peak
        } else {
            most
        }
    };
    peaks.iter().fold(0.0, larger)
}
