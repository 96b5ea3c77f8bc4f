"""The extension module: everything here is written in Rust."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import (
    Any,
    BinaryIO,
    ClassVar,
    Generic,
    Literal,
    Never,
    Protocol,
    Self,
    SupportsIndex,
    TypeAlias,
    final,
    overload,
)

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Buffer, TypeVar

from . import dsp as dsp
from . import generation as generation
from . import memory as memory
from ._measures import Statistics
from ._spectrum import Density, Spectrum

__version__: str

_Sample = np.int16 | np.int32 | np.float32 | np.float64
_S = TypeVar("_S", bound=_Sample, default=Any)
_T = TypeVar("_T", bound=_Sample)
_F = TypeVar("_F", np.float32, np.float64)
_DType = (
    Literal["int16", "int32", "float32", "float64"] | type[_Sample] | type[float] | np.dtype[Any]
)
_Format = Literal["WAV", "RF64", "AIFF", "FLAC"]
_Subtype = Literal[
    "PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"
]
_Int = int | np.integer[Any]
_Real = float | np.floating[Any] | np.integer[Any]
_Reals = Sequence[float] | NDArray[Any]
_Scalar = int | float | np.integer[Any] | np.floating[Any]
_Operand: TypeAlias = "AudioSamples[Any] | NDArray[Any] | _Scalar"
_Float64: TypeAlias = "AudioSamples[np.float64] | NDArray[np.float64] | np.float64"
_Layout = Literal["channels_first", "frames_first"]
_Kind = Literal["butterworth", "chebyshev1", "chebyshev2", "elliptic", "bessel"]
_Band: TypeAlias = tuple[str, float] | tuple[str, float, float] | tuple[str, float, float, float]
_Dither = Literal["tpdf", "shaped"]
_ConvolutionMode = Literal["full", "same", "valid"]
_Quality = Literal["high", "best"]
_Curve = Literal["linear", "equal_power", "exponential", "logarithmic", "raised_cosine"]

class _Readable(Protocol):
    """Whatever gives bytes: an open file, a socket's, one of fsspec."""

    def read(self, size: int, /) -> bytes: ...

class _Writable(Protocol):
    """Whatever takes bytes and says how many."""

    def write(self, content: bytes, /) -> int: ...

_Read_co = TypeVar("_Read_co", covariant=True, default=Any)
_Path = str | bytes | PathLike[str] | PathLike[bytes]
_Source = _Path | BinaryIO | Buffer | _Readable
_Progress = bool | Callable[[int, int | None], object] | None

class AudioSamplesError(Exception):
    """The base of this package's own errors."""

class SampleRateError(AudioSamplesError, ValueError):
    """Audio of two sample rates in one operation, or a sample rate that is none."""

class BorrowError(AudioSamplesError, BufferError):
    """Samples that a caller has borrowed, or that an operation of this thread still uses."""

class CopyError(AudioSamplesError):
    """Samples would have been copied inside no_copies()."""

class AudioFileError(AudioSamplesError, ValueError):
    """A file that is damaged or of a kind that is not read.

    `offset` is the byte in question, or None; `filename` is the path, or None for file objects and bytes.
    """

    offset: int | None
    filename: str | None

