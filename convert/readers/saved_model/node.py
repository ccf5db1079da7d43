# SPDX-License-Identifier: Apache-2.0
"""One node of a TensorFlow graph, as the functions that convert it see it."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ...building import evaluate, shapes
from ...building.builder import Builder
from ...format.graph import Array, ConvertError, Tensor
from ..protobuf import Record
from . import graph_def
from .checkpoint import TYPES

if typing.TYPE_CHECKING:
    from .read import Walk

MISSING: typing.Any = object()


@dataclasses.dataclass(frozen=True)
class Resource:
    """A handle of a variable."""

    name: str


@dataclasses.dataclass(frozen=True)
class Restored:
    """What is read from the files of variables under a name."""

    key: str


@dataclasses.dataclass(frozen=True)
class Texts:
    values: typing.Tuple[bytes, ...]


@dataclasses.dataclass(eq=False)
class Items:
    """A list of tensors, as loops over time use it. It is never changed, but made anew."""

    values: typing.List[typing.Any]


class Nothing:
    """The result of a node that could not be converted."""


NOTHING = Nothing()
Value = typing.Union[Tensor, Resource, Restored, Texts, Items, Nothing]


def dtype_of(code: int) -> str:
    """Our name for one of TensorFlow's types; all floats are float32."""
    if code not in TYPES:
        raise ConvertError("data type %d is not supported" % code)
    dtype = np.dtype(TYPES[code])
    return "FLOAT32" if dtype.kind == "f" else evaluate.NAMES[dtype]


class Node:
    """Attributes and inputs by what they should be; the results in their order."""

    def __init__(self, walk: Walk, record: Record, inputs: list[Value], depth: int) -> None:
        self.walk = walk
        self.b: Builder = walk.b
        self.kind: str = record.op
        self.name: str = record.name
        self.inputs = inputs
        self.results: list[Value] = []
        self.depth = depth
        self._attributes = graph_def.attributes(record.attributes)

    # ---- attributes ----------------------------------------------------------------------------

    def _attribute(self, name: str, field: str, default: typing.Any) -> typing.Any:
        found = self._attributes.get(name)
        value = getattr(found, field) if found is not None else None
        if value is not None:
            return value
        if default is MISSING:
            raise ConvertError("has no attribute '%s'" % name)
        return default

    def integer(self, name: str, default: typing.Any = MISSING) -> int:
        return int(self._attribute(name, "i", default))

    def real(self, name: str, default: typing.Any = MISSING) -> float:
        return float(self._attribute(name, "f", default))

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._attribute(name, "b", default))

    def text(self, name: str, default: typing.Any = MISSING) -> str:
        found = self._attribute(name, "s", default)
        return found if isinstance(found, str) else bytes(found).decode("utf-8", "replace")

    def integers(self, name: str, default: typing.Any = MISSING) -> list[int]:
        found = self._attribute(name, "list", None)
        if found is None and default is MISSING:
            raise ConvertError("has no attribute '%s'" % name)
        return [int(i) for i in (found.i if found is not None else default)]

    def dtype(self, name: str, default: str | None = None) -> str:
        found = self._attribute(name, "type", MISSING if default is None else 0)
        return dtype_of(int(found)) if found or default is None else default

    def function(self, name: str) -> str:
        return str(self._attribute(name, "func", MISSING).name)

    def array_attribute(self, name: str) -> Array:
        return graph_def.array(self._attribute(name, "tensor", MISSING))

    # ---- inputs --------------------------------------------------------------------------------

    def value(self, index: int) -> Value:
        if not -len(self.inputs) <= index < len(self.inputs):
            raise ConvertError("has %d inputs" % len(self.inputs))
        return self.inputs[index]

    def tensor(self, index: int) -> Tensor:
        found = self.value(index)
        if isinstance(found, Resource):  # of older graphs, where a variable is its own value
            return self.walk.variable(found)
        if not isinstance(found, Tensor):
            raise ConvertError("input %d is not a tensor" % index)
        return found

    def tensors(self) -> list[Tensor]:
        return [self.tensor(i) for i in range(len(self.inputs))]

    def array(self, index: int, what: str = "") -> Array:
        tensor = self.tensor(index)
        data = shapes.constant_of(tensor, what or "input %d" % index)
        if self.b.unknown(tensor).any():
            raise ConvertError(
                "input %d depends on a size that is not known before the model runs; "
                "state the shape of the model's inputs" % index)
        return data

    def list_of_integers(self, index: int, what: str = "") -> list[int]:
        return [int(i) for i in self.array(index, what).reshape(-1)]

    def items(self, index: int) -> list[typing.Any]:
        found = self.value(index)
        if not isinstance(found, Items):
            raise ConvertError("input %d is not a list of tensors" % index)
        return found.values

    # ---- results -------------------------------------------------------------------------------

    def put(self, *values: Value) -> None:
        self.results += values
        for value in values:
            if isinstance(value, Tensor) and value.name.startswith(self.b.name + "/"):
                self.b.rename(value, self.b.unique(self.b.name))


Handler = typing.Callable[[Node], None]
