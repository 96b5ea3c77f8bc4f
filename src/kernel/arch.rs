//! Vector instructions, chosen once: every loop of [`loops`] compiled for each set that the CPU may have.
//!
//! An [`Arch`] is the proof that the CPU has the instructions of its set, for it is made by asking the CPU
//! and in no other way. Its methods are safe for every argument: rows are checked against each other, and
//! memory is what [`Source`] and [`Target`] promise. Rows that overlap in another way than being the
//! same give some result or other, nothing worse; which order is right is for the plan to decide.
//!
//! The sets differ in nothing but what the compiler may use. None of them fuses a product and a sum, so that all
//! give the same bits.

#![allow(unsafe_code)]

mod cast;
mod convert;
mod deinterleave;
mod dispatch;
mod element;
mod loops;
mod operators;

use std::sync::atomic::{AtomicU8, Ordering};

pub use element::{Combination, Element, Misfits, Sign};

/// A loop, ready to run.
trait Body {
    /// What it tells its caller.
    type Result;
    /// # Safety
    /// The invariants of the loop hold.
    unsafe fn run(self) -> Self::Result;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Set {
    Portable = 1,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A set of vector instructions that this CPU has.
///
/// Invariant 1: the CPU has the instructions of `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arch {
    set: Set,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<B: Body>(body: B) -> B::Result {
    // SAFETY: the caller's promise.
    unsafe { body.run() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn with_avx512<B: Body>(body: B) -> B::Result {
    // SAFETY: the caller's promise.
    unsafe { body.run() }
}

impl Arch {
    /// What every CPU of this architecture has.
    pub const PORTABLE: Arch = Arch { set: Set::Portable };

    /// Every set that this CPU has, the best last.
    pub fn available() -> Vec<Arch> {
        #[allow(unused_mut, reason = "other architectures have the portable set only")]
        let mut sets = vec![Arch::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            // Invariant 1: the CPU is asked here.
            if is_x86_feature_detected!("avx2") {
                sets.push(Arch { set: Set::Avx2 });
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                sets.push(Arch { set: Set::Avx512 });
            }
        }
        sets
    }

    /// The best set that this CPU has.
    #[inline]
    pub fn best() -> Arch {
        static BEST: AtomicU8 = AtomicU8::new(0);
        // Invariant 1: what was stored was available a line below, on this CPU.
        match BEST.load(Ordering::Relaxed) {
            #[cfg(target_arch = "x86_64")]
            best if best == Set::Avx2 as u8 => Arch { set: Set::Avx2 },
            #[cfg(target_arch = "x86_64")]
            best if best == Set::Avx512 as u8 => Arch { set: Set::Avx512 },
            best if best == Set::Portable as u8 => Arch::PORTABLE,
            _ => {
                let best = Arch::available().pop().unwrap_or(Arch::PORTABLE);
                BEST.store(best.set as u8, Ordering::Relaxed);
                best
            }
        }
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.set {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// # Safety
    /// The invariants of the loop hold.
    #[inline]
    unsafe fn run<B: Body>(self, body: B) -> B::Result {
        match self.set {
            // SAFETY: the caller's promise.
            Set::Portable => unsafe { body.run() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise, and invariant 1.
            Set::Avx2 => unsafe { with_avx2(body) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise, and invariant 1.
            Set::Avx512 => unsafe { with_avx512(body) },
        }
    }
}
