//! Views and borrows: what is listed, what is lent, what is refused.

use std::thread;

use audio_samples::layout::Span;
use audio_samples::registry::{
    Borrow, Claim, Conflict, Holder, Mode, Refusal, Registration, Registry, Until, ViewEntry,
    ViewKind,
};
use rstest::rstest;

use Mode::{Read, Write};

use crate::registry::{samples as span, view};

const DOMAIN: u64 = 7;
const ARRAY: (ViewKind, Mode) = (ViewKind::Array, Write);

fn enter(
    registry: &Registry,
    (kind, mode): (ViewKind, Mode),
    from: usize,
    count: usize,
) -> Registration<'_> {
    let entry = view(kind, mode, from, count);
    registry.register(DOMAIN, entry).unwrap()
}

fn claim(mode: Mode, from: usize, count: usize) -> Claim {
    Claim {
        domain: DOMAIN,
        span: span(from, count),
        mode,
    }
}

fn lend(registry: &Registry, mode: Mode) -> Result<Borrow<'_>, Refusal> {
    let kind = match mode {
        Read => ViewKind::Borrow,
        Write => ViewKind::BorrowMut,
    };
    registry.borrow(DOMAIN, view(kind, mode, 100, 100), Until::Now)
}

/// What keeps a claim out, as a lease and as brief work.
fn met(registry: &Registry, claim: Claim) -> Option<Holder> {
    let by = holder(registry.lease(&[claim], Until::Now));
    assert_eq!(holder(registry.briefly(&[claim], || ())), by);
    by
}

fn holder<T>(result: Result<T, Refusal>) -> Option<Holder> {
    match result {
        Err(Refusal::Conflict(Conflict { holder, .. })) => Some(holder),
        _ => None,
    }
}

#[test]
fn views_are_listed_oldest_first_where_they_share_a_sample() {
    let registry = Registry::new();
    let tensor = enter(&registry, (ViewKind::Tensor, Read), 0, 200);
    let _elsewhere = enter(&registry, ARRAY, 300, 10);
    let array = enter(&registry, ARRAY, 150, 10);
    let buffer = enter(&registry, (ViewKind::Buffer, Write), 199, 50);
    let kinds = || -> Vec<(ViewKind, Mode, [usize; 2])> {
        let views = registry.views(DOMAIN, &span(100, 100));
        assert!(views.is_sorted_by(|one, two| one.id < two.id), "{views:?}");
        views
            .iter()
            .map(|view| (view.kind, view.mode, view.shape))
            .collect()
    };
    assert_eq!(
        kinds(),
        [
            (ViewKind::Tensor, Read, [1, 200]),
            (ViewKind::Array, Write, [1, 10]),
            (ViewKind::Buffer, Write, [1, 50])
        ]
    );
    drop(array);
    let late = enter(&registry, (ViewKind::Arrow, Read), 100, 1);
    let found: Vec<_> = kinds().iter().map(|view| view.0).collect();
    assert_eq!(found, [ViewKind::Tensor, ViewKind::Buffer, ViewKind::Arrow]);
    drop((tensor, buffer, late));
    assert!(kinds().is_empty());
}

#[test]
fn a_bare_sample_is_a_view_of_one_sample() {
    let registry = Registry::new();
    let bare = ViewEntry {
        span: Span::new(0x10_0000 + 8 * 150, [1, 1], [0, 0], 8),
        ndim: 0,
        ..view(ViewKind::Array, Write, 0, 1)
    };
    let _bare = registry.register(DOMAIN, bare).unwrap();
    let met = holder(lend(&registry, Write));
    assert_eq!(met, Some(Holder::View(ViewKind::Array)));
    assert_eq!(registry.views(DOMAIN, &span(150, 1)).len(), 1);
    assert_eq!(registry.views(DOMAIN, &span(151, 1)).len(), 0);
}

#[rstest]
#[case::last_out_first(true)]
#[case::first_out_first(false)]
fn places_of_views_that_are_gone_are_used_again(#[case] last_first: bool) {
    let registry = Registry::new();
    let mut known = Vec::new();
    for round in 0..50 {
        let mut out: Vec<_> = (0..20).map(|at| enter(&registry, ARRAY, at, 1)).collect();
        let views = registry.views(DOMAIN, &span(0, 20));
        let places: Vec<(usize, usize)> = views.iter().map(|view| view.span.bounds()).collect();
        let expected: Vec<(usize, usize)> = (0..20).map(|at| span(at, 1).bounds()).collect();
        assert_eq!(places, expected, "round {round}");
        known.extend(views.iter().map(|view| view.id));
        while !out.is_empty() {
            let gone = out.remove(if last_first { out.len() - 1 } else { 0 });
            drop(gone);
            assert_eq!(registry.views(DOMAIN, &span(0, 20)).len(), out.len());
        }
    }
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), 50 * 20, "no number is given twice");
}