@final
class View:
    """One entry of `AudioSamples.views`: something outside Rust that can reach the samples."""

    @property
    def kind(self) -> str:
        """Through which protocol: `numpy`, `buffer`, `dlpack`, `arrow`, `borrow` or `borrow_mut`."""
    @property
    def mode(self) -> Literal["read", "write"]:
        """`read` or `write`."""
    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that its holder sees."""
    @property
    def span(self) -> tuple[int, int]:
        """The address of the first byte that the view reaches, and the one past its last."""

@final
class Borrow:
    """Samples lent to a with-block: `borrow()` to read, `borrow_mut()` alone to write."""

    def __enter__(self) -> NDArray[Any]: ...
    def __exit__(self, kind: Any, raised: Any, traceback: Any, /) -> None: ...

# What several classes have. These bases are for type checkers: at run time there are none.
class _Closing:
    def close(self) -> None:
        """Lets go of the file that `open` has mapped, or of the memory of `share` and `attach`, once
        it was closed as often as it was opened. Running operations are waited for; while a view of
        the samples is alive it is refused with a `BorrowError` (a `BufferError`) that names it. Any
        access to the samples after that is a ValueError.
        """
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: Any = None, error: Any = None, trace: Any = None) -> None: ...

class _FileFacts:
    @property
    def format(self) -> str:
        """The kind of file, such as `WAV` or `FLAC`."""
    @property
    def subtype(self) -> str:
        """How samples are stored, such as `PCM_16` or `VORBIS`."""
    @property
    def frames(self) -> int:
        """The number of frames."""
    @property
    def num_channels(self) -> int:
        """The number of channels."""
    @property
    def sample_rate(self) -> int:
        """Frames per second, in Hz."""
    @property
    def duration(self) -> float:
        """Length in seconds."""
    @property
    def dtype(self) -> np.dtype[Any]:
        """The sample type that is read: that of `read`, or of the blocks."""

@final
class AudioSamples(_Closing, Generic[_S]):
    """Audio in memory that Rust owns and NumPy shares.

    Mono audio is `(frames,)`, multi-channel audio `(channels, frames)`; samples are int16,
    int32, float32 or float64. Shape, type and sample rate never change, only the samples do.
    Made by `new_mono`, `new_multi`, `zeros`, `from_numpy`, `from_buffer`, `read` and
    `generation`.
    """

    def __new__(cls, *_args: Never, **_options: Never) -> Self: ...

    # -- construction --
    @staticmethod
    def new_mono(
        data: ArrayLike | Buffer,
        sample_rate: _Int,
        *,
        dtype: _DType | None = None,
        copy: bool | None = True,
    ) -> AudioSamples[Any]:
        """Mono audio of an array, a buffer, a tensor or a sequence of numbers of shape `(frames,)`.

        `copy=True` copies, `copy=False` shares the memory or raises, `copy=None` shares it where it can. With
        `dtype` the numbers become samples of that type, unscaled; a ValueError names the first that it does not
        hold. Numbers of a type that is no sample type, such as Python's ints, need it.
        """
    @staticmethod
    def new_multi(
        data: ArrayLike | Buffer,
        sample_rate: _Int,
        *,
        dtype: _DType | None = None,
        layout: _Layout | None = None,
        copy: bool | None = True,
    ) -> AudioSamples[Any]:
        """Multi-channel audio of an array of shape `(channels, frames)`, or `(frames, channels)` with
        `layout="frames_first"`. `dtype` and `copy` as for `new_mono`.
        """
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...], sample_rate: _Int, *, shared: bool = False
    ) -> AudioSamples[np.float64]: ...
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...], sample_rate: _Int, *, dtype: type[_T], shared: bool = False
    ) -> AudioSamples[_T]: ...
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...],
        sample_rate: _Int,
        *,
        dtype: _DType | None = None,
        shared: bool = False,
    ) -> AudioSamples[Any]:
        """Silence of shape `(frames,)` or `(channels, frames)`; `shape` may be a number of frames. With
        `shared=True` it lies in memory that other processes can have too, as that of `share()` does.
        """
    @overload
    @staticmethod
    def from_numpy(
        array: NDArray[_T],
        sample_rate: _Int,
        *,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[_T]: ...
    @overload
    @staticmethod
    def from_numpy(
        array: NDArray[Any],
        sample_rate: _Int,
        *,
        dtype: _DType | None = None,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[Any]:
        """Audio on an array's own memory, mono or multi-channel as the array's shape is. `dtype` and `copy` as for
        `new_mono`; an array of another type is refused unless it may be copied.
        """
    @staticmethod
    def from_buffer(
        buffer: Buffer,
        sample_rate: _Int,
        *,
        dtype: _DType | None = None,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[Any]:
        """Audio on the memory of a buffer exporter (bytearray, mmap, array.array, memoryview). With `dtype`, a buffer of bytes
        is read as samples of that type, and numbers of another type become samples of it in a copy, as for `from_numpy`
        (`memoryview(buffer).cast("B")` is their bytes). Without, the buffer's own type counts.
        """
    @staticmethod
    def from_dlpack(
        tensor: Any,
        sample_rate: _Int,
        *,
        layout: _Layout | None = None,
        copy: bool | None = None,
    ) -> AudioSamples[Any]:
        """Audio on a tensor's own memory (PyTorch, JAX, CuPy, NumPy and others), mono or multi-channel as its shape
        is. `copy=False` shares the memory or raises; `copy=None` shares it where the tensor's library does.
        """
    @staticmethod
    def from_torch(
        tensor: torch.Tensor,
        sample_rate: _Int,
        *,
        layout: _Layout | None = None,
        copy: bool | None = None,
    ) -> AudioSamples[Any]:
        """Audio on a PyTorch tensor's own memory, mono or multi-channel as the tensor's shape is."""
    @staticmethod
    def from_arrow(
        data: Any, sample_rate: _Int | None = None, *, copy: bool | None = None
    ) -> AudioSamples[Any]:
        """Audio on Arrow's memory (arrays, record batches and tables of PyArrow, pandas, Polars and others): numbers
        are mono audio, columns and lists of a fixed size are channels. It is read-only, for Arrow data never
        changes. `copy=None` copies where channels or chunks lie apart, and `copy=False` refuses those.
        `sample_rate` is needed unless the schema's metadata says it.
        """

    # -- facts --
    @property
    def sample_rate(self) -> int:
        """Frames per second, in Hz."""
    @property
    def num_channels(self) -> int:
        """The number of channels; 1 for mono."""
    def samples_per_channel(self) -> int:
        """The number of frames."""
    @property
    def duration(self) -> float:
        """Length in seconds."""
    @property
    def dtype(self) -> np.dtype[_S]:
        """The sample type, as a NumPy dtype."""
    @property
    def shape(self) -> tuple[int, ...]:
        """`(frames,)` or `(channels, frames)`."""
    @property
    def ndim(self) -> int:
        """1 for mono audio, 2 for multi-channel audio."""
    @property
    def size(self) -> int:
        """All samples of all channels."""
    @property
    def nbytes(self) -> int:
        """Bytes of all samples."""
    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one sample to the next along each axis."""
    @property
    def address(self) -> int:
        """The address of the first sample."""

    @property
    def is_mono(self) -> bool:
        """Whether there is one channel only."""
    @property
    def writable(self) -> bool:
        """Whether the samples may be changed."""
    @property
    def views(self) -> list[View]:
        """Everything outside Rust that can reach these samples now, oldest first."""

    # -- views and copies --
    def to_numpy(self, *, copy: bool = False) -> NDArray[_S]:
        """A NumPy array on the same memory (`copy=True`: on its own)."""
    @property
    def frames_first(self) -> NDArray[_S]:
        """The samples as a `(frames, channels)` array on the same memory, for soundfile and SciPy."""
    def copy(self) -> AudioSamples[_S]:
        """The same audio in memory of its own: contiguous and writable."""
    def as_readonly(self) -> AudioSamples[_S]:
        """The same audio on the same memory, which cannot be changed through it."""
    def borrow(self) -> Borrow:
        """`with audio.borrow() as array:` a read-only array of the samples, which no operation on
        audio changes meanwhile: that raises `BorrowError`.
        """
    def borrow_mut(self) -> Borrow:
        """`with audio.borrow_mut() as array:` the one writable array of the samples. Every other
        access to them through audio raises `BorrowError` meanwhile. Refused while another writable
        view of them is alive.

        What outlives the with-block is made read-only, and named by a `BorrowError`.
        """
    def reclaim(self) -> None:
        """In the child of a fork: takes back the samples that other threads had borrowed when the
        process was forked. Those threads are not in the child, and would have them out for ever:
        until then every access to the samples raises a `BorrowError` that says so. Nothing else
        changes: a borrow of this process stays out.
        """
    def channel(self, index: SupportsIndex) -> AudioSamples[_S]:
        """One channel as mono audio on the same memory; negative numbers count from the last."""
    @overload
    def astype(self, dtype: type[_T]) -> AudioSamples[_T]: ...
    @overload
    def astype(self, dtype: Literal["int16"]) -> AudioSamples[np.int16]: ...
    @overload
    def astype(self, dtype: Literal["int32"]) -> AudioSamples[np.int32]: ...
    @overload
    def astype(self, dtype: Literal["float32"]) -> AudioSamples[np.float32]: ...
    @overload
    def astype(self, dtype: Literal["float64"]) -> AudioSamples[np.float64]: ...
    @overload
    def astype(self, dtype: _DType) -> AudioSamples[Any]:
        """A copy with another sample type, by NumPy's cast: 1.7 becomes 1, and 40000 wraps in int16."""
    @overload
    def convert(
        self,
        dtype: type[_T],
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[_T] | None = None,
    ) -> AudioSamples[_T]: ...
    @overload
    def convert(
        self,
        dtype: Literal["int16"],
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[np.int16] | None = None,
    ) -> AudioSamples[np.int16]: ...
    @overload
    def convert(
        self,
        dtype: Literal["int32"],
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[np.int32] | None = None,
    ) -> AudioSamples[np.int32]: ...
    @overload
    def convert(
        self,
        dtype: Literal["float32"],
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[np.float32] | None = None,
    ) -> AudioSamples[np.float32]: ...
    @overload
    def convert(
        self,
        dtype: Literal["float64"],
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[np.float64] | None = None,
    ) -> AudioSamples[np.float64]: ...
    @overload
    def convert(
        self,
        dtype: _DType,
        dither: _Dither | None = None,
        *,
        seed: int | None = None,
        out: AudioSamples[Any] | None = None,
    ) -> AudioSamples[Any]:
        """New audio of another sample type, by the scale of audio: integers are fractions of full
        scale. Rounded to the nearest, ties to even, and saturated.

        `dither="tpdf"` adds noise of triangular density before the rounding, of 1 step at most, so
        that the error does not follow the signal; `"shaped"` also moves the error to where the ear
        hears it least (Lipshitz, Vanderkooy and Wannamaker, 1991). The same `seed` gives the same
        noise. ValueError for dither where nothing is rounded. `out` is audio of that type, shape
        and rate.

        >>> AudioSamples.new_mono(np.array([0.5, -1.0]), 48_000).convert("int16").to_numpy()
        array([ 16384, -32768], dtype=int16)
        """

    def mu_law(self) -> NDArray[np.uint8]:
        """The samples as bytes of G.711's mu-law, an array of the audio's shape.

        >>> AudioSamples.zeros(2, 8_000).mu_law().tolist()
        [255, 255]
        """

    def a_law(self) -> NDArray[np.uint8]:
        """The samples as bytes of G.711's A-law, an array of the audio's shape.

        >>> AudioSamples.zeros(2, 8_000).a_law().tolist()
        [213, 213]
        """

    @staticmethod
    def from_mu_law(data: Buffer | NDArray[np.uint8], sample_rate: _Int) -> AudioSamples[np.int16]:
        """int16 audio of bytes of G.711's mu-law: bytes, or uint8 of shape (frames,) or (channels,
        frames).

        >>> AudioSamples.from_mu_law(bytes([255, 0]), 8_000).to_numpy().tolist()
        [0, -32124]
        """

    @staticmethod
    def from_a_law(data: Buffer | NDArray[np.uint8], sample_rate: _Int) -> AudioSamples[np.int16]:
        """int16 audio of bytes of G.711's A-law, as `from_mu_law`.

        >>> AudioSamples.from_a_law(bytes([213]), 8_000).to_numpy().tolist()
        [8]
        """

    def stft(
        self,
        n_fft: _Int = 2048,
        hop: _Int = 512,
        *,
        window: str | Sequence[float] | NDArray[Any] = "hann",
        pad: Literal["zeros", "reflect"] = "zeros",
    ) -> Spectrum:
        """The short-time Fourier transform, as a `Spectrum`: complex, (..., bins, frames).

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

    def spectrogram(
        self,
        *,
        power: _Real = 2.0,
        db: bool = False,
        n_fft: _Int = 2048,
        hop: _Int = 512,
        window: str | Sequence[float] | NDArray[Any] = "hann",
        pad: Literal["zeros", "reflect"] = "zeros",
        out: Any = None,
    ) -> Any:
        """The magnitudes of `stft` to a power, (..., bins, frames).

        It is float32 of float32 audio, and float64 of all other. `db=True` gives `10 log10` of
        them, of at least -100 dB. `out` is an array or a tensor of exactly that shape and type,
        such as a row of a batch, and is given back. Otherwise as `stft`.

        >>> AudioSamples.zeros((2, 48_000), 48_000).spectrogram(n_fft=512, hop=128).shape
        (2, 257, 376)
        """

    def mel(
        self,
        n_mels: _Int = 128,
        *,
        n_fft: _Int = 2048,
        hop: _Int = 512,
        power: _Real = 2.0,
        scale: Literal["slaney", "htk"] = "slaney",
        norm: Literal["slaney"] | None = "slaney",
        fmin: _Real = 0.0,
        fmax: _Real | None = None,
        db: bool = False,
        window: str | Sequence[float] | NDArray[Any] = "hann",
        pad: Literal["zeros", "reflect"] = "zeros",
        out: Any = None,
    ) -> Any:
        """The mel spectrogram, (..., bands, frames): float32 of float32 audio, else float64.

        `n_mels` triangles from `fmin` to `fmax` (half the rate) Hz on Slaney's `scale` or HTK's,
        each of one area with `norm="slaney"`, of height 1 with None: librosa's defaults. `power` is
        that of the magnitudes, and `db=True` gives `10 log10`, of at least -100 dB. `out` as for
        `spectrogram`.

        >>> AudioSamples.zeros(16_000, 16_000).mel(80, n_fft=400, hop=160).shape
        (80, 101)
        """

    def mfcc(
        self,
        n: _Int = 20,
        *,
        n_mels: _Int = 128,
        n_fft: _Int = 2048,
        hop: _Int = 512,
        scale: Literal["slaney", "htk"] = "slaney",
        norm: Literal["slaney"] | None = "slaney",
        fmin: _Real = 0.0,
        fmax: _Real | None = None,
        window: str | Sequence[float] | NDArray[Any] = "hann",
        pad: Literal["zeros", "reflect"] = "zeros",
        out: Any = None,
    ) -> Any:
        """The first `n` mel-frequency cepstral coefficients, (..., n, frames).

        The mel spectrogram in decibels, of at most 80 below its largest value, through the
        orthonormal DCT of type II: librosa's defaults. Arguments as for `mel`.

        >>> AudioSamples.zeros(16_000, 16_000).mfcc(13).shape
        (13, 32)
        """

    def psd(self, n_fft: _Int = 2048, *, window: str = "hann") -> Density:
        """The power spectral density by Welch's method, as `(frequencies, density)`.

        Segments of `n_fft` samples, which overlap by half, each without its mean: SciPy's `welch`
        with `nperseg=n_fft`. `density` is float64 in full scale squared per hertz, (bins,) or
        (channels, bins).

        >>> AudioSamples.zeros(48_000, 48_000).psd().frequencies[-1]
        np.float64(24000.0)
        """

    def pipe(
        self,
        function: Callable[..., Any],
        *args: Any,
        rate_as: str | None = None,
        layout: _Layout | None = None,
        new_rate: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """What a function of any library makes of the samples, as audio of the same rate.

        The function gets the array on the audio's own memory: what it writes there is written to
        the audio. `layout="frames_first"` hands it over as (frames, channels) and takes the result
        so; `rate_as="sr"` passes the sample rate by that name. An array of samples that comes back,
        mono or with the audio's channels, becomes audio on the array's memory, at `new_rate` if the
        function has changed the rate; anything else, such as one number for each channel, comes
        back as it is. No lease is held while the function runs.

        >>> AudioSamples.new_mono(np.array([1.0, -1.0]), 48_000).pipe(np.abs).sample_rate
        48000
        """

    def plot(
        self,
        kind: Literal["waveform", "spectrum", "spectrogram", "levels"] = "waveform",
        ax: Any = None,
        **options: Any,
    ) -> Any:
        """Draws the audio with Matplotlib on `ax`, or on a new figure, and gives the axes.

        `kind` is `waveform`, `spectrum`, `spectrogram` or `levels`; options are those of the
        function of that name in `audio_samples.plotting`. ValueError for another kind;
        ModuleNotFoundError without Matplotlib.
        """

    def __copy__(self) -> AudioSamples[_S]: ...
    def __deepcopy__(self, memo: Any, /) -> AudioSamples[_S]: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...

    # -- measures --
    @overload
    def peak(self, db: bool = False, per_channel: Literal[False] = False) -> float: ...
    @overload
    def peak(self, db: bool = False, *, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def peak(self, db: bool, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def peak(self, db: bool = False, per_channel: bool = False) -> Any:
        """The largest distance of a sample from zero.

        Full scale is 1.0: -32768 in int16 is 1.0. With `db=True` in dBFS, -inf for silence. One
        number for all channels, or a float64 array of one for each with `per_channel=True`. Empty
        audio gives 0.0; nan if a sample is.

        >>> AudioSamples.new_mono(np.array([0.5, -0.25]), 48_000).peak()
        0.5
        """

    @overload
    def rms(self, db: bool = False, per_channel: Literal[False] = False) -> float: ...
    @overload
    def rms(self, db: bool = False, *, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def rms(self, db: bool, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def rms(self, db: bool = False, per_channel: bool = False) -> Any:
        """The root of the mean square of the samples, summed in float64; otherwise as `peak`.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).rms()
        0.5
        """

    @overload
    def crest_factor(self, db: bool = False, per_channel: Literal[False] = False) -> float: ...
    @overload
    def crest_factor(
        self, db: bool = False, *, per_channel: Literal[True]
    ) -> NDArray[np.float64]: ...
    @overload
    def crest_factor(self, db: bool, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def crest_factor(self, db: bool = False, per_channel: bool = False) -> Any:
        """Peak by RMS: 1.0 for a square wave, 1.414 for a sine, 0.0 for silence; otherwise as
        `peak`.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).crest_factor()
        1.0
        """

    @overload
    def dc_offset(self, per_channel: Literal[False] = False) -> float: ...
    @overload
    def dc_offset(self, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def dc_offset(self, per_channel: bool = False) -> Any:
        """The mean of the samples; full scale is 1.0. 0.0 for empty audio.

        >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).dc_offset()
        0.25
        """

    @overload
    def zero_crossings(self, per_channel: Literal[False] = False) -> int: ...
    @overload
    def zero_crossings(self, per_channel: Literal[True]) -> NDArray[np.int64]: ...
    @overload
    def zero_crossings(self, per_channel: bool = False) -> Any:
        """How often a sample is below zero and the next one of its channel is not, or the other way
        round.

        An int, the sum over all channels, or an int64 array with `per_channel=True`.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5, 0.5]), 48_000).zero_crossings()
        2
        """

    def statistics(self, per_channel: bool = False) -> Statistics:
        """Peak, RMS, crest factor, DC offset, zero crossings, minimum and maximum, in one pass over
        the samples.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).statistics().crest_factor
        1.0
        """

    def loudness(self, weights: _Reals | None = None) -> float:
        """Integrated loudness in LUFS (ITU-R BS.1770-4, EBU R 128).

        -inf for silence, nan if a sample is. Audio of less than 0.4 s counts as one block of its
        own length. 5 and 6 channels count by their BS.1770 positions (L R C Ls Rs, L R C LFE Ls
        Rs), channels of any other number as 1 each, or by `weights`, one factor of the energy for
        each channel. ValueError for another number of weights, or more than 64 channels.

        >>> round(audio_samples.generation.sine_wave(997, duration=5.0).loudness(), 1)
        -3.0
        """

    def loudness_range(self, weights: _Reals | None = None) -> float:
        """Loudness range in LU (EBU Tech 3342); 0.0 for less than 3 s. `weights` as for `loudness`.

        >>> AudioSamples.zeros(48_000, 48_000).loudness_range()
        0.0
        """

    def momentary_loudness(self, weights: _Reals | None = None) -> NDArray[np.float64]:
        """Loudness of every 400 ms in LUFS, not gated: one value each 100 ms, the first at 400 ms.

        Less than 400 ms gives one value, of what there is. `weights` as for `loudness`.

        >>> AudioSamples.zeros(48_000, 48_000).momentary_loudness().shape
        (7,)
        """

    def short_term_loudness(self, weights: _Reals | None = None) -> NDArray[np.float64]:
        """Loudness of every 3 s in LUFS, as `momentary_loudness`: one value each 100 ms, the first
        at 3 s.

        >>> AudioSamples.zeros(48_000, 48_000).short_term_loudness().shape
        (1,)
        """

    @overload
    def true_peak(self, db: bool = True, per_channel: Literal[False] = False) -> float: ...
    @overload
    def true_peak(self, db: bool = True, *, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def true_peak(self, db: bool, per_channel: Literal[True]) -> NDArray[np.float64]: ...
    @overload
    def true_peak(self, db: bool = True, per_channel: bool = False) -> Any:
        """The largest true peak, between the samples too (ITU-R BS.1770-4, Annex 2): in dBTP, or
        1.0 for full scale.

        >>> AudioSamples.new_mono(np.array([0.5, 0.5]), 48_000).true_peak(db=False) >= 0.5
        True
        """

    # -- levels --
    def gain(self, db: _Real) -> AudioSamples[_S]:
        """New audio, louder or softer by `db` decibels; -inf is silence.

        Integers are rounded to the nearest, ties to even, and saturate. ValueError for nan and
        +inf.

        >>> AudioSamples.new_mono(np.array([1.0]), 48_000).gain(-20).to_numpy()
        array([0.1])
        """

    def gain_inplace(self, db: _Real) -> Self:
        """`gain`, where the samples lie: every view of them sees it. Gives the same object."""

    def scale(self, factor: _Real) -> AudioSamples[_S]:
        """New audio of `factor` times each sample; a negative factor turns the phase. Integers as
        for `gain`.

        >>> AudioSamples.new_mono(np.array([30_000], np.int16), 48_000).scale(2).to_numpy()
        array([32767], dtype=int16)
        """

    def scale_inplace(self, factor: _Real) -> Self:
        """`scale`, where the samples lie: every view of them sees it. Gives the same object."""

    def normalize(
        self, peak: _Real | None = -1.0, *, rms: _Real | None = None, lufs: float | None = None
    ) -> AudioSamples[_S]:
        """New audio of one level: its peak or its RMS in dBFS, or its loudness in LUFS, over all
        channels.

        Silence stays silence. ValueError for two levels, and for a level that is no number, with
        the first frame to blame.

        >>> AudioSamples.new_mono(np.array([0.25, -0.5]), 48_000).normalize(peak=0).to_numpy()
        array([ 0.5, -1. ])
        """

    def normalize_inplace(
        self, peak: _Real | None = -1.0, *, rms: _Real | None = None, lufs: float | None = None
    ) -> Self:
        """`normalize`, where the samples lie. Gives the same object."""

    def soft_clip(self, drive_db: _Real = 0.0) -> AudioSamples[_S]:
        """New audio of `tanh(drive * x)`: what is quiet grows by `drive_db`, and full scale is
        never passed.

        >>> AudioSamples.new_mono(np.array([0.0, 10.0]), 48_000).soft_clip(6).peak()
        1.0
        """

    def soft_clip_inplace(self, drive_db: _Real = 0.0) -> Self:
        """`soft_clip`, where the samples lie. Gives the same object."""

    def remove_dc(self) -> AudioSamples[_S]:
        """New audio without the mean of each channel. ValueError if a mean is no number.

        >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).remove_dc().to_numpy()
        array([ 0.25, -0.25])
        """

    def remove_dc_inplace(self) -> Self:
        """`remove_dc`, where the samples lie. Gives the same object."""

    def fade_in(
        self, seconds: _Real | None = None, *, frames: _Int | None = None, curve: _Curve = "linear"
    ) -> AudioSamples[_S]:
        """New audio that begins in silence; the frame behind the fade is as it was.

        A length in seconds or frames. Curves of time t from 0 to 1: `linear` t; `equal_power`
        sin(pi t / 2); `exponential` (1000**t - 1) / 999; `logarithmic` the same turned by half;
        `raised_cosine` (1 - cos(pi t)) / 2. ValueError for a fade longer than the audio.

        >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_in(frames=2).to_numpy()
        array([0. , 0.5, 1. , 1. ])
        """

    def fade_in_inplace(
        self, seconds: _Real | None = None, *, frames: _Int | None = None, curve: _Curve = "linear"
    ) -> Self:
        """`fade_in`, where the samples lie: only those of the fade are written. Gives the same
        object.
        """

    def fade_out(
        self, seconds: _Real | None = None, *, frames: _Int | None = None, curve: _Curve = "linear"
    ) -> AudioSamples[_S]:
        """New audio that ends in silence: `fade_in` backwards.

        >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_out(frames=2).to_numpy()
        array([1. , 1. , 0.5, 0. ])
        """

    def fade_out_inplace(
        self, seconds: _Real | None = None, *, frames: _Int | None = None, curve: _Curve = "linear"
    ) -> Self:
        """`fade_out`, where the samples lie: only those of the fade are written. Gives the same
        object.
        """

    def apply_envelope(
        self, points: Sequence[tuple[float, float]] | NDArray[Any]
    ) -> AudioSamples[_S]:
        """New audio with a gain through points of (seconds, decibels), in straight lines of
        decibels.

        Before the first point and behind the last the gain stays. ValueError for times that do not
        go up from 0.

        >>> AudioSamples.new_mono(np.ones(3), 2).apply_envelope([(0, 0), (1, -40)]).to_numpy()
        array([1.  , 0.1 , 0.01])
        """

    def apply_envelope_inplace(self, points: Sequence[tuple[float, float]] | NDArray[Any]) -> Self:
        """`apply_envelope`, where the samples lie. Gives the same object."""

    def resample(
        self,
        rate: _Int,
        quality: _Quality = "high",
        *,
        out: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """New audio of another sample rate: `round(frames * rate / sample_rate)` frames, none late.

        Linear phase, by overlap-save with a sinc in Kaiser's window. `"high"` keeps the band up to
        0.90 of the lower Nyquist frequency and turns the rest down by 140 dB; `"best"` up to 0.95
        and 186 dB, in float64. Integers saturate. `out` is audio of that rate and shape. ValueError
        for two rates that only a long time divides.

        >>> AudioSamples.zeros(44_100, 44_100).resample(48_000).shape
        (48000,)
        """

    # -- impulse responses --
    def convolve(
        self,
        ir: AudioSamples[Any] | ArrayLike,
        mode: _ConvolutionMode = "full",
        *,
        out: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """New audio convolved with an impulse response: a room, a loudspeaker, a FIR filter.

        `ir` is audio of the same rate, or an array or a list of shape (taps,) for all channels or
        (channels, taps). `"full"` gives `frames + taps - 1` frames, `"same"` as many as the audio
        has, from the middle of those, `"valid"` the `abs(frames - taps) + 1` for which the shorter
        of both lies inside the longer; audio without frames stays so. By overlap-save, up to 16
        taps by the sum itself; float32 is computed in float32, all else in float64. Integers are
        fractions of full scale, also those of audio as `ir`, and saturate. `out` is audio of that
        shape and the same rate, in memory of its own. A NaN spoils what the response reaches from
        it and what is in the same blocks.

        ValueError for no taps, taps that are not finite, other channels, another rate
        (`SampleRateError`) or an `out` that does not fit.

        >>> AudioSamples.new_mono(np.array([1.0, 0.0, 0.5]), 48_000).convolve([1, 0.5]).to_numpy()
        array([1.  , 0.5 , 0.5 , 0.25])
        """

    def correlate(
        self, other: AudioSamples[Any] | ArrayLike, mode: _ConvolutionMode = "full"
    ) -> AudioSamples[Any]:
        """The sums of products with other audio that is moved along this: largest where they match.

        As `scipy.signal.correlate` of real numbers, channel by channel: `other` is audio of the
        same rate, or an array, of one channel or as many. Frame `i` of `"full"` is for this audio
        being later by `i - (len(other) - 1)` frames. Modes as for `convolve`. The result is
        float32 for float32 audio and float64 for all other, in which integers are fractions of
        full scale: sums know no full scale, and nothing saturates. Errors as for `convolve`, but
        NaN and infinity come out as they do of the sums.

        >>> audio = AudioSamples.new_mono(np.array([0.0, 0.0, 1.0, -1.0]), 48_000)
        >>> int(audio.correlate([1, -1]).argmax()) - 1
        2
        """

    def delay(
        self, seconds: _Real | None = None, *, frames: _Int | None = None
    ) -> AudioSamples[_S]:
        """New audio of the same length, later by `seconds` (to the nearest frame) or `frames`.

        Silence is in front, and what would come behind the end is lost: the channels of several
        audios still fit together. `pad(seconds)` keeps it and makes the audio longer;
        `audio[frames:]` is the other direction. ValueError for a negative time.

        >>> AudioSamples.new_mono(np.array([1.0, 2.0, 3.0]), 10).delay(0.1).to_numpy()
        array([0., 1., 2.])
        """

    def delay_inplace(self, seconds: _Real | None = None, *, frames: _Int | None = None) -> Self:
        """`delay`, where the samples lie. Gives the same object."""

    # -- channels --
    def to_mono(
        self,
        method: Literal["mean", "left", "right"] | Sequence[float] = "mean",
        *,
        out: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """Mono audio: the mean of all channels, one of them, or their sum by a weight for each.

        Means and sums are of float64, rounded once; integers saturate. `"left"` and `"right"` are
        views of a channel. Mono audio is given back as it is, on its own memory. `out` has the
        shape (frames,) and the rate, and memory apart; samples are converted to its type.

        >>> AudioSamples.new_multi(np.array([[1.0, 0.0], [0.0, 0.5]]), 48_000).to_mono().to_numpy()
        array([0.5 , 0.25])
        """

    def to_stereo(self, *, out: AudioSamples[Any] | None = None) -> AudioSamples[_S]:
        """Stereo audio: mono audio in both channels; stereo audio is given back as it is.

        ValueError for more channels.

        >>> AudioSamples.zeros(10, 48_000).to_stereo().shape
        (2, 10)
        """

    def pan(
        self, position: _Real, law: Literal["constant_power", "linear"] = "constant_power"
    ) -> AudioSamples[_S]:
        """New stereo audio, panned: from -1, all on the left, to 1, all on the right.

        In the middle each side is 3.01 dB down, or 6.02 dB by the linear law. ValueError for mono.

        >>> AudioSamples.new_multi(np.ones((2, 1)), 48_000).pan(-1).to_numpy().tolist()
        [[1.0], [0.0]]
        """

    def pan_inplace(
        self, position: _Real, law: Literal["constant_power", "linear"] = "constant_power"
    ) -> Self:
        """`pan`, where the samples lie. Gives the same object."""

    def balance(self, position: _Real) -> AudioSamples[_S]:
        """New stereo audio with the other side turned down: from -1, the left alone, to 1, the
        right.

        In the middle nothing changes.

        >>> AudioSamples.new_multi(np.ones((2, 1)), 48_000).balance(0.5).to_numpy().tolist()
        [[0.5], [1.0]]
        """

    def balance_inplace(self, position: _Real) -> Self:
        """`balance`, where the samples lie. Gives the same object."""

    def mid_side(self, inverse: bool = False) -> AudioSamples[_S]:
        """New audio of middle and side, `(l + r) / 2` and `(l - r) / 2`; `inverse=True` undoes it.

        >>> AudioSamples.new_multi(np.array([[1.0], [0.5]]), 48_000).mid_side().to_numpy().tolist()
        [[0.75], [0.25]]
        """

    def mid_side_inplace(self, inverse: bool = False) -> Self:
        """`mid_side`, where the samples lie. Gives the same object."""

    def swap_channels(self, first: _Int = 0, second: _Int = 1) -> AudioSamples[_S]:
        """New audio with two channels in each other's place. IndexError for one that is not there.

        >>> AudioSamples.new_multi(np.eye(2), 9).swap_channels().to_numpy().tolist()
        [[0.0, 1.0], [1.0, 0.0]]
        """

    def swap_channels_inplace(self, first: _Int = 0, second: _Int = 1) -> Self:
        """`swap_channels`, where the samples lie. Gives the same object."""

    # -- cut and join --
    def trim(self, start: _Real = 0.0, end: _Real | None = None) -> AudioSamples[_S]:
        """The frames from `start` to `end` seconds, on the same memory.

        Negative times count from the end. ValueError for times outside the audio.

        >>> AudioSamples.zeros(100, 10).trim(1, -2).duration
        7.0
        """

    def trim_silence(self, threshold_db: _Real = -60.0, keep: _Real = 0.0) -> AudioSamples[_S]:
        """Without the silence at both ends, but `keep` seconds of it, on the same memory.

        A frame is silent if no channel is further from zero than `threshold_db` of full scale. Of
        audio that is all silent nothing is left.

        >>> len(AudioSamples.new_mono(np.array([0.0, 0.5, 0.0]), 48_000).trim_silence())
        1
        """

    def split(
        self, seconds: _Real | None = None, *, frames: int | None = None
    ) -> list[AudioSamples[_S]]:
        """Parts of `seconds` (or `frames`) each, on the same memory; the last may be shorter.

        >>> [len(part) for part in AudioSamples.zeros(10, 48_000).split(frames=4)]
        [4, 4, 2]
        """

    def silences(
        self, threshold_db: _Real = -60.0, min_silence: float = 0.3
    ) -> list[tuple[int, int]]:
        """The silences of at least `min_silence` seconds: the first frame, and the one behind the
        last.

        They are in frames: `audio[a:b]` is silent. A frame is silent if no sample of it is further
        from zero than `threshold_db` dBFS; nan is not silent.

        >>> AudioSamples.zeros(10, 10).silences()
        [(0, 10)]
        """

    def split_silence(
        self, threshold_db: _Real = -60.0, min_silence: _Real = 0.3, keep: float = 0.1
    ) -> list[AudioSamples[_S]]:
        """What lies between the silences, with `keep` seconds of them at each side, on the same
        memory.

        Of a silence that is shorter than twice `keep`, each side has half.

        >>> AudioSamples.zeros(10, 10).split_silence()
        []
        """

    def pad(self, start: _Real = 0.0, end: _Real = 0.0) -> AudioSamples[_S]:
        """New audio with `start` seconds of silence in front and `end` behind.

        >>> AudioSamples.zeros(10, 10).pad(end=0.5).duration
        1.5
        """

    def fit(self, seconds: _Real | None = None, *, frames: _Int | None = None) -> AudioSamples[_S]:
        """New audio of `seconds` (or `frames`): cut off, or with silence behind.

        >>> AudioSamples.zeros(10, 10).fit(frames=4).shape
        (4,)
        """

    def repeat(self, times: _Int) -> AudioSamples[_S]:
        """New audio of this one `times` times.

        >>> AudioSamples.zeros((2, 10), 10).repeat(3).shape
        (2, 30)
        """

    def reverse_inplace(self) -> Self:
        """Turns the order of the frames where they lie, and gives the same object; `audio[::-1]` is a
        view.
        """

    def crossfade(
        self,
        other: AudioSamples[Any],
        seconds: _Real | None = None,
        *,
        frames: _Int | None = None,
        curve: _Curve = "equal_power",
    ) -> AudioSamples[Any]:
        """New audio: this one and another, one into the other over `seconds` (or `frames`).

        Curves as for `fade_in`: equal power for audio that is not alike, linear for audio that is.
        ValueError for a fade longer than either.

        >>> AudioSamples.zeros(10, 10).crossfade(AudioSamples.zeros(5, 10), frames=2).shape
        (13,)
        """

    def overlay(
        self, other: AudioSamples[Any], at: _Real = 0.0, gain_db: float = 0.0
    ) -> AudioSamples[Any]:
        """New audio with another on top of it from `at` seconds on.

        Mono goes onto any channels; integers saturate. ValueError for audio that does not end
        within this one: `pad` or `fit` makes room.

        >>> AudioSamples.zeros(10, 10).overlay(AudioSamples.new_mono(np.ones(1), 10), 0.5)[5]
        np.float64(1.0)
        """

    def overlay_inplace(
        self, other: AudioSamples[Any], at: _Real = 0.0, gain_db: float = 0.0
    ) -> Self:
        """`overlay`, where the samples lie. Gives the same object."""

    # -- filters --
    def lowpass(
        self,
        hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> AudioSamples[_S]:
        """New audio of what lies below `hz`, which is 3 dB down there.

        Second-order sections with a state of float64, computed as SciPy computes them, at rest
        in the beginning. Kinds: `butterworth`; `chebyshev1`, which takes `ripple_db`;
        `chebyshev2`, which takes `attenuation_db`; `elliptic`, which takes both; `bessel`. `order`
        is from 1 to 24.
        `zero_phase=True` filters forwards and backwards: nothing comes late, and the attenuation is
        twice as high. ValueError for a frequency that is not between 0 and half the sample rate.

        >>> AudioSamples.new_mono(np.ones(48_000), 48_000).lowpass(1_000).peak() > 0.99
        True
        """

    def lowpass_inplace(
        self,
        hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> Self:
        """`lowpass`, where the samples lie. Gives the same object."""

    def highpass(
        self,
        hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> AudioSamples[_S]:
        """New audio of what lies above `hz`, which is 3 dB down there; otherwise as `lowpass`.

        >>> abs(AudioSamples.new_mono(np.ones(48_000), 48_000).highpass(80)[-1]) < 1e-6
        np.True_
        """

    def highpass_inplace(
        self,
        hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> Self:
        """`highpass`, where the samples lie. Gives the same object."""

    def bandpass(
        self,
        low_hz: _Real,
        high_hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> AudioSamples[_S]:
        """New audio of what lies between `low_hz` and `high_hz`; otherwise as `lowpass`.

        >>> AudioSamples.zeros(10, 48_000).bandpass(300, 3_400, 4).shape
        (10,)
        """

    def bandpass_inplace(
        self,
        low_hz: _Real,
        high_hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> Self:
        """`bandpass`, where the samples lie. Gives the same object."""

    def bandstop(
        self,
        low_hz: _Real,
        high_hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> AudioSamples[_S]:
        """New audio without what lies between `low_hz` and `high_hz`; otherwise as `lowpass`.

        >>> AudioSamples.zeros(10, 48_000).bandstop(49, 51).shape
        (10,)
        """

    def bandstop_inplace(
        self,
        low_hz: _Real,
        high_hz: _Real,
        order: _Int = 2,
        kind: _Kind = "butterworth",
        *,
        ripple_db: _Real | None = None,
        attenuation_db: _Real | None = None,
        zero_phase: bool = False,
    ) -> Self:
        """`bandstop`, where the samples lie. Gives the same object."""

    def filter(self, sos: Any, zero_phase: bool = False) -> AudioSamples[_S]:
        """New audio through second-order sections, as `scipy.signal.sosfilt` and `sosfiltfilt` do.

        `sos` has the shape (sections, 6), `a0` is 1. The bits are SciPy's for float64; float32 and
        integers are computed in float64 too, and rounded at the end. ValueError for other sections.

        >>> sos = audio_samples.dsp.design("lowpass", 1_000, 48_000, order=4)
        >>> AudioSamples.zeros(10, 48_000).filter(sos).shape
        (10,)
        """

    def filter_inplace(self, sos: Any, zero_phase: bool = False) -> Self:
        """`filter`, where the samples lie. Gives the same object."""

    def eq(self, bands: Sequence[_Band]) -> AudioSamples[_S]:
        """New audio through the bands of an equalizer, one after the other.

        A band is `("peaking", hz, gain_db, q=1.0)`, `("low_shelf", hz, gain_db, q=0.7071)`,
        `("high_shelf", hz, gain_db, q=0.7071)` or `("notch", hz, q=30.0)` (Bristow-Johnson's
        formulae). ValueError for a frequency that is not between 0 and half the sample rate, and
        for a `q` that is not above 0.

        >>> bands = [("low_shelf", 100, -6), ("peaking", 3_000, 2, 0.9)]
        >>> AudioSamples.zeros(10, 48_000).eq(bands).shape
        (10,)
        """

    def eq_inplace(self, bands: Sequence[_Band]) -> Self:
        """`eq`, where the samples lie. Gives the same object."""

    def peaking(self, hz: _Real, gain_db: _Real, q: _Real = 1.0) -> AudioSamples[_S]:
        """New audio, by `gain_db` louder or softer around `hz`. As a band of `eq`.

        >>> AudioSamples.zeros(10, 48_000).peaking(1_000, 3).shape
        (10,)
        """

    def peaking_inplace(self, hz: _Real, gain_db: _Real, q: _Real = 1.0) -> Self:
        """`peaking`, where the samples lie. Gives the same object."""

    def low_shelf(self, hz: _Real, gain_db: _Real, q: _Real = 0.7071) -> AudioSamples[_S]:
        """New audio, by `gain_db` louder or softer below `hz`. As a band of `eq`.

        >>> AudioSamples.zeros(10, 48_000).low_shelf(100, -6).shape
        (10,)
        """

    def low_shelf_inplace(self, hz: _Real, gain_db: _Real, q: _Real = 0.7071) -> Self:
        """`low_shelf`, where the samples lie. Gives the same object."""

    def high_shelf(self, hz: _Real, gain_db: _Real, q: _Real = 0.7071) -> AudioSamples[_S]:
        """New audio, by `gain_db` louder or softer above `hz`. As a band of `eq`.

        >>> AudioSamples.zeros(10, 48_000).high_shelf(8_000, 2).shape
        (10,)
        """

    def high_shelf_inplace(self, hz: _Real, gain_db: _Real, q: _Real = 0.7071) -> Self:
        """`high_shelf`, where the samples lie. Gives the same object."""

    def notch(self, hz: _Real, q: _Real = 30.0) -> AudioSamples[_S]:
        """New audio without `hz`; `q` is the frequency by the bandwidth at 3 dB.

        >>> AudioSamples.zeros(10, 48_000).notch(50).shape
        (10,)
        """

    def notch_inplace(self, hz: _Real, q: _Real = 30.0) -> Self:
        """`notch`, where the samples lie. Gives the same object."""

    def preemphasis(self, coefficient: _Real = 0.97) -> AudioSamples[_S]:
        """New audio of `x[n] - coefficient * x[n - 1]`: the highs of speech up.

        >>> AudioSamples.zeros(10, 48_000).preemphasis().shape
        (10,)
        """

    def preemphasis_inplace(self, coefficient: _Real = 0.97) -> Self:
        """`preemphasis`, where the samples lie. Gives the same object."""

    # -- dynamics --
    def compress(
        self,
        threshold_db: _Real = -20.0,
        ratio: _Real = 4.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """New audio: what is above `threshold_db` made softer, `ratio` decibels to one.

        The level is the largest distance of a sample from zero in all channels of a frame, in dBFS,
        and all channels get one gain: sounds stay where they are. A sample that is no number counts
        as silence, and integers are fractions of full scale. The gain is 0 dB at the first frame.

        - `threshold_db`: from -200 to 200 dBFS.
        - `ratio`: from 1, which changes nothing, to `math.inf`.
        - `attack_ms`, `release_ms`: the times in which 63 % of a fall and of a rise of the gain, in
          decibels, are done; from 0 to 10,000 ms.
        - `knee_db`: the width of the bend around the threshold, from 0 to 200 dB.
        - `sidechain`: audio of as many frames and the same rate, of any type and number of channels,
          whose level decides instead of that of this audio: music gets softer where there is
          speech. In place, a sidechain that lies in the samples themselves is a ValueError.

        A feed-forward design after Giannoulis, Massberg and Reiss (J. Audio Eng. Soc. 60(6), 2012),
        with their smooth, branching detector; computed in float64.

        >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
        >>> round(20 * float(np.log10(loud.compress(-20, 4)[-1])), 3)
        -15.0
        """

    def compress_inplace(
        self,
        threshold_db: _Real = -20.0,
        ratio: _Real = 4.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> Self:
        """`compress`, where the samples lie. Gives the same object."""

    def expand(
        self,
        threshold_db: _Real = -40.0,
        ratio: _Real = 2.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """New audio: what is below `threshold_db` made softer still, one decibel to `ratio`.

        As `compress`, but for these: `ratio` is from 1 to 1000; samples come back in `attack_ms`
        and go down in `release_ms`; none is turned down by more than 200 dB.

        >>> soft = AudioSamples.new_mono(np.full(96_000, 0.001), 48_000)
        >>> round(20 * float(np.log10(soft.expand(-40, 2)[-1])), 3)
        -80.0
        """

    def expand_inplace(
        self,
        threshold_db: _Real = -40.0,
        ratio: _Real = 2.0,
        *,
        attack_ms: _Real = 5.0,
        release_ms: _Real = 100.0,
        knee_db: _Real = 6.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> Self:
        """`expand`, where the samples lie. Gives the same object."""

    def gate(
        self,
        threshold_db: _Real = -50.0,
        *,
        attack_ms: _Real = 1.0,
        hold_ms: _Real = 50.0,
        release_ms: _Real = 100.0,
        range_db: _Real = 80.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> AudioSamples[_S]:
        """New audio: what is below `threshold_db` turned down by `range_db`.

        Level and times as for `compress`: the gate opens in `attack_ms`, stays open for `hold_ms`
        after the last frame whose level is at least the threshold, and closes in `release_ms`. It
        is closed at the first frame. `range_db` is from 0 to 200 dB.

        >>> hiss = AudioSamples.new_mono(np.full(48_000, 0.001), 48_000)
        >>> round(20 * float(np.log10(hiss.gate(-50)[-1])), 3)
        -140.0
        """

    def gate_inplace(
        self,
        threshold_db: _Real = -50.0,
        *,
        attack_ms: _Real = 1.0,
        hold_ms: _Real = 50.0,
        release_ms: _Real = 100.0,
        range_db: _Real = 80.0,
        sidechain: AudioSamples[Any] | None = None,
    ) -> Self:
        """`gate`, where the samples lie. Gives the same object."""

    def limit(
        self,
        ceiling_db: _Real = -1.0,
        *,
        lookahead_ms: _Real = 5.0,
        release_ms: _Real = 50.0,
    ) -> AudioSamples[_S]:
        """New audio that is nowhere past `ceiling_db`; what is nowhere past it stays as it is, bit
        for bit.

        The gain begins to fall `lookahead_ms` before a peak and reaches it in time; what comes out
        is not late. All channels get one gain. Sample peaks are limited: the signal between them
        may be louder by some tenths of a decibel, as `true_peak` measures it. What is infinite
        comes out at the ceiling; what is no number stays as it is.

        - `ceiling_db`: from -200 to 0 dBFS; the largest number of the samples' type that is not above.
        - `lookahead_ms`: from 0 to 1000 ms, and less than 1,048,576 frames.
        - `release_ms`: the time in which 63 % of what is turned down comes back, from 0 to 10,000 ms.

        The least gain within the look-ahead (Lemire 2006), averaged over the look-ahead
        (Hämäläinen, DAFx 2002).

        >>> AudioSamples.new_mono(np.array([0.25, -2.0, 0.25]), 48_000).limit(0).to_numpy()[1]
        np.float64(-1.0)
        """

    def limit_inplace(
        self,
        ceiling_db: _Real = -1.0,
        *,
        lookahead_ms: _Real = 5.0,
        release_ms: _Real = 50.0,
    ) -> Self:
        """`limit`, where the samples lie. Gives the same object."""

    # -- processors --
    def apply(self, processor: dsp.Processor) -> AudioSamples[_S]:
        """New audio: a processor of `audio_samples.dsp` used once on the whole.

        Latency is taken out and what is inside at the end comes out. The processor's own state is
        neither used nor changed.

        >>> AudioSamples.new_mono(np.ones(2), 48_000).apply(audio_samples.dsp.Gain(-20)).to_numpy()
        array([0.1, 0.1])
        """

    def apply_inplace(self, processor: dsp.Processor) -> Self:
        """`apply`, where the samples lie. Gives the same object."""

    # -- memory of several processes --
    def share(self) -> AudioSamples[_S]:
        """The same audio in memory that other processes can have too. The samples are copied into it
        once; audio that lies there already is returned as it is. Read-only audio stays read-only.

        Pickled, it is a small handle whatever its length, and the process that unpickles it has the
        same memory: what one process writes, all see. The memory goes when the last process lets go
        of it, also if that was killed. Each pickle keeps it until it is unpickled, for ten minutes
        at most; unpickling it again is good as long as some process has the audio. What was pickled
        and never taken goes when a process next shares audio, lets go of it or ends after that.

        Raises OSError if there is no room for it, and `CopyError` inside `no_copies()`.
        """
    @property
    def shared_name(self) -> str | None:
        """The name under which other processes attach the memory of this audio; None unless it was
        shared.
        """
    @staticmethod
    def attach(
        name: str, *, shape: int | tuple[int, ...] | None = None, dtype: _DType | None = None
    ) -> AudioSamples[Any]:
        """The shared audio of that name, which another process made with `share()`: all of it, and no copy. What
        is expected of it can be said with `shape` and `dtype`.

        Raises FileNotFoundError where there is none, ValueError for another shape or type than expected, and
        `AudioFileError` where it is damaged.
        """

    # -- a mapped file, or shared memory --
    def flush(self) -> None:
        """Waits until all changes are on the disk of the file that `open` has mapped."""
    @property
    def closed(self) -> bool:
        """Whether this audio of `open` or `share` was closed; False for other audio."""

    # -- a sequence of frames --
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_S | NDArray[_S]]: ...
    @overload
    def __getitem__(self, key: slice, /) -> AudioSamples[_S]: ...
    @overload
    def __getitem__(self, key: SupportsIndex, /) -> _S | NDArray[_S]: ...
    @overload
    def __getitem__(self, key: Any, /) -> Any: ...
    def __reversed__(self) -> Iterator[_S | NDArray[_S]]: ...
    def __delitem__(self, key: Any, /) -> None: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __setitem__(self, key: Any, value: _Operand | Sequence[float], /) -> None: ...

    # -- exchange --
    @classmethod
    def __class_getitem__(cls, key: Any) -> Any: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    @overload
    def __array__(self, dtype: None = None, *, copy: bool | None = None) -> NDArray[_S]: ...
    @overload
    def __array__(self, dtype: _DType | None, *, copy: bool | None = None) -> NDArray[Any]: ...
    def to_torch(self, *, copy: bool | None = None) -> torch.Tensor:
        """A PyTorch tensor on the same memory: what one writes, the other sees. PyTorch knows no
        read-only tensors and no negative strides; such audio is copied, or with `copy=False`
        refused.
        """
    def __dlpack__(
        self,
        *,
        stream: None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    __dlpack_c_exchange_api__: ClassVar[Any]
    def to_arrow(self) -> Any:
        """A `pyarrow.RecordBatch` with one column a channel, for tables, Parquet and pandas. Writable
        audio is copied. Read-only audio is shared, and as long as that is alive no operation writes
        to those samples: through another handle, such as the one that `as_readonly()` was called
        on, it raises `BorrowError`. It is copied where a writer could not be refused: with a
        writable view alive, in shared memory that others may write to, in a file opened `r+`, in
        adopted memory that its owner may write to. Rate and channels are in the schema's metadata,
        where `from_arrow` finds them.
        """
    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, /, *inputs: Any, **kwargs: Any
    ) -> Any: ...
    @property
    def T(self) -> np.ndarray[Any, np.dtype[_S]]:  # noqa: N802
        """The transposed array, on the same memory."""
    def max(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """The largest sample, or one along `axis`.

        As NumPy's function of that name.
        """
    def min(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """The smallest sample, or one along `axis`.

        As NumPy's function of that name.
        """
    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """The sum of the samples, or sums along `axis`.

        As NumPy's function of that name.
        """
    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """The mean of the samples, or means along `axis`.

        As NumPy's function of that name.
        """
    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: _Real = 0,
        **options: Any,
    ) -> Any:
        """The standard deviation of the samples, or one along `axis`.

        As NumPy's function of that name.
        """
    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: _Real = 0,
        **options: Any,
    ) -> Any:
        """The variance of the samples, or one along `axis`.

        As NumPy's function of that name.
        """
    def argmax(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """The index of the largest sample, or one along `axis`.

        As NumPy's function of that name.
        """
    def argmin(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """The index of the smallest sample, or one along `axis`.

        As NumPy's function of that name.
        """
    def any(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """Whether one of the samples is not zero.

        As NumPy's function of that name.
        """
    def all(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """Whether none of the samples is zero.

        As NumPy's function of that name.
        """
    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        """New audio of samples between `min` and `max`; `out=audio` stores them there.

        As NumPy's function of that name.
        """
    def clip_inplace(self, min: Any = None, max: Any = None) -> Self:
        """`clip`, where the samples lie. Gives the same object.

        As NumPy's function of that name.
        """
    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """New audio of samples rounded to `decimals`, halves to even.

        As NumPy's function of that name.
        """
    def tolist(self) -> list[Any]:
        """The samples as Python numbers, in a list or one for each channel.

        As NumPy's function of that name.
        """
    def ravel(self, order: Any = "C") -> np.ndarray[Any, np.dtype[_S]]:
        """The samples on one axis, on the same memory if they lie in that order.

        As NumPy's function of that name.
        """
    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """The product of the samples, or products along `axis`.

        As NumPy's function of that name.
        """
    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """Sums of all samples up to each, along `axis`.

        As NumPy's function of that name.
        """
    def reshape(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]:
        """An array of another shape, on the same memory if it can be.

        As NumPy's function of that name.
        """
    def transpose(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]:
        """The array with its axes exchanged, on the same memory.

        As NumPy's function of that name.
        """
    def swapaxes(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]:
        """The array with two axes exchanged, on the same memory.

        As NumPy's function of that name.
        """
    def squeeze(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]:
        """The array without axes of length 1, on the same memory.

        As NumPy's function of that name.
        """
    def flatten(self, order: Any = "C") -> np.ndarray[Any, np.dtype[_S]]:
        """A copy of the samples on one axis.

        As NumPy's function of that name.
        """
    def item(self, *args: Any, **options: Any) -> Any:
        """One sample as a Python number.

        As NumPy's function of that name.
        """
    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any], /
    ) -> Any: ...
    def _repr_html_(self) -> str: ...

    # -- arithmetic --
    @overload
    def __add__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __add__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __add__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __add__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __radd__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __radd__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __radd__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __radd__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __sub__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __sub__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __sub__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __sub__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rsub__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __rsub__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rsub__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __rsub__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __mul__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __mul__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __mul__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __mul__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rmul__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __rmul__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rmul__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __rmul__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __truediv__(
        self: AudioSamples[_F], other: AudioSamples[_F] | NDArray[_F] | _F | int, /
    ) -> AudioSamples[_F]: ...
    @overload
    def __truediv__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __truediv__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __truediv__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rtruediv__(
        self: AudioSamples[_F], other: NDArray[_F] | _F | int, /
    ) -> AudioSamples[_F]: ...
    @overload
    def __rtruediv__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rtruediv__(self: AudioSamples[_F], other: _Real, /) -> AudioSamples[_F]: ...
    @overload
    def __rtruediv__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    def __iadd__(self, other: _Operand, /) -> Self: ...  # type: ignore[misc]
    def __isub__(self, other: _Operand, /) -> Self: ...  # type: ignore[misc]
    def __imul__(self, other: _Operand, /) -> Self: ...  # type: ignore[misc]
    def __itruediv__(self, other: _Operand, /) -> Self: ...  # type: ignore[misc]
    def __neg__(self) -> AudioSamples[_S]: ...
    def __pos__(self) -> AudioSamples[_S]: ...
    def __invert__(self) -> AudioSamples[_S]: ...
    def __abs__(self) -> AudioSamples[_S]: ...

    # -- the other operators: as the ufunc of that name --
    def __floordiv__(self, other: _Operand, /) -> Any: ...
    def __rfloordiv__(self, other: _Operand, /) -> Any: ...
    def __ifloordiv__(self, other: _Operand, /) -> Self: ...
    def __mod__(self, other: _Operand, /) -> Any: ...
    def __rmod__(self, other: _Operand, /) -> Any: ...
    def __imod__(self, other: _Operand, /) -> Self: ...
    def __matmul__(self, other: _Operand, /) -> Any: ...
    def __rmatmul__(self, other: _Operand, /) -> Any: ...
    def __imatmul__(self, other: _Operand, /) -> Self: ...
    def __lshift__(self, other: _Operand, /) -> Any: ...
    def __rlshift__(self, other: _Operand, /) -> Any: ...
    def __ilshift__(self, other: _Operand, /) -> Self: ...
    def __rshift__(self, other: _Operand, /) -> Any: ...
    def __rrshift__(self, other: _Operand, /) -> Any: ...
    def __irshift__(self, other: _Operand, /) -> Self: ...
    def __and__(self, other: _Operand, /) -> Any: ...
    def __rand__(self, other: _Operand, /) -> Any: ...
    def __iand__(self, other: _Operand, /) -> Self: ...
    def __xor__(self, other: _Operand, /) -> Any: ...
    def __rxor__(self, other: _Operand, /) -> Any: ...
    def __ixor__(self, other: _Operand, /) -> Self: ...
    def __or__(self, other: _Operand, /) -> Any: ...
    def __ror__(self, other: _Operand, /) -> Any: ...
    def __ior__(self, other: _Operand, /) -> Self: ...
    def __divmod__(self, other: _Operand, /) -> Any: ...
    def __rdivmod__(self, other: _Operand, /) -> Any: ...
    def __pow__(self, other: _Operand, modulo: None = None, /) -> Any: ...
    def __rpow__(self, other: _Operand, modulo: None = None, /) -> Any: ...
    def __ipow__(self, other: _Operand, /) -> Self: ...  # type: ignore[misc]

    # -- comparison, elementwise: audio has no hash and no truth value --
    def __eq__(self, other: object, /) -> NDArray[np.bool_]: ...  # type: ignore[override]
    def __ne__(self, other: object, /) -> NDArray[np.bool_]: ...  # type: ignore[override]
    def __lt__(self, other: _Operand, /) -> NDArray[np.bool_]: ...
    def __le__(self, other: _Operand, /) -> NDArray[np.bool_]: ...
    def __gt__(self, other: _Operand, /) -> NDArray[np.bool_]: ...
    def __ge__(self, other: _Operand, /) -> NDArray[np.bool_]: ...
    def __bool__(self) -> bool: ...

    # -- a number, if there is one sample --
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __round__(self, ndigits: SupportsIndex | None = None, /) -> Any: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@overload
def read(
    path_or_file: _Source,
    *,
    dtype: type[_T],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[_T]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: Literal["int16"],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.int16]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: Literal["int32"],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.int32]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: Literal["float32"],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.float32]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: Literal["float64"],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    out: AudioSamples[_S],
) -> AudioSamples[_S]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    out: None = None,
    damaged: Literal["raise", "keep"] = "raise",
) -> AudioSamples[Any]:
    """Reads audio of any format from a path, a binary file object, or bytes.

    Samples are floats to compute with: float32, or float64 where the file has 32-bit integers
    or 64-bit floats. `dtype` names another type, to which samples are converted by the scale of
    audio while decoding; `dtype="stored"` is the file's own: float32 for lossy codecs, int16 up
    to 16 bits, int32 up to 32 bits. `start` and `frames` choose a range: only that is decoded;
    `frames=-1` is all the rest. Multi-channel audio is `(channels, frames)`. Long files at
    paths and in bytes are read by up to `num_threads()` threads. A pipe, and an object that has
    only `read()`, is read to its end first: up to 16 MiB are kept in memory, and more in a
    temporary file.

    `sample_rate` and `channels` are those that the audio is to have: it is mixed (all channels
    to 1, as their mean, or 1 to several) and resampled as `resample` does, while it is decoded,
    in the memory of some seconds. `start` and `frames` count frames of the file.

    `out` is audio that the samples are decoded into, converted to its type, and that is
    returned: a slice, the memory of an array or a tensor, shared memory, a mapped file. It has
    the sample rate, the channels and as many frames as what is read, or nothing is written
    (ValueError, SampleRateError). If decoding fails later, at a damaged place, the message says
    how many frames were stored; `out` is undefined behind them, as it is after Ctrl-C.

    Of a damaged file, `damaged="keep"` gives the whole frames before the damage, with a
    UserWarning that says what is missing. Otherwise it is an `AudioFileError`, with the byte
    offset; OSError for a file that cannot be opened.

    >>> audio_samples.read("recording.wav", sample_rate=16_000, channels=1).sample_rate
    16000
    """

@final
class FileEdit(_FileFacts, _Closing):
    """A file that `edit` changes where it lies. Iterating gives its blocks; what is done to a
    block is in the file when the next one is asked for, or the file is closed.
    """

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
    @property
    def blocks_written(self) -> int:
        """How many blocks had to be written so far."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> AudioSamples[Any]: ...
    def apply(self, processor: dsp.Processor) -> None:
        """Uses a processor of `audio_samples.dsp` once on the whole file, where it lies, in bounded
        memory.

        Latency is taken out, and what is inside at the end comes out. Iterating begins at the first
        frame again. Ctrl-C stops it: the file is processed up to some block then.
        """

    def flush(self) -> None:
        """Stores the block that is out and waits until every change is on the disk."""

