//! Every engine (instruction sets; one thread or several; through the cache or past it) against the scalar
//! kernel, one sample at a time, with all operands copied first.

use audio_samples::dtype::{Dtype, Sample};
use audio_samples::error::Error;
use audio_samples::kernel::{Arch, Engine, Operand, Operator, Overflow, Scalar, scalar};
use audio_samples::layout::Layout;
use audio_samples::registry::Patience;
use audio_samples::view::{Access, Effort, Fresh, Samples, Strided, access};
use audio_samples::with_sample;
use rstest::rstest;

const OPERATORS: [Operator; 4] = [Operator::Add, Operator::Sub, Operator::Mul, Operator::Div];

fn engines() -> Vec<Engine> {
    let sets = Arch::available().into_iter();
    sets.flat_map(|arch| {
        let plain = Engine {
            arch,
            ..Engine::new()
        };
        let spread = Engine {
            threads: 3,
            parallel_from: 1,
            stream_from: 1,
            ..plain
        };
        [plain, spread]
    })
    .collect()
}

/// Works on samples that nobody else knows.
fn with_access<R>(work: impl FnOnce(&Access) -> R) -> R {
    access(&[], Effort::Brief, Patience::Never, work).unwrap()
}

/// Numbers without a pattern, the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A sample: one in eight is a value that a kernel may get wrong.
    fn sample(&mut self, dtype: Dtype) -> f64 {
        let special = self.next().is_multiple_of(8);
        let which = (self.next() >> 20) as usize;
        let whole = (self.next() >> 16) as u16;
        match dtype {
            Dtype::Int16 if special => [-32768.0, 32767.0, -1.0, 1.0, 16384.0][which % 5],
            Dtype::Int16 => f64::from(whole as i16),
            Dtype::Int32 if special => [
                -2147483648.0,
                2147483647.0,
                -1.0,
                65536.0,
                32768.0,
                -98304.0,
            ][which % 6],
            Dtype::Int32 => f64::from((self.next() >> 16) as i32),
            _ if special => [
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                -0.0,
                1e-310,
                1e-40,
                3.5e38,
                -1.7e308,
                0.5 / 32768.0,
                1.5 / 32768.0,
                -32768.5 / 32768.0,
                1.0,
            ][which % 12],
            _ => f64::from(whole as i16) / 8192.0,
        }
    }
}

/// Where the samples of a test lie in their memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lie {
    Planar,
    /// A sample and three bytes into the memory: not even aligned.
    Odd,
    EverySecond,
    Reversed,
    ReversedThird,
    Interleaved,
    InterleavedReversed,
    OneForAll,
    OneForEachChannel,
    OneChannel,
}

const LIES: [Lie; 10] = [
    Lie::Planar,
    Lie::Odd,
    Lie::EverySecond,
    Lie::Reversed,
    Lie::ReversedThird,
    Lie::Interleaved,
    Lie::InterleavedReversed,
    Lie::OneForAll,
    Lie::OneForEachChannel,
    Lie::OneChannel,
];

impl Lie {
    fn repeats(self) -> bool {
        matches!(
            self,
            Lie::OneForAll | Lie::OneForEachChannel | Lie::OneChannel
        )
    }

    fn layout(self, [channels, frames]: [usize; 2], dtype: Dtype) -> Layout {
        let size = dtype.size() as isize;
        let (c, n) = (channels as isize, frames as isize);
        let (strides, offset) = match self {
            Lie::Planar => ([n * size, size], 0),
            Lie::Odd => ([(n + 3) * size, size], size + 3),
            Lie::EverySecond => ([2 * n * size, 2 * size], 0),
            Lie::Reversed => ([n * size, -size], (n - 1).max(0) * size),
            Lie::ReversedThird => ([-3 * n * size, -3 * size], (3 * c * n - 3).max(0) * size),
            Lie::Interleaved => ([size, c * size], 0),
            Lie::InterleavedReversed => ([size, -c * size], c * (n - 1).max(0) * size),
            Lie::OneForAll => ([0, 0], size),
            Lie::OneForEachChannel => ([size, 0], 0),
            Lie::OneChannel => ([0, size], 2 * size),
        };
        Layout::strided(&[channels, frames], &strides, offset as usize).unwrap()
    }
}

