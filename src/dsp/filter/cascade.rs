//! Sections at work on the samples of a channel.

use super::Sections;
use crate::kernel::planes::Real;
use crate::kernel::{Arch, SafeLoop};

/// Sections that are computed side by side.
const MOST: usize = 8;
/// Frames from one look for numbers that are as good as 0 to the next, counted from the first of the signal.
const SETTLED_EVERY: usize = 4096;
/// What is as good as 0: a state below it would become one of denormal numbers, which processors compute slowly.
const SETTLED: f64 = 1e-280;

/// The state of all sections of one channel.
#[derive(Clone, Debug)]
pub struct Cascade {
    /// Coefficients and state of each.
    sections: Vec<([f64; 5], [f64; 2])>,
    /// Frames to the next look.
    until_settled: usize,
}

impl Cascade {
    /// At rest.
    pub fn new(sections: &Sections) -> Cascade {
        let sections = sections.as_slice().iter();
        Cascade {
            sections: sections
                .map(|[b0, b1, b2, _, a1, a2]| ([*b0, *b1, *b2, *a1, *a2], [0.0; 2]))
                .collect(),
            until_settled: SETTLED_EVERY,
        }
    }

    /// As if the signal had been `value` for ever.
    pub fn settle_at(&mut self, value: f64) {
        let mut level = value;
        for ([b0, b1, b2, a1, a2], state) in &mut self.sections {
            // What comes in is constant, and so is what goes out.
            let out = level * ((*b0 + *b1 + *b2) / (1.0 + *a1 + *a2));
            let second = *b2 * level - *a2 * out;
            *state = [*b1 * level - *a1 * out + second, second];
            level = out;
        }
    }

    /// Filters samples that follow those before.
    pub fn run<T: Real>(&mut self, samples: &mut [T]) {
        self.by_parts(samples.len(), |cascade, from, to| {
            for group in cascade.sections.chunks_mut(MOST) {
                one_group(group, &mut samples[from..to]);
            }
        });
    }

    /// Filters two channels side by side.
    pub fn run_two<T: Real>(
        one: &mut Cascade,
        other: &mut Cascade,
        left: &mut [T],
        right: &mut [T],
    ) {
        let both = (one, other);
        let mut done = 0;
        while done < left.len() {
            let count = both.0.until_settled.min(left.len() - done);
            let part = done..done + count;
            let groups = both.0.sections.chunks_mut(MOST);
            for (one, other) in groups.zip(both.1.sections.chunks_mut(MOST)) {
                two_groups(
                    one,
                    other,
                    &mut left[part.clone()],
                    &mut right[part.clone()],
                );
            }
            both.0.advance(count);
            both.1.advance(count);
            done += count;
        }
    }

    fn by_parts(&mut self, len: usize, mut work: impl FnMut(&mut Cascade, usize, usize)) {
        let mut done = 0;
        while done < len {
            let count = self.until_settled.min(len - done);
            work(self, done, done + count);
            self.advance(count);
            done += count;
        }
    }

    fn advance(&mut self, frames: usize) {
        self.until_settled -= frames;
        if self.until_settled > 0 {
            return;
        }
        self.until_settled = SETTLED_EVERY;
        for (_, state) in &mut self.sections {
            for number in state {
                if number.abs() < SETTLED {
                    *number = 0.0;
                }
            }
        }
    }
}

macro_rules! by_count {
    ($count:expr, $S:ident => $body:expr) => {
        match $count {
            1 => {
                const $S: usize = 1;
                $body
            }
            2 => {
                const $S: usize = 2;
                $body
            }
            3 => {
                const $S: usize = 3;
                $body
            }
            4 => {
                const $S: usize = 4;
                $body
            }
            5 => {
                const $S: usize = 5;
                $body
            }
            6 => {
                const $S: usize = 6;
                $body
            }
            7 => {
                const $S: usize = 7;
                $body
            }
            _ => {
                const $S: usize = 8;
                $body
            }
        }
    };
}

fn one_group<T: Real>(group: &mut [([f64; 5], [f64; 2])], samples: &mut [T]) {
    by_count!(group.len(), S => {
        let mut lanes = [Lanes::<S>::of(group)];
        Arch::best().compute(Skewed { lanes: &mut lanes, channels: [samples] });
        lanes[0].store(group);
    });
}

fn two_groups<T: Real>(
    one: &mut [([f64; 5], [f64; 2])],
    other: &mut [([f64; 5], [f64; 2])],
    left: &mut [T],
    right: &mut [T],
) {
    by_count!(one.len(), S => {
        let mut lanes = [Lanes::<S>::of(one), Lanes::<S>::of(other)];
        Arch::best().compute(Skewed { lanes: &mut lanes, channels: [left, right] });
        lanes[0].store(one);
        lanes[1].store(other);
    });
}

