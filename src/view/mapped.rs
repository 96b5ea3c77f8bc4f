//! Samples of a mapped file: `close`, `flush`, and pages given back. A segment of shared memory is closed in the same
//! way.

use super::access::error_of;
use super::{Samples, Strided};
use crate::error::Error;
use crate::layout::{Layout, Span};
use crate::memory::{self, Origin};
use crate::registry::{Claim, Mode, Registry, Until, ViewEntry, ViewKind};

impl Samples {
    /// Lets go of the mapped file or the segment that they lie in, once no operation uses any of it. Every later
    /// access is [`Error::Closed`], through this handle and all others. Closing twice is no error.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for memory that is neither, [`Error::StillSeen`] with the views that can
    /// still reach the buffer.
    pub fn close(&self, until: Until<'_>) -> Result<(), Error> {
        self.require_closable("close()")?;
        if self.buffer.is_closed() {
            return Ok(());
        }
        let (all, span, domain) = self.whole()?;
        self.refuse_views()?;
        let entry = ViewEntry {
            span,
            ..self.entry(ViewKind::Closed, Mode::Write, &all)
        };
        // New views are refused from here on; those made before this line are found below.
        let seal = match Registry::global().borrow(domain, entry, until) {
            Ok(seal) => seal,
            Err(refusal) => {
                return match error_of(&refusal, None) {
                    Error::Closed => Ok(()),
                    error => Err(error),
                };
            }
        };
        self.refuse_views()?;
        self.buffer.close(Box::new(seal));
        Ok(())
    }

    /// To be called before [`Samples::close`] by the last opening of the file or the segment: waits for running operations,
    /// and has the next opening make another buffer. False if it was opened meanwhile, for which this one is to stay. Two
    /// buffers for one file would know nothing of each other's leases.
    ///
    /// # Errors
    /// As there.
    pub fn retire(&self, until: Until<'_>) -> Result<bool, Error> {
        self.refuse_views()?;
        let (_, span, domain) = self.whole()?;
        let claim = Claim {
            domain,
            span,
            mode: Mode::Write,
        };
        match Registry::global().lease(&[claim], until) {
            Ok(_alone) => Ok(self.buffer.retire()),
            Err(refusal) => match error_of(&refusal, None) {
                // By other means than an opening.
                Error::Closed => Ok(true),
                error => Err(error),
            },
        }
    }

    /// The whole buffer: as bytes, where they are, and as what the registry knows it.
    fn whole(&self) -> Result<(Layout, Span, u64), Error> {
        let all = Layout::contiguous(&[self.buffer.len()], 1)?;
        let span = all.span(self.buffer.start().addr().get(), 1);
        Ok((all, span, self.buffer.origin().number()))
    }

    fn refuse_views(&self) -> Result<(), Error> {
        let (_, span, domain) = self.whole()?;
        match &seen(domain, &span)[..] {
            [] => Ok(()),
            views => Err(still_seen(self.buffer.is_file(), views)),
        }
    }

    /// Waits until every change is on the disk of the mapped file that they lie in.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for memory that is no file, [`Error::Closed`], [`Error::Io`].
    pub fn flush(&self) -> Result<(), Error> {
        if !self.buffer.is_file() {
            return Err(Error::InvalidArgument {
                message:
                    "flush() is for audio that open() has mapped; these samples lie in memory \
                          (write() stores them in a file)"
                        .into(),
            });
        }
        self.require_open("flush()")?;
        self.buffer.flush()
    }

    /// An error unless they lie in a mapped file or a segment that is open.
    pub fn require_open(&self, what: &str) -> Result<(), Error> {
        self.require_closable(what)?;
        if self.buffer.is_closed() {
            return Err(Error::Closed);
        }
        Ok(())
    }

    fn require_closable(&self, what: &str) -> Result<(), Error> {
        if self.buffer.can_close() {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            message: format!(
                "{what} is for audio that open() has mapped or share() has shared; these samples lie in \
                 memory of their own (write() stores them in a file)"
            ),
        })
    }

    /// An error if they lie in a file that has become shorter.
    #[inline]
    pub(super) fn check_file(&self) -> Result<(), Error> {
        let domain = self.buffer.origin().number();
        if Origin::is_file_number(domain) {
            memory::check_file(domain)?;
        }
        Ok(())
    }
}

impl Strided<'_> {
    /// Whether they lie in a mapped file, whose pages an operation gives back as it goes.
    #[inline]
    pub fn is_file(&self) -> bool {
        Origin::is_file_number(self.domain)
    }

    /// Gives the pages of a mapped file back to the system, changed ones to the file. The samples stay what
    /// they are. Other memory is left alone.
    pub fn give_back(&self) {
        if self.is_file() {
            let span = self.span();
            let (low, high) = span.bounds();
            memory::give_back(self.domain, low, high, || {
                !seen(self.domain, &span).is_empty()
            });
        }
    }
}

/// The live views of a span.
pub(super) fn seen(domain: u64, span: &Span) -> Vec<ViewEntry> {
    let mut views = Registry::global().views(domain, span);
    views.retain(|view| view.kind != ViewKind::Closed);
    views
}

/// Why a buffer cannot go: the views that can still reach it.
#[cold]
fn still_seen(is_file: bool, views: &[ViewEntry]) -> Error {
    let told = |view: &ViewEntry| {
        let shape = view.shape[2 - view.ndim..].to_vec();
        (view.kind.name(), shape, view.mode == Mode::Write)
    };
    Error::StillSeen {
        is_file,
        views: views.iter().map(told).collect(),
    }
}