@final
class FileStream(_FileFacts, _Closing):
    """The blocks of a file, as `stream` gives them."""

    @property
    def position(self) -> int:
        """The first frame of the next block."""
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    def seek(self, frame: int | None = None, *, seconds: _Real | None = None) -> None:
        """Has the next block begin at a frame, or at a time in seconds."""
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> AudioSamples[Any]: ...

@final
class FileIterator(_Closing, Generic[_Read_co]):
    """Files that are read ahead of where they are wanted, as `iter_many` gives them."""

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Read_co: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> Any: ...

def concatenate(
    pieces: Iterable[AudioSamples[Any]], *, out: AudioSamples[Any] | None = None
) -> AudioSamples[Any]:
    """Pieces of audio one after the other, in new memory or in `out`.

    Mono goes into the channels of the others; types promote at audio scale. SampleRateError for
    two rates, ValueError for channels that do not go together, and for an `out` that overlaps a
    piece.

    >>> one = AudioSamples.zeros(10, 48_000)
    >>> audio_samples.concatenate([one, one]).shape
    (20,)
    """

def mix(
    pieces: Iterable[AudioSamples[Any]],
    *,
    gains_db: Sequence[float] | None = None,
    out: AudioSamples[Any] | None = None,
) -> AudioSamples[Any]:
    """The sum of pieces of audio that begin together: as long as the longest, rounded once.

    Each has a gain in decibels. Integers saturate. Otherwise as `concatenate`.

    >>> one = AudioSamples.new_mono(np.ones(3), 48_000)
    >>> audio_samples.mix([one, one[:1]], gains_db=[0, -20]).to_numpy()
    array([1.1, 1. , 1. ])
    """

