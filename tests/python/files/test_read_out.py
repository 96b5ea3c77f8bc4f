"""`out=`: files decoded into samples that exist, and what is refused before the first write."""

import io
import struct

import numpy as np
import pytest
import soundfile
from elsewhere import in_child, run
from signals import read_only, tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples, BorrowError, SampleRateError

RATE = 44_100
FRAMES = 30_000
KINDS = [("WAV", "PCM_16"), ("AIFF", "PCM_24"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"),
         ("OGG", "VORBIS")]  # fmt: skip


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for container, subtype in KINDS:
        for channels in (1, 2):
            path = folder / f"{container}-{channels}"
            soundfile.write(path, tones(channels, FRAMES), RATE, format=container, subtype=subtype)
    return folder


@pytest.fixture(params=[f"{kind[0]}-{channels}" for kind in KINDS for channels in (1, 2)])
def path(request, recordings):
    return recordings / request.param


def room(path, frames=FRAMES, dtype=np.float32, **how):
    channels = audio_samples.info(path).num_channels
    shape = frames if channels == 1 else (channels, frames)
    return AudioSamples.zeros(shape, RATE, dtype=dtype, **how)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_it_is_what_read_gives_and_out_itself(path, dtype):
    out = room(path, dtype=dtype)
    assert audio_samples.read(path, out=out) is out
    assert np.array_equal(out, audio_samples.read(path, dtype=dtype))


@pytest.mark.usefixtures("num_threads_as_before")
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same(tmp_path, threads):
    for name, subtype in (("a.wav", "PCM_16"), ("a.flac", "PCM_16")):
        path = tmp_path / name
        soundfile.write(path, tones(2, 700_000), RATE, subtype=subtype)
        audio_samples.set_num_threads(1)
        whole = audio_samples.read(path)
        audio_samples.set_num_threads(threads)
        around = AudioSamples.zeros((2, 700_010), RATE, dtype=np.float32)
        audio_samples.read(path, out=around[5:-5])
        assert np.array_equal(around[5:-5], whole)
        assert not around[:5].any()
        assert not around[-5:].any()


def test_only_the_slice_is_written(path):
    whole = audio_samples.read(path)
    out = room(path, 1_000)
    out += 7
    audio_samples.read(path, start=500, frames=300, out=out[100:400])
    assert np.array_equal(out[100:400], whole[500:800])
    assert (out[:100].to_numpy() == 7).all()
    assert (out[400:].to_numpy() == 7).all()


def test_strides_of_any_kind_are_filled(path):
    whole = audio_samples.read(path, frames=200)
    for key in (np.s_[::-1], np.s_[::3], np.s_[10:210]):
        out = room(path, {10: 210, None: 200}[key.start] if key.step != 3 else 600)
        part = out[key]
        audio_samples.read(path, frames=200, out=part)
        assert np.array_equal(part, whole)


def test_arrays_tensors_shared_memory_and_files_are_filled_where_they_are(path, tmp_path):
    whole = audio_samples.read(path, frames=256)
    channels = whole.num_channels
    batch = np.zeros((3, channels, 256), np.float32)
    shared = room(path, 256, shared=True)
    audio_samples.write(tmp_path / "a.wav", room(path, 256))
    with audio_samples.open(tmp_path / "a.wav", "r+") as mapped, audio_samples.no_copies():
        for out in (AudioSamples.from_numpy(batch[1], RATE), shared, mapped):
            audio_samples.read(path, frames=256, out=out)
            assert np.array_equal(out.to_numpy().reshape(whole.shape), whole)
        del out
    assert np.array_equal(batch[1].reshape(whole.shape), whole)
    assert not batch[[0, 2]].any()
    assert np.array_equal(audio_samples.read(tmp_path / "a.wav"), whole)


def test_a_row_of_a_batch_of_tensors(path):
    torch = pytest.importorskip("torch")
    whole = audio_samples.read(path, frames=256)
    batch = torch.zeros((3, whole.num_channels, 256))
    with audio_samples.no_copies():
        audio_samples.read(path, frames=256, out=AudioSamples.from_torch(batch[1], RATE))
    assert np.array_equal(batch[1].numpy().reshape(whole.shape), whole)


def test_it_takes_no_memory_besides(tmp_path):
    """A buffer between would be as large as the file's samples."""
    path = tmp_path / "a.wav"
    frames = 8 << 20
    header = b"RIFF" + struct.pack("<I", 36 + 4 * frames) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 2, RATE, 4 * RATE, 4, 16)
    with path.open("wb") as file:
        file.write(header + b"data" + struct.pack("<I", 4 * frames))
        file.truncate(44 + 4 * frames)
    program = """
        import re, sys
        from pathlib import Path
        import audio_samples
        from audio_samples import AudioSamples
        def peak():
            return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
        out = AudioSamples.zeros((2, int(sys.argv[2])), 44_100, dtype="float32")
        out += 1
        audio_samples.read(sys.argv[1], frames=1000, out=out[:1000])
        before = peak()
        with audio_samples.no_copies():
            audio_samples.read(sys.argv[1], out=out)
        assert not out.any()
        print(peak() - before)
    """
    # 64 MiB are decoded.
    assert int(run(program, str(path), str(frames))) < 8 << 10


