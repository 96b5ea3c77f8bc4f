"""Where a command writes, and in which encoding."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .._audio_samples import AudioInfo
from .sources import Source

FORMATS = {"wav": ".wav", "rf64": ".rf64", "aiff": ".aiff", "flac": ".flac"}
SUBTYPES = ("PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")

_KINDS = {
    ".wav": "WAV",
    ".wave": "WAV",
    ".bwf": "WAV",
    ".rf64": "RF64",
    ".aiff": "AIFF",
    ".aif": "AIFF",
    ".aifc": "AIFF",
    ".flac": "FLAC",
}

# The texts that a file of a format has a place for. FLAC takes any name.
_TAGS = {
    "AIFF": {"title", "artist", "copyright", "comment"},
    "WAV": {
        *("title", "artist", "album", "comment", "copyright"),
        *("date", "genre", "software", "track_number"),
    },
}
_TAGS["RF64"] = _TAGS["WAV"]


def add_target(parser: argparse.ArgumentParser, *, in_place: bool = False) -> None:
    """`--out`, `-o`, `--force` and `--dry-run`, one of the first two being needed."""
    group = parser.add_argument_group("where to")
    place = group.add_mutually_exclusive_group(required=True)
    place.add_argument("--out", type=Path, metavar="DIR", help="write into this folder")
    place.add_argument("-o", dest="file", type=Path, metavar="FILE", help="write this one file")
    if in_place:
        place.add_argument(
            "--in-place",
            action="store_true",
            help="change plain samples where they lie; all else in the file stays",
        )
    group.add_argument("--force", action="store_true", help="overwrite files that are there")
    group.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")


def targets_of(
    sources: Sequence[Source], options: argparse.Namespace, ending: str | None
) -> dict[Path, Path]:
    """The file that each source becomes; `ending` is the one of the format that the caller wants.

    Sources of one name have their own ending in the name of the target too: `take.mp3.wav`.
    """
    if options.file is not None:
        return {source.path: Path(options.file) for source in sources}
    below = {source.path: _renamed(source.below, ending) for source in sources}
    times = Counter(below.values())
    return {
        source.path: options.out / _told_apart(source.below, below[source.path], times)
        for source in sources
    }


def _renamed(below: Path, ending: str | None) -> Path:
    kind = _KINDS.get(below.suffix.lower())
    if ending is not None:
        return below if kind == _KINDS[ending] else below.with_suffix(ending)
    return below if kind else below.with_suffix(".wav")  # not written in its own format


def _told_apart(below: Path, target: Path, times: Counter[Path]) -> Path:
    if times[target] == 1 or below == target:
        return target
    return below.with_name(below.name + target.suffix)


def format_of(target: Path, wanted: str | None) -> str:
    """The format's name by the caller's word or by the ending; WAV for a name without one."""
    if wanted:
        return wanted.upper()
    ending = target.suffix.lower()
    if ending and ending not in _KINDS:
        raise ValueError(
            f"'{target}': no format that is written ends in {ending}; they are "
            f"{', '.join(FORMATS)}, and --format names one for any ending"
        )
    return _KINDS.get(ending, "WAV")


def subtype_of(told: AudioInfo, kind: str) -> str:
    """The encoding of `told` as near as a file of `kind` has it: what it had, if it can."""
    had = told.subtype
    if had in SUBTYPES:
        subtype = had
    elif told.stored_dtype == "int32":
        subtype = "PCM_24"
    else:
        subtype = "PCM_16"  # codecs that give floats, such as MP3, have no more than 16 bits
    if kind == "FLAC":
        return {"PCM_U8": "PCM_S8", "PCM_S8": "PCM_S8", "PCM_16": "PCM_16"}.get(
            subtype, "PCM_16" if subtype in ("ULAW", "ALAW") else "PCM_24"
        )
    if kind == "AIFF" and subtype == "PCM_U8":
        return "PCM_S8"
    if kind in ("WAV", "RF64") and subtype == "PCM_S8":
        return "PCM_U8"
    return subtype


def tags_of(told: AudioInfo, kind: str) -> dict[str, str]:
    """The texts of `told` that a file of `kind` has a place for."""
    places = _TAGS.get(kind)
    return {name: text for name, text in told.tags.items() if places is None or name in places}


def keeps_chunks(told: AudioInfo, kind: str) -> bool:
    """Whether the chunks of `told` can go into a file of `kind`."""
    wave = ("WAV", "RF64")
    return told.format == kind == "AIFF" or (told.format in wave and kind in wave)
