use std::f64::consts::TAU;

use audio_samples::audio::generation::{
    chirp, cosine_wave, impulse, sawtooth_wave, silence, sine_wave, square_wave, triangle_wave,
    white_noise,
};
use audio_samples::audio::{Audio, SampleRate};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use rstest::rstest;

use crate::samples::{rate, values};

type Tone = fn(f64, f64, SampleRate, f64, Dtype) -> Result<Audio, Error>;

fn mono(audio: &Audio) -> Vec<f64> {
    assert_eq!(audio.layout().ndim(), 1, "mono audio has one axis");
    values(audio).remove(0)
}

/// How far along its cycle a tone of `twice / 2` Hz is at a frame: whole numbers, no rounding.
fn cycle(twice: u64, frame: usize, hertz: u32) -> f64 {
    let whole = 2 * u64::from(hertz);
    (twice * frame as u64 % whole) as f64 / whole as f64
}

#[rstest]
#[case::one_second(1.0, 44100, 44100)]
#[case::nothing(0.0, 44100, 0)]
#[case::negative_zero(-0.0, 44100, 0)]
#[case::less_than_half_a_frame(0.4, 1, 0)]
#[case::half_a_frame_goes_to_the_even(0.5, 44101, 22050)]
#[case::and_up_where_that_is_even(0.5, 44103, 22052)]
#[case::not_a_whole_number(0.1, 44100, 4410)]
fn a_duration_is_rounded_to_frames(
    #[case] duration: f64,
    #[case] hertz: u32,
    #[case] frames: usize,
) {
    let audio = sine_wave(440.0, duration, rate(hertz), 1.0, Dtype::Float64).unwrap();
    assert_eq!(audio.layout().shape(), [frames]);
    assert_eq!(audio.rate(), rate(hertz));
    let audio = silence(duration, rate(hertz), Dtype::Int16, None).unwrap();
    assert_eq!(audio.layout().shape(), [frames]);
}

#[test]
fn silence_is_zero_in_every_channel() {
    for dtype in Dtype::ALL {
        let audio = silence(0.01, rate(8000), dtype, Some(3)).unwrap();
        assert_eq!(audio.layout().shape(), [3, 80]);
        assert_eq!(audio.dtype(), dtype);
        assert!(values(&audio).iter().flatten().all(|value| *value == 0.0));
    }
    let one = silence(0.01, rate(8000), Dtype::Int16, Some(1)).unwrap();
    assert_eq!(one.layout().shape(), [1, 80]);
}

#[rstest]
#[case::whole_hertz(880, 44100)]
#[case::half_hertz(879, 44100)]
#[case::near_nyquist(44099, 44100)]
#[case::above_the_rate(2 * 96_000 * 7 + 881, 96_000)]
fn a_sine_is_exact_at_the_last_frame_as_at_the_first(#[case] twice: u64, #[case] hertz: u32) {
    let frequency = twice as f64 / 2.0;
    let sine = sine_wave(frequency, 5.0, rate(hertz), 1.0, Dtype::Float64).unwrap();
    let cosine = cosine_wave(frequency, 5.0, rate(hertz), 1.0, Dtype::Float64).unwrap();
    for (frame, (sine, cosine)) in mono(&sine).into_iter().zip(mono(&cosine)).enumerate() {
        let angle = TAU * cycle(twice, frame, hertz);
        assert!((sine - angle.sin()).abs() < 2e-15, "sine at frame {frame}");
        let error = (cosine - angle.cos()).abs();
        assert!(error < 2e-15, "cosine at frame {frame}");
    }
}

/// The same for any frequency: a float is a whole number over a power of two.
fn cycle_of(frequency: f64, frame: usize, hertz: u32) -> f64 {
    let mut over = 1_u128;
    let mut numerator = frequency;
    while numerator.fract() != 0.0 {
        (numerator, over) = (numerator * 2.0, over * 2);
    }
    let whole = over * u128::from(hertz);
    (numerator as u128 * frame as u128 % whole) as f64 / whole as f64
}

#[rstest]
fn no_bit_of_a_frequency_is_lost(#[values(440.1, 19_999.987_654_321, 0.1)] frequency: f64) {
    let audio = sine_wave(frequency, 5.0, rate(44100), 1.0, Dtype::Float64).unwrap();
    for (frame, value) in mono(&audio).into_iter().enumerate() {
        let angle = TAU * cycle_of(frequency, frame, 44100);
        assert!((value - angle.sin()).abs() < 2e-15, "frame {frame}");
    }
}

#[test]
fn a_frequency_beyond_all_measure_is_its_alias() {
    let beyond = sine_wave(1e300, 0.1, rate(44100), 1.0, Dtype::Float64).unwrap();
    let alias = sine_wave(1e300 % 44100.0, 0.1, rate(44100), 1.0, Dtype::Float64).unwrap();
    assert_eq!(mono(&beyond), mono(&alias));
    assert!(mono(&beyond).iter().all(|value| value.abs() <= 1.0));
}

