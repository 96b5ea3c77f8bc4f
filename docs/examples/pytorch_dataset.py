"""A Dataset and a DataLoader for PyTorch, without copies of samples.

The Dataset knows where the crops are and decodes nothing. `collate` makes the tensor of a batch and
decodes each crop right into its row, mixed and resampled, with no array in between. It computes mel
features into the rows of another tensor. `no_copies()` raises where the package would copy samples.
The example needs PyTorch.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import audio_samples as aus
from audio_samples import AudioSamples

try:
    import torch
    from torch.utils.data import DataLoader, Dataset
except ModuleNotFoundError:
    print("this example needs PyTorch: pip install torch", file=sys.stderr)
    raise SystemExit(2) from None

RECORDING = Path(aus.__file__).parent / "_recordings" / "tabla.wav"

RATE = 16_000
SECONDS = 1
N_MELS, N_FFT, HOP = 64, 400, 160


class Crop(NamedTuple):
    """Where a second begins, in frames of its file, and how many it takes there."""

    path: Path
    start: int
    frames: int


class Batch(NamedTuple):
    samples: torch.Tensor  # (crops, frames)
    features: torch.Tensor  # (crops, bands, frames)


class Crops(Dataset[Crop]):  # type: ignore[misc, unused-ignore]  # a checker without PyTorch
    """Crops of all files that are long enough, each a quarter of a second behind the last.

    Of whole seconds each file gives the same number of frames at `RATE`, whatever its own rate is.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.crops: list[Crop] = []
        for path in paths:
            info = aus.info(path)  # reads a header
            frames = SECONDS * info.sample_rate
            starts = range(0, info.frames - frames + 1, info.sample_rate // 4)
            self.crops += [Crop(path, start, frames) for start in starts]

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> Crop:
        return self.crops[index]


def shared(*shape: int) -> torch.Tensor:
    """An empty tensor in shared memory: a worker hands it over, and copies nothing for that."""
    tensor = torch.empty(shape)
    tensor.share_memory_()  # type: ignore[no-untyped-call, unused-ignore]
    return tensor


def collate(crops: list[Crop]) -> Batch:
    """Decodes crops into the rows of a batch. A worker of the DataLoader runs this."""
    samples = shared(len(crops), SECONDS * RATE)
    features = shared(len(crops), N_MELS, 1 + SECONDS * RATE // HOP)
    with aus.no_copies():
        for (path, start, frames), row, bands in zip(crops, samples, features, strict=True):
            clip = AudioSamples.from_torch(row, RATE)  # on the row's own memory
            aus.read(path, start=start, frames=frames, sample_rate=RATE, channels=1, out=clip)
            clip.mel(N_MELS, n_fft=N_FFT, hop=HOP, db=True, out=bands)
    return Batch(samples, features)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", default=RECORDING)
    parser.add_argument("--out", type=Path, default=Path("examples-output"))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)

    # Any format goes into the same batch: a crop begins at its very frame.
    flac = options.out / "recording.flac"
    aus.write(flac, aus.stream(options.recording, dtype="stored"))
    crops = Crops([options.recording, flac])
    if not crops.crops:
        parser.error(f"{options.recording} is shorter than a crop, {SECONDS} s")
    loader: DataLoader[Crop] = DataLoader(
        crops, batch_size=4, shuffle=True, num_workers=options.workers, collate_fn=collate
    )

    batches: list[Batch] = list(loader)
    assert sum(len(batch.samples) for batch in batches) == len(crops)
    print(f"{len(crops)} crops in {len(batches)} batches of {options.workers} workers")
    print(f"samples {tuple(batches[0].samples.shape)}, features {tuple(batches[0].features.shape)}")

    # A row is what `read` gives of its crop, bit for bit.
    crop = crops[len(crops) - 1]
    row = collate([crop]).samples[0]
    alone = aus.read(crop.path, start=crop.start, frames=crop.frames, sample_rate=RATE, channels=1)
    assert torch.equal(row, alone.to_torch())
    torch.save([tuple(batch) for batch in batches], options.out / "batches.pt")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
