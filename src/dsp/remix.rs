//! Another number of channels: all of them in one, or one in several.

use crate::dsp::processor::{Processor, SignalBlock, SignalFormat};
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};

/// A mix to one channel, which is the mean of all, or one channel in several.
#[derive(Clone, Copy, Debug)]
pub struct Remix {
    channels: usize,
}

impl Remix {
    /// To so many channels.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for none.
    pub fn new(channels: usize) -> Result<Remix, Error> {
        if channels == 0 {
            return Err(Error::invalid("channels must be at least 1, not 0".into()));
        }
        Ok(Remix { channels })
    }

    fn mix<T: Real>(self, planes: &mut Planes<T>) {
        if planes.channels() == self.channels {
            return;
        }
        let mut mixed = Planes::new(self.channels);
        mixed.resize(planes.frames());
        if planes.channels() == 1 {
            for plane in mixed.planes_mut() {
                plane.copy_from_slice(planes.plane(0));
            }
        } else {
            mean(planes, mixed.plane_mut(0));
        }
        *planes = mixed;
    }
}

/// The mean of all channels, summed in float64 and rounded once.
fn mean<T: Real>(planes: &Planes<T>, out: &mut [T]) {
    const STEP: usize = 256;
    let count = planes.channels() as f64;
    let mut sums = [0.0; STEP];
    for (step, out) in out.chunks_mut(STEP).enumerate() {
        let sums = &mut sums[..out.len()];
        sums.fill(0.0);
        for plane in planes.planes() {
            for (sum, sample) in sums.iter_mut().zip(&plane[step * STEP..]) {
                *sum += sample.to_f64();
            }
        }
        for (sample, sum) in out.iter_mut().zip(sums) {
            *sample = T::nearest(*sum / count);
        }
    }
}

impl Processor for Remix {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        if self.channels != 1 && format.channels != 1 && self.channels != format.channels {
            return Err(Error::invalid(format!(
                "{} channels do not become {}: all of them become 1, and 1 becomes any number; slice the channels that \
                 you want, as in audio[:{}, :]",
                format.channels,
                self.channels,
                self.channels.min(format.channels)
            )));
        }
        Ok(SignalFormat {
            channels: self.channels,
            ..*format
        })
    }

    fn process(&mut self, block: &mut SignalBlock) {
        match block {
            SignalBlock::Single(planes) => self.mix(planes),
            SignalBlock::Double(planes) => self.mix(planes),
        }
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(*self)
    }
}
