# SPDX-License-Identifier: Apache-2.0
"""Operators on constants alone are computed now, and those that change nothing go."""

from __future__ import annotations

import typing

import numpy as np

from ..building.evaluate import DTYPES
from ..format.graph import Array, Operator, Tensor, signature
from .edit import Editor, constant, operand, scalar

MAX_GROWTH = 1 << 22  # elements that a constant may get beyond those it is computed from

Compute = typing.Callable[[Operator, typing.List[Array]], Array]


def run(editor: Editor) -> None:
    for op in editor.operators():
        if _computable(op):
            _fold(editor, op)
        elif op.kind == "SHAPE" and op.inputs[0] is not None:
            if -1 not in signature(op.inputs[0]):
                _become(editor, op, np.asarray(op.inputs[0].shape))
        elif _identity(op):
            editor.bypass(op)


def _computable(op: Operator) -> bool:
    if op.kind not in _COMPUTE or not op.inputs or len(op.outputs) != 1:
        return False
    given = [constant(t) for t in op.inputs]
    if any(values is None for values in given):
        return False
    elements = int(np.prod([float(n) for n in op.outputs[0].shape]))
    return elements <= MAX_GROWTH + sum(values.size for values in given if values is not None) \
        and op.options.get("fused_activation_function", "NONE") in _ACTIVATIONS


def _fold(editor: Editor, op: Operator) -> None:
    given = [values for values in map(constant, op.inputs) if values is not None]
    with np.errstate(all="ignore"):
        values = _COMPUTE[op.kind](op, given)
        values = _ACTIVATIONS[op.options.get("fused_activation_function", "NONE")](values)
    if values.shape == op.outputs[0].shape:
        _become(editor, op, values)


def _become(editor: Editor, op: Operator, values: Array) -> None:
    output = op.outputs[0]
    if editor.returned(output) or output.dtype not in DTYPES:
        return
    data = np.asarray(values, DTYPES[output.dtype])
    made = Tensor(output.name, data.shape, output.dtype, data)
    editor.remove(op)
    editor.redirect(output, made)


def _identity(op: Operator) -> bool:
    x, y = (op.inputs or [None])[0], op.outputs[0] if op.outputs else None
    if x is None or y is None or signature(x) != signature(y) or x.dtype != y.dtype:
        return False
    if op.kind in ("CAST", "BROADCAST_TO"):
        return True
    neutral = {"ADD": 0, "SUB": 0, "MUL": 1, "DIV": 1}.get(op.kind)
    found = operand(op) if neutral is not None else None
    return (found is not None and found[2] == 1 and scalar(found[1]) == neutral
            and op.options.get("fused_activation_function", "NONE") == "NONE")


_ACTIVATIONS: dict[str, typing.Callable[[Array], Array]] = {
    "NONE": lambda x: x,
    "RELU": lambda x: np.maximum(x, 0),
    "RELU6": lambda x: np.clip(x, 0, 6),
    "RELU_N1_TO_1": lambda x: np.clip(x, -1, 1),
}


def _divide(a: Array, b: Array) -> Array:
    """Integers towards zero, as the format has it."""
    if a.dtype.kind in "iu":
        return np.asarray(np.trunc(a / np.where(b == 0, 1, b)), a.dtype)
    return np.asarray(a / b)


def _strided_slice(op: Operator, given: list[Array]) -> Array:
    x, *bounds = given
    get, index = op.options.get, []
    for i, (begin, end, step) in enumerate(zip(*(b.tolist() for b in bounds))):
        bit = 1 << i
        if get("shrink_axis_mask", 0) & bit:
            index.append(begin)
        else:
            index.append(slice(None if get("begin_mask", 0) & bit else begin,
                               None if get("end_mask", 0) & bit else end, step))
    if get("ellipsis_mask", 0) or get("new_axis_mask", 0):
        return np.empty(0)  # of no shape that is expected
    try:
        return np.asarray(x[tuple(index)])
    except (IndexError, ValueError):
        return np.empty(0)


def _gather(op: Operator, given: list[Array]) -> Array:
    x, indices = given
    axis = int(op.options.get("axis", 0))
    inside = x.ndim and (indices.size == 0 or 0 <= indices.min() <= indices.max() < x.shape[axis])
    if not inside or op.options.get("batch_dims", 0):
        return np.empty(0)
    return np.take(x, indices, axis)


def _two(function: typing.Callable[[Array, Array], Array]) -> Compute:
    return lambda op, given: function(given[0], given[1])


def _one(function: typing.Callable[[Array], Array]) -> Compute:
    return lambda op, given: function(given[0])


_COMPUTE: dict[str, Compute] = {
    "ADD": _two(lambda a, b: a + b),
    "CAST": lambda op, given: given[0].astype(DTYPES[op.outputs[0].dtype]),
    "CONCATENATION": lambda op, given: np.concatenate(given, int(op.options.get("axis", 0))),
    "DIV": _two(_divide),
    "EXP": _one(np.exp),
    "EXPAND_DIMS": lambda op, given: given[0].reshape(op.outputs[0].shape),
    "GATHER": _gather,
    "MAXIMUM": _two(np.maximum),
    "MINIMUM": _two(np.minimum),
    "MUL": _two(lambda a, b: a * b),
    "NEG": _one(np.negative),
    "PACK": lambda op, given: np.stack(given, int(op.options.get("axis", 0))),
    "RELU": _one(lambda x: np.maximum(x, 0)),
    "RESHAPE": lambda op, given: given[0].reshape(op.outputs[0].shape),
    "RSQRT": _one(lambda x: 1 / np.sqrt(x)),
    "SQRT": _one(np.sqrt),
    "SQUARE": _one(np.square),
    "SQUEEZE": lambda op, given: given[0].reshape(op.outputs[0].shape),
    "STRIDED_SLICE": _strided_slice,
    "SUB": _two(lambda a, b: a - b),
    "TRANSPOSE": _two(lambda x, order: x.transpose(order)),
}
