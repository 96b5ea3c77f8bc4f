"""Spectra: what audio is made of over time, as arrays, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import wraps
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._audio_samples import (
    AudioSamples,
    _density,
    _intensities,
    _overlap_added,
    _spectra,
)
from ._class import install

_Window = str | Sequence[float] | NDArray[Any]
_Frames = tuple[int, int, Any, str]

# Below a spectrum's loudest decibels by so many, `mfcc` takes all for equal.
_RANGE = 80.0


class Density(NamedTuple):
    """A power spectral density: the frequencies in Hz, and full scale squared per hertz."""

    frequencies: NDArray[Any]
    density: NDArray[Any]


class Spectrum:
    """The spectra of audio over time, as an array: `np.asarray(spectrum)`.

    It is complex, (bins, frames) of mono audio and (channels, bins, frames) of several channels.
    Frame t is centred on sample `t * hop`. `values` is that array itself; a mask is a product of
    it, and `replace(values)` makes a spectrum of the product, whose `istft()` is audio again.
    """

    __slots__ = ("hop", "n_fft", "pad", "sample_rate", "samples", "values", "window")

    def __init__(
        self, values: NDArray[Any], sample_rate: int, frames: _Frames, samples: int
    ) -> None:
        self.values = values
        self.sample_rate = sample_rate
        self.n_fft, self.hop, self.window, self.pad = frames
        self.samples = samples

    @property
    def shape(self) -> tuple[int, ...]:
        """(bins, frames), or (channels, bins, frames)."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """complex64 of float32 audio, complex128 of all other."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """2, or 3 for several channels."""
        return self.values.ndim

    @property
    def frequencies(self) -> NDArray[Any]:
        """The frequency of each bin in Hz."""
        return np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate)

    @property
    def times(self) -> NDArray[Any]:
        """The time of each frame's middle in seconds."""
        return np.arange(self.shape[-1]) * (self.hop / self.sample_rate)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return (
            f"<Spectrum {self.shape} {self.dtype}, {self.sample_rate} Hz, "
            f"n_fft={self.n_fft}, hop={self.hop}, pad={self.pad!r}>"
        )

    def replace(self, values: Any) -> Spectrum:
        """A spectrum of other values with the same frames: of a mask or another phase.

        `values` has as many bins; ValueError otherwise, and for values that are no complex
        numbers.
        """
        array = np.asarray(values)
        bins = self.n_fft // 2 + 1
        if array.ndim not in (2, 3) or array.shape[-2] != bins or array.dtype.kind not in "fc":
            raise ValueError(
                f"values are complex numbers of shape (bins, frames) or (channels, bins, frames) "
                f"with {bins} bins, not {array.dtype} of shape {array.shape}"
            )
        single = array.dtype in (np.dtype("complex64"), np.dtype("float32"))
        array = array.astype("complex64" if single else "complex128", copy=False)
        return Spectrum(array, self.sample_rate, self._frames, self.samples)

    @property
    def _frames(self) -> _Frames:
        return self.n_fft, self.hop, self.window, self.pad

    def istft(self, frames: int | None = None) -> AudioSamples[Any]:
        """The audio whose spectra these are, of its length or of so many `frames`.

        Frames are transformed back, windowed, added and divided by the sum of the squared windows
        (Griffin and Lim, 1984): what `stft` gave comes back to 1e-12 in float64 where windows
        overlap.
        """
        samples = self.samples if frames is None else frames
        if not isinstance(samples, int | np.integer) or samples < 0:
            raise ValueError(f"frames must be a whole number from 0 on, not {frames!r}")
        values = self.values if self.ndim == 3 else self.values[np.newaxis]
        # A copy of each channel: another thread may write to the values while they are read.
        rows = [
            _overlap_added(np.array(channel.T, order="C").reshape(-1), self._frames, samples)
            for channel in values
        ]
        if self.ndim == 2:
            return AudioSamples.from_numpy(rows[0], self.sample_rate)
        if not rows:
            real = np.dtype("float32" if self.dtype == np.complex64 else "float64")
            return AudioSamples.zeros((0, int(samples)), self.sample_rate, dtype=real)
        return AudioSamples.from_numpy(np.stack(rows), self.sample_rate, layout="channels_first")