def edit(
    path: _Path,
    *,
    dtype: _DType | Literal["stored"] | None = None,
    block_frames: _Int = 65536,
) -> FileEdit:
    """Opens a file to be changed where it lies, block by block: any plain encoding, 24 bits
    included.

    Blocks have the type that `read` gives, floats without `dtype`. Values are rounded to the
    nearest and saturated once, and `close()` warns of those that were too loud (a UserWarning
    with their number and peak); samples that keep their value keep their bytes, and so does
    everything else in the file. Use it in a `with`, which stores the last block. A block is
    stored when the next one is asked for: what is done to one that was kept is stored no more.

    A process that is killed leaves a file in which every sample is the old one or the new one:
    up to some sample all that was stored, and behind it nothing. Of the block being stored that
    may be a part. Should the machine itself stop, that holds for what `flush()` has waited for.
    """

def stream(
    path_or_file: _Source,
    block_frames: _Int = 65_536,
    hop: _Int | None = None,
    *,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    reuse: bool = False,
    out: AudioSamples[Any] | None = None,
) -> FileStream:
    """The blocks of a file of any format, one after the other, in the memory of one block.

    `hop` is the frames from one block to the next: smaller than `block_frames` the blocks
    overlap. The last block may be shorter. `reuse=True` gives the same memory again and again:
    take a `.copy()` of what is to stay. `out` is audio that every block is decoded into, in its
    type: a block is `out` itself, and a shorter last one is `out[:n]`; `block_frames` are its
    frames. A block that cannot be decoded leaves it undefined. `dtype`, `start` and `frames` as
    for `read`. Iterating goes on where it was, or where `seek` went to (at the end: no block),
    and after the last block begins again. `len()` is the number of blocks from the first on.

    `sample_rate` and `channels` are those that the blocks are to have, mixed and resampled as
    `read` does: joined they are what `read` gives with the same arguments, bit for bit.
    `block_frames` and `hop` are then frames of that rate, and `frames`, `position` and `seek`
    count them from `start` on, while `start=` and `frames=` select frames of the file.
    """

