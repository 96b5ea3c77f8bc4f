//! Zero divisors, and integer results that do not fit: saturated, or refused with every sample as it was.

use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::kernel::{Engine, Operand, Operation, Operator, Overflow, Scalar, Sign};
use audio_samples::view::{Fresh, Samples, Strided};
use audio_samples::with_sample;
use rstest::rstest;

use super::{Lie, Noise, bits, engines, lay, memory, of, with_access};

fn samples(dtype: Dtype, numbers: &[f64]) -> Samples {
    use audio_samples::dtype::Sample;
    let mut fresh = Fresh::new(&[numbers.len()], dtype).unwrap();
    with_sample!(dtype, T => {
        let all = fresh.as_mut_slice::<T>().unwrap();
        for (sample, number) in all.iter_mut().zip(numbers) {
            *sample = T::cast_from_f64(*number);
        }
    });
    fresh.share()
}

fn numbers(samples: &Samples) -> Vec<f64> {
    with_access(|access| {
        bits(access, &samples.strided())
            .into_iter()
            .map(f64::from_bits)
            .collect()
    })
}

fn divide(engine: &Engine, out: &Samples, x: &Samples, y: &Operand<'_>) -> Result<(), Error> {
    let operation = Operation::plain(Operator::Div, out.dtype());
    with_access(|access| engine.binary(access, &operation, &out.strided(), &of(x), y))
}

#[rstest]
fn a_zero_in_a_divisor_is_found_wherever_it_is(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(1, 7, 64, 4097, 9000)] frames: usize,
    #[values(0.0, -0.0)] zero: f64,
) {
    for at in [0, frames / 2, frames.min(4096) - 1, frames - 1] {
        let mut divisor = vec![2.0; frames];
        divisor[at] = zero;
        let divisor = samples(dtype, &divisor);
        let audio = samples(Dtype::Float64, &vec![3.0; frames]);
        let elsewhere = samples(Dtype::Float64, &vec![0.0; frames]);
        for engine in engines() {
            for out in [&audio, &elsewhere] {
                let refused = divide(&engine, out, &audio, &of(&divisor));
                let index = Some(vec![at]);
                assert_eq!(refused, Err(Error::DivisionByZero { index }));
            }
            assert!(numbers(&audio).iter().all(|sample| *sample == 3.0));
        }
    }
}

#[rstest]
fn a_zero_is_found_among_samples_with_any_step(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(Lie::Odd, Lie::EverySecond, Lie::Reversed, Lie::ReversedThird)] lie: Lie,
    #[values(5, 4097)] frames: usize,
) {
    let shape = [1, frames];
    let whole = samples(dtype, &vec![2.0; 3 * (frames + 3) + 8]);
    let divisor = lay(&whole, lie, shape);
    for engine in engines() {
        for at in [0, frames / 2, frames - 1] {
            with_access(|access| {
                let divisor = divisor.strided();
                let free = engine.check_divisor(access, &Operand::Samples(divisor));
                assert_eq!(free, Ok(()));
                with_sample!(dtype, T => divisor.target::<T>(access, 0).set(at, T::default()));
                let index = Some(vec![0, at]);
                let refused = engine.check_divisor(access, &Operand::Samples(divisor));
                assert_eq!(refused, Err(Error::DivisionByZero { index }));
                with_sample!(dtype, T => {
                    use audio_samples::dtype::Sample;
                    divisor.target::<T>(access, 0).set(at, T::cast_from_f64(2.0));
                });
            });
        }
    }
}

#[rstest]
fn a_zero_in_a_strided_divisor_is_named_by_channel_and_frame() {
    let shape = [2, 3000];
    let divisor = samples(Dtype::Float32, &vec![1.0; 6000]);
    let divisor = lay(&divisor, Lie::Interleaved, shape);
    with_access(|access| divisor.strided().target::<f32>(access, 1).set(2500, 0.0));
    let out = samples(Dtype::Float32, &vec![1.0; 6000]);
    let out = lay(&out, Lie::Planar, shape);
    for engine in engines() {
        let refused = divide(&engine, &out, &out, &of(&divisor));
        let index = Some(vec![1, 2500]);
        assert_eq!(refused, Err(Error::DivisionByZero { index }));
    }
}

#[rstest]
#[case(Scalar::Int(0))]
#[case(Scalar::Float(0.0))]
#[case(Scalar::Float(-0.0))]
fn a_scalar_zero_divides_nothing(#[case] zero: Scalar) {
    let audio = samples(Dtype::Float32, &[1.0, 2.0]);
    for engine in engines() {
        let refused = divide(&engine, &audio, &audio, &Operand::Scalar(zero));
        assert_eq!(refused, Err(Error::DivisionByZero { index: None }));
        assert_eq!(numbers(&audio), [1.0, 2.0]);
    }
}

fn exact(operator: Operator, x: i64, y: i64) -> i64 {
    match operator {
        Operator::Add => x + y,
        Operator::Sub => x - y,
        Operator::Mul => x * y,
        Operator::Div => unreachable!("integers divide as float64"),
    }
}

fn range(dtype: Dtype) -> (i64, i64) {
    match dtype {
        Dtype::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        _ => (i64::from(i32::MIN), i64::from(i32::MAX)),
    }
}

