"""Arrow (X5): audio as arrays and tables, Parquet, and Arrow data as audio."""

import gc

import extras
import numpy as np
import pytest
from elsewhere import at_once
from signals import RATE, mono, stereo

from audio_samples import AudioSamples, BorrowError, CopyError, no_copies

pa = extras.require("pyarrow", "arrow")
pq = extras.require("pyarrow.parquet", "arrow")


TYPES = {"int16": pa.int16(), "int32": pa.int32(), "float32": pa.float32(), "float64": pa.float64()}


def addresses(array) -> list[int]:
    """Where the values of numbers, or of the columns of a struct or a batch, begin."""
    if isinstance(array, pa.RecordBatch):
        return [addresses(column)[0] for column in array.columns]
    if pa.types.is_struct(array.type):
        return [addresses(array.field(i))[0] for i in range(array.type.num_fields)]
    return [array.buffers()[1].address + array.offset * array.type.byte_width]


# ---- out


@pytest.mark.parametrize("dtype", TYPES)
def test_mono_audio_is_an_array_of_numbers(dtype):
    array = pa.array(mono(dtype=dtype))
    array.validate(full=True)
    assert array.type == TYPES[dtype]
    assert array.to_pylist() == list(range(8))
    assert array.null_count == 0


@pytest.mark.parametrize("dtype", TYPES)
def test_channels_are_columns(dtype):
    batch = pa.record_batch(stereo(dtype=dtype))
    batch.validate(full=True)
    assert batch.schema.names == ["channel_0", "channel_1"]
    assert set(batch.schema.types) == {TYPES[dtype]}
    assert batch.column(1).to_pylist() == list(range(8, 16))
    assert pa.array(stereo()).type.num_fields == 2


@pytest.mark.parametrize("make", [mono, stereo])
def test_audio_is_a_table_whose_metadata_says_the_rate(make):
    audio = make()
    batch = audio.to_arrow()
    assert batch.num_rows == len(audio)
    assert batch.num_columns == audio.num_channels
    assert batch.schema.metadata[b"sample_rate"] == b"44100"
    assert batch.schema.metadata[b"num_channels"] == str(audio.num_channels).encode()
    frame = batch.to_pandas()
    np.testing.assert_array_equal(frame.to_numpy().T.squeeze(), audio.to_numpy())


def test_the_schema_alone_says_the_rate_too():
    field = pa.field(mono())
    assert (field.type, field.metadata[b"sample_rate"]) == (pa.float32(), b"44100")
    assert pa.schema(stereo()).names == ["channel_0", "channel_1"]


@pytest.mark.parametrize("dtype", TYPES)
def test_read_only_audio_is_shared(dtype):
    quiet, pair = mono(dtype=dtype).as_readonly(), stereo(dtype=dtype).as_readonly()
    with no_copies():
        array, batch = pa.array(quiet), pair.to_arrow()
    assert addresses(array) == [quiet.address]
    assert addresses(batch) == [pair.address, pair[1, :].address]
    [view] = quiet.views
    assert (view.kind, view.mode, view.shape) == ("arrow", "read", (8,))
    assert [view.kind for view in pair.views] == ["arrow"]
    del array, batch
    assert quiet.views == pair.views == []


def test_a_part_of_read_only_audio_is_shared_where_its_channels_lie_side_by_side():
    pair = stereo().as_readonly()
    with no_copies():
        part = pair[2:5]
        assert addresses(part.to_arrow()) == [part.address, part[1, :].address]
        assert addresses(pair[::-1, :].to_arrow()) == [pair[1, :].address, pair.address]
        with pytest.raises(CopyError, match="side by side"):
            pair[::2].to_arrow()
    assert pair[::2].to_arrow().column(0).to_pylist() == [0, 2, 4, 6]


@pytest.mark.parametrize("make", [mono, stereo])
def test_writable_audio_is_copied_for_arrow_data_never_changes(make):
    audio = make()
    array = pa.array(audio)
    before = array.to_pylist()
    assert not set(addresses(array)) & {audio.address}
    assert audio.views == []
    audio *= 0
    assert array.to_pylist() == before
    with no_copies(), pytest.raises(CopyError, match=r"Arrow data never changes.*as_readonly"):
        pa.array(audio)