def test_a_mapped_file_is_filled_in_bounded_memory(tmp_path):
    """Its pages go back to the system behind the decoder."""
    program = """
        import re, sys
        from pathlib import Path
        import numpy as np
        import audio_samples
        from audio_samples import AudioSamples
        def peak():
            return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
        def blocks(dtype):
            for number in range(128):
                yield AudioSamples.new_multi(np.full((2, 65_536), number, dtype), 44_100)
        folder = Path(sys.argv[1])
        audio_samples.write(folder / "a.wav", blocks("int16"))
        audio_samples.write(folder / "b.wav", blocks("float32"))
        with audio_samples.open(folder / "b.wav", "r+") as out:
            before = peak()
            audio_samples.read(folder / "a.wav", out=out)
            print(peak() - before)
        same = zip(*(audio_samples.stream(folder / name) for name in ("a.wav", "b.wav")))
        assert all(np.array_equal(one, other) for one, other in same)
    """
    # 64 MiB are written.
    assert int(run(program, str(tmp_path))) < 16 << 10


@pytest.mark.parametrize("dtype", ["float64", "stored", np.int32])
def test_another_type_than_was_asked_for_is_refused(recordings, dtype):
    out = room(recordings / "WAV-2")
    with pytest.raises(TypeError, match=r"out holds float32, and (float64|int16|int32) was asked"):
        audio_samples.read(recordings / "WAV-2", out=out, dtype=dtype)
    assert not out.any()
    same = audio_samples.read(recordings / "WAV-2", out=out, dtype="float32")
    assert same is out


def test_another_shape_is_refused_with_both_and_the_way_out(path):
    channels = audio_samples.info(path).num_channels
    for frames, way_out in ((FRAMES - 1, "frames=29999"), (FRAMES + 1, r"out\[:30000\]")):
        out = room(path, frames)
        with pytest.raises(ValueError, match=rf"{frames}.*30000 frames.*{way_out}"):
            audio_samples.read(path, out=out)
        assert not out.any()
    with pytest.raises(ValueError, match=r"100 frames .*out=out\[:100\]"):
        audio_samples.read(path, start=FRAMES - 100, frames=500, out=room(path, 500))
    other = AudioSamples.zeros((3, FRAMES), RATE, dtype=np.float32)
    with pytest.raises(ValueError, match=rf"\(3, 30000\), and the file has {channels} channel"):
        audio_samples.read(path, out=other)
    assert not other.any()


def test_one_channel_may_be_of_either_shape(recordings):
    out = AudioSamples.zeros((1, FRAMES), RATE, dtype=np.float32)
    audio_samples.read(recordings / "WAV-1", out=out)
    assert np.array_equal(out[0, :], audio_samples.read(recordings / "WAV-1"))


def test_another_rate_is_refused_with_both(recordings):
    out = AudioSamples.zeros((2, FRAMES), 48_000, dtype=np.float32)
    with pytest.raises(SampleRateError, match=r"48000 Hz, and the file is at 44100 Hz"):
        audio_samples.read(recordings / "WAV-2", out=out)
    assert not out.any()


def test_what_is_no_writable_audio_is_refused(recordings):
    path = recordings / "WAV-2"
    out = room(path)
    with pytest.raises(ValueError, match="read-only"):
        audio_samples.read(path, out=read_only(out))
    with pytest.raises(TypeError, match="from_numpy"):
        audio_samples.read(path, out=out.to_numpy())
    with pytest.raises(TypeError, match="AudioSamples"):
        audio_samples.stream(path, out=out.to_numpy())
    with pytest.raises(IndexError, match="frame 30001"):
        audio_samples.read(path, start=30_001, out=out)
    assert not out.any()


