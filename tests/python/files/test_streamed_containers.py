"""Files as pipes and browsers write them: in fragments, of unknown size, unevenly dated."""

import io
import random
import struct
from fractions import Fraction

import extras
import numpy as np
import pytest
import soundfile
from signals import tones

import audio_samples
from audio_samples import AudioFileError

av = extras.require("av", "test")

RATE = 44_100
FRAMES = 150_000
FRAGMENTS = "frag_keyframe+empty_moov"


class Pipe(io.BytesIO):
    """What cannot go back, as far as FFmpeg is to know."""

    seek = tell = None

    def seekable(self):
        return False


def encode(container, codec, form, options=None, file=None, dates=None, rate=RATE, length=FRAMES):
    """The bytes of a file. `dates` changes the time of each packet."""
    values = tones(2, length, rate).T
    file = io.BytesIO() if file is None else file
    if form != "fltp":
        values = np.round(values * 32767).astype(np.int16)
    with av.open(file, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=rate, layout="stereo", format=form)
        if codec == "aac":  # noise that the decoder makes up is other noise in a range
            stream.codec_context.options = {"aac_pns": "0"}
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 4096
        number = 0
        for start in [*range(0, length, size), None]:
            if start is None:
                packets = stream.encode(None)
            else:
                part = values[:, start : start + size]
                part = part if form.endswith("p") else part.T.reshape(1, -1)
                planes = np.ascontiguousarray(
                    part.astype(np.float32 if form == "fltp" else np.int16)
                )
                frame = av.AudioFrame.from_ndarray(planes, format=form, layout="stereo")
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                packets = stream.encode(frame)
            for packet in packets:
                if dates and packet.size:
                    packet.pts = packet.dts = dates(number, packet.pts)
                    number += 1
                out.mux(packet)
    return None if isinstance(file, str) else file.getvalue()


def packet_count(content):
    with av.open(io.BytesIO(content)) as file:
        return sum(1 for packet in file.demux(audio=0) if packet.size)


def check_ranges(content, whole):
    """Any range is that part of the whole."""
    assert audio_samples.info(content).frames == whole.shape[1]
    assert audio_samples.info(content).damage is None
    ends = [whole.shape[1] - 1, whole.shape[1]]
    for start in [*(at for at in (1, 5000, 70_003, 100_003, 140_000) if at < ends[0]), *ends]:
        part = audio_samples.read(content, start=start, dtype="stored").to_numpy()
        assert np.array_equal(part, whole[:, start:]), start
    with audio_samples.stream(content, 3000, dtype="stored") as blocks:
        assert np.array_equal(np.concatenate([np.asarray(b) for b in blocks], axis=1), whole)


OPTIONS = [
    {"movflags": FRAGMENTS, "frag_duration": "100000"},
    {"movflags": FRAGMENTS + "+default_base_moof", "frag_duration": "200000"},
    {"movflags": "frag_keyframe", "frag_duration": "200000"},
    {"movflags": "dash+frag_keyframe", "frag_duration": "200000"},
    {"movflags": "cmaf", "frag_duration": "200000"},
]


