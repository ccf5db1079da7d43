# SPDX-License-Identifier: Apache-2.0
"""Operators that compute: each function adds one, or the few that stand for a function that the
format has not."""

from __future__ import annotations

import math
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Tensor, signature
from . import shapes
from .builder import Builder

PLAIN = {"fused_activation_function": "NONE"}
MOST_PRODUCTS = 1 << 24  # of constants, which are multiplied here
FUSABLE = ("ADD", "SUB", "MUL", "DIV")
TO_BOOL = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND",
           "LOGICAL_OR", "LOGICAL_NOT")


def unary(b: Builder, kind: str, x: Tensor, **options: typing.Any) -> Tensor:
    return b.emit(kind, [x], signature(x), options=options)


# Types that the runtime computes with; narrower integers go by way of INT32.
_ARITHMETIC = ("FLOAT32", "INT32", "INT64")
_NO_INT64 = ("POW", "DIV")


def binary(b: Builder, kind: str, x: Tensor, y: Tensor | Array | float) -> Tensor:
    """y: a tensor, or numbers of the type of x."""
    if not isinstance(y, Tensor):
        y = scalar(b, y, x)
    if x.dtype != y.dtype:
        raise ConvertError("%s of %s and %s" % (kind, x.dtype, y.dtype))
    known = x.data is not None and y.data is not None
    if not known and kind not in TO_BOOL and (
            x.dtype not in _ARITHMETIC or (x.dtype == "INT64" and kind in _NO_INT64)):
        return _by_int32(b, kind, x, y)
    out = shapes.broadcast(signature(x), signature(y))
    return b.emit(kind, [x, y], out, "BOOL" if kind in TO_BOOL else "",
                  dict(PLAIN) if kind in FUSABLE else {})


def _by_int32(b: Builder, kind: str, x: Tensor, y: Tensor) -> Tensor:
    if x.dtype not in ("INT8", "UINT8", "INT16", "UINT16", "INT64"):
        raise ConvertError("of type %s is not supported" % x.dtype)
    return cast(b, binary(b, kind, cast(b, x, "INT32"), cast(b, y, "INT32")), x.dtype)


def scalar(b: Builder, value: Array | float, like: Tensor) -> Tensor:
    """Numbers in the type of another tensor."""
    made = b.constant(value, like.dtype)
    if "INT" in like.dtype and np.any(np.not_equal(np.asarray(made.data), value)):
        raise ConvertError("a number that is no integer meets a tensor of type %s" % like.dtype)
    return made


def scaled(b: Builder, x: Tensor, factor: float, offset: float = 0.0) -> Tensor:
    """x * factor + offset, without what changes nothing."""
    if factor != 1:
        x = binary(b, "MUL", x, factor)
    return binary(b, "ADD", x, offset) if offset else x


def cast(b: Builder, x: Tensor, dtype: str) -> Tensor:
    if x.dtype == dtype:
        return x
    if x.data is None and "UINT64" in (x.dtype, dtype):
        raise ConvertError("from %s to %s is not supported" % (x.dtype, dtype))
    out = b.emit("CAST", [x], signature(x), dtype, {
        "in_data_type": x.dtype,
        "out_data_type": dtype
    })
    return out


def select(b: Builder, where: Tensor, x: Tensor, y: Tensor) -> Tensor:
    out = shapes.broadcast(signature(where), signature(x), signature(y))
    return b.emit("SELECT_V2", [where, x, y], out, x.dtype)


def reduce(b: Builder, kind: str, x: Tensor, axes: typing.Sequence[int], keep: bool) -> Tensor:
    shape = signature(x)
    gone = {shapes.axis_of(int(a), len(shape)) for a in axes}
    if not gone:
        return x
    out = tuple(1 if i in gone else s for i, s in enumerate(shape) if keep or i not in gone)
    return b.emit(kind, [x, b.integers(sorted(gone))], out, options={"keep_dims": keep})


def arg(b: Builder, kind: str, x: Tensor, axis: int, dtype: str) -> Tensor:
    shape = signature(x)
    axis = shapes.axis_of(axis, len(shape))
    return b.emit(kind, [x, b.integers(axis)], shape[:axis] + shape[axis + 1:], dtype,
                  {"output_type": dtype})


