//! Processing that goes on from block to block.
//!
//! A [`Processor`] is the state of one kind of processing; a method of audio is the processor used once on the whole
//! ([`Audio::apply`](crate::Audio::apply)). However a signal is cut into blocks, the frames that come out are the same, bit
//! for bit: whatever counts frames counts them from the first of the signal.
//!
//! ```text
//!   processor   the protocol, and the blocks
//!   session     a processor used on blocks of audio, or on the whole
//!   framewise   what needs no frame but the one it changes, and fades, which know where the end is
//!   dithering   fewer bits, with dither
//!   chain       one after the other
//!   meter       what blocks measure together
//!   loudness    EBU R 128
//!   normalize   audio made as loud as a goal
//!   dynamics    compressors, expanders, gates and limiters
//!   filter      second-order sections: their design, and how they run
//!   remix       another number of channels
//!   resample    another sample rate
//!   convolve    impulse responses, and correlation
//!   spectrum    spectra over time, and the way back
//!   fft         the transforms under it
//! ```

mod chain;
mod convolve;
mod dithering;
mod dynamics;
mod fft;
mod filter;
mod framewise;
mod loudness;
mod meter;
mod normalize;
mod processor;
mod remix;
mod resample;
mod session;
mod spectrum;
mod true_peak;

pub use chain::Chain;
pub use convolve::{ConvolutionMode, Convolver, ImpulseResponse};
pub use dithering::Dithering;
pub use dynamics::{Compressor, Expander, Gate, Limiter, Limiting, Reduction};
pub use filter::{Band, Equal, Filter, Response, Sections};
pub use framewise::{FadeEnds, Framewise};
pub use loudness::{LoudnessMeter, Measure, largest_peak};
pub use meter::LevelMeter;
pub use normalize::Goal;
pub use processor::{Processor, SignalBlock, SignalFormat};
pub use remix::Remix;
pub use resample::{Quality, Ratio, Resampler};
pub use session::Session;
pub use spectrum::{
    Complex, Framing, InType, Intensities, Intensity, MelBands, MelScale, Padding, Spectra,
    overlap_added, window_of,
};