/// Sections side by side, and what each gave last.
#[derive(Clone, Copy)]
struct Lanes<const S: usize> {
    b: [[f64; S]; 3],
    a: [[f64; S]; 2],
    z: [[f64; S]; 2],
    out: [f64; S],
}

impl<const S: usize> Lanes<S> {
    fn of(sections: &[([f64; 5], [f64; 2])]) -> Lanes<S> {
        let mut lanes = Lanes {
            b: [[0.0; S]; 3],
            a: [[0.0; S]; 2],
            z: [[0.0; S]; 2],
            out: [0.0; S],
        };
        for (lane, ([b0, b1, b2, a1, a2], state)) in sections.iter().enumerate().take(S) {
            (lanes.b[0][lane], lanes.b[1][lane], lanes.b[2][lane]) = (*b0, *b1, *b2);
            (lanes.a[0][lane], lanes.a[1][lane]) = (*a1, *a2);
            (lanes.z[0][lane], lanes.z[1][lane]) = (state[0], state[1]);
        }
        lanes
    }

    fn store(&self, sections: &mut [([f64; 5], [f64; 2])]) {
        for (lane, (_, state)) in sections.iter_mut().enumerate().take(S) {
            *state = [self.z[0][lane], self.z[1][lane]];
        }
    }

    /// Each of the sections from `from` up to `to` takes what the one before it gave last, the first one `first`.
    #[inline(always)]
    fn step(&mut self, first: f64, from: usize, to: usize) {
        for lane in (from..to).rev() {
            let x = if lane == 0 { first } else { self.out[lane - 1] };
            let y = self.b[0][lane] * x + self.z[0][lane];
            self.z[0][lane] = self.b[1][lane] * x - self.a[0][lane] * y + self.z[1][lane];
            self.z[1][lane] = self.b[2][lane] * x - self.a[1][lane] * y;
            self.out[lane] = y;
        }
    }

    /// [`Lanes::step`] of all sections, in vectors.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "the lanes of one vector")]
    fn full_step(&mut self, first: f64) -> f64 {
        let mut x = [first; S];
        let mut lane = 1;
        while lane < S {
            x[lane] = self.out[lane - 1];
            lane += 1;
        }
        for lane in 0..S {
            self.out[lane] = self.b[0][lane] * x[lane] + self.z[0][lane];
        }
        for lane in 0..S {
            self.z[0][lane] =
                self.b[1][lane] * x[lane] - self.a[0][lane] * self.out[lane] + self.z[1][lane];
        }
        for lane in 0..S {
            self.z[1][lane] = self.b[2][lane] * x[lane] - self.a[1][lane] * self.out[lane];
        }
        self.out[S - 1]
    }
}

/// Some channels of one length, in step: section `s` is at the sample `s` before the one that comes in.
struct Skewed<'a, T, const S: usize, const C: usize> {
    lanes: &'a mut [Lanes<S>; C],
    channels: [&'a mut [T]; C],
}

impl<T: Real, const S: usize, const C: usize> SafeLoop for Skewed<'_, T, S, C> {
    type Result = ();

    #[inline(always)]
    fn run(mut self) {
        let frames = self.channels[0].len();
        // In registers as long as the loop runs.
        let mut lanes = *self.lanes;
        let full = S - 1..frames.max(S - 1);
        for at in 0..(S - 1).min(frames) {
            for (lanes, channel) in lanes.iter_mut().zip(&self.channels) {
                lanes.step(channel[at].to_f64(), 0, at + 1);
            }
        }
        for at in full {
            #[expect(
                clippy::needless_range_loop,
                reason = "a zip of the two keeps the sections in memory"
            )]
            for channel in 0..C {
                let sample = self.channels[channel][at].to_f64();
                let out = lanes[channel].full_step(sample);
                self.channels[channel][at + 1 - S] = T::nearest(out);
            }
        }
        // Fewer frames than sections, and the last frames on their way through the later sections.
        for at in frames..frames + S - 1 {
            let from = at + 1 - frames;
            let to = (at + 1).min(S);
            for (lanes, channel) in lanes.iter_mut().zip(&mut self.channels) {
                lanes.step(0.0, from, to);
                if to == S {
                    channel[at + 1 - S] = T::nearest(lanes.out[S - 1]);
                }
            }
        }
        *self.lanes = lanes;
    }
}