#[test]
fn a_negative_frequency_turns_the_other_way() {
    let forth = sine_wave(441.5, 0.5, rate(44100), 0.8, Dtype::Float64).unwrap();
    let back = sine_wave(-441.5, 0.5, rate(44100), 0.8, Dtype::Float64).unwrap();
    for (forth, back) in mono(&forth).into_iter().zip(mono(&back)) {
        assert!((forth + back).abs() < 2e-15);
    }
}

#[test]
fn a_sine_agrees_with_the_textbook_formula() {
    let audio = sine_wave(440.0, 1.0, rate(44100), 0.25, Dtype::Float64).unwrap();
    for (frame, value) in mono(&audio).into_iter().enumerate() {
        let expected = 0.25 * (TAU * 440.0 * frame as f64 / 44100.0).sin();
        assert!((value - expected).abs() < 1e-12, "frame {frame}");
    }
}

#[test]
fn integers_take_full_scale_as_one_and_saturate() {
    // An eighth of a cycle a frame: 0, 0.707, 1, 0.707, 0, -0.707, -1, -0.707.
    let of = |dtype, amplitude| mono(&sine_wave(1.0, 1.0, rate(8), amplitude, dtype).unwrap());
    let exact = [0, 23170, 32767, 23170, 0, -23170, -32768, -23170].map(f64::from);
    assert_eq!(of(Dtype::Int16, 1.0), exact);
    let clipped = [0, 32767, 32767, 32767, 0, -32768, -32768, -32768].map(f64::from);
    assert_eq!(of(Dtype::Int16, 2.0), clipped);
    let (most, least) = (f64::from(i32::MAX), f64::from(i32::MIN));
    let wide = of(Dtype::Int32, 1.0);
    assert_eq!([0, 2, 4, 6].map(|at| wide[at]), [0.0, most, 0.0, least]);
    let third = of(Dtype::Int16, 3.0 / 65536.0); // 1.5 at the top: a tie, to the even 2
    assert_eq!([third[2], third[6]], [2.0, -2.0]);
}

#[rstest]
fn float32_is_float64_rounded_once(
    #[values(sine_wave, cosine_wave, sawtooth_wave, triangle_wave)] tone: Tone,
) {
    let wide = mono(&tone(440.0, 0.1, rate(44100), 0.7, Dtype::Float64).unwrap());
    let narrow = mono(&tone(440.0, 0.1, rate(44100), 0.7, Dtype::Float32).unwrap());
    let rounded: Vec<f64> = wide.iter().map(|value| f64::from(*value as f32)).collect();
    assert_eq!(narrow, rounded);
}

#[rstest]
#[case::square(square_wave, |x| if x < 0.5 { 1.0 } else { -1.0 })]
#[case::sawtooth(sawtooth_wave, |x| 2.0 * x - 1.0)]
#[case::triangle(triangle_wave, |x| if x < 0.5 { 4.0 * x - 1.0 } else { 3.0 - 4.0 * x })]
fn edges_fall_on_their_frames(
    #[case] tone: Tone,
    #[case] wave: fn(f64) -> f64,
    #[values(880, 2205, 12345)] twice: u64,
) {
    let audio = tone(twice as f64 / 2.0, 3.0, rate(44100), 0.5, Dtype::Float64).unwrap();
    for (frame, value) in mono(&audio).into_iter().enumerate() {
        let expected = 0.5 * wave(cycle(twice, frame, 44100));
        let error = (value - expected).abs();
        assert!(error < 1e-15, "{value}, not {expected}, at frame {frame}");
    }
}

#[test]
fn a_chirp_goes_from_the_first_frequency_to_the_last() {
    let audio = chirp(100.0, 1100.0, 2.0, rate(48000), 1.0, Dtype::Float64).unwrap();
    for (frame, value) in mono(&audio).into_iter().enumerate() {
        let t = frame as f64 / 48000.0;
        let expected = (TAU * (100.0 * t + 250.0 * t * t)).sin();
        assert!((value - expected).abs() < 1e-10, "frame {frame}");
    }
    let steady = chirp(440.0, 440.0, 0.5, rate(44100), 1.0, Dtype::Float64).unwrap();
    let sine = sine_wave(440.0, 0.5, rate(44100), 1.0, Dtype::Float64).unwrap();
    assert_eq!(mono(&steady), mono(&sine));
    let nothing = chirp(440.0, 880.0, 0.0, rate(44100), 1.0, Dtype::Float64).unwrap();
    assert_eq!(nothing.layout().shape(), [0]);
}