Spectrum.__module__ = "audio_samples"
Density.__module__ = "audio_samples"


def _shaped(audio: AudioSamples[Any], row: NDArray[Any], each: int) -> NDArray[Any]:
    """Numbers of frames, one after the other, as (..., numbers, frames), on their memory."""
    shape = () if audio.ndim == 1 else (audio.num_channels,)
    count = 0 if len(audio) == 0 or row.size == 0 else row.size // each // (audio.num_channels or 1)
    return row.reshape(*shape, count, each).swapaxes(-1, -2)


def _given(result: NDArray[Any], out: Any) -> Any:
    """The result, or `out` with the result in it."""
    if out is None:
        return result
    # Assigned to, audio takes a lease; an array of it would not.
    is_audio = isinstance(out, AudioSamples)
    into: Any = out if is_audio else np.asarray(out)
    writable = into.writable if is_audio else into.flags.writeable
    if into.shape != result.shape or into.dtype != result.dtype or not writable:
        kind = "" if writable else "read-only "
        raise ValueError(
            f"out is {kind}{into.dtype} of shape {into.shape}, and {result.dtype} of shape "
            f"{result.shape} is needed"
        )
    if not isinstance(out, np.ndarray | AudioSamples) and not np.shares_memory(
        into, np.asarray(out)
    ):
        raise TypeError(f"out is an array or a tensor in this machine's memory, not {type(out)}")
    into[...] = result
    return out


