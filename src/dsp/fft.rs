//! Fourier transforms of real signals, whose plans are kept.
//!
//! A plan takes longer to make than to use. Some of them are kept, behind a lock that is tried and never waited for: a
//! process that was forked while another thread held it makes its plans anew, and waits for no thread that is not there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};

use crate::kernel::planes::Real;

/// Numbers in all that are transformed by what is kept of each kind: 100 to 200 MB of plans.
const KEPT: usize = 1 << 22;

/// A transform of signals of one length, there and back.
pub struct Transform<T> {
    forward: Arc<dyn RealToComplex<T>>,
    inverse: Arc<dyn ComplexToReal<T>>,
}

impl<T> Clone for Transform<T> {
    fn clone(&self) -> Self {
        Transform {
            forward: self.forward.clone(),
            inverse: self.inverse.clone(),
        }
    }
}

/// Memory that a transform works in.
pub struct TransformScratch<T> {
    forward: Vec<Complex<T>>,
    inverse: Vec<Complex<T>>,
}

/// A type whose transforms are kept.
pub trait Transformed: Real + FftNum {
    /// Where they are kept.
    fn kept() -> &'static Cache<usize, Transform<Self>>;
}

impl Transformed for f32 {
    fn kept() -> &'static Cache<usize, Transform<f32>> {
        static CACHE: Cache<usize, Transform<f32>> = Cache::new();
        &CACHE
    }
}

impl Transformed for f64 {
    fn kept() -> &'static Cache<usize, Transform<f64>> {
        static CACHE: Cache<usize, Transform<f64>> = Cache::new();
        &CACHE
    }
}

impl<T: Transformed> Transform<T> {
    /// The transform of `len` numbers.
    pub fn of(len: usize) -> Transform<T> {
        T::kept().get(len, len, || {
            let mut planner = RealFftPlanner::new();
            Transform {
                forward: planner.plan_fft_forward(len),
                inverse: planner.plan_fft_inverse(len),
            }
        })
    }

    /// How many numbers a signal has.
    pub fn len(&self) -> usize {
        self.forward.len()
    }

    /// How many numbers a spectrum has.
    pub fn bins(&self) -> usize {
        self.len() / 2 + 1
    }

    /// Memory to work in, one for each thread.
    pub fn scratch(&self) -> TransformScratch<T> {
        TransformScratch {
            forward: self.forward.make_scratch_vec(),
            inverse: self.inverse.make_scratch_vec(),
        }
    }

    /// The spectrum of a signal, not scaled. What the signal was is lost.
    pub fn forward(
        &self,
        signal: &mut [T],
        spectrum: &mut [Complex<T>],
        scratch: &mut TransformScratch<T>,
    ) {
        let done = self
            .forward
            .process_with_scratch(signal, spectrum, &mut scratch.forward);
        debug_assert!(done.is_ok(), "lengths of the plan");
    }

    /// The signal of a spectrum, `len` times as large. What the spectrum was is lost.
    pub fn inverse(
        &self,
        spectrum: &mut [Complex<T>],
        signal: &mut [T],
        scratch: &mut TransformScratch<T>,
    ) {
        // The first and, of an even length, the last number of the spectrum of a real signal are real.
        if let Some(first) = spectrum.first_mut() {
            first.im = T::zero();
        }
        if self.len().is_multiple_of(2)
            && let Some(last) = spectrum.last_mut()
        {
            last.im = T::zero();
        }
        let done = self
            .inverse
            .process_with_scratch(spectrum, signal, &mut scratch.inverse);
        debug_assert!(done.is_ok(), "lengths of the plan");
    }
}

/// What was made last for some keys, the last used first, each with its size.
pub struct Cache<K, V> {
    kept: Mutex<VecDeque<(K, V, usize)>>,
}

impl<K: PartialEq + Copy, V: Clone> Cache<K, V> {
    /// Nothing yet.
    pub const fn new() -> Cache<K, V> {
        Cache {
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// What was made for the key, or is made now. What was used last is kept, and others as long as their sizes go with it.
    pub fn get(&self, key: K, size: usize, make: impl FnOnce() -> V) -> V {
        let mut kept = self.kept.try_lock().ok();
        if let Some(kept) = &mut kept
            && let Some(at) = kept.iter().position(|(known, ..)| *known == key)
            && let Some(found) = kept.remove(at)
        {
            let value = found.1.clone();
            kept.push_front(found);
            return value;
        }
        drop(kept);
        let made = make();
        if let Ok(mut kept) = self.kept.try_lock() {
            kept.push_front((key, made.clone(), size));
            while kept.len() > 1 && kept.iter().map(|(.., size)| size).sum::<usize>() > KEPT {
                kept.pop_back();
            }
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, KEPT};

    #[test]
    fn what_is_kept_has_a_size() {
        let cache = Cache::new();
        let is_made = |key: usize, size: usize| {
            let mut made = false;
            cache.get(key, size, || made = true);
            made
        };
        for key in 0..100 {
            assert!(is_made(key, KEPT / 4));
        }
        // The last four, whichever was used last.
        assert!((96..100).all(|key| !is_made(key, KEPT / 4)));
        assert!(!is_made(96, KEPT / 4));
        assert!(is_made(95, KEPT / 4));
        assert!(is_made(97, KEPT / 4));
        // One that is larger than all is kept alone.
        assert!(is_made(100, 3 * KEPT));
        assert!(!is_made(100, 3 * KEPT));
        assert!(is_made(96, KEPT / 4));
    }
}