def test_samples_off_their_alignment_are_copied():
    array = np.frombuffer(bytearray(2 + 32), np.float32, count=8, offset=2)
    quiet = AudioSamples.new_mono(array, RATE, copy=False).as_readonly()
    assert addresses(pa.array(quiet)) != [quiet.address]


def test_every_layout_goes_out_with_its_samples(adopted, reference):
    array = adopted.to_arrow()
    array.validate(full=True)
    back = AudioSamples.from_arrow(array)
    np.testing.assert_array_equal(back.to_numpy(), reference)
    assert (back.dtype, back.shape) == (reference.dtype, reference.shape)
    assert back.sample_rate == adopted.sample_rate


def test_arrow_data_keeps_the_samples():
    quiet = AudioSamples.new_mono(np.arange(1 << 18, dtype=np.float32), RATE).as_readonly()
    part = quiet.to_arrow().column(0)[100:200]
    del quiet
    gc.collect()
    others = [AudioSamples.zeros(1 << 18, RATE, dtype="float32") for _ in range(4)]
    assert part.to_pylist() == list(range(100, 200))
    del others


def test_a_column_outlives_its_table():
    pair = stereo().as_readonly()
    column = pair.to_arrow().column(1)
    gc.collect()
    assert [view.kind for view in pair.views] == ["arrow"]
    assert column.to_pylist() == list(range(8, 16))
    del column
    assert pair.views == []


def test_an_untaken_structure_goes_with_its_capsule():
    quiet = stereo().as_readonly()
    capsules = quiet.__arrow_c_array__()
    quiet.__arrow_c_schema__()
    assert len(quiet.views) == 1
    del capsules
    assert quiet.views == []


def test_arrow_data_is_let_go_of_on_any_thread():
    quiet = stereo().as_readonly()
    held = [quiet.to_arrow() for _ in range(100)]
    parts = [held[i::4].clear for i in range(4)]
    held.clear()
    at_once(*parts)
    assert quiet.views == []


def test_a_borrow_for_writing_keeps_arrow_out():
    audio = mono()
    with audio.borrow_mut():
        for use in (audio.as_readonly().to_arrow, audio.to_arrow, audio.__arrow_c_array__):
            with pytest.raises(BorrowError, match="borrow_mut"):
                use()


def test_the_buffer_protocol_is_there_too():
    audio = mono()
    with no_copies():
        buffer = pa.py_buffer(audio)
    assert (buffer.address, buffer.size, buffer.is_mutable) == (audio.address, 32, True)
    assert not pa.py_buffer(audio.as_readonly()).is_mutable
    array = pa.Array.from_buffers(pa.float32(), 8, [None, buffer])
    audio += 1
    assert array.to_pylist() == list(range(1, 9))


# ---- files of tables


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("make", [mono, stereo])
def test_parquet_keeps_samples_type_shape_and_rate(make, dtype, tmp_path):
    audio = make(5000, dtype)
    path = tmp_path / "audio.parquet"
    pq.write_table(pa.Table.from_batches([audio.to_arrow()]), path)
    back = AudioSamples.from_arrow(pq.read_table(path))
    np.testing.assert_array_equal(back.to_numpy(), audio.to_numpy())
    assert (back.dtype, back.shape, back.sample_rate) == (audio.dtype, audio.shape, RATE)


def test_an_arrow_file_that_is_mapped_is_the_memory(tmp_path):
    audio = mono(50_000)
    path = tmp_path / "audio.arrow"
    batch = audio.to_arrow()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        with no_copies():
            back = AudioSamples.from_arrow(table, copy=False)
        assert [back.address] == addresses(table.column(0).chunk(0))
        np.testing.assert_array_equal(back.to_numpy(), audio.to_numpy())


# ---- in


@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_are_mono_audio_on_the_same_memory(dtype):
    array = pa.array(range(20), TYPES[dtype])[3:15]
    audio = AudioSamples.from_arrow(array, RATE, copy=False)
    assert (audio.dtype, audio.shape, audio.sample_rate) == (dtype, (12,), RATE)
    assert [audio.address] == addresses(array)
    assert not audio.writable
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(3, 15))


def test_audio_keeps_arrows_memory():
    audio = AudioSamples.from_arrow(pa.array(np.arange(1 << 18, dtype=np.float32)), RATE)
    gc.collect()
    others = [pa.array(np.full(1 << 18, -1.0, np.float32)) for _ in range(4)]
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(1 << 18))
    del others


