# SPDX-License-Identifier: Apache-2.0
"""Activation functions by the names that Keras gives them, of operators."""

from __future__ import annotations

import typing

from ...building import maths
from ...building.builder import Builder
from ...format.graph import Tensor
from .context import Unsupported

Function = typing.Callable[[Builder, Tensor], Tensor]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activate(b: Builder, x: Tensor, name: str, keras: int) -> Tensor:
    """`keras`: the version, where 2 and 3 differ."""
    name = name.lower()
    if keras >= 3 and name == "hard_sigmoid":
        return maths.hard_sigmoid(b, x, 1 / 6, 0.5)
    if name not in FUNCTIONS:
        raise Unsupported("activation %s is not supported" % name)
    return FUNCTIONS[name](b, x)


def _unary(kind: str, **options: typing.Any) -> Function:
    return lambda b, x: maths.unary(b, kind, x, **options)


def hard_sigmoid_2(b: Builder, x: Tensor) -> Tensor:
    return maths.hard_sigmoid(b, x, 0.2, 0.5)


def softsign(b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "DIV", x, maths.binary(b, "ADD", maths.unary(b, "ABS", x), 1.0))


def swish(b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "MUL", x, maths.unary(b, "LOGISTIC", x))


def mish(b: Builder, x: Tensor) -> Tensor:
    return maths.binary(b, "MUL", x, maths.unary(b, "TANH", maths.softplus(b, x)))


def log_sigmoid(b: Builder, x: Tensor) -> Tensor:
    return maths.unary(b, "NEG", maths.softplus(b, maths.unary(b, "NEG", x)))


def softmax(b: Builder, x: Tensor, axis: int = -1) -> Tensor:
    return maths.along_last(b, "SOFTMAX", x, axis, beta=1.0)


FUNCTIONS: dict[str, Function] = {
    "linear": lambda b, x: x,
    "elu": _unary("ELU"),
    "exponential": _unary("EXP"),
    "gelu": _unary("GELU", approximate=False),
    "gelu_new": _unary("GELU", approximate=True),
    "hard_sigmoid": hard_sigmoid_2,
    "hard_silu": _unary("HARD_SWISH"),
    "hard_swish": _unary("HARD_SWISH"),
    "hardsigmoid": hard_sigmoid_2,
    "hard_tanh": lambda b, x: maths.clip(b, x, -1.0, 1.0),
    "leaky_relu": _unary("LEAKY_RELU", alpha=0.2),
    "log_sigmoid": log_sigmoid,
    "log_softmax": _unary("LOG_SOFTMAX"),
    "logsoftmax": _unary("LOG_SOFTMAX"),
    "mish": mish,
    "relu": _unary("RELU"),
    "relu6": _unary("RELU6"),
    "selu": lambda b, x: maths.selu(b, x, SELU_ALPHA, SELU_SCALE),
    "sigmoid": _unary("LOGISTIC"),
    "silu": swish,
    "softmax": softmax,
    "softplus": maths.softplus,
    "softsign": softsign,
    "swish": swish,
    "tanh": _unary("TANH"),
}
