//! Pages from the system, from an address on that is a multiple of more than a page.

use std::ptr::NonNull;

/// Bytes of a page. A signal handler may ask for it.
pub fn page_size() -> usize {
    // SAFETY: the call has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096).max(1)
}

/// Maps `len` bytes of anonymous memory; `None` where the system has none.
pub fn map(
    len: usize,
    alignment: usize,
    protection: libc::c_int,
    flags: libc::c_int,
) -> Option<NonNull<u8>> {
    let page = page_size();
    // Mapped with room to spare; what lies before and behind the aligned part goes back at once.
    let spare = if alignment > page { alignment } else { 0 };
    let total = len.checked_add(spare)?;
    let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh private mapping at an address of the system's choice touches no other memory.
    let mapped = unsafe { libc::mmap(std::ptr::null_mut(), total, protection, flags, -1, 0) };
    if mapped == libc::MAP_FAILED {
        return None;
    }
    let mapped = mapped.cast::<u8>();
    if spare == 0 {
        return NonNull::new(mapped);
    }
    let before = mapped.addr().next_multiple_of(alignment) - mapped.addr();
    let start = mapped.wrapping_add(before);
    let pages = len.next_multiple_of(page);
    let behind = total.next_multiple_of(page) - before - pages;
    // SAFETY: pages of the mapping just made, before the part that is returned.
    unsafe { unmap(mapped, before) };
    // SAFETY: pages of the mapping just made, behind that part.
    unsafe { unmap(start.wrapping_add(pages), behind) };
    NonNull::new(start)
}

/// Gives `len` bytes of pages from [`map`] back to the system.
///
/// # Safety
/// `start` is the start of a page of such a mapping, and nothing uses its pages up to `len` any more.
pub unsafe fn unmap(start: *mut u8, len: usize) {
    // SAFETY: whole pages of a mapping that nothing uses any more, by the function's contract.
    if len > 0 && unsafe { libc::munmap(start.cast(), len) } != 0 {
        // There are as many mappings as the system allows, and a hole would be one more: the memory goes, its addresses
        // stay.
        // SAFETY: as above.
        unsafe { discard(start, len) };
    }
}

/// Gives `len` bytes of pages from [`map`] back to the system and keeps their addresses, where zeroed pages are next
/// time. False if the system refuses.
///
/// # Safety
/// As for [`unmap`], but that the pages may be used again.
pub unsafe fn discard(start: *mut u8, len: usize) -> bool {
    // SAFETY: whole pages of a private anonymous mapping, by the function's contract.
    unsafe { libc::madvise(start.cast(), len, libc::MADV_DONTNEED) == 0 }
}
