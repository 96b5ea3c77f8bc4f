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
mod float_state;
mod loops;
mod operators;
mod safe_loop;

use std::sync::atomic::{AtomicU8, Ordering};

pub use dispatch::{Combination, Element, Misfits, Sign};
pub use float_state::{FloatFlags, FloatMode, SharedFlags};
pub use safe_loop::SafeLoop;

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
}
