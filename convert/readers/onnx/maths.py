# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that compute value by value, over dimensions, or as products of matrices."""

from __future__ import annotations

import math
import typing

import numpy as np

from ...building import maths, shapes
from ...building.builder import Builder
from ...format.graph import Array, ConvertError, Tensor, signature
from .layout import Value, identity, plain
from .node import Handler, Node

Function = typing.Callable[[Node, Builder, Tensor], Tensor]


def _each(function: Function) -> Handler:
    """Of one value, in whichever order it lies."""
    def handle(n: Node) -> None:
        value = n.value(0)
        if value.columns is not None:
            value = plain(n.layout.plain(value))
        n.put(function(n, n.b, value.tensor), value.order)
    return handle


def _named(kind: str) -> Handler:
    return _each(lambda n, b, x: maths.unary(b, kind, x))


def _binary(kind: str) -> Handler:
    def handle(n: Node) -> None:
        (x, y), order = n.layout.agree([n.value(0), n.value(1)])
        n.put(maths.binary(n.b, kind, x, y), order)
    return handle


def _many(kind: str) -> Handler:
    """Max, Min and Sum of any number of values; Mean is the sum divided by it."""
    def handle(n: Node) -> None:
        parts, order = n.layout.agree(n.values())
        out = parts[0]
        for part in parts[1:]:
            out = maths.binary(n.b, kind, out, part)
        if n.kind == "Mean":
            out = maths.scaled(n.b, out, 1 / len(parts))
        if out is parts[0]:
            n.put_value(n.value(0))
        else:
            n.put(out, order)
    return handle


def _power(n: Node) -> None:
    (x, y), order = n.layout.agree([n.value(0), n.value(1)])
    exponent = float(y.data.reshape(-1)[0]) if y.data is not None and y.data.size == 1 else None
    if exponent == 2 and x.dtype == "FLOAT32":
        out = maths.unary(n.b, "SQUARE", x)
    elif exponent == 0.5 and x.dtype == "FLOAT32":
        out = maths.unary(n.b, "SQRT", x)
    else:
        out = maths.binary(n.b, "POW", x, maths.cast(n.b, y, x.dtype))
    n.put(out, order)


def _modulo(n: Node) -> None:
    if n.integer("fmod", 0):
        raise ConvertError("with the sign of the dividend (fmod) is not supported")
    _binary("FLOOR_MOD")(n)


def _where(n: Node) -> None:
    (where, x, y), order = n.layout.agree([n.value(i) for i in range(3)])
    n.put(maths.select(n.b, where, x, y), order)


def _clip(n: Node) -> None:
    def bound(name: str, index: int, default: float) -> float:
        return n.real(name) if n.has_attribute(name) else n.number(index, default)
    low, high = bound("min", 1, -math.inf), bound("max", 2, math.inf)
    lowest, highest = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)
    low, high = (-math.inf if low <= lowest else low), (math.inf if high >= highest else high)
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    out = maths.clip(n.b, value.tensor, low, high)
    n.put_value(value) if out is value.tensor else n.put(out, value.order)


def _prelu(n: Node) -> None:
    (x, slope), order = n.layout.agree([n.value(0), n.value(1)])
    if slope.data is not None and slope.data.size == 1:
        n.put(maths.unary(n.b, "LEAKY_RELU", x, alpha=float(slope.data.reshape(-1)[0])), order)
        return
    # The format's operator has a slope without a batch.
    data = None if slope.data is None else slope.data.reshape(
        (1,) * (len(x.shape) - slope.data.ndim) + slope.data.shape)
    if data is not None and data.shape[0] == 1:
        n.put(n.b.emit("PRELU", [x, n.b.constant(data[0])], signature(x)), order)
        return
    below = maths.binary(n.b, "MINIMUM", x, maths.scalar(n.b, 0.0, x))
    n.put(maths.binary(n.b, "ADD", maths.unary(n.b, "RELU", x),
                       maths.binary(n.b, "MUL", slope, below)), order)