#[rstest]
#[case(ViewKind::Array, Write, true)]
#[case(ViewKind::Buffer, Write, true)]
#[case(ViewKind::Tensor, Read, true)]
#[case(ViewKind::Array, Read, false)]
#[case(ViewKind::Buffer, Read, false)]
fn arrow_data_is_refused_by_views_that_may_write_and_keeps_writers_out(
    #[case] kind: ViewKind,
    #[case] mode: Mode,
    #[case] may_write: bool,
) {
    let registry = Registry::new();
    let arrow = || registry.borrow(DOMAIN, view(ViewKind::Arrow, Read, 100, 100), Until::Now);
    let _elsewhere = enter(&registry, ARRAY, 200, 10);
    let seen = enter(&registry, (kind, mode), 150, 1);
    let wanted = may_write.then_some(Holder::View(kind));
    assert_eq!(holder(arrow()), wanted, "a view that is out");
    drop(seen);

    let (one, two) = (arrow().unwrap(), arrow().unwrap());
    let by_arrow = Some(Holder::Borrow(ViewKind::Arrow));
    assert_eq!(met(&registry, claim(Write, 199, 5)), by_arrow);
    assert_eq!(holder(lend(&registry, Write)), by_arrow);
    assert!(lend(&registry, Read).is_ok(), "readers share");
    assert!(registry.lease(&[claim(Write, 200, 5)], Until::Now).is_ok());
    let late = enter(&registry, ARRAY, 150, 1);
    assert_eq!(late.mode(), Read);
    drop((one, late));
    assert_eq!(holder(lend(&registry, Write)), by_arrow, "there is another");
    drop(two);
    assert!(lend(&registry, Write).is_ok());
    assert_eq!(registry.views(DOMAIN, &span(100, 100)).len(), 0);
}

#[test]
fn views_stop_no_operation() {
    let registry = Registry::new();
    let _view = enter(&registry, ARRAY, 100, 100);
    assert!(registry.lease(&[claim(Write, 0, 500)], Until::Now).is_ok());
    assert!(registry.briefly(&[claim(Write, 0, 500)], || ()).is_ok());
}

#[test]
fn while_lent_for_reading_views_are_readonly_and_no_claim_writes() {
    let registry = Registry::new();
    let borrow = lend(&registry, Read).unwrap();
    let array = enter(&registry, ARRAY, 150, 1);
    assert_eq!(array.mode(), Read);
    let listed: Vec<(ViewKind, Mode)> = registry
        .views(DOMAIN, &span(100, 100))
        .iter()
        .map(|view| (view.kind, view.mode))
        .collect();
    assert_eq!(listed, [(ViewKind::Borrow, Read), (ViewKind::Array, Read)]);
    let beside = enter(&registry, ARRAY, 200, 1);
    assert_eq!(beside.mode(), Write, "other samples");

    let by_borrow = Some(Holder::Borrow(ViewKind::Borrow));
    assert_eq!(met(&registry, claim(Write, 199, 5)), by_borrow);
    assert_eq!(holder(lend(&registry, Write)), by_borrow);
    assert!(registry.lease(&[claim(Read, 0, 500)], Until::Now).is_ok());
    assert!(lend(&registry, Read).is_ok(), "readers share");

    drop(borrow);
    assert_eq!(array.mode(), Read, "a view does not change");
    assert_eq!(enter(&registry, ARRAY, 150, 1).mode(), Write);
}

#[rstest]
fn while_lent_for_writing_no_other_claim_comes_near(#[values(Read, Write)] mode: Mode) {
    let registry = Registry::new();
    let borrow = lend(&registry, Write).unwrap();
    let by_borrow = Some(Holder::Borrow(ViewKind::BorrowMut));
    let door = registry.register(DOMAIN, view(ViewKind::Buffer, mode, 199, 1));
    assert_eq!(door.err().map(|conflict| conflict.holder), by_borrow);
    let never = || panic!("no operation waits for a user");
    let (wanted, mut until) = ([claim(mode, 0, 101)], never);
    let leased = registry.lease(&wanted, Until::Stopped(&mut until));
    assert_eq!(holder(leased), by_borrow);
    assert_eq!(holder(registry.briefly(&wanted, || ())), by_borrow);
    assert_eq!(holder(lend(&registry, mode)), by_borrow);
    drop(enter(&registry, (ViewKind::Buffer, mode), 200, 1));
    assert!(registry.lease(&[claim(mode, 0, 100)], Until::Now).is_ok());
    drop(borrow);
    assert!(lend(&registry, mode).is_ok());
}

