"""A read from the middle of a compressed file gives what a read of all of it has there (F1)."""

import io

import numpy as np
import pytest
import soundfile

import audio_samples

PART = 131_072  # frames of the smallest part that a thread reads


@pytest.fixture(params=[1, 2, 3])
def threads(request, num_threads_as_before):  # noqa: ARG001
    audio_samples.set_num_threads(request.param)


def noise(frames, channels=2, seed=0):
    return 0.5 * np.random.default_rng(seed).uniform(-1, 1, (frames, channels))


def encoded(samples, rate, container, subtype, **options):
    file = io.BytesIO()
    kind = {"subtype": subtype, "format": container, **options}
    with soundfile.SoundFile(file, "w", rate, samples.shape[1], **kind) as out:
        for block in np.array_split(samples, max(1, len(samples) // 8192)):
            out.write(block)
    return file.getvalue()


def by_one_thread(content, **options):
    before = audio_samples.num_threads()
    audio_samples.set_num_threads(1)
    try:
        return audio_samples.read(content, **options).to_numpy()
    finally:
        audio_samples.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("rate", [22_050, 24_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_of_changing_bit_rate_with_pauses_is_the_same_from_every_frame(rate, channels):
    """Packets of silence are short: what the next one needs lies further back than on average."""
    frames = 3 * PART
    sound = (np.arange(frames) // 15_000) % 2 == 0
    samples = noise(frames, channels) * sound[:, None]
    changing = {"bitrate_mode": "VARIABLE", "compression_level": 0.0}
    content = encoded(samples, rate, "MP3", "MPEG_LAYER_III", **changing)
    whole = by_one_thread(content)
    assert np.array_equal(audio_samples.read(content), whole)
    for start in range(30_000, 2 * PART, 30_000):
        for further in (-300, 300, 1100):
            at = start + further
            part = audio_samples.read(content, start=at, frames=2 * PART)
            assert np.array_equal(part, whole[..., at : at + 2 * PART]), at


@pytest.mark.usefixtures("threads")
def test_joined_mp3_is_the_same_from_every_frame():
    """The second file's table of contents is a packet without sound, which only a seek counts."""
    first = bytearray(encoded(noise(PART - 20_000), 44_100, "MP3", "MPEG_LAYER_III"))
    at = max(first.find(tag, 0, 4096) for tag in (b"Xing", b"Info"))
    assert at > 0
    first[at : at + 4] = bytes(4)
    samples = noise(4 * PART, seed=1)
    own = len(by_one_thread(bytes(first))[0])
    for cut in range(1, 5):
        place = cut * PART - own
        samples[max(0, place - 8_000) : place + 3_000] = 0
    content = bytes(first) + encoded(samples, 44_100, "MP3", "MPEG_LAYER_III")
    whole = by_one_thread(content)
    assert np.array_equal(audio_samples.read(content), whole)
    for start in (2 * PART, 3 * PART + 77):
        part = audio_samples.read(content, start=start, frames=5_000)
        assert np.array_equal(part, whole[:, start : start + 5_000])
        with audio_samples.stream(content, 1_000, start=start) as blocks:
            assert np.array_equal(next(iter(blocks)), whole[:, start : start + 1_000])


def pages(content):
    """The pages of an Ogg file."""
    at = 0
    while at < len(content):
        assert content[at : at + 4] == b"OggS"
        segments = content[at + 26]
        end = at + 27 + segments + sum(content[at + 27 : at + 27 + segments])
        yield content[at:end]
        at = end


@pytest.mark.usefixtures("threads")
def test_one_of_two_streams_in_an_ogg_file_is_read_from_every_frame():
    samples = noise(3 * PART)
    made = [encoded(samples, 44_100, "OGG", "VORBIS") for _ in range(2)]
    assert made[0][14:18] != made[1][14:18]  # numbered at random
    first, second = (list(pages(content)) for content in made)
    both = first[0] + second[0]
    for one, other in zip(first[1:], second[1:], strict=False):
        both += one + other
    alone = by_one_thread(b"".join(first))
    whole = audio_samples.read(both)
    assert np.array_equal(whole, alone[:, : len(whole)])
    part = audio_samples.read(both, start=PART, frames=1_000)
    assert np.array_equal(part, alone[:, PART : PART + 1_000])


class Failing(io.BytesIO):
    """Bytes that cannot be read once."""

    fails = False
    fails_after = None

    def read(self, size=-1):
        if self.fails_after is not None:
            self.fails = self.fails_after == 0
            self.fails_after = self.fails_after - 1 if self.fails_after else None
        if self.fails:
            self.fails = False
            raise TimeoutError("not now")
        return super().read(size)


@pytest.mark.parametrize(("container", "subtype"), [("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_16")])
@pytest.mark.parametrize("block_frames", [1152, 3000, 4096])
def test_a_stream_that_failed_once_goes_on_with_the_frames_that_come_next(
    container, subtype, block_frames
):
    content = encoded(noise(PART), 44_100, container, subtype)
    whole, failures = by_one_thread(content), 0
    for fails_at in range(5, 15):
        file = Failing(content)
        with audio_samples.stream(file, block_frames) as blocks:
            for number in range(PART // block_frames):
                file.fails = number == fails_at
                at = blocks.position
                try:
                    block = next(blocks)
                except TimeoutError:
                    failures += 1
                    assert blocks.position == at
                    block = next(blocks)
                assert np.array_equal(block, whole[:, at : at + block_frames]), (fails_at, number)
    assert failures > 0


class Counting(io.BytesIO):
    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_no_read_from_the_middle_begins_at_the_beginning(container, subtype):
    content = encoded(noise(16 * PART), 44_100, container, subtype)
    for start in range(8 * PART, 8 * PART + 60_000, 500):
        file = Counting(content)
        audio_samples.read(file, start=start, frames=100)
        assert file.taken < len(content) / 2, start


BIT_RATES = [("CONSTANT", 0.0), ("CONSTANT", 0.99), ("VARIABLE", 0.3)]


def damaged_between(content):
    """Bytes of no packet behind the first third."""
    return content[: len(content) // 3] + bytes(1_000) + content[len(content) // 3 :]


def without_count(content):
    at = max(content.find(tag, 0, 4096) for tag in (b"Xing", b"Info"))
    return content[:at] + bytes(4) + content[at + 4 :]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
@pytest.mark.parametrize("bit_rate", BIT_RATES)
@pytest.mark.parametrize("change", [bytes, damaged_between, without_count])
def test_crops_out_of_a_kept_stream_of_mp3_are_those_of_a_whole_read(rate, bit_rate, change):
    """Pauses fill the bit reservoir: the packets behind them begin as far back as they may."""
    mode, level = bit_rate
    pauses = (np.arange(PART) // 4_000) % 3 > 0
    samples = noise(PART, 1 if rate == 8_000 else 2) * pauses[:, None]
    options = {"bitrate_mode": mode, "compression_level": level}
    content = change(encoded(samples, rate, "MP3", "MPEG_LAYER_III", **options))
    whole = by_one_thread(content)
    random = np.random.default_rng(0)
    with audio_samples.stream(content, 700) as blocks:
        for at in random.integers(0, whole.shape[-1], 80):
            blocks.seek(int(at))
            assert np.array_equal(next(blocks), whole[..., at : at + 700]), at


def test_a_kept_stream_of_mp3_reads_little_more_than_its_crops():
    content = encoded(noise(16 * PART), 44_100, "MP3", "MPEG_LAYER_III")
    file = Counting(content)
    with audio_samples.stream(file, 1_000) as blocks:
        blocks.seek(15 * PART)
        next(blocks)
        taken = file.taken
        for crop in range(20):
            blocks.seek((7 * crop) % 15 * PART + 5 * crop)
            next(blocks)
        assert (file.taken - taken) / 20 < 40_000
        assert file.taken < 2 * len(content)


def test_a_stream_of_mp3_whose_bytes_failed_during_a_seek_goes_on():
    content = encoded(noise(8 * PART), 44_100, "MP3", "MPEG_LAYER_III")
    whole, failures = by_one_thread(content), 0
    for number in range(1, 12):
        file = Failing(content)
        with audio_samples.stream(file, 1_000) as blocks:
            for at in (7 * PART, PART, 5 * PART)[: 1 + number % 3]:
                blocks.seek(at)
                file.fails_after = number // 3
                try:
                    block = next(blocks)
                except TimeoutError:
                    failures += 1
                    block = next(blocks)
                file.fails_after = None
                assert np.array_equal(block, whole[:, at : at + 1_000])
    assert failures > 6


@pytest.mark.usefixtures("num_threads_as_before")
def test_any_number_of_threads_may_be_asked_for():
    content = encoded(noise(3 * PART), 44_100, "FLAC", "PCM_16")
    whole = by_one_thread(content)
    audio_samples.set_num_threads(2**62)
    assert audio_samples.num_threads() == 1024
    assert np.array_equal(audio_samples.read(content), whole)
