use audio_samples::dtype::Dtype;
use audio_samples::kernel::{Operand, Scalar, scalar};
use rstest::rstest;

use super::{LIES, Lie, Noise, compare, engines, lay, memory, of, samples_of};

#[rstest]
fn casts_and_conversions_give_the_scalar_kernels_bits(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] from: Dtype,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] to: Dtype,
    #[values(0, 1, 31, 70, 3000)] frames: usize,
) {
    let shape = [2, frames];
    for lies in [
        [Lie::Planar, Lie::Planar],
        [Lie::Odd, Lie::Odd],
        [Lie::Planar, Lie::Interleaved],
        [Lie::Interleaved, Lie::Planar],
        [Lie::Reversed, Lie::EverySecond],
        [Lie::EverySecond, Lie::OneForEachChannel],
        [Lie::Planar, Lie::OneForAll],
    ] {
        for engine in engines() {
            let mut noise = Noise(frames as u64 + 3);
            let whole = memory(to, shape, &mut noise);
            let out = lay(&whole, lies[0], shape);
            let x = lay(&memory(from, shape, &mut noise), lies[1], shape);
            let sides = [&of(&x), &Operand::Scalar(Scalar::Int(0))];
            let what = format!("{} {from:?} to {to:?}, {lies:?}", engine.arch.name());
            compare(
                &what,
                [&whole, &out],
                sides,
                |access, out, x, _| engine.copy(access, out, &samples_of(x)),
                |access, out, x, _| scalar::copy(access, out, &samples_of(x)),
            );
            compare(
                &what,
                [&whole, &out],
                sides,
                |access, out, x, _| {
                    engine.convert(access, out, &samples_of(x));
                    Ok(())
                },
                |access, out, x, _| scalar::convert(access, out, &samples_of(x)),
            );
        }
    }
}

#[rstest]
#[case(Dtype::Int16, Scalar::Int(-7))]
#[case(Dtype::Int32, Scalar::Int(2_000_000_000))]
#[case(Dtype::Float32, Scalar::Float(0.1))]
#[case(Dtype::Float64, Scalar::Float(f64::NAN))]
fn fill_stores_the_number_everywhere(#[case] dtype: Dtype, #[case] value: Scalar) {
    for lie in LIES.into_iter().filter(|lie| !lie.repeats()) {
        for engine in engines() {
            let mut noise = Noise(4);
            let shape = [2, 1203];
            let whole = memory(dtype, shape, &mut noise);
            let out = lay(&whole, lie, shape);
            let none = Operand::Scalar(value);
            compare(
                &format!("{} {dtype:?} {lie:?}", engine.arch.name()),
                [&whole, &out],
                [&none, &none],
                |access, out, _, _| {
                    engine.fill(access, out, value);
                    Ok(())
                },
                |access, out, _, _| scalar::fill(access, out, value),
            );
        }
    }
}
