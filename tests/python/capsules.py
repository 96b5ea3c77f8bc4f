"""DLPack's C structures, read as a consumer written in C reads them."""

from __future__ import annotations

import ctypes
from typing import Any

READ_ONLY, IS_COPIED = 1, 2
CPU, CUDA = 1, 2


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", DLDevice),
        ("ndim", ctypes.c_int32),
        ("dtype", DLDataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class DLManagedTensor(ctypes.Structure):
    pass


class DLManagedTensorVersioned(ctypes.Structure):
    pass


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

DLManagedTensor._fields_ = [
    ("dl_tensor", DLTensor),
    ("manager_ctx", ctypes.c_void_p),
    ("deleter", DELETER),
]
DLManagedTensorVersioned._fields_ = [
    ("major", ctypes.c_uint32),
    ("minor", ctypes.c_uint32),
    ("manager_ctx", ctypes.c_void_p),
    ("deleter", DELETER),
    ("flags", ctypes.c_uint64),
    ("dl_tensor", DLTensor),
]

SET_ERROR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
MANAGED = ctypes.POINTER(DLManagedTensorVersioned)


class DLPackExchangeAPI(ctypes.Structure):
    """Functions that set Python exceptions are of PYFUNCTYPE: ctypes raises them."""

    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("prev_api", ctypes.c_void_p),
        (
            "managed_tensor_allocator",
            ctypes.CFUNCTYPE(
                ctypes.c_int,
                ctypes.POINTER(DLTensor),
                ctypes.POINTER(MANAGED),
                ctypes.c_void_p,
                SET_ERROR,
            ),
        ),
        (
            "managed_tensor_from_py_object_no_sync",
            ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(MANAGED)),
        ),
        (
            "managed_tensor_to_py_object_no_sync",
            ctypes.PYFUNCTYPE(ctypes.c_int, MANAGED, ctypes.POINTER(ctypes.c_void_p)),
        ),
        ("dltensor_from_py_object_no_sync", ctypes.c_void_p),
        (
            "current_work_stream",
            ctypes.PYFUNCTYPE(
                ctypes.c_int, ctypes.c_int, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p)
            ),
        ),
    ]


def _python(name: str, result: Any, *arguments: Any) -> Any:
    return ctypes.PYFUNCTYPE(result, *arguments)((name, ctypes.pythonapi))


_is_valid = _python("PyCapsule_IsValid", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
pointer = _python("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
_rename = _python("PyCapsule_SetName", ctypes.c_int, ctypes.py_object, ctypes.c_char_p)
new = _python("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)

# Capsules keep the pointer to their name and no copy of it.
LEGACY, VERSIONED = b"dltensor", b"dltensor_versioned"
USED_LEGACY, USED_VERSIONED = b"used_dltensor", b"used_dltensor_versioned"


def is_named(capsule: Any, name: bytes) -> bool:
    return bool(_is_valid(capsule, name))


def read(capsule: Any) -> Any:
    """The structure in a capsule, which stays the capsule's."""
    if is_named(capsule, VERSIONED):
        return DLManagedTensorVersioned.from_address(pointer(capsule, VERSIONED))
    return DLManagedTensor.from_address(pointer(capsule, LEGACY))


def take(capsule: Any) -> Any:
    """The structure in a capsule, which is the caller's from now on."""
    managed = read(capsule)
    _rename(capsule, USED_VERSIONED if is_named(capsule, VERSIONED) else USED_LEGACY)
    return managed


def release(managed: Any) -> None:
    """What a consumer in C does in the end, on its own thread and without the GIL."""
    managed.deleter(ctypes.addressof(managed))


def wrap(managed: Any, name: bytes = VERSIONED) -> Any:
    return new(ctypes.addressof(managed), name, None)


def shape_of(tensor: DLTensor) -> tuple[int, ...]:
    return tuple(tensor.shape[: tensor.ndim])


def strides_of(tensor: DLTensor) -> tuple[int, ...]:
    return tuple(tensor.strides[: tensor.ndim])


def exchange_table(cls: type) -> DLPackExchangeAPI:
    capsule = vars(cls)["__dlpack_c_exchange_api__"]
    return DLPackExchangeAPI.from_address(pointer(capsule, b"dlpack_exchange_api"))


CODES = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
LENT: set[Producer] = set()


class Producer:
    """A library of our own making: a tensor on a NumPy array, described as the test likes."""

    def __init__(
        self,
        array: Any,
        *,
        version: tuple[int, int] | None = (1, 0),
        flags: int = 0,
        device: tuple[int, int] = (CPU, 0),
        strides: bool = True,
        byte_offset: int = 0,
        **fields: Any,
    ) -> None:
        self.array, self.device, self.calls, self.released = array, device, [], 0
        managed = DLManagedTensor() if version is None else DLManagedTensorVersioned()
        if version is not None:
            managed.major, managed.minor, managed.flags = *version, flags
        tensor = managed.dl_tensor
        tensor.data = array.ctypes.data - byte_offset
        tensor.byte_offset = byte_offset
        tensor.device = DLDevice(*device)
        tensor.ndim = array.ndim
        tensor.dtype = DLDataType(CODES[array.dtype.kind], array.itemsize * 8, 1)
        axes = ctypes.c_int64 * max(array.ndim, 1)
        self._shape = axes(*array.shape)
        self._strides = axes(*(step // array.itemsize for step in array.strides))
        tensor.shape = self._shape
        if strides:
            tensor.strides = self._strides
        for name, value in fields.items():
            setattr(tensor, name, value)
        self._deleter = DELETER(self._release)
        managed.deleter = self._deleter
        self.managed, self.version = managed, version

    def _release(self, _: int) -> None:
        self.released += 1
        LENT.discard(self)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **options: Any) -> Any:
        self.calls.append(options)
        LENT.add(self)  # the consumer holds a pointer to the structure until it calls the deleter
        return wrap(self.managed, LEGACY if self.version is None else VERSIONED)
