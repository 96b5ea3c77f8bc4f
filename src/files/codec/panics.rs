//! Errors and panics of decoders and encoders, as errors of ours.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::errors::{Error as Refusal, Result as Answer};

use crate::error::Error;

thread_local! {
    /// Whether a panic on this thread is one that is caught and not reported.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a part of a decoder; a panic in it is a refusal.
pub fn caught<R>(work: impl FnOnce() -> Answer<R>) -> Answer<R> {
    let done = quietly(work);
    done.unwrap_or(Err(Refusal::DecodeError("the decoder gave up on it")))
}

/// Runs an encoder; a panic in it is an error.
pub fn guarded_write<R>(work: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    quietly(work).unwrap_or_else(|| {
        Err(Error::File {
            offset: None,
            message: "the encoder gave up on these samples; write them as WAV".into(),
            path: None,
            whole: None,
        })
    })
}

/// The result, or `None` for a panic, which is not reported.
fn quietly<R>(work: impl FnOnce() -> R) -> Option<R> {
    static SILENCE: Once = Once::new();
    SILENCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    let was = IS_GUARDED.replace(true);
    // The caller drops the decoder, or the part of a file, that a panic leaves half done.
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was);
    done.ok()
}

/// A refusal as an error of ours, with how far the file was read.
pub fn refused(refusal: Refusal, format: &str, reached: &AtomicU64) -> Error {
    let reached = reached.load(Ordering::Relaxed);
    match refusal {
        Refusal::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => Error::damaged(
            reached,
            format!("the {format} file was cut short, or is damaged where its length stands"),
        ),
        // Symphonia's own readers of bytes in memory have errors of no number.
        Refusal::IoError(error) if error.raw_os_error().is_none() => {
            Error::damaged(reached, format!("the {format} data is damaged: {error}"))
        }
        Refusal::IoError(error) => Error::io(&error, None),
        Refusal::DecodeError(what) | Refusal::LimitError(what) => {
            Error::damaged(reached, format!("the {format} data is damaged: {what}"))
        }
        Refusal::Unsupported(what) => Error::damaged(
            reached,
            format!("the {format} file has something that is not read: {what}"),
        ),
        Refusal::ResetRequired => Error::damaged(
            reached,
            format!(
                "the {format} file is several recordings one after the other (chained), of which only \
                 the first can be read; frames= reads that"
            ),
        ),
        other => Error::damaged(reached, format!("the {format} data is damaged: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_refusal_and_the_next_one_is_seen_again() {
        let refusal = caught(|| -> Answer<()> { panic!("on purpose") });
        assert!(matches!(refusal, Err(Refusal::DecodeError(what)) if what.contains("gave up")));
        let written = guarded_write(|| -> Result<(), Error> {
            // Inside of another one, which stays caught behind it.
            assert!(caught(|| -> Answer<()> { panic!("on purpose") }).is_err());
            assert!(IS_GUARDED.get());
            panic!("on purpose")
        });
        assert!(
            matches!(written, Err(Error::File { offset: None, message, .. }) if message.contains("as WAV"))
        );
        assert!(!IS_GUARDED.get());
        assert_eq!(caught(|| Ok(7)).ok(), Some(7));
    }
}
