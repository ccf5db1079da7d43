# SPDX-License-Identifier: Apache-2.0
"""Tables of a flatbuffer as dictionaries, read and written by the schema in schema.py.

A table is {field: value}: enums by their names, vectors of numbers as arrays, a union as (table, fields).
Needs the package flatbuffers (Debian's python3-flatbuffers).
"""

from __future__ import annotations

import importlib
import struct
import typing

import numpy as np

from .graph import Array, ConvertError
from .schema import ENUMS, TABLES, UNIONS

try:
    flatbuffers: typing.Any = importlib.import_module("flatbuffers")
    flags: typing.Any = importlib.import_module("flatbuffers.number_types")
except ImportError as error:
    raise ConvertError(
        "reading and writing .tflite files needs the Python package flatbuffers: install Debian's "
        "python3-flatbuffers, or pip's flatbuffers") from error

Fields = dict[str, typing.Any]

_FLAGS = {
    "bool": flags.BoolFlags, "byte": flags.Int8Flags, "ubyte": flags.Uint8Flags,
    "short": flags.Int16Flags, "ushort": flags.Uint16Flags, "int": flags.Int32Flags,
    "uint": flags.Uint32Flags, "long": flags.Int64Flags, "ulong": flags.Uint64Flags,
    "float": flags.Float32Flags,
}
_DTYPES = {
    "bool": "?", "byte": "i1", "ubyte": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4",
    "uint": "<u4", "long": "<i8", "ulong": "<u8", "float": "<f4",
}
_OFFSET_BYTES = 4


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
    return kind if kind in _FLAGS else ""


# ---- Reading -----------------------------------------------------------------------------------


def decode(content: bytes, root: str) -> Fields:
    """The root table of a file. Raises ConvertError for one that leads outside of itself."""
    try:
        at = flatbuffers.encode.Get(flatbuffers.packer.uoffset, content, 0)
        return _table(flatbuffers.table.Table(content, at), root)
    except (struct.error, ValueError, IndexError, TypeError, OverflowError) as error:
        if isinstance(error, ConvertError):
            raise
        raise ConvertError(f"the file is damaged: {error}") from None


def _table(table: typing.Any, name: str) -> Fields:
    return {field.name: _value(table, field) for field in FIELDS[name]}


def _at(table: typing.Any, slot: int) -> int:
    """Where a field's value lies; 0 when the table has none."""
    offset = table.Offset(4 + 2 * slot)
    return int(table.Pos + offset) if offset else 0


def _value(table: typing.Any, field: _Field) -> typing.Any:
    at = _at(table, field.slot)
    if field.kind in UNIONS:
        return _union(table, field, at)
    if _stored(field.kind):
        number = table.Get(_FLAGS[_stored(field.kind)], at) if at else None
        return _scalar(field, number)
    if not at:
        return None
    if field.kind == "string":
        return table.String(at).decode("utf-8", "surrogateescape")
    if field.is_vector:
        return _vector(table, field, at - table.Pos)
    return _table(type(table)(table.Bytes, table.Indirect(at)), field.kind)


def _scalar(field: _Field, number: typing.Any) -> typing.Any:
    if field.kind in ENUMS:
        return field.default if number is None and field.default else _name(field.kind, number or 0)
    if number is None:
        return field.default if field.default is not None else _FLAGS[field.kind].py_type(0)
    return number


def _name(enum: str, number: int) -> str:
    if number not in _NAMES[enum]:
        raise ConvertError(f"{enum} has no value {number}")
    return _NAMES[enum][number]


def _union(table: typing.Any, field: _Field, at: int) -> tuple[str, Fields] | None:
    code_at = _at(table, field.slot - 1)
    code = table.Get(flags.Uint8Flags, code_at) if code_at else 0
    if not code or not at:
        return None
    if code >= len(UNIONS[field.kind]):
        raise ConvertError(f"{field.kind} has no table {code}")
    name = UNIONS[field.kind][code]
    return name, _table(type(table)(table.Bytes, table.Indirect(at)), name)


