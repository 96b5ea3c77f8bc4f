//! Files decoded into samples that exist: a slice, a row of a batch, shared memory, a mapped file.
//!
//! What does not fit is found before the first write: rate, channels, and frames, which are counted where the file does
//! not say how many it has. Only what the decoder finds wrong on its way comes later; the error says how many frames
//! were stored by then.

use crate::audio::Audio;
use crate::error::{Error, Unfit};
use crate::files::facts::{Facts, out_of_range};
use crate::files::parallel;
use crate::files::selection::{ReadAs, Selection};
use crate::files::source::FrameSource;
use crate::registry::{Mode, Until};
use crate::view::{Access, Lock, Strided, access_to};

/// Frames of a mapped file that are decoded before its pages go back to the system.
const WINDOW: usize = 1 << 18;

/// Decodes what is selected into `out`, with up to so many threads where that pays, under a write lease of exactly
/// these samples.
///
/// # Errors
/// [`Error::Unfit`] for another rate or shape than that of what is selected, or a type that is not that of the selection;
/// [`Error::ReadOnly`], [`Error::IndexOutOfRange`], what [`access_to`] gives, and a file that is damaged where the frames
/// are counted: nothing was written then. [`Error::File`] and [`Error::Io`] of the decoder: `out` has the frames before,
/// as the message says, and is undefined behind them.
pub fn read_into(
    source: &mut FrameSource<'_>,
    out: &Audio,
    selection: Selection,
    threads: usize,
    until: Until<'_>,
) -> Result<(), Error> {
    require_kind(out, source.facts(), selection.dtype)?;
    let (all, start) = (source.count()?, selection.start);
    let rest = all
        .checked_sub(start)
        .ok_or_else(|| out_of_range(start, all))?;
    let frames = selection.frames.unwrap_or(rest).min(rest);
    let samples = out.samples().strided();
    if samples.layout().frames() as u64 != frames {
        return Err(unfit(Unfit::Shape {
            out: samples.layout().shape().to_vec(),
            file: (source.facts().channels, frames),
        }));
    }
    source.seek(start)?;
    let claim = samples.claim(Mode::Write);
    access_to(&samples, &[claim], Lock::Leases, until, |access| {
        fill(source, access, &samples, start, threads).map_err(|error| {
            let stored = source.position().saturating_sub(start).min(frames);
            partly(error, stored)
        })
    })?
}

/// An error unless a file's frames may be stored in `out`: its rate, its channels, and the type that was asked for.
///
/// # Errors
/// As [`read_into`].
pub fn require_kind(out: &Audio, file: &Facts, dtype: ReadAs) -> Result<(), Error> {
    out.samples().require_writable()?;
    let (own, asked) = (out.dtype(), dtype.of(file));
    if dtype != ReadAs::Float && own != asked {
        return Err(unfit(Unfit::Type {
            out: own.name(),
            asked: asked.name(),
        }));
    }
    if out.rate() != file.rate {
        return Err(unfit(Unfit::Rate {
            out: out.rate().hertz(),
            file: file.rate.hertz(),
        }));
    }
    if out.layout().channels() != file.channels {
        return Err(unfit(Unfit::Channels {
            out: out.layout().shape().to_vec(),
            file: file.channels,
        }));
    }
    Ok(())
}

fn unfit(what: Unfit) -> Error {
    Error::Unfit(Box::new(what))
}

fn fill(
    source: &mut FrameSource<'_>,
    access: &Access,
    out: &Strided<'_>,
    start: u64,
    threads: usize,
) -> Result<(), Error> {
    let frames = out.layout().frames();
    if out.is_file() {
        for done in (0..frames).step_by(WINDOW) {
            let part = out.take_frames(done, WINDOW.min(frames - done))?;
            source.read_into(access, &part)?;
            part.give_back();
        }
        return Ok(());
    }
    if let Some(parts) = parallel::divide(source, start, Some(frames as u64), threads)
        && parallel::read_parts_into(source, access, out, &parts, threads).is_some()
    {
        return Ok(());
    }
    source.read_into(access, out)
}

/// The error of a file that could be decoded no further, and how far it was.
fn partly(mut error: Error, stored: u64) -> Error {
    if let Error::File { message, .. } | Error::Io { message, .. } = &mut error {
        message.push_str(&format!(
            "; out has the first {stored} frames of what was asked for, and is undefined behind them"
        ));
    }
    error
}
