"""Shared memory (X6) in one process: what `share` and `attach` give, refuse and leave."""

import copy
import os
import pickle
import struct

import numpy as np
import pytest
import segments
import signals
from signals import RATE

from audio_samples import AudioFileError, AudioSamples, BorrowError, CopyError, no_copies

pytestmark = pytest.mark.usefixtures("no_segment_is_left")


def stereo(frames: int = 6) -> AudioSamples:
    return signals.stereo(frames, "float64")


# ---- what it is


def test_shared_audio_has_the_samples_and_memory_of_its_own(adopted, reference):
    shared = adopted.share()
    np.testing.assert_array_equal(shared.to_numpy(), reference)
    assert (shared.dtype, shared.shape) == (adopted.dtype, adopted.shape)
    assert shared.sample_rate == adopted.sample_rate
    assert shared.writable == adopted.writable
    assert shared.address != adopted.address
    assert segments.is_there(shared.shared_name)
    assert adopted.shared_name is None


def test_shared_audio_is_shared_once():
    shared = stereo().share()
    assert shared.share() is shared
    assert shared[2:4].share().address == shared[2:4].address
    assert shared[2:4].shared_name == shared.shared_name


def test_silence_is_made_in_shared_memory_without_a_copy():
    with no_copies():
        shared = AudioSamples.zeros((2, 100), RATE, dtype="int16", shared=True)
        assert shared.share() is shared
    shared += 1
    assert AudioSamples.attach(shared.shared_name).to_numpy().sum() == 200


@pytest.mark.parametrize("shape", [(1,), (0,), (2, 0), (3, 70_000), (1 << 20,)])
def test_its_samples_are_aligned_as_others_are(shape):
    shared = AudioSamples.zeros(shape, RATE, shared=True)
    assert shared.address % 4096 == 0
    assert shared.address % (2 << 20) == 0 or shared.nbytes < 4 << 20
    assert not shared.to_numpy().any()
    shared += 1
    assert shared.to_numpy().all()


def test_the_name_is_all_that_another_needs_to_know():
    shared = stereo().share()
    again = AudioSamples.attach(shared.shared_name)
    assert (again.shape, again.dtype, again.sample_rate) == ((2, 6), np.float64, RATE)
    assert again.address == shared.address


def test_a_segment_is_one_buffer_however_often_it_is_attached():
    shared = stereo().share()
    again = AudioSamples.attach(shared.shared_name)
    array = shared.to_numpy()
    assert [view.kind for view in again.views] == ["numpy"]
    with pytest.raises(BorrowError, match="numpy"), again.borrow_mut():
        pass
    del array
    with again.borrow_mut(), pytest.raises(BorrowError):
        shared *= 2
    # As if the operand had been copied first: the two know that they are one memory.
    again[:, 1:] += shared[:, :-1]
    assert shared.to_numpy()[0].tolist() == [0, 1, 3, 5, 7, 9]


def test_copies_of_shared_audio_are_not_shared():
    shared = stereo().share()
    for own in (shared.copy(), copy.copy(shared), copy.deepcopy(shared), shared * 1):
        assert own.shared_name is None


# ---- handles


def test_a_handle_is_small_and_is_the_same_memory():
    for frames in (1, 1_000_000):
        shared = stereo(frames).share()
        for protocol in range(2, 6):
            pickled = pickle.dumps(shared, protocol)
            assert len(pickled) < 256
            with no_copies():
                again = pickle.loads(pickled)
            assert (again.address, again.sample_rate) == (shared.address, RATE)


@pytest.mark.parametrize("key", [np.s_[::-2], np.s_[1, 2:5], np.s_[:, 3:3], np.s_[::-1, 1:]])
def test_a_handle_of_a_part_is_that_part(key):
    shared = stereo().share()
    part = pickle.loads(pickle.dumps(shared[key]))
    np.testing.assert_array_equal(part.to_numpy(), shared[key].to_numpy())
    part += 100
    np.testing.assert_array_equal(part.to_numpy(), shared[key].to_numpy())