def _gelu(n: Node, b: Builder, x: Tensor) -> Tensor:
    return maths.unary(b, "GELU", x, approximate=n.text("approximate", "none") == "tanh")


def _thresholded_relu(n: Node, b: Builder, x: Tensor) -> Tensor:
    above = maths.binary(b, "GREATER", x, maths.scalar(b, n.real("alpha", 1.0), x))
    return maths.select(b, above, x, maths.scalar(b, 0.0, x))


def _softsign(n: Node, b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "DIV", x, maths.scaled(b, maths.unary(b, "ABS", x), 1.0, 1.0))


def _hard_swish(n: Node, b: Builder, x: Tensor) -> Tensor:
    return maths.unary(b, "HARD_SWISH", x)


def _celu(n: Node, b: Builder, x: Tensor) -> Tensor:
    """max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))."""
    alpha = n.real("alpha", 1.0)
    below = maths.unary(b, "ELU", maths.binary(b, "MINIMUM", maths.scaled(b, x, 1 / alpha),
                                               maths.scalar(b, 0.0, x)))
    return maths.binary(b, "ADD", maths.unary(b, "RELU", x), maths.scaled(b, below, alpha))


def _mish(n: Node, b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "MUL", x, maths.unary(b, "TANH", maths.softplus(b, x)))


def _reciprocal(n: Node, b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "DIV", maths.scalar(b, 1.0, x), x)


# ---- over dimensions -----------------------------------------------------------------------------


def _reduce(kind: str, before: str = "", after: str = "") -> Handler:
    def handle(n: Node) -> None:
        value = n.value(0)
        if value.columns is not None:
            value = plain(n.layout.plain(value))
        axes = n.integers_of("axes", 1)
        if not axes and n.integer("noop_with_empty_axes", 0):
            n.put_value(value)
            return
        gone = {shapes.axis_of(a, value.rank) for a in (axes or range(value.rank))}
        keep = bool(n.integer("keepdims", 1))
        x = maths.unary(n.b, before, value.tensor) if before else value.tensor
        out = maths.reduce(n.b, kind, x, [value.axis(a) for a in gone], keep)
        out = maths.unary(n.b, after, out) if after else out
        n.put(out, value.order if keep else n.layout.without(value.order, gone))
    return handle


def _log_sum_exp(n: Node) -> None:
    """Less the largest value first, so that nothing overflows."""
    x = n.plain(0)
    axes = [
        shapes.axis_of(a, len(x.shape)) for a in n.integers_of("axes", 1) or range(len(x.shape))
    ]
    top = maths.reduce(n.b, "REDUCE_MAX", x, axes, True)
    total = maths.reduce(n.b, "SUM", maths.unary(n.b, "EXP", maths.binary(n.b, "SUB", x, top)),
                         axes, True)
    out = maths.binary(n.b, "ADD", maths.unary(n.b, "LOG", total), top)
    n.put(out if n.integer("keepdims", 1) else shapes.squeeze(n.b, out, axes))


def _arg(kind: str) -> Handler:
    def handle(n: Node) -> None:
        value = n.value(0)
        if value.columns is not None:
            value = plain(n.layout.plain(value))
        axis = shapes.axis_of(n.integer("axis", 0), value.rank)
        if n.integer("select_last_index", 0):
            raise ConvertError("of the last index is not supported")
        out = maths.arg(n.b, kind, value.tensor, value.axis(axis), "INT64")
        if n.integer("keepdims", 1):
            n.put(shapes.expand(n.b, out, [value.axis(axis)]), value.order)
        else:
            n.put(out, n.layout.without(value.order, {axis}))
    return handle


