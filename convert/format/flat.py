# SPDX-License-Identifier: Apache-2.0
"""Tables of a flatbuffer as dictionaries, read and written by the schema in schema.py.

A table is {field: value}: enums by their names, vectors of numbers as arrays, a union as (table,
fields).
The package flatbuffers is not used: its builder holds a file twice more while it grows, which is more
memory than a board has for large weights. Here each is copied once, and may go as soon as it is.
"""

from __future__ import annotations

import io
import struct
import typing

import numpy as np

from .graph import Array, ConvertError
from .schema import ENUMS, TABLES, UNIONS

Fields = dict[str, typing.Any]

_FORMATS = {"bool": "?", "byte": "b", "ubyte": "B", "short": "h", "ushort": "H", "int": "i",
            "uint": "I", "long": "q", "ulong": "Q", "float": "f"}
_DTYPES = {"bool": "?", "byte": "i1", "ubyte": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4",
           "uint": "<u4", "long": "<i8", "ulong": "<u8", "float": "<f4"}
_OFFSET_BYTES = 4
_LARGEST = (1 << 31) - 1  # of a file
_ASIDE = 1024  # bytes from which a vector of numbers follows after all tables


class _Field(typing.NamedTuple):
    """A field of a table, and its position there."""

    name: str
    slot: int
    kind: str
    default: typing.Any
    align: int

    @property
    def item(self) -> str:
        return self.kind[1:-1]

    @property
    def is_vector(self) -> bool:
        return self.kind.startswith("[")


def _fields(table: str) -> list[_Field]:
    found, slot = [], 0
    for name, kind, default, align in TABLES[table]:
        slot += kind in UNIONS  # its code comes before it
        found.append(_Field(name, slot, kind, default, align))
        slot += 1
    return [field for field in found if field.kind]


FIELDS = {table: _fields(table) for table in TABLES}
_NAMES = {enum: {number: name for name, number in values.items()}
          for enum, (_, values) in ENUMS.items()}


def _stored(kind: str) -> str:
    """The number type that a scalar or an enum is stored as; "" for tables, strings, unions."""
    kind = ENUMS[kind][0] if kind in ENUMS else kind
    return kind if kind in _FORMATS else ""


# ---- Reading -----------------------------------------------------------------------------------


def decode(content: bytes, root: str) -> Fields:
    """The root table of a file. Raises ConvertError for one that leads outside of itself."""
    try:
        return _Decoder(content).table(root, _Decoder(content).target(0))
    except (struct.error, RecursionError) as error:
        raise ConvertError(f"the file is damaged: {error}") from None


class _Decoder:
    """Reads at positions of a file, all of which are checked."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def number(self, kind: str, at: int) -> typing.Any:
        if at < 0:
            raise ConvertError("the file is damaged: it leads before its beginning")
        return struct.unpack_from("<" + _FORMATS[kind], self._content, at)[0]

    def target(self, at: int) -> int:
        """Where the offset at that position leads."""
        return int(at + self.number("uint", at))

    def table(self, name: str, at: int) -> Fields:
        return {field.name: self._value(field, at) for field in FIELDS[name]}

    def _at(self, table: int, slot: int) -> int:
        """Where a field's value lies; 0 when the table has none."""
        layout = table - self.number("int", table)
        entry = 4 + 2 * slot
        if entry >= self.number("ushort", layout):
            return 0
        offset = self.number("ushort", layout + entry)
        return int(table + offset) if offset else 0

    def _value(self, field: _Field, table: int) -> typing.Any:
        at = self._at(table, field.slot)
        stored = _stored(field.kind)
        if field.kind in UNIONS:
            return self._union(field, table, at)
        if stored:
            return _scalar(field, self.number(stored, at) if at else None)
        if not at:
            return None
        if field.kind == "string":
            return self._numbers("ubyte", self.target(at)).tobytes().decode("utf-8",
                                                                            "surrogateescape")
        return self._vector(field, self.target(at)) if field.is_vector else self.table(
            field.kind, self.target(at))

    def _union(self, field: _Field, table: int, at: int) -> tuple[str, Fields] | None:
        code_at = self._at(table, field.slot - 1)
        code = self.number("ubyte", code_at) if code_at else 0
        if not code or not at:
            return None
        if code >= len(UNIONS[field.kind]):
            raise ConvertError(f"{field.kind} has no table {code}")
        name = UNIONS[field.kind][code]
        return name, self.table(name, self.target(at))

    def _numbers(self, stored: str, at: int) -> Array:
        count, dtype = self.number("uint", at), np.dtype(_DTYPES[stored])
        self._check_room(count, dtype.itemsize, at)
        return np.frombuffer(self._content, dtype, count, at + 4)

    def _vector(self, field: _Field, at: int) -> typing.Any:
        stored = _stored(field.item)
        if stored:
            values = self._numbers(stored, at)
            return [_name(field.item, int(v)) for v in values] if field.item in ENUMS else values
        count = self.number("uint", at)
        self._check_room(count, _OFFSET_BYTES, at)
        return [self.table(field.item, self.target(at + 4 + i * _OFFSET_BYTES))
                for i in range(count)]

    def _check_room(self, count: int, size: int, at: int) -> None:
        if at + 4 + count * size > len(self._content):
            raise ConvertError(f"the file is damaged: a list of {count} leads outside of it")