def open(path: _Path, mode: Literal["r", "r+"] = "r") -> AudioSamples[Any]:
    """Opens an audio file as memory: nothing is read, and nothing is copied.

    With mode `r` the samples are read-only. With `r+` they are the file: `audio *= 0.5` edits
    it where it lies. Multi-channel audio is `(channels, frames)`, with the strides of
    interleaved frames. `with` closes the file at its end; so does `close()`, and letting go of
    the audio and all its views. A file that is open already is the same memory, and is closed
    with the last of the handles that opened it.

    Raises `AudioFileError` for samples that the machine does not compute with as they lie (24
    bits, 8 bits, the other byte order, compressed); `edit()` changes those files and `read()`
    decodes them.
    """

@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: type[_T],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["raise"] = "raise",
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> list[AudioSamples[_T]]: ...
@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["raise"] = "raise",
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> list[AudioSamples[Any]]: ...
@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["return"],
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> list[AudioSamples[Any] | Exception]:
    """Reads several files at once, each with a thread, and gives a list of their audio in the
    order of the paths.

    `workers` is how many are read at a time, by default as many as the machine has cores.
    `dtype`, `start` and `frames` as for `read`, for each of them. Raises the error of the first
    path that has one; with `on_error="return"` the exception stands in the list in the place of
    the audio, and all other files are read. `damaged="keep"` gives the whole frames of damaged
    files, with a UserWarning for each. `progress` is called as `progress(done, total)` after
    each file, and `True` shows a bar of tqdm.
    """

