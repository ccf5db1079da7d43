# SPDX-License-Identifier: Apache-2.0
"""Builds a subgraph operator by operator. What has only constants as inputs is computed at once,
and sizes that are known only when the model runs are followed through the arithmetic of shapes."""

from __future__ import annotations

import math
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Shape, Tensor, set_signature, signature
from . import evaluate

MOST_FOLDED = 1 << 22  # elements by which a constant that is computed here may grow
MOST_FOLDED_IN_ALL = 1 << 28
LARGEST_SIZE = (1 << 31) - 1
MOST_ELEMENTS = 1 << 31  # of one tensor: what the file format can address
MOST_OPERATORS = 100_000


def product(sizes: typing.Iterable[int]) -> int:
    return math.prod(int(s) for s in sizes)


class Builder:
    """The operators so far. Every function that adds one is given the shape of what comes out."""

    def __init__(self) -> None:
        self.operators: list[Operator] = []
        self.layer = ""  # of the source, which the next operators belong to
        self.name = ""  # what the names of the next tensors begin with
        self._unknown: dict[Tensor, Array] = {}
        self._folded = 0
        self._done: dict[typing.Any, list[Tensor]] = {}
        self._names: dict[str, int] = {}

    def constant(self, values: typing.Any, dtype: str = "", name: str = "") -> Tensor:
        data = np.asarray(values, evaluate.DTYPES[dtype] if dtype else None)
        if data.dtype not in evaluate.NAMES:
            raise ConvertError("values of type %s are not supported" % data.dtype)
        return Tensor(self.unique(name or self.name + "/constant"), data.shape,
                      evaluate.NAMES[data.dtype], data)

    def integers(self, values: typing.Any) -> Tensor:
        """A parameter of an operator: int32, as the format has them."""
        data = np.asarray(values, np.int64)
        return self.constant(np.clip(data, -LARGEST_SIZE - 1, LARGEST_SIZE), "INT32")

    def tensor(self, shape: Shape, dtype: str, name: str = "") -> Tensor:
        if product(max(s, 1) for s in shape) >= MOST_ELEMENTS or max(shape, default=0) > LARGEST_SIZE:
            raise ConvertError("a result of the shape %s is too large" % (list(shape),))
        made = Tensor(self.unique(name or self.name + "/value"), (), dtype)
        set_signature(made, shape)
        return made

    def unique(self, name: str) -> str:
        """The name, or with a number behind it where it is taken."""
        found = name
        while found in self._names:
            count = self._names[name]
            self._names[name] = count + 1
            found = "%s_%d" % (name, count)
        self._names[found] = 1
        return found

    def rename(self, tensor: Tensor, name: str) -> None:
        self._names.setdefault(name, 1)
        tensor.name = name

    def emit(self, kind: str, inputs: typing.Sequence[Tensor | None], shape: Shape,
             dtype: str = "", options: dict[str, typing.Any] | None = None) -> Tensor:
        """Adds an operator with one result; its type is by default that of the first input."""
        return self.emit_all(kind, inputs, [shape], dtype, options)[0]

    def emit_all(self, kind: str, inputs: typing.Sequence[Tensor | None], shapes: list[Shape],
                 dtype: str = "", options: dict[str, typing.Any] | None = None) -> list[Tensor]:
        if not dtype:
            assert inputs[0] is not None
            dtype = inputs[0].dtype
        options = options or {}
        folded = self._fold(kind, inputs, shapes, dtype, options)
        if folded is not None:
            return folded
        if len(self.operators) >= MOST_OPERATORS:
            raise ConvertError("the model has more than %d operators" % MOST_OPERATORS)
        outputs = [self.tensor(s, dtype, "%s/%s" % (self.name, kind.lower())) for s in shapes]
        self.operators.append(Operator(kind, list(inputs), outputs, options, layer=self.layer))
        return outputs

    # ---- constants -----------------------------------------------------------------------------

    def mark_unknown(self, tensor: Tensor, unknown: Array) -> None:
        """Says which values of a constant stand for sizes that are not known."""
        if unknown.any():
            self._unknown[tensor] = np.broadcast_to(unknown, tensor.shape)

    def unknown(self, tensor: Tensor) -> Array:
        found = self._unknown.get(tensor)
        return np.zeros(tensor.shape, np.bool_) if found is None else found

    def _fold(self, kind: str, inputs: typing.Sequence[Tensor | None], shapes: list[Shape],
              dtype: str, options: dict[str, typing.Any]) -> list[Tensor] | None:
        function = evaluate.FUNCTIONS.get(kind)
        key = (kind, dtype, repr(sorted(options.items())), *(self._likeness(t) for t in inputs))
        if key in self._done:
            return self._done[key]
        size = sum(product(s) for s in shapes)
        data = [t.data for t in inputs if t is not None and t.data is not None]
        given = sum(d.size for d in data)
        if function is None or len(data) < len(inputs) or not self._affordable(size, given):
            return None
        with np.errstate(all="ignore"):
            results = function(data, options)
        lists = results if isinstance(results, list) else [results]
        made = [self.constant(np.asarray(r), dtype) for r in lists]
        marks = self._follow(kind, [t for t in inputs if t is not None], options)
        for tensor, mark in zip(made, marks):
            self.mark_unknown(tensor, mark)
        self._done[key] = made
        return made

    def _likeness(self, tensor: Tensor | None) -> typing.Any:
        """Equal for small constants that are alike, so that a loop computes them once."""
        if tensor is None or tensor.data is None or tensor in self._unknown or \
                tensor.data.size > 64:
            return tensor
        return tensor.dtype, tensor.shape, tensor.data.tobytes()

    def _affordable(self, size: int, given: int) -> bool:
        if size > MOST_FOLDED + given or self._folded + size > MOST_FOLDED_IN_ALL:
            return False
        self._folded += size + 64
        return True

    def _follow(self, kind: str, inputs: list[Tensor], options: dict[str, typing.Any]
                ) -> list[Array]:
        """Which of the results' values depend on sizes that are not known."""
        if not any(t in self._unknown for t in inputs):
            return []
        marks = [self.unknown(t) for t in inputs]
        if kind in evaluate.MOVES:
            parameters = [t.data if i and kind not in ("CONCATENATION", "PACK") else m
                          for i, (t, m) in enumerate(zip(inputs, marks))]
            if kind == "SPLIT":
                parameters = [inputs[0].data, marks[1]]
            moved = evaluate.MOVES[kind](typing.cast(evaluate.Inputs, parameters), options)
            return [
                np.asarray(m, np.bool_) for m in (moved if isinstance(moved, list) else [moved])
            ]
        if kind in evaluate.REDUCTIONS:
            axes = inputs[1].data
            assert axes is not None
            return [evaluate.REDUCTIONS["REDUCE_ANY"]([marks[0], axes], options)]
        if kind in ("FILL", "RANGE"):
            return []  # as many values as there are for a size of one
        return [typing.cast(Array, np.logical_or.reduce(np.broadcast_arrays(*marks)))]

    def shape_of(self, tensor: Tensor, dtype: str = "INT32") -> Tensor:
        """What SHAPE gives: a constant whose unknown sizes are marked."""
        made = self.constant(np.array(tensor.shape), dtype)
        self.mark_unknown(made, np.array([s < 0 for s in signature(tensor)], np.bool_))
        return made


def needed(operators: list[Operator], outputs: list[Tensor]) -> list[Operator]:
    """The operators that the outputs depend on, in their order."""
    wanted = set(outputs)
    kept = []
    for op in reversed(operators):
        if wanted & set(op.outputs):
            kept.append(op)
            wanted |= {t for t in op.inputs if t is not None}
    return kept[::-1]
