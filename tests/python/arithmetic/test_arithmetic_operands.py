"""Operands that arithmetic refuses, and those that get the chance to answer themselves."""

import decimal
import fractions
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import FORWARD, IN_PLACE, assert_same_bits
from signals import mono


@pytest.mark.parametrize(
    "operand",
    [
        "2",
        b"2",
        [1.0, 2.0, 3.0],
        (1.0, 2.0, 3.0),
        None,
        object(),
        {},
        {1, 2, 3},
        range(3),
        slice(3),
        ...,
        NotImplemented,
        bytearray(24),
        memoryview(bytes(24)),
        decimal.Decimal(2),
        fractions.Fraction(1, 2),
        np.array(["a", "b", "c"]),
        np.str_("a"),
        np.array([b"a", b"b", b"c"]),
        np.array([1, 2, 3], "datetime64[s]"),
        np.timedelta64(3, "s"),
        np.array([1, None, 3], object),
        np.zeros(3, [("left", "f4"), ("right", "f4")]),
        float,
    ],
    ids=lambda operand: f"{type(operand).__name__}",
)
@pytest.mark.parametrize("symbol", FORWARD)
@pytest.mark.filterwarnings("ignore:NotImplemented")
def test_nothing_is_guessed(symbol: str, operand: Any) -> None:
    for dtype in ("float64", "int16"):
        audio = mono([1, 2, 3], dtype)
        for form in (FORWARD, IN_PLACE):
            with pytest.raises(TypeError):
                form[symbol](audio, operand)
        if not isinstance(operand, (np.ndarray, np.generic)):
            with pytest.raises(TypeError):
                FORWARD[symbol](operand, audio)
        assert_same_bits(audio, np.array([1, 2, 3], dtype))


def test_masked_arrays_keep_their_mask_or_are_refused() -> None:
    masked = np.ma.MaskedArray([1.0, 2.0, 3.0], mask=[False, True, False])
    try:
        got = mono([1, 2, 3]) * masked
    except TypeError:
        return
    assert isinstance(got, np.ma.MaskedArray)
    assert got.mask.tolist() == [False, True, False]


@pytest.mark.parametrize("symbol", FORWARD)
def test_an_object_that_knows_audio_has_the_answer(symbol: str) -> None:
    class Bus:
        def __radd__(self, other: Any) -> str:
            return "answered"

        __rsub__ = __rmul__ = __rtruediv__ = __radd__

    assert FORWARD[symbol](mono([1, 2]), Bus()) == "answered"
