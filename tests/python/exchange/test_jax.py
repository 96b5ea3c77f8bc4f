"""JAX on audio's memory, and audio on JAX's."""

import extras
import numpy as np
import pytest

from audio_samples import AudioSamples

jax = extras.require("jax", "jax")
jnp = extras.require("jax.numpy", "jax")

RATE = 16_000


def address(array):
    return array.unsafe_buffer_pointer()


@pytest.mark.parametrize("shape", [(64,), (1 << 20,), (2, 64), (3, 1 << 16)])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_jax_imports_audio_without_a_copy(shape, dtype):
    audio = AudioSamples.zeros(shape, RATE, dtype=dtype)
    audio += 3
    array = jnp.from_dlpack(audio)
    assert address(array) == audio.address
    assert (array.dtype, array.shape) == (dtype, shape)
    assert (array == 3).all()
    assert [view.kind for view in audio.views] == ["dlpack"]


def test_an_import_outlives_its_audio():
    audio = AudioSamples.new_mono(np.arange(1 << 16, dtype=np.float32), RATE)
    array = jnp.from_dlpack(audio)
    del audio
    others = [AudioSamples.new_mono(np.full(1 << 16, -1.0, np.float32), RATE) for _ in range(4)]
    assert (array == jnp.arange(1 << 16)).all()
    del others


def test_compiled_functions_take_audio_through_dlpack():
    audio = AudioSamples.new_multi(np.ones((2, 256), np.float32), RATE)
    energy = jax.jit(lambda samples: (samples**2).sum(axis=1))(jnp.from_dlpack(audio))
    assert energy.tolist() == [256, 256]


@pytest.mark.parametrize("make", [AudioSamples.from_dlpack, AudioSamples.new_mono])
def test_an_array_that_never_changes_makes_read_only_audio_without_a_copy(make):
    array = jnp.arange(512, dtype=jnp.float32)
    audio = make(array, RATE, copy=False)
    assert audio.address == address(array)
    assert not audio.writable
    with pytest.raises(ValueError, match="read-only"):
        audio *= 2
    assert (array == jnp.arange(512)).all()


def test_a_copy_of_an_array_may_be_changed():
    array = jnp.ones((2, 100), jnp.float32)
    audio = AudioSamples.new_multi(array, RATE)
    audio *= 2
    assert (array == 1).all()
    assert (audio.to_numpy() == 2).all()


def test_audio_is_an_operand_of_jax():
    audio = AudioSamples.new_mono(np.arange(8, dtype=np.float32), RATE)
    doubled = jnp.asarray(audio) * 2
    assert doubled.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
