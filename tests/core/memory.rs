//! Allocations: where they start, what they hold, and when their owner frees them.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::layout::Layout;
use audio_samples::memory::{Buffer, ForeignOwner, Origin};
use audio_samples::registry::{Mode, ViewKind};
use audio_samples::view::{Fresh, Samples};
use rstest::rstest;

/// Foreign memory that counts how often it is given back.
struct Lender {
    _bytes: Vec<u8>,
    released: Arc<AtomicUsize>,
}

impl Drop for Lender {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::SeqCst);
    }
}

fn borrowed_bytes(len: usize) -> (NonNull<u8>, ForeignOwner, Arc<AtomicUsize>) {
    let released = Arc::new(AtomicUsize::new(0));
    let mut bytes = vec![0_u8; len];
    let start = NonNull::new(bytes.as_mut_ptr()).unwrap();
    let lender = Lender {
        _bytes: bytes,
        released: Arc::clone(&released),
    };
    (start, Box::new(lender), released)
}

fn adopt(len: usize) -> (Buffer, Arc<AtomicUsize>) {
    let (start, owner, released) = borrowed_bytes(len);
    // SAFETY: the lender keeps the bytes where they are until it is dropped.
    let buffer = unsafe { Buffer::adopt(start, len, true, owner) };
    (buffer, released)
}

#[rstest]
#[case::nothing(0, 256)]
#[case::one_byte(1, 256)]
#[case::just_below_a_page_of_its_own((64 << 10) - 1, 256)]
#[case::a_page_of_its_own(64 << 10, 4096)]
#[case::pages_and_a_byte((64 << 10) + 1, 4096)]
#[case::just_below_huge_pages((4 << 20) - 1, 4096)]
#[case::huge_pages(4 << 20, 2 << 20)]
#[case::huge_pages_and_a_byte((4 << 20) + 1, 2 << 20)]
#[case::many_huge_pages(33 << 20, 2 << 20)]
fn buffers_start_on_the_boundary_of_their_size(#[case] len: usize, #[case] boundary: usize) {
    // Several at once, so that none is aligned by luck.
    let buffers: Vec<Buffer> = (0..4)
        .flat_map(|_| [Buffer::allocate(len), Buffer::allocate_zeroed(len)])
        .map(Result::unwrap)
        .collect();
    for buffer in &buffers {
        assert_eq!(buffer.len(), len);
        assert_eq!(buffer.start().addr().get() % boundary, 0, "{buffer:?}");
    }
}

#[rstest]
fn a_zeroed_buffer_is_zero_also_where_memory_was_used_before(
    #[values(1, 255, 5000, 70_000, 5 << 20)] bytes: usize,
) {
    let samples = bytes.div_ceil(2);
    for _ in 0..4 {
        let mut silent = Fresh::zeroed(&[samples], Dtype::Int16).unwrap();
        let slice = silent.as_mut_slice::<i16>().unwrap();
        assert!(slice.iter().all(|sample| *sample == 0));
        slice.fill(-1);
    }
}

#[test]
fn an_allocation_that_cannot_be_is_an_error() {
    for bytes in [isize::MAX as usize, usize::MAX - 4096, usize::MAX] {
        let refused = Buffer::allocate(bytes).err();
        assert_eq!(refused, Some(Error::OutOfMemory { bytes }));
    }
}

#[test]
fn every_allocation_of_ours_has_a_number_of_its_own() {
    let (one, two) = (Buffer::allocate(8).unwrap(), Buffer::allocate(8).unwrap());
    assert_ne!(one.origin(), two.origin());
    assert_eq!(one.origin(), one.clone().origin());
    assert_ne!(one.origin(), Origin::FOREIGN);
}

