//! A filter forwards and backwards: nothing comes late, and the attenuation is twice as high.
//!
//! The ends are continued by reflection about the first and the last sample, as SciPy's `sosfiltfilt` does it. What comes
//! out forwards is not kept: only the state at the beginning of each part is, from which the part is computed again when
//! the way back reaches it. So a filter of any length of audio takes the memory of a part, also where the samples lie.

use super::Sections;
use super::cascade::Cascade;
use crate::error::Error;
use crate::kernel::planes::{load_row, store_row};
use crate::view::{Access, Strided};

/// Frames of a part.
const PART: usize = 1 << 16;

/// Filters one channel of `from` into `out`.
pub fn run(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    channel: usize,
    sections: &Sections,
) -> Result<(), Error> {
    let frames = from.layout().frames();
    if frames == 0 {
        return Ok(());
    }
    let padding = padding(sections).min(frames - 1);
    let load = |start: usize, into: &mut [f64]| -> Result<(), Error> {
        load_row(access, &from.take_frames(start, into.len())?, channel, into);
        Ok(())
    };
    let (mut head, mut tail) = (vec![0.0; padding + 1], vec![0.0; padding + 1]);
    load(0, &mut head)?;
    load(frames - padding - 1, &mut tail)?;
    let (first, last) = (head[0], tail[padding]);
    // Backwards, and turned about the end.
    let mut before: Vec<f64> = head[1..].iter().rev().map(|x| 2.0 * first - x).collect();
    let mut behind: Vec<f64> = tail[..padding]
        .iter()
        .rev()
        .map(|x| 2.0 * last - x)
        .collect();

    let mut forwards = Cascade::new(sections);
    forwards.settle_at(before.first().copied().unwrap_or(first));
    forwards.run(&mut before);
    let mut states = Vec::with_capacity(frames.div_ceil(PART));
    let mut part = vec![0.0; PART.min(frames)];
    for start in (0..frames).step_by(PART) {
        states.push(forwards.clone());
        let part = &mut part[..PART.min(frames - start)];
        load(start, part)?;
        forwards.run(part);
    }
    forwards.run(&mut behind);

    let mut backwards = Cascade::new(sections);
    let end = behind.last().copied();
    behind.reverse();
    let mut is_settled = false;
    if let Some(end) = end {
        backwards.settle_at(end);
        backwards.run(&mut behind);
        is_settled = true;
    }
    for (number, mut forwards) in states.into_iter().enumerate().rev() {
        let start = number * PART;
        let part = &mut part[..PART.min(frames - start)];
        load(start, part)?;
        forwards.run(part);
        part.reverse();
        if !is_settled {
            backwards.settle_at(part[0]);
            is_settled = true;
        }
        backwards.run(part);
        part.reverse();
        store_row(
            access,
            &out.take_frames(start, part.len())?,
            channel,
            part,
            false,
        );
    }
    Ok(())
}

/// Frames by which SciPy continues the ends: three times the length of the filter, less what sections do not use.
fn padding(sections: &Sections) -> usize {
    let sections = sections.as_slice();
    let unused = |at: usize| sections.iter().filter(|section| section[at] == 0.0).count();
    3 * (2 * sections.len() + 1 - unused(2).min(unused(5)))
}
