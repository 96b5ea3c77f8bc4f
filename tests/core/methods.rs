//! Methods as a Rust caller says them: what Python's tests cannot see.

use audio_samples::audio::channels::PanLaw;
use audio_samples::audio::fading::Curve;
use audio_samples::audio::generation::sine_wave;
use audio_samples::audio::level::Gain;
use audio_samples::dsp::{
    Band, Chain, FadeEnds, Filter, Framewise, Goal, LevelMeter, Processor, Quality, Resampler,
    Response, Session,
};
use audio_samples::{Audio, Dtype, Error};

use crate::samples::{rate, values};

fn tone(hertz: f64, frames: usize) -> Audio {
    let seconds = frames as f64 / 8000.0;
    sine_wave(hertz, seconds, rate(8000), 0.5, Dtype::Float64).unwrap()
}

#[test]
fn twins_give_what_the_methods_give() {
    let audio = tone(440.0, 4000);
    let stereo = audio.to_mono().unwrap();
    assert_eq!(values(&stereo), values(&audio));
    let two = Audio::from_interleaved(
        audio.repeat(2).unwrap().to_vec::<f64>().unwrap(),
        2,
        rate(8000),
    )
    .unwrap();
    type Method = fn(&Audio) -> Result<Audio, Error>;
    type Twin = fn(&Audio) -> Result<(), Error>;
    let pairs: [(Method, Twin); 8] = [
        (|a| a.gain(-6.0), |a| a.gain_inplace(-6.0)),
        (|a| a.scale(0.3), |a| a.scale_inplace(0.3)),
        (
            |a| a.pan(0.5, PanLaw::Linear),
            |a| a.pan_inplace(0.5, PanLaw::Linear),
        ),
        (|a| a.balance(-0.5), |a| a.balance_inplace(-0.5)),
        (|a| a.mid_side(false), |a| a.mid_side_inplace(false)),
        (|a| a.swap_channels(0, 1), |a| a.swap_channels_inplace(0, 1)),
        (
            |a| a.fade_out(0.1, Curve::EqualPower),
            |a| a.fade_out_inplace(0.1, Curve::EqualPower),
        ),
        (
            |a| a.normalize(Goal::Rms(-20.0)),
            |a| a.normalize_inplace(Goal::Rms(-20.0)),
        ),
    ];
    for (method, twin) in pairs {
        let expected = method(&two).unwrap();
        twin(&two).unwrap();
        assert_eq!(values(&two), values(&expected));
    }
}

#[test]
fn parts_are_views() {
    let audio =
        Audio::concatenate(&[&tone(440.0, 800).fit(0.2).unwrap(), &tone(440.0, 800)]).unwrap();
    // A sine begins with a sample of silence.
    assert_eq!(audio.silences(-60.0, 0.05).unwrap(), vec![800..1601; 1]);
    let parts = audio.split_silence(-60.0, 0.05, 0.0).unwrap();
    let lengths: Vec<usize> = parts.iter().map(|part| part.layout().frames()).collect();
    assert_eq!(lengths, [800, 799]);
    parts[1].scale_inplace(0.0).unwrap();
    assert_eq!(audio.part(1600..2400).unwrap().peak().unwrap(), 0.0);
    assert_eq!(
        audio.trim_silence(-60.0, 0.0).unwrap().layout().frames(),
        799
    );
    assert!(matches!(
        audio.trim(1.0, None),
        Err(Error::InvalidArgument { .. })
    ));
}

/// Every second frame: a processor that gives fewer frames than it takes.
struct EverySecond {
    at: usize,
}

impl Processor for EverySecond {
    fn begin(
        &mut self,
        format: &audio_samples::dsp::SignalFormat,
    ) -> Result<audio_samples::dsp::SignalFormat, Error> {
        self.at = 0;
        Ok(audio_samples::dsp::SignalFormat {
            rate: rate(format.rate.hertz() / 2),
            ..*format
        })
    }

    fn process(&mut self, block: &mut audio_samples::dsp::SignalBlock) {
        use audio_samples::dsp::SignalBlock;
        let SignalBlock::Double(planes) = block else {
            unreachable!("float64 alone is given")
        };
        let first = self.at % 2;
        self.at += planes.frames();
        let kept: Vec<Vec<f64>> = planes
            .planes()
            .map(|plane| plane.iter().skip(first).step_by(2).copied().collect())
            .collect();
        planes.resize(kept[0].len());
        for (plane, kept) in planes.planes_mut().zip(&kept) {
            plane.copy_from_slice(kept);
        }
    }

    fn output_frames(&self, frames: usize) -> usize {
        frames.div_ceil(2)
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(EverySecond { at: 0 })
    }
}

#[test]
fn a_processor_of_a_callers_may_change_the_length() {
    let audio = tone(100.0, 5001);
    let halved = audio.apply(&EverySecond { at: 0 }).unwrap();
    assert_eq!(
        (halved.layout().frames(), halved.rate()),
        (2501, rate(4000))
    );
    let own = values(&audio).remove(0);
    let every_second: Vec<f64> = own.iter().step_by(2).copied().collect();
    assert_eq!(values(&halved), [every_second]);
    let chain = Chain::new(vec![
        Box::new(FadeEnds::new(0.1, 0.2, Curve::Linear).unwrap()),
        Box::new(EverySecond { at: 0 }),
        Box::new(Framewise::new(Gain::factor(2.0).unwrap())),
    ]);
    let expected = audio
        .fade_in(0.1, Curve::Linear)
        .and_then(|audio| audio.fade_out(0.2, Curve::Linear))
        .and_then(|audio| audio.apply(&EverySecond { at: 0 }))
        .and_then(|audio| audio.scale(2.0))
        .unwrap();
    assert_eq!(values(&audio.apply(&chain).unwrap()), values(&expected));
    assert!(audio.apply_inplace(&chain).is_err());
}

#[test]
fn a_session_goes_from_block_to_block() {
    let audio = tone(440.0, 10_000);
    let response = Response::butterworth(Band::Above(300.0), 4);
    let whole = audio
        .filter(&response.sections(rate(8000)).unwrap())
        .unwrap();
    let mut session = Session::new(Box::new(Filter::by_response(response)));
    let mut meter = LevelMeter::new();
    let mut found = Vec::new();
    for part in audio.split(0.1234).unwrap() {
        let out = session
            .process(&part, audio_samples::audio::Wait::brief())
            .unwrap();
        meter
            .update(&out, audio_samples::audio::Wait::brief())
            .unwrap();
        found.extend(out.to_vec::<f64>().unwrap());
    }
    assert_eq!(found, whole.to_vec::<f64>().unwrap());
    assert_eq!(meter.levels()[0].rms(), whole.rms().unwrap());
    assert_eq!(session.flush().unwrap().unwrap().layout().frames(), 0);
    assert!(session.flush().unwrap().is_none());
    let resampled = audio.resample(rate(11_025), Quality::Best).unwrap();
    let applied = audio
        .apply(&Resampler::new(rate(11_025), Quality::Best))
        .unwrap();
    assert_eq!(values(&resampled), values(&applied));
}