def _softmax(kind: str) -> Handler:
    def handle(n: Node) -> None:
        options = {"beta": 1.0} if kind == "SOFTMAX" else {}
        value = n.value(0)
        if value.columns is not None:
            value = plain(n.layout.plain(value))
        axis = shapes.axis_of(n.integer("axis", -1 if n.opset >= 13 else 1), value.rank)
        if n.opset >= 13 or axis == value.rank - 1:
            n.put(maths.along_last(n.b, kind, value.tensor, value.axis(axis), **options),
                  value.order)
            return
        # Up to version 12, over all dimensions from the axis on.
        x = n.layout.plain(value)
        sizes = list(signature(x))
        if -1 in sizes[axis:] or sizes[:axis].count(-1) > 1:
            raise ConvertError("over sizes that are not known")
        flat = shapes.reshape(n.b, x, sizes[:axis] + [math.prod(sizes[axis:])])
        n.put(shapes.reshape(n.b, maths.unary(n.b, kind, flat, **options), sizes))
    return handle


def _top_k(n: Node) -> None:
    value = n.value(0)
    axis = shapes.axis_of(n.integer("axis", -1), value.rank)
    k = n.integer("k") if n.has_attribute("k") else int(n.array(1, "the number k").reshape(-1)[0])
    size = value.shape[axis]
    if not 0 < k <= (size if size >= 0 else k):
        raise ConvertError("of %d among %d" % (k, size))
    order = tuple(i for i in range(value.rank) if i != axis) + (axis,)
    x = n.layout.ordered(value, order)
    smallest = not n.integer("largest", 1)
    values, indices = maths.top_k(n.b, maths.unary(n.b, "NEG", x) if smallest else x, k)
    n.put(maths.unary(n.b, "NEG", values) if smallest else values, order)
    n.put(maths.cast(n.b, indices, "INT64"), order, 1)


# ---- products ------------------------------------------------------------------------------------


def _columns(n: Node, value: Value, weights: Array) -> tuple[Tensor, Array]:
    """Weights [depth, units] in the order in which a flattened picture lies."""
    if value.columns is not None and weights.ndim == 2 and weights.shape[0] == len(value.columns):
        return value.tensor, weights[value.columns]
    return n.layout.plain(value), weights


def _matmul(n: Node) -> None:
    x, y = n.value(0), n.value(1)
    if y.constant and not x.constant and y.rank == 2 and x.rank >= 2:
        tensor, weights = _columns(n, x, n.array(1))
        n.put(maths.fully_connected(n.b, tensor, _turned(n, weights), None))
        return
    left, right = n.layout.plain(x), n.layout.plain(y)
    if x.rank == 1:
        left = shapes.expand(n.b, left, [0])
    if y.rank == 1:
        right = shapes.expand(n.b, right, [1])
    out = maths.matmul(n.b, left, right)
    gone = ([-2] if x.rank == 1 else []) + ([-1] if y.rank == 1 else [])
    n.put(shapes.squeeze(n.b, out, gone) if gone else out)


def _turned(n: Node, weights: Array) -> Tensor:
    return n.b.constant(np.ascontiguousarray(weights.T))


def _gemm(n: Node) -> None:
    alpha, beta = n.real("alpha", 1.0), n.real("beta", 1.0)
    x, y = n.value(0), n.value(1)
    if x.rank != 2 or y.rank != 2:
        raise ConvertError("of %d and %d dimensions" % (x.rank, y.rank))
    if y.constant and not x.constant:
        weights = n.array(1)
        weights = weights.T if n.integer("transB", 0) else weights
        weights = weights * np.float32(alpha) if alpha != 1 else weights
        if n.integer("transA", 0):
            tensor = shapes.transpose(n.b, n.layout.plain(x), (1, 0))
        else:
            tensor, weights = _columns(n, x, weights)
        bias = _bias(n, beta, weights.shape[1])
        out = maths.fully_connected(n.b, tensor, _turned(n, weights), bias)
        done = bias is not None
    else:
        out = maths.matmul(n.b, n.layout.plain(x), n.layout.plain(y), bool(n.integer("transA", 0)),
                           bool(n.integer("transB", 0)))
        out, done = maths.scaled(n.b, out, alpha), False
    if n.has(2) and not done and beta:
        out = maths.binary(n.b, "ADD", out, maths.scaled(n.b, n.plain(2), beta))
    n.put(out)


