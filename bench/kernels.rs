//! The kernels alone, without an interpreter: `cargo bench -p audio_samples_bench`.
//!
//! Each group has one operation at one size. `slices` is the same loop over plain slices, as the compiler
//! makes it for any CPU: what the rest has to beat.

use std::hint::black_box;

use audio_samples::dtype::Dtype;
use audio_samples::kernel::{Arch, Engine, Operand, Operation, Operator, Scalar};
use audio_samples::layout::Span;
use audio_samples::registry::{Claim, Mode, Registry, Until};
use audio_samples::view::Fresh;
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};

/// In the first-level cache, in the last-level cache, in memory.
const SIZES: [usize; 3] = [1 << 10, 1 << 18, 1 << 23];

/// One thread, with one set of instructions.
fn alone(arch: Arch) -> Engine {
    Engine {
        arch,
        threads: 1,
        ..Engine::new()
    }
}

/// Every engine worth a line: each instruction set alone, and what this machine does by itself.
fn engines() -> Vec<(&'static str, Engine)> {
    let sets = Arch::available().into_iter();
    let mut all: Vec<_> = sets.map(|arch| (arch.name(), alone(arch))).collect();
    all.push(("chosen", Engine::new()));
    all
}

fn filled(frames: usize, dtype: Dtype, value: f64) -> Fresh {
    let mut fresh = Fresh::new(&[frames], dtype).expect("memory");
    let engine = Engine::new();
    fresh.fill(|access, out| engine.fill(access, &out, Scalar::Float(value)));
    fresh
}

fn groups<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    moved_per_frame: usize,
    mut each: impl FnMut(usize, &mut BenchmarkGroup<'_, WallTime>),
) {
    for frames in SIZES {
        let mut group = criterion.benchmark_group(format!("{name}/{frames}"));
        group.throughput(Throughput::Bytes((frames * moved_per_frame) as u64));
        each(frames, &mut group);
        group.finish();
    }
}

/// `out = a op b`, `a op= b`, for the operators that differ in their loops.
fn binary(criterion: &mut Criterion) {
    for operator in [Operator::Mul, Operator::Div] {
        let sign = operator.symbol();
        groups(
            criterion,
            &format!("float64 a {sign} b"),
            24,
            |frames, group| {
                let mut a = filled(frames, Dtype::Float64, 0.5);
                let mut b = filled(frames, Dtype::Float64, 1.0);
                let mut out = filled(frames, Dtype::Float64, 0.0);
                for (name, engine) in engines() {
                    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                        let (a, b) = (Operand::Samples(a.strided()), Operand::Samples(b.strided()));
                        bencher.iter(|| {
                            out.fill(|access, out| {
                                engine.binary(
                                    access,
                                    &Operation::plain(operator, Dtype::Float64),
                                    &out,
                                    &a,
                                    &b,
                                )
                            })
                        });
                    });
                }
                if operator == Operator::Mul {
                    group.bench_function("slices", |bencher| {
                        let a = black_box(vec![0.5_f64; frames]);
                        let b = black_box(vec![1.0_f64; frames]);
                        let mut out = vec![0.0_f64; frames];
                        bencher.iter(|| {
                            for ((out, a), b) in out.iter_mut().zip(&a).zip(&b) {
                                *out = a * b;
                            }
                            black_box(&mut out);
                        });
                    });
                }
            },
        );
        groups(
            criterion,
            &format!("float64 a {sign}= b"),
            24,
            |frames, group| {
                let mut a = filled(frames, Dtype::Float64, 0.5);
                let mut b = filled(frames, Dtype::Float64, 1.0);
                for (name, engine) in engines() {
                    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                        let b = Operand::Samples(b.strided());
                        bencher.iter(|| {
                            a.fill(|access, a| {
                                let own = Operand::Samples(a);
                                engine.binary(
                                    access,
                                    &Operation::plain(operator, Dtype::Float64),
                                    &a,
                                    &own,
                                    &b,
                                )
                            })
                        });
                    });
                }
            },
        );
    }
}

/// Casts and audio's conversions.
fn changes(criterion: &mut Criterion) {
    groups(
        criterion,
        "int16 to float32 by the scale of audio",
        6,
        |frames, group| {
            let mut from = filled(frames, Dtype::Int16, 100.0);
            let mut out = filled(frames, Dtype::Float32, 0.0);
            for (name, engine) in engines() {
                group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                    let from = from.strided();
                    bencher.iter(|| out.fill(|access, out| engine.convert(access, &out, &from)));
                });
            }
        },
    );
}

/// What it costs to be let in where nobody stands in the way.
fn leases(criterion: &mut Criterion) {
    let registry = Registry::global();
    let claim = |domain, mode| Claim {
        domain,
        span: Span::new(0x1000 * domain as usize, [1, 64], [0, 8], 8),
        mode,
    };
    let claims = [claim(1, Mode::Write), claim(2, Mode::Read)];
    let mut group = criterion.benchmark_group("registry");
    group.bench_function("two domains, if nobody is near", |bencher| {
        bencher.iter(|| registry.if_quiet(black_box([1, 2]), || black_box(7)));
    });
    for count in [1, 2] {
        let claims = &claims[..count];
        group.bench_function(format!("{count} claims under the lock"), |bencher| {
            bencher.iter(|| registry.briefly(black_box(claims), || black_box(7)).is_ok());
        });
        group.bench_function(format!("{count} claims with a lease"), |bencher| {
            bencher.iter(|| drop(registry.lease(black_box(claims), Until::Now)));
        });
    }
    group.finish();
}

criterion_group!(benches, leases, binary, changes);
criterion_main!(benches);
