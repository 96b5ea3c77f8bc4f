"""One memory: a write through any door is read through every other (A1)."""

import numpy as np
import pytest
import signals
from signals import RATE, address

from audio_samples import AudioSamples

FRAMES = 6


@pytest.fixture(params=["mono", "stereo"])
def audio(request, dtype):
    return getattr(signals, request.param)(FRAMES, dtype)


class Indexed:
    """A door addressed as the audio itself: `[frame]` or `[channel, frame]`."""

    def __init__(self, opened, mono):
        self.opened, self.mono = opened, mono

    def _key(self, channel, frame):
        return frame if self.mono else (channel, frame)

    def read(self, channel, frame):
        return self.opened[self._key(channel, frame)]

    def write(self, channel, frame, value):
        self.opened[self._key(channel, frame)] = value


class FrameThenChannel(Indexed):
    def __init__(self, opened, _mono):
        # A mono `frames_first` may or may not have a channel axis of one.
        super().__init__(opened.reshape(FRAMES, -1), mono=False)

    def _key(self, channel, frame):
        return frame, channel


class Flat(Indexed):
    def _key(self, channel, frame):
        return channel * FRAMES + frame


class PerChannel(Indexed):
    def read(self, channel, frame):
        return self.opened[channel][frame]

    def write(self, channel, frame, value):
        self.opened[channel][frame] = value


class Part(Indexed):
    """Two overlapping parts in time, each with frames that the other has too."""

    def _part(self, frame):
        return (self.opened[0], frame) if frame < 4 else (self.opened[1], frame - 2)

    def read(self, channel, frame):
        part, at = self._part(frame)
        return part[self._key(channel, at)]

    def write(self, channel, frame, value):
        part, at = self._part(frame)
        part[self._key(channel, at)] = value


class Reversed(Indexed):
    def _key(self, channel, frame):
        return super()._key(channel, FRAMES - 1 - frame)


def item_format(audio):
    return memoryview(audio).format


# name: (how to open it, how it is addressed)
DOORS = {
    "audio": (lambda a: a, Indexed),
    "to_numpy": (lambda a: a.to_numpy(), Indexed),
    "asarray": (np.asarray, Indexed),
    "array without copy": (lambda a: np.array(a, copy=False), Indexed),
    "__array__": (lambda a: a.__array__(), Indexed),
    "memoryview": (memoryview, Indexed),
    "memoryview cast": (lambda a: memoryview(a).cast("B").cast(item_format(a)), Flat),
    "frombuffer": (lambda a: np.frombuffer(a, a.dtype), Flat),
    "slice": (lambda a: a[:], Indexed),
    "slice by tuple": (lambda a: a[..., :], Indexed),
    "reversed slice": (lambda a: a[::-1], Reversed),
    "array of reversed slice": (lambda a: a[::-1].to_numpy(), Reversed),
    "slices": (lambda a: (a[:4], a[2:]), Part),
    "arrays of slices": (lambda a: (a[:4].to_numpy(), a[2:].to_numpy()), Part),
    "memoryviews of slices": (lambda a: (memoryview(a[:4]), memoryview(a[2:])), Part),
    "frames_first": (lambda a: a.frames_first, FrameThenChannel),
    "channel": (lambda a: [a.channel(i) for i in range(a.num_channels)], PerChannel),
    "array of channel": (
        lambda a: [a.channel(i).to_numpy() for i in range(a.num_channels)],
        PerChannel,
    ),
    "view of view": (lambda a: np.asarray(memoryview(a.to_numpy())), Indexed),
}


def open_doors(audio):
    mono = audio.ndim == 1
    return {name: reach(enter(audio), mono) for name, (enter, reach) in DOORS.items()}


