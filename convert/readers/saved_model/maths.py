# SPDX-License-Identifier: Apache-2.0
"""TensorFlow operators that compute value by value, over dimensions, or as products of matrices."""

from __future__ import annotations

import math

from ...building import maths, shapes
from ...format.graph import ConvertError, Tensor, signature
from .node import Handler, Node


def _named(kind: str) -> Handler:
    return lambda n: n.put(maths.unary(n.b, kind, n.tensor(0)))


def _binary(kind: str) -> Handler:
    return lambda n: n.put(maths.binary(n.b, kind, n.tensor(0), n.tensor(1)))


def _add_n(n: Node) -> None:
    parts = n.tensors()
    out = parts[0]
    for part in parts[1:]:
        out = maths.binary(n.b, "ADD", out, part)
    n.put(out)


def _reduce(kind: str) -> Handler:
    def handle(n: Node) -> None:
        axes = n.list_of_integers(1, "the axes")
        n.put(maths.reduce(n.b, kind, n.tensor(0), axes, n.flag("keep_dims")))
    return handle


def _arg(kind: str) -> Handler:
    def handle(n: Node) -> None:
        axis = n.list_of_integers(1, "the axis")[0]
        n.put(maths.arg(n.b, kind, n.tensor(0), axis, n.dtype("output_type", "INT64")))
    return handle


def _matmul(n: Node) -> None:
    batched = n.kind.startswith("BatchMatMul")
    adj_x, adj_y = (n.flag(name) for name in (("adj_x", "adj_y") if batched else
                                              ("transpose_a", "transpose_b")))
    n.put(maths.matmul(n.b, n.tensor(0), n.tensor(1), adj_x, adj_y))


def _select(n: Node) -> None:
    where, x, y = n.tensors()
    if n.kind == "Select" and len(where.shape) == 1 and len(x.shape) > 1:  # one flag for each row
        where = shapes.reshape(n.b, where, list(signature(where)) + [1] * (len(x.shape) - 1))
    n.put(maths.select(n.b, where, x, y))


def _leaky(n: Node) -> None:
    n.put(maths.unary(n.b, "LEAKY_RELU", n.tensor(0), alpha=n.real("alpha", 0.2)))


def _softplus(n: Node) -> None:
    n.put(maths.softplus(n.b, n.tensor(0)))


def _selu(n: Node) -> None:
    n.put(maths.selu(n.b, n.tensor(0), 1.6732632423543772, 1.0507009873554805))


def _softsign(n: Node) -> None:
    x = n.tensor(0)
    n.put(maths.binary(n.b, "DIV", x, maths.scaled(n.b, maths.unary(n.b, "ABS", x), 1.0, 1.0)))


def _softmax(n: Node) -> None:
    n.put(maths.unary(n.b, "SOFTMAX", n.tensor(0), beta=1.0))


def _erf(n: Node) -> None:
    n.put(maths.erf(n.b, n.tensor(0)))


def _reciprocal(n: Node) -> None:
    x = n.tensor(0)
    n.put(maths.binary(n.b, "DIV", maths.scalar(n.b, 1.0, x), x))


def _clip(n: Node) -> None:
    x, low, high = n.tensors()
    if low.data is not None and high.data is not None and low.data.size == high.data.size == 1:
        n.put(maths.clip(n.b, x, float(low.data.reshape(-1)[0]), float(high.data.reshape(-1)[0])))
    else:
        n.put(maths.binary(n.b, "MINIMUM", maths.binary(n.b, "MAXIMUM", x, low), high))


def _top_k(n: Node) -> None:
    x, k = n.tensor(0), n.list_of_integers(1, "the number k")[0]
    if not 0 < k <= (signature(x)[-1] if signature(x)[-1] >= 0 else k):
        raise ConvertError("of %d among %d" % (k, signature(x)[-1]))
    n.put(*maths.top_k(n.b, x, k))


def _einsum(n: Node) -> None:
    """Products that are a matrix product, once letters are put in order."""
    if len(n.inputs) != 2:
        raise ConvertError("of %d inputs is not supported" % len(n.inputs))
    equation = n.text("equation").replace(" ", "")
    sides, out = equation.split("->")
    x, y = sides.split(",")
    a, c = n.tensors()
    if len(x) != len(a.shape) or len(y) != len(c.shape) or "." in equation or \
            any(len(set(s)) != len(s) for s in (x, y, out)):
        raise ConvertError("of '%s' is not supported" % equation)
    batch = [i for i in out if i in x and i in y]
    inner = [i for i in x if i in y and i not in out]
    left = [i for i in out if i in x and i not in y]
    right = [i for i in out if i in y and i not in x]
    if set(x) - set(batch + inner + left) or set(y) - set(batch + inner + right):
        raise ConvertError("of '%s' is not supported" % equation)
    sizes = dict(zip(x, signature(a)))
    sizes.update({i: s for i, s in zip(y, signature(c)) if s >= 0})
    first = _grouped(n, a, x, [batch, left, inner], sizes)
    second = _grouped(n, c, y, [batch, inner, right], sizes)
    made = maths.matmul(n.b, first, second)
    made = shapes.reshape(n.b, made, [sizes[i] for i in batch + left + right])
    order = [(batch + left + right).index(i) for i in out]
    n.put(shapes.transpose(n.b, made, order))