/// Memory full of noise, with room for any lie.
fn memory(dtype: Dtype, shape: [usize; 2], noise: &mut Noise) -> Samples {
    let len = 3 * shape[0] * (shape[1] + 3) + 8;
    let mut fresh = Fresh::new(&[len], dtype).unwrap();
    with_sample!(dtype, T => {
        for sample in fresh.as_mut_slice::<T>().unwrap() {
            *sample = T::cast_from_f64(noise.sample(dtype));
        }
    });
    fresh.share()
}

fn lay(memory: &Samples, lie: Lie, shape: [usize; 2]) -> Samples {
    memory
        .with_layout(lie.layout(shape, memory.dtype()))
        .unwrap()
}

/// The bits of all samples; every nan is the same.
fn bits(access: &Access, samples: &Strided<'_>) -> Vec<u64> {
    let mut bits = Vec::new();
    for channel in 0..samples.layout().channels() {
        with_sample!(samples.dtype(), T => {
            let row = samples.source::<T>(access, channel);
            bits.extend((0..row.len()).map(|i| {
                let value = row.get(i).to_f64();
                if value.is_nan() { u64::MAX } else { value.to_bits() }
            }));
        });
    }
    bits
}

/// A contiguous copy, by the scalar kernel.
fn copied(access: &Access, samples: &Strided<'_>) -> Samples {
    let shape = [samples.layout().channels(), samples.layout().frames()];
    let mut fresh = Fresh::new(&shape, samples.dtype()).unwrap();
    scalar::copy(access, &fresh.strided(), samples);
    fresh.share()
}

fn copied_operand<'a>(
    access: &Access,
    operand: &Operand<'_>,
    keep: &'a mut Option<Samples>,
) -> Operand<'a> {
    match operand {
        Operand::Scalar(number) => Operand::Scalar(*number),
        Operand::Samples(samples) => {
            Operand::Samples(keep.insert(copied(access, samples)).strided())
        }
    }
}

