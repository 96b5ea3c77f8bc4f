//! Every engine (instruction sets; one thread or several; through the cache or past it) against the scalar
//! kernel, one sample at a time, with all operands copied first.

mod conversion;
mod operators;
mod overlap;
mod refusals;

use audio_samples::dtype::{Dtype, Sample};
use audio_samples::error::Error;
use audio_samples::kernel::{Arch, Engine, Operand, Operation, Operator, Scalar, scalar};
use audio_samples::layout::Layout;
use audio_samples::registry::Until;
use audio_samples::view::{Access, Fresh, Lock, Samples, Strided, access};
use audio_samples::with_sample;

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

/// Works on samples that no other thread knows.
fn with_access<R>(work: impl FnOnce(&Access) -> R) -> R {
    access(&[], Lock::Table, Until::Now, work).unwrap()
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
    [whole, out]: [&Samples; 2],
    [a, b]: [&Operand<'_>; 2],
    fast: impl FnOnce(&Access, &Strided<'_>, &Operand<'_>, &Operand<'_>) -> Result<(), Error>,
    oracle: impl FnOnce(&Access, &Strided<'_>, &Operand<'_>, &Operand<'_>),
) {
    with_access(|access| {
        let (mut keep_a, mut keep_b) = (None, None);
        let ca = copied_operand(access, a, &mut keep_a);
        let cb = copied_operand(access, b, &mut keep_b);
        let expected = copied(access, &whole.strided());
        let lies = out.layout();
        let layout = Layout::strided(lies.shape(), lies.strides(), lies.offset());
        let same_place = expected.with_layout(layout.unwrap()).unwrap();
        oracle(access, &same_place.strided(), &ca, &cb);
        fast(access, &out.strided(), a, b).unwrap_or_else(|error| panic!("{what}: {error}"));
        let both = |one: &Samples, other: &Samples| {
            (bits(access, &one.strided()), bits(access, &other.strided()))
        };
        let results = both(out, &same_place);
        // Once the results are equal they are wiped out: what is left is what no kernel may touch.
        scalar::fill(access, &out.strided(), Scalar::Int(1));
        scalar::fill(access, &same_place.strided(), Scalar::Int(1));
        same(what, "the result", results);
        same(what, "the memory around it", both(whole, &expected));
    });
}

/// As `compare`, for an operator of an engine.
fn compare_binary(
    what: &str,
    (engine, operator, compute): (&Engine, Operator, Dtype),
    places: [&Samples; 2],
    sides: [&Operand<'_>; 2],
) {
    let operation = Operation::plain(operator, compute);
    compare(
        what,
        places,
        sides,
        |access, out, x, y| engine.binary(access, &operation, out, x, y),
        |access, out, x, y| scalar::binary(access, operator, compute, out, x, y),
    );
}

fn of(samples: &Samples) -> Operand<'_> {
    Operand::Samples(samples.strided())
}

fn samples_of<'a>(operand: &Operand<'a>) -> Strided<'a> {
    match operand {
        Operand::Samples(samples) => *samples,
        Operand::Scalar(_) => unreachable!("a number"),
    }
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
