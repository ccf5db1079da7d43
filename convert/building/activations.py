# SPDX-License-Identifier: Apache-2.0
"""Activation functions by the names that Keras gives them, of operators."""

from __future__ import annotations

import typing

from ..format.graph import Tensor
from .keras_builder import Builder, Unsupported

Function = typing.Callable[[Builder, Tensor], Tensor]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activate(b: Builder, x: Tensor, name: str, keras: int) -> Tensor:
    """`keras`: the version, where 2 and 3 differ."""
    name = name.lower()
    if keras >= 3 and name == "hard_sigmoid":
        return hard_sigmoid_3(b, x)
    if name not in FUNCTIONS:
        raise Unsupported("activation %s is not supported" % name)
    return FUNCTIONS[name](b, x)


def _unary(kind: str, **options: typing.Any) -> Function:
    return lambda b, x: b.unary(kind, x, **options)


def clip(b: Builder, x: Tensor, low: float, high: float) -> Tensor:
    if (low, high) == (0, 6):
        return b.unary("RELU6", x)
    if (low, high) == (-1, 1):
        return b.unary("RELU_N1_TO_1", x)
    above = b.unary("RELU", x) if low == 0 else b.binary("MAXIMUM", x, low)
    return b.binary("MINIMUM", above, high)


def hard_sigmoid(b: Builder, x: Tensor) -> Tensor:
    return clip(b, b.binary("ADD", b.binary("MUL", x, 0.2), 0.5), 0, 1)


def hard_sigmoid_3(b: Builder, x: Tensor) -> Tensor:
    return b.binary("MUL", b.unary("RELU6", b.binary("ADD", x, 3.0)), 1 / 6)


def elu(b: Builder, x: Tensor, alpha: float) -> Tensor:
    if alpha == 1:
        return b.unary("ELU", x)
    below = b.binary("MUL", b.unary("ELU", b.binary("MINIMUM", x, 0.0)), alpha)
    return b.binary("ADD", b.unary("RELU", x), below)


def selu(b: Builder, x: Tensor) -> Tensor:
    return b.binary("MUL", elu(b, x, SELU_ALPHA), SELU_SCALE)


def softplus(b: Builder, x: Tensor) -> Tensor:
    """max(x, 0) + log(1 + exp(-|x|)), which does not overflow."""
    small = b.unary("EXP", b.unary("NEG", b.unary("ABS", x)))
    return b.binary("ADD", b.unary("RELU", x), b.unary("LOG", b.binary("ADD", small, 1.0)))


def softsign(b: Builder, x: Tensor) -> Tensor:
    return b.binary("DIV", x, b.binary("ADD", b.unary("ABS", x), 1.0))


def swish(b: Builder, x: Tensor) -> Tensor:
    return b.binary("MUL", x, b.unary("LOGISTIC", x))


def mish(b: Builder, x: Tensor) -> Tensor:
    return b.binary("MUL", x, b.unary("TANH", softplus(b, x)))


def log_sigmoid(b: Builder, x: Tensor) -> Tensor:
    return b.unary("NEG", softplus(b, b.unary("NEG", x)))


def softmax(b: Builder, x: Tensor, axis: int = -1) -> Tensor:
    rank = len(x.shape)
    if not -rank <= axis < rank:
        raise Unsupported("axis %d of a tensor of %d dimensions" % (axis, rank))
    if axis % rank == rank - 1:
        return b.softmax(x)
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return b.transpose(b.softmax(b.transpose(x, order)), order)


FUNCTIONS: dict[str, Function] = {
    "linear": lambda b, x: x,
    "elu": _unary("ELU"),
    "exponential": _unary("EXP"),
    "gelu": _unary("GELU", approximate=False),
    "gelu_new": _unary("GELU", approximate=True),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": _unary("HARD_SWISH"),
    "hard_swish": _unary("HARD_SWISH"),
    "hardsigmoid": hard_sigmoid,
    "hard_tanh": lambda b, x: clip(b, x, -1, 1),
    "leaky_relu": _unary("LEAKY_RELU", alpha=0.2),
    "log_sigmoid": log_sigmoid,
    "log_softmax": _unary("LOG_SOFTMAX"),
    "logsoftmax": _unary("LOG_SOFTMAX"),
    "mish": mish,
    "relu": _unary("RELU"),
    "relu6": _unary("RELU6"),
    "selu": selu,
    "sigmoid": _unary("LOGISTIC"),
    "silu": swish,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "swish": swish,
    "tanh": _unary("TANH"),
}
