# SPDX-License-Identifier: Apache-2.0
"""Activations that a source spells out become the operators that compute them: an expression of one
tensor is tried on numbers, whatever the order of its parts."""

from __future__ import annotations

import math
import typing

import numpy as np

from ..format.graph import Array, Operator, Tensor
from .edit import Editor, operand, scalar

MAX_PARTS = 24  # operators of one expression

_POINTS = np.concatenate([np.linspace(-9, 9, 181), [-60.0, -25.0, 25.0, 60.0]])

Function = typing.Callable[..., Array]
_erf: Function = np.vectorize(math.erf, otypes=[np.float64])

_VALUES: dict[str, Function] = {
    "ADD": np.add, "SUB": np.subtract, "MUL": np.multiply, "DIV": np.divide, "POW": np.power,
    "MAXIMUM": np.maximum, "MINIMUM": np.minimum, "NEG": np.negative, "ABS": np.abs,
    "SQUARE": np.square, "EXP": np.exp, "TANH": np.tanh, "ERF": _erf,
    "LOGISTIC": lambda x: np.asarray(1 / (1 + np.exp(-x))),
    "RELU": lambda x: np.asarray(np.maximum(x, 0)),
    "RELU6": lambda x: np.asarray(np.clip(x, 0, 6)),
}


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + _erf(x / math.sqrt(2))))


def _gelu_by_tanh(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))))


_KNOWN: list[tuple[str, dict[str, typing.Any], Array]] = [
    ("HARD_SWISH", {}, _POINTS * np.clip(_POINTS + 3, 0, 6) / 6),
    ("GELU", {"approximate": False}, _gelu(_POINTS)),
    ("GELU", {"approximate": True}, _gelu_by_tanh(_POINTS)),
]


def run(editor: Editor) -> None:
    for op in reversed(list(editor.operators())):
        if op.kind in ("MAXIMUM", "MINIMUM"):
            _clip(editor, op) or _leaky(editor, op)
        elif op.kind == "ADD":
            _prelu(editor, op)
        elif op.kind in ("MUL", "DIV") and op.outputs[0].dtype == "FLOAT32":
            _expression(editor, op)


def _replace(editor: Editor, op: Operator, kind: str, inputs: list[Tensor | None],
             **options: typing.Any) -> bool:
    op.kind, op.options = kind, options
    editor.set_inputs(op, inputs)
    return True


# ---- expressions of one tensor -------------------------------------------------------------------


def _expression(editor: Editor, op: Operator) -> None:
    parts: list[Operator] = []
    leaf = _collect(editor, op, parts)
    if leaf is None or leaf.shape != op.outputs[0].shape or len(parts) < 3:
        return
    values = _evaluate(parts, leaf, op.outputs[0])
    for kind, options, wanted in _KNOWN:
        if np.allclose(values, wanted, rtol=1e-5, atol=1e-6):
            _replace(editor, op, kind, [leaf], **options)
            return


def _collect(editor: Editor, top: Operator, parts: list[Operator]) -> Tensor | None:
    """The operators that the result needs and nobody else, inputs first; and what they start from."""
    leaves: dict[int, Tensor] = {}
    pending = [top]
    found = {id(top)}
    while pending:
        op = pending.pop()
        parts.append(op)
        for tensor in op.inputs:
            if tensor is None or len(parts) > MAX_PARTS:
                return None
            maker = editor.producer(tensor)
            if scalar(tensor) is not None:
                continue
            if maker is not None and _inside(editor, maker, tensor, top):
                if id(maker) not in found:
                    found.add(id(maker))
                    pending.append(maker)
            else:
                leaves[id(tensor)] = tensor
    return next(iter(leaves.values())) if len(leaves) == 1 else None


def _inside(editor: Editor, maker: Operator, tensor: Tensor, top: Operator) -> bool:
    plain = maker.options.get("fused_activation_function", "NONE") == "NONE"
    return maker.kind in _VALUES and plain and editor.sole_consumer(tensor) is not None \
        and tensor.shape == top.outputs[0].shape


def _evaluate(parts: list[Operator], leaf: Tensor, result: Tensor) -> Array:
    values: dict[int, Array] = {id(leaf): _POINTS}
    with np.errstate(all="ignore"):
        for op in reversed(parts):
            given = [values.get(id(t), scalar(t)) for t in op.inputs]
            if any(each is None for each in given):
                return np.full_like(_POINTS, np.nan)
            values[id(op.outputs[0])] = _VALUES[op.kind](*given)
    return values[id(result)]


# ---- limits --------------------------------------------------------------------------------------


def _clip(editor: Editor, op: Operator) -> bool:
    """max(x, 0), and a limit of 6 above or of -1 and 1."""
    x, limit = _limit(op)
    if x is None:
        return False
    if op.kind == "MAXIMUM" and limit == 0:
        first = editor.producer(x, "MINIMUM")
        inner = _limit(first) if first else (None, None)
        if inner[1] == 6 and editor.only_for(x, op):
            return _replace(editor, op, "RELU6", [inner[0]])
        return _replace(editor, op, "RELU", [x])
    first = editor.producer(x, "RELU", "MAXIMUM", "MINIMUM")
    if first is None or first.kind == op.kind or not editor.only_for(x, op):
        return False
    inner = (first.inputs[0], 0.0) if first.kind == "RELU" else _limit(first)
    bounds = sorted([limit or 0.0, inner[1] or 0.0])
    if bounds == [0, 6] and first.kind == "RELU":
        return _replace(editor, op, "RELU6", [inner[0]])
    if bounds == [-1, 1] and first.kind != "RELU":
        return _replace(editor, op, "RELU_N1_TO_1", [inner[0]])
    return False


def _limit(op: Operator) -> tuple[Tensor | None, float | None]:
    found = operand(op)
    value = scalar(found[1]) if found else None
    if found is None or value is None or found[0].shape != op.outputs[0].shape \
            or op.outputs[0].dtype != "FLOAT32":
        return None, None
    return found[0], value


def _leaky(editor: Editor, op: Operator) -> bool:
    """max(x, slope x)."""
    if op.kind != "MAXIMUM" or len(op.inputs) != 2 or op.outputs[0].dtype != "FLOAT32":
        return False
    for x, other in (op.inputs, op.inputs[::-1]):
        scaled = editor.producer(other, "MUL")
        found = operand(scaled) if scaled else None
        slope = scalar(found[1]) if found else None
        if found and slope is not None and found[0] is x and 0 <= slope < 1:
            return _replace(editor, op, "LEAKY_RELU", [x], alpha=slope)
    return False


def _prelu(editor: Editor, op: Operator) -> None:
    """relu(x) + (-slopes) relu(-x)."""
    for first, second in (op.inputs, op.inputs[::-1]) if len(op.inputs) == 2 else ():
        positive, scaled = editor.producer(first, "RELU"), editor.producer(second, "MUL")
        found = operand(scaled) if scaled else None
        mirrored = editor.producer(found[0], "RELU") if found else None
        negative = editor.producer(mirrored.inputs[0], "NEG") if mirrored else None
        if positive and found and negative and negative.inputs[0] is positive.inputs[0]:
            x, slopes = negative.inputs[0], found[1]
            if x is not None and slopes.data is not None and slopes.data.ndim < len(x.shape):
                negated = Tensor(slopes.name, slopes.shape, slopes.dtype, -slopes.data)
                _replace(editor, op, "PRELU", [x, negated])
                return
