# SPDX-License-Identifier: Apache-2.0
"""Reads the variables of a SavedModel: the sorted table of names in `variables.index`, and the data
files beside it. Every block and every tensor has a checksum, and each one is looked at."""

from __future__ import annotations

import pathlib
import struct
import typing

import numpy as np

from ...format.graph import Array, ConvertError
from ..mapped import mapped
from ..protobuf import Message, Reader, Record
from . import crc32c

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
MOST_ENTRIES = 1_000_000
MOST_SHARDS = 10_000
COPIED = 1 << 16  # bytes: so that no small array keeps a whole file in memory
LONGEST_KEY = 4096  # a key may repeat the one before it, and cost the file three bytes

MESSAGES = [
    Message("BundleHeader", {
        1: "num_shards: int",
        2: "endianness: int"
    }),
    Message(
        "BundleEntry", {
            1: "dtype: int",
            2: "shape: Shape?",
            3: "shard_id: int",
            4: "offset: int",
            5: "size: int",
            6: "crc32c: fixed32",
            7: "slices: [bytes]"
        }),
    Message("Shape", {
        2: "dim: [Dim]",
        3: "unknown_rank: bool"
    }),
    Message("Dim", {1: "size: int"}),
]

# TensorFlow's codes of data types.
TYPES: dict[int, typing.Any] = {
    1: np.float32, 2: np.float64, 3: np.int32, 4: np.uint8, 5: np.int16, 6: np.int8, 9: np.int64,
    10: np.bool_, 17: np.uint16, 19: np.float16, 22: np.uint32, 23: np.uint64,
}


class Table:
    """A file of sorted keys with values, in blocks that leave out what keys have in common."""

    def __init__(self, path: pathlib.Path) -> None:
        self._name = path.name
        self._data = mapped(path, path.name)
        if len(self._data) < _FOOTER or struct.unpack("<Q", self._data[-8:])[0] != _MAGIC:
            raise self.broken("is no index of variables")
        self._read = 0
        at = len(self._data) - _FOOTER
        _, at = self._handle(self._data, at)
        index, _ = self._handle(self._data, at)
        self.entries: dict[bytes, memoryview] = {}
        for _, value in self._block(*index):
            for key, found in self._block(*self._handle(value, 0)[0]):
                self.entries[key] = found
                if len(self.entries) > MOST_ENTRIES:
                    raise self.broken("has more than %d entries" % MOST_ENTRIES)

    def broken(self, why: str) -> ConvertError:
        return ConvertError("%s %s" % (self._name, why))

    def _varint(self, data: memoryview, at: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 63, 7):
            if at >= len(data):
                break
            value |= (data[at] & 0x7F) << shift
            at += 1
            if data[at - 1] < 0x80:
                return value, at
        raise self.broken("has a number that does not end")

    def _handle(self, data: memoryview, at: int) -> tuple[tuple[int, int], int]:
        offset, at = self._varint(data, at)
        size, at = self._varint(data, at)
        return (offset, size), at

    def _block(self, offset: int, size: int) -> typing.Iterator[tuple[bytes, memoryview]]:
        data = self._checked(offset, size)
        if size < 4:
            raise self.broken("has a block of %d bytes" % size)
        restarts = struct.unpack("<I", data[-4:])[0]
        end = size - 4 - 4 * restarts
        if end < 0:
            raise self.broken("has a block with %d restarts" % restarts)
        at, key = 0, b""
        while at < end:
            shared, at = self._varint(data, at)
            fresh, at = self._varint(data, at)
            length, at = self._varint(data, at)
            if shared > len(key) or fresh + length > end - at or shared + fresh > LONGEST_KEY:
                raise self.broken("has an entry that does not fit its block")
            key = key[:shared] + bytes(data[at:at + fresh])
            at += fresh
            yield key, data[at:at + length]
            at += length

    def _checked(self, offset: int, size: int) -> memoryview:
        self._read += size + _TRAILER
        if offset + size + _TRAILER > len(self._data) or self._read > len(self._data):
            raise self.broken("has a block outside of the file, or one that comes twice")
        kind, crc = struct.unpack("<BI", self._data[offset + size:offset + size + _TRAILER])
        if kind:
            raise self.broken("has compressed blocks (kind %d), which are not supported" % kind)
        if crc32c.masked(self._data[offset:offset + size + 1]) != crc:
            raise self.broken("is damaged: the checksum of a block is another one")
        return self._data[offset:offset + size]


class Checkpoint:
    """Tensors by their names; `prefix` is the path without `.index`."""

    def __init__(self, prefix: pathlib.Path) -> None:
        path = prefix.with_name(prefix.name + ".index")
        self._prefix = prefix
        self._table = Table(path)
        self._reader = Reader(MESSAGES, path.name)
        self._shards: dict[int, memoryview] = {}
        header = self._reader.parse(self._table.entries.get(b"", memoryview(b"")), "BundleHeader")
        self._count = header.num_shards
        if header.endianness or not 0 < self._count <= MOST_SHARDS:
            raise self._table.broken("has %d data files of byte order %d"
                                     % (self._count, header.endianness))

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._table.entries

    def array(self, name: str) -> Array:
        """The values; those of wide floats as float32."""
        entry = self._entry(name)
        dims = [int(d.size) for d in entry.shape.dim] if entry.shape is not None else []
        if entry.dtype not in TYPES or entry.slices:
            raise self._table.broken(
                "variable '%s' has the data type %d or is in slices, which is not "
                "supported" % (name, entry.dtype))
        dtype = np.dtype(TYPES[entry.dtype])
        data = self._bytes(name, entry)
        count = 1
        for d in dims:
            count *= max(d, 0)
        if len(dims) > 8 or count * dtype.itemsize != len(data):
            raise self._table.broken("variable '%s' of the shape %s has %d bytes"
                                     % (name, dims, len(data)))
        values = np.frombuffer(data, dtype.newbyteorder("<")).reshape(dims)
        return values.astype(np.float32 if dtype.kind == "f" else dtype, copy=len(data) < COPIED)

    def raw(self, name: str) -> memoryview:
        """The bytes of a variable that is one string."""
        data = self._bytes(name, self._entry(name), checked=False)
        size, at = self._table._varint(data, 0)  # lengths, their checksum, then the strings
        if size > len(data) - at - 4:
            raise self._table.broken("variable '%s' is %d bytes long" % (name, size))
        return data[at + 4:at + 4 + size]

    def _entry(self, name: str) -> Record:
        if name not in self:
            raise self._table.broken("has no variable '%s'" % name)
        return self._reader.parse(self._table.entries[name.encode()], "BundleEntry")

    def _bytes(self, name: str, entry: Record, checked: bool = True) -> memoryview:
        data = self._shard(entry.shard_id)
        if entry.offset < 0 or entry.size < 0 or entry.size > len(data) - entry.offset:
            raise self._table.broken("variable '%s' ends outside of its file" % name)
        found = data[entry.offset:entry.offset + entry.size]
        if checked and crc32c.masked(found) != entry.crc32c:
            raise self._table.broken("variable '%s' is damaged: its checksum is another one" % name)
        return found

    def _shard(self, number: int) -> memoryview:
        if not 0 <= number < self._count:
            raise self._table.broken("has no data file %d" % number)
        if number not in self._shards:
            name = "%s.data-%05d-of-%05d" % (self._prefix.name, number, self._count)
            self._shards[number] = mapped(self._prefix.with_name(name), name)
        return self._shards[number]
