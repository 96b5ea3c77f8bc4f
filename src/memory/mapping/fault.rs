//! What happens when a page of a mapped file is not there: the file was cut short, or its disk failed.
//!
//! The system says so by a signal, `SIGBUS`, to the thread that touched the page: a kernel of ours, or NumPy in
//! any function at all. Without a handler the process ends. Ours puts an empty page in the place, notes that it
//! did, and lets the thread go on; the operation, or the next one, is refused with the place in its
//! message. A signal that is about other memory goes to the handler that was there before. A library that comes
//! later and puts a handler of its own in our place (Ray does) finds ours in front of it again with the next
//! operation on a mapped file.
//!
//! The handler does only what a signal handler may: it reads atomics and makes system calls.

use std::sync::atomic::AtomicUsize;

use crate::memory::pages::page_size;
use crate::sync::Ordering;

/// Mappings under guard at one time. A file mapped beyond that has [`super::Mapped::check`] alone.
const SLOTS: usize = 256;

/// No byte of the mapping is missing.
const WHOLE: usize = usize::MAX;

/// One mapping. `len` is written last and cleared first: as long as it is not 0, `start` is right.
struct Slot {
    start: AtomicUsize,
    len: AtomicUsize,
    torn: AtomicUsize,
    taken: AtomicUsize,
}

static GUARDED: [Slot; SLOTS] = [const {
    Slot {
        start: AtomicUsize::new(0),
        len: AtomicUsize::new(0),
        torn: AtomicUsize::new(WHOLE),
        taken: AtomicUsize::new(0),
    }
}; SLOTS];

/// A mapping's place among those whose missing pages are made up for.
pub struct FaultGuard(Option<usize>);

impl FaultGuard {
    pub fn new(start: usize, len: usize) -> FaultGuard {
        stand_in_front();
        let free = GUARDED.iter().position(|slot| {
            let take = slot
                .taken
                .compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
            take.is_ok()
        });
        if let Some(index) = free {
            let slot = &GUARDED[index];
            slot.torn.store(WHOLE, Ordering::Release);
            slot.start.store(start, Ordering::Release);
            slot.len.store(len, Ordering::Release);
        }
        FaultGuard(free)
    }

    /// Whether there was a place.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The lowest byte, from the start of the mapping, whose page was missing.
    pub fn torn(&self) -> Option<usize> {
        let torn = GUARDED[self.0?].torn.load(Ordering::Acquire);
        (torn != WHOLE).then_some(torn)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        if let Some(index) = self.0 {
            GUARDED[index].len.store(0, Ordering::Release);
            GUARDED[index].taken.store(0, Ordering::Release);
        }
    }
}

/// Puts an empty page where one is missing. False for an address that is none of ours.
fn mend(address: usize) -> bool {
    for slot in &GUARDED {
        let len = slot.len.load(Ordering::Acquire);
        let start = slot.start.load(Ordering::Acquire);
        if address.wrapping_sub(start) >= len {
            continue;
        }
        let size = page_size();
        let page = address / size * size;
        // SAFETY: a page of a guarded mapping, whose owner keeps the addresses until its guard is dropped.
        let placed = unsafe {
            libc::mmap(
                std::ptr::without_provenance_mut(page),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        slot.torn
            .fetch_min(page.saturating_sub(start), Ordering::AcqRel);
        return placed != libc::MAP_FAILED;
    }
    false
}

/// The handler that was there before: its address, and its flags.
static EARLIER: [AtomicUsize; 2] = [const { AtomicUsize::new(libc::SIG_DFL) }; 2];

/// The thread that passes a signal on.
static PASSING_ON: AtomicUsize = AtomicUsize::new(0);

type PlainHandler = extern "C" fn(libc::c_int);
type InfoHandler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

#[expect(
    clippy::disallowed_methods,
    reason = "sigaction keeps functions as numbers, and nothing else makes a function of one"
)]
extern "C" fn on_missing_page(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system passes the facts of the signal to a handler that was installed with SA_SIGINFO.
    let facts = unsafe { &*info };
    // Only the system itself gives positive codes; a signal that a process sends has no address.
    if facts.si_code > 0 {
        // SAFETY: a SIGBUS of the system has an address.
        let address = unsafe { facts.si_addr() };
        if mend(address.addr()) {
            return;
        }
    }
    let [handler, flags] = EARLIER.each_ref().map(|part| part.load(Ordering::Acquire));
    // SAFETY: the call has no preconditions.
    let this = unsafe { libc::pthread_self() } as usize;
    // A handler that stands in front of this one and passes the signal back wants the process to end.
    let comes_back = PASSING_ON.swap(this, Ordering::AcqRel) == this;
    if handler == libc::SIG_DFL || handler == libc::SIG_IGN || comes_back {
        let mut action = empty_action();
        action.sa_sigaction = libc::SIG_DFL;
        // SAFETY: a valid action. The instruction runs again, and the process ends as it would have.
        unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
        if facts.si_code <= 0 {
            // SAFETY: a signal that was sent does not come again by itself.
            unsafe { libc::raise(signal) };
        }
    } else if flags & libc::SA_SIGINFO as usize != 0 {
        // SAFETY: the system had this address as a handler that takes three arguments.
        let handler: InfoHandler = unsafe { std::mem::transmute(handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: the system had this address as a handler that takes one argument.
        let handler: PlainHandler = unsafe { std::mem::transmute(handler) };
        handler(signal);
    }
    PASSING_ON.store(0, Ordering::Release);
}

fn empty_action() -> libc::sigaction {
    // SAFETY: a structure of numbers and null pointers, for all of which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Makes ours the handler that the signal comes to first, if it is not.
pub fn stand_in_front() {
    let ours = on_missing_page as *const () as usize;
    let mut found = empty_action();
    // SAFETY: only reads which handler the signal has.
    unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &mut found) };
    if found.sa_sigaction == ours {
        return;
    }
    // Two threads that come here at once do the same.
    EARLIER[0].store(found.sa_sigaction, Ordering::Release);
    EARLIER[1].store(found.sa_flags as usize, Ordering::Release);
    let mut action = empty_action();
    action.sa_sigaction = ours;
    // On the stack that others may have set aside, and open to a second fault while it chains.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART | libc::SA_NODEFER;
    // SAFETY: a valid action, whose handler stays loaded: a Python extension is never unloaded.
    unsafe { libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) };
}
