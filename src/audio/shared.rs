//! Audio that several processes have at once, and what one sends to another instead of the samples.

use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::{Error, shape_text};
use crate::layout::Layout;
use crate::memory::{Content, Ticket};
use crate::view::Samples;

/// Which samples of which segment: what another process needs to have the same audio. It holds nothing; a
/// segment that every process has let go of waits for a handle that was made and not taken for some minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Handle {
    /// The name of the segment.
    pub name: String,
    /// The type of its samples.
    pub dtype: Dtype,
    /// Where the samples lie in it: shape, bytes from one to the next, byte of the first.
    pub shape: Vec<usize>,
    /// Bytes from one sample to the next along each axis.
    pub strides: Vec<isize>,
    /// The byte of the first sample.
    pub offset: usize,
    /// Whether they may be changed through the audio that the handle becomes.
    pub writable: bool,
    /// What keeps the segment until the handle is taken, unless too many are on their way.
    pub ticket: Option<Ticket>,
}

impl Audio {
    /// Silence in a segment that other processes can attach, read-only for them unless `writable`. The result
    /// may be written to.
    ///
    /// # Errors
    /// [`Error::Io`] where there is no room for it.
    pub fn zeros_shared(
        shape: &[usize],
        dtype: Dtype,
        rate: SampleRate,
        writable: bool,
    ) -> Result<Audio, Error> {
        let content = Content {
            dtype,
            shape: shape.to_vec(),
            rate: rate.hertz(),
            writable,
        };
        Audio::new(Samples::in_segment(content)?, rate)
    }

    /// The audio of the segment of that name, all of it.
    ///
    /// # Errors
    /// [`Error::Io`] where there is none of that name, [`Error::File`] for one that is damaged.
    pub fn attach(name: &str) -> Result<Audio, Error> {
        let (samples, rate) = Samples::attach(name, None)?;
        Audio::new(samples, SampleRate::new(rate)?)
    }

    /// The name of the segment that the samples lie in, if they lie in one.
    pub fn shared_name(&self) -> Option<&str> {
        self.samples().buffer().shared().map(|(name, _)| name)
    }

    /// In the child of a fork: takes back the samples that threads of the parent had borrowed at that moment. Those
    /// threads are not in the child, and would have them out for ever. Elsewhere it does nothing.
    pub fn reclaim(&self) {
        self.samples().reclaim();
    }

    /// What to send to another process, if the samples lie in a segment. It counts as on its way from now on,
    /// until [`Audio::of_handle`] has taken it.
    pub fn handle(&self) -> Option<Handle> {
        let name = self.shared_name()?.to_owned();
        let ticket = self.samples().buffer().send_handle();
        let layout = self.layout();
        Some(Handle {
            name,
            dtype: self.dtype(),
            shape: layout.shape().to_vec(),
            strides: layout.strides().to_vec(),
            offset: layout.offset(),
            writable: self.samples().writable(),
            ticket,
        })
    }

    /// The audio that a handle stands for.
    ///
    /// # Errors
    /// As [`Audio::attach`], and a handle that does not fit its segment.
    pub fn of_handle(handle: &Handle) -> Result<Audio, Error> {
        let (samples, rate) = Samples::attach(&handle.name, handle.ticket)?;
        let audio = Audio::new(samples, SampleRate::new(rate)?)?;
        audio.require(None, Some(handle.dtype))?;
        let layout = Layout::strided(&handle.shape, &handle.strides, handle.offset)?;
        let bytes = layout.len().checked_mul(handle.dtype.size());
        let countable = bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok());
        let repeats = handle.writable && layout.overlaps_itself(handle.dtype.size());
        if layout.ndim() == 0 || !countable || repeats {
            return Err(Error::InvalidArgument {
                message: format!(
                    "no handle of shared audio has shape {} and strides {:?}",
                    shape_text(&handle.shape),
                    handle.strides
                ),
            });
        }
        let part = audio.samples().with_layout(layout)?;
        if handle.writable {
            // The handle's maker may write, or it would not say so.
            return Ok(audio.with_samples(part));
        }
        Ok(audio.with_samples(part.readonly()))
    }

    /// An error that says what the audio is, unless it is of that shape and type.
    pub fn require(&self, shape: Option<&[usize]>, dtype: Option<Dtype>) -> Result<(), Error> {
        let has = self.layout().shape();
        if shape.is_none_or(|shape| shape == has) && dtype.is_none_or(|it| it == self.dtype()) {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            message: format!(
                "the shared audio {} is {} of shape {}, not {} of shape {}",
                self.shared_name().unwrap_or_default(),
                self.dtype().name(),
                shape_text(has),
                dtype.unwrap_or(self.dtype()).name(),
                shape_text(shape.unwrap_or(has))
            ),
        })
    }
}
