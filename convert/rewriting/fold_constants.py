# SPDX-License-Identifier: Apache-2.0
"""Operators on constants alone are computed now, and those that change nothing go."""

from __future__ import annotations

import typing

import numpy as np

from ..building.evaluate import DTYPES, FUNCTIONS
from ..format.graph import Array, Operator, Tensor, signature
from .edit import Editor, constant, operand, scalar

MAX_GROWTH = 1 << 22  # elements that a constant may get beyond those it is computed from
_RESHAPES = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")


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
    known = op.kind in _RESHAPES or op.kind in FUNCTIONS
    if not known or not op.inputs or len(op.outputs) != 1:
        return False
    given = [constant(t) for t in op.inputs]
    if any(values is None for values in given):
        return False
    elements = int(np.prod([float(n) for n in op.outputs[0].shape]))
    return elements <= MAX_GROWTH + sum(values.size for values in given if values is not None) \
        and op.options.get("fused_activation_function", "NONE") in _ACTIVATIONS


def _fold(editor: Editor, op: Operator) -> None:
    given = [values for values in map(constant, op.inputs) if values is not None]
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(given[0].reshape(op.outputs[0].shape) if op.kind in _RESHAPES
                                else FUNCTIONS[op.kind](given, op.options))
            values = _ACTIVATIONS[op.options.get("fused_activation_function", "NONE")](values)
    except (ValueError, IndexError, KeyError):
        return  # no operator that a reader built: the runtime says what is wrong with it
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
