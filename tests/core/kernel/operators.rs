use audio_samples::dtype::{Dtype, Sample};
use audio_samples::kernel::{Operand, Operator, Scalar};
use audio_samples::view::Samples;
use audio_samples::with_sample;
use rstest::rstest;

use super::{LIES, Lie, Noise, OPERATORS, compare_binary, engines, lay, memory, of, with_access};

fn without_zeros(samples: &Samples) {
    with_access(|access| {
        for channel in 0..samples.layout().channels() {
            with_sample!(samples.dtype(), T => {
                let row = samples.strided().target::<T>(access, channel);
                for i in 0..row.len() {
                    if row.as_source().get(i) == T::default() {
                        row.set(i, T::cast_from_f64(3.0));
                    }
                }
            });
        }
    });
}

/// All four operators of every engine on one arrangement.
fn check_binary(out_type: Dtype, types: [Dtype; 2], lies: [Lie; 3], shape: [usize; 2], seed: u64) {
    for operator in OPERATORS {
        let compute = operator.compute_type(types[0], types[1]);
        for engine in engines() {
            let mut noise = Noise(seed);
            let whole = memory(out_type, shape, &mut noise);
            let out = lay(&whole, lies[0], shape);
            let a = lay(&memory(types[0], shape, &mut noise), lies[1], shape);
            let b = lay(&memory(types[1], shape, &mut noise), lies[2], shape);
            without_zeros(&b);
            let number = |it| Operand::Scalar(Scalar::Int(it));
            for (x, y) in [
                (of(&a), of(&b)),
                (of(&a), number(3)),
                (of(&a), number(4)),
                (number(-7), of(&b)),
            ] {
                let what = format!(
                    "{} {operator:?} {types:?} in {compute:?} into {out_type:?}, {lies:?}, {shape:?}, \
                     threads {}, {x:?}, {y:?}",
                    engine.arch.name(),
                    engine.threads
                );
                let work = (&engine, operator, compute);
                compare_binary(&what, work, [&whole, &out], [&x, &y]);
            }
        }
    }
}

#[rstest]
fn every_length_gives_the_scalar_kernels_bits(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
) {
    for frames in 0..70 {
        for lie in [Lie::Planar, Lie::Odd] {
            for out in [dtype, Operator::Div.compute_type(dtype, dtype)] {
                let (shape, seed) = ([1, frames], frames as u64 + 1);
                check_binary(out, [dtype; 2], [lie; 3], shape, seed);
            }
        }
    }
}

#[rstest]
fn every_pair_of_types_gives_the_scalar_kernels_bits(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] a: Dtype,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] b: Dtype,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] out: Dtype,
) {
    for shape in [[1, 67], [2, 1500], [3, 5]] {
        for lies in [
            [Lie::Planar; 3],
            [Lie::Interleaved, Lie::Planar, Lie::Reversed],
            [Lie::EverySecond, Lie::OneForEachChannel, Lie::Odd],
        ] {
            check_binary(out, [a, b], lies, shape, 99);
        }
    }
}

#[rstest]
#[case::one_frame([1, 1])]
#[case::mono([1, 333])]
#[case::stereo([2, 37])]
#[case::long_stereo([2, 2100])]
#[case::long_enough_for_threads([2, 7000])]
#[case::many_channels([40, 3])]
#[case::nothing([2, 0])]
fn every_lie_gives_the_scalar_kernels_bits(
    #[case] shape: [usize; 2],
    #[values(Dtype::Int16, Dtype::Float64)] dtype: Dtype,
) {
    for out in LIES.into_iter().filter(|lie| !lie.repeats()) {
        for a in LIES {
            for b in [
                Lie::Planar,
                Lie::Interleaved,
                Lie::Reversed,
                Lie::OneForEachChannel,
            ] {
                if shape[1] > 1000
                    && !(out as usize + 3 * a as usize + b as usize).is_multiple_of(7)
                {
                    continue;
                }
                check_binary(dtype, [dtype, dtype], [out, a, b], shape, 5);
            }
        }
    }
}
