"""`audio-samples doctor`: what this machine has, and a proof that nothing is copied on it."""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .._audio_samples import AudioSamples, __version__, memory, num_threads
from .._policies import no_copies
from .report import print_json

_OPTIONAL = ("matplotlib", "torch", "jax", "pyarrow", "scipy", "soundfile", "tqdm", "rich")
_SETS = ("sse2", "sse4_1", "avx", "avx2", "fma", "avx512f", "asimd", "neon", "sve")


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser = listed.add_parser(
        "doctor",
        help="tell about this machine, and prove that nothing is copied on it",
        description="Tell versions, processor and memory, and prove on this machine that arrays "
        "share the samples of audio. Exit status 1 if they do not.",
    )
    parser.add_argument("--json", action="store_true", help="tell it as one JSON document")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    proof = prove()
    kept = memory.stats()
    told = {
        "versions": {
            "audio_samples": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            **{name: found for name in _OPTIONAL if (found := _version(name))},
        },
        "missing": [name for name in _OPTIONAL if find_spec(name) is None],
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": _processor(),
            "instructions": _instructions(),
            "cores": os.cpu_count(),
            "cores_allowed": _allowed(),
            "threads": num_threads(),
            "huge_pages": _huge_pages(),
        },
        "memory": {"kept": kept.held, "limit": kept.limit, "in_use": kept.in_use},
        "zero_copy": proof,
    }
    if options.json:
        print_json(told)
    else:
        _tell(told)
    return 0 if all(entry["shared"] for entry in proof) else 1


def prove() -> list[dict[str, Any]]:
    """Each view of one audio: the address it sees, and whether a write through one is in both."""
    audio = AudioSamples.zeros(1 << 16, 48_000, dtype=np.float32)
    ways: dict[str, Callable[[], Any]] = {
        "np.asarray(audio)": lambda: np.asarray(audio),
        "memoryview(audio)": lambda: np.asarray(memoryview(audio)),
        "audio[a:b]": lambda: audio[0:10].to_numpy(),
        "np.from_dlpack(audio)": lambda: np.from_dlpack(audio),
    }
    if find_spec("torch") is not None:
        ways["torch.from_dlpack(audio)"] = lambda: audio.to_torch(copy=False).numpy()
    found = [{"view": "audio", "address": hex(audio.address), "shared": True}]
    for at, (name, view) in enumerate(ways.items(), 1):
        try:
            with no_copies():
                array = view()
            if array.flags.writeable:
                array[0] = at
            else:  # NumPy takes DLPack so: the audio writes, and the array sees it
                audio[0] = at
            shared = array.ctypes.data == audio.address and audio[0] == array[0] == at
            address = hex(array.ctypes.data)
        except Exception as error:  # a view that cannot be made is what the doctor is asked for
            shared, address = False, f"{type(error).__name__}: {error}"
        found.append({"view": name, "address": address, "shared": bool(shared)})
    return found


def _tell(told: dict[str, Any]) -> None:
    for title in ("versions", "machine", "memory"):
        print(title)
        for name, value in told[title].items():
            spoken = f"{value / 2**20:,.1f} MiB" if title == "memory" else value
            print(f"  {name.replace('_', ' '):<14} {spoken}")
    if told["missing"]:
        print(f"  not installed, and not needed: {', '.join(told['missing'])}")
    print("the first sample lies at")
    for entry in told["zero_copy"]:
        verdict = "shared" if entry["shared"] else "NOT SHARED"
        print(f"  {entry['view']:<26} {entry['address']:<16} {verdict}")
    well = all(entry["shared"] for entry in told["zero_copy"])
    print("nothing is copied" if well else "a view has memory of its own: please report it")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _processor() -> str:
    for line in _text("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _instructions() -> list[str]:
    """Of the sets that audio is computed with, those of the processor; empty where nothing says."""
    for line in _text("/proc/cpuinfo").splitlines():
        if line.startswith(("flags", "Features")):
            has = line.partition(":")[2].split()
            return [name for name in _SETS if name in has]
    return ["neon"] if (sys.platform, platform.machine()) == ("darwin", "arm64") else []


def _allowed() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return None


def _huge_pages() -> str:
    """`always`, `madvise` (all that is needed) or `never`, as Linux has them."""
    text = _text("/sys/kernel/mm/transparent_hugepage/enabled")
    return text.partition("[")[2].partition("]")[0] or "this system does not tell"