#[test]
fn an_impulse_is_one_sample() {
    let audio = impulse(0.25, 1.0, rate(8), 0.5, Dtype::Int16).unwrap();
    assert_eq!(mono(&audio), [0.0, 0.0, 16384.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    for position in [1.0, -0.2, f64::NAN] {
        let refused = impulse(position, 1.0, rate(8), 0.5, Dtype::Int16);
        assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn a_seed_gives_the_noise_that_it_always_gave() {
    let audio = white_noise(1.0, rate(4), 1.0, Dtype::Float64, Some(42), None).unwrap();
    // Computed from the published algorithms by another program.
    let always = [
        0.6286102902458197,
        -0.36235791987667776,
        0.9677883363549775,
        0.40227119626951113,
    ];
    assert_eq!(mono(&audio), always);
}

#[test]
fn noise_is_uniform_from_minus_the_amplitude_up_to_the_amplitude() {
    let noise = mono(&white_noise(4.0, rate(50_000), 0.3, Dtype::Float64, Some(7), None).unwrap());
    assert!(noise.iter().all(|value| (-0.3..0.3).contains(value)));
    let mut tenths = [0_usize; 10];
    for value in &noise {
        tenths[((value + 0.3) / 0.06) as usize] += 1;
    }
    // 20,000 expected in each; the standard deviation is 134.
    let are_even = tenths.iter().all(|count| count.abs_diff(20_000) < 800);
    assert!(are_even, "{tenths:?}");
    let mean = noise.iter().sum::<f64>() / noise.len() as f64;
    assert!(mean.abs() < 0.003, "{mean}");
    let neighbours: f64 = noise.windows(2).map(|pair| pair[0] * pair[1]).sum();
    assert!((neighbours / noise.len() as f64).abs() < 0.0005);
}

#[test]
fn noise_of_one_seed_is_the_same_in_every_type() {
    let of = |dtype| mono(&white_noise(0.1, rate(44100), 1.0, dtype, Some(3), None).unwrap());
    let wide = of(Dtype::Float64);
    for (wide, narrow) in wide.iter().zip(of(Dtype::Float32)) {
        assert!((wide - narrow).abs() <= f64::from(f32::EPSILON));
        assert!(narrow < 1.0);
    }
    for (wide, integer) in wide.iter().zip(of(Dtype::Int16)) {
        assert_eq!(integer, (wide * 32768.0).round_ties_even().min(32767.0));
    }
}

#[test]
fn seeds_differ_and_no_seed_is_new_each_time() {
    let of = |seed| mono(&white_noise(0.01, rate(8000), 1.0, Dtype::Float64, seed, None).unwrap());
    assert_eq!(of(Some(0)), of(Some(0)));
    assert_ne!(of(Some(0)), of(Some(1)));
    assert_ne!(of(None), of(None));
}

#[rstest]
#[case::negative_duration(440.0, -1.0, 1.0, "-1")]
#[case::nan_duration(440.0, f64::NAN, 1.0, "NaN")]
#[case::endless_duration(440.0, f64::INFINITY, 1.0, "inf")]
#[case::nan_frequency(f64::NAN, 1.0, 1.0, "frequency must be a finite number, not NaN")]
#[case::infinite_frequency(f64::NEG_INFINITY, 1.0, 1.0, "not -inf")]
#[case::nan_amplitude(440.0, 1.0, f64::NAN, "amplitude must be a finite number, not NaN")]
#[case::beyond_memory(440.0, 1e16, 1.0, "441000000000000000000 frames of 8 bytes")]
fn what_cannot_be_made_is_refused_with_its_numbers(
    #[values(sine_wave, cosine_wave, square_wave, sawtooth_wave, triangle_wave)] tone: Tone,
    #[case] frequency: f64,
    #[case] duration: f64,
    #[case] amplitude: f64,
    #[case] says: &str,
) {
    let refused = tone(frequency, duration, rate(44100), amplitude, Dtype::Float64);
    let Err(error @ Error::InvalidArgument { .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn noise_and_silence_refuse_the_same() {
    for duration in [-0.5, f64::NAN, f64::INFINITY, 1e300] {
        assert!(white_noise(duration, rate(44100), 1.0, Dtype::Int16, Some(1), None).is_err());
        assert!(silence(duration, rate(44100), Dtype::Int16, None).is_err());
        assert!(chirp(1.0, 2.0, duration, rate(44100), 1.0, Dtype::Int16).is_err());
        assert!(impulse(0.0, duration, rate(44100), 1.0, Dtype::Int16).is_err());
    }
    assert!(white_noise(1.0, rate(44100), f64::NAN, Dtype::Int16, Some(1), None).is_err());
    assert!(silence(1.0, rate(44100), Dtype::Int16, Some(0)).is_err());
    let many = silence(1.0, rate(44100), Dtype::Int16, Some(usize::MAX / 1000));
    assert!(matches!(many, Err(Error::TooLarge { .. })), "{many:?}");
}
