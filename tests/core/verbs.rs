//! What a Rust caller says by name.

use audio_samples::{Audio, Dtype, Error};
use rstest::rstest;

use crate::samples::{audio_of, rate, values};

#[test]
fn vectors_come_back_as_they_went_in() {
    let mono = Audio::from_vec(vec![1_i16, -2, 3], rate(48_000)).unwrap();
    assert_eq!(mono.layout().shape(), [3]);
    assert_eq!(mono.to_vec::<i16>().unwrap(), [1, -2, 3]);
    assert_eq!(mono.to_interleaved::<i16>().unwrap(), [1, -2, 3]);
    let stereo = Audio::from_interleaved([1_i32, 10, 2, 20, 3, 30], 2, rate(48_000)).unwrap();
    assert_eq!(stereo.layout().shape(), [2, 3]);
    assert_eq!(stereo.to_vec::<i32>().unwrap(), [1, 2, 3, 10, 20, 30]);
    let frames = stereo.to_interleaved::<i32>().unwrap();
    assert_eq!(frames, [1, 10, 2, 20, 3, 30]);
    let left = stereo.channel(0).unwrap();
    assert_eq!(left.to_vec::<i32>().unwrap(), [1, 2, 3]);
}

#[test]
fn another_type_comes_at_audio_scale() {
    let audio = Audio::from_vec([i16::MIN, 16_384], rate(48_000)).unwrap();
    assert_eq!(audio.to_vec::<f32>().unwrap(), [-1.0, 0.5]);
    assert_eq!(audio.to_interleaved::<f64>().unwrap(), [-1.0, 0.5]);
}

#[rstest]
#[case(5, 2)]
#[case(4, 0)]
fn a_part_of_a_frame_is_refused(#[case] samples: usize, #[case] channels: usize) {
    let error =
        Audio::from_interleaved(vec![0.0_f32; samples], channels, rate(48_000)).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&samples.to_string()) && message.contains(&channels.to_string()));
}

/// More frames than the scratch memory holds, so that its end and its beginning are seen.
#[rstest]
#[case::saturates(3.0, [30_000.0, 32_767.0, -32_768.0])]
#[case::rounds_half_to_even(0.00005, [0.0, 2.0, -2.0])]
fn integers_are_scaled_where_they_lie(#[case] factor: f64, #[case] expected: [f64; 3]) {
    let audio = audio_of(&[2, 20_000], Dtype::Int16, 8_000, |_, frame| {
        [10_000.0, 30_000.0, -30_000.0][frame % 3]
    });
    let view = audio.channel(1).unwrap();
    let scaled = audio.scale(factor).unwrap();
    assert_eq!(values(&view)[0][..3], [10_000.0, 30_000.0, -30_000.0]);
    audio.scale_inplace(factor).unwrap();
    for channel in [&audio, &scaled, &view].map(values).concat() {
        let mut samples = channel.iter().enumerate();
        assert!(samples.all(|(frame, sample)| *sample == expected[frame % 3]));
    }
}

#[test]
fn audio_is_computed_with_audio() {
    let a = Audio::from_vec([1.0_f64, 2.0], rate(48_000)).unwrap();
    let b = Audio::from_vec([3_i16, 5], rate(48_000)).unwrap();
    let results = [a.add(&b), a.subtract(&b), a.multiply(&b)];
    let results = results.map(|result| result.unwrap().to_vec::<f64>().unwrap());
    assert_eq!(results, [[4.0, 7.0], [-2.0, -3.0], [3.0, 10.0]]);
    a.add_inplace(&b).unwrap();
    a.multiply_inplace(&a).unwrap();
    a.subtract_inplace(&b).unwrap();
    assert_eq!(a.to_vec::<f64>().unwrap(), [13.0, 44.0]);
    assert!(matches!(b.add_inplace(&a), Err(Error::CastRefused { .. })));
    let slow = Audio::from_vec([1.0_f64, 2.0], rate(8_000)).unwrap();
    for refused in [a.add(&slow).map(drop), a.add_inplace(&slow)] {
        assert!(matches!(refused, Err(Error::SampleRateMismatch { .. })));
    }
}
