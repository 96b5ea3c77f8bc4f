"""Files made by hand, and the types that their encodings have in memory."""

import struct

from signals import RATE

NATIVE = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "PCM_16", "ULAW", "ALAW"), "int16"),
    **dict.fromkeys(("MS_ADPCM", "IMA_ADPCM"), "int16"),
    **dict.fromkeys(("PCM_24", "PCM_32"), "int32"),
    **dict.fromkeys(("FLOAT", "VORBIS", "MPEG_LAYER_III"), "float32"),
    "DOUBLE": "float64",
}


def chunk(name, content, order="<"):
    """Letters, size and content, followed by a byte of padding where the size is odd."""
    padding = b"\0" * (len(content) % 2)
    return name + struct.pack(order + "I", len(content)) + content + padding


def riff(*chunks, magic=b"RIFF"):
    """A WAV file of chunks."""
    order = ">" if magic == b"RIFX" else "<"
    body = b"".join(chunk(*each, order) for each in chunks)
    return magic + struct.pack(order + "I", 4 + len(body)) + b"WAVE" + body


def form(order="<"):
    """The format of mono audio of 16 bits."""
    return b"fmt ", struct.pack(order + "HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