@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: type[_T],
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["raise"] = "raise",
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> FileIterator[AudioSamples[_T]]: ...
@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["raise"] = "raise",
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> FileIterator[AudioSamples[Any]]: ...
@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: _DType | Literal["stored"] | None = None,
    start: _Int = 0,
    frames: _Int | None = None,
    sample_rate: _Int | None = None,
    channels: _Int | None = None,
    on_error: Literal["return"],
    damaged: Literal["raise", "keep"] = "raise",
    progress: _Progress = None,
) -> FileIterator[AudioSamples[Any] | Exception]:
    """Reads many files one after the other, some of them ahead, and gives their audio in the order
    of the paths.

    `paths` may be any iterable, a generator without an end too: no more paths are taken from it
    than files are read ahead. These are `ahead`, by default twice `workers`, and no more audio
    than that is in memory besides what was given. The other arguments are those of `read_many`.
    An error of a file is raised in its turn, and the next `next()` goes on with the file behind
    it; with `on_error="return"` the exception is given in the place of the audio. `len()` is
    the number of paths where they are a sequence.
    """

def write(
    path_or_file: _Path | BinaryIO | _Writable,
    audio: AudioSamples[Any] | Iterable[AudioSamples[Any]],
    *,
    subtype: _Subtype | None = None,
    format: _Format | None = None,
    metadata_from: _Source | None = None,
    tags: Mapping[str, str | int | Sequence[str | int]] | None = None,
    replace: bool = True,
) -> None:
    """Writes audio to a path or a binary file object, as WAV, AIFF or FLAC: whole, or block by
    block.

    The ending of the path, or of the `name` of the file object, says which, or `format` (`WAV`,
    `RF64`, `AIFF`, `FLAC`); a WAV file from 4 GiB on is RF64. `subtype` is `PCM_U8` (WAV),
    `PCM_S8` (AIFF, FLAC), `PCM_16`, `PCM_24`, `PCM_32`, `FLOAT`, `DOUBLE`, `ULAW` or `ALAW`
    (the last five not in FLAC); without it the one of the audio's type, and 24 bits for FLAC of
    anything but int16. FLAC has 1 to 8 channels and up to 655350 Hz. Floats become integers
    rounded to the nearest, ties to even, and saturated. `metadata_from` is a WAV or AIFF file
    whose chunks besides the samples go into the new file of the same kind. Floats beyond full
    scale are clipped, with a UserWarning that has their number and peak; the file is written
    all the same. `tags` are texts about the recording by the names of `info(path).tags`, such
    as `{"title": "Take 2"}`, with a list for several of one name; they take the place of texts
    that `metadata_from` brings. FLAC takes any name; WAV has title, artist, album, comment,
    copyright, date, genre, software, track_number and letters of its own such as `IENG`; AIFF
    has title, artist, copyright and comment.

    A path is written beside its target and renamed: a failure leaves the old file, whose
    permissions and extended attributes the new one has. `replace=False` writes into the file
    that is there, which a folder that takes no new file needs and which keeps hard links: what
    fails after the first byte leaves a part. Pipes and devices, `/dev/stdout` and `/dev/null`
    among them, take the bytes as they come.

    `audio` may be an iterable of AudioSamples, such as a generator or a `stream`: they are
    written one after the other, in the memory of one. Sample rate, channels and type are those
    of the first; another one of a later block is a ValueError, as is an iterable without a
    block. Lengths may differ. What the iterable raises is raised, and the old file left. A file
    object has to seek then, for the length is written at the end; it is left there.
    """

