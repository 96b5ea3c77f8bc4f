"""Writes the files that fuzzing begins with into tests/fuzz/corpus."""

import io
from pathlib import Path

import av
import numpy as np
import soundfile

import audio_samples
from audio_samples import AudioSamples

FOLDER = Path(__file__).parent / "corpus"
RATE = 8_000
OURS = [
    ("WAV", "PCM_U8"),
    ("WAV", "FLOAT"),
    ("RF64", "PCM_24"),
    ("AIFF", "ULAW"),
    ("FLAC", "PCM_16"),
]
THEIRS = [
    ("W64", "PCM_16"),
    ("CAF", "ALAC_16"),
    ("CAF", "DOUBLE"),
    ("WAV", "MS_ADPCM"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_32"),
    ("OGG", "VORBIS"),
    ("MP3", "MPEG_LAYER_III"),
]
# What FFmpeg makes: container, options, encoder.
FFMPEG = [
    ("mp4", {}, "aac"),
    ("mp4", {"movflags": "frag_keyframe+empty_moov"}, "aac"),
    ("mp4", {"movflags": "frag_keyframe+empty_moov"}, "flac"),
    ("mp4", {}, "libopus"),
    ("mp4", {}, "alac"),
    ("adts", {}, "aac"),
    ("ogg", {}, "libopus"),
    ("webm", {}, "libopus"),
    ("matroska", {"live": "1"}, "libopus"),
    ("matroska", {}, "flac"),
    ("flac", {}, "flac"),
    ("caf", {}, "alac"),
]
FFMPEG_RATE = 48_000


def encoded(container: str, options: dict[str, str], encoder: str) -> bytes:
    """A fortieth of a second of stereo."""
    time = np.arange(1_200) / FFMPEG_RATE
    tone = np.stack([np.sin(2 * np.pi * 440 * time), np.cos(2 * np.pi * 600 * time)])
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as output:
        stream = output.add_stream(encoder, rate=FFMPEG_RATE, layout="stereo")
        samples = np.ascontiguousarray((16_000 * tone).astype(np.int16).T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = FFMPEG_RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def main() -> None:
    """Write each file once for each target."""
    time = np.arange(1200) / RATE
    tone = np.stack([0.5 * np.sin(2 * np.pi * 300 * time), 0.2 * np.cos(2 * np.pi * 500 * time)])
    files = {}
    for container, subtype in OURS:
        file = io.BytesIO()
        audio_samples.write(
            file, AudioSamples.new_multi(tone, RATE), subtype=subtype, format=container
        )
        files[f"{container}-{subtype}".lower()] = file.getvalue()
    for container, subtype in THEIRS:
        file = io.BytesIO()
        soundfile.write(file, tone.T, RATE, format=container, subtype=subtype)
        files[f"{container}-{subtype}".lower()] = file.getvalue()
    for number, (container, options, encoder) in enumerate(FFMPEG):
        files[f"{container}-{encoder}-{number}"] = encoded(container, options, encoder)
    for target in ("header", "read"):
        folder = FOLDER / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    print(f"{len(files)} files in {FOLDER}/header and {FOLDER}/read")


if __name__ == "__main__":
    main()