def test_exactly_the_span_is_leased(recordings):
    path = recordings / "WAV-2"
    out = room(path, 1_000)
    with out[:100].borrow_mut():
        audio_samples.read(path, frames=900, out=out[100:])
        with pytest.raises(BorrowError):
            audio_samples.read(path, frames=901, out=out[99:])
    assert np.array_equal(out[100:], audio_samples.read(path, frames=900))


def test_a_file_object_that_looks_at_out_is_refused_and_does_not_hang(recordings):
    class Looking(io.BytesIO):
        def read(self, *size):
            out[0:1] = 1
            return super().read(*size)

    content = (recordings / "WAV-2").read_bytes()
    out = room(recordings / "WAV-2")
    with pytest.raises(BorrowError, match="operation of this thread"):
        audio_samples.read(Looking(content), out=out)


@pytest.mark.parametrize("name", ["FLAC-2", "WAV-2"])
def test_a_file_that_breaks_midway_says_how_far_it_came(recordings, name, tmp_path):
    content = bytearray((recordings / name).read_bytes())
    if name == "FLAC-2":
        whole = audio_samples.read(bytes(content))
        content[len(content) // 2 : len(content) // 2 + 20] = bytes(20)
        broken = io.BytesIO(content)
    else:
        # Several blocks.
        whole = AudioSamples.from_numpy(tones(2, 200_000), RATE, layout="frames_first")
        audio_samples.write(tmp_path / "a.wav", whole)
        content = (tmp_path / "a.wav").read_bytes()

        class Shrinking(io.BytesIO):
            """A disk that fails behind the middle."""

            def read(self, size=-1):
                if size > 4096 and self.tell() > len(content) // 2:
                    return b""
                return super().read(size)

        broken = Shrinking(content)
    out = AudioSamples.zeros(whole.shape, RATE, dtype=whole.dtype)
    with pytest.raises(
        AudioFileError, match=r"out has the first \d+ frames .* undefined"
    ) as caught:
        audio_samples.read(broken, out=out)
    stored = int(str(caught.value).split("out has the first ")[1].split()[0])
    assert np.array_equal(out[:stored], whole[:stored])
    assert stored > 0


def test_the_blocks_of_a_stream_are_decoded_into_out(path):
    whole = audio_samples.read(path)
    out = room(path, 1_024)
    with audio_samples.stream(path, out=out) as blocks, audio_samples.no_copies():
        place, views = 0, out.to_numpy()
        for block in blocks:
            assert block is out or len(block) == FRAMES % 1_024
            assert block.address == out.address
            assert np.array_equal(block, whole[place : place + 1_024])
            place += len(block)
        assert views.base is not None
    assert place == FRAMES


def test_out_of_a_stream_takes_any_type_and_hop(recordings):
    path = recordings / "WAV-2"
    out = room(path, 512, np.int16)
    blocks = audio_samples.stream(path, 512, 100, out=out, frames=2_000)
    assert blocks.dtype == np.int16
    whole = audio_samples.read(path, dtype="int16")
    starts = [0]
    for block in blocks:
        assert np.array_equal(block, whole[starts[-1] : starts[-1] + len(block)])
        starts.append(starts[-1] + 100)
    assert len(blocks) == len(starts) - 1


def test_out_of_a_stream_is_looked_at_when_it_is_opened(recordings):
    path = recordings / "WAV-2"
    refusals = [
        (ValueError, "read-only", {"out": read_only(room(path, 10))}),
        (ValueError, "channel", {"out": AudioSamples.zeros(10, RATE, dtype=np.float32)}),
        (SampleRateError, "44100", {"out": AudioSamples.zeros((2, 10), 8_000)}),
        (TypeError, "int16", {"out": room(path, 10), "dtype": "int16"}),
        (
            ValueError,
            "10 frames, and block_frames is 11",
            {"out": room(path, 10), "block_frames": 11},
        ),
        (ValueError, "no frame", {"out": room(path, 0)}),
    ]
    for error, words, how in refusals:
        with pytest.raises(error, match=words):
            audio_samples.stream(path, **how)


def test_a_fork_reads_into_shared_memory(recordings):
    path = recordings / "WAV-2"
    shared = room(path, shared=True)
    assert in_child(lambda: audio_samples.read(path, out=shared)) == 0
    assert np.array_equal(shared, audio_samples.read(path))
