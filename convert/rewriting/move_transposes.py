# SPDX-License-Identifier: Apache-2.0
"""Transposes move behind what does not mind them, until two meet and cancel, or one reaches weights
that can be stored in another order."""

from __future__ import annotations

import typing

import numpy as np

from ..format.graph import Array, Operator, Tensor, set_signature, signature
from .edit import Editor, constant, like, operand
from .merge_shapes import ELEMENTWISE

_REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
_OTHERS = ("CONCATENATION", "PAD", "PRELU") + _REDUCTIONS


def run(editor: Editor) -> None:
    for op in editor.operators():
        if op.kind == "TRANSPOSE":
            _merge(editor, op)
        elif op.kind in ELEMENTWISE or op.kind in _OTHERS:
            _sink(editor, op)
        elif op.kind == "RESHAPE":
            _into_weights(editor, op)


def _order(op: Operator | None) -> list[int] | None:
    values = constant(op.inputs[1]) if op is not None else None
    return None if values is None else [int(n) for n in values.reshape(-1)]


def _integers(name: str, values: typing.Any) -> Tensor:
    data = np.asarray(values, np.int32)
    return Tensor(name, data.shape, "INT32", data)


def _merge(editor: Editor, op: Operator) -> None:
    order, source = _order(op), op.inputs[0]
    if order is None or source is None:
        return
    if order == sorted(order) and editor.bypass(op):
        return
    first = editor.producer(source, "TRANSPOSE")
    before = _order(first)
    if first is not None and before is not None:
        both = [before[i] for i in order]
        editor.set_inputs(op, [first.inputs[0], _integers(op.outputs[0].name + "/order", both)])
    elif _moves_ones_only(source, order):
        op.kind, op.options = "RESHAPE", {}
        sizes = _integers(op.outputs[0].name + "/sizes", signature(op.outputs[0]))
        editor.set_inputs(op, [source, sizes])


def _moves_ones_only(x: Tensor, order: list[int]) -> bool:
    """Whether the numbers lie as before; at most one size is unknown."""
    sizes = signature(x)
    others = [i for i in order if sizes[i] != 1]
    return others == sorted(others) and sum(n < 0 for n in sizes) < 2


def _sink(editor: Editor, op: Operator) -> None:
    """f(transpose(x)) becomes transpose(f(x))."""
    places = [i for i, t in enumerate(op.inputs) if t is not None and constant(t) is None]
    makers = [editor.producer(op.inputs[i], "TRANSPOSE") for i in places]
    orders = [_order(each) for each in makers]
    order = orders[0] if orders else None
    if order is None or any(each != order for each in orders) or order == sorted(order):
        return
    if not any(editor.only_for(op.inputs[i], op) for i in places) or _shrinks(op, order):
        return
    moved = _moved(op, order, len(places))
    if moved is not None:
        sources = {i: each.inputs[0] for i, each in zip(places, makers) if each is not None}
        _swap(editor, op, order, sources, *moved)


def _shrinks(op: Operator, order: list[int]) -> bool:
    """Whether operands have other shapes than the result: each would need an order of its own."""
    return op.kind in ELEMENTWISE and any(
        len(t.shape) != len(order) for t in op.inputs if t is not None and constant(t) is None)


Moved = typing.Tuple[typing.Dict[int, Tensor], typing.Dict[str, typing.Any], typing.List[int]]


def _moved(op: Operator, order: list[int], computed: int) -> Moved | None:
    """The constants by place, the options, and the order after it, for a transposed input."""
    back = [int(i) for i in np.argsort(order)]
    if op.kind in ELEMENTWISE or op.kind == "PRELU":
        found = operand(op)
        if found is None:
            return ({}, op.options, order) if computed == len(op.inputs) else None
        spread = _spread(found[1], order, back, op)
        return None if spread is None else ({found[2]: spread}, op.options, order)
    if op.kind == "CONCATENATION":
        axis = int(op.options.get("axis", 0)) % len(order)
        whole = computed == len(op.inputs)
        return ({}, dict(op.options, axis=order[axis]), order) if whole else None
    values = constant(op.inputs[1])
    if values is None or op.inputs[1] is None:
        return None
    if op.kind == "PAD":
        return {1: like(op.inputs[1], values.reshape(-1, 2)[back])}, op.options, order
    return _moved_reduction(op, values, order)


def _moved_reduction(op: Operator, axes: Array, order: list[int]) -> Moved | None:
    new = [order[int(axis) % len(order)] for axis in axes.reshape(-1)]
    left = order
    if not op.options.get("keep_dims"):
        kept = [axis for axis in order if axis not in new]
        left = [sorted(kept).index(axis) for axis in kept]
    return {1: _integers(op.outputs[0].name + "/axes", sorted(new))}, op.options, left


def _spread(tensor: Tensor, order: list[int], back: list[int], op: Operator) -> Tensor | None:
    """A constant operand in the order of the input before the transpose."""
    values, rank = constant(tensor), len(order)
    if values is None or values.ndim > rank - (op.kind == "PRELU"):
        return None
    if values.size == 1:
        return tensor
    if op.kind == "PRELU":
        if order[0] != 0:
            return None
        return like(tensor, values.reshape([1] * (rank - values.ndim) + list(values.shape))
                    .transpose(back)[0])
    wide = values.reshape([1] * (rank - values.ndim) + list(values.shape)).transpose(back)
    while wide.ndim > 1 and wide.shape[0] == 1:
        wide = wide[0]
    return like(tensor, wide)


def _swap(editor: Editor, op: Operator, order: list[int], sources: dict[int, Tensor | None],
          constants: dict[int, Tensor], options: dict[str, typing.Any], left: list[int]) -> None:
    after = op.outputs[0]
    middle = Tensor(op.layer or after.name, (), after.dtype)
    sizes = [0] * len(left)
    for i, axis in enumerate(left):
        sizes[axis] = signature(after)[i]
    set_signature(middle, sizes)
    inputs = [constants.get(i, sources.get(i, t)) for i, t in enumerate(op.inputs)]
    editor.remove(op)
    if left == sorted(left):
        middle = after
    else:
        turn = [middle, _integers(after.name + "/order", left)]
        editor.insert_after(op, Operator("TRANSPOSE", list(turn), [after], layer=op.layer))
    editor.insert_after(op, Operator(op.kind, inputs, [middle], options, version=op.version,
                                     layer=op.layer))


# ---- transpose, flatten, fully connected ---------------------------------------------------------


def _into_weights(editor: Editor, op: Operator) -> None:
    """Weights are sorted once, instead of the picture each time."""
    turn, dense = editor.producer(op.inputs[0], "TRANSPOSE"), editor.sole_consumer(op.outputs[0])
    order = _order(turn)
    if turn is None or order is None or dense is None or dense.kind != "FULLY_CONNECTED":
        return
    source, old = turn.inputs[0], dense.inputs[1]
    weights = constant(old)
    if source is None or old is None or weights is None or dense.inputs[0] is not op.outputs[0]:
        return
    inner = [signature(source)[i] for i in order[1:]]
    flat = signature(op.outputs[0])
    if order[0] != 0 or -1 in inner or flat != (signature(source)[0], int(np.prod(inner))) \
            or weights.shape[1] != flat[1] or not editor.only_for(old, dense):
        return
    back = [0] + [int(i) + 1 for i in np.argsort(np.asarray(order[1:]))]
    sorted_weights = weights.reshape([-1] + inner).transpose(back).reshape(weights.shape)
    editor.set_input(dense, 1, like(old, np.ascontiguousarray(sorted_weights)))
    editor.set_input(op, 0, source)
