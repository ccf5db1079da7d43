# SPDX-License-Identifier: Apache-2.0
"""Writes protobuf messages by the tables that the converter reads them by, for its tests."""

import struct

import numpy as np

_WIRES = {"int": 0, "uint": 0, "bool": 0, "float": 5, "fixed32": 5, "double": 1}
_CODES = {"float": "<f", "double": "<d", "fixed32": "<I"}


def varint(value):
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, wire, payload):
    return varint(number << 3 | wire) + (varint(len(payload)) if wire == 2 else b"") + payload


def encode(messages, name, values, packed=True):
    """A message of a dict: lists for repeated fields, dicts for messages."""
    tables = {m.name: {t.split(": ")[0]: (n, t.split(": ")[1]) for n, t in m.fields.items()}
              for m in messages}
    return _message(tables, name, values, packed)


def _message(tables, name, values, packed):
    out = b""
    for key, value in values.items():
        number, kind = tables[name][key]
        repeated, kind = kind.startswith("["), kind.strip("[]?")
        if repeated and kind in _WIRES and packed:
            out += field(number, 2, b"".join(_plain(kind, v) for v in value))
            continue
        for each in value if repeated else [value]:
            if kind in _WIRES:
                out += field(number, _WIRES[kind], _plain(kind, each))
            elif kind == "text":
                out += field(number, 2, each.encode())
            elif kind == "bytes":
                out += field(number, 2, bytes(each))
            else:
                out += field(number, 2, _message(tables, kind, each, packed))
    return out


def _plain(kind, value):
    return struct.pack(_CODES[kind], value) if kind in _CODES else varint(int(value))


def bytes_of(array):
    array = np.ascontiguousarray(array)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()