@final
class AudioInfo(_FileFacts):
    """What a file holds, as `info` tells it."""

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """The sample type that holds every value of the file as it is stored: that of `read(path,
        dtype="stored")`.
        """
    @property
    def channel_positions(self) -> tuple[str, ...] | None:
        """Where each channel is heard, such as `('FL', 'FR')`, if the file says it."""
    @property
    def tags(self) -> dict[str, str]:
        """Texts such as the title, by their names. Where a name stands for several, they are lines."""
    @property
    def cues(self) -> list[tuple[int, str]]:
        """Places in the file as `(frame, label)`, in the order of frames."""
    @property
    def mappable(self) -> bool:
        """Whether `open` maps the file."""
    @property
    def obstacle(self) -> str | None:
        """Why `open` does not map the file; None if it does."""
    @property
    def damage(self) -> str | None:
        """What is missing of a compressed file; None if nothing is known to be. It is looked for
        without decoding: by the number of a FLAC file's last packet, and the length that MPEG files
        begin with.
        """

def info(path_or_file: _Source) -> AudioInfo:
    """What a path, a binary file object or bytes hold. Nothing is decoded, unless the file does
    not say how many frames it has: then they are counted.
    """

def num_threads() -> int:
    """How many threads one large operation may use."""

def set_num_threads(threads: int) -> None:
    """Sets how many threads one large operation may use; 1 keeps everything on the calling thread.
    The environment variable `AUDIO_SAMPLES_NUM_THREADS` sets it at the start.
    """

