//! The floating-point state of a thread: how it rounds, whether denormal numbers are zero, and which exceptions
//! arithmetic has raised.
//!
//! Exceptions are bits that stay set until they are cleared. A caller that asks for them clears them first,
//! computes and stores, and reads them. What helpers raise becomes the caller's own. On machines other than x86-64 and AArch64 (and
//! under Miri) there is nothing to read, and no exception is seen.

use std::sync::atomic::{AtomicU32, Ordering};

/// The bits with which a thread computes.
#[derive(Clone, Copy)]
pub struct FloatMode(u64);

/// Which exceptions arithmetic has raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloatFlags(u32);

#[cfg(target_arch = "x86_64")]
mod bits {
    pub const INVALID: u32 = 0x01;
    pub const DIVISION: u32 = 0x04;
    pub const OVERFLOW: u32 = 0x08;
    pub const UNDERFLOW: u32 = 0x10;
    /// All exceptions, those that do not count here among them.
    pub const ALL: u64 = 0x3F;
}

#[cfg(not(target_arch = "x86_64"))]
mod bits {
    pub const INVALID: u32 = 0x01;
    pub const DIVISION: u32 = 0x02;
    pub const OVERFLOW: u32 = 0x04;
    pub const UNDERFLOW: u32 = 0x08;
}

/// Those that a caller is told of. That a result was rounded is no news.
const SEEN: u32 = bits::INVALID | bits::DIVISION | bits::OVERFLOW | bits::UNDERFLOW;

impl FloatMode {
    /// How this thread computes.
    pub fn of_this_thread() -> FloatMode {
        #[cfg(target_arch = "x86_64")]
        let mode = control() & !bits::ALL;
        #[cfg(not(target_arch = "x86_64"))]
        let mode = control();
        FloatMode(mode)
    }

    /// Has this thread compute that way, with no exception raised so far.
    pub fn set(self) {
        set_control(self.0);
        #[cfg(not(target_arch = "x86_64"))]
        set_status(0);
    }
}

impl FloatFlags {
    /// What this thread has raised since it was cleared.
    #[inline]
    pub fn raised() -> FloatFlags {
        FloatFlags(status() & SEEN)
    }

    /// Clears what this thread has raised so far.
    #[inline]
    pub fn clear() {
        if status() & SEEN != 0 {
            FloatMode::of_this_thread().set();
        }
    }

    /// Counts an operation without a result as done by this thread.
    #[cold]
    pub fn raise_invalid() {
        SharedFlags(AtomicU32::new(bits::INVALID)).take_over();
    }

    /// Nothing was raised.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// An operation had no result, as `inf - inf`.
    pub fn is_invalid(self) -> bool {
        self.0 & bits::INVALID != 0
    }

    /// A number other than zero was divided by zero.
    pub fn is_division(self) -> bool {
        self.0 & bits::DIVISION != 0
    }

    /// A result became infinite.
    pub fn is_overflow(self) -> bool {
        self.0 & bits::OVERFLOW != 0
    }

    /// A result became a denormal number or zero, and lost digits.
    pub fn is_underflow(self) -> bool {
        self.0 & bits::UNDERFLOW != 0
    }
}

/// What several threads have raised for one of them.
#[derive(Default)]
pub struct SharedFlags(AtomicU32);

impl SharedFlags {
    /// Adds what this thread has raised.
    pub fn collect(&self) {
        let raised = FloatFlags::raised();
        if !raised.is_empty() {
            self.0.fetch_or(raised.0, Ordering::Relaxed);
        }
    }

    /// Counts all of it as raised by this thread.
    pub fn take_over(&self) {
        let raised = self.0.load(Ordering::Relaxed);
        if raised != 0 {
            #[cfg(target_arch = "x86_64")]
            set_control(control() | u64::from(raised));
            #[cfg(not(target_arch = "x86_64"))]
            set_status(status() | raised);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn status() -> u32 {
    control() as u32
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn control() -> u64 {
    #[allow(unused_mut, reason = "Miri has nothing to read")]
    let mut bits = 0_u32;
    #[cfg(not(miri))]
    // SAFETY: stores 32 bits.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut bits, options(nostack, preserves_flags));
    }
    u64::from(bits)
}

#[cfg(not(target_arch = "x86_64"))]
fn control() -> u64 {
    #[allow(unused_mut, reason = "other machines have nothing to read")]
    let mut bits = 0_u64;
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: reads a register. What was stored before is not moved behind it.
    unsafe {
        std::arch::asm!("mrs {}, fpcr", out(reg) bits, options(nostack, preserves_flags));
    }
    bits
}

/// `bits` are those that a thread of this process had.
fn set_control(bits: u64) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: all of them are ones that the CPU has.
    unsafe {
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const bits, options(nostack, readonly, preserves_flags));
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        std::arch::asm!("msr fpcr, {}", in(reg) bits, options(nostack, preserves_flags));
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    let _ = bits;
}

#[cfg(not(target_arch = "x86_64"))]
fn status() -> u32 {
    #[allow(unused_mut, reason = "other machines have nothing to read")]
    let mut bits = 0_u64;
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: reads a register. What was stored before is not moved behind it.
    unsafe {
        std::arch::asm!("mrs {}, fpsr", out(reg) bits, options(nostack, preserves_flags));
    }
    bits as u32
}

#[cfg(not(target_arch = "x86_64"))]
fn set_status(bits: u32) {
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: bits that a thread of this process had.
    unsafe {
        std::arch::asm!("msr fpsr, {}", in(reg) u64::from(bits), options(nostack, preserves_flags));
    }
    #[cfg(not(all(target_arch = "aarch64", not(miri))))]
    let _ = bits;
}
