# SPDX-License-Identifier: Apache-2.0
"""Element types: what numpy, TensorFlow Lite and the buffer protocol call them."""

from __future__ import annotations

import typing

np: typing.Any = None
try:
    import numpy
    np = numpy
except ImportError:  # everything but arithmetic works without
    pass

FLOAT32, INT32, INT64, STRING, INT4, INT2, UINT4 = 0, 2, 4, 5, 17, 19, 20
RESOURCE, VARIANT = 13, 14

# The file format's number: upper-case name, numpy's name, the buffer protocol's format (None: bytes).
_TYPES: dict[int, tuple[str, str | None, str | None]] = {
    0: ("FLOAT32", "float32", "f"),
    1: ("FLOAT16", "float16", None),
    2: ("INT32", "int32", "i"),
    3: ("UINT8", "uint8", "B"),
    4: ("INT64", "int64", "q"),
    5: ("STRING", "bytes_", None),
    6: ("BOOL", "bool", "?"),
    7: ("INT16", "int16", "h"),
    8: ("COMPLEX64", "complex64", None),
    9: ("INT8", "int8", "b"),
    10: ("FLOAT64", "float64", "d"),
    11: ("COMPLEX128", "complex128", None),
    12: ("UINT64", "uint64", "Q"),
    13: ("RESOURCE", "object", None),
    14: ("VARIANT", "object", None),
    15: ("UINT32", "uint32", "I"),
    16: ("UINT16", "uint16", "H"),
    17: ("INT4", "int8", "b"),
    18: ("BFLOAT16", None, None),
    19: ("INT2", "int8", "b"),
    20: ("UINT4", "uint8", "B"),
    21: ("FLOAT8E4M3FN", "int8", "b"),
    22: ("FLOAT8E5M2", "int8", "b"),
}

# What no array can hold.
HANDLES = {RESOURCE, VARIANT}

# Types that numpy lacks, in an array of the bytes that store them.
RAW = {21: ("INT8", "UINT8"), 22: ("INT8", "UINT8")}

# Several elements in a byte, the first in its lowest bits: bits, smallest, largest.
PACKED = {INT4: (4, -8, 7), INT2: (2, -2, 1), UINT4: (4, 0, 15)}


def need_numpy() -> None:
    if np is None:
        raise ImportError("this needs numpy")


def name(code: int) -> str:
    return _TYPES.get(code, ("NOTYPE", None, None))[0]


def dtype(code: int) -> typing.Any:
    """numpy's type; its name where there is no numpy; None for types that numpy lacks."""
    numpy_name = _TYPES.get(code, ("NOTYPE", None, None))[1]
    if np is None or numpy_name is None:
        return numpy_name
    return np.bytes_ if code == STRING else np.dtype(numpy_name).type


def has_values(code: int) -> bool:
    return code not in HANDLES and dtype(code) is not None


def buffer_format(code: int) -> str | None:
    """Of an element in a buffer; None when only the bytes can be shown."""
    return None if code in PACKED else _TYPES.get(code, ("NOTYPE", None, None))[2]


def name_of_array(array: typing.Any) -> str:
    """The upper-case name of an array's type."""
    if array.dtype.kind in "SUO":
        return "STRING"
    for upper, numpy_name, _ in _TYPES.values():
        if numpy_name == array.dtype.name:
            return upper
    return "NOTYPE"


def unpack(raw: typing.Any, code: int, count: int) -> typing.Any:
    """int8 or uint8 elements out of packed bytes."""
    bits, low, _ = PACKED[code]
    per_byte = 8 // bits
    spread = np.repeat(raw, per_byte) >> np.tile(
        np.arange(per_byte, dtype=np.uint8) * bits, raw.size)
    values = (spread & ((1 << bits) - 1))[:count].astype(np.int8)
    if low < 0:
        values -= (values > -low - 1).astype(np.int8) * (1 << bits)
    return values.astype(dtype(code))


def pack(values: typing.Any, code: int) -> bytes:
    """The bytes of int8 or uint8 elements; ValueError when one does not fit."""
    bits, low, high = PACKED[code]
    if values.size and (values.min() < low or values.max() > high):
        raise ValueError("Cannot set tensor: Values for %s input must be between %d and %d."
                         % (name(code), low, high))
    per_byte = 8 // bits
    padded = np.zeros(-(-values.size // per_byte) * per_byte, np.uint8)
    padded[:values.size] = values.reshape(-1).astype(np.int16) & ((1 << bits) - 1)
    rows = padded.reshape(-1, per_byte) << (np.arange(per_byte, dtype=np.uint8) * bits)
    return bytes(np.bitwise_or.reduce(rows, axis=1).astype(np.uint8))


def unpack_strings(raw: bytes) -> list[bytes]:
    """The strings of a string buffer, as a list of bytes."""
    if len(raw) < 4:
        return []
    count = int.from_bytes(raw[:4], "little")
    at = [int.from_bytes(raw[4 * i:4 * i + 4], "little") for i in range(1, count + 2)]
    return [bytes(raw[at[i]:at[i + 1]]) for i in range(count)]


def pack_strings(strings: typing.Iterable[str | bytes]) -> bytes:
    """A string buffer of str or bytes elements; ValueError when one is neither."""
    strings = list(strings)
    wrong = [type(s).__name__ for s in strings if not isinstance(s, (str, bytes))]
    if wrong:
        raise ValueError("Cannot set tensor: strings are str or bytes, got %s." % wrong[0])
    raw = [s.encode() if isinstance(s, str) else s for s in strings]
    offset = 4 * (len(raw) + 2)
    numbers = [len(raw), offset]
    for element in raw:
        offset += len(element)
        numbers.append(offset)
    return b"".join([n.to_bytes(4, "little") for n in numbers] + raw)
