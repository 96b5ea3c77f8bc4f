"""Arrow's streams, which Python code and threads of its own may feed."""

import extras
import numpy as np
import pytest
from elsewhere import run
from signals import RATE

from audio_samples import AudioSamples

pa = extras.require("pyarrow", "arrow")
pq = extras.require("pyarrow.parquet", "arrow")

# PyArrow reads the files on threads of its own, and each of their reads runs Python code.
SCANNED = """
import faulthandler, os, sys
import numpy as np
import pyarrow as pa, pyarrow.dataset, pyarrow.fs, pyarrow.parquet
from audio_samples import AudioSamples

folder, broken = sys.argv[1:]
for i in range(4):
    table = pa.table({"left": np.arange(1e5) + i, "right": np.arange(1e5) - i})
    pa.parquet.write_table(table, f"{folder}/{i}.parquet")


class Files(pa.fs.FileSystemHandler):
    disk = pa.fs.LocalFileSystem()

    def get_type_name(self):
        return "python"

    def normalize_path(self, path):
        return path

    def get_file_info(self, paths):
        return self.disk.get_file_info(paths)

    def get_file_info_selector(self, selector):
        return self.disk.get_file_info(selector)

    def open_input_file(self, path):
        if path.endswith(broken):
            raise OSError(f"{path} cannot be read")
        return pa.PythonFile(open(path, "rb"), "r")

    def refuse(self, *arguments):
        raise OSError

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = refuse
    move = copy_file = open_input_stream = open_output_stream = open_append_stream = refuse


files = pa.fs.PyFileSystem(Files())
reader = pa.dataset.dataset(folder, filesystem=files, format="parquet").scanner().to_reader()
faulthandler.dump_traceback_later(45, exit=True)
try:
    audio = AudioSamples.from_arrow(reader, 48_000)
    print(audio.shape, audio.to_numpy().sum(), flush=True)
except OSError as error:
    del reader
    print(error, flush=True)
os._exit(0)  # PyArrow's threads and the end of the interpreter do not go together.
"""


def test_a_stream_may_wait_for_threads_that_need_the_interpreter(tmp_path):
    said = run(SCANNED, str(tmp_path), "none")
    assert said == f"(2, 400000) {8 * np.arange(1e5).sum()}"


def test_a_stream_that_fails_is_let_go_of_while_its_threads_need_the_interpreter(tmp_path):
    assert "3.parquet cannot be read" in run(SCANNED, str(tmp_path), "3.parquet")


# A stream of nothing, whose release waits in C for what another Python thread writes.
RELEASED = """
import ctypes, faulthandler, os, sys, threading
from audio_samples import AudioSamples

source, sink = os.pipe()
os.dup2(source, 0)
getchar = ctypes.cast(ctypes.CDLL(None).getchar, ctypes.c_void_p)
callbacks = (ctypes.c_void_p * 5)(None, None, None, getchar, None)
capsule = ctypes.pythonapi.PyCapsule_New
capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
capsule.restype = ctypes.py_object


class Stream:
    def __arrow_c_stream__(self):
        return capsule(ctypes.addressof(callbacks), b"arrow_array_stream", None)


begun = threading.Event()
other = threading.Thread(target=lambda: (begun.wait(), os.write(sink, b".")))
other.start()
faulthandler.dump_traceback_later(45, exit=True)
sys.setswitchinterval(1000)  # From here on a thread keeps the interpreter until it lets go.
begun.set()
try:
    AudioSamples.from_arrow(Stream(), 48_000)
except ValueError as error:
    print(error)
other.join()
"""


def test_what_is_released_may_wait_for_threads_that_need_the_interpreter():
    assert run(RELEASED) == "the Arrow stream is released already"


def test_a_stream_of_python_code_attaches_itself():
    def batches():
        for start in range(3):
            yield pa.record_batch({"level": np.arange(2.0) + start})
        if fails:
            raise RuntimeError("no more batches")

    fails = False
    schema = pa.schema({"level": pa.float64()})
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    assert AudioSamples.from_arrow(reader, RATE).to_numpy().tolist() == [0, 1, 1, 2, 2, 3]
    fails = True
    with pytest.raises(OSError, match="no more batches"):
        AudioSamples.from_arrow(pa.RecordBatchReader.from_batches(schema, batches()), RATE)
