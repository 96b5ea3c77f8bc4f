"""PyTorch on audio's memory, and audio on PyTorch's."""

import gc
import sys

import extras
import numpy as np
import pytest
import signals
from elsewhere import run
from signals import read_only

import audio_samples
from audio_samples import AudioSamples

torch = extras.require("torch", "torch")

RATE = 16_000

TYPES = {name: getattr(torch, name) for name in ("int16", "int32", "float32", "float64")}


@pytest.fixture(params=["mono", "stereo"])
def audio(request):
    return getattr(signals, request.param)(64)


# ---- audio as a tensor


@pytest.mark.parametrize("make", [torch.from_dlpack, AudioSamples.to_torch])
def test_a_tensor_and_audio_see_each_others_changes(audio, make):
    tensor = make(audio)
    before = audio.to_numpy(copy=True)
    assert tensor.data_ptr() == audio.address
    assert tuple(tensor.shape) == audio.shape
    tensor.mul_(2)
    np.testing.assert_array_equal(audio.to_numpy(), before * 2)
    audio *= 0.25
    np.testing.assert_array_equal(tensor.numpy(), before / 2)
    tensor[..., 3] = -1
    assert (audio[..., 3] == -1).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_every_sample_type_is_a_tensor_type(dtype):
    audio = AudioSamples.new_mono(np.arange(-4, 4).astype(dtype), RATE)
    tensor = audio.to_torch()
    assert tensor.dtype == TYPES[dtype]
    tensor += 1
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(-3, 5).astype(dtype))


def test_a_tensor_is_a_view_and_outlives_its_audio():
    audio = AudioSamples.new_mono(np.arange(1 << 18, dtype=np.float32), RATE)
    tensor = audio.to_torch()
    assert [view.kind for view in audio.views] == ["dlpack"]
    part = tensor[100:200]
    del tensor
    assert [view.kind for view in audio.views] == ["dlpack"]
    del audio
    gc.collect()
    others = [AudioSamples.new_mono(np.full(1 << 18, -1.0, np.float32), RATE) for _ in range(4)]
    assert part.tolist() == list(range(100, 200))
    del others


def test_a_tensor_that_goes_is_no_view_any_more(audio):
    tensor = audio.to_torch()
    del tensor
    assert audio.views == []


@pytest.mark.parametrize("key", [np.s_[::2], np.s_[3:9], np.s_[..., 1::5]])
def test_strided_audio_is_a_strided_tensor(audio, key):
    part = audio[key]
    tensor = torch.from_dlpack(part)
    assert tensor.data_ptr() == part.address
    np.testing.assert_array_equal(tensor.numpy(), part.to_numpy())
    tensor.zero_()
    assert not part.to_numpy().any()
    assert audio.to_numpy().any()


def test_frames_first_audio_is_a_transposed_tensor():
    frames = np.arange(20, dtype=np.int16).reshape(10, 2)
    audio = AudioSamples.new_multi(frames, RATE, layout="frames_first", copy=False)
    tensor = audio.to_torch()
    assert tensor.stride() == (1, 2)
    tensor.neg_()
    np.testing.assert_array_equal(frames.reshape(-1), -np.arange(20))


def test_audio_that_pytorch_cannot_describe_is_copied_or_refused(audio):
    backwards = audio[::-1]
    tensor = backwards.to_torch()
    np.testing.assert_array_equal(tensor.numpy(), backwards.to_numpy())
    assert audio.views == []
    with pytest.raises(BufferError, match=r"copy=False.*runs backwards"):
        backwards.to_torch(copy=False)


def test_read_only_audio_is_copied_or_refused(audio):
    quiet = read_only(audio)
    tensor = quiet.to_torch()
    tensor.zero_()
    assert audio.to_numpy().any()
    with pytest.raises(BufferError, match=r"copy=False.*read-only"):
        quiet.to_torch(copy=False)
    # PyTorch itself ignores the flag: a caller that asks it shares the memory on its own word.
    assert torch.from_dlpack(quiet).data_ptr() == audio.address


def test_a_copy_is_asked_for_by_name(audio):
    for tensor in (audio.to_torch(copy=True), torch.from_dlpack(audio, copy=True)):
        assert tensor.data_ptr() != audio.address
        tensor.zero_()
        assert audio.to_numpy().any()