def test_audio_that_comes_back_is_the_same_memory():
    for quiet in (mono().as_readonly(), stereo().as_readonly(), stereo().as_readonly()[2:5]):
        with no_copies():
            back = AudioSamples.from_arrow(quiet.to_arrow())
        assert (back.address, back.strides) == (quiet.address, quiet.strides)
        assert not back.writable
        assert quiet.views == []


def test_one_channel_that_is_multi_channel_audio_stays_so():
    one = AudioSamples.new_multi(np.zeros((1, 5)), RATE)
    assert AudioSamples.from_arrow(one.to_arrow()).shape == (1, 5)
    assert AudioSamples.from_arrow(mono(5).to_arrow()).shape == (5,)
    column = pa.record_batch({"level": pa.array([0.5, 1.0])})
    assert AudioSamples.from_arrow(column, RATE).shape == (2,)


def test_columns_that_lie_apart_are_gathered():
    left, right = np.arange(6.0), np.arange(6.0) * -1
    table = pa.table({"left": left, "right": right})
    audio = AudioSamples.from_arrow(table, RATE)
    np.testing.assert_array_equal(audio.to_numpy(), [left, right])
    assert audio.writable
    with pytest.raises(BufferError, match=r"copy=False.*lie apart"):
        AudioSamples.from_arrow(table, RATE, copy=False)
    with no_copies(), pytest.raises(CopyError, match=r"96 bytes.*lie apart"):
        AudioSamples.from_arrow(table, RATE)


def test_chunks_are_joined():
    chunks = pa.chunked_array([[1.0, 2.0], [], [3.0]])
    assert AudioSamples.from_arrow(chunks, RATE).to_numpy().tolist() == [1, 2, 3]
    with pytest.raises(BufferError, match=r"copy=False.*several chunks"):
        AudioSamples.from_arrow(chunks, RATE, copy=False)
    pairs = pa.Table.from_batches([stereo().to_arrow().slice(2, 3), stereo().to_arrow()])
    wanted = np.hstack([stereo().to_numpy()[:, 2:5], stereo().to_numpy()])
    np.testing.assert_array_equal(AudioSamples.from_arrow(pairs).to_numpy(), wanted)


@pytest.mark.parametrize("chunked", [False, True])
def test_lists_of_a_fixed_size_are_frames(chunked):
    values = pa.array(np.arange(12, dtype=np.int16))
    frames = pa.FixedSizeListArray.from_arrays(values, 3)[1:]
    if chunked:
        frames = pa.chunked_array([frames[:2], frames[2:]])
    audio = AudioSamples.from_arrow(frames, RATE)
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(3, 12).reshape(3, 3).T)
    assert audio.writable == chunked
    if not chunked:
        assert audio.strides == (2, 6)


def test_a_slice_of_a_struct_is_that_slice():
    struct = pa.StructArray.from_arrays([np.arange(9.0), np.arange(9.0) + 10], ["l", "r"])[2:6]
    audio = AudioSamples.from_arrow(struct, RATE)
    np.testing.assert_array_equal(audio.to_numpy(), [[2, 3, 4, 5], [12, 13, 14, 15]])


def test_data_frames_are_audio_too():
    pandas = extras.require("pandas", "arrow")
    frame = pandas.DataFrame({"left": [1.0, 2.0], "right": [3.0, 4.0]})
    audio = AudioSamples.from_arrow(frame, RATE)
    np.testing.assert_array_equal(audio.to_numpy(), [[1, 2], [3, 4]])


@pytest.mark.parametrize("name", [None, "time"])
def test_an_index_of_pandas_is_no_channel(name):
    pandas = extras.require("pandas", "arrow")
    columns = {"left": np.float32([1, 2]), "right": np.float32([3, 4])}
    for index in ([10, 20], np.float32([0.5, 1.5])):  # as another type, and as that of the channels
        frame = pandas.DataFrame(columns, index=pandas.Index(index, name=name))
        table = pa.Table.from_pandas(frame)
        assert table.num_columns == 3
        for data in (frame, table, table.slice(0)):
            audio = AudioSamples.from_arrow(data, RATE)
            np.testing.assert_array_equal(audio.to_numpy(), [[1, 2], [3, 4]])


