# SPDX-License-Identifier: Apache-2.0
"""One node of an ONNX graph, as the functions that convert it see it."""

from __future__ import annotations

import typing

import numpy as np

from ...building import shapes
from ...building.builder import Builder
from ...format.graph import Array, ConvertError, Tensor
from ..protobuf import Record
from .layout import Layout, Order, Value, channels_last, plain

if typing.TYPE_CHECKING:
    from .read import Importer

MISSING: typing.Any = object()


class Node:
    """Attributes and inputs by what they should be, and where the results go."""

    def __init__(self, importer: Importer, record: Record) -> None:
        self._importer = importer
        self._record = record
        self._attributes = {a.name: a for a in record.attribute}
        self.b: Builder = importer.b
        self.layout: Layout = importer.layout
        self.opset: int = importer.opset
        self.kind: str = record.op_type

    # ---- attributes ----------------------------------------------------------------------------

    def _attribute(self, name: str, field: str, default: typing.Any) -> typing.Any:
        if name in self._attributes:
            return getattr(self._attributes[name], field)
        if default is MISSING:
            raise ConvertError("has no attribute '%s'" % name)
        return default

    def has_attribute(self, name: str) -> bool:
        return name in self._attributes

    def integer(self, name: str, default: typing.Any = MISSING) -> int:
        return int(self._attribute(name, "i", default))

    def real(self, name: str, default: typing.Any = MISSING) -> float:
        return float(self._attribute(name, "f", default))

    def text(self, name: str, default: typing.Any = MISSING) -> str:
        found = self._attribute(name, "s", default)
        return found if isinstance(found, str) else bytes(found).decode("utf-8", "replace")

    def texts(self, name: str) -> list[str]:
        return [bytes(s).decode("utf-8", "replace") for s in self._attribute(name, "strings", [])]

    def integers(self, name: str, default: typing.Any = MISSING) -> list[int]:
        return [int(i) for i in self._attribute(name, "ints", default)]

    def reals(self, name: str, default: typing.Any = MISSING) -> list[float]:
        return [float(f) for f in self._attribute(name, "floats", default)]

    def tensor_attribute(self, name: str) -> Array:
        record = self._attribute(name, "t", MISSING)
        if record is None:
            raise ConvertError("attribute '%s' is not a tensor" % name)
        return self._importer.file.array(record)

    def graph(self, name: str) -> Record:
        found = self._attribute(name, "g", MISSING)
        if found is None:
            raise ConvertError("attribute '%s' is not a graph" % name)
        return typing.cast(Record, found)

    def integers_of(self, name: str, index: int) -> list[int] | None:
        """What was an attribute in older versions and is a constant input in newer ones."""
        if name in self._attributes:
            return self.integers(name)
        return [int(i) for i in self.array(index).reshape(-1)] if self.has(index) else None

    # ---- inputs --------------------------------------------------------------------------------

    @property
    def inputs(self) -> int:
        return len(self._record.input)

    @property
    def outputs(self) -> int:
        return len(self._record.output)

    def has(self, index: int) -> bool:
        return index < self.inputs and bool(self._record.input[index])

    def value(self, index: int) -> Value:
        if not self.has(index):
            raise ConvertError("has no input %d" % index)
        return self._importer.value(self._record.input[index])

    def values(self) -> list[Value]:
        return [self.value(i) for i in range(self.inputs)]

    def plain(self, index: int) -> Tensor:
        """An input in the order that the graph has it in."""
        return self.layout.plain(self.value(index))

    def last(self, index: int) -> Tensor:
        """An input with its channels last."""
        return self.layout.last(self.value(index))

    def array(self, index: int, what: str = "") -> Array:
        value = self.plain(index)
        data = shapes.constant_of(value, what
                                  or "input %d ('%s')" % (index, self._record.input[index]))
        if self.b.unknown(value).any():
            raise ConvertError(
                "input %d depends on a size that is not known before the model runs; "
                "state the shape of the model's inputs" % index)
        return data

    def number(self, index: int, default: float) -> float:
        """A constant input with one value."""
        if not self.has(index):
            return default
        data = self.array(index)
        if data.size != 1:
            raise ConvertError("input %d has %d values, not one" % (index, data.size))
        return float(data.reshape(-1)[0])

    # ---- results -------------------------------------------------------------------------------

    def wanted(self, index: int) -> bool:
        """Whether anything uses an output."""
        return index < self.outputs and self._record.output[index] in self._importer.used

    def put(self, tensor: Tensor, order: Order | None = None, index: int = 0) -> None:
        self.put_value(Value(tensor, order) if order is not None else plain(tensor), index)

    def put_last(self, tensor: Tensor, index: int = 0) -> None:
        self.put(tensor, channels_last(len(tensor.shape)), index)

    def put_branch(self, name: str) -> None:
        """Converts the graph of an attribute, whose results become those of the node."""
        graph = self.graph(name)
        if len(graph.output) != self.outputs:
            raise ConvertError("has no graph '%s' with %d outputs" % (name, self.outputs))
        for i, value in enumerate(self.run(graph, [])):
            self.put_value(value, i)

    def run(self, graph: Record, given: list[Value]) -> list[Value]:
        """Converts a graph once more, for these inputs; nothing when that fails."""
        names = [self.b.name, self.b.layer]
        values = self._importer.inner(graph, given)
        self.b.name, self.b.layer = names
        return values

    def put_value(self, value: Value, index: int = 0) -> None:
        if index >= self.outputs or not self._record.output[index]:
            return
        name = self._record.output[index]
        if name in self._importer.values:
            raise ConvertError("'%s' is made twice" % name)
        if value.tensor.name.startswith(self.b.name + "/"):
            self.b.rename(value.tensor, name)
        self._importer.values[name] = value


Handler = typing.Callable[[Node], None]


def float_array(node: Node, index: int) -> Array:
    return np.asarray(node.array(index), np.float32)