def delay(content):
    """The frames in front that the edit list calls the encoder's delay; 0 without a list."""
    if (at := content.find(b"elst")) < 0:
        return 0
    [edits] = struct.unpack_from(">I", content, at + 8)
    places = [struct.unpack_from(">i", content, at + 16 + 12 * edit)[0] for edit in range(edits)]
    return next(place for place in places if place >= 0)


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
@pytest.mark.parametrize("frames", [1, 1_024, 1_025, FRAMES])
def test_the_delay_of_aac_is_left_out_where_the_container_tells_it(container, frames):
    """ADTS, which tells nothing, has all frames. FFmpeg ends MP4 with a packet, or loses one."""
    content = encode(container, "aac", "fltp", length=frames)
    with av.open(io.BytesIO(encode("adts", "aac", "fltp", length=frames))) as file:
        packets = [frame.to_ndarray() for frame in file.decode(audio=0)]
    expected = np.concatenate(packets, axis=1)[:, 1024:]
    read = audio_samples.read(content).to_numpy()
    length = expected.shape[1] if container == "matroska" else frames
    assert read.shape == (2, length)
    assert np.abs(read - expected[:, :length]).max() < 1e-5
    check_ranges(content, audio_samples.read(content, dtype="stored").to_numpy())


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options["movflags"])
@pytest.mark.parametrize(("codec", "form"), [("flac", "s16"), ("alac", "s16p"), ("aac", "fltp")])
def test_fragments_are_read_to_the_last_one(codec, form, options):
    content = encode("mp4", codec, form, {**options, "strict": "-2"})
    assert b"moof" in content
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    if codec == "aac":
        plain = audio_samples.read(encode("mp4", codec, form), dtype="stored").to_numpy()
        assert plain.shape[1] == FRAMES
        assert whole.shape[1] == 1024 * packet_count(content) - delay(content)
        begin = 1024 - delay(content)
        assert np.array_equal(whole[:, begin : begin + FRAMES], plain)
    else:
        expected = np.round(tones(2, FRAMES, RATE).T * 32767).astype(np.int16)
        assert np.array_equal(whole, expected)
    check_ranges(content, whole)


def test_an_index_in_front_of_fragments_counts_no_frames(tmp_path):
    """It says how long they play, which is less than what is in their packets."""
    path = tmp_path / "a.mp4"
    options = {"movflags": "cmaf+global_sidx", "frag_duration": "200000"}
    encode("mp4", "aac", "fltp", options, str(path))
    content = path.read_bytes()
    assert b"sidx" in content
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    assert whole.shape[1] == 1024 * packet_count(content) - delay(content)
    check_ranges(content, whole)


def test_a_fragment_of_more_packets_than_bytes_is_refused_at_once():
    content = bytearray(encode("mp4", "flac", "s16", {**OPTIONS[0], "strict": "-2"}))
    run = content.rindex(b"trun")
    content[run + 4 : run + 12] = struct.pack(">II", 0, 1_126_310_689)
    with pytest.raises(AudioFileError, match="claims 1126310689 packets, and the file has"):
        audio_samples.read(content)


def test_fragments_from_a_pipe_that_was_cut():
    content = encode("mp4", "flac", "s16", {**OPTIONS[0], "strict": "-2"})
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    last = content.rindex(b"moof") - 4
    for cut in (last + 40, last + 8):  # in the header of the last fragment
        info = audio_samples.info(content[:cut])
        assert 0 < info.frames < FRAMES
        assert "'moof'" in info.damage
        part = audio_samples.read(content[:cut], dtype="stored").to_numpy()
        assert np.array_equal(part, whole[:, : info.frames])
    info = audio_samples.info(content[:-200])
    assert info.frames == FRAMES
    # Behind the samples stands an index of the fragments.
    data = content.rindex(b"mdat") + 12
    assert "'mdat'" in audio_samples.info(content[:data]).damage
    with pytest.raises(AudioFileError, match="frames="):
        audio_samples.read(content[:data])


def jitter(number, pts):
    return pts + random.Random(number).randrange(-30, 30) + (0 if number else 40)


