"""Names that callers bring along from other libraries, and what this one calls them."""

from __future__ import annotations

import dis
import sys
from collections.abc import Mapping
from typing import Any

import audio_samples

from ._audio_samples import AudioSamples, dsp, generation

_UNPACK = dis.opmap["UNPACK_SEQUENCE"]

# Names, and what there is in their place.
_Hints = dict[str, str]

_MODULE: _Hints = {
    "load wavread loadtxt": "audio_samples.read(path) reads a file",
    "save export wavwrite": "audio_samples.write(path, audio) writes a file",
    "blocks block_stream": "audio_samples.stream(path, block_frames) reads block by block",
    "SoundFile AudioFile AudioSegment Sound": (
        "audio_samples.open(path, 'r+') has a file as memory, edit(path) changes it block by "
        "block, stream(path) reads it so, and read(path) and write(path, audio) take it as a "
        "whole"
    ),
    "Audio AudioBuffer": "the class is audio_samples.AudioSamples",
    "append concat hstack": "audio_samples.concatenate([a, b]) joins pieces of audio",
    "vstack stack": (
        "AudioSamples.new_multi(np.vstack([left, right]), rate) makes audio of several channels"
    ),
    "resample set_frame_rate": "audio.resample(rate) gives audio of another sample rate",
    "convolve fftconvolve oaconvolve reverb Convolution add_reverb": (
        "audio.convolve(ir) convolves with an impulse response, such as that of a room"
    ),
    "compressor compress_dynamic_range dynaudnorm compand": (
        "audio.compress(threshold_db=-20, ratio=4) makes what is loud softer"
    ),
    "limiter alimiter": "audio.limit(ceiling_db=-1) lets no sample past a ceiling",
    "noise_gate agate": "audio.gate(threshold_db=-50) turns down what is soft",
    "correlate xcorr crosscorrelate": "audio.correlate(other) is largest where the two match",
    "to_mono": "audio.to_mono() mixes all channels",
    "from_numpy new_mono new_multi zeros from_torch from_buffer attach": (
        "it is one of the class: audio_samples.AudioSamples.NAME(...)"
    ),
    "sine tone sine_wave silence white_noise chirp noise": (
        "audio_samples.generation has signals, such as sine_wave(440, duration=1.0) and "
        "white_noise(1.0)"
    ),
    "effects Pedalboard Compose": (
        "audio_samples.dsp has processors, and dsp.Chain([...]) puts one after the other"
    ),
    "melspectrogram melspectrogram_db MelSpectrogram feature": (
        "audio.mel(n_mels, n_fft=, hop=) is the mel spectrogram, and audio.mfcc(n) its coefficients"
    ),
    "Spectrogram welch periodogram": (
        "audio.spectrogram() and audio.stft() are spectra over time, audio.psd() that of all of it"
    ),
    "power_to_db amplitude_to_db": "audio.mel(db=True) and audio.spectrogram(db=True) are in dB",
    "fft rfft": "np.fft.rfft(audio) reads the samples where they lie",
    "waveform spectrum spectrogram display specshow": (
        "audio.plot() and audio.plot('spectrogram') draw audio, as audio_samples.plotting does"
    ),
    "play": "a notebook shows a player for audio that ends a cell",
    "get_duration get_samplerate": "audio_samples.info(path) has .duration and .sample_rate",
    "available_formats available_subtypes check_format": (
        "write makes WAV, RF64, AIFF and FLAC; its documentation lists the subtypes"
    ),
}

