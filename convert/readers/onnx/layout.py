# SPDX-License-Identifier: Apache-2.0
"""How values of an ONNX graph, whose channels come second, lie in tensors whose channels come last.
No transpose is written where a value only has to be seen in another order."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ...building import shapes
from ...building.builder import Builder, product
from ...format.graph import Array, ConvertError, Shape, Tensor, signature

Order = typing.Tuple[int, ...]
# Stands for a size that is not known, where products of sizes are compared.
_PRIME = 1000003


def identity(rank: int) -> Order:
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    return (0, *range(2, rank), 1) if rank > 2 else identity(rank)


@dataclasses.dataclass(eq=False)
class Value:
    """Dimension i of the tensor is dimension order[i] of the value. With `columns`, the tensor is a
    matrix whose column j is column columns[j] of the value, and `source` what it was before."""

    tensor: Tensor
    order: Order
    columns: Array | None = None
    source: Value | None = None

    @property
    def shape(self) -> Shape:
        known = signature(self.tensor)
        return tuple(known[self.order.index(i)] for i in range(len(self.order)))

    @property
    def rank(self) -> int:
        return len(self.order)

    @property
    def constant(self) -> bool:
        return self.tensor.data is not None

    def axis(self, axis: int) -> int:
        """Where a dimension of the value lies in the tensor."""
        return self.order.index(shapes.axis_of(axis, self.rank))


def plain(tensor: Tensor) -> Value:
    return Value(tensor, identity(len(tensor.shape)))


class Layout:
    """Gives values in the order that is asked for; the same one is transposed once."""

    def __init__(self, b: Builder) -> None:
        self.b = b
        self._made: dict[tuple[Tensor, Order], Tensor] = {}

    def ordered(self, value: Value, order: Order) -> Tensor:
        """The tensor whose dimension i is dimension order[i] of the value."""
        if value.source is not None and value.columns is not None:
            flat = self.ordered(value.source, identity(value.source.rank))
            value = plain(shapes.reshape(self.b, flat, signature(value.tensor)))
        if value.order == order:
            return value.tensor
        steps = tuple(value.order.index(a) for a in order)
        key = (value.tensor, steps)
        if key not in self._made:
            self._made[key] = shapes.transpose(self.b, value.tensor, steps)
        return self._made[key]

    def plain(self, value: Value) -> Tensor:
        return self.ordered(value, identity(value.rank))

    def last(self, value: Value) -> Tensor:
        return self.ordered(value, channels_last(value.rank))

    def agree(self, values: list[Value]) -> tuple[list[Tensor], Order]:
        """Tensors that can be broadcast against each other, and the order that they all have."""
        rank = max(v.rank for v in values)
        orders = [v.order for v in values if v.rank == rank and not v.constant
                  and v.columns is None and v.order != identity(rank)]
        order = orders[0] if orders else identity(rank)
        tensors = [self._widened(v, order) for v in values]
        if all(len(t.shape) < rank for t in tensors):  # constants of one number each
            i = [v.rank for v in values].index(rank)
            tensors[i] = self.ordered(values[i], order)
        return tensors, order

    def _widened(self, value: Value, order: Order) -> Tensor:
        rank = len(order)
        if value.rank == 0 or (value.rank == rank and value.order == order and not value.constant
                               and value.columns is None):
            return value.tensor
        if value.constant and value.tensor.shape and product(value.tensor.shape) == 1:
            return shapes.reshape(self.b, value.tensor, ())
        if order == identity(rank):
            return self.plain(value)  # missing dimensions in front are understood
        tensor = self.plain(value)
        if value.rank < rank:
            tensor = shapes.expand(self.b, tensor, list(range(rank - value.rank)))
        tensor = self.ordered(plain(tensor), order)
        if value.constant:
            short = list(tensor.shape)
            while len(short) > 1 and short[0] == 1:
                short.pop(0)
            tensor = shapes.reshape(self.b, tensor, short)
        return tensor

    # ---- what needs no transpose -----------------------------------------------------------------

    def transpose(self, value: Value, order: typing.Sequence[int]) -> Value:
        if sorted(order) != list(range(value.rank)):
            raise ConvertError("%s is no order of %d dimensions" % (list(order), value.rank))
        if value.columns is not None:
            value = plain(self.plain(value))
        return Value(value.tensor, tuple(list(order).index(a) for a in value.order))

    def without(self, order: Order, gone: set[int]) -> Order:
        """The order of what is left when dimensions of the value are dropped."""
        left = sorted(set(order) - gone)
        return tuple(left.index(a) for a in order if a not in gone)

    def reshape(self, value: Value, target: typing.Sequence[int]) -> Value:
        """Keeps the order where the new shape only splits dimensions, or joins neighbours."""
        if value.columns is None and value.order != identity(value.rank) and not value.constant:
            turned = self._turned(value, list(target))
            if turned is not None and len(target) == 2 and turned.order != value.order:
                return self._flattened(value, list(target))
            # A transpose that has to be makes pictures of pictures, and plain rows of others.
            if turned is not None and (turned.order == value.order or len(target) > 3):
                return self._regroup(turned, list(target))
        return plain(shapes.reshape(self.b, self.plain(value), target))

    def _turned(self, value: Value, target: list[int]) -> Value | None:
        """The value with what becomes one dimension, or comes from one, side by side."""
        old = [_PRIME if s < 0 else s for s in value.shape]
        new = _filled(old, target)
        if value.shape.count(-1) > 1 or new is None or 0 in old:
            return None
        groups = _sorted_groups(old, new, value.order)
        order = tuple(a for before, _ in groups for a in before)
        if [a for a in order if old[a] != 1] == [a for a in value.order if old[a] != 1]:
            return value
        return Value(self.ordered(value, order), order)

    def _regroup(self, value: Value, target: list[int]) -> Value:
        old = [_PRIME if s < 0 else s for s in value.shape]
        new = _filled(old, target)
        assert new is not None
        order = [a for _, after in _sorted_groups(old, new, value.order) for a in after]
        sizes = [-1 if new[a] % _PRIME == 0 else new[a] for a in order]
        return Value(shapes.reshape(self.b, value.tensor, sizes), tuple(order))

    def _flattened(self, value: Value, target: list[int]) -> Value:
        """A matrix from a picture, as its values lie; weights can be put in that order."""
        groups = _groups([_PRIME if s < 0 else s for s in value.shape],
                         _filled([_PRIME if s < 0 else s for s in value.shape], target) or [])
        tall = len(groups) == 2 and groups[0][0] == [0] and value.order[0] == 0
        if not tall or -1 in value.shape[1:] or product(value.shape[1:]) > 1 << 28:
            return plain(shapes.reshape(self.b, self.plain(value), target))
        flat = shapes.reshape(self.b, value.tensor, [value.shape[0], product(value.shape[1:])])
        columns = np.arange(flat.shape[1]).reshape(value.shape[1:])
        columns = columns.transpose([a - 1 for a in value.order[1:]]).reshape(-1)
        return Value(flat, identity(2), columns, value)


def _filled(old: list[int], target: list[int]) -> list[int] | None:
    """The target with its -1 computed."""
    total, rest = product(old), product(s for s in target if s >= 0)
    if target.count(-1) == 1 and rest and total % rest == 0:
        return [total // rest if s < 0 else s for s in target]
    return target if -1 not in target and rest == total else None


def _sorted_groups(old: list[int], new: list[int], order: Order
                   ) -> list[tuple[list[int], list[int]]]:
    """In the order in which their first dimensions lie."""
    place = {a: i for i, a in enumerate(order)}
    groups = _groups(old, new)
    firsts = [min((place[a] for a in before if old[a] != 1), default=-1) for before, _ in groups]
    return [groups[i] for _, i in sorted((f, i) for i, f in enumerate(firsts))]


def _groups(old: list[int], new: list[int]) -> list[tuple[list[int], list[int]]]:
    """The shortest runs of dimensions before and after that have the same product."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        first, second = (i, j)
        i, j = min(i + 1, len(old)), min(j + 1, len(new))
        while product(old[first:i]) != product(new[second:j]):
            if product(old[first:i]) < product(new[second:j]):
                i += 1
            else:
                j += 1
            if i > len(old) or j > len(new):
                return [(list(range(len(old))), list(range(len(new))))]
        groups.append((list(range(first, i)), list(range(second, j))))
    return groups
