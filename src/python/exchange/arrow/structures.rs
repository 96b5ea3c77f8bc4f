//! The three structures of Arrow's C interface, as its specification lays them out, and which side frees what is in them.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use pyo3::Python;

use crate::view::Loan;

/// Values may be missing: what tables are made of by default, so that others go along with them.
pub const NULLABLE: i64 = 2;

#[repr(C)]
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const u8,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArrayStream {
    pub get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    pub get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub private_data: *mut c_void,
}

/// A structure with a release callback, which its owner calls once; without one there is nothing in it.
pub trait Released: Sized {
    /// The name of a capsule with it.
    const NAME: &'static CStr;

    /// The structure at a place, which is marked as released.
    ///
    /// # Safety
    /// A structure of this type is there, and no other thread looks at it meanwhile.
    unsafe fn take(place: *mut Self) -> Self;
}

macro_rules! released {
    ($Structure:ident, $name:literal, $empty:expr) => {
        impl Released for $Structure {
            const NAME: &'static CStr = $name;

            unsafe fn take(place: *mut $Structure) -> $Structure {
                // SAFETY: the caller's promise; what stays behind has no callback, and is not dropped again.
                unsafe { place.replace($Structure::empty()) }
            }
        }

        impl $Structure {
            /// Nothing, for others to fill in.
            pub const fn empty() -> $Structure {
                $empty
            }
        }

        impl Drop for $Structure {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // Attached only to see that there is an interpreter: callbacks of Python libraries may need
                    // it. Once it is gone the process ends, and what was lent by then is forgotten. The callback
                    // itself runs detached, for it may wait for threads that need the interpreter; one that
                    // needs it attaches.
                    Python::try_attach(|py| {
                        py.detach(|| {
                            // SAFETY: not yet released, and a release takes the callback out.
                            unsafe { release(self) };
                        });
                    });
                }
            }
        }

        // SAFETY: by the interface the owner of the structure may use and release it, on any thread.
        unsafe impl Send for $Structure {}
        // SAFETY: its owner only reads it until it is dropped.
        unsafe impl Sync for $Structure {}
    };
}

released!(
    ArrowSchema,
    c"arrow_schema",
    ArrowSchema {
        format: ptr::null(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);
released!(
    ArrowArray,
    c"arrow_array",
    ArrowArray {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);
released!(
    ArrowArrayStream,
    c"arrow_array_stream",
    ArrowArrayStream {
        get_schema: None,
        get_next: None,
        get_last_error: None,
        release: None,
        private_data: ptr::null_mut(),
    }
);

/// A text that a structure points to.
///
/// # Safety
/// By the C data interface: `start` is null or a text that ends in a zero, which stays while `_structure` does.
pub unsafe fn text<S>(_structure: &S, start: *const c_char) -> Option<&str> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not null; the rest is the caller's promise.
    unsafe { CStr::from_ptr(start) }.to_str().ok()
}

/// The fields of a struct, or the values of a list.
///
/// # Safety
/// By the C data interface: at `start` are `count` pointers to structures that live as long as their `_parent`.
pub unsafe fn children<S>(_parent: &S, start: *const *mut S, count: i64) -> Vec<&S> {
    let at = |index| {
        // SAFETY: the caller's promise: there are so many pointers.
        let child = unsafe { start.wrapping_add(index).read() };
        // SAFETY: the caller's promise: a structure that lives as long as its parent, or null.
        unsafe { child.as_ref() }
    };
    (0..usize::try_from(count).unwrap_or(0))
        .filter_map(at)
        .collect()
}

/// What a schema of ours points to. A child that a consumer has moved out is empty, and its box goes here.
struct SchemaParts {
    name: CString,
    metadata: Option<Vec<u8>>,
    children: Vec<*mut ArrowSchema>,
}

impl Drop for SchemaParts {
    fn drop(&mut self) {
        for child in self.children.drain(..) {
            // SAFETY: made by Box::into_raw in `ArrowSchema::new`, and taken back once.
            let mut child = unsafe { Box::from_raw(child) };
            // SAFETY: `child` is a schema of ours, which needs no interpreter, or was moved out and is empty.
            unsafe { release_schema(&raw mut *child) };
        }
    }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the owner of a schema of ours passes it.
    let schema = unsafe { &mut *schema };
    if schema.release.take().is_some() {
        // SAFETY: made by Box::into_raw in `ArrowSchema::new`; the callback was just taken out.
        drop(unsafe { Box::from_raw(schema.private_data.cast::<SchemaParts>()) });
    }
}

impl ArrowSchema {
    #[expect(
        clippy::vec_box,
        reason = "the interface points to each child by itself"
    )]
    pub fn new(
        format: &'static CStr,
        name: CString,
        metadata: Option<Vec<u8>>,
        flags: i64,
        children: Vec<Box<ArrowSchema>>,
    ) -> Box<ArrowSchema> {
        let mut parts = Box::new(SchemaParts {
            name,
            metadata,
            children: children.into_iter().map(Box::into_raw).collect(),
        });
        let metadata = parts.metadata.as_ref();
        Box::new(ArrowSchema {
            format: format.as_ptr(),
            name: parts.name.as_ptr(),
            metadata: metadata.map_or(ptr::null(), |bytes| bytes.as_ptr()),
            flags,
            n_children: parts.children.len() as i64,
            children: parts.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release_schema),
            private_data: Box::into_raw(parts).cast(),
        })
    }
}

/// What an array of ours points to, and the loan that it owns a share in.
struct ArrayParts {
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
    _loan: Arc<Loan>,
}

impl Drop for ArrayParts {
    fn drop(&mut self) {
        for child in self.children.drain(..) {
            // SAFETY: made by Box::into_raw in `ArrowArray::new`, and taken back once.
            let mut child = unsafe { Box::from_raw(child) };
            // SAFETY: `child` is an array of ours, which needs no interpreter, or was moved out and is empty.
            unsafe { release_array(&raw mut *child) };
        }
    }
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: the owner of an array of ours passes it.
    let array = unsafe { &mut *array };
    if array.release.take().is_some() {
        // SAFETY: made by Box::into_raw in `ArrowArray::new`; the callback was just taken out.
        drop(unsafe { Box::from_raw(array.private_data.cast::<ArrayParts>()) });
    }
}

impl ArrowArray {
    #[expect(
        clippy::vec_box,
        reason = "the interface points to each child by itself"
    )]
    pub fn new(
        length: usize,
        buffers: Vec<*const c_void>,
        children: Vec<Box<ArrowArray>>,
        loan: Arc<Loan>,
    ) -> Box<ArrowArray> {
        let mut parts = Box::new(ArrayParts {
            buffers,
            children: children.into_iter().map(Box::into_raw).collect(),
            _loan: loan,
        });
        Box::new(ArrowArray {
            length: length as i64,
            null_count: 0,
            offset: 0,
            n_buffers: parts.buffers.len() as i64,
            n_children: parts.children.len() as i64,
            buffers: parts.buffers.as_mut_ptr(),
            children: parts.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release_array),
            private_data: Box::into_raw(parts).cast(),
        })
    }
}
