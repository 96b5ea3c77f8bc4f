"""`tags=`: texts about a recording in WAV, AIFF and FLAC, as `info` and others read them."""

import io

import numpy as np
import pytest
import soundfile

import audio_samples
from audio_samples import AudioSamples

AUDIO = AudioSamples.new_mono(np.arange(5_000, dtype=np.int16), 8_000)
TAGS = {
    "title": "Über den Wolken",
    "artist": "Ann",
    "album": "One",
    "comment": "odd",
    "copyright": "2026",
    "date": "2026-11-26",
    "genre": "Folk",
    "software": "ours",
    "track_number": 7,
}
AIFF = ("title", "artist", "copyright", "comment")
EXPECTED = {**TAGS, "track_number": "7"}
TEXTS = {"wav": TAGS, "rf64": TAGS, "flac": TAGS, "aiff": {name: TAGS[name] for name in AIFF}}


def blocks():
    yield AUDIO[:3_000]
    yield AUDIO[3_000:]


@pytest.mark.parametrize("given", [lambda: AUDIO, blocks])
@pytest.mark.parametrize("ending", TEXTS)
def test_info_tells_them_and_the_samples_stay(tmp_path, ending, given):
    path = tmp_path / f"a.{ending}"
    audio_samples.write(path, given(), tags=TEXTS[ending])
    expected = {name: EXPECTED[name] for name in TEXTS[ending]}
    assert audio_samples.info(path).tags == expected
    assert np.array_equal(audio_samples.read(path, dtype="stored"), AUDIO)
    assert np.array_equal(soundfile.read(path, dtype="int16")[0], AUDIO)


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_soundfile_reads_the_same_texts(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    audio_samples.write(path, AUDIO, tags=TEXTS[ending])
    names = {"track_number": "tracknumber"}
    with soundfile.SoundFile(path) as file:
        told = file.copy_metadata()
    for name in TEXTS[ending]:
        if ending == "flac" and name == "software":
            continue  # libsndfile looks for another name than FFmpeg and mutagen
        assert told[names.get(name, name)] == EXPECTED[name]


def test_flac_takes_any_name_and_several_texts_of_one(tmp_path):
    path = tmp_path / "a.flac"
    tags = {"artist": ["Ann", "Ben"], "album_artist": "Both", "Mood": "", "replaygain": 1}
    audio_samples.write(path, AUDIO, tags=tags)
    assert audio_samples.info(path).tags["artist"] == "Ann\nBen"
    mutagen = pytest.importorskip("mutagen.flac")
    file = mutagen.FLAC(path)
    assert dict(file.tags) == {
        "artist": ["Ann", "Ben"],
        "albumartist": ["Both"],
        "mood": [""],
        "replaygain": ["1"],
    }
    assert file.info.total_samples == 5_000


def test_names_of_a_wav_files_own_stand_for_themselves(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AUDIO, tags={"IENG": "Ben", "title": ["a", "b"]})
    assert audio_samples.info(path).tags == {"IENG": "Ben", "title": "a\nb"}


def test_tags_behind_the_samples_leave_them_mappable_and_aligned(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AUDIO.convert("float64"), tags=TAGS)
    with audio_samples.open(path) as audio:
        assert np.array_equal(audio, AUDIO.convert("float64"))
        assert audio.address % 8 == 0
    assert audio_samples.info(path).tags == EXPECTED


@pytest.mark.parametrize("ending", ["wav", "aiff"])
def test_they_take_the_place_of_texts_that_are_passed_on(tmp_path, ending):
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    audio_samples.write(first, AUDIO, tags={"title": "old", "artist": "old"})
    audio_samples.write(second, AUDIO, metadata_from=first)
    assert audio_samples.info(second).tags == {"title": "old", "artist": "old"}
    audio_samples.write(second, AUDIO, metadata_from=first, tags={"title": "new"})
    assert audio_samples.info(second).tags == {"title": "new"}
    audio_samples.write(second, AUDIO, metadata_from=first, tags={})
    assert audio_samples.info(second).tags == {"title": "old", "artist": "old"}


@pytest.mark.parametrize(
    ("ending", "tags", "error", "words"),
    [
        (
            "wav",
            {"mood": "x"},
            ValueError,
            "a WAV file has no place for the tag .mood.*title, artist",
        ),
        ("aiff", {"album": "x"}, ValueError, "an AIFF file has no place for the tag .album"),
        ("flac", {"a=b": "x"}, ValueError, "no name of a tag in a FLAC file"),
        ("flac", {"ä": "x"}, ValueError, "no name of a tag in a FLAC file"),
        ("flac", {"a": "x" * (1 << 24)}, ValueError, "has room for 16777215"),
        ("wav", {"title": "a\0b"}, ValueError, "zero byte at 1"),
        ("wav", {"title": 1.5}, TypeError, "a str, a whole number or a list of them, not 1.5"),
        ("wav", {1: "x"}, TypeError, "the name of a tag is a str, not 1"),
        ("wav", [("title", "x")], TypeError, "as in tags="),
    ],
)
def test_what_a_file_cannot_hold_is_refused_and_the_old_one_left(
    tmp_path, ending, tags, error, words
):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"old")
    for given in (AUDIO, blocks()):
        with pytest.raises(error, match=words):
            audio_samples.write(path, given, tags=tags)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_file_object_takes_them_too():
    file = io.BytesIO()
    audio_samples.write(file, AUDIO, format="FLAC", tags={"title": "a"})
    assert audio_samples.info(file.getvalue()).tags == {"title": "a"}
