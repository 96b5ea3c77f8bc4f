//! Loops in safe Rust that stand in other rooms, compiled for every set of vector instructions as those here are.

use crate::kernel::arch::Arch;
use crate::kernel::arch::loops::Body;

/// A loop in safe Rust. Its `run` and what that calls are `#[inline(always)]`: a function that stays one of its own is
/// compiled for the portable set. Sums of floats are written as some partial sums, for the compiler changes no order.
pub trait SafeLoop {
    /// What it gives its caller.
    type Result;
    /// Runs it, with the instructions that every CPU has.
    fn run(self) -> Self::Result;
}

struct Safe<L>(L);

impl<L: SafeLoop> Body for Safe<L> {
    type Result = L::Result;

    #[inline(always)]
    unsafe fn run(self) -> L::Result {
        self.0.run()
    }
}

impl Arch {
    /// Runs a loop with the instructions of this set.
    #[inline]
    pub fn compute<L: SafeLoop>(self, body: L) -> L::Result {
        // SAFETY: a safe loop has no invariants.
        unsafe { self.run(Safe(body)) }
    }
}
