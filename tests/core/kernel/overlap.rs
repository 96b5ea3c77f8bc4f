use audio_samples::dtype::Dtype;
use audio_samples::kernel::{Operator, scalar};
use audio_samples::layout::Layout;
use rstest::rstest;

use super::{Lie, Noise, compare, compare_binary, engines, memory, of, samples_of};

/// Both operands and the destination are windows of one memory.
#[rstest]
fn an_operand_that_overlaps_is_as_if_copied_first(
    #[values(Dtype::Int16, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(1, 2, 7, 64, 1000, 1024, 1025, 2048, 3001, 5000)] frames: usize,
) {
    let size = dtype.size() as isize;
    let n = frames as isize;
    // (offset, stride) in samples, of operands of a destination that steps by 1 or by 2, or back.
    for (step, back) in [(1, false), (2, false), (1, true), (2, true)] {
        let start = 4 * n;
        let end = start + step * (n - 1);
        let operands = [
            (start, step),
            (start + 1, step),
            (start - 1, step),
            (start + step, step),
            (start - step, step),
            (start + n / 2, step),
            (start - n / 2, step),
            (end, -step),
            (end + step, -step),
            (end - 1, -step),
            (start, 0),
            (start + n / 2, 0),
            (start - n, 2 * step),
            (start, 3 - step),
            (start - 3 * n, step),
        ];
        for x in operands {
            for y in [
                (start, step),
                (end, -step),
                (start - step, step),
                (start + 1, step),
                (0, 1),
            ] {
                let out = if back { (end, -step) } else { (start, step) };
                check_overlap(dtype, size, frames, out, x, y);
            }
        }
    }
}

fn check_overlap(
    dtype: Dtype,
    size: isize,
    frames: usize,
    out: (isize, isize),
    x: (isize, isize),
    y: (isize, isize),
) {
    let mut noise = Noise(77);
    let whole = memory(dtype, [1, 4 * frames + 4], &mut noise);
    let place = |(start, stride): (isize, isize)| {
        let layout = Layout::strided(&[frames], &[stride * size], (start * size) as usize);
        whole.with_layout(layout.unwrap()).unwrap()
    };
    let (out, x, y) = (place(out), place(x), place(y));
    let (places, sides) = ([&whole, &out], [&of(&x), &of(&y)]);
    for engine in engines() {
        let what = format!("{} {out:?} of {x:?} and {y:?}", engine.arch.name());
        compare_binary(&what, (&engine, Operator::Sub, dtype), places, sides);
        compare(
            &what,
            places,
            sides,
            |access, out, x, _| engine.copy(access, out, &samples_of(x)),
            |access, out, x, _| scalar::copy(access, out, &samples_of(x)),
        );
    }
}

/// Channels shifted against each other, mirrored in time, exchanged.
#[rstest]
fn overlaps_of_several_channels_are_as_if_copied_first(
    #[values(Lie::Planar, Lie::Interleaved)] lie: Lie,
    #[values(3, 100, 2500)] frames: usize,
) {
    let (dtype, size) = (Dtype::Float64, 8);
    let n = frames as isize;
    for (channel, frame) in [(1_isize, 1_isize), (1, -1), (-1, 1), (-1, -1)] {
        for (by_channel, by_frame) in [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 3), (-1, 2)] {
            let mut noise = Noise(5);
            let whole = memory(dtype, [4, frames + 10], &mut noise);
            let (across, along) = match lie {
                Lie::Interleaved => (1, 4),
                _ => (n + 10, 1),
            };
            let place = |channel: isize, frame: isize, flip: (isize, isize)| {
                let first = (
                    if flip.0 < 0 { channel + 1 } else { channel },
                    if flip.1 < 0 { frame + n - 1 } else { frame },
                );
                let offset = (first.0 * across + first.1 * along) * size;
                let strides = [flip.0 * across * size, flip.1 * along * size];
                let layout = Layout::strided(&[2, frames], &strides, offset as usize);
                whole.with_layout(layout.unwrap()).unwrap()
            };
            let out = place(1, 4, (1, 1));
            let x = place(1 + by_channel, 4 + by_frame, (channel, frame));
            let (places, sides) = ([&whole, &out], [&of(&out), &of(&x)]);
            for engine in engines() {
                let what = format!("{} {out:?} and {x:?}", engine.arch.name());
                compare_binary(&what, (&engine, Operator::Mul, dtype), places, sides);
            }
        }
    }
}
