"""What other libraries have, and what it is called in this one."""

_ELSEWHERE = {
    ("load", "wavread", "loadtxt"): "audio_samples.read(path) reads a file",
    ("save", "export", "wavwrite"): "audio_samples.write(path, audio) writes a file",
    ("blocks", "block_stream"): "audio_samples.stream(path, block_frames) reads block by block",
    ("SoundFile", "AudioFile", "AudioSegment", "Sound"): (
        "audio_samples.open(path, 'r+') has a file as memory, edit(path) changes it block by "
        "block, stream(path) reads it so, and read(path) and write(path, audio) take it as a whole"
    ),
    ("Audio", "AudioBuffer"): "the class is audio_samples.AudioSamples",
    ("concatenate", "append", "concat", "hstack", "vstack", "stack"): (
        "AudioSamples.from_numpy(np.concatenate([a, b], axis=-1), a.sample_rate) joins two"
    ),
    ("resample", "set_frame_rate"): (
        "scipy.signal.resample_poly(audio.to_numpy(), up, down, axis=-1) resamples, and "
        "AudioSamples.from_numpy(..., new_rate) makes it audio again"
    ),
    ("to_mono", "mix"): (
        "AudioSamples.from_numpy(np.mean(audio, axis=0), audio.sample_rate) mixes float audio"
    ),
    ("from_numpy", "new_mono", "new_multi", "zeros", "from_torch", "from_buffer", "attach"): (
        "it is one of the class: audio_samples.AudioSamples.NAME(...)"
    ),
    ("sine", "tone", "sine_wave", "silence", "white_noise", "chirp"): (
        "audio_samples.generation has signals, such as sine_wave(440, duration=1.0)"
    ),
    ("get_duration", "get_samplerate"): "audio_samples.info(path) has .duration and .sample_rate",
    ("available_formats", "available_subtypes", "check_format"): (
        "write makes WAV, RF64, AIFF and FLAC; its documentation lists the subtypes"
    ),
}
_HINTS = {name: hint for names, hint in _ELSEWHERE.items() for name in names}


def missing(name: str) -> AttributeError:
    """The error for a name that the package does not have."""
    hint = _HINTS.get(name)
    told = f"module 'audio_samples' has no attribute '{name}'"
    if hint is not None:
        told += f"; {hint.replace('NAME', name)}"
    return AttributeError(told, name=name)
