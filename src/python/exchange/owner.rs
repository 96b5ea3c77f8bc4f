//! What an array on our memory holds on to: an export, or the loan of a borrow.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::registry::LENT;
use crate::sync::Mutex;
use crate::view::{Export, Loan, Samples};

/// An object that keeps an export, and with it the memory and its entry in the registry. A capsule: it is
/// made in half the time that an object of a class takes. It has no name, which would be compared letter
/// by letter; [`release`] is what it is known by.
#[inline(always)]
pub fn of_export(py: Python<'_>, export: Export) -> PyResult<(Bound<'_, PyAny>, NonNull<Export>)> {
    let export = NonNull::from(Box::leak(Box::new(export)));
    let pointer = export.as_ptr().cast::<c_void>();
    // SAFETY: the pointer is not null.
    let capsule = unsafe { ffi::PyCapsule_New(pointer, ptr::null(), Some(release)) };
    if capsule.is_null() {
        // SAFETY: leaked above, and this is the only pointer to it.
        drop(unsafe { Box::from_raw(export.as_ptr()) });
    }
    // SAFETY: a new reference, or NULL with an exception set.
    let capsule = unsafe { Bound::from_owned_ptr_or_err(py, capsule) }?;
    Ok((capsule, export))
}

unsafe extern "C" fn release(capsule: *mut ffi::PyObject) {
    // SAFETY: the interpreter destroys a capsule that `of_export` made.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule, ptr::null()) };
    if !pointer.is_null() {
        // SAFETY: leaked by `of_export`, and released once.
        drop(unsafe { Box::from_raw(pointer.cast::<Export>()) });
    }
}

/// The export that an object keeps, if it is of that kind.
#[inline]
pub fn export_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Export> {
    // SAFETY: compares the object's type, attached to the interpreter.
    if unsafe { ffi::PyCapsule_CheckExact(object.as_ptr()) } == 0 {
        return None;
    }
    // SAFETY: it is a capsule.
    let destructor = unsafe { ffi::PyCapsule_GetDestructor(object.as_ptr()) };
    if !destructor.is_some_and(|destructor| ptr::fn_addr_eq(destructor, release as Destructor)) {
        return None;
    }
    // SAFETY: one of `of_export`, which has no name.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(object.as_ptr(), ptr::null()) };
    // SAFETY: it lives as long as the capsule, which 'a borrows, and never changes.
    NonNull::new(pointer.cast::<Export>()).map(|export| unsafe { export.as_ref() })
}

type Destructor = unsafe extern "C" fn(*mut ffi::PyObject);

/// What the arrays of a borrow keep alive: the loan and, once the borrow has ended, what is left of it.
#[pyclass(frozen, name = "_Lent", module = "audio_samples")]
pub struct Lent {
    samples: Samples,
    state: Mutex<Lending>,
}

enum Lending {
    Out(Loan),
    Ended(Export),
    /// Only while one becomes the other.
    Between,
}

impl Lent {
    /// What keeps a loan.
    pub fn new(loan: Loan) -> Lent {
        Lent {
            samples: loan.samples().clone(),
            state: Mutex::new(Lending::Out(loan)),
        }
    }

    /// The samples lent.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Ends the borrow; the arrays that are still alive are views like any others.
    pub fn end(&self) {
        let mut state = self.state.lock();
        *state = match std::mem::replace(&mut *state, Lending::Between) {
            Lending::Out(loan) => Lending::Ended(loan.end()),
            ended => ended,
        };
    }

    /// Says that no array of the borrow can write any more.
    pub fn make_readonly(&self) {
        if let Lending::Ended(export) = &mut *self.state.lock() {
            export.make_readonly();
        }
    }

    /// The domain of its samples. A read through an array of the borrow has its permission.
    pub fn domain(&self) -> u64 {
        match *self.state.lock() {
            Lending::Out(_) => LENT,
            _ => self.samples.buffer().origin().number(),
        }
    }
}
