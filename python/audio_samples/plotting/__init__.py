"""Pictures of audio, drawn by Matplotlib on `ax=` or on a new figure; each gives the axes back.

Time is in seconds, levels are in dBFS. An hour of audio takes no longer than its samples take to be
read once or twice from memory: a picture has some thousand columns, and no more is handed to
Matplotlib, which is imported by the functions that draw, never by the package.

>>> axes = plotting.waveform(audio)
>>> figure, (above, below) = plt.subplots(2, sharex=True)
>>> plotting.spectrogram(audio, ax=above)
>>> plotting.levels(audio, ax=below)
"""

from ._axes import FILL, GHOST, TRACE
from ._envelope import Envelope, draw_envelope, envelope
from ._levels import levels
from ._spectra import spectrogram, spectrum
from ._waveforms import tracks, waveform

__all__ = [
    "FILL",
    "GHOST",
    "TRACE",
    "Envelope",
    "draw_envelope",
    "envelope",
    "levels",
    "spectrogram",
    "spectrum",
    "tracks",
    "waveform",
]
