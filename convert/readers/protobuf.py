# SPDX-License-Identifier: Apache-2.0
"""Reads protobuf's wire format by tables of the fields that we need. Nothing in the bytes is
trusted: lengths, depth and the number of records are bounded, and byte fields are views.

The package protobuf is not used: it copies each byte field, which weights are, and wants classes made
of ONNX's and TensorFlow's definitions that match its own version.
"""

from __future__ import annotations

import dataclasses
import struct
import types
import typing

import numpy as np

from ..format.graph import Array, ConvertError

MOST_RECORDS = 4_000_000  # an empty record takes two bytes of a file, and hundreds of ours
DEEPEST = 48

Record = types.SimpleNamespace


@dataclasses.dataclass(eq=False)
class Message:
    """Field numbers with "name: kind"; "[kind]" for a repeated field (an array, where they are
    numbers), "kind?" for one whose absence counts. A kind is int, uint, bool, float, double,
    fixed32, text, bytes, or the name of a message."""

    name: str
    fields: dict[int, str]


class _Field(typing.NamedTuple):
    name: str
    kind: str
    repeated: bool
    optional: bool


def _field(text: str) -> _Field:
    name, kind = text.split(": ")
    return _Field(name, kind.strip("[]?"), kind.startswith("["), kind.endswith("?"))


_ABSENT: dict[str, typing.Any] = {"int": 0, "uint": 0, "bool": False, "float": 0.0, "double": 0.0,
                                  "fixed32": 0, "text": "", "bytes": memoryview(b"")}
_FIXED = {"float": ("<f", 4), "double": ("<d", 8), "fixed32": ("<I", 4)}
_VARINTS = ("int", "uint", "bool")
_DTYPES = {"int": np.int64, "uint": np.uint64, "bool": np.bool_, "float": np.float32,
           "double": np.float64, "fixed32": np.uint32}


class Reader:
    """Parses the messages of one format from one file, whose name is for errors."""

    def __init__(self, messages: list[Message], source: str) -> None:
        self._tables = {m.name: {n: _field(t) for n, t in m.fields.items()} for m in messages}
        self._source = source
        self._records = 0

    def parse(self, data: memoryview, message: str) -> Record:
        """The record with all its fields; absent ones have protobuf's defaults."""
        return self._message(data.cast("B"), message, 0)

    def broken(self, why: str) -> ConvertError:
        return ConvertError("%s is damaged: %s" % (self._source, why))

    def _message(self, data: memoryview, message: str, depth: int) -> Record:
        self._records += 1
        if depth > DEEPEST or self._records > MOST_RECORDS:
            raise self.broken("there are too many records, or too deep in each other, at a %s" % message)
        table = self._tables[message]
        record = Record(**{f.name: self._absent(f) for f in table.values()})
        at = 0
        while at < len(data):
            key, at = self._varint(data, at)
            value, at, wire = self._value(data, at, key & 7, message)
            field = table.get(key >> 3)
            if field is not None:
                self._store(record, field, value, wire, depth)
        for field in table.values():
            if field.repeated and field.kind in _DTYPES:
                setattr(record, field.name, _joined(getattr(record, field.name), field.kind))
        return record

    def _absent(self, field: _Field) -> typing.Any:
        return [] if field.repeated else None if field.optional else _ABSENT.get(field.kind)

    def _varint(self, data: memoryview, at: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(data):
                raise self.broken("it ends within a number")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF, at
        raise self.broken("a number of more than ten bytes")

    def _value(self, data: memoryview, at: int, wire: int, message: str
               ) -> tuple[int | memoryview, int, int]:
        if wire == 0:
            value, at = self._varint(data, at)
            return value, at, wire
        if wire == 2:
            size, at = self._varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise self.broken(
                "a field of %s has wire type %d, which is not known" % (message, wire))
        if size > len(data) - at:
            raise self.broken("a field of %s is %d bytes long, of %d that are left"
                              % (message, size, len(data) - at))
        return data[at:at + size], at + size, wire

    def _store(self, record: Record, field: _Field, value: int | memoryview, wire: int,
               depth: int) -> None:
        read = self._read(field, value, wire, depth)
        if field.repeated:
            getattr(record, field.name).append(read)
            return
        if isinstance(read, np.ndarray):  # packed, where one is expected: the last one counts
            if not len(read):
                return
            read = read[-1].item()
        setattr(record, field.name, read)

    def _read(self, field: _Field, value: int | memoryview, wire: int, depth: int) -> typing.Any:
        kind = field.kind
        if isinstance(value, int):
            if kind not in _VARINTS:
                raise self.broken("field '%s' is a number" % field.name)
            return _signed(value) if kind == "int" else bool(value) if kind == "bool" else value
        if kind in _FIXED:
            return self._fixed(field, value, wire)
        if wire != 2:
            raise self.broken("field '%s' has wire type %d" % (field.name, wire))
        if kind in _VARINTS:
            return self._packed(value, kind)
        if kind == "bytes":
            return value
        if kind == "text":
            return bytes(value).decode("utf-8", "replace")
        return self._message(value, kind, depth + 1)

    def _fixed(self, field: _Field, value: memoryview, wire: int) -> typing.Any:
        code, size = _FIXED[field.kind]
        if wire == 2 and len(value) % size == 0:
            return np.frombuffer(value, code)
        if len(value) != size or wire == 2:
            raise self.broken("field '%s' has %d bytes" % (field.name, len(value)))
        return struct.unpack(code, value)[0]

    def _packed(self, data: memoryview, kind: str) -> Array:
        numbers = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(numbers < 0x80)
        if len(numbers) and (not len(ends) or ends[-1] != len(numbers) - 1):
            raise self.broken("it ends within a number")
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1]) if len(ends) else ends
        lengths = ends - starts + 1
        if len(ends) and lengths.max() > 10:
            raise self.broken("a number of more than ten bytes")
        values = np.zeros(len(ends), np.uint64)
        for k in range(int(lengths.max()) if len(ends) else 0):
            has = lengths > k
            part = (numbers[starts[has] + k] & 0x7F).astype(np.uint64)
            values[has] |= part << np.uint64(7 * k)
        return values if kind == "uint" else values.astype(bool) if kind == "bool" else \
            values.view(np.int64)


def _joined(pieces: list[typing.Any], kind: str) -> Array:
    """The numbers of a repeated field, some of which may have come packed."""
    if any(isinstance(p, np.ndarray) for p in pieces):
        return np.concatenate([np.atleast_1d(np.asarray(p, _DTYPES[kind])) for p in pieces])
    return np.array(pieces, _DTYPES[kind])


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
