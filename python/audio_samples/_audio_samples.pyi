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
from numpy.typing import ArrayLike, DTypeLike, NDArray
from typing_extensions import Buffer, TypeVar

from . import dsp as dsp
from . import generation as generation
from . import memory as memory
from ._measures import Statistics

__version__: str

_Sample = np.int16 | np.int32 | np.float32 | np.float64
_S = TypeVar("_S", bound=_Sample, default=Any)
_T = TypeVar("_T", bound=_Sample)
_F = TypeVar("_F", np.float32, np.float64)
_Scalar = int | float | np.integer[Any] | np.floating[Any]
_Operand: TypeAlias = "AudioSamples[Any] | NDArray[Any] | _Scalar"
_Float64: TypeAlias = "AudioSamples[np.float64] | NDArray[np.float64] | np.float64"
_Layout = Literal["channels_first", "frames_first"]
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

class AudioSamplesError(Exception): ...
class SampleRateError(AudioSamplesError, ValueError): ...
class BorrowError(AudioSamplesError, BufferError): ...
class CopyError(AudioSamplesError): ...

class AudioFileError(AudioSamplesError, ValueError):
    offset: int | None
    filename: str | None

@final
class View:
    """One entry of `AudioSamples.views`: something outside Rust that can reach the samples."""

    @property
    def kind(self) -> str: ...
    @property
    def mode(self) -> Literal["read", "write"]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
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
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: Any = None, error: Any = None, trace: Any = None) -> None: ...