def test_a_tensor_on_audio_is_a_leaf_of_autograd():
    audio = AudioSamples.new_mono(np.linspace(-1, 1, 32), RATE)
    tensor = audio.to_torch().requires_grad_()
    assert tensor.is_leaf
    (tensor**2).sum().backward()
    np.testing.assert_allclose(tensor.grad.numpy(), 2 * audio.to_numpy())
    with torch.no_grad():
        tensor -= 0.5 * tensor.grad
    assert not audio.to_numpy().any()


def test_tensors_of_one_audio_are_one_memory(audio):
    one, other = audio.to_torch(), torch.from_dlpack(audio)
    one.fill_(3)
    assert (other == 3).all()
    assert len(audio.views) == 2


# ---- tensors as audio


@pytest.mark.parametrize("make", [AudioSamples.from_torch, AudioSamples.from_dlpack])
@pytest.mark.parametrize("dtype", TYPES)
def test_audio_shares_a_tensors_memory(make, dtype):
    tensor = torch.arange(12, dtype=TYPES[dtype]).reshape(2, 6)
    audio = make(tensor, RATE)
    assert (audio.address, audio.shape, audio.dtype) == (tensor.data_ptr(), (2, 6), dtype)
    assert audio.writable
    audio += 1
    assert tensor.tolist() == [list(range(1, 7)), list(range(7, 13))]
    tensor.zero_()
    assert not audio.to_numpy().any()


def test_audio_keeps_the_tensor():
    audio = AudioSamples.from_torch(torch.arange(1 << 18, dtype=torch.float32), RATE)
    gc.collect()
    others = [torch.full((1 << 18,), -1.0) for _ in range(4)]
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(1 << 18))
    del others


def test_strided_tensors_are_taken_as_they_lie():
    tensor = torch.arange(24.0).reshape(6, 4)
    audio = AudioSamples.from_torch(tensor[::2, 1:], RATE)
    assert audio.strides == (32, 4)
    audio *= -1
    assert tensor[2].tolist() == [8.0, -9.0, -10.0, -11.0]
    assert AudioSamples.from_torch(tensor, RATE, layout="frames_first").shape == (4, 6)
    assert AudioSamples.from_torch(tensor[:, 0].expand(3, 6), RATE).strides == (0, 16)


def test_a_tensor_of_audio_is_that_audio_again(audio):
    again = AudioSamples.from_torch(audio.to_torch(), RATE)
    assert again.address == audio.address
    assert audio.views == []


def test_a_copy_of_a_tensor_is_audios_own():
    tensor = torch.arange(6.0)
    audio = AudioSamples.from_torch(tensor, RATE, copy=True)
    audio *= 0
    assert tensor.tolist() == [0, 1, 2, 3, 4, 5]


def test_constructors_take_tensors():
    tensor = torch.zeros(2, 100)
    assert AudioSamples.new_multi(tensor, RATE, copy=False).address == tensor.data_ptr()
    assert AudioSamples.new_mono(tensor[0], RATE).address != tensor.data_ptr()


@pytest.mark.parametrize(
    ("tensor", "error", "message"),
    [
        (lambda: torch.zeros(3, requires_grad=True), BufferError, r"detach\(\)"),
        (lambda: torch.zeros(3, dtype=torch.bfloat16), TypeError, "bfloat16"),
        (lambda: torch.zeros(3, dtype=torch.int64), TypeError, "int64"),
        (lambda: torch.zeros(3).to_sparse(), BufferError, "strided"),
        (lambda: torch.zeros(2, 2, 2), ValueError, r"\(2, 2, 2\)"),
        (lambda: torch.tensor([1 + 2j]).conj().imag, BufferError, r"resolve_neg\(\)"),
        (lambda: np.zeros(3), TypeError, "not ndarray; from_dlpack"),
    ],
)
def test_a_tensor_that_cannot_be_audio_says_why(tensor, error, message):
    with pytest.raises(error, match=message):
        AudioSamples.from_torch(tensor(), RATE)


def test_a_resolved_negation_has_the_right_sign():
    tensor = torch.tensor([1 + 2j]).conj().imag.resolve_neg()
    assert AudioSamples.from_torch(tensor, RATE)[0] == -2


# ---- what users build of it