/// Integers of two types, and a destination of the first: as `audio += other`.
#[rstest]
fn saturated_results_are_the_nearest_that_fit(
    #[values(Dtype::Int16, Dtype::Int32)] own: Dtype,
    #[values(Dtype::Int16, Dtype::Int32)] other: Dtype,
    #[values(Operator::Add, Operator::Sub, Operator::Mul)] operator: Operator,
    #[values(1, 16, 67, 3000)] frames: usize,
    #[values(Lie::Planar, Lie::EverySecond)] lie: Lie,
    #[values(false, true)] in_place: bool,
) {
    let (low, high) = range(own);
    for engine in engines() {
        let mut noise = Noise(frames as u64);
        let shape = [1, frames];
        let x = lay(&memory(own, shape, &mut noise), lie, shape);
        let y = lay(&memory(other, shape, &mut noise), Lie::Planar, shape);
        let elsewhere = lay(&memory(own, shape, &mut noise), lie, shape);
        let out = if in_place { &x } else { &elsewhere };
        let pairs: Vec<(f64, f64)> = numbers(&x).into_iter().zip(numbers(&y)).collect();
        let compute = operator.compute_type(own, other);
        let operation = Operation {
            overflow: Overflow::Saturate,
            ..Operation::plain(operator, compute)
        };
        with_access(|access| engine.binary(access, &operation, &out.strided(), &of(&x), &of(&y)))
            .unwrap();
        for (index, ((x, y), got)) in pairs.into_iter().zip(numbers(out)).enumerate() {
            let want = exact(operator, x as i64, y as i64).clamp(low, high);
            let arch = engine.arch.name();
            assert_eq!(got as i64, want, "{arch}, {index}: {x} {operator:?} {y}");
        }
    }
}

#[rstest]
fn an_overflow_that_raises_changes_nothing_and_is_named(
    #[values(Dtype::Int16, Dtype::Int32)] own: Dtype,
    #[values(Dtype::Int16, Dtype::Int32)] other: Dtype,
    #[values(Operator::Add, Operator::Sub, Operator::Mul)] operator: Operator,
    #[values(1, 16, 67, 3000)] frames: usize,
) {
    let (low, high) = range(own);
    let at = frames * 2 / 3;
    let small = |i: usize| (i % 100) as f64 - 50.0;
    let before: Vec<f64> = (0..frames).map(small).collect();
    let mut xs = before.clone();
    let mut ys = before;
    for bad in [None, Some(at)] {
        if let Some(at) = bad {
            (xs[at], ys[at]) = match operator {
                Operator::Add => (high as f64, 1.0),
                Operator::Sub => (low as f64, 1.0),
                _ => (low as f64, -1.0),
            };
        }
        let operation = Operation {
            overflow: Overflow::Raise,
            ..Operation::plain(operator, operator.compute_type(own, other))
        };
        for engine in engines() {
            let (x, y) = (samples(own, &xs), samples(other, &ys));
            let elsewhere = samples(own, &xs);
            for out in [&elsewhere, &x] {
                let raised = with_access(|access| {
                    engine.binary(access, &operation, &out.strided(), &of(&x), &of(&y))
                });
                match (bad, raised) {
                    (None, Ok(())) => {
                        let want: Vec<f64> = xs
                            .iter()
                            .zip(&ys)
                            .map(|(x, y)| exact(operator, *x as i64, *y as i64) as f64)
                            .collect();
                        assert_eq!(numbers(out), want);
                    }
                    (Some(at), Err(Error::IntegerOverflow { index, dtype, .. })) => {
                        assert_eq!((index, dtype), (Some(vec![at]), own.name()));
                        assert_eq!(numbers(&x), xs);
                    }
                    (bad, raised) => panic!("{bad:?} gave {raised:?}"),
                }
            }
        }
    }
}

#[rstest]
fn negate_and_absolute_follow_the_overflow_mode(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(Sign::Negate, Sign::Absolute)] sign: Sign,
    #[values(Lie::Planar, Lie::Reversed)] lie: Lie,
) {
    let lowest = range(dtype).0 as f64;
    let shape = [1, 2000];
    for engine in engines() {
        let mut noise = Noise(8);
        let whole = memory(dtype, shape, &mut noise);
        let x = lay(&whole, lie, shape);
        let before = numbers(&x);
        let run = |overflow, out: &Strided<'_>| {
            with_access(|access| engine.unary(access, sign, overflow, out, &x.strided()))
        };
        let expect = |x: f64, lowest_becomes: f64| match sign {
            _ if dtype.is_float() && sign == Sign::Negate => -x,
            _ if dtype.is_float() => x.abs(),
            _ if x == lowest => lowest_becomes,
            Sign::Negate => 0.0 - x,
            Sign::Absolute => x.abs(),
        };
        let same = |got: Vec<f64>, lowest_becomes: f64| {
            for (got, x) in got.iter().zip(&before) {
                let want = expect(*x, lowest_becomes);
                assert!(got.is_nan() && want.is_nan() || got.to_bits() == want.to_bits());
            }
        };
        let mut fresh = Fresh::new(&shape, dtype).unwrap();
        run(Overflow::Saturate, &fresh.strided()).unwrap();
        same(numbers(&fresh.share()), -lowest - 1.0);
        let raised = run(Overflow::Raise, &x.strided());
        if dtype.is_float() {
            raised.unwrap();
            same(numbers(&x), 0.0);
        } else {
            let is_told = matches!(raised, Err(Error::IntegerOverflow { .. }));
            assert!(is_told, "{raised:?}");
            assert_eq!(numbers(&x), before);
            run(Overflow::Wrap, &x.strided()).unwrap();
            same(numbers(&x), lowest);
        }
    }
}
