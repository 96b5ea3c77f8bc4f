//! What is written down, asked for and refused: facts without a table.

use crate::layout::Span;

/// What the holder may do with the bytes of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Look at them.
    Read,
    /// Look at them and change them.
    Write,
}

/// The wish to read or write a span.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Which allocation; 0 for all adopted memory, [`LENT`](super::LENT) for what a borrow has handed out.
    pub domain: u64,
    /// Which bytes of it.
    pub span: Span,
    /// To do what.
    pub mode: Mode,
}

/// What kind of thing reaches the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    /// A NumPy array from `to_numpy()` or `__array__`.
    Array,
    /// A consumer of the buffer protocol.
    Buffer,
    /// A DLPack tensor.
    Tensor,
    /// An Arrow array, which counts on bytes that do not change.
    Arrow,
    /// The array of a `with audio.borrow()`.
    Borrow,
    /// The array of a `with audio.borrow_mut()`.
    BorrowMut,
    /// No consumer: the file or the segment was closed.
    Closed,
}

impl ViewKind {
    /// The word that a user reads.
    pub fn name(self) -> &'static str {
        match self {
            ViewKind::Array => "numpy",
            ViewKind::Buffer => "buffer",
            ViewKind::Tensor => "dlpack",
            ViewKind::Arrow => "arrow",
            ViewKind::Borrow => "borrow",
            ViewKind::BorrowMut => "borrow_mut",
            ViewKind::Closed => "closed",
        }
    }
}

/// One live view.
#[derive(Clone, Copy, Debug)]
pub struct ViewEntry {
    /// Given by the registry: unique in its part, and larger than those of older views there.
    pub id: u64,
    /// Through which protocol.
    pub kind: ViewKind,
    /// Whether it may write.
    pub mode: Mode,
    /// Which bytes.
    pub span: Span,
    /// The shape that its holder sees.
    pub shape: [usize; 2],
    /// How many axes of that shape count, from the last one.
    pub ndim: usize,
}

/// What stands in the way of a claim.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    /// The bytes asked for.
    pub wanted: Span,
    /// To do what.
    pub mode: Mode,
    /// The bytes that are held.
    pub held: Span,
    /// What holds them.
    pub holder: Holder,
}

/// What holds the bytes of a [`Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An operation of the very thread that asks.
    OwnOperation,
    /// A user's borrow.
    Borrow(ViewKind),
    /// A user's borrow that a thread took before the fork, which is not in this process.
    LostBorrow,
    /// A view that may write.
    View(ViewKind),
}

/// Why a claim was not granted.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Waiting would not help.
    Conflict(Conflict),
    /// Waiting would help, but the caller asked for [`Until::Now`](super::Until::Now), or holds a lease and must not wait.
    Busy,
    /// The caller gave up waiting.
    Interrupted,
}
