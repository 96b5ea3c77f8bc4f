"""Libraries that know nothing of audio take it, or its shared view, without a copy."""

import array
import hashlib
import io
import mmap
import struct
import wave
import zlib

import matplotlib
import numpy as np
import pytest
import scipy.io.wavfile
import scipy.signal
import soundfile
from matplotlib.figure import Figure
from signals import RATE

from audio_samples import AudioSamples, generation, no_copies


@pytest.fixture
def tone() -> AudioSamples:
    return generation.sine_wave(440, 0.1, sample_rate=RATE, dtype=np.float32)


@pytest.fixture
def stereo(tone) -> AudioSamples:
    return AudioSamples.new_multi(np.vstack([tone, tone * 0.5]), RATE)


# ---- the standard library


def test_hashes_and_checksums_read_audio(tone):
    same = tone.to_numpy().tobytes()
    with no_copies():
        assert hashlib.sha256(tone).digest() == hashlib.sha256(same).digest()
        assert zlib.crc32(tone) == zlib.crc32(same)
        assert hashlib.file_digest(io.BytesIO(tone), "md5").digest() == hashlib.md5(same).digest()
    assert tone.views == []


def test_a_file_reads_into_audio_and_is_written_from_it(tone, tmp_path):
    path = tmp_path / "samples.raw"
    with path.open("wb") as file:
        assert file.write(tone) == tone.nbytes
    back = AudioSamples.zeros(len(tone), RATE, dtype="float32")
    address = back.address
    with path.open("rb", buffering=0) as file:
        assert file.readinto(back) == tone.nbytes
    assert back.address == address
    np.testing.assert_array_equal(back, tone)


def test_part_of_audio_is_read_into_where_it_lies(tone):
    back = AudioSamples.zeros(len(tone), RATE, dtype="float32")
    io.BytesIO(tone).readinto(back[100:200])
    np.testing.assert_array_equal(back[100:200], tone[:100])
    assert back.to_numpy()[200:].max() == 0


def test_no_file_reads_into_read_only_audio(tone):
    with pytest.raises((TypeError, BufferError), match=r"read-only|read-write"):
        io.BytesIO(bytes(100)).readinto(tone.as_readonly())


def test_struct_packs_into_audio_and_unpacks_from_it():
    audio = AudioSamples.zeros(4, RATE, dtype="int16")
    struct.pack_into("<2h", audio, 2, 300, -300)
    assert audio.to_numpy().tolist() == [0, 300, -300, 0]
    assert struct.unpack_from("<h", audio, 4) == (-300,)


def test_byte_containers_take_audio(tone):
    assert bytes(tone[:2]) == tone.to_numpy()[:2].tobytes()
    assert array.array("f", memoryview(tone[:3])).tolist() == tone.to_numpy()[:3].tolist()
    holder = bytearray(tone.nbytes)
    holder[:] = memoryview(tone).cast("B")
    assert AudioSamples.from_buffer(holder, RATE, dtype="float32")[7] == tone[7]


def test_a_buffer_of_numbers_is_converted_and_one_of_bytes_is_read():
    numbers = array.array("i", [1, -2, 3])
    audio = AudioSamples.from_buffer(numbers, RATE, dtype="float32", copy=True)
    assert audio.tolist() == [1, -2, 3]
    with pytest.raises(ValueError, match="copy"):
        AudioSamples.from_buffer(numbers, RATE, dtype="float32")
    with pytest.raises((TypeError, ValueError), match="100000"):
        AudioSamples.from_buffer(array.array("i", [100_000]), RATE, dtype="int16", copy=True)
    audio = AudioSamples.from_buffer(numbers, RATE, dtype="int32")
    audio *= 2
    assert numbers.tolist() == [2, -4, 6]
    for data in (numbers.tobytes(), memoryview(numbers).cast("B")):
        read = AudioSamples.from_buffer(data, RATE, dtype="float32").to_numpy()
        assert read.tobytes() == numbers.tobytes()


def test_a_memory_map_is_audio_and_takes_audio(tone, tmp_path):
    path = tmp_path / "samples.raw"
    path.write_bytes(bytes(tone.nbytes))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped.write(tone)
        audio = AudioSamples.from_buffer(mapped, RATE, dtype="float32")
        np.testing.assert_array_equal(audio, tone)
        audio *= 0
        assert not any(mapped[:100])
        del audio


def test_the_wave_module_writes_audio():
    audio = AudioSamples.new_mono(np.array([1, -2, 3], np.int16), RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, RATE, 0, "NONE", ""))
        writer.writeframes(audio)
    file.seek(0)
    with wave.open(file) as reader:
        assert np.frombuffer(reader.readframes(3), np.int16).tolist() == [1, -2, 3]


# ---- NumPy, SciPy, Matplotlib


def test_frombuffer_is_a_view_on_audio(tone):
    flat = np.frombuffer(tone, np.float32)
    assert flat.ctypes.data == tone.address
    assert [view.kind for view in tone.views] == ["buffer"]
    flat *= 2
    assert tone.to_numpy().max() == pytest.approx(2, abs=1e-3)
    raw = np.frombuffer(tone, np.uint8)
    assert raw.size == tone.nbytes


