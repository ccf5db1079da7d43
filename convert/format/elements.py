# SPDX-License-Identifier: Apache-2.0
"""How the values of a constant lie in a `.tflite` file, by its type."""

from __future__ import annotations

import numpy as np

from .graph import Array, ConvertError, Tensor

# TensorType -> numpy's type. Types that numpy does not have are kept as their bits.
DTYPES: dict[str, str] = {
    "FLOAT32": "<f4", "FLOAT16": "<f2", "FLOAT64": "<f8", "BFLOAT16": "<u2", "INT8": "i1",
    "UINT8": "u1", "INT16": "<i2", "UINT16": "<u2", "INT32": "<i4", "UINT32": "<u4", "INT64": "<i8",
    "UINT64": "<u8", "BOOL": "?", "COMPLEX64": "<c8", "COMPLEX128": "<c16",
    "FLOAT8_E4M3FN": "u1", "FLOAT8_E5M2": "u1", "INT4": "i1", "UINT4": "u1", "INT2": "i1",
    "STRING": "O",
}
_PACKED = {"INT4": 4, "UINT4": 4, "INT2": 2}  # bits of an element; the first in the low ones


def unpack(tensor: Tensor, raw: Array) -> Array:
    """The values that the bytes of a constant stand for: a view where it can be."""
    if tensor.dtype not in DTYPES:
        raise ConvertError(f"tensor {tensor.name}: constants of type {tensor.dtype} have no values")
    values = _values(tensor, raw)
    if tensor.sparsity is not None:
        return values
    count = int(np.prod(tensor.shape, dtype=np.int64))
    if tensor.dtype in _PACKED and values.size > count:
        values = values[:count]  # the last byte is filled up
    if values.size != count:
        raise ConvertError(f"tensor {tensor.name}: {values.size} values for shape "
                           f"{list(tensor.shape)}")
    return values.reshape(tensor.shape)


def _values(tensor: Tensor, raw: Array) -> Array:
    if tensor.dtype == "STRING":
        return _strings(tensor, raw)
    if tensor.dtype in _PACKED:
        return _spread(raw, _PACKED[tensor.dtype], tensor.dtype.startswith("U"))
    dtype = np.dtype(DTYPES[tensor.dtype])
    if raw.size % dtype.itemsize:
        raise ConvertError(f"tensor {tensor.name}: {raw.size} bytes are no whole number of elements")
    return raw.view(dtype)


def _spread(raw: Array, bits: int, unsigned: bool) -> Array:
    """One element for each group of `bits` in the bytes."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (raw[:, None] >> shifts).reshape(-1) & np.uint8((1 << bits) - 1)
    if unsigned:
        return codes
    half = 1 << (bits - 1)
    return ((codes ^ half).astype(np.int8) - np.int8(half)).astype(np.int8)


def _strings(tensor: Tensor, raw: Array) -> Array:
    """A count, the position of each string and of the end, and the strings."""
    content = raw.tobytes()
    count = int.from_bytes(content[:4], "little")
    if 4 * (count + 2) > len(content):
        raise ConvertError(f"tensor {tensor.name}: {count} strings in {len(content)} bytes")
    ends = np.frombuffer(content, "<i4", count + 1, 4)
    strings = np.empty(count, object)
    strings[:] = [content[begin:end] for begin, end in zip(ends[:-1], ends[1:])]
    return strings


def as_they_are(tensor: Tensor) -> bool:
    """Whether the file has the values as numpy has them."""
    return tensor.dtype not in _PACKED and tensor.dtype != "STRING"


def pack(tensor: Tensor) -> Array:
    """The bytes of a constant's values."""
    data = np.asarray(tensor.data)
    if tensor.sparsity is None and data.shape != tuple(tensor.shape):
        if data.size != int(np.prod(tensor.shape, dtype=np.int64)):
            raise ConvertError(f"tensor {tensor.name}: values of shape {list(data.shape)} for shape "
                               f"{list(tensor.shape)}")
    if tensor.dtype == "STRING":
        return _string_bytes(data)
    if tensor.dtype in _PACKED:
        return _gather(data, _PACKED[tensor.dtype])
    if tensor.dtype not in DTYPES or data.dtype != np.dtype(DTYPES[tensor.dtype]):
        raise ConvertError(f"tensor {tensor.name}: {data.dtype} values in a {tensor.dtype} tensor")
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8)


def _gather(data: Array, bits: int) -> Array:
    per_byte = 8 // bits
    codes = data.reshape(-1).astype(np.uint8) & np.uint8((1 << bits) - 1)
    codes = np.append(codes, np.zeros(-codes.size % per_byte, np.uint8)).reshape(-1, per_byte)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    return np.array(np.bitwise_or.reduce(codes << shifts, axis=1), np.uint8)


def _string_bytes(data: Array) -> Array:
    strings = [bytes(each) for each in data.reshape(-1)]
    starts = 4 * (len(strings) + 2) + np.cumsum([0] + [len(each) for each in strings])
    head = np.array([len(strings), *starts], "<i4").tobytes()
    return np.frombuffer(head + b"".join(strings), np.uint8)
