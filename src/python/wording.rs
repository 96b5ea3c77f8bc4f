//! The core's errors in the words of a Python caller: what was wrong, with the numbers, and the call that helps.

use crate::error::{Error, HeldBy, Unfit, shape_text};

/// What the exception says.
#[cold]
pub fn wording(error: &Error) -> String {
    let way_out = match error {
        Error::ShapeMismatch {
            audio,
            operand,
            between: Some(symbol),
        } if !turned(audio, operand) => return between(audio, operand, symbol),
        Error::ShapeMismatch { audio, operand, .. } => fitting(audio, operand),
        Error::SampleRateMismatch { audio, operand } => resampled(*audio, *operand),
        Error::DivisionByZero { .. } => {
            "np.divide of audio.to_numpy() keeps inf and nan if you want them".into()
        }
        Error::IntegerOverflow { .. } => {
            "use integer_overflow(\"saturate\") or (\"wrap\"), or convert the audio \
                                          to a wider type first"
                .into()
        }
        Error::CastRefused {
            from,
            to,
            operator,
            in_file,
        } => return cast_refused(error, from, to, operator, *in_file),
        Error::Unfit(unfit) => unfitting(unfit),
        Error::ReadOnly => "make a writable copy with .copy()".into(),
        Error::Borrowed(held) => match held.holder {
            HeldBy::BorrowMut => {
                return format!(
                    "{error} (borrow_mut); use the borrowed array, or leave its with-block first"
                );
            }
            HeldBy::Borrow => {
                return format!(
                    "{error} (borrow); leave the with-block of the borrow first, or work on a .copy()"
                );
            }
            HeldBy::LostBorrow => "take them back with .reclaim()".into(),
            HeldBy::Arrow => "delete it first, or work on a .copy()".into(),
            HeldBy::View(_) => {
                return format!(
                    "{error} (audio.views lists it); delete it first, also where a variable of an earlier \
                     with-block has it, or borrow_mut() a .copy()"
                );
            }
            HeldBy::OwnOperation => "let it finish, or work on a .copy()".into(),
        },
        Error::StillSeen { .. } => {
            "delete them first, or let them go out of scope (audio.views lists them)".into()
        }
        Error::Closed => "open it again, or take a .copy() before it is closed".into(),
        Error::Busy => "finish that one first, or work on a .copy()".into(),
        other => return other.to_string(),
    };
    format!("{error}; {way_out}")
}

/// Whether the operand is the audio's transpose.
fn turned(audio: &[usize], operand: &[usize]) -> bool {
    matches!((audio, operand), ([channels, frames], [first, second]) if first == frames && second == channels)
}

/// Operands that audio of a shape takes, and what of the one given would be one.
fn fitting(audio: &[usize], operand: &[usize]) -> String {
    let part = match operand {
        _ if turned(audio, operand) => "turn it around with np.asarray(operand).T, or ",
        [_, frames] if [*frames] == *audio => "pick one channel of it with operand[0], or ",
        _ => "",
    };
    match audio {
        [frames] => format!("{part}use ({frames},), (1,) or a single number"),
        [channels, frames] => format!(
            "{part}use ({frames},) for all channels alike, ({channels}, 1) for one number a channel, \
             ({channels}, {frames}) or a single number"
        ),
        _ => format!("{part}use a single number"),
    }
}

/// Two pieces of audio in frames and channels: what to slice, and to what.
fn between(own: &[usize], theirs: &[usize], symbol: &str) -> String {
    let channels_and_frames = |shape: &[usize]| match *shape {
        [channels, frames] => (channels, frames),
        [frames] => (1, frames),
        _ => (1, 1),
    };
    let (channels, frames) = channels_and_frames(own);
    let (their_channels, their_frames) = channels_and_frames(theirs);
    let mine = if symbol == "=" { "audio[:]" } else { "audio" };
    let shapes = format!("{} and {}", shape_text(own), shape_text(theirs));
    if frames != their_frames {
        let way_out = if frames > their_frames {
            format!("audio[:{their_frames}] {symbol} other")
        } else {
            format!("{mine} {symbol} other[:{frames}]")
        };
        return format!(
            "audio of {frames} frames and audio of {their_frames} frames, of shapes {shapes}, are not of one length; \
             slice the longer one, as in {way_out}"
        );
    }
    let way_out = if own.len() == 1 {
        let all = match symbol.trim_end_matches('=') {
            "" => String::new(),
            operator => format!(", and audio {operator} other gives new audio of all"),
        };
        format!("{mine} {symbol} other.channel(0) takes one of its channels{all}")
    } else {
        let sliced = if channels > their_channels {
            format!("audio[:{their_channels}, :] {symbol} other")
        } else {
            format!("{mine} {symbol} other[:{channels}, :]")
        };
        format!(
            "slice the one of more channels, as in {sliced}, or give one channel to all, as in {mine} {symbol} \
             other.channel(0)"
        )
    };
    format!(
        "audio of shape {} takes no audio of shape {}: {channels} channel{} and {their_channels}; {way_out}",
        shape_text(own),
        shape_text(theirs),
        if channels == 1 { "" } else { "s" },
    )
}

/// What fits where `out=` does not.
fn unfitting(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Rate { file, .. } => format!(
            "make out with the rate of the file ({file}), or read without out= and resample what comes back"
        ),
        Unfit::Channels { file: 1, .. } => {
            "out=out.channel(0) takes the file's one channel, or make out of shape (frames,)".into()
        }
        Unfit::Channels { file, .. } => format!("make out of shape ({file}, frames)"),
        Unfit::Shape { out, file } => match (out.last(), file.1) {
            (Some(own), frames) if *own as u64 > frames => {
                format!("out=out[:{frames}] takes them")
            }
            (Some(own), _) => format!("frames={own} reads as many as out has"),
            (None, _) => "make out of that shape".into(),
        },
        Unfit::Type { .. } => "leave dtype= out: samples are converted to the type of out".into(),
    }
}

/// The call that brings audio from one rate to another.
fn resampled(audio: u32, operand: u32) -> String {
    format!("other.resample({audio}) brings other from {operand} to {audio} Hz")
}

/// How the samples of integer audio take an operator whose result is floats.
fn cast_refused(error: &Error, from: &str, to: &str, operator: &str, in_file: bool) -> String {
    let file = if in_file {
        format!(
            "to change this file, close() it and go over it with edit(path), whose blocks are floats and take \
             {operator}, or keep to whole numbers, as in audio //= 2; "
        )
    } else {
        String::new()
    };
    let full_scale: u64 = if to == "int16" { 1 << 15 } else { 1 << 31 };
    format!(
        "{error} (casting='same_kind'); {file}audio {} x gives new {from} audio of {to}'s own numbers (up to \
         {full_scale}), and audio.convert('float32') gives audio of full scale 1.0, which takes {operator} and goes \
         back with .convert('{to}')",
        operator.trim_end_matches('=')
    )
}