def test_a_model_runs_on_audio_in_place():
    audio = AudioSamples.new_multi(np.ones((2, 64), np.float32), RATE)
    layer = torch.nn.Conv1d(2, 2, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 0.25)
    with torch.no_grad():
        tensor = audio.to_torch()
        tensor.copy_(layer(tensor))
    np.testing.assert_array_equal(audio.to_numpy(), np.full((2, 64), 0.5))


@pytest.mark.filterwarnings("default")
def test_a_data_loader_batches_audio():
    class Clips(torch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            return AudioSamples.new_mono(np.full(100, index, np.float32), RATE)

    def batch(clips):
        return torch.stack([clip.to_torch() for clip in clips])

    loader = torch.utils.data.DataLoader(Clips(), batch_size=3, collate_fn=batch)
    assert [part.mean(1).tolist() for part in loader] == [[0, 1, 2], [3, 4, 5]]


def test_pytorch_is_not_imported_before_it_is_asked_for():
    code = (
        "import sys, audio_samples as a; x = a.AudioSamples.zeros(8, 8000);"
        "x.__dlpack__(); assert 'torch' not in sys.modules;"
        "x.to_torch(); assert 'torch' in sys.modules"
    )
    run(code)


def test_a_missing_pytorch_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"to_torch needs PyTorch: pip install torch$"):
        AudioSamples.zeros(8, RATE).to_torch()


@pytest.mark.parametrize("symbol", ["*", "+", "-", "/"])
def test_arithmetic_with_a_tensor_says_how(audio, symbol):
    tensor = torch.linspace(2, 3, 64)
    audio += 1
    for expression in (f"audio {symbol} tensor", f"tensor {symbol} audio"):
        with pytest.raises(TypeError, match=r"np\.from_dlpack\(tensor\).*: (.*)$") as told:
            eval(expression, {"audio": audio, "tensor": tensor})
        way_out = str(told.value).rsplit(": ", 1)[1]
        names = {"audio": audio, "tensor": tensor, "torch": torch}
        of_arrays = {"audio": audio.to_numpy(), "tensor": tensor.numpy()}
        np.testing.assert_array_equal(eval(way_out, names), eval(expression, of_arrays))
    with pytest.raises(TypeError, match=r"np\.from_dlpack\(tensor\)"):
        audio *= tensor
    audio += np.from_dlpack(tensor)
    assert audio[..., 0].max() >= 1
    assert (torch.from_dlpack(audio) * tensor).shape == audio.shape


@pytest.mark.parametrize("other", ["float16", "bfloat16", "int64", "bool"])
def test_a_tensor_of_another_type_is_cast_as_the_error_says(other):
    tensor = torch.ones(3).to(getattr(torch, other))
    for new in (AudioSamples.from_torch, AudioSamples.from_dlpack):
        says = rf"{other} is no sample type.*tensor\.float\(\)"
        with pytest.raises(TypeError, match=says) as told:
            new(tensor, 48_000)
        assert "dtype=" not in str(told.value)
        assert new(tensor.float(), 48_000).to_numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("adopt", ["from_torch", "from_dlpack", "new_mono"])
def test_the_storage_of_an_adopted_tensor_keeps_its_place(adopt):
    tensor = torch.zeros(100, dtype=torch.float64)
    options = {"copy": False} if adopt == "new_mono" else {}
    audio = getattr(AudioSamples, adopt)(tensor, RATE, **options)
    with pytest.raises(RuntimeError, match="not resizable"):
        tensor.resize_(10_000_000)
    # Not the tensor: PyTorch has given it the larger shape before it refused the memory.
    audio += 1
    assert audio.sum() == 100


@pytest.fixture
def four_threads():
    before = audio_samples.num_threads()
    audio_samples.set_num_threads(4)
    yield
    torch.set_flush_denormal(False)
    audio_samples.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
def test_helpers_compute_in_the_mode_of_the_caller():
    audio = AudioSamples.new_mono(np.full(4_000_000, 1e-310), RATE)
    half = np.array(5e-311).view("i8").item()
    for flush, bits in ((False, half), (True, 0), (False, half)):
        torch.set_flush_denormal(flush)
        for _ in range(4):
            # As bits: in that mode no denormal differs from zero.
            assert np.unique((audio * 0.5).to_numpy().view("i8")).tolist() == [bits]
