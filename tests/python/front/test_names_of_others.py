"""A caller that types another library's name reads what it is called here."""

import inspect
import pydoc
import re

import numpy as np
import pytest
from elsewhere import run

import audio_samples
from audio_samples import AudioSamples, generation

RATE = 8_000
OF_MODULE = re.findall(
    r"\w+", "load save blocks SoundFile append resample fftconvolve new_mono sine_wave"
)


@pytest.fixture
def audio():
    return AudioSamples.new_multi(np.arange(10, dtype=np.float32).reshape(2, 5) / 20, RATE)


@pytest.fixture
def path(tmp_path, audio):
    audio_samples.write(tmp_path / "a.wav", audio)
    return tmp_path / "a.wav"


def test_every_name_that_a_class_lists_exists(audio, path):
    with audio_samples.edit(path) as edit:
        things = (audio, audio_samples.info(path), audio_samples.stream(path), edit)
        for thing in (*things, *map(type, things)):
            assert all(hasattr(thing, name) for name in dir(thing))
        for thing in things:
            assert not {"sr", "samplerate", "channels", "max_dBFS"} & set(dir(thing))


def test_what_is_there_is_listed_and_described(audio, path):
    for thing in (audio, audio_samples.info(path), audio_samples.stream(path)):
        listed = dir(thing)
        assert "sample_rate" in listed
        assert all(hasattr(thing, name) for name in listed)
        assert dict(inspect.getmembers(thing))["sample_rate"] == RATE
    assert "samples_per_channel" in pydoc.render_doc(AudioSamples, renderer=pydoc.plaintext)
    assert not hasattr(audio, "no_such_name")
    # A class that looks attributes up by itself pays for every method that is called.
    assert AudioSamples.__getattribute__ is object.__getattribute__
    assert not hasattr(AudioSamples, "__getattr__")


@pytest.mark.parametrize("name", OF_MODULE)
def test_a_function_of_others_is_missing_with_a_sentence(name):
    assert not hasattr(audio_samples, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; ") as told:
        getattr(audio_samples, name)
    assert told.value.name == name
    with pytest.raises(ImportError):
        exec(f"from audio_samples import {name}")


def test_a_name_of_no_library_is_missing_without_a_sentence():
    with pytest.raises(AttributeError, match=r"^module 'audio_samples' has no attribute 'xyz'$"):
        audio_samples.xyz  # noqa: B018
    from audio_samples import plotting

    assert plotting.__name__ == "audio_samples.plotting"


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("", "noise", r"generation has signals.*white_noise\(1\.0\)"),
        ("", "gain", r"it is one of audio: audio\.gain\(\.\.\.\)$"),
        ("", "num_channels", r"it is one of audio: audio\.num_channels$"),
        ("", "pink_noise", r"it is audio_samples\.generation\.pink_noise$"),
        ("", "Resampler", r"it is audio_samples\.dsp\.Resampler$"),
        ("", "spectrogram", r"audio\.plot\('spectrogram'\)"),
        ("generation", "noise", r"white_noise\(duration\), pink_noise"),
        ("generation", "square", r"it is square_wave\(frequency, duration\)$"),
        ("generation", "sweep", r"chirp\(first, last, duration\)"),
        ("generation", "read", r"it is audio_samples\.read$"),
        ("generation", "fade_in", r"audio\.fade_in\(\.\.\.\)$"),
        ("dsp", "Lowpass", r"Filter\(design\('lowpass', 1_000, sample_rate\)\)"),
        ("dsp", "Pedalboard", r"it is Chain\("),
        ("dsp", "chirp", r"it is audio_samples\.generation\.chirp$"),
    ],
)
def test_what_is_elsewhere_is_told_where(module, name, told):
    place = getattr(audio_samples, module) if module else audio_samples
    whole = f"audio_samples.{module}".rstrip(".")
    assert not hasattr(place, name)
    with pytest.raises(AttributeError, match=f"^module '{whole}' has no .*'{name}'; .*{told}"):
        getattr(place, name)


@pytest.mark.parametrize("module", [audio_samples, generation, audio_samples.dsp])
def test_what_is_nowhere_has_no_hint(module):
    for name in ("xyz", "__wrapped__", "_private"):
        with pytest.raises(AttributeError, match=rf"^module 'audio_samples[.\w]*' .*'{name}'$"):
            getattr(module, name)


def test_every_hint_names_what_there_is():
    from audio_samples import _names

    known = {*dir(audio_samples), *dir(AudioSamples), *dir(generation), *dir(audio_samples.dsp)}
    for table in (_names._MODULE, _names._GENERATION, _names._DSP):
        names = [name for row in table for name in row.split()]
        assert len(names) == len(set(names))
        for row, hint in table.items():
            for name in row.split():
                called = re.findall(r"(\w+)\(", hint.replace("NAME", name))
                assert set(called) - {"vstack", "rfft", "path"} <= known, (name, called)