_GENERATION: _Hints = {
    "noise gaussian_noise random": (
        "white_noise(duration), pink_noise(duration) and brown_noise(duration) are noise"
    ),
    "white pink brown": "it is NAME_noise(duration)",
    "sine cosine square triangle sawtooth": "it is NAME_wave(frequency, duration)",
    "sin sinewave tone": "it is sine_wave(frequency, duration)",
    "cos": "it is cosine_wave(frequency, duration)",
    "saw saw_wave": "it is sawtooth_wave(frequency, duration)",
    "sweep sine_sweep log_sweep log_chirp": (
        "chirp(first, last, duration) and exponential_chirp(first, last, duration) are sweeps"
    ),
    "click delta unit_impulse dirac": "impulse(duration, position=0.0) is one sample of 1",
    "zeros empty": "silence(duration) is audio without sound",
}

_DSP: _Hints = {
    "Lowpass LowPass LowpassFilter Highpass HighPass HighpassFilter Bandpass Bandstop Butterworth "
    "SosFilter Biquad": (
        "Filter(design('lowpass', 1_000, sample_rate)) is a filter, and highpass, bandpass and "
        "bandstop are designed so too"
    ),
    "EQ Eq ParametricEQ Peaking LowShelf HighShelf Notch": (
        "Equalizer([('peaking', 1_000, 3.0)]) has bands of all kinds"
    ),
    "Pedalboard Board Compose Pipeline Sequence": "it is Chain([Gain(-3), Fade(0.1)])",
    "Resample": "it is Resampler(rate)",
    "FadeIn FadeOut": "Fade(fade_in=0.1, fade_out=0.5) has both, in seconds",
    "Volume Amplify": "it is Gain(db)",
    "Compress DynamicRangeCompressor": "it is Compressor(threshold_db=-20, ratio=4)",
    "NoiseGate": "it is Gate(threshold_db=-50)",
    "Sidechain Ducker": "audio.compress(sidechain=other) takes the level from other audio",
    "Limit Maximizer Clipping HardLimiter": (
        "Limiter(ceiling_db=-1) lets no sample past a ceiling"
    ),
    "Normalize": "audio.normalize(...) needs the whole; a LoudnessMeter measures blocks",
}

# Keywords of methods.
_RATE: _Hints = {
    "sr samplerate rate fs framerate frame_rate": "the rate in Hz is sample_rate=",
    "channels nchannels": "the shape of the data says how many channels there are",
}
_FADE: _Hints = {
    "duration time length secs": "the first argument is the length in seconds",
    "ms milliseconds": "the first argument is in seconds: fade_in(ms / 1000)",
    "shape kind fade_shape": "curve= is 'linear', 'equal_power', 'exponential' and others",
}
_LEVEL: _Hints = {
    "db target dbfs level target_level headroom": (
        "peak= and rms= are in dBFS, and lufs= in LUFS: normalize(peak=-1)"
    ),
    "loudness target_lufs target_loudness": "lufs= is the loudness in LUFS",
}
_SPECTRA: _Hints = {
    "hop_length hop_size frame_step": "hop= is the frames from one spectrum to the next",
    "win_length frame_length nperseg": "window= of that many values is a shorter window",
    "n_mfcc num_ceps": "n= is the number of coefficients: mfcc(13)",
    "sr sample_rate fs samplerate y S": "audio knows its rate and its samples",
    "f_min f_max": "fmin= and fmax= are the edges in Hz",
    "htk mel_scale": "scale= is 'slaney' or 'htk'",
    "center pad_mode": "frames are centred, and pad= is 'zeros' or 'reflect' around the audio",
    "num_mels n_bands": "n_mels= is the number of bands",
}
_METHOD_KEYWORDS: dict[str, _Hints] = {
    **dict.fromkeys(("stft", "spectrogram", "mel", "mfcc", "psd"), _SPECTRA),
    **{
        f"AudioSamples.{name}": _RATE
        for name in ("new_mono", "new_multi", "from_numpy", "from_buffer", "zeros")
    },
    "resample": {
        "target_sr target_rate new_sr new_freq sr sample_rate target_samplerate": (
            "the first argument is the new rate: resample(16_000)"
        ),
        "orig_sr orig_freq": "audio knows its rate: resample(16_000)",
        "res_type filter window": "quality= is 'high' or 'best'",
    },
    "normalize": _LEVEL,
    "normalize_inplace": _LEVEL,
    **dict.fromkeys(("fade_in", "fade_in_inplace", "fade_out", "fade_out_inplace"), _FADE),
    "trim": {
        "top_db threshold threshold_db": "trim_silence(-60) cuts the silence at both ends",
        "duration": "end= is a time: trim(start, start + duration)",
        "frames start_frame end_frame": "audio[a:b] cuts by frames",
    },
    "trim_silence": {"top_db threshold": "threshold_db= is in dBFS: trim_silence(-60)"},
}

