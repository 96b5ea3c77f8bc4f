//! Sample types against what NumPy does with them.

use audio_samples::dtype::{Dtype, Sample};
use audio_samples::error::Error;
use audio_samples::with_sample;
use rstest::rstest;

use Dtype::{Float32, Float64, Int16, Int32};

#[rstest]
#[case(Int16, Int16, Int16, Float64)]
#[case(Int16, Int32, Int32, Float64)]
#[case(Int16, Float32, Float32, Float32)]
#[case(Int16, Float64, Float64, Float64)]
#[case(Int32, Int32, Int32, Float64)]
#[case(Int32, Float32, Float64, Float64)]
#[case(Int32, Float64, Float64, Float64)]
#[case(Float32, Float32, Float32, Float32)]
#[case(Float32, Float64, Float64, Float64)]
#[case(Float64, Float64, Float64, Float64)]
fn types_promote_as_in_numpy_whichever_comes_first(
    #[case] a: Dtype,
    #[case] b: Dtype,
    #[case] sum: Dtype,
    #[case] quotient: Dtype,
) {
    assert_eq!((a.promote(b), b.promote(a)), (sum, sum));
    assert_eq!((a.quotient(b), b.quotient(a)), (quotient, quotient));
}

#[test]
fn only_floats_are_refused_by_integers_in_place() {
    for from in Dtype::ALL {
        for to in Dtype::ALL {
            let refused = from.is_float() && !to.is_float();
            assert_eq!(from.casts_same_kind(to), !refused, "{from:?} into {to:?}");
        }
    }
}

#[test]
fn names_and_sizes_are_numpys() {
    let expected = [("int16", 2), ("int32", 4), ("float32", 4), ("float64", 8)];
    let found = Dtype::ALL.map(|dtype| (dtype.name(), dtype.size()));
    assert_eq!(found, expected);
    for dtype in Dtype::ALL {
        assert_eq!(Dtype::from_name(dtype.name()), Ok(dtype));
        with_sample!(dtype, T => {
            assert_eq!((T::DTYPE, size_of::<T>()), (dtype, dtype.size()));
        });
    }
    let unknown = Error::NotASampleType {
        name: "int64".into(),
    };
    assert_eq!(Dtype::from_name("int64"), Err(unknown));
}

#[rstest]
#[case(0.5, 0, 0)]
#[case(1.5, 1, 1)]
#[case(-1.9, -1, -1)]
#[case(32_767.9, 32_767, 32_767)]
#[case(32_768.0, -32_768, 32_768)]
#[case(65_537.0, 1, 65_537)]
#[case(-32_769.0, 32_767, -32_769)]
#[case(2_147_483_647.5, -1, 2_147_483_647)]
#[case(2_147_483_648.0, 0, -2_147_483_648)]
#[case(-2_147_483_648.9, 0, -2_147_483_648)]
#[case(-2_147_483_649.0, 0, -2_147_483_648)]
#[case(f64::INFINITY, 0, -2_147_483_648)]
#[case(f64::NAN, 0, -2_147_483_648)]
fn casting_cuts_off_and_wraps(#[case] value: f64, #[case] short: i16, #[case] long: i32) {
    assert_eq!(i16::cast_from_f64(value), short);
    assert_eq!(i32::cast_from_f64(value), long);
}

#[rstest]
#[case(0.5, 0, 0)]
#[case(1.5, 2, 2)]
#[case(2.5, 2, 2)]
#[case(-0.5, 0, 0)]
#[case(-1.5, -2, -2)]
#[case(32_767.4, 32_767, 32_767)]
#[case(32_767.5, 32_767, 32_768)]
#[case(-32_769.0, -32_768, -32_769)]
#[case(1e300, i16::MAX, i32::MAX)]
#[case(f64::NEG_INFINITY, i16::MIN, i32::MIN)]
#[case(f64::NAN, 0, 0)]
fn converting_rounds_to_even_and_saturates(
    #[case] value: f64,
    #[case] short: i16,
    #[case] long: i32,
) {
    assert_eq!(i16::round_from_f64(value), short);
    assert_eq!(i32::round_from_f64(value), long);
}

#[test]
fn integers_wrap() {
    assert_eq!(i16::MAX.add(1), i16::MIN);
    assert_eq!(i16::MIN.sub(1), i16::MAX);
    assert_eq!(Sample::mul(i16::MAX, 2), -2);
    assert_eq!(i32::MAX.add(1), i32::MIN);
    assert_eq!(i32::MIN.sub(1), i32::MAX);
    assert_eq!(Sample::mul(i32::MIN, -1), i32::MIN);
}

#[test]
fn no_integer_division_panics() {
    assert_eq!((Sample::div(7_i16, 0), Sample::div(7_i32, 0)), (0, 0));
    assert_eq!(Sample::div(i16::MIN, -1), i16::MIN);
    assert_eq!(Sample::div(i32::MIN, -1), i32::MIN);
    assert_eq!((Sample::div(-7_i16, 2), Sample::div(-7_i32, 2)), (-3, -3));
}

#[test]
fn every_sample_goes_through_float64_and_back() {
    for value in i16::MIN..=i16::MAX {
        let wide = value.to_f64();
        let back = (i16::cast_from_f64(wide), i16::round_from_f64(wide));
        assert_eq!(back, (value, value));
    }
    for value in [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX] {
        let wide = value.to_f64();
        let back = (i32::cast_from_f64(wide), i32::round_from_f64(wide));
        assert_eq!(back, (value, value));
    }
}

#[test]
fn full_scale_is_two_to_the_bits_less_one() {
    let found = Dtype::ALL.map(Dtype::full_scale);
    assert_eq!(found, [2_f64.powi(15), 2_f64.powi(31), 1.0, 1.0]);
}