def _use_policy(name: str, variable: Any) -> None: ...

# What the package's own Python code computes with.
class _Leases:
    def __enter__(self) -> None: ...
    def __exit__(self, *raised: object) -> None: ...

def _lease(wanted: list[tuple[AudioSamples, bool]]) -> _Leases: ...
def _array(
    audio: AudioSamples, writes: bool | None, beside: AudioSamples | None
) -> np.ndarray[Any, Any]: ...
def _wrap(result: Any, operands: list[AudioSamples]) -> Any: ...
def _copied(audio: AudioSamples, why: str) -> AudioSamples: ...
def _allow_copy(audio: AudioSamples, why: str) -> None: ...
def _parts(audio: AudioSamples) -> list[tuple[int, int]] | None: ...
def _give_back(audio: AudioSamples, start: _Int, count: int) -> None: ...
def _same_samples(array: np.ndarray[Any, Any], audio: AudioSamples) -> bool: ...
def _spectra(audio: AudioSamples, frames: tuple[int, int, Any, str]) -> NDArray[Any]: ...
def _intensities(
    audio: AudioSamples,
    frames: tuple[int, int, Any, str],
    power: _Real,
    db: bool,
    bands: tuple[int, float, float | None, str, str | None] | None,
) -> NDArray[Any]: ...
def _density(audio: AudioSamples, n_fft: _Int, window: str) -> list[NDArray[np.float64]]: ...
def _overlap_added(
    spectra: NDArray[Any], frames: tuple[int, int, Any, str], samples: int
) -> NDArray[Any]: ...
def _refuse_masked(value: Any) -> None: ...
def _refuse_shape(audio: AudioSamples, shape: tuple[int, ...]) -> None: ...
def _handle(audio: AudioSamples) -> tuple[Any, ...] | None: ...
def _attach(parts: tuple[Any, ...]) -> AudioSamples: ...