#[rstest]
#[case::a_writable_view(Write, 199, Some(Holder::View(ViewKind::Tensor)))]
#[case::a_readonly_view(Read, 199, None)]
#[case::a_writable_view_beside_them(Write, 200, None)]
fn lending_for_writing_looks_at_what_is_out(
    #[case] mode: Mode,
    #[case] from: usize,
    #[case] expected: Option<Holder>,
) {
    let registry = Registry::new();
    let out = enter(&registry, (ViewKind::Tensor, mode), from, 50);
    let lent = lend(&registry, Write);
    assert_eq!(lent.is_ok(), expected.is_none());
    assert_eq!(holder(lent), expected);
    assert!(lend(&registry, Read).is_ok(), "reading is another matter");
    drop(out);
    assert!(lend(&registry, Write).is_ok());
}

#[test]
fn a_writable_view_is_told_before_an_operation_is_waited_for() {
    let registry = Registry::new();
    let _out = enter(&registry, ARRAY, 100, 1);
    thread::scope(|scope| {
        let (taken, is_taken) = std::sync::mpsc::channel();
        let (finish, is_finished) = std::sync::mpsc::channel::<()>();
        let registry = &registry;
        scope.spawn(move || {
            let _lease = registry.lease(&[claim(Write, 100, 100)], Until::Now);
            taken.send(()).unwrap();
            let _ = is_finished.recv();
        });
        is_taken.recv().unwrap();
        let met = holder(lend(registry, Write));
        assert_eq!(met, Some(Holder::View(ViewKind::Array)));
        assert!(matches!(lend(registry, Read), Err(Refusal::Busy)));
        drop(finish);
    });
}

#[test]
fn a_borrow_waits_for_an_operation_that_is_under_way() {
    let registry = Registry::new();
    let entry = view(ViewKind::BorrowMut, Write, 100, 100);
    thread::scope(|scope| {
        let lease = registry.lease(&[claim(Write, 0, 500)], Until::Now).unwrap();
        let waiting = scope.spawn(|| {
            let mut asked = 0;
            let mut go_on = || {
                asked += 1;
                true
            };
            let lent = registry.borrow(DOMAIN, entry, Until::Stopped(&mut go_on));
            (lent.is_ok(), asked)
        });
        thread::sleep(std::time::Duration::from_millis(80));
        drop(lease);
        assert!(waiting.join().unwrap().0);
    });
}

#[test]
fn while_frozen_no_thread_enters() {
    let registry = Registry::new();
    let frozen = registry.freeze();
    thread::scope(|scope| {
        let (entered, is_entered) = std::sync::mpsc::channel();
        let registry = &registry;
        scope.spawn(move || {
            drop(registry.lease(&[claim(Write, 0, 10)], Until::Now));
            entered.send(()).unwrap();
        });
        thread::sleep(std::time::Duration::from_millis(30));
        let found = is_entered.try_recv();
        assert!(found.is_err(), "a thread is inside the table");
        drop(frozen);
        is_entered.recv().unwrap();
    });
}

#[test]
fn in_a_forked_child_only_the_leases_of_its_thread_are_left() {
    let registry = Registry::new();
    let own = registry.lease(&[claim(Write, 0, 10)], Until::Now).unwrap();
    let other = || {
        let lease = registry.lease(&[claim(Write, 20, 10)], Until::Now);
        // A thread that is gone gives nothing back.
        std::mem::forget(lease);
    };
    thread::scope(|scope| scope.spawn(other).join()).unwrap();
    assert!(registry.lease(&[claim(Write, 20, 1)], Until::Now).is_err());
    registry.freeze().thaw_in_child();
    assert!(registry.lease(&[claim(Write, 20, 1)], Until::Now).is_ok());
    let met = holder(registry.lease(&[claim(Write, 0, 1)], Until::Now));
    assert_eq!(met, Some(Holder::OwnOperation));
    drop(own);
}