def _scalar(field: _Field, number: typing.Any) -> typing.Any:
    if field.kind in ENUMS:
        return field.default if number is None and field.default else _name(field.kind, number or 0)
    if number is None:
        return field.default if field.default is not None else {"bool": False, "float": 0.0}.get(
            field.kind, 0)
    return number


def _name(enum: str, number: int) -> str:
    if number not in _NAMES[enum]:
        raise ConvertError(f"{enum} has no value {number}")
    return _NAMES[enum][number]


# ---- Writing -----------------------------------------------------------------------------------


Written = typing.Callable[[Array, int], None]


def encode(root: str, fields: Fields, identifier: bytes, written: Written | None = None) -> bytes:
    """A file with that root. `written`: told of each large vector, and where it lies, once it is
    copied; it may then drop what else holds it."""
    return _Encoder(identifier).finish(root, fields, written)


def size(root: str, fields: Fields, identifier: bytes) -> int:
    """The bytes that encode() would give."""
    return _Encoder(identifier).lay_out(root, fields)


class _Encoder:
    """Tables one after the other, each before what it refers to; large vectors of numbers at the end,
    where they are copied one after the other."""

    def __init__(self, identifier: bytes) -> None:
        self._out = bytearray(_OFFSET_BYTES) + identifier
        self._layouts: dict[bytes, int] = {}
        self._aside: list[tuple[int, Array, int]] = []  # who refers to it, values, alignment
        self._starts: list[int] = []  # where they go

    def finish(self, root: str, fields: Fields, written: Written | None) -> bytes:
        self.lay_out(root, fields)
        file = io.BytesIO()  # whose bytes are handed out as they are
        file.write(self._out)
        for start in self._starts:
            _, values, _ = self._aside.pop(0)
            file.write(bytes(start - file.tell()) + struct.pack("<I", values.size))
            file.write(values.data)
            if written is not None:
                written(values, start + _OFFSET_BYTES)
            del values
        return file.getvalue()

    def lay_out(self, root: str, fields: Fields) -> int:
        """All but the large vectors, whose places are settled; -> the size of the file."""
        self._refer(0, self._table(root, fields))
        size = len(self._out)
        for at, values, align in self._aside:
            start = size + -(size + _OFFSET_BYTES) % align
            size = start + _OFFSET_BYTES + values.nbytes
            if size > _LARGEST:
                raise ConvertError("the model is larger than 2 GB, the most that a .tflite file holds")
            self._refer(at, start)
            self._starts.append(start)
        return size

    def _refer(self, at: int, to: int) -> None:
        struct.pack_into("<I", self._out, at, to - at)

    def _align(self, align: int, ahead: int = 0) -> int:
        """Pads until what follows `ahead` bytes further is aligned; -> the position."""
        self._out += bytes(-(len(self._out) + ahead) % align)
        return len(self._out)

    def _table(self, name: str, fields: Fields) -> int:
        known = {field.name: field for field in FIELDS[name]}
        slots: dict[int, bytes] = {}
        children: list[tuple[int, _Field, typing.Any]] = []
        for key, value in fields.items():
            if key not in known:
                raise ConvertError(f"{name} has no field {key}")
            if value is not None:
                self._fill(known[key], value, slots, children)
        at, places = self._place(slots)
        for slot, field, value in children:
            self._child(at + places[slot], field, value)
        return at

    def _fill(self, field: _Field, value: typing.Any, slots: dict[int, bytes],
              children: list[tuple[int, _Field, typing.Any]]) -> None:
        """What a field puts into its table, and what follows it."""
        stored = _stored(field.kind)
        if stored:
            number = _number(field.kind, value)
            if number != _number(field.kind, field.default or 0):
                slots[field.slot] = _packed(field, stored, number)
            return
        if field.kind in UNIONS:
            slots[field.slot - 1] = bytes([UNIONS[field.kind].index(value[0])])
        slots[field.slot] = bytes(_OFFSET_BYTES)
        children.append((field.slot, field, value))

    def _place(self, slots: dict[int, bytes]) -> tuple[int, dict[int, int]]:
        """Writes a table's own part; -> where it is, and each field's place in it."""
        body, places = bytearray(_OFFSET_BYTES), dict[int, int]()
        for slot in sorted(slots, key=lambda each: (-len(slots[each]), each)):
            body += bytes(-len(body) % len(slots[slot]))
            places[slot] = len(body)
            body += slots[slot]
        entries = [places.get(slot, 0) for slot in range(max(slots, default=-1) + 1)]
        layout = struct.pack(f"<HH{len(entries)}H", 4 + 2 * len(entries), len(body), *entries)
        align = max([_OFFSET_BYTES, *map(len, slots.values())])
        if layout not in self._layouts:
            self._layouts[layout] = self._align(align, len(layout))
            self._out += layout
        at = self._align(align)
        struct.pack_into("<i", body, 0, at - self._layouts[layout])
        self._out += body
        return at, places

    def _child(self, at: int, field: _Field, value: typing.Any) -> None:
        """Writes what a field refers to."""
        if field.kind in UNIONS:
            self._refer(at, self._table(*value))
        elif field.kind == "string":
            text = value.encode("utf-8", "surrogateescape")
            self._refer(at, self._align(4))
            self._out += struct.pack("<I", len(text)) + text + b"\0"
        elif not field.is_vector:
            self._refer(at, self._table(field.kind, value))
        elif _stored(field.item):
            self._numbers(at, field, value)
        else:
            self._tables(at, field.item, value)

    def _tables(self, at: int, name: str, tables: list[Fields]) -> None:
        start = self._align(4)
        self._refer(at, start)
        self._out += struct.pack("<I", len(tables)) + bytes(_OFFSET_BYTES * len(tables))
        for i, fields in enumerate(tables):
            self._refer(start + 4 + i * _OFFSET_BYTES, self._table(name, fields))

    def _numbers(self, at: int, field: _Field, value: typing.Any) -> None:
        values: Array = (value if isinstance(value, np.ndarray) else
                         np.array([_number(field.item, each) for each in value]))
        values = np.ascontiguousarray(values, _DTYPES[_stored(field.item)])
        align = max(field.align, values.itemsize, _OFFSET_BYTES)
        if values.nbytes >= _ASIDE:
            self._aside.append((at, values, align))
            return
        self._refer(at, self._align(align, _OFFSET_BYTES))
        self._out += struct.pack("<I", values.size) + values.tobytes()


def _number(kind: str, value: typing.Any) -> typing.Any:
    if kind not in ENUMS or not isinstance(value, str):
        return value
    if value not in ENUMS[kind][1]:
        raise ConvertError(f"{kind} has no value {value}")
    return ENUMS[kind][1][value]


def _packed(field: _Field, stored: str, number: typing.Any) -> bytes:
    try:
        return struct.pack("<" + _FORMATS[stored], number)
    except (struct.error, TypeError, OverflowError):
        raise ConvertError(f"{field.name}: {number!r} is no {field.kind}") from None