def test_a_column_with_the_name_of_an_index_is_a_channel_without_pandas_word_for_it():
    names = ["left", "__index_level_0__"]
    table = pa.table([pa.array([1.0]), pa.array([2.0])], names=names)
    assert AudioSamples.from_arrow(table, RATE).num_channels == 2


@pytest.mark.parametrize(
    "metadata", ["no JSON", "{}", '{"index_columns": 3}', '{"index_columns": [{}]}']
)
def test_strange_words_of_pandas_leave_no_channel_out(metadata):
    table = pa.table([pa.array([1.0]), pa.array([2.0])], names=["a", "b"])
    table = table.replace_schema_metadata({"pandas": metadata})
    assert AudioSamples.from_arrow(table, RATE).num_channels == 2


def test_encoded_columns_are_to_be_decoded():
    encoded = pa.array([1.0, 2.0, 1.0]).dictionary_encode()
    for data in (encoded, pa.table({"a": encoded})):
        with pytest.raises(TypeError, match=r"dictionary-encoded .*dictionary_decode\(\)"):
            AudioSamples.from_arrow(data, RATE)
    assert AudioSamples.from_arrow(encoded.dictionary_decode(), RATE).tolist() == [1, 2, 1]


def test_mono_audio_is_a_column_by_its_name():
    audio = AudioSamples.new_mono(np.float32([1, 2]), RATE)
    assert pa.table({"samples": audio}).column("samples").to_pylist() == [1, 2]


def test_a_copy_is_writable_and_shares_nothing():
    array = pa.array([1.0, 2.0])
    audio = AudioSamples.from_arrow(array, RATE, copy=True)
    audio *= 0
    assert array.to_pylist() == [1, 2]


def test_the_rate_is_said_once():
    batch = mono().to_arrow()
    assert AudioSamples.from_arrow(batch, RATE).sample_rate == RATE
    with pytest.raises(ValueError, match=r"44100 Hz.*48000 Hz"):
        AudioSamples.from_arrow(batch, 48_000)
    with pytest.raises(ValueError, match="pass sample_rate"):
        AudioSamples.from_arrow(pa.array([1.0]))
    odd = batch.replace_schema_metadata({"sample_rate": "0"})
    with pytest.raises(ValueError, match="0"):
        AudioSamples.from_arrow(odd)


def test_missing_values_are_refused_with_their_number():
    array = pa.array([1.0, None, 3.0, None, 5.0])
    with pytest.raises(ValueError, match=r"2 of 5 values are missing.*fill_null"):
        AudioSamples.from_arrow(array, RATE)
    assert AudioSamples.from_arrow(array[4:], RATE).to_numpy().tolist() == [5]
    frames = pa.array([[1.0, 2.0], None], pa.list_(pa.float64(), 2))
    with pytest.raises(ValueError, match="1 of 2 frames are missing"):
        AudioSamples.from_arrow(frames, RATE)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (pa.array([1, 2]), TypeError, "Arrow data of int64 is no audio"),
        (pa.array(["a"]), TypeError, "is no audio"),
        (pa.array([1.0]).dictionary_encode(), TypeError, "is no audio"),
        (pa.array([[1.0], [2.0]]), TypeError, "lists of a fixed size"),
        (pa.table({"a": np.zeros(2), "b": np.zeros(2, np.float32)}), TypeError, "all of one type"),
        (pa.table({}), TypeError, "is no audio"),
        (pa.array([[0.0] * 100], pa.list_(pa.float64(), 100)), ValueError, "look transposed"),
        (np.zeros(3), TypeError, "not ndarray"),
    ],
)
def test_what_cannot_be_audio_says_why(data, error, message):
    with pytest.raises(error, match=message):
        AudioSamples.from_arrow(data, RATE)


def test_no_frames_are_no_obstacle():
    for audio in (mono(0), stereo(0), mono(0).as_readonly(), stereo(0).as_readonly()):
        back = AudioSamples.from_arrow(audio.to_arrow())
        assert (back.shape, back.dtype) == (audio.shape, audio.dtype)
    empty = pa.chunked_array([], pa.float32())
    assert AudioSamples.from_arrow(empty, RATE).shape == (0,)