def _grouped(n: Node, x: Tensor, letters: str, groups: list[list[str]], sizes: dict[str, int]
             ) -> Tensor:
    """The batch as it is, then the two other groups as one dimension each."""
    x = shapes.transpose(n.b, x, [letters.index(i) for g in groups for i in g])

    def joined(group: list[str]) -> int:
        return -1 if any(sizes[i] < 0 for i in group) else math.prod(sizes[i] for i in group)
    return shapes.reshape(n.b, x, [sizes[i] for i in groups[0]] + [joined(g) for g in groups[1:]])


def _log1p(n: Node) -> None:
    n.put(maths.unary(n.b, "LOG", maths.scaled(n.b, n.tensor(0), 1.0, 1.0)))


def _expm1(n: Node) -> None:
    n.put(maths.scaled(n.b, maths.unary(n.b, "EXP", n.tensor(0)), 1.0, -1.0))


def _div_no_nan(n: Node) -> None:
    x, y = n.tensor(0), n.tensor(1)
    zero = maths.scalar(n.b, 0.0, y)
    n.put(maths.select(n.b, maths.binary(n.b, "EQUAL", y, zero),
                       maths.scalar(n.b, 0.0, x), maths.binary(n.b, "DIV", x, y)))


_elementwise = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Elu": "ELU", "Exp": "EXP", "Floor": "FLOOR",
    "Log": "LOG", "LogSoftmax": "LOG_SOFTMAX", "LogicalNot": "LOGICAL_NOT", "Neg": "NEG",
    "Relu": "RELU", "Relu6": "RELU6", "Round": "ROUND", "Rint": "ROUND", "Rsqrt": "RSQRT",
    "Sigmoid": "LOGISTIC", "Sign": "SIGN", "Sin": "SIN", "Sqrt": "SQRT", "Square": "SQUARE",
    "Tanh": "TANH",
}
_pairs = {
    "Add": "ADD", "AddV2": "ADD", "Div": "DIV", "Equal": "EQUAL", "FloorDiv": "FLOOR_DIV",
    "FloorMod": "FLOOR_MOD", "Greater": "GREATER", "GreaterEqual": "GREATER_EQUAL", "Less": "LESS",
    "LessEqual": "LESS_EQUAL", "LogicalAnd": "LOGICAL_AND", "LogicalOr": "LOGICAL_OR",
    "Maximum": "MAXIMUM", "Minimum": "MINIMUM", "Mul": "MUL", "NotEqual": "NOT_EQUAL", "Pow": "POW",
    "RealDiv": "DIV", "SquaredDifference": "SQUARED_DIFFERENCE", "Sub": "SUB",
}
HANDLERS: dict[str, Handler] = {
    **{name: _named(kind) for name, kind in _elementwise.items()},
    **{name: _binary(kind) for name, kind in _pairs.items()},
    "AddN": _add_n, "All": _reduce("REDUCE_ALL"), "Any": _reduce("REDUCE_ANY"),
    "ArgMax": _arg("ARG_MAX"), "ArgMin": _arg("ARG_MIN"), "BatchMatMul": _matmul,
    "BatchMatMulV2": _matmul, "BatchMatMulV3": _matmul, "ClipByValue": _clip,
    "DivNoNan": _div_no_nan, "Einsum": _einsum, "Erf": _erf, "Expm1": _expm1, "LeakyRelu": _leaky,
    "Log1p": _log1p, "MatMul": _matmul, "Max": _reduce("REDUCE_MAX"), "Mean": _reduce("MEAN"),
    "Min": _reduce("REDUCE_MIN"), "Prod": _reduce("REDUCE_PROD"), "Reciprocal": _reciprocal,
    "Select": _select, "SelectV2": _select, "Selu": _selu, "Softmax": _softmax,
    "Softplus": _softplus, "Softsign": _softsign, "Sum": _reduce("SUM"), "TopKV2": _top_k,
}
