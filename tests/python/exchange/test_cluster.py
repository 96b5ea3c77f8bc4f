"""Ray on a cluster of two nodes on this machine: the object store, tasks, actors, Ray Data."""

import os
import sys

import extras
import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples, generation, no_copies

# The first import of Ray decides what its workers say and send home.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DEDUP_LOGS", "0")
ray = extras.require("ray", "ray")
pyarrow = extras.require("pyarrow", "ray")
extras.require("ray.data", "ray")
from ray.cluster_utils import Cluster  # noqa: E402
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402

RATE = 48_000
STORE = 256 << 20

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("nodes"),
    # Ray's own: sockets and files that it closes later.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture(scope="module")
def nodes():
    """Two nodes, each with an object store of its own."""
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "object_store_memory": STORE, "include_dashboard": False},
    )
    cluster.add_node(num_cpus=2, object_store_memory=STORE)
    ray.init(address=cluster.address, log_to_driver=False)
    cluster.wait_for_nodes()
    # Workers know nothing of this file: its functions are sent whole.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()
    cluster.shutdown()


def recording(frames: int = 4 << 20) -> AudioSamples:
    return AudioSamples.new_multi(np.ones((2, frames), np.float32), RATE)


# ---- the object store


def test_the_cluster_has_two_nodes(nodes):
    assert len(nodes) == 2


def test_audio_from_the_object_store_is_read_only_and_on_the_stores_memory():
    audio = recording()
    # Out of band: the store takes the samples as they lie, and nothing of ours copies them.
    with no_copies():
        reference = ray.put(audio)
        once, again = ray.get(reference), ray.get(reference)
    assert not once.writable
    assert once.address == again.address != audio.address
    assert once.to_arrow().column(0).buffers()[1].address == once.address
    assert (once.shape, once.dtype, once.sample_rate) == ((2, 4 << 20), np.float32, RATE)
    np.testing.assert_array_equal(once.to_numpy(), audio.to_numpy())
    with pytest.raises(ValueError, match="read-only"):
        once *= 2
    assert (once * 2).writable
    del reference, audio
    assert (again[:, -1] == 1).all()


class Worker:
    """A process of its own, which reads all of some audio and says how its memory grows by that."""

    def own_memory(self):
        with open("/proc/self/status") as status:  # noqa: PTH123
            return next(int(line.split()[1]) << 10 for line in status if "RssAnon" in line)

    def read(self, audio):
        before = self.own_memory()
        parts = (audio[i : i + 65_536].to_numpy() for i in range(0, len(audio), 65_536))
        return {
            "total": sum(float(part.sum()) for part in parts),
            "grown": self.own_memory() - before,
            "writable": audio.writable,
            "rate": audio.sample_rate,
            "node": ray.get_runtime_context().get_node_id(),
            "process": os.getpid(),
        }


def test_four_workers_on_two_nodes_read_one_recording_without_a_copy(nodes):
    audio = recording()
    reference = ray.put(audio)
    workers = [
        ray.remote(num_cpus=1)(Worker)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))
        .remote()
        for node in nodes * 2
    ]
    facts = ray.get([worker.read.remote(reference) for worker in workers])
    assert {fact["node"] for fact in facts} == set(nodes)
    assert len({fact["process"] for fact in facts}) == 4
    assert {(fact["total"], fact["rate"], fact["writable"]) for fact in facts} == {
        (float(audio.size), RATE, False)
    }
    assert max(fact["grown"] for fact in facts) < audio.nbytes / 4


def normalise(audio):
    return audio / np.max(np.abs(audio))


def test_results_come_back_as_audio_with_their_rate():
    parts = [generation.sine_wave(220, 0.5, sample_rate=RATE, amplitude=0.1 * i) for i in (1, 2, 3)]
    task = ray.remote(normalise)
    for part in ray.get([task.remote(part) for part in parts]):
        assert isinstance(part, AudioSamples)
        assert (part.sample_rate, len(part), part.dtype) == (RATE, RATE // 2, np.float64)
        assert np.max(np.abs(part)) == 1


def test_an_actor_keeps_audio_and_changes_its_own():
    @ray.remote
    class Mixer:
        def __init__(self, frames):
            self.sum = AudioSamples.zeros(frames, RATE)

        def add(self, audio):
            self.sum += audio
            return float(self.sum.to_numpy().max())

        def result(self):
            return self.sum

    mixer = Mixer.remote(1000)
    ones = ray.put(AudioSamples.new_mono(np.ones(1000), RATE))
    assert ray.get([mixer.add.remote(ones) for _ in range(3)]) == [1, 2, 3]
    assert (ray.get(mixer.result.remote()).to_numpy() == 3).all()


# ---- Ray Data


def test_a_pipeline_over_a_folder_keeps_rate_and_type_through_its_blocks(tmp_path):
    expected = {}
    for i, (rate, dtype) in enumerate([(8000, "int16"), (44_100, "float32"), (48_000, "float64")]):
        tone = generation.sine_wave(100 * (i + 1), 0.1 * (i + 1), sample_rate=rate)
        path = tmp_path / f"{i}.wav"
        audio_samples.write(path, tone.convert(dtype))
        expected[str(path)] = (rate, dtype, len(tone))

    def load(row):
        audio = audio_samples.read(row["path"])
        return {"path": row["path"], "samples": audio, "sample_rate": audio.sample_rate}

    def halve(row):
        audio = AudioSamples.from_numpy(row["samples"], row["sample_rate"], copy=None)
        return {**row, "dtype": str(audio.dtype), "samples": (audio / 2).astype(audio.dtype)}

    def measure(row):
        audio = AudioSamples.from_numpy(row["samples"], row["sample_rate"])
        peak = float(np.max(np.abs(audio.convert("float64"))))
        return {**row, "frames": len(audio), "duration": audio.duration, "peak": peak}

    for path, (rate, dtype, frames) in expected.items():
        # Blocks of one type: a column of samples has one.
        rows = ray.data.from_items([{"path": path}]).map(load).map(halve).map(measure)
        [row] = rows.take_all()
        assert (row["sample_rate"], row["dtype"], row["frames"]) == (rate, dtype, frames)
        assert row["samples"].dtype == dtype
        assert row["duration"] == pytest.approx(frames / rate)
        assert row["peak"] == pytest.approx(0.5, abs=0.01)


def test_recordings_of_one_type_and_many_rates_and_lengths_share_a_pipeline(tmp_path):
    rates = {}
    for i, rate in enumerate([8000, 16_000, 22_050, 44_100]):
        path = tmp_path / f"{i}.wav"
        tone = generation.sine_wave(50, 0.05 * (i + 1), sample_rate=rate)
        audio_samples.write(path, tone.convert("int16"))
        rates[str(path)] = (rate, len(tone))

    def load(row):
        audio = audio_samples.read(row["path"])
        return {"path": row["path"], "samples": audio, "sample_rate": audio.sample_rate}

    def seconds(row):
        audio = AudioSamples.from_numpy(row["samples"], row["sample_rate"])
        return {"path": row["path"], "rate": audio.sample_rate, "frames": len(audio)}

    data = ray.data.from_items([{"path": path} for path in rates]).map(load).materialize()
    assert "int16" in str(data.schema())
    rows = data.map(seconds).take_all()
    assert {row["path"]: (row["rate"], row["frames"]) for row in rows} == rates
