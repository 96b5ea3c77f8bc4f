"""Processing that goes on from block to block: for every split into blocks the output is the same,
bit for bit.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import disjoint_base

from ._audio_samples import AudioSamples, _Int, _Real, _Reals

__all__ = [
    "Chain",
    "Compressor",
    "Convolver",
    "Dither",
    "Equalizer",
    "Expander",
    "Fade",
    "Filter",
    "Gain",
    "Gate",
    "LevelMeter",
    "Limiter",
    "LoudnessMeter",
    "Processor",
    "Resampler",
    "design",
]

_A = TypeVar("_A", bound=AudioSamples[Any])
_Curve = Literal["linear", "equal_power", "exponential", "logarithmic", "raised_cosine"]

@disjoint_base
class Processor:
    """The state of one kind of processing, carried from block to block. Made by its kinds, such as
    `Gain`.

    A block of another rate, type or number of channels than those before it is a ValueError
    that names both.
    """

    def process(self, block: AudioSamples[Any]) -> AudioSamples[Any]:
        """Processes the next block and gives what comes out as new audio.

        What comes out lags behind by `latency` frames; `stream` and `AudioSamples.apply` take that
        out.

        >>> block = AudioSamples.new_mono(np.ones(2), 48_000)
        >>> audio_samples.dsp.Gain(-20).process(block).to_numpy()
        array([0.1, 0.1])
        """

    def process_inplace(self, block: _A) -> _A:
        """Processes the next block where it lies, and gives the same object."""

    def flush(self) -> AudioSamples[Any] | None:
        """What is still inside, as new audio; None if there was no block.

        The next block begins another signal.
        """

    def reset(self) -> None:
        """Forgets all blocks: the next one begins another signal."""

    @property
    def latency(self) -> int:
        """Frames by which what comes out lags behind what goes in.

        Known from the first block on, which says the rate.
        """

    def copy(self) -> Processor:
        """A processor of the same kind that has not processed anything."""

    def stream(self, blocks: Iterable[AudioSamples[Any]]) -> Iterator[AudioSamples[Any]]:
        """The blocks of a signal processed: as long as the whole, without the latency, with the
        rest.

        The processor's own state is neither used nor changed. `write` takes what comes out:
        `write("out.wav", dsp.Gain(-3).stream(stream("in.wav")))`.
        """

@final
class Gain(Processor):
    """A gain of `db` decibels; -inf is silence. As `AudioSamples.gain`."""

    def __new__(cls, db: _Real) -> Gain: ...

@final
class Fade(Processor):
    """A fade in of `fade_in` seconds at the beginning, and a fade out of `fade_out` seconds at the
    end, wherever that comes.

    The fade out holds back as many frames as it takes: that is the latency. Curves as for
    `AudioSamples.fade_in`.
    """

    def __new__(
        cls, fade_in: _Real = 0.0, fade_out: _Real = 0.0, *, curve: _Curve = "linear"
    ) -> Fade: ...

@final
class Dither(Processor):
    """Rounds to steps of `2**-(bits - 1)` with dither: `tpdf` or `shaped`, as
    `AudioSamples.convert`.
    """

    def __new__(
        cls, bits: int = 16, kind: Literal["tpdf", "shaped"] = "tpdf", *, seed: int | None = None
    ) -> Dither: ...

@final
class Filter(Processor):
    """A filter of second-order sections, of shape (sections, 6). As `AudioSamples.filter`."""

    def __new__(cls, sos: Any) -> Filter: ...

@final
class Equalizer(Processor):
    """The bands of an equalizer, such as `("peaking", 1_000, 3.0)`. As `AudioSamples.eq`."""

    def __new__(cls, bands: Sequence[tuple[Any, ...]]) -> Equalizer: ...

@final
class Compressor(Processor):
    """Makes what is above `threshold_db` softer. As `AudioSamples.compress`.

    >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    >>> softer = loud.apply(audio_samples.dsp.Compressor(-20, ratio=4))
    """

    def __new__(
        cls,
        threshold_db: _Real = -20.0,
        ratio: _Real = 4.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
    ) -> Compressor: ...
    def gain_curve(self, audio: AudioSamples[Any]) -> NDArray[np.float64]:
        """The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).

        The processor's own state is neither used nor changed.

        >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
        >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
        np.float64(-15.0)
        """

@final
class Expander(Processor):
    """Makes what is below `threshold_db` softer still. As `AudioSamples.expand`."""

    def __new__(
        cls,
        threshold_db: _Real = -40.0,
        ratio: _Real = 2.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
    ) -> Expander: ...
    def gain_curve(self, audio: AudioSamples[Any]) -> NDArray[np.float64]:
        """The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).

        The processor's own state is neither used nor changed.

        >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
        >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
        np.float64(-15.0)
        """

@final
class Gate(Processor):
    """Turns down what is below `threshold_db`. As `AudioSamples.gate`."""

    def __new__(
        cls,
        threshold_db: _Real = -50.0,
        *,
        attack_ms: _Real = 1.0,
        hold_ms: _Real = 50.0,
        release_ms: _Real = 100.0,
        range_db: _Real = 80.0,
    ) -> Gate: ...
    def gain_curve(self, audio: AudioSamples[Any]) -> NDArray[np.float64]:
        """The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).

        The processor's own state is neither used nor changed.

        >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
        >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
        np.float64(-15.0)
        """

@final
class Limiter(Processor):
    """Lets no sample past `ceiling_db`. As `AudioSamples.limit`.

    The look-ahead holds back as many frames: that is the latency.

    >>> master = audio_samples.dsp.Chain([audio_samples.dsp.Gain(3), audio_samples.dsp.Limiter(-1)])
    """

    def __new__(
        cls,
        ceiling_db: _Real = -1.0,
        *,
        lookahead_ms: _Real = 5.0,
        release_ms: _Real = 50.0,
    ) -> Limiter: ...
    def gain_curve(self, audio: AudioSamples[Any]) -> NDArray[np.float64]:
        """The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).

        The processor's own state is neither used nor changed.

        >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
        >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
        np.float64(-15.0)
        """

@final
class Resampler(Processor):
    """Another sample rate. As `AudioSamples.resample`: no frame comes late, some are held back."""

    def __new__(cls, rate: _Int, quality: Literal["high", "best"] = "high") -> Resampler: ...

@final
class Convolver(Processor):
    """An impulse response: audio, or an array of shape (taps,) or (channels, taps). As
    `AudioSamples.convolve`.

    Frames are held back until a block of the convolution is whole: that is the latency, some
    16,384 frames for a second of response, and 0 up to 16 taps. The tail of `taps - 1` frames
    comes out of `flush`, `stream` and `AudioSamples.apply`; where samples stay in their place
    (`apply_inplace`, `edit(path).apply`) there is no room for it, and it is cut off: `stream`
    into `write` keeps it.

    >>> echo = audio_samples.dsp.Convolver([1.0, 0.0, 0.5])
    >>> AudioSamples.new_mono(np.ones(2), 48_000).apply(echo).to_numpy()
    array([1. , 1. , 0.5, 0.5])
    """

    def __new__(cls, ir: AudioSamples[Any] | ArrayLike) -> Convolver: ...

@final
class Chain(Processor):
    """Processors one after the other. Copies of them are made: what they have processed stays with
    them.

    >>> from audio_samples import dsp
    >>> chain = dsp.Chain([dsp.Gain(-6), dsp.Fade(0.1, 0.5)])
    """

    def __new__(cls, processors: Iterable[Processor]) -> Chain: ...

@final
class LevelMeter:
    """Levels of all blocks so far: what audio's methods give of the whole, bit for bit.

    >>> meter = audio_samples.dsp.LevelMeter()
    >>> meter.update(AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000))
    >>> meter.peak, meter.rms
    (0.5, 0.5)
    """

    def __new__(cls) -> LevelMeter: ...
    def update(self, block: AudioSamples[Any]) -> None:
        """Takes in a block. ValueError for one of another rate, type or number of channels."""

    def reset(self) -> None:
        """Forgets all blocks."""

    @property
    def peak(self) -> float:
        """The largest distance of a sample from zero; full scale is 1.0."""

    @property
    def rms(self) -> float:
        """The root of the mean square; full scale is 1.0."""

    @property
    def crest_factor(self) -> float:
        """Peak by RMS."""

    @property
    def dc_offset(self) -> float:
        """The mean; full scale is 1.0."""

@final
class LoudnessMeter:
    """Loudness of all blocks so far (EBU R 128, ITU-R BS.1770-4).

    `weights` as for `AudioSamples.loudness`. `only` is 'integrated', 'range' or 'true_peak' for a
    meter of one of them, which takes half the time; asked for another, it raises a ValueError.

    >>> meter = audio_samples.dsp.LoudnessMeter()
    >>> meter.update(AudioSamples.zeros(48_000, 48_000))
    >>> meter.integrated
    -inf
    """

    def __new__(
        cls,
        weights: _Reals | None = None,
        *,
        only: Literal["integrated", "range", "true_peak"] | None = None,
    ) -> LoudnessMeter: ...
    def update(self, block: AudioSamples[Any]) -> None:
        """Takes in a block. ValueError for one of another rate, type or number of channels."""

    def reset(self) -> None:
        """Forgets all blocks."""

    @property
    def integrated(self) -> float:
        """Integrated loudness in LUFS, gated: -inf for silence."""

    @property
    def momentary(self) -> float:
        """Loudness of the last 400 ms in LUFS."""

    @property
    def short_term(self) -> float:
        """Loudness of the last 3 s in LUFS."""

    @property
    def range(self) -> float:
        """Loudness range in LU (EBU Tech 3342)."""

    @property
    def true_peak(self) -> float:
        """The largest true peak in dBTP (ITU-R BS.1770-4, Annex 2)."""

def design(
    band: Literal["lowpass", "highpass", "bandpass", "bandstop"],
    hz: float | tuple[float, float],
    sample_rate: _Int,
    order: _Int = 2,
    kind: Literal["butterworth", "chebyshev1", "chebyshev2", "elliptic", "bessel"] = "butterworth",
    *,
    ripple_db: _Real | None = None,
    attenuation_db: _Real | None = None,
) -> NDArray[np.float64]:
    """The sections of a filter, of shape (sections, 6), as `scipy.signal.iirfilter` gives them.

    `bandpass` and `bandstop` take two edges. Options as for `AudioSamples.lowpass`.

    >>> audio_samples.dsp.design("bandpass", (300, 3_400), 16_000, order=4).shape
    (4, 6)
    """