def _stft(
    self: AudioSamples[Any],
    n_fft: int = 2048,
    hop: int = 512,
    *,
    window: _Window = "hann",
    pad: str = "zeros",
) -> Spectrum:
    # The caller may change values later; the spectrum keeps what it was made with.
    frames = (n_fft, hop, copy(window), pad)
    row = _spectra(self, frames)
    return Spectrum(_shaped(self, row, n_fft // 2 + 1), self.sample_rate, frames, len(self))


_stft.__doc__ = """The short-time Fourier transform, as a `Spectrum`: complex, (..., bins, frames).

Frame t is centred on sample `t * hop`, with `pad` around the audio; there are `1 + len //
hop` (of an even `n_fft`), and none of audio without a frame. float32 audio gives complex64,
all other complex128, integers as fractions of full scale. `window` is 'hann', 'hamming',
'blackman', 'boxcar' or at most `n_fft` values, which lie in the middle of a frame. Nothing
is scaled, as in librosa. ValueError for sizes that do not fit.

>>> audio = AudioSamples.zeros(48_000, 48_000)
>>> audio.stft().shape
(1025, 94)
>>> len(audio.stft().istft())
48000
"""


def _spectrogram(
    self: AudioSamples[Any],
    *,
    power: float = 2.0,
    db: bool = False,
    n_fft: int = 2048,
    hop: int = 512,
    window: _Window = "hann",
    pad: str = "zeros",
    out: Any = None,
) -> Any:
    row = _intensities(self, (n_fft, hop, window, pad), power, db, None)
    return _given(_shaped(self, row, n_fft // 2 + 1), out)


_spectrogram.__doc__ = """The magnitudes of `stft` to a power, (..., bins, frames).

It is float32 of float32 audio, and float64 of all other. `db=True` gives `10 log10` of
them, of at least -100 dB. `out` is an array or a tensor of exactly that shape and type,
such as a row of a batch, and is given back. Otherwise as `stft`.

>>> AudioSamples.zeros((2, 48_000), 48_000).spectrogram(n_fft=512, hop=128).shape
(2, 257, 376)
"""


def _mel(
    self: AudioSamples[Any],
    n_mels: int = 128,
    *,
    n_fft: int = 2048,
    hop: int = 512,
    power: float = 2.0,
    scale: Literal["slaney", "htk"] = "slaney",
    norm: Literal["slaney"] | None = "slaney",
    fmin: float = 0.0,
    fmax: float | None = None,
    db: bool = False,
    window: _Window = "hann",
    pad: str = "zeros",
    out: Any = None,
) -> Any:
    bands = (n_mels, fmin, fmax, scale, norm)
    row = _intensities(self, (n_fft, hop, window, pad), power, db, bands)
    return _given(_shaped(self, row, n_mels), out)


_mel.__doc__ = """The mel spectrogram, (..., bands, frames): float32 of float32 audio, else float64.

`n_mels` triangles from `fmin` to `fmax` (half the rate) Hz on Slaney's `scale` or HTK's,
each of one area with `norm="slaney"`, of height 1 with None: librosa's defaults. `power` is
that of the magnitudes, and `db=True` gives `10 log10`, of at least -100 dB. `out` as for
`spectrogram`.

>>> AudioSamples.zeros(16_000, 16_000).mel(80, n_fft=400, hop=160).shape
(80, 101)
"""


def _mfcc(
    self: AudioSamples[Any],
    n: int = 20,
    *,
    n_mels: int = 128,
    n_fft: int = 2048,
    hop: int = 512,
    scale: Literal["slaney", "htk"] = "slaney",
    norm: Literal["slaney"] | None = "slaney",
    fmin: float = 0.0,
    fmax: float | None = None,
    window: _Window = "hann",
    pad: str = "zeros",
    out: Any = None,
) -> Any:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= n_mels:
        raise ValueError(
            f"n must be a whole number from 1 to the {n_mels} bands of n_mels=, not {n!r}"
        )
    bands = _mel(
        self,
        n_mels,
        n_fft=n_fft,
        hop=hop,
        scale=scale,
        norm=norm,
        fmin=fmin,
        fmax=fmax,
        db=True,
        window=window,
        pad=pad,
    )
    # A frame of NaN or infinity is no measure for the others.
    loudest = bands.max(initial=-np.inf, where=np.isfinite(bands))
    bands = np.maximum(bands, loudest - _RANGE)
    # The orthonormal discrete cosine transform of type II.
    turns = np.pi * np.arange(n)[:, np.newaxis] * (np.arange(n_mels) + 0.5) / n_mels
    cosines = np.sqrt(2 / n_mels) * np.cos(turns)
    cosines[0] /= np.sqrt(2)
    return _given(cosines.astype(bands.dtype) @ bands, out)


_mfcc.__doc__ = """The first `n` mel-frequency cepstral coefficients, (..., n, frames).

The mel spectrogram in decibels, of at most 80 below its largest value, through the
orthonormal DCT of type II: librosa's defaults. Arguments as for `mel`.

>>> AudioSamples.zeros(16_000, 16_000).mfcc(13).shape
(13, 32)
"""


def _psd(self: AudioSamples[Any], n_fft: int = 2048, *, window: str = "hann") -> Density:
    segment = min(n_fft, len(self))
    bins = segment // 2 + 1 if segment else 0
    rows = np.array(_density(self, n_fft, window)).reshape(self.num_channels, bins)
    frequencies = np.fft.rfftfreq(segment, 1 / self.sample_rate) if segment else np.zeros(0)
    return Density(frequencies, rows[0] if self.ndim == 1 else rows)


_psd.__doc__ = """The power spectral density by Welch's method, as `(frequencies, density)`.

Segments of `n_fft` samples, which overlap by half, each without its mean: SciPy's `welch`
with `nperseg=n_fft`. `density` is float64 in full scale squared per hertz, (bins,) or
(channels, bins).

>>> AudioSamples.zeros(48_000, 48_000).psd().frequencies[-1]
np.float64(24000.0)
"""


def _hinted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which says what keywords of other libraries are called here."""
    code = function.__code__
    takes = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]

    @wraps(function)
    def method(self: AudioSamples[Any], *args: Any, **options: Any) -> Any:
        others = {one: value for one, value in options.items() if one not in takes}
        if others:
            from ._names import unexpected

            listed = ", ".join(f"{one}=" for one in takes[:-1])
            raise unexpected(name, f"{listed} and {takes[-1]}=", (), others)
        return function(self, *args, **options)

    return method


_methods: dict[str, Callable[..., Any]] = {
    "stft": _stft,
    "spectrogram": _spectrogram,
    "mel": _mel,
    "mfcc": _mfcc,
    "psd": _psd,
}
for _name, _method in _methods.items():
    install(_name, _hinted(_name, _method))