# Modules, and what callers look for in them.
_MODULES = {"generation": _GENERATION, "dsp": _DSP}

_FILE: _Hints = {
    "sr rate samplerate framerate frame_rate": "the rate in Hz is .sample_rate",
    "channels nchannels n_channels": "the number of channels is .num_channels",
    "num_samples num_frames n_frames nframes length samples": "the number of frames is .frames",
    "bits bit_depth bits_per_sample sample_width subtype_info format_info": (
        "how samples are stored is .subtype, the type that holds them .stored_dtype, and the "
        "sample type that is read .dtype"
    ),
}

_STREAM: _Hints = {
    "read blocks": "iterating gives the blocks, and next(...) the next one",
    "tell": "the first frame of the next block is .position",
}

_EDIT: _Hints = {
    "read blocks write": (
        "iterating gives the blocks, and what is done to a block is in the file when the next "
        "one is asked for"
    ),
}

_SETTABLE: _Hints = {
    "sample_rate sr rate samplerate frame_rate": (
        "audio.resample(rate) gives audio of another rate, and "
        "AudioSamples.from_numpy(audio.to_numpy(), rate) takes the samples as they are for one"
    ),
    "dtype": (
        "audio.convert('float32') gives new audio by the scale of audio, and "
        "audio.astype('float32') the same numbers"
    ),
    "shape num_channels channels": (
        "slices such as audio[a:b] and audio[:2, :] are other audio on the same memory"
    ),
}

# Keywords of one function, and of any.
_KEYWORDS: dict[str, _Hints] = {
    "write": {
        "samplerate sr rate sample_rate fs": (
            "the audio has its sample rate; AudioSamples.from_numpy(audio.to_numpy(), new_rate)"
            " names another"
        ),
        "dtype": (
            "subtype='PCM_16' names how samples are stored, and audio.convert('int16') converts"
            " them before"
        ),
        "data": "it is write(path_or_file, audio)",
    },
    "stream": {
        "blocksize block_length frame_length": "block_frames= is the length of a block",
        "overlap": "hop= is from one block to the next: hop=block_frames - overlap",
        "hop_length": "hop= is the frames from one block to the next",
        "sr samplerate rate": "sample_rate=16_000 resamples; without, blocks have the file's rate",
        "mono": "channels=1 mixes all channels; without, they stay as in the file",
    },
    "edit": {
        "blocksize": "block_frames= is the length of a block",
    },
    "open": {
        "dtype": (
            "the file is the memory, of its own type; read(path, dtype=...) and edit(path, "
            "dtype=...) convert"
        ),
        "start frames": "audio[a:b] of what is opened is that part of the file",
    },
    "": {
        "sr samplerate rate sample_rate": (
            "read(path, sample_rate=16_000) resamples; without, audio has the rate of the file"
        ),
        "mono": "read(path, channels=1) mixes all channels; without, they stay as in the file",
        "always_2d": (
            "mono audio is (frames,), other audio (channels, frames); np.atleast_2d(audio) is "
            "(1, frames)"
        ),
        "stop": "frames=stop - start says how many frames there are to be",
        "offset": "start= is a frame: start=int(offset * sample_rate)",
        "duration": "frames= is how many there are to be: frames=int(duration * sample_rate)",
        "blocksize": "stream(path, block_frames) reads block by block",
        "fill_value": (
            "nothing is filled up: audio ends where the file does, and the last block is shorter"
        ),
        "out": "read(path, out=audio) decodes into audio that is there",
        "channels subtype format endian closefd": (
            "the file says what it is; AudioSamples.from_buffer(data, sample_rate, "
            "dtype='int16') takes raw samples"
        ),
        "block_frames blocks": "stream(path, block_frames) reads block by block",
    },
}