def test_modules_that_draw_are_there_without_an_import():
    code = "import audio_samples as a; print(a.plotting.__name__, a.notebook.__name__)"
    assert run(code) == "audio_samples.plotting audio_samples.notebook"


@pytest.mark.parametrize("name", ["channels", "samplerate", "sr"])
def test_what_stands_for_a_file_tells_its_own_names(path, name):
    with audio_samples.stream(path) as stream, audio_samples.edit(path) as edit:
        for thing in (audio_samples.info(path), stream, edit):
            assert not hasattr(thing, name)
            with pytest.raises(AttributeError, match=r"is \.(num_channels|sample_rate)$"):
                getattr(thing, name)


def test_what_never_changes_says_how_to_make_another(audio):
    with pytest.raises(AttributeError, match=r"from_numpy\(audio\.to_numpy\(\), rate\)"):
        audio.sample_rate = 48_000
    relabelled = AudioSamples.from_numpy(audio.to_numpy(), 48_000)
    assert (relabelled.sample_rate, relabelled.address) == (48_000, audio.address)
    with pytest.raises(AttributeError, match=r"convert\('float32'\)"):
        audio.dtype = "int16"
    with pytest.raises(AttributeError, match="could be set"):
        audio.title = "x"
    with pytest.raises(AttributeError):
        del audio.sample_rate
    assert audio.sample_rate == RATE


@pytest.mark.parametrize(
    ("work", "keyword", "told"),
    [
        ("read", "sr", "sample_rate=16_000"),
        ("read", "mono", "channels=1"),
        ("read", "always_2d", "np.atleast_2d"),
        ("read", "stop", "frames=stop - start"),
        ("read", "offset", "start=int(offset * sample_rate)"),
        ("read", "duration", "frames=int(duration * sample_rate)"),
        ("read", "blocksize", "stream(path, block_frames)"),
        ("read", "fill_value", "nothing is filled up"),
        ("read", "samplerate", "from_buffer|sample_rate=16_000"),
        ("stream", "blocksize", "block_frames="),
        ("stream", "overlap", "hop=block_frames - overlap"),
        ("stream", "always_2d", "np.atleast_2d"),
        ("stream", "sr", "sample_rate=16_000 resamples"),
        ("stream", "mono", "channels=1 mixes"),
        ("open", "dtype", "read(path, dtype=...)"),
        ("open", "samplerate", "sample_rate=16_000"),
        ("edit", "blocksize", "block_frames="),
        ("write", "samplerate", "the audio has its sample rate"),
        ("write", "dtype", "subtype='PCM_16'"),
    ],
)
def test_a_keyword_of_others_names_ours(path, audio, work, keyword, told):
    given = (path, audio) if work == "write" else (path,)
    with pytest.raises(TypeError) as caught:
        getattr(audio_samples, work)(*given, **{keyword: 1})
    message = str(caught.value)
    assert f"{work}() got an unexpected keyword argument '{keyword}'; " in message
    assert any(part in message for part in told.split("|"))
    with pytest.raises(TypeError, match="argument 'xyz'; it takes "):
        getattr(audio_samples, work)(*given, xyz=1)


def test_what_read_takes_by_name_is_not_taken_by_place(path):
    with pytest.raises(TypeError, match="'float32' after the path by name only, as in dtype='f"):
        audio_samples.read(path, "float32")
    with pytest.raises(TypeError, match="100 after the path by name only, as in frames=100"):
        audio_samples.read(path, 100)


def test_a_subtype_is_a_name(tmp_path, audio):
    for given, name in ((24, "PCM_24"), (16, "PCM_16"), (b"x", "PCM_24")):
        with pytest.raises(TypeError, match=f"subtype must be a name such as '{name}', not "):
            audio_samples.write(tmp_path / "a.wav", audio, subtype=given)
    with pytest.raises(TypeError, match="format must be a name such as 'FLAC', not 3"):
        audio_samples.write(tmp_path / "a.wav", audio, format=3)
    with pytest.raises(ValueError, match="another format than FLAC;"):
        audio_samples.write(tmp_path / "a.wav", audio, format="FLAC")
    with pytest.raises(FileNotFoundError, match=r"path is empty; name a file, such as 'take\.wav'"):
        audio_samples.write("", audio)


def test_samples_are_no_file_and_bytes_are_one(path, audio):
    content = np.frombuffer(path.read_bytes(), np.uint8)
    assert np.array_equal(audio_samples.read(content), audio)
    for work in (audio_samples.read, audio_samples.info, audio_samples.stream):
        with pytest.raises(TypeError, match=r"array of float64; AudioSamples\.new_mono"):
            work(np.zeros(5))
        with pytest.raises(TypeError, match=r"which are audio already.*new_mono"):
            work(audio)


