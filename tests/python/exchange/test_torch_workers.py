"""PyTorch's DataLoader, whose workers give audio back without pickling its samples."""

import os
import pickle
import re
from pathlib import Path

import extras
import numpy as np
import pytest
import segments

from audio_samples import AudioSamples

torch = extras.require("torch", "torch")

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "processes.md"
RATE = 16_000
FRAMES = 50_000

pytestmark = pytest.mark.filterwarnings("default")


class Clips(torch.utils.data.Dataset):
    """Each clip is its own number, all over."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        audio = AudioSamples.zeros((2, FRAMES), RATE, dtype="float32", shared=True)
        audio += index
        return audio


class Pickles(Clips):
    """Says how large the pickle is that the worker sends."""

    def __getitem__(self, index):
        audio = super().__getitem__(index)
        sizes = [len(pickle.dumps(audio, protocol)) for protocol in (4, 5)]
        # No process takes those two handles.
        segments.age(audio.shared_name)
        return sizes


def as_they_are(clips):
    return clips


def one_batch(clips):
    batch = AudioSamples.zeros((len(clips), FRAMES), RATE, dtype="float32", shared=True)
    for row, clip in enumerate(clips):
        batch[row, :] = clip.to_numpy()[0]
    return batch


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = segments.names()
    yield

    def left():
        new = segments.names() - before
        return [name for name in new if not segments.lives(segments.made_by(name))]

    # A worker that is ended early leaves untaken handles. Their time is over at once.
    for name in left():
        segments.age(name)

    def swept():
        AudioSamples.zeros(1, RATE, shared=True)
        return left() == []

    assert segments.until(swept), left()


@pytest.fixture(params=["fork", "spawn"])
def method(request):
    return request.param


def test_workers_give_audio_back_in_shared_memory(method):
    how = {"collate_fn": as_they_are, "multiprocessing_context": method}
    loader = torch.utils.data.DataLoader(Clips(), batch_size=2, num_workers=2, **how)
    clips = [clip for batch in loader for clip in batch]
    makers = {segments.made_by(clip.shared_name) for clip in clips}
    assert len(makers) == 2
    assert os.getpid() not in makers
    assert [(clip.shape, clip.sample_rate) for clip in clips] == [((2, FRAMES), RATE)] * 8
    for index, clip in enumerate(clips):
        tensor = clip.to_torch()
        assert (tensor == index).all()
        tensor.mul_(2)
        assert (clip.to_numpy() == 2 * index).all()


def guides_collate():
    """The function that the guide shows."""
    [code] = re.findall(r"^def collate\(clips\):.*?\n\n", GUIDE.read_text("utf-8"), re.M | re.S)
    names = {"torch": torch}
    exec(code, names)
    return names["collate"]


def test_audio_needs_a_collate_function_and_the_guides_is_one():
    with pytest.raises(TypeError, match="AudioSamples"):
        next(iter(torch.utils.data.DataLoader(Clips(), batch_size=4)))
    loader = torch.utils.data.DataLoader(
        Clips(), batch_size=4, num_workers=2, collate_fn=guides_collate()
    )
    batches = list(loader)
    assert [(tuple(batch.shape), rate) for batch, rate in batches] == [((4, 2, FRAMES), RATE)] * 2
    assert torch.cat([batch for batch, _ in batches]).mean((1, 2)).tolist() == list(range(8))


def test_a_batch_is_made_where_it_is_read():
    loader = torch.utils.data.DataLoader(Clips(), batch_size=4, num_workers=2, collate_fn=one_batch)
    means = [batch.to_torch().mean(1).tolist() for batch in loader]
    assert means == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_what_a_worker_sends_is_small():
    loader = torch.utils.data.DataLoader(
        Pickles(), batch_size=1, num_workers=2, collate_fn=as_they_are
    )
    sizes = np.array([size for batch in loader for sizes in batch for size in sizes])
    assert sizes.max() < 256


def test_an_epoch_that_is_left_early_leaves_nothing():
    loader = torch.utils.data.DataLoader(
        Clips(), batch_size=1, num_workers=2, collate_fn=as_they_are, prefetch_factor=2
    )
    batches = iter(loader)
    first = next(batches)
    assert (first[0].to_numpy() == 0).all()
    del batches, first
