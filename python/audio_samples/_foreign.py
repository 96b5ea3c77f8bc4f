"""Attributes that callers look for on audio, and what there is in their place.

Each is a descriptor of the class, so that no other attribute is looked up any slower. An object
does not have it: the error names what is meant, and so does `help(AudioSamples)`.
"""

from __future__ import annotations

from typing import Any

from ._audio_samples import AudioSamples

_HINTS = {
    "sr rate samplerate framerate frame_rate fs": "the rate in Hz is .sample_rate",
    "channels nchannels n_channels channel_count": (
        "the number of channels is .num_channels, and .channel(i) is one of them"
    ),
    "frames num_samples num_frames n_frames nframes length frame_count": (
        "the number of frames is len(audio)"
    ),
    "duration_seconds": "the length in seconds is .duration",
    "data samples array values numpy raw_data": (
        ".to_numpy() is the array on the audio's own memory, and memoryview(audio) its bytes"
    ),
    "get_array_of_samples": ".to_numpy() is the array on the audio's own memory",
    "save write export to_file": "audio_samples.write(path, audio) writes a file",
    "load read from_file open": "audio_samples.read(path) reads a file",
    "play": "a notebook shows a player for audio that ends a cell",
    "db dbfs dBFS": ".peak(db=True) and .rms(db=True) are in dBFS",
    "max_dBFS": ".peak(db=True) is the peak in dBFS",
    "lufs integrated_loudness": ".loudness() is the integrated loudness in LUFS",
    "fft rfft": ("np.fft.rfft(audio) reads the samples where they lie, and .stft() is over time"),
    "melspectrogram mel_spectrogram": ".mel(n_mels, n_fft=, hop=) is the mel spectrogram",
    "amplify volume apply_gain set_gain": ".gain(db) and .scale(factor) change the level",
    "fade": ".fade_in(seconds) and .fade_out(seconds) fade",
    "append concat join extend": "audio_samples.concatenate([a, b]) joins pieces of audio",
    "mix": "audio_samples.mix([a, b]) and .overlay(other) mix",
    "set_frame_rate set_sample_rate": ".resample(rate) gives audio of another sample rate",
    "set_channels mono": ".to_mono() mixes all channels, and .to_stereo() doubles one",
    "split_to_mono": "[audio.channel(i) for i in range(audio.num_channels)] are its channels",
    "reverse": "audio[::-1] is a view that runs backwards, and .reverse_inplace() turns the frames",
    "cut crop slice": ".trim(start, end) cuts by seconds, and audio[a:b] by frames",
    "clone": ".copy() is a copy",
    "invert_phase invert": ".scale(-1) turns the phase",
    "normalise": "it is spelt .normalize(peak=-1)",
    "limiter compressor noise_gate": ".limit(), .compress() and .gate() are the methods",
    "low_pass_filter high_pass_filter": ".lowpass(hz) and .highpass(hz) are filters",
    "reverb": ".convolve(ir) convolves with the response of a room",
    "tempo time_stretch pitch_shift": "time and pitch are not changed here; Rubber Band does that",
}


class _Foreign:
    """An attribute that no audio has."""

    def __init__(self, name: str, hint: str) -> None:
        self.name, self.hint = name, hint
        self.__doc__ = f"No attribute; {hint}."

    def __get__(self, audio: Any, owner: type) -> _Foreign:
        if audio is None:
            return self
        text = f"'audio_samples.AudioSamples' object has no attribute '{self.name}'; {self.hint}"
        raise AttributeError(text, name=self.name, obj=audio)


def _dir(self: AudioSamples) -> list[str]:
    """The attributes that are there."""
    return sorted(set(object.__dir__(self)) - set(_NAMES))


_NAMES = {name: hint for names, hint in _HINTS.items() for name in names.split()}
for _name, _hint in _NAMES.items():
    setattr(AudioSamples, _name, _Foreign(_name, _hint))
AudioSamples.__dir__ = _dir  # type: ignore[method-assign, assignment]