# Audio itself is not among them: see `_foreign`.
_OBJECTS = {
    "AudioInfo": [_FILE],
    "FileStream": [_FILE, _STREAM],
    "FileEdit": [_FILE, _EDIT],
}


def _hint(name: str, tables: list[_Hints]) -> str:
    rows = (row for table in tables for row in table.items())
    found = next((hint for names, hint in rows if name in names.split()), None)
    return "" if found is None else "; " + found.replace("NAME", name)


def missing(name: str, module: str = "") -> AttributeError:
    """The error for a name that the package, or a module of it, does not have."""
    hint = _hint(name, [_MODULES.get(module, _MODULE)])
    whole = f"audio_samples.{module}" if module else "audio_samples"
    text = f"module '{whole}' has no attribute '{name}'{hint or _elsewhere(name)}"
    return AttributeError(text, name=name)


def _elsewhere(name: str) -> str:
    """Where else in the package there is the name, as a hint."""
    if name.startswith("_"):
        return ""
    places: dict[str, Any] = {"": audio_samples, "generation": generation, "dsp": dsp}
    for other, place in places.items():
        if name in place.__all__:
            path = f"audio_samples.{other}.{name}" if other else f"audio_samples.{name}"
            return f"; it is {path}"
    method = getattr(AudioSamples, name, None)
    return (
        f"; it is one of audio: audio.{name}{'(...)' if callable(method) else ''}" if method else ""
    )


def attribute(obj: object, name: str) -> AttributeError:
    """The error for an attribute that an object of one of the classes does not have."""
    kind = type(obj).__name__
    text = f"'{kind}' object has no attribute '{name}'{_hint(name, _OBJECTS[kind])}"
    return AttributeError(text, name=name, obj=obj)


def unsettable(name: str) -> AttributeError:
    """The error for an attribute of audio that the caller sets."""
    hint = _hint(name, [_SETTABLE])
    if hint:
        return AttributeError(f"{name} of audio cannot be set{hint}")
    return AttributeError(f"'AudioSamples' object has no attribute '{name}' that could be set")


def unexpected(
    function: str, takes: str, rest: tuple[Any, ...], others: Mapping[str, Any]
) -> TypeError:
    """The error for arguments that a function does not take. `takes` are its own keywords."""
    if rest:
        name = "frames" if hasattr(rest[0], "__index__") else "dtype"
        given = repr(rest[0])
        given = given if len(given) <= 60 else given[:60] + "..."
        return TypeError(
            f"{function}() takes {given} after the path by name only, as in {name}={given}; "
            f"it takes {takes}"
        )
    name = next(iter(others))
    method = _METHOD_KEYWORDS.get(function)
    hints = [_KEYWORDS.get(function, {}), _KEYWORDS[""]] if method is None else [method]
    return TypeError(
        f"{function}() got an unexpected keyword argument '{name}'{_hint(name, hints)}; "
        f"it takes {takes}"
    )


def unpacked(frames: int) -> ValueError | None:
    """The error for `samples, rate = audio`, if the caller's frame is about to unpack so."""
    caller = sys._getframe(1)
    at = caller.f_lasti
    code = caller.f_code.co_code
    if at < 0 or code[at] != _UNPACK or code[at + 1] != 2 or frames == 2:
        return None
    return ValueError(
        f"audio of {frames} frames cannot be unpacked into 2; it is one object, whose rate is "
        "audio.sample_rate: audio = audio_samples.read(path)"
    )
