//! Two pieces of audio whose shapes do not fit, told in frames and channels: what to slice, and to what.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::audio::Audio;
use crate::error::shape_text;

/// What was to be done with the two.
#[derive(Clone, Copy)]
pub enum Deed<'a> {
    /// `audio + other`
    New(&'a str),
    /// `audio += other`, or `audio[key] = other`
    InPlace(&'a str),
}

/// The error, or a better one where two pieces of audio do not fit.
#[cold]
pub fn told(py: Python<'_>, audio: &Audio, other: &Audio, deed: Deed<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyValueError>(py) {
        return error;
    }
    match misfit(audio, other, deed) {
        Some(message) => PyValueError::new_err(message),
        None => error,
    }
}

/// What does not fit, and the slices that do; `None` if they fit, or if one lies the other way around.
fn misfit(audio: &Audio, other: &Audio, deed: Deed<'_>) -> Option<String> {
    let (own, theirs) = (audio.layout(), other.layout());
    let fits = match deed {
        Deed::InPlace(_) if !audio.samples().writable() => return None,
        Deed::New(_) if theirs.ndim() > own.ndim() => {
            audio.samples().strided().broadcast_into(theirs)
        }
        _ => other.samples().strided().broadcast_into(own),
    };
    let (channels, frames) = (own.channels(), own.frames());
    let (their_channels, their_frames) = (theirs.channels(), theirs.frames());
    let turned = own.ndim() == 2 && theirs.ndim() == 2 && channels == their_frames;
    if fits.is_some() || turned && frames == their_channels {
        return None;
    }
    let symbol = match deed {
        Deed::New(symbol) | Deed::InPlace(symbol) => symbol,
    };
    let (mine, yours) = match symbol {
        "=" => ("audio[:]", "other"),
        _ => ("audio", "other"),
    };
    if frames != their_frames {
        let way_out = if frames > their_frames {
            format!("audio[:{their_frames}] {symbol} {yours}")
        } else {
            format!("{mine} {symbol} other[:{frames}]")
        };
        return Some(format!(
            "audio of {frames} frames and audio of {their_frames} frames, of shapes {} and {}, are not of one \
             length; slice the longer one, as in {way_out}",
            shape_text(own.shape()),
            shape_text(theirs.shape())
        ));
    }
    let way_out = if own.ndim() == 1 {
        let all = match deed {
            Deed::InPlace("=") => String::new(),
            Deed::InPlace(symbol) | Deed::New(symbol) => {
                format!(
                    ", and audio {} other gives new audio of all",
                    symbol.trim_end_matches('=')
                )
            }
        };
        format!("{mine} {symbol} other.channel(0) takes one of its channels{all}")
    } else if channels > their_channels {
        format!(
            "slice the one of more channels, as in audio[:{their_channels}, :] {symbol} {yours}, or give one \
             channel to all, as in {mine} {symbol} other.channel(0)"
        )
    } else {
        format!(
            "slice the one of more channels, as in {mine} {symbol} other[:{channels}, :], or give one channel to \
             all, as in {mine} {symbol} other.channel(0)"
        )
    };
    Some(format!(
        "audio of shape {} takes no audio of shape {}: {channels} channel{} and {their_channels}; {way_out}",
        shape_text(own.shape()),
        shape_text(theirs.shape()),
        if channels == 1 { "" } else { "s" },
    ))
}