def _bias(n: Node, beta: float, units: int) -> Tensor | None:
    """The third input, where it is one row of constants."""
    if not n.has(2) or not n.value(2).constant:
        return None
    data = n.array(2)
    if data.size not in (1, units) or data.shape[-1:] not in ((units,), (1,), ()):
        return None
    row = np.broadcast_to(data.reshape(-1) * np.float32(beta), (units,))
    return n.b.constant(np.ascontiguousarray(row))


_elementwise = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR", "Log": "LOG",
    "Neg": "NEG", "Not": "LOGICAL_NOT", "Relu": "RELU", "Round": "ROUND", "Sigmoid": "LOGISTIC",
    "Sign": "SIGN", "Sin": "SIN", "Sqrt": "SQRT", "Tanh": "TANH",
}
_pairs = {
    "Add": "ADD", "And": "LOGICAL_AND", "Div": "DIV", "Equal": "EQUAL", "Greater": "GREATER",
    "GreaterOrEqual": "GREATER_EQUAL", "Less": "LESS", "LessOrEqual": "LESS_EQUAL", "Mul": "MUL",
    "Or": "LOGICAL_OR", "Sub": "SUB", "Xor": "NOT_EQUAL",
}
HANDLERS: dict[str, Handler] = {
    **{name: _named(kind)
       for name, kind in _elementwise.items()},
    **{name: _binary(kind)
       for name, kind in _pairs.items()},
    "ArgMax":
    _arg("ARG_MAX"),
    "ArgMin":
    _arg("ARG_MIN"),
    "Celu":
    _each(_celu),
    "Clip":
    _clip,
    "Elu":
    _each(lambda n, b, x: maths.elu(b, x, n.real("alpha", 1.0))),
    "Erf":
    _each(lambda n, b, x: maths.erf(b, x)),
    "Gelu":
    _each(_gelu),
    "Gemm":
    _gemm,
    "HardSigmoid":
    _each(lambda n, b, x: maths.hard_sigmoid(b, x, n.real("alpha", 0.2), n.real("beta", 0.5))),
    "HardSwish":
    _each(_hard_swish),
    "LeakyRelu":
    _each(lambda n, b, x: maths.unary(b, "LEAKY_RELU", x, alpha=n.real("alpha", 0.01))),
    "LogSoftmax":
    _softmax("LOG_SOFTMAX"),
    "MatMul":
    _matmul,
    "Max":
    _many("MAXIMUM"),
    "Mean":
    _many("ADD"),
    "Min":
    _many("MINIMUM"),
    "Mish":
    _each(_mish),
    "Mod":
    _modulo,
    "PRelu":
    _prelu,
    "Pow":
    _power,
    "Reciprocal":
    _each(_reciprocal),
    "ReduceL1":
    _reduce("SUM", before="ABS"),
    "ReduceL2":
    _reduce("SUM", "SQUARE", "SQRT"),
    "ReduceLogSum":
    _reduce("SUM", after="LOG"),
    "ReduceLogSumExp":
    _log_sum_exp,
    "ReduceMax":
    _reduce("REDUCE_MAX"),
    "ReduceMean":
    _reduce("MEAN"),
    "ReduceMin":
    _reduce("REDUCE_MIN"),
    "ReduceProd":
    _reduce("REDUCE_PROD"),
    "ReduceSum":
    _reduce("SUM"),
    "ReduceSumSquare":
    _reduce("SUM", before="SQUARE"),
    "Selu":
    _each(lambda n, b, x: maths.selu(b, x, n.real("alpha", 1.6732632), n.real("gamma", 1.0507010))),
    "Softmax":
    _softmax("SOFTMAX"),
    "Softplus":
    _each(lambda n, b, x: maths.softplus(b, x)),
    "Softsign":
    _each(_softsign),
    "Sum":
    _many("ADD"),
    "ThresholdedRelu":
    _each(_thresholded_relu),
    "TopK":
    _top_k,
    "Where":
    _where,
}
__all__ = ["HANDLERS", "identity"]