/// Runs `fast` on `out` inside `whole`, and `oracle` on copies of `a` and `b`, and compares all of `whole`: the
/// result, and that nothing else was written.
fn compare(
    what: &str,
    whole: &Samples,
    out: &Samples,
    a: &Operand<'_>,
    b: &Operand<'_>,
    fast: impl FnOnce(&Access, &Strided<'_>, &Operand<'_>, &Operand<'_>) -> Result<(), Error>,
    oracle: impl FnOnce(&Access, &Strided<'_>, &Operand<'_>, &Operand<'_>),
) {
    with_access(|access| {
        let (mut keep_a, mut keep_b) = (None, None);
        let ca = copied_operand(access, a, &mut keep_a);
        let cb = copied_operand(access, b, &mut keep_b);
        let expected = copied(access, &whole.strided());
        let layout = Layout::strided(
            out.layout().shape(),
            out.layout().strides(),
            out.layout().offset(),
        );
        let same_place = expected.with_layout(layout.unwrap()).unwrap();
        oracle(access, &same_place.strided(), &ca, &cb);
        fast(access, &out.strided(), a, b).unwrap_or_else(|error| panic!("{what}: {error}"));
        let results = (
            bits(access, &out.strided()),
            bits(access, &same_place.strided()),
        );
        // Once the results are equal they are wiped out: what is left is what nobody should have touched.
        scalar::fill(access, &out.strided(), Scalar::Int(1));
        scalar::fill(access, &same_place.strided(), Scalar::Int(1));
        let memories = (
            bits(access, &whole.strided()),
            bits(access, &expected.strided()),
        );
        same(what, "the result", results);
        same(what, "the memory around it", memories);
    });
}

fn same(what: &str, of: &str, (got, want): (Vec<u64>, Vec<u64>)) {
    if let Some(at) = (0..got.len()).find(|i| got[*i] != want[*i]) {
        panic!(
            "{what}: sample {at} of {of} is {:?}, not {:?}; the first of {} that differ",
            f64::from_bits(got[at]),
            f64::from_bits(want[at]),
            (0..got.len()).filter(|i| got[*i] != want[*i]).count(),
        );
    }
}

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
            let sides = [
                (Operand::Samples(a.strided()), Operand::Samples(b.strided())),
                (
                    Operand::Samples(a.strided()),
                    Operand::Scalar(Scalar::Int(3)),
                ),
                (
                    Operand::Samples(a.strided()),
                    Operand::Scalar(Scalar::Int(4)),
                ),
                (
                    Operand::Scalar(Scalar::Int(-7)),
                    Operand::Samples(b.strided()),
                ),
            ];
            for (x, y) in &sides {
                let what = format!(
                    "{} {operator:?} {types:?} in {compute:?} into {out_type:?}, {lies:?}, {shape:?}, \
                     threads {}, {x:?}, {y:?}",
                    engine.arch.name(),
                    engine.threads
                );
                compare(
                    &what,
                    &whole,
                    &out,
                    x,
                    y,
                    |access, out, x, y| {
                        engine.binary(access, operator, compute, Overflow::Wrap, out, x, y)
                    },
                    |access, out, x, y| scalar::binary(access, operator, compute, out, x, y),
                );
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
            let out_type = Operator::Div.compute_type(dtype, dtype);
            check_binary(
                dtype,
                [dtype, dtype],
                [lie; 3],
                [1, frames],
                frames as u64 + 1,
            );
            check_binary(
                out_type,
                [dtype, dtype],
                [lie; 3],
                [1, frames],
                frames as u64 + 1,
            );
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

/// Both operands and the destination are windows of one memory.
#[rstest]
fn an_operand_that_overlaps_is_as_if_copied_first(
    #[values(Dtype::Int16, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(1, 2, 7, 64, 1000, 1024, 1025, 2048, 3001, 5000)] frames: usize,
) {
    let size = dtype.size() as isize;
    let n = frames as isize;
    // (offset, stride) in samples, of operands of a destination that starts at 2n and steps by 1, or by 2.
    for step in [1, 2] {
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
                check_overlap(dtype, size, frames, (start, step), x, y);
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
    let sides = (Operand::Samples(x.strided()), Operand::Samples(y.strided()));
    for engine in engines() {
        let what = format!("{} {out:?} of {x:?} and {y:?}", engine.arch.name());
        let operator = Operator::Sub;
        compare(
            &what,
            &whole,
            &out,
            &sides.0,
            &sides.1,
            |access, out, x, y| engine.binary(access, operator, dtype, Overflow::Wrap, out, x, y),
            |access, out, x, y| scalar::binary(access, operator, dtype, out, x, y),
        );
        compare(
            &what,
            &whole,
            &out,
            &sides.0,
            &sides.1,
            |access, out, x, _| match x {
                Operand::Samples(x) => engine.copy(access, out, x),
                Operand::Scalar(_) => Ok(()),
            },
            |access, out, x, _| match x {
                Operand::Samples(x) => scalar::copy(access, out, x),
                Operand::Scalar(_) => {}
            },
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
            let sides = (
                Operand::Samples(out.strided()),
                Operand::Samples(x.strided()),
            );
            for engine in engines() {
                compare(
                    &format!("{} {out:?} and {x:?}", engine.arch.name()),
                    &whole,
                    &out,
                    &sides.0,
                    &sides.1,
                    |access, out, x, y| {
                        engine.binary(access, Operator::Mul, dtype, Overflow::Wrap, out, x, y)
                    },
                    |access, out, x, y| scalar::binary(access, Operator::Mul, dtype, out, x, y),
                );
            }
        }
    }
}

fn samples_of<'a>(operand: &Operand<'a>) -> Strided<'a> {
    match operand {
        Operand::Samples(samples) => *samples,
        Operand::Scalar(_) => unreachable!("a number"),
    }
}

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
            let sides = (
                Operand::Samples(x.strided()),
                Operand::Scalar(Scalar::Int(0)),
            );
            let what = format!("{} {from:?} to {to:?}, {lies:?}", engine.arch.name());
            compare(
                &what,
                &whole,
                &out,
                &sides.0,
                &sides.1,
                |access, out, x, _| engine.copy(access, out, &samples_of(x)),
                |access, out, x, _| scalar::copy(access, out, &samples_of(x)),
            );
            compare(
                &what,
                &whole,
                &out,
                &sides.0,
                &sides.1,
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
                &whole,
                &out,
                &none,
                &none,
                |access, out, _, _| {
                    engine.fill(access, out, value);
                    Ok(())
                },
                |access, out, _, _| scalar::fill(access, out, value),
            );
        }
    }
}