def top_k(b: Builder, x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The largest k of the last dimension, and where they are."""
    out = signature(x)[:-1] + (k,)
    values, indices = b.tensor(out, x.dtype), b.tensor(out, "INT32")
    b.operators.append(Operator("TOPK_V2", [x, b.integers(k)], [values, indices], {},
                                layer=b.layer))
    return values, indices


def along_last(b: Builder, kind: str, x: Tensor, axis: int, **options: typing.Any) -> Tensor:
    """SOFTMAX and LOG_SOFTMAX work on the last dimension; another one is moved there and back."""
    rank = len(x.shape)
    axis = shapes.axis_of(axis, rank)
    order = [i for i in range(rank) if i != axis] + [axis]
    back = [order.index(i) for i in range(rank)]
    return shapes.transpose(b, unary(b, kind, shapes.transpose(b, x, order), **options), back)


def clip(b: Builder, x: Tensor, low: float, high: float) -> Tensor:
    """One of the format's activations where there is one for these bounds."""
    kind = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1",
            (0.0, math.inf): "RELU"}.get((low, high))
    if kind and x.dtype == "FLOAT32":
        return unary(b, kind, x)
    if low == 0 and 0 < high and x.dtype == "FLOAT32":
        return binary(b, "MINIMUM", unary(b, "RELU", x), high)
    if low > high:
        return binary(b, "MINIMUM", binary(b, "MAXIMUM", x, low), high)
    limits = np.iinfo if x.dtype.startswith(("INT", "UINT")) else None
    if low > -math.inf and not (limits and low <= limits(x.dtype.lower()).min):
        x = binary(b, "MAXIMUM", x, low)
    if high < math.inf and not (limits and high >= limits(x.dtype.lower()).max):
        x = binary(b, "MINIMUM", x, high)
    return x


def hard_sigmoid(b: Builder, x: Tensor, slope: float, offset: float) -> Tensor:
    if abs(slope * 6 - 1) < 1e-4 and offset == 0.5:  # the form that is known to become a hard swish
        return scaled(b, unary(b, "RELU6", scaled(b, x, 1.0, 3.0)), 1 / 6)
    return clip(b, scaled(b, x, slope, offset), 0.0, 1.0)


def softplus(b: Builder, x: Tensor) -> Tensor:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow."""
    small = unary(b, "EXP", unary(b, "NEG", unary(b, "ABS", x)))
    return binary(b, "ADD", unary(b, "RELU", x), unary(b, "LOG", scaled(b, small, 1.0, 1.0)))


def selu(b: Builder, x: Tensor, alpha: float, gamma: float) -> Tensor:
    """gamma * (max(x, 0) + alpha * (exp(min(x, 0)) - 1)); ELU has an alpha of 1."""
    below = unary(b, "ELU", binary(b, "MINIMUM", x, 0.0))
    both = binary(b, "ADD", unary(b, "RELU", x), scaled(b, below, alpha))
    return scaled(b, both, gamma)


def elu(b: Builder, x: Tensor, alpha: float) -> Tensor:
    return unary(b, "ELU", x) if alpha == 1 else selu(b, x, alpha, 1.0)


def erf(b: Builder, x: Tensor) -> Tensor:
    """Not one of the format's operators: see rewriting/erf.py."""
    return unary(b, "ERF", x)


def layer_norm(b: Builder, x: Tensor, axes: list[int], epsilon: float
               ) -> tuple[Tensor, Tensor, Tensor]:
    """(x - mean) / sqrt(variance + epsilon) over some dimensions; the mean; 1 / the root."""
    mean = reduce(b, "MEAN", x, axes, True)
    off = binary(b, "SUB", x, mean)
    variance = reduce(b, "MEAN", unary(b, "SQUARE", off), axes, True)
    inverse = unary(b, "RSQRT", scaled(b, variance, 1.0, epsilon))
    return binary(b, "MUL", off, inverse), mean, inverse


def fully_connected(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    """Weights are [units, depth]; all dimensions of x but the last stay."""
    shape = signature(x)
    units, depth = weights.shape
    if not shape or shape[-1] != depth or (bias is not None and bias.shape != (units,)):
        raise ConvertError("input %s does not fit weights of %d x %d" % (list(shape), depth, units))
    if x.data is not None and weights.data is not None and x.data.size * units < MOST_PRODUCTS:
        product = x.data @ weights.data.T
        return b.constant(product if bias is None else product +
                          shapes.constant_of(bias, "the bias"))
    options = {"fused_activation_function": "NONE", "weights_format": "DEFAULT",
               "keep_num_dims": len(shape) != 2, "asymmetric_quantize_inputs": False}
    return b.emit("FULLY_CONNECTED", [x, weights, bias], shape[:-1] + (units,), options=options)


def matmul(b: Builder, x: Tensor, y: Tensor, adj_x: bool = False, adj_y: bool = False) -> Tensor:
    """The product of the last two dimensions; of a constant matrix, a fully connected layer."""
    m, n = signature(x), signature(y)
    if len(m) < 2 or len(n) < 2:
        raise ConvertError("a product of shapes %s and %s" % (list(m), list(n)))
    rows, depth = (m[-1], m[-2]) if adj_x else m[-2:]
    deep, columns = (n[-1], n[-2]) if adj_y else n[-2:]
    if depth != deep and -1 not in (depth, deep):
        raise ConvertError("shapes %s and %s do not multiply" % (list(m), list(n)))
    if len(n) == 2 and y.data is not None and not adj_x:
        return fully_connected(b, x, y if adj_y else shapes.transpose(b, y, (1, 0)), None)
    options = {"adj_x": adj_x, "adj_y": adj_y, "asymmetric_quantize_inputs": False}
    out = shapes.broadcast(m[:-2], n[:-2]) if m[:-2] or n[:-2] else ()
    return b.emit("BATCH_MATMUL", [x, y], out + (rows, columns), options=options)