def _vector(table: typing.Any, field: _Field, offset: int) -> typing.Any:
    count, start = table.VectorLen(offset), table.Vector(offset)
    stored = _stored(field.item)
    if stored:
        values = np.frombuffer(table.Bytes, _DTYPES[stored], count, start)
        return [_name(field.item, int(v)) for v in values] if field.item in ENUMS else values
    _check_room(table.Bytes, count, start)
    return [_table(type(table)(table.Bytes, table.Indirect(start + i * _OFFSET_BYTES)), field.item)
            for i in range(count)]


def _check_room(content: bytes, count: int, start: int) -> None:
    if start + count * _OFFSET_BYTES > len(content):
        raise ConvertError(f"the file is damaged: a list of {count} leads outside of it")


# ---- Writing -----------------------------------------------------------------------------------


def encode(root: str, fields: Fields, identifier: bytes, room: int) -> bytes:
    """A file with that root; `room` is about how large it becomes."""
    builder = flatbuffers.Builder(room)
    try:
        builder.Finish(_write(builder, root, fields), identifier)
    except flatbuffers.builder.BuilderSizeError as error:
        raise ConvertError("the model is larger than 2 GB, the most that a .tflite file holds"
                           ) from error
    return bytes(memoryview(builder.Bytes)[builder.Head():])


def _write(builder: typing.Any, table: str, fields: Fields) -> int:
    """Writes a table after what it refers to, and returns its position."""
    known = {field.name: field for field in FIELDS[table]}
    slots: list[tuple[typing.Any, int, typing.Any, typing.Any]] = []
    for name, value in fields.items():
        if name not in known:
            raise ConvertError(f"{table} has no field {name}")
        if value is not None:
            slots += _slots(builder, known[name], value)
    slots.sort(key=lambda slot: -int(slot[0].bytewidth))  # largest first: no padding between them
    builder.StartObject(1 + max((field.slot for field in FIELDS[table]), default=-1))
    for kind, slot, value, default in slots:
        if kind is flags.UOffsetTFlags:
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        else:
            builder.PrependSlot(kind, slot, value, default)
    return int(builder.EndObject())


def _slots(builder: typing.Any, field: _Field, value: typing.Any
           ) -> list[tuple[typing.Any, int, typing.Any, typing.Any]]:
    """What a field puts into its table: type, position, value and default."""
    stored = _stored(field.kind)
    if stored:
        kind = _FLAGS[stored]
        default = _number(field.kind, field.default or 0)
        return [(kind, field.slot, kind.py_type(_number(field.kind, value)), kind.py_type(default))]
    if field.kind in UNIONS:
        name, fields = value
        return [(flags.Uint8Flags, field.slot - 1, UNIONS[field.kind].index(name), 0),
                (flags.UOffsetTFlags, field.slot, _write(builder, name, fields), 0)]
    return [(flags.UOffsetTFlags, field.slot, _reference(builder, field, value), 0)]


def _number(kind: str, value: typing.Any) -> typing.Any:
    if kind not in ENUMS or not isinstance(value, str):
        return value
    if value not in ENUMS[kind][1]:
        raise ConvertError(f"{kind} has no value {value}")
    return ENUMS[kind][1][value]


def _reference(builder: typing.Any, field: _Field, value: typing.Any) -> int:
    if field.kind == "string":
        return int(builder.CreateString(value, "utf-8", "surrogateescape"))
    if not field.is_vector:
        return _write(builder, field.kind, value)
    if _stored(field.item):
        return _numbers(builder, field, value)
    offsets = [_write(builder, field.item, each) for each in value]
    builder.StartVector(_OFFSET_BYTES, len(offsets), _OFFSET_BYTES)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _numbers(builder: typing.Any, field: _Field, value: typing.Any) -> int:
    numbers: Array = (value if isinstance(value, np.ndarray) else
                      np.array([_number(field.item, each) for each in value]))
    numbers = np.ascontiguousarray(numbers, _DTYPES[_stored(field.item)])
    if field.align:
        builder.Prep(field.align, numbers.nbytes)
    return int(builder.CreateNumpyVector(numbers))