def test_read_only_audio_stays_read_only():
    quiet = stereo().as_readonly().share()
    assert not quiet.writable
    assert not AudioSamples.attach(quiet.shared_name).writable
    assert not pickle.loads(pickle.dumps(quiet)).writable
    loud = stereo().share()
    assert not pickle.loads(pickle.dumps(loud.as_readonly())).writable
    assert pickle.loads(pickle.dumps(loud)).writable


def test_a_borrow_keeps_handles_in():
    shared = stereo().share()
    with shared.borrow_mut(), pytest.raises(BorrowError):
        pickle.dumps(shared)


def test_a_handle_on_its_way_keeps_the_segment_and_an_arrived_one_does_not():
    shared = stereo().share()
    name, pickled = shared.shared_name, pickle.dumps(shared)
    del shared
    assert segments.is_there(name)
    arrived = pickle.loads(pickled)
    assert arrived[0].tolist() == [0, 6]
    del arrived
    assert not segments.is_there(name)
    with pytest.raises(FileNotFoundError, match="every process that had it has let go"):
        pickle.loads(pickled)


def test_a_handle_is_taken_again_while_the_audio_lives():
    shared = stereo().share()
    pickled = pickle.dumps(shared)
    assert all(pickle.loads(pickled).address == shared.address for _ in range(3))


def test_an_untaken_handle_does_not_keep_the_segment_for_ever():
    shared = stereo().share()
    name = shared.shared_name
    pickled = pickle.dumps(shared)
    assert segments.handles(name) == 1
    segments.age(name)
    del shared
    assert not segments.is_there(name)
    with pytest.raises(FileNotFoundError):
        pickle.loads(pickled)


# ---- closing


def test_nothing_is_pulled_away():
    shared = stereo().share()
    name, array = shared.shared_name, shared.to_numpy()
    with pytest.raises(BufferError, match=r"shared memory.*1 view is alive: numpy.*\(2, 6\)"):
        shared.close()
    array += 1
    del array
    shared.close()
    assert shared.closed
    assert not segments.is_there(name)
    for use in (lambda it: it + 1, memoryview, pickle.dumps, AudioSamples.share):
        with pytest.raises(ValueError, match="closed"):
            use(shared)


@pytest.mark.parametrize(
    "again",
    [
        lambda audio: AudioSamples.attach(audio.shared_name),
        lambda audio: pickle.loads(pickle.dumps(audio)),
        lambda audio: pickle.loads(pickle.dumps(audio[:, 2:])),
    ],
)
def test_a_segment_is_closed_with_the_last_handle_that_was_made_of_it(again):
    shared = stereo().share()
    name = shared.shared_name
    with again(shared) as other:  # as the worker of a pool does, called in this process
        other += 1
    assert other.closed
    assert not shared.closed
    shared += 1
    assert segments.is_there(name)
    view = shared.to_numpy()
    for handle in (again(shared), shared[:, :3]):
        del handle  # without being closed
    with pytest.raises(BufferError, match="1 view is alive"):
        shared.close()
    assert not shared.closed
    other = again(shared)
    del view
    shared.close()
    assert shared.closed
    other += 1
    other.close()
    assert not segments.is_there(name)
    with pytest.raises(ValueError, match="closed"):
        other += 1


def test_a_slice_of_shared_audio_is_closed_with_it():
    shared = stereo().share()
    part = shared[:, 2:]
    part.close()
    assert shared.closed
    with pytest.raises(ValueError, match="closed"):
        shared += 1


def test_a_with_block_closes():
    with stereo().share() as shared:
        name = shared.shared_name
        shared += 1
    assert shared.closed
    assert not segments.is_there(name)


def test_a_view_keeps_the_segment():
    shared = stereo().share()
    name, array = shared.shared_name, shared.to_numpy()
    del shared
    assert AudioSamples.attach(name).shape == (2, 6)
    del array
    assert not segments.is_there(name)


