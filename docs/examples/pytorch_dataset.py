"""A Dataset of crops that are decoded, mixed and resampled into the memory of a batch.

No array and no tensor is in between. It needs PyTorch (pip install torch).

Run: python pytorch_dataset.py recording.wav
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import audio_samples as aus
from audio_samples import AudioSamples

if TYPE_CHECKING:
    import torch

RATE = 16_000
SECONDS = 1


class Crops:
    """Crops of a second from many files. Index i is crop i of all of them, in their order."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.places = []
        for path in paths:
            info = aus.info(path)
            frames = SECONDS * info.sample_rate
            self.places += [
                (path, start, frames) for start in range(0, info.frames - frames + 1, frames)
            ]

    def __len__(self) -> int:
        return len(self.places)

    def __getitems__(self, indices: list[int]) -> "torch.Tensor":
        """A whole batch: PyTorch asks for it where a Dataset has this method."""
        import torch

        batch = torch.zeros(len(indices), SECONDS * RATE)
        for row, index in zip(batch, indices, strict=True):
            path, start, frames = self.places[index]
            out = AudioSamples.from_torch(row, RATE)
            with aus.no_copies():  # CopyError if anything of ours were copied
                aus.read(path, start=start, frames=frames, sample_rate=RATE, channels=1, out=out)
        return batch


def features(batch: "torch.Tensor") -> "torch.Tensor":
    """Mel features of a batch, in decibels, each computed into its place."""
    import torch

    made = torch.zeros(len(batch), 80, 1 + SECONDS * RATE // 160)
    for row, samples in zip(made, batch, strict=True):
        audio = AudioSamples.from_torch(samples, RATE)
        audio.mel(80, n_fft=400, hop=160, db=True, out=row)
    return made


def same(batch: Any) -> Any:
    """What collates a batch that is one already."""
    return batch


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args(argv)
    try:
        from torch.utils.data import DataLoader
    except ModuleNotFoundError:
        print("this example needs PyTorch: pip install torch", file=sys.stderr)
        return 2
    crops: Any = Crops(options.recordings)
    loader = DataLoader(
        crops, batch_size=8, shuffle=True, num_workers=options.workers, collate_fn=same
    )
    for batch in loader:
        print(tuple(batch.shape), tuple(features(batch).shape))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
