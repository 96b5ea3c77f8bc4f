use std::sync::{Mutex, MutexGuard};

use audio_samples::memory::{Buffer, pool};
use rstest::rstest;

/// The pool belongs to the whole process: tests that set its limit or count what it holds take turns.
/// Other tests only allocate; what is asserted here holds whatever they do meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|broken| broken.into_inner())
}

/// Runs the test with this limit and puts the old one back.
fn with_limit(bytes: usize, test: impl FnOnce()) {
    let before = pool::stats().limit;
    pool::set_limit(bytes);
    test();
    pool::set_limit(before);
}

const MIB: usize = 1 << 20;

#[rstest]
#[case::smallest(1, 256)]
#[case::one_class(256, 256)]
#[case::next_class(257, 256)]
#[case::odd(3 * 1024 + 1, 256)]
#[case::last_class((60 << 10) - 1, 256)]
#[case::between(62 << 10, 256)]
#[case::a_page(64 << 10, 4096)]
#[case::pages(MIB + 1, 4096)]
#[case::just_below_huge(4 * MIB - 1, 4096)]
#[case::huge(4 * MIB, 2 * MIB)]
#[case::huge_and_odd(5 * MIB + 3, 2 * MIB)]
fn memory_is_aligned_by_its_size(#[case] len: usize, #[case] alignment: usize) {
    for _ in 0..3 {
        let buffer = Buffer::allocate(len).unwrap();
        assert_eq!(buffer.len(), len);
        assert_eq!(buffer.start().addr().get() % alignment, 0);
    }
}

#[rstest]
fn every_size_class_holds_what_was_asked(#[values(0, 1, 2, 3)] beyond: usize) {
    // All alive at once: no two may overlap.
    let mut held: Vec<(usize, usize, Buffer)> = (0..260)
        .map(|units| {
            let buffer = Buffer::allocate(units * 256 + beyond).unwrap();
            let start = buffer.start().addr().get();
            (start, start + buffer.len(), buffer)
        })
        .collect();
    held.sort_by_key(|(start, ..)| *start);
    for pair in held.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{:?} meets {:?}", pair[0], pair[1]);
    }
}

#[rstest]
#[case::small(512)]
#[case::pages(3 * MIB + 77)]
#[case::huge(37 * MIB + 77)]
fn freed_memory_is_used_again(#[case] len: usize) {
    let _turn = alone();
    with_limit(1 << 30, || {
        let first = Buffer::allocate(len).unwrap();
        let address = first.start();
        drop(first);
        assert!(pool::stats().held >= len);
        let again = Buffer::allocate(len).unwrap();
        assert_eq!(again.start(), address);
    });
}

#[test]
fn a_somewhat_larger_chunk_will_do_and_a_much_larger_one_will_not() {
    let _turn = alone();
    with_limit(1 << 30, || {
        let first = Buffer::allocate(50 * MIB).unwrap();
        let address = first.start();
        drop(first);
        assert_ne!(Buffer::allocate(30 * MIB).unwrap().start(), address);
        assert_eq!(Buffer::allocate(46 * MIB).unwrap().start(), address);
    });
}

#[rstest]
#[case::small(600)]
#[case::pages(MIB)]
#[case::huge(9 * MIB)]
fn zeroed_memory_is_zero_though_the_chunk_was_used(#[case] len: usize) {
    let _turn = alone();
    use audio_samples::dtype::Dtype;
    use audio_samples::view::Fresh;
    with_limit(1 << 30, || {
        for _ in 0..3 {
            let mut fresh = Fresh::zeroed(&[len / 2], Dtype::Int16).unwrap();
            let samples = fresh.as_mut_slice::<i16>().unwrap();
            assert!(samples.iter().all(|sample| *sample == 0));
            samples.fill(-1);
        }
    });
}

#[test]
fn no_more_than_the_limit_is_held_and_the_oldest_goes_first() {
    let _turn = alone();
    with_limit(100 * MIB, || {
        let buffers: Vec<Buffer> = (40..46)
            .map(|size| Buffer::allocate(size * MIB).unwrap())
            .collect();
        let newest = buffers[5].start();
        for buffer in buffers {
            drop(buffer);
            assert!(pool::stats().held <= 100 * MIB);
        }
        assert!(pool::stats().held >= 45 * MIB);
        assert_eq!(Buffer::allocate(45 * MIB).unwrap().start(), newest);
    });
}

#[test]
fn a_limit_of_zero_turns_reuse_off() {
    let _turn = alone();
    with_limit(0, || {
        for len in [300, 5000, 3 * MIB, 20 * MIB] {
            drop(Buffer::allocate(len).unwrap());
        }
        assert_eq!(pool::stats().held, 0);
        assert_eq!(pool::stats().limit, 0);
    });
}

#[test]
fn lowering_the_limit_gives_back_what_is_over() {
    let _turn = alone();
    with_limit(1 << 30, || {
        let buffers: Vec<Buffer> = (0..4)
            .map(|_| Buffer::allocate(30 * MIB).unwrap())
            .collect();
        drop(buffers);
        assert!(pool::stats().held >= 120 * MIB);
        pool::set_limit(70 * MIB);
        assert!(pool::stats().held <= 70 * MIB);
    });
}

#[test]
fn trim_gives_everything_back_and_says_how_much() {
    let _turn = alone();
    with_limit(1 << 30, || {
        let buffers = [
            Buffer::allocate(33 * MIB).unwrap(),
            Buffer::allocate(700).unwrap(),
        ];
        drop(buffers);
        assert!(pool::trim() >= 33 * MIB);
        // Elsewhere in this process a test may free a few bytes meanwhile, but nothing of this size.
        assert!(pool::stats().held < 33 * MIB);
    });
}

#[test]
fn live_large_buffers_are_counted() {
    let _turn = alone();
    let before = pool::stats();
    let buffer = Buffer::allocate(200 * MIB).unwrap();
    let meanwhile = pool::stats();
    assert!(meanwhile.in_use >= 200 * MIB);
    assert!(meanwhile.fresh + meanwhile.reused > before.fresh + before.reused);
    drop(buffer);
    assert!(pool::stats().in_use < meanwhile.in_use);
}

#[test]
fn memory_may_be_freed_on_any_thread() {
    let buffers: Vec<Buffer> = (1..200)
        .map(|i| Buffer::allocate(i * 331).unwrap())
        .chain((1..5).map(|i| Buffer::allocate(i * MIB).unwrap()))
        .collect();
    std::thread::scope(|scope| {
        let mut rest = buffers;
        while !rest.is_empty() {
            let share = rest.split_off(rest.len() - rest.len().min(29));
            scope.spawn(move || {
                drop(share);
                (1..200).for_each(|i| drop(Buffer::allocate(i * 131).unwrap()));
            });
        }
    });
}

#[test]
fn an_impossible_size_is_an_error_with_the_number() {
    let refused = Buffer::allocate(usize::MAX - 100).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&(usize::MAX - 100).to_string())
    );
    assert!(Buffer::allocate(1 << 60).is_err());
    assert!(Buffer::allocate_zeroed(1 << 60).is_err());
}