#[test]
fn adopted_memory_is_given_back_once_with_its_last_handle() {
    let (buffer, released) = adopt(100);
    let others = [buffer.clone(), buffer.clone()];
    drop(buffer);
    let [one, two] = others;
    drop(one);
    assert_eq!(released.load(Ordering::SeqCst), 0, "a handle is left");
    drop(two);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn adopted_memory_is_given_back_once_by_whichever_thread_is_last() {
    for _ in 0..50 {
        let (buffer, released) = adopt(64);
        thread::scope(|scope| {
            for _ in 0..4 {
                let buffer = buffer.clone();
                scope.spawn(move || drop(buffer));
            }
            drop(buffer);
        });
        assert_eq!(released.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn slices_and_exports_keep_the_memory() {
    let (start, owner, released) = borrowed_bytes(80);
    let layout = Layout::contiguous(&[10], 8).unwrap();
    // SAFETY: the lender keeps the 80 bytes, all of them initialised, until it is dropped.
    let samples = unsafe { Samples::adopt(start, layout, Dtype::Float64, true, owner) }.unwrap();
    let part = layout.take_frames(2, 3, 1).unwrap();
    let slice = samples.with_layout(part).unwrap();
    let export = slice.export(ViewKind::Array, true, slice.layout()).unwrap();
    drop(samples);
    drop(slice);
    assert_eq!(released.load(Ordering::SeqCst), 0, "a view is out");
    let first = export.samples().first().addr().get();
    assert_eq!(first, start.addr().get() + 16);
    drop(export);
    assert_eq!(released.load(Ordering::SeqCst), 1);
}

#[test]
fn an_empty_adoption_releases_its_owner_at_once() {
    let (start, owner, released) = borrowed_bytes(8);
    let layout = Layout::contiguous(&[0], 8).unwrap();
    // SAFETY: no byte is reached.
    let samples = unsafe { Samples::adopt(start, layout, Dtype::Float64, true, owner) }.unwrap();
    assert_eq!(released.load(Ordering::SeqCst), 1);
    assert!(samples.layout().is_empty());
}

#[test]
fn memory_of_ours_that_comes_back_is_the_same_buffer() {
    let buffer = Buffer::allocate(1000).unwrap();
    buffer.publish();
    let (_, owner, released) = borrowed_bytes(1);
    let inside = buffer.start().addr().get() + 400;
    let inside = NonNull::new(buffer.start().as_ptr().with_addr(inside)).unwrap();
    // SAFETY: the buffer lives on.
    let back = unsafe { Buffer::adopt(inside, 600, true, owner) };
    assert!(back.same_allocation(&buffer));
    let times = released.load(Ordering::SeqCst);
    assert_eq!(times, 1, "the detour is not needed");
}

#[rstest]
#[case::the_whole(0, 1000, true)]
#[case::the_last_byte(999, 1, true)]
#[case::none_of_its_bytes(10, 0, true)]
#[case::none_behind_its_end(1000, 0, false)]
#[case::one_behind_its_end(1000, 1, false)]
#[case::past_its_end(1, 1000, false)]
#[case::as_long_as_can_be(1, usize::MAX, false)]
fn only_bytes_inside_a_buffer_are_found(
    #[case] from: usize,
    #[case] len: usize,
    #[case] found: bool,
) {
    let buffer = Buffer::allocate(1000).unwrap();
    let start = buffer.start().addr().get();
    let unknown = Buffer::find(start + from, len);
    assert!(unknown.is_none(), "nothing outside has seen it");
    buffer.publish();
    let known = Buffer::find(start + from, len);
    let is_it = known.is_some_and(|known| known.same_allocation(&buffer));
    assert_eq!(is_it, found);
}

#[test]
fn a_buffer_that_is_gone_is_not_found() {
    let buffer = Buffer::allocate(5 << 20).unwrap();
    let start = buffer.start().addr().get();
    buffer.publish();
    drop(buffer);
    assert!(Buffer::find(start, 1).is_none());
}

#[test]
fn publishing_and_finding_and_dropping_go_on_in_many_threads() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for len in (1..400).chain([70_000]) {
                    let buffer = Buffer::allocate(len).unwrap();
                    buffer.publish();
                    buffer.publish();
                    let known = Buffer::find(buffer.start().addr().get(), len).unwrap();
                    assert!(known.same_allocation(&buffer));
                }
            });
        }
    });
}

#[test]
fn two_adoptions_of_one_memory_meet_in_the_registry() {
    let (start, owner, _) = borrowed_bytes(80);
    let layout = Layout::contiguous(&[10], 8).unwrap();
    // SAFETY: the first adoption's lender keeps the bytes; the second is dropped before the first.
    let one = unsafe { Samples::adopt(start, layout, Dtype::Float64, true, owner) }.unwrap();
    // SAFETY: as above.
    let two = unsafe { Samples::adopt(start, layout, Dtype::Float64, true, Box::new(())) }.unwrap();
    let export = one.export(ViewKind::Array, true, one.layout()).unwrap();
    let seen: Vec<_> = two
        .views()
        .iter()
        .map(|view| (view.kind, view.mode))
        .collect();
    assert_eq!(seen, [(ViewKind::Array, Mode::Write)]);
    drop(export);
    assert!(two.views().is_empty());
}

#[test]
fn a_layout_outside_its_buffer_is_refused() {
    let buffer = Buffer::allocate(80).unwrap();
    let fits = Layout::strided(&[10], &[-8], 72).unwrap();
    assert!(Samples::new(buffer.clone(), fits, Dtype::Float64, true).is_ok());
    for (frames, stride, offset) in [(11, 8, 0), (10, -8, 71), (2, isize::MIN, 0), (10, 8, 1)] {
        let layout = Layout::strided(&[frames], &[stride], offset).unwrap();
        let refused = Samples::new(buffer.clone(), layout, Dtype::Float64, true).err();
        let is_outside = matches!(refused, Some(Error::OutsideBuffer { bytes: 80, .. }));
        assert!(is_outside, "{layout:?}");
    }
}
