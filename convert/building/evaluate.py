# SPDX-License-Identifier: Apache-2.0
"""What operators of the format compute, with numpy: for those whose inputs are all constants."""

from __future__ import annotations

import math
import typing

import numpy as np

from ..format.graph import Array

Inputs = typing.Sequence[Array]
Options = typing.Mapping[str, typing.Any]
Function = typing.Callable[[Inputs, Options], typing.Any]

DTYPES = {"FLOAT32": np.float32, "FLOAT16": np.float16, "FLOAT64": np.float64, "INT8": np.int8,
          "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8,
          "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64, "BOOL": np.bool_,
          "COMPLEX64": np.complex64}
NAMES = {np.dtype(d): n for n, d in DTYPES.items()}


def _axes(axes: Array, rank: int) -> tuple[int, ...]:
    return tuple(sorted({int(a) % rank for a in axes.reshape(-1)})) if rank else ()


def _reduction(function: typing.Callable[..., Array]) -> Function:
    return lambda x, o: function(x[0], axis=_axes(x[1], x[0].ndim), keepdims=bool(o["keep_dims"]))


def _quotient(x: Inputs, _: Options) -> Array:
    if x[0].dtype.kind == "f":
        return np.asarray(np.divide(x[0], x[1]))
    if not np.all(x[1]):
        raise ValueError("division by zero")
    return np.asarray(np.abs(x[0]) // np.abs(x[1]) * np.sign(x[0]) * np.sign(x[1]), x[0].dtype)


def strided_box(shape: typing.Sequence[int], begin: Array, end: Array, strides: Array,
                o: Options) -> tuple[slice, ...]:
    """The part of each dimension that STRIDED_SLICE takes, before it drops the shrunk ones."""
    box = []
    for i, size in enumerate(shape):
        if i >= len(begin):
            box.append(slice(None))
        elif o["shrink_axis_mask"] >> i & 1:
            at = int(begin[i]) % size if -size <= begin[i] < size else size
            box.append(slice(at, at + 1))
        else:
            first = None if o["begin_mask"] >> i & 1 else int(begin[i])
            last = None if o["end_mask"] >> i & 1 else int(end[i])
            box.append(slice(first, last, int(strides[i])))
    return tuple(box)


def _strided_slice(x: Inputs, o: Options) -> Array:
    part = x[0][strided_box(x[0].shape, x[1], x[2], x[3], o)]
    drop = tuple(i for i in range(len(x[1])) if o["shrink_axis_mask"] >> i & 1)
    return typing.cast(Array, np.squeeze(part, drop))


def _slice(x: Inputs, _: Options) -> Array:
    size = [n - b if s < 0 else s for n, b, s in zip(x[0].shape, x[1].tolist(), x[2].tolist())]
    return x[0][tuple(slice(b, b + s) for b, s in zip(x[1].tolist(), size))]


def _one_hot(x: Inputs, o: Options) -> Array:
    hot = np.expand_dims(x[0], o["axis"] if o["axis"] >= 0 else x[0].ndim)
    depth = np.arange(int(x[1].item()))
    axis = o["axis"] if o["axis"] >= 0 else x[0].ndim
    shape = [1] * hot.ndim
    shape[axis] = -1
    return np.where(hot == depth.reshape(shape), x[2], x[3])


def _softmax(x: Inputs, o: Options) -> Array:
    e = np.exp((x[0] - x[0].max(-1, keepdims=True)) * o["beta"])
    return typing.cast(Array, e / e.sum(-1, keepdims=True))


def _pad(x: Inputs, _: Options) -> Array:
    value = x[2].item() if len(x) > 2 else 0
    return np.pad(x[0], x[1].tolist(), constant_values=value)


def _cast(x: Inputs, o: Options) -> Array:
    with np.errstate(all="ignore"):
        return x[0].astype(DTYPES[o["out_data_type"]])


def _float(function: typing.Callable[[Array], typing.Any]) -> Function:
    return lambda x, o: function(x[0])


def _both(function: typing.Callable[[Array, Array], typing.Any]) -> Function:
    return lambda x, o: function(x[0], x[1])


def _split(x: Inputs, o: Options) -> list[Array]:
    return np.split(x[1], o["num_splits"], int(x[0].item()))


def _split_v(x: Inputs, o: Options) -> list[Array]:
    return np.split(x[0], np.cumsum(x[1])[:-1].tolist(), int(x[2].item()))


def _cumsum(x: Inputs, o: Options) -> Array:
    axis = int(x[1].item())
    values = np.flip(x[0], axis) if o["reverse"] else x[0]
    sums = np.cumsum(values, axis, values.dtype)
    sums = sums - values if o["exclusive"] else sums
    return np.asarray(np.flip(sums, axis) if o["reverse"] else sums)


# Those that only move values, for which what is known of each value moves along.
MOVES: dict[str, Function] = {
    "BROADCAST_TO": lambda x, o: np.broadcast_to(x[0], x[1].tolist()),
    "CONCATENATION": lambda x, o: np.concatenate(list(x), o["axis"]),
    "GATHER": lambda x, o: np.take(x[0], x[1], o["axis"]),
    "PACK": lambda x, o: np.stack(list(x), o["axis"]),
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": lambda x, o: np.reshape(x[0], x[1].tolist()),
    "REVERSE_V2": lambda x, o: np.flip(x[0], _axes(x[1], x[0].ndim)),
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "TILE": lambda x, o: np.tile(x[0], x[1].tolist()),
    "TRANSPOSE": lambda x, o: np.transpose(x[0], x[1].tolist()),
    "UNPACK": lambda x, o: [np.take(x[0], i, o["axis"]) for i in range(x[0].shape[o["axis"]])],
}

REDUCTIONS: dict[str, Function] = {
    "MEAN": _reduction(np.mean),
    "REDUCE_ALL": _reduction(np.all),
    "REDUCE_ANY": _reduction(np.any),
    "REDUCE_MAX": _reduction(np.max),
    "REDUCE_MIN": _reduction(np.min),
    "REDUCE_PROD": _reduction(np.prod),
    "SUM": _reduction(np.sum),
}

FUNCTIONS: dict[str, Function] = {
    **MOVES,
    **REDUCTIONS,
    "ABS": _float(np.abs),
    "ADD": _both(np.add),
    "ARG_MAX": lambda x, o: np.argmax(x[0], int(x[1].item())),
    "ARG_MIN": lambda x, o: np.argmin(x[0], int(x[1].item())),
    "CAST": _cast,
    "CEIL": _float(np.ceil),
    "COS": _float(np.cos),
    "CUMSUM": _cumsum,
    "DIV": _quotient,
    "EQUAL": _both(np.equal),
    "ERF": _float(np.vectorize(math.erf, [np.float32])),
    "EXP": _float(np.exp),
    "FILL": lambda x, o: np.full(x[0].tolist(), x[1]),
    "FLOOR": _float(np.floor),
    "FLOOR_DIV": _both(np.floor_divide),
    "FLOOR_MOD": _both(np.mod),
    "GREATER": _both(np.greater),
    "GREATER_EQUAL": _both(np.greater_equal),
    "LESS": _both(np.less),
    "LESS_EQUAL": _both(np.less_equal),
    "LOG": _float(np.log),
    "LOGICAL_AND": _both(np.logical_and),
    "LOGICAL_NOT": _float(np.logical_not),
    "LOGICAL_OR": _both(np.logical_or),
    "LOGISTIC": _float(lambda x: 1 / (1 + np.exp(-x))),
    "MAXIMUM": _both(np.maximum),
    "MINIMUM": _both(np.minimum),
    "MUL": _both(np.multiply),
    "NEG": _float(np.negative),
    "NOT_EQUAL": _both(np.not_equal),
    "ONE_HOT": _one_hot,
    "POW": _both(np.power),
    "RANGE": lambda x, o: np.arange(x[0].item(), x[1].item(), x[2].item(), x[0].dtype),
    "RELU": _float(lambda x: np.maximum(x, 0)),
    "ROUND": _float(np.rint),
    "RSQRT": _float(lambda x: 1 / np.sqrt(x)),
    "SELECT_V2": lambda x, o: np.where(x[0], x[1], x[2]),
    "SIGN": _float(np.sign),
    "SIN": _float(np.sin),
    "SOFTMAX": _softmax,
    "SQRT": _float(np.sqrt),
    "SQUARE": _float(np.square),
    "SQUARED_DIFFERENCE": _both(lambda a, b: np.square(a - b)),
    "SUB": _both(np.subtract),
    "TANH": _float(np.tanh),
}
