"""The operators of Python's numbers that NumPy computes, and what asks audio for one number."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ._audio_samples import AudioSamples
from ._class import install
from ._ufunc import beside, compute

_BINARY = {
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "matmul": np.matmul,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
    "and": np.bitwise_and,
    "xor": np.bitwise_xor,
    "or": np.bitwise_or,
    "divmod": np.divmod,
}


def _install_operators(name: str, ufunc: Any) -> None:
    def forward(self: AudioSamples, other: Any, /) -> Any:
        return compute(ufunc, self, other)

    def reflected(self: AudioSamples, other: Any, /) -> Any:
        return compute(ufunc, other, self)

    def in_place(self: AudioSamples, other: Any, /) -> Any:
        return compute(ufunc, self, other, self)

    install(f"__{name}__", forward)
    install(f"__r{name}__", reflected)
    if name != "divmod":
        install(f"__i{name}__", in_place)


def _install_power() -> None:
    def forward(self: AudioSamples, other: Any, modulo: Any = None, /) -> Any:
        return compute(np.power, self, other) if modulo is None else NotImplemented

    def reflected(self: AudioSamples, other: Any, modulo: Any = None, /) -> Any:
        return compute(np.power, other, self) if modulo is None else NotImplemented

    def in_place(self: AudioSamples, other: Any, /) -> Any:
        return compute(np.power, self, other, self)

    install("__pow__", forward)
    install("__rpow__", reflected)
    install("__ipow__", in_place)


def _install_unary(name: str, ufunc: Any) -> None:
    def method(self: AudioSamples, /) -> Any:
        return ufunc(self)

    install(f"__{name}__", method)


def _install_comparison(name: str) -> None:
    compare = getattr(operator, name)

    def method(self: AudioSamples, other: Any, /) -> Any:
        return beside(self, other, compare)

    install(f"__{name}__", method)


def _install_number(name: str) -> None:
    def method(self: AudioSamples, /) -> Any:
        # NumPy wants one number in an array without axes only.
        def ask(array: Any, _: Any) -> Any:
            return getattr(array.item() if array.size == 1 else array, f"__{name}__")()

        return beside(self, None, ask)

    install(f"__{name}__", method)


def _bool(self: AudioSamples, /) -> bool:
    if self.size != 1:
        raise ValueError(
            f"the truth value of audio of {self.size} samples is ambiguous; len(audio) > 0 tells "
            "whether it has frames, np.array_equal(a, b) whether two are equal, and np.any(audio) "
            "and np.all(audio) ask of all samples"
        )
    return bool(beside(self, None, lambda array, _: array.item()))


def _round(self: AudioSamples, ndigits: int | None = None, /) -> Any:
    return np.round(self) if ndigits is None else np.round(self, ndigits)


def _contains(self: AudioSamples, value: Any, /) -> bool:
    return bool(beside(self, value, lambda array, value: value in array))


for _name, _ufunc in _BINARY.items():
    _install_operators(_name, _ufunc)
_install_power()
_install_unary("pos", np.positive)
_install_unary("invert", np.invert)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _install_comparison(_name)
for _name in ("float", "int"):
    _install_number(_name)
install("__bool__", _bool)
install("__round__", _round)
install("__contains__", _contains)


def _sizeof(self: AudioSamples, /) -> int:
    return object.__sizeof__(self) + self.nbytes


install("__sizeof__", _sizeof)
# Set like this, it fills the slot of sequences beside that of mappings.
_len = AudioSamples.__len__
AudioSamples.__len__ = _len  # type: ignore[method-assign]

# What compares sample by sample has no hash.
AudioSamples.__hash__ = None
