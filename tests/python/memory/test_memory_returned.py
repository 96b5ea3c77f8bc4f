"""Freed memory (M4): used again at once, and given back to the system if nothing asks for it."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

PRELUDE = """
import gc, time
import numpy as np
from audio_samples import AudioSamples, memory

def mappings():
    with open("/proc/self/maps") as lines:
        return sum(1 for _ in lines)

def resident():
    with open("/proc/self/statm") as line:
        return int(line.read().split()[1]) * 4096

def clip(frames):
    return AudioSamples.zeros(frames, 48_000, dtype="float32")

before = mappings(), resident()
"""


def run(code):
    """In a process of its own, whose memory no other test has used."""
    script = PRELUDE + textwrap.dedent(code)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_clips_that_come_and_go_leave_no_holes_between_mappings():
    run("""
    clips = [clip(15_400 + i % 50 * 64) for i in range(6_000)]
    clips = clips[::2]
    memory.trim()
    assert mappings() - before[0] < 100, mappings() - before[0]
    clips += [clip(15_400 + i % 50 * 64) for i in range(3_000)]
    assert mappings() - before[0] < 100, mappings() - before[0]
    assert all(not part.any() for part in clips)
    """)


def test_silence_is_made_of_memory_that_was_freed():
    run("""
    for _ in range(60):
        audio = clip(5_000_000)
        audio[::1024] = 1
        assert not clip(5_000_000).any()
    assert resident() - before[1] < 100_000_000, resident() - before[1]
    """)


def test_what_nothing_asks_for_goes_back_within_about_a_second():
    run("""
    held = [clip(1_000_000) for _ in range(30)]
    for audio in held:
        audio += 1
    assert resident() - before[1] > 100_000_000
    del audio, held
    time.sleep(1.1)
    clip(100_000)
    assert resident() - before[1] < 30_000_000, resident() - before[1]
    assert memory.stats().held < 1_000_000
    """)


def test_a_loop_keeps_its_memory():
    run("""
    audio = clip(1_000_000)
    for _ in range(100):
        audio * 2.0
    assert memory.stats().fresh < 5, memory.stats()
    assert memory.stats().reused > 90
    """)


@pytest.mark.parametrize("frames", [1_100_000, 1_573_000])
def test_large_audio_takes_the_memory_of_its_samples(frames):
    run(f"""
    held = [clip({frames}) for _ in range(20)]
    for audio in held:
        audio += 1
    size = 20 * 4 * {frames}
    assert resident() - before[1] < 1.05 * size + 4_000_000, (resident() - before[1]) / size
    """)


def test_the_limit_is_a_share_of_the_machine():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    run(f"assert memory.stats().limit <= {total} // 8")