@pytest.mark.parametrize("writer", DOORS)
def test_a_write_through_one_door_is_read_through_every_other(audio, writer):
    doors = open_doors(audio)
    for channel in range(audio.num_channels):
        for frame in range(FRAMES):
            value = 100 + 10 * channel + frame
            doors[writer].write(channel, frame, value)
            seen = {name: door.read(channel, frame) for name, door in doors.items()}
            assert seen == dict.fromkeys(doors, value)


@pytest.mark.parametrize("writer", DOORS)
def test_a_write_changes_the_one_sample_and_no_other(audio, writer):
    expected = np.array(audio.to_numpy())
    doors = open_doors(audio)
    last = audio.num_channels - 1
    doors[writer].write(last, 2, 123)
    expected[(2,) if audio.ndim == 1 else (last, 2)] = 123
    for name in ("to_numpy", "asarray", "memoryview"):
        np.testing.assert_array_equal(np.asarray(doors[name].opened), expected)


@pytest.mark.parametrize("door", [name for name in DOORS if "reversed" not in name])
def test_every_door_has_the_same_address(audio, door):
    opened = DOORS[door][0](audio)
    first = opened[0] if isinstance(opened, (list, tuple)) else opened
    assert address(first) == address(audio.to_numpy()) == audio.address


def test_a_reversed_slice_starts_at_the_last_frame(audio):
    last = address(audio) + (FRAMES - 1) * audio.dtype.itemsize
    assert address(audio[::-1]) == last


def test_the_second_channel_starts_where_the_array_says():
    audio = AudioSamples.new_multi(np.zeros((2, FRAMES)), RATE)
    assert address(audio.channel(1)) == address(audio.to_numpy()[1])


def test_frames_first_is_the_transposed_array(audio):
    frames_first = audio.frames_first
    assert isinstance(frames_first, np.ndarray)
    assert frames_first.shape[0] == FRAMES
    if audio.ndim == 2:
        assert frames_first.shape == (FRAMES, 2)
        assert frames_first.strides == audio.strides[::-1]
        np.testing.assert_array_equal(frames_first, audio.to_numpy().T)


def test_work_in_place_keeps_the_object_the_address_and_every_view(audio):
    same, before, doors = audio, address(audio), open_doors(audio)
    audio *= 3
    audio += 1
    assert audio is same
    assert address(audio) == before
    for channel in range(audio.num_channels):
        for frame in range(FRAMES):
            value = (channel * FRAMES + frame) * 3 + 1
            seen = {name: door.read(channel, frame) for name, door in doors.items()}
            assert seen == dict.fromkeys(doors, value)


def test_array_work_in_place_is_seen_by_the_audio(audio):
    array, view = audio.to_numpy(), memoryview(audio)
    np.add(array, 5, out=array)
    assert view.tolist() == np.asarray(audio).tolist() == array.tolist()
    assert audio.to_numpy().min() == 5


def test_a_copy_shares_with_nothing(audio):
    copy = audio.copy()
    assert type(copy) is AudioSamples
    assert (copy.sample_rate, copy.shape, copy.dtype) == (RATE, audio.shape, audio.dtype)
    assert not np.shares_memory(np.asarray(copy), np.asarray(audio))
    copy.to_numpy()[...] = 9
    assert audio.to_numpy().flat[0] == 0


def test_adopted_memory_is_one_memory_with_its_source(dtype):
    source = np.arange(FRAMES, dtype=dtype)
    audio = AudioSamples.new_mono(source, RATE, copy=False)
    for channel_door in open_doors(audio).values():
        source[1] += 1
        assert channel_door.read(0, 1) == source[1]
        channel_door.write(0, 2, 50)
        assert source[2] == 50
        source[2] = 0


@pytest.mark.parametrize("adopter", ["new_mono", "from_numpy"])
def test_two_adoptions_of_one_array_share(adopter):
    source = np.zeros(FRAMES)
    adopt = getattr(AudioSamples, adopter)
    one, two = adopt(source, RATE, copy=False), adopt(source, RATE, copy=False)
    one[1] = 7.0
    assert two[1] == source[1] == 7.0