DATES = {
    "jitter": jitter,
    "gaps": lambda number, pts: pts + 700 * (number // 7),
    "1023": lambda number, _: number * 1023,
    "1050": lambda number, _: number * 1050,
}


@pytest.mark.parametrize("dates", DATES)
@pytest.mark.parametrize("container", ["mp4", "frag"])
@pytest.mark.parametrize(("codec", "form"), [("alac", "s16p"), ("aac", "fltp")])
def test_frames_are_those_of_the_packets_whatever_their_dates(codec, form, container, dates):
    options = OPTIONS[0] if container == "frag" else None
    container = "mp4" if options else container
    content = encode(container, codec, form, options, dates=DATES[dates])
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    if codec == "alac":
        expected = np.round(tones(2, FRAMES, RATE).T * 32767).astype(np.int16)
        assert np.array_equal(whole, expected)
    else:
        assert whole.shape[1] == 1024 * packet_count(content) - delay(content)
    check_ranges(content, whole)


def test_matroska_of_unknown_size_is_read_to_its_end():
    for options, file in [({"live": "1"}, None), ({}, Pipe())]:
        content = encode("matroska", "flac", "s16", options, file)
        assert b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" in content
        whole = audio_samples.read(content, dtype="stored").to_numpy()
        expected = np.round(tones(2, FRAMES, RATE).T * 32767).astype(np.int16)
        assert np.array_equal(whole, expected)
        check_ranges(content, whole)
        cut = content[:-100]
        info = audio_samples.info(cut)
        assert "cut short" in info.damage
        assert np.array_equal(audio_samples.read(cut, dtype="stored"), whole[:, : info.frames])


def test_matroska_of_known_size_that_was_cut_is_refused():
    content = encode("matroska", "flac", "s16")
    with pytest.raises(AudioFileError, match="cut short"):
        audio_samples.read(content[:-2000])


def test_adts_ends_with_its_last_whole_packet():
    content = encode("adts", "aac", "fltp")
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    assert audio_samples.info(content).damage is None
    at, starts = 0, []
    while at < len(content):
        starts.append(at)
        a, b, c = content[at + 3 : at + 6]
        at += (a & 3) << 11 | b << 3 | c >> 5
    for cut in (starts[-1] + 9, len(content) - 1):
        info = audio_samples.info(content[:cut])
        assert info.frames == 1024 * (len(starts) - 1)
        assert "cut short" in info.damage
        assert np.array_equal(
            audio_samples.read(content[:cut], dtype="stored"), whole[:, : info.frames]
        )


def test_the_last_packet_of_alac_in_caf_may_be_short():
    content = encode("caf", "alac", "s16p")
    at = content.index(b"pakt") + 12
    packets = struct.unpack(">q", content[at : at + 8])[0]
    # FFmpeg up to 7 counts whole packets, whatever is in the last one.
    claim = struct.pack(">qii", 4096 * packets, 0, 0)
    content = content[: at + 8] + claim + content[at + 24 :]
    whole = audio_samples.read(content, dtype="stored").to_numpy()
    assert np.array_equal(whole, np.round(tones(2, FRAMES, RATE).T * 32767).astype(np.int16))
    check_ranges(content, whole)


def with_upper_half(packet):
    """The packet with a fill element of SBR in front of its end, as HE-AAC has it."""
    bits = f"{int.from_bytes(packet, 'big'):0{8 * len(packet)}b}".rstrip("0")
    assert bits.endswith("111")
    length = random.Random(len(bits)).randrange(2, 40)
    count = f"{length:04b}" if length < 15 else f"1111{length - 14:08b}"
    payload = "".join(random.Random(length).choices("01", k=8 * length - 4))
    bits = bits[:-3] + "110" + count + "1101" + payload + "111"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("container", ["mp4", "adts", "matroska"])
def test_he_aac_is_refused_by_its_name(container):
    """A decoder of AAC-LC takes its packets and yields half of the rate."""
    plain = encode("mp4", "aac", "fltp", rate=22_050)
    assert audio_samples.info(plain).sample_rate == 22_050
    made = io.BytesIO()
    with av.open(io.BytesIO(plain)) as source, av.open(made, "w", format=container) as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                new = av.Packet(with_upper_half(bytes(packet)))
                new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
                new.stream, new.duration = stream, packet.duration
                out.mux(new)
    for call in (audio_samples.info, audio_samples.read):
        with pytest.raises(AudioFileError, match=r"HE-AAC.*ffmpeg"):
            call(made.getvalue())


def test_what_the_header_of_aac_says_is_named():
    plain = encode("mp4", "aac", "fltp", rate=22_050)
    at = plain.index(b"esds")
    config = plain.index(b"\x13\x90\x56\xe5\x00", at)  # AAC-LC of 2 channels, and no SBR
    explicit, added = b"\x2b\x92\x08\x00\x00", b"\x13\x90\x56\xe5\xa0"
    for header in (explicit, added):
        changed = plain[:config] + header + plain[config + 5 :]
        with pytest.raises(AudioFileError, match="HE-AAC"):
            audio_samples.read(changed)
    six = plain[:config] + b"\x13\xb0" + plain[config + 2 :]
    with pytest.raises(AudioFileError, match="AAC of 6 channels"):
        audio_samples.read(six)


def test_chapters_of_mp4_are_cues_of_the_frames_that_play():
    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono", format="fltp")
        base = Fraction(1, 1000)
        first = {
            "id": 1,
            "start": 0,
            "end": 500,
            "time_base": base,
            "metadata": {"title": "Erstes Stück"},
        }
        second = {"id": 2, "start": 500, "end": 900, "time_base": base, "metadata": {"title": "b"}}
        out.set_chapters([first, second])
        silence = np.zeros((1, RATE), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    content = made.getvalue()
    # The encoder's delay of 1,024 frames comes in front.
    cues = [(0, "Erstes Stück"), (RATE // 2, "b")]
    assert audio_samples.info(content).cues == cues
    at = content.index(b"chpl")
    for cut in range(at - 4, at + 40, 3):
        with pytest.raises(AudioFileError):
            audio_samples.info(content[:cut])


def test_boxes_inside_of_each_other_do_not_end_the_program():
    content = b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom"
    depth = 20_000
    boxes = b"".join(
        struct.pack(">I4s", 8 * (depth - n), b"moov" if n == 0 else b"trak" if n == 1 else b"mdia")
        for n in range(depth)
    )
    with pytest.raises(AudioFileError):
        audio_samples.read(content + boxes)


@pytest.mark.parametrize("frames", [44_100, 150_000])
def test_vorbis_in_matroska_ends_with_the_sound(frames):
    vorbis, file = io.BytesIO(), io.BytesIO()
    soundfile.write(vorbis, tones(2, frames, RATE), RATE, format="OGG", subtype="VORBIS")
    with av.open(io.BytesIO(vorbis.getvalue())) as source, av.open(file, "w", "webm") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    read = audio_samples.read(file.getvalue()).to_numpy()
    expected = audio_samples.read(vorbis.getvalue()).to_numpy()
    assert read.shape == (2, frames)
    assert np.abs(read - expected).max() < 1e-6
    check_ranges(file.getvalue(), audio_samples.read(file.getvalue(), dtype="stored").to_numpy())


def test_a_file_that_is_cut_within_its_last_words_is_read_to_its_last_whole_packet():
    """The padding stands in the last element of the last block."""
    content = encode("webm", "libopus", "s16", rate=48_000, length=50_000)
    at = content.rindex(b"\x75\xa2")
    for cut in range(at, at + 7):
        with pytest.warns(UserWarning, match="cut short"):
            kept = audio_samples.read(content[:cut], damaged="keep")
        assert 48_000 < len(kept) < 51_000


def test_the_padding_of_one_of_several_tracks_is_not_that_of_another():
    file = io.BytesIO()
    with av.open(file, "w", "matroska") as out:
        streams = [out.add_stream("libopus", rate=48_000, layout="mono") for _ in range(2)]
        for stream, frames in zip(streams, (48_000, 30_000), strict=True):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, frames), np.float32), "flt", "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            out.mux([*stream.encode(frame), *stream.encode(None)])
    assert 48_000 <= len(audio_samples.read(file.getvalue())) < 49_000
