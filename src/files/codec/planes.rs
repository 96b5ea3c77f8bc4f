//! The planes of a decoded packet, stored where they are wanted.

use std::ops::Range;

use symphonia::core::audio::sample::Sample as Decoded;
use symphonia::core::audio::{Audio, GenericAudioBufferRef};

use crate::dtype::Sample;
use crate::error::Error;
use crate::files::pcm::block::transfer;
use crate::view::{Access, Strided};

/// Stores a part of a packet in `out`, which has as many frames and channels.
pub fn store(
    access: &Access,
    out: &Strided<'_>,
    packet: &GenericAudioBufferRef<'_>,
    part: Range<usize>,
) -> Result<(), Error> {
    match packet {
        GenericAudioBufferRef::S16(planes) => each(access, out, *planes, part),
        GenericAudioBufferRef::S32(planes) => each(access, out, *planes, part),
        GenericAudioBufferRef::F32(planes) => each(access, out, *planes, part),
        GenericAudioBufferRef::F64(planes) => each(access, out, *planes, part),
        // Whole numbers of other sizes: their highest bits are those of an int32.
        other => {
            let mut wide: Vec<Vec<i32>> = Vec::new();
            other.copy_to_vecs_planar(&mut wide);
            for (channel, plane) in wide.iter().enumerate() {
                store_plane(access, out, channel, &plane[part.clone()])?;
            }
            Ok(())
        }
    }
}

fn each<T: Sample + Decoded>(
    access: &Access,
    out: &Strided<'_>,
    planes: &impl Audio<T>,
    part: Range<usize>,
) -> Result<(), Error> {
    for (channel, plane) in planes.iter_planes().enumerate() {
        store_plane(access, out, channel, &plane[part.clone()])?;
    }
    Ok(())
}

fn store_plane<T: Sample>(
    access: &Access,
    out: &Strided<'_>,
    channel: usize,
    samples: &[T],
) -> Result<(), Error> {
    let row = out.window(0, channel, 1);
    transfer(access, &row, &Strided::of_slice(samples))
}