class _FileFacts:
    @property
    def format(self) -> str: ...
    @property
    def subtype(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def num_channels(self) -> int: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...

@final
class AudioSamples(_Closing, Generic[_S]):
    def __new__(cls, *_args: Never, **_options: Never) -> Self: ...

    # -- construction --
    @staticmethod
    def new_mono(
        data: ArrayLike | Buffer,
        sample_rate: int,
        *,
        dtype: DTypeLike | None = None,
        copy: bool | None = True,
    ) -> AudioSamples[Any]: ...
    @staticmethod
    def new_multi(
        data: ArrayLike | Buffer,
        sample_rate: int,
        *,
        dtype: DTypeLike | None = None,
        layout: _Layout | None = None,
        copy: bool | None = True,
    ) -> AudioSamples[Any]: ...
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...], sample_rate: int, *, shared: bool = False
    ) -> AudioSamples[np.float64]: ...
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...], sample_rate: int, *, dtype: type[_T], shared: bool = False
    ) -> AudioSamples[_T]: ...
    @overload
    @staticmethod
    def zeros(
        shape: int | tuple[int, ...],
        sample_rate: int,
        *,
        dtype: DTypeLike | None = None,
        shared: bool = False,
    ) -> AudioSamples[Any]: ...
    @overload
    @staticmethod
    def from_numpy(
        array: NDArray[_T],
        sample_rate: int,
        *,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[_T]: ...
    @overload
    @staticmethod
    def from_numpy(
        array: NDArray[Any],
        sample_rate: int,
        *,
        dtype: DTypeLike | None = None,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[Any]: ...
    @staticmethod
    def from_buffer(
        buffer: Buffer,
        sample_rate: int,
        *,
        dtype: DTypeLike | None = None,
        layout: _Layout | None = None,
        copy: bool | None = False,
    ) -> AudioSamples[Any]: ...
    @staticmethod
    def from_dlpack(
        tensor: Any, sample_rate: int, *, layout: _Layout | None = None, copy: bool | None = None
    ) -> AudioSamples[Any]: ...
    @staticmethod
    def from_torch(
        tensor: Any, sample_rate: int, *, layout: _Layout | None = None, copy: bool | None = None
    ) -> AudioSamples[Any]: ...
    @staticmethod
    def from_arrow(
        data: Any, sample_rate: int | None = None, *, copy: bool | None = None
    ) -> AudioSamples[Any]: ...

    # -- facts --
    @property
    def sample_rate(self) -> int: ...
    @property
    def num_channels(self) -> int: ...
    def samples_per_channel(self) -> int: ...
    @property
    def duration(self) -> float: ...
    @property
    def dtype(self) -> np.dtype[_S]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def address(self) -> int:
        """The address of the first sample."""

    @property
    def is_mono(self) -> bool: ...
    @property
    def writable(self) -> bool: ...
    @property
    def views(self) -> list[View]: ...

    # -- views and copies --
    def to_numpy(self, *, copy: bool = False) -> NDArray[_S]: ...
    @property
    def frames_first(self) -> NDArray[_S]: ...
    def copy(self) -> AudioSamples[_S]: ...
    def as_readonly(self) -> AudioSamples[_S]: ...
    def borrow(self) -> Borrow: ...
    def borrow_mut(self) -> Borrow: ...
    def reclaim(self) -> None: ...
    def channel(self, index: SupportsIndex) -> AudioSamples[_S]: ...
    @overload
    def astype(self, dtype: type[_T]) -> AudioSamples[_T]: ...
    @overload
    def astype(self, dtype: DTypeLike) -> AudioSamples[Any]: ...
    @overload
    def convert(self, dtype: type[_T]) -> AudioSamples[_T]: ...
    @overload
    def convert(self, dtype: DTypeLike) -> AudioSamples[Any]: ...
    def __copy__(self) -> AudioSamples[_S]: ...
    def __deepcopy__(self, memo: Any, /) -> AudioSamples[_S]: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...

    # -- measures --
    def peak(self, db: bool = False, per_channel: bool = False) -> Any:
        """The largest distance of a sample from zero.

        Full scale is 1.0: -32768 in int16 is 1.0. With `db=True` in dBFS, -inf for silence. One
        number for all channels, or a float64 array of one for each with `per_channel=True`. Empty
        audio gives 0.0; nan if a sample is.

        >>> AudioSamples.new_mono(np.array([0.5, -0.25]), 48_000).peak()
        0.5
        """

    def rms(self, db: bool = False, per_channel: bool = False) -> Any:
        """The root of the mean square of the samples, summed in float64; otherwise as `peak`.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).rms()
        0.5
        """

    def crest_factor(self, db: bool = False, per_channel: bool = False) -> Any:
        """Peak by RMS: 1.0 for a square wave, 1.414 for a sine, 0.0 for silence; otherwise as
        `peak`.

        >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).crest_factor()
        1.0
        """

    def dc_offset(self, per_channel: bool = False) -> Any:
        """The mean of the samples; full scale is 1.0. 0.0 for empty audio.

        >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).dc_offset()
        0.25
        """

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

    def loudness(self, weights: Sequence[float] | None = None) -> float:
        """Integrated loudness in LUFS (ITU-R BS.1770-4, EBU R 128).

        -inf for silence, nan if a sample is. Audio of less than 0.4 s counts as one block of its
        own length. 5 and 6 channels count by their BS.1770 positions (L R C Ls Rs, L R C LFE Ls
        Rs), channels of any other number as 1 each, or by `weights`, one factor of the energy for
        each channel. ValueError for another number of weights, or more than 64 channels.

        >>> round(audio_samples.generation.sine_wave(997, duration=5.0).loudness(), 1)
        -3.0
        """

    def loudness_range(self, weights: Sequence[float] | None = None) -> float:
        """Loudness range in LU (EBU Tech 3342); 0.0 for less than 3 s. `weights` as for `loudness`.

        >>> AudioSamples.zeros(48_000, 48_000).loudness_range()
        0.0
        """

    def momentary_loudness(self, weights: Sequence[float] | None = None) -> NDArray[np.float64]:
        """Loudness of every 400 ms in LUFS, not gated: one value each 100 ms, the first at 400 ms.

        Less than 400 ms gives one value, of what there is. `weights` as for `loudness`.

        >>> AudioSamples.zeros(48_000, 48_000).momentary_loudness().shape
        (7,)
        """

    def short_term_loudness(self, weights: Sequence[float] | None = None) -> NDArray[np.float64]:
        """Loudness of every 3 s in LUFS, as `momentary_loudness`: one value each 100 ms, the first
        at 3 s.

        >>> AudioSamples.zeros(48_000, 48_000).short_term_loudness().shape
        (1,)
        """

    def true_peak(self, db: bool = True, per_channel: bool = False) -> Any:
        """The largest true peak, between the samples too (ITU-R BS.1770-4, Annex 2): in dBTP, or
        1.0 for full scale.

        >>> AudioSamples.new_mono(np.array([0.5, 0.5]), 48_000).true_peak(db=False) >= 0.5
        True
        """

    # -- levels --
    def gain(self, db: float) -> AudioSamples[_S]:
        """New audio, louder or softer by `db` decibels; -inf is silence.

        Integers are rounded to the nearest, ties to even, and saturate. ValueError for nan and
        +inf.

        >>> AudioSamples.new_mono(np.array([1.0]), 48_000).gain(-20).to_numpy()
        array([0.1])
        """

    def gain_inplace(self, db: float) -> Self:
        """`gain`, where the samples lie: every view of them sees it. Gives the same object."""

    def scale(self, factor: float) -> AudioSamples[_S]:
        """New audio of `factor` times each sample; a negative factor turns the phase. Integers as
        for `gain`.

        >>> AudioSamples.new_mono(np.array([30_000], np.int16), 48_000).scale(2).to_numpy()
        array([32767], dtype=int16)
        """

    def scale_inplace(self, factor: float) -> Self:
        """`scale`, where the samples lie: every view of them sees it. Gives the same object."""

    def normalize(
        self, peak: float | None = -1.0, *, rms: float | None = None, lufs: float | None = None
    ) -> AudioSamples[_S]:
        """New audio of one level: its peak or its RMS in dBFS, or its loudness in LUFS, over all
        channels.

        Silence stays silence. ValueError for two levels, and for a level that is no number, with
        the first frame to blame.

        >>> AudioSamples.new_mono(np.array([0.25, -0.5]), 48_000).normalize(peak=0).to_numpy()
        array([ 0.5, -1. ])
        """

    def normalize_inplace(
        self, peak: float | None = -1.0, *, rms: float | None = None, lufs: float | None = None
    ) -> Self:
        """`normalize`, where the samples lie. Gives the same object."""

    def soft_clip(self, drive_db: float = 0.0) -> AudioSamples[_S]:
        """New audio of `tanh(drive * x)`: what is quiet grows by `drive_db`, and full scale is
        never passed.

        >>> AudioSamples.new_mono(np.array([0.0, 10.0]), 48_000).soft_clip(6).peak()
        1.0
        """

    def soft_clip_inplace(self, drive_db: float = 0.0) -> Self:
        """`soft_clip`, where the samples lie. Gives the same object."""

    def remove_dc(self) -> AudioSamples[_S]:
        """New audio without the mean of each channel. ValueError if a mean is no number.

        >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).remove_dc().to_numpy()
        array([ 0.25, -0.25])
        """

    def remove_dc_inplace(self) -> Self:
        """`remove_dc`, where the samples lie. Gives the same object."""

    def fade_in(
        self, seconds: float | None = None, *, frames: int | None = None, curve: _Curve = "linear"
    ) -> AudioSamples[_S]:
        """New audio that begins in silence; the frame behind the fade is as it was.

        A length in seconds or frames. Curves of time t from 0 to 1: `linear` t; `equal_power`
        sin(pi t / 2); `exponential` (1000**t - 1) / 999; `logarithmic` the same turned by half;
        `raised_cosine` (1 - cos(pi t)) / 2. ValueError for a fade longer than the audio.

        >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_in(frames=2).to_numpy()
        array([0. , 0.5, 1. , 1. ])
        """

    def fade_in_inplace(
        self, seconds: float | None = None, *, frames: int | None = None, curve: _Curve = "linear"
    ) -> Self:
        """`fade_in`, where the samples lie: only those of the fade are written. Gives the same
        object.
        """

    def fade_out(
        self, seconds: float | None = None, *, frames: int | None = None, curve: _Curve = "linear"
    ) -> AudioSamples[_S]:
        """New audio that ends in silence: `fade_in` backwards.

        >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_out(frames=2).to_numpy()
        array([1. , 1. , 0.5, 0. ])
        """

    def fade_out_inplace(
        self, seconds: float | None = None, *, frames: int | None = None, curve: _Curve = "linear"
    ) -> Self:
        """`fade_out`, where the samples lie: only those of the fade are written. Gives the same
        object.
        """

    def apply_envelope(self, points: Sequence[tuple[float, float]]) -> AudioSamples[_S]:
        """New audio with a gain through points of (seconds, decibels), in straight lines of
        decibels.

        Before the first point and behind the last the gain stays. ValueError for times that do not
        go up from 0.

        >>> AudioSamples.new_mono(np.ones(3), 2).apply_envelope([(0, 0), (1, -40)]).to_numpy()
        array([1.  , 0.1 , 0.01])
        """

    def apply_envelope_inplace(self, points: Sequence[tuple[float, float]]) -> Self:
        """`apply_envelope`, where the samples lie. Gives the same object."""

    def resample(
        self,
        rate: int,
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
    def share(self) -> AudioSamples[_S]: ...
    @property
    def shared_name(self) -> str | None: ...
    @staticmethod
    def attach(
        name: str, *, shape: int | tuple[int, ...] | None = None, dtype: DTypeLike | None = None
    ) -> AudioSamples[Any]: ...

    # -- a mapped file, or shared memory --
    def flush(self) -> None: ...
    @property
    def closed(self) -> bool: ...

    # -- a sequence of frames --
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    @overload
    def __getitem__(self, key: slice, /) -> AudioSamples[_S]: ...
    @overload
    def __getitem__(self, key: Any, /) -> Any: ...
    def __reversed__(self) -> Iterator[Any]: ...
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
    def __array__(self, dtype: DTypeLike | None, *, copy: bool | None = None) -> NDArray[Any]: ...
    def to_torch(self, *, copy: bool | None = None) -> Any: ...
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
    def to_arrow(self) -> Any: ...
    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, /, *inputs: Any, **kwargs: Any
    ) -> Any: ...
    @property
    def T(self) -> np.ndarray[Any, np.dtype[_S]]: ...  # noqa: N802
    def max(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def min(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any: ...
    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any: ...
    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        **options: Any,
    ) -> Any: ...
    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        **options: Any,
    ) -> Any: ...
    def argmax(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def argmin(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def any(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def all(self, axis: Any = None, out: Any = None, **options: Any) -> Any: ...
    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any: ...
    def round(self, decimals: int = 0, out: Any = None) -> Any: ...
    def tolist(self) -> list[Any]: ...
    def ravel(self, order: Any = "C") -> np.ndarray[Any, np.dtype[_S]]: ...
    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any: ...
    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any: ...
    def reshape(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]: ...
    def transpose(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]: ...
    def swapaxes(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]: ...
    def squeeze(self, *args: Any, **options: Any) -> np.ndarray[Any, np.dtype[_S]]: ...
    def flatten(self, order: Any = "C") -> np.ndarray[Any, np.dtype[_S]]: ...
    def item(self, *args: Any, **options: Any) -> Any: ...
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
    def __add__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __add__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __radd__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __radd__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __radd__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __radd__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __sub__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __sub__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __sub__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __sub__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rsub__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __rsub__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rsub__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __rsub__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __mul__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __mul__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __mul__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __mul__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rmul__(self, other: AudioSamples[_S] | NDArray[_S] | _S | int, /) -> AudioSamples[_S]: ...
    @overload
    def __rmul__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rmul__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __rmul__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __truediv__(
        self: AudioSamples[_F], other: AudioSamples[_F] | NDArray[_F] | _F | int, /
    ) -> AudioSamples[_F]: ...
    @overload
    def __truediv__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __truediv__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
    @overload
    def __truediv__(self, other: _Operand, /) -> AudioSamples[Any]: ...
    @overload
    def __rtruediv__(
        self: AudioSamples[_F], other: NDArray[_F] | _F | int, /
    ) -> AudioSamples[_F]: ...
    @overload
    def __rtruediv__(self, other: _Float64, /) -> AudioSamples[np.float64]: ...
    @overload
    def __rtruediv__(self: AudioSamples[_F], other: float, /) -> AudioSamples[_F]: ...
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
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
) -> AudioSamples[_T]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    out: AudioSamples[_S],
) -> AudioSamples[_S]: ...
@overload
def read(
    path_or_file: _Source,
    *,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    out: None = None,
) -> AudioSamples[Any]: ...

@final
class FileEdit(_FileFacts, _Closing):
    """A file that is changed where it lies: iterating gives its blocks, and stores them."""

    @property
    def closed(self) -> bool: ...
    @property
    def blocks_written(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> AudioSamples[Any]: ...
    def apply(self, processor: dsp.Processor) -> None:
        """Uses a processor of `audio_samples.dsp` once on the whole file, where it lies, in bounded
        memory.

        Latency is taken out, and what is inside at the end comes out. Iterating begins at the first
        frame again. Ctrl-C stops it: the file is processed up to some block then.
        """

    def flush(self) -> None: ...

@final
class FileStream(_FileFacts, _Closing):
    """The blocks of a file, one after the other."""

    @property
    def position(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    def seek(self, frame: int | None = None, *, seconds: float | None = None) -> None: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> AudioSamples[Any]: ...

@final
class FileIterator(_Closing, Generic[_Read_co]):
    """The audio of many files, some of them read ahead."""

    @property
    def closed(self) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Read_co: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> Any: ...

def edit(
    path: _Path,
    *,
    dtype: DTypeLike | Literal["stored"] | None = None,
    block_frames: int = 65536,
) -> FileEdit: ...
def stream(
    path_or_file: _Source,
    block_frames: int = 65_536,
    hop: int | None = None,
    *,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    reuse: bool = False,
    out: AudioSamples[Any] | None = None,
) -> FileStream: ...
def open(path: _Path, mode: Literal["r", "r+"] = "r") -> AudioSamples[Any]: ...
@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: type[_T],
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["raise"] = "raise",
    progress: _Progress = None,
) -> list[AudioSamples[_T]]: ...
@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["raise"] = "raise",
    progress: _Progress = None,
) -> list[AudioSamples[Any]]: ...
@overload
def read_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["return"],
    progress: _Progress = None,
) -> list[AudioSamples[Any] | Exception]: ...
@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: type[_T],
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["raise"] = "raise",
    progress: _Progress = None,
) -> FileIterator[AudioSamples[_T]]: ...
@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["raise"] = "raise",
    progress: _Progress = None,
) -> FileIterator[AudioSamples[Any]]: ...
@overload
def iter_many(
    paths: Iterable[_Path],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    dtype: DTypeLike | Literal["stored"] | None = None,
    start: int = 0,
    frames: int | None = None,
    sample_rate: int | None = None,
    channels: int | None = None,
    on_error: Literal["return"],
    progress: _Progress = None,
) -> FileIterator[AudioSamples[Any] | Exception]: ...
def write(
    path_or_file: _Path | BinaryIO | _Writable,
    audio: AudioSamples[Any] | Iterable[AudioSamples[Any]],
    *,
    subtype: str | None = None,
    format: str | None = None,
    metadata_from: _Source | None = None,
    tags: Mapping[str, str | int | Sequence[str | int]] | None = None,
    replace: bool = True,
) -> None: ...

@final
class AudioInfo(_FileFacts):
    @property
    def stored_dtype(self) -> np.dtype[Any]: ...
    @property
    def channel_positions(self) -> tuple[str, ...] | None: ...
    @property
    def tags(self) -> dict[str, str]: ...
    @property
    def cues(self) -> list[tuple[int, str]]: ...
    @property
    def mappable(self) -> bool: ...
    @property
    def obstacle(self) -> str | None: ...
    @property
    def damage(self) -> str | None: ...

def info(path_or_file: _Source) -> AudioInfo: ...
def num_threads() -> int: ...
def set_num_threads(threads: int) -> None: ...
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
def _give_back(audio: AudioSamples, start: int, count: int) -> None: ...
def _same_samples(array: np.ndarray[Any, Any], audio: AudioSamples) -> bool: ...
def _refuse_masked(value: Any) -> None: ...
def _refuse_shape(audio: AudioSamples, shape: tuple[int, ...]) -> None: ...
def _handle(audio: AudioSamples) -> tuple[Any, ...] | None: ...
def _attach(parts: tuple[Any, ...]) -> AudioSamples: ...