def test_scipy_filters_audio(stereo):
    sos = scipy.signal.butter(4, 1000, fs=RATE, output="sos")
    filtered = scipy.signal.sosfilt(sos, stereo)
    np.testing.assert_array_equal(filtered, scipy.signal.sosfilt(sos, stereo.to_numpy()))
    # In place through the shared view.
    stereo[:] = scipy.signal.sosfiltfilt(sos, stereo)
    assert stereo.to_numpy().shape == filtered.shape
    assert scipy.signal.resample_poly(stereo, 1, 2, axis=-1).shape[-1] == len(stereo) // 2
    _, _, spectrum = scipy.signal.stft(stereo, fs=stereo.sample_rate, nperseg=256)
    assert spectrum.shape[0] == 2
    windowed = scipy.signal.get_window("hann", len(stereo))
    stereo *= windowed
    assert stereo.to_numpy()[:, 0].tolist() == [0, 0]


def test_scipy_writes_and_reads_wav_files(stereo, tmp_path):
    path = tmp_path / "scipy.wav"
    with no_copies():
        scipy.io.wavfile.write(path, stereo.sample_rate, stereo.frames_first)
    rate, data = scipy.io.wavfile.read(path)
    back = AudioSamples.new_multi(data, rate, layout="frames_first", copy=False)
    np.testing.assert_array_equal(back, stereo)


def test_matplotlib_draws_audio(tone, stereo):
    matplotlib.use("agg")
    figure = Figure()
    axes = figure.subplots(3)
    times = np.arange(len(tone)) / tone.sample_rate
    [line] = axes[0].plot(times, tone)
    np.testing.assert_array_equal(line.get_ydata(), tone)
    assert len(axes[1].plot(stereo.frames_first)) == 2
    spectrum, *_ = axes[2].specgram(tone, Fs=tone.sample_rate)
    assert spectrum.shape[0] == 129
    figure.savefig(io.BytesIO())


# ---- soundfile


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "DOUBLE"])
def test_soundfile_writes_audio_and_reads_into_it(stereo, tmp_path, subtype):
    path = tmp_path / "soundfile.wav"
    with no_copies():
        soundfile.write(path, stereo.frames_first, stereo.sample_rate, subtype)
    # soundfile wants frames side by side: the memory is frames first, the audio channels first.
    frames = np.empty((len(stereo), 2), np.float32)
    back = AudioSamples.new_multi(frames, RATE, layout="frames_first", copy=False)
    with no_copies():
        soundfile.read(path, out=back.frames_first)
    np.testing.assert_allclose(back.to_numpy(), stereo.to_numpy(), atol=1e-4)
    assert back.address == frames.ctypes.data


def test_soundfile_reads_blocks_into_mono_audio(tone, tmp_path):
    path = tmp_path / "mono.wav"
    soundfile.write(path, tone, tone.sample_rate, "FLOAT")
    back = AudioSamples.zeros(len(tone), RATE, dtype="float32")
    with soundfile.SoundFile(path) as file:
        file.read(out=back[:1000].to_numpy())
        file.buffer_read_into(back[1000:], "float32")
    np.testing.assert_array_equal(back, tone)


# ---- functions as those of librosa: arrays in, arrays out, `y` and `sr`


def frame(y, frame_length, hop_length):
    """Overlapping windows of the samples, as views."""
    windows = np.lib.stride_tricks.sliding_window_view(y, frame_length, axis=-1)
    return windows[..., ::hop_length, :]


def rms(y, frame_length=512, hop_length=256):
    return np.sqrt(np.mean(np.square(frame(y, frame_length, hop_length)), axis=-1))


def peak_frequency(y, sr):
    spectrum = np.abs(np.fft.rfft(np.asarray(y) * np.hanning(len(y))))
    return np.fft.rfftfreq(len(y), 1 / sr)[spectrum.argmax()]


def trim(y, top_db=20):
    loud = np.flatnonzero(np.abs(y) > np.max(np.abs(y)) * 10 ** (-top_db / 20))
    return y[loud[0] : loud[-1] + 1]


def preemphasis(y, coefficient=0.97):
    if not isinstance(y, np.ndarray) and not hasattr(y, "__array__"):
        raise TypeError("audio data must be an array")
    return np.concatenate([y[:1], y[1:] - coefficient * y[:-1]])


def test_functions_that_take_arrays_take_audio(tone, stereo):
    array = tone.to_numpy()
    np.testing.assert_allclose(rms(tone), rms(array))
    np.testing.assert_allclose(rms(stereo)[0], rms(array))
    assert peak_frequency(tone, sr=tone.sample_rate) == pytest.approx(440, abs=10)
    np.testing.assert_allclose(preemphasis(tone), preemphasis(array), rtol=1e-6)
    assert np.issubdtype(tone.dtype, np.floating)
    assert np.isfinite(tone).all()
    assert tone.ndim == 1
    assert tone.shape[-1] == len(array)


def test_a_part_that_such_a_function_cuts_out_is_still_shared_audio(tone):
    quiet = AudioSamples.zeros(len(tone) + 2000, RATE, dtype="float32")
    quiet[1000:-1000] = tone
    part = trim(quiet)
    assert isinstance(part, AudioSamples)
    assert abs(len(part) - len(tone)) < 50
    part *= 0
    assert not quiet.to_numpy()[1050:-1050].any()