def test_flush_is_for_files():
    with pytest.raises(ValueError, match=r"open\(\) has mapped"):
        stereo().share().flush()


# ---- what is refused


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"dtype": "int16"}, r"float64 of shape \(2, 6\), not int16 of shape \(2, 6\)"),
        ({"shape": (2, 7)}, r"float64 of shape \(2, 6\), not float64 of shape \(2, 7\)"),
        ({"shape": 12, "dtype": float}, r"not float64 of shape \(12,\)"),
    ],
)
def test_another_shape_or_type_than_expected_is_said_with_the_numbers(expected, message):
    shared = stereo().share()
    with pytest.raises(ValueError, match=message):
        AudioSamples.attach(shared.shared_name, **expected)
    assert AudioSamples.attach(shared.shared_name, shape=(2, 6), dtype=float).shape == (2, 6)


@pytest.mark.parametrize("name", ["", "a", "audio_samples-", "audio_samples-1/../x", "/etc/passwd"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="audio_samples-"):
        AudioSamples.attach(name)


@pytest.fixture
def path():
    path = segments.FOLDER / "audio_samples-1-damaged"
    yield path
    path.unlink(missing_ok=True)


def bytes_of_a_segment() -> bytearray:
    shared = stereo().share()
    return bytearray((segments.FOLDER / shared.shared_name).read_bytes())


@pytest.mark.parametrize(
    ("at", "bytes_there", "message"),
    [
        (0, b"RIFF", "no segment of audio"),
        (8, struct.pack("I", 7), "version 7"),
        (12, struct.pack("I", 9), "9 is the number of no sample type"),
        (16, struct.pack("I", 3), "2 channels on 3 axes"),
        (24, struct.pack("Q", 3), r"96 bytes.*float64 audio of shape \(3, 6\)"),
        (32, struct.pack("Q", 1 << 61), "96 bytes"),
        (40, struct.pack("I", 0), "0 Hz"),
        (48, struct.pack("Q", 8), "from byte 8 on"),
        (56, struct.pack("Q", 95), "95 bytes"),
    ],
)
def test_a_damaged_header_is_said_with_its_byte(path, at, bytes_there, message):
    damaged = bytes_of_a_segment()
    damaged[at : at + len(bytes_there)] = bytes_there
    path.write_bytes(damaged)
    with pytest.raises(AudioFileError, match=message) as caught:
        AudioSamples.attach(path.name)
    assert caught.value.offset == at or at in (24, 32)


@pytest.mark.parametrize("length", [0, 79, 80, (64 << 10) + 95])
def test_a_segment_that_is_cut_short_is_said_with_its_length(path, length):
    path.write_bytes(bytes_of_a_segment()[:length])
    with pytest.raises(AudioFileError, match=f"{length} bytes"):
        AudioSamples.attach(path.name)


def test_memory_that_is_not_there_is_an_error_before_anything_is_written():
    space = os.statvfs(segments.FOLDER)
    frames = space.f_blocks * space.f_frsize // 8 * 2
    before = segments.names()
    with pytest.raises(OSError, match=rf"no room for {frames * 8} bytes.* bytes are free"):
        AudioSamples.zeros(frames, RATE, shared=True)
    assert not {n for n in segments.names() - before if segments.made_by(n) == os.getpid()}


def test_no_copies_says_that_sharing_is_a_copy():
    audio = stereo()
    with no_copies(), pytest.raises(CopyError, match=r"96 bytes.*zeros\(.*shared=True\)"):
        audio.share()


def test_an_attempt_that_is_refused_holds_nothing():
    audio = AudioSamples.new_mono(np.ones(10), RATE).share()
    with pytest.raises(ValueError, match=r"shape \(10,\), not float64 of shape \(3,\)"):
        AudioSamples.attach(audio.shared_name, shape=(3,))
    audio.close()
    with pytest.raises(ValueError, match="closed"):
        audio.peak()