def test_a_file_that_is_open_as_text_is_told_the_mode(path, audio, tmp_path):
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match="mode 'rb'"):
        audio_samples.read(file)
    other = tmp_path / "b.wav"
    with other.open("w", encoding="latin-1") as file, pytest.raises(TypeError, match="mode 'wb'"):
        audio_samples.write(file, audio)
    with other.open("wb") as file:
        audio_samples.write(file, audio)
    with other.open("rb") as file:
        assert np.array_equal(audio_samples.read(file), audio)


def test_a_signal_names_the_argument_that_is_no_number():
    with pytest.raises(TypeError, match=r"amplitude must be a number.*dtype='float32'"):
        generation.sine_wave(440, 1, 48_000, "float32")
    with pytest.raises(TypeError, match=r"duration must be a number, not \[1\]$"):
        generation.white_noise([1])
    with pytest.raises(TypeError, match="last must be a number"):
        generation.chirp(1, None, 1)
    with pytest.raises(TypeError, match="position must be a number"):
        generation.impulse(1, position="0")
    assert generation.impulse(1, 8, position=0.5).to_numpy().argmax() == 4


@pytest.mark.parametrize("operand", [[1, 2], "a", (1.0,), b"x"])
def test_what_is_no_operand_is_told_with_the_operator_that_was_written(audio, operand):
    kind = type(operand).__name__
    with pytest.raises(TypeError, match=rf"for \*=: 'AudioSamples' and '{kind}'"):
        audio *= operand
    with pytest.raises(TypeError, match=rf"for \+: 'AudioSamples' and '{kind}'"):
        audio + operand
    with pytest.raises(TypeError, match=rf"for -: '{kind}' and 'AudioSamples'"):
        operand - audio


def test_channels_of_several_lengths_are_told_with_their_lengths(audio):
    with pytest.raises(ValueError, match=r"have 3, 4 frames.*x\[:3\]"):
        AudioSamples.new_multi([np.ones(3), np.ones(4)], RATE)
    first = audio.channel(0)
    with pytest.raises(ValueError, match=r"have 5, 2 frames"):
        AudioSamples.new_multi([first, first[:2]], RATE)
    assert AudioSamples.new_multi([first[:2], first[:2]], RATE).shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sr", "sample_rate"), ("samplerate", "sample_rate"), ("channels", "num_channels"),
        ("frames", "len"), ("save", "audio_samples.write"), ("db", "peak(db=True)"),
        ("data", "to_numpy()"), ("fft", "np.fft.rfft"), ("append", "concatenate"),
    ],
)  # fmt: skip
def test_an_attribute_of_others_is_missing_with_a_sentence(audio, name, meant):
    assert not hasattr(audio, name)
    with pytest.raises(AttributeError, match=re.escape(meant)) as told:
        getattr(audio, name)
    assert told.value.name == name
    assert told.value.obj is audio
    assert "No attribute; " in getattr(AudioSamples, name).__doc__


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda _: AudioSamples.from_numpy(np.zeros(3), sr=RATE), "is sample_rate=;"),
        (lambda _: AudioSamples.new_mono([0.0], RATE, samplerate=1), "is sample_rate=;"),
        (lambda _: AudioSamples.zeros(3, rate=RATE), "is sample_rate=;"),
        (lambda _: AudioSamples.from_numpy(np.zeros(3)), "missing its argument 'sample_rate'"),
        (lambda audio: audio.resample(target_sr=4_000), "resample(16_000)"),
        (lambda audio: audio.resample(4_000, res_type="soxr_hq"), "quality="),
        (lambda audio: audio.normalize(db=-1), "normalize(peak=-1)"),
        (lambda audio: audio.fade_in(ms=10), "in seconds"),
        (lambda audio: audio.fade_out_inplace(duration=1), "in seconds"),
        (lambda audio: audio.trim(top_db=60), "trim_silence"),
        (lambda audio: audio.mel(80, hop_length=160), "hop="),
        (lambda audio: audio.mfcc(n_mfcc=13), "mfcc(13)"),
        (lambda audio: audio.stft(win_length=512), "window="),
        (lambda audio: audio.psd(nperseg=512), "window="),
        (lambda audio: audio[0.5:1.0], "audio.trim(0.5, 1.0)"),
        (lambda audio: audio[:1.0], "audio.trim(0.0, 1.0)"),
        (lambda audio: audio[0.5:, 0], "audio.trim(0.5, None)"),
    ],
)
def test_arguments_of_others_are_refused_with_a_sentence(audio, call, meant):
    with pytest.raises(TypeError, match=re.escape(meant)):
        call(audio)


def test_audio_is_not_unpacked_into_samples_and_a_rate(audio):
    with pytest.raises(ValueError, match=r"audio of 5 frames .* audio\.sample_rate"):
        _samples, _rate = audio
    # Two frames are two frames, and other numbers are Python's business.
    first, second = audio[:2]
    assert first.tolist() == [0.0, 0.25]
    with pytest.raises(ValueError, match="too many values to unpack"):
        _a, _b, _c = audio
    assert [*audio][1].tolist() == second.tolist()
