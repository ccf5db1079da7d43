# SPDX-License-Identifier: Apache-2.0
"""Constants as integers, and the biases that belong to them."""

from __future__ import annotations

import numpy as np

from ..format.graph import Array, Quantization

LEVELS = {"INT8": (-128, 127), "INT16": (-32768, 32767), "UINT8": (0, 255)}
MOST = {"INT8": 127, "INT4": 7}  # weights are symmetric: the least value has no counterpart
_SHRINK = np.linspace(1.0, 0.4, 31)  # shares of the greatest weight that are tried
_SEARCHED = 1 << 19  # weights of a layer are looked at for that
_BIAS_LIMIT = {"INT32": 2**31 - 1, "INT64": 2**39}
_DEAD_STEPS = 2**24  # of the bias of a channel whose weights are all zero


def over_axis(values: Array, axis: int, rank: int) -> Array:
    """One value for each index of `axis`, shaped to meet an array of that rank."""
    return values.reshape([-1 if i == axis else 1 for i in range(rank)])


def greatest(data: Array, axis: int | None) -> Array:
    """The greatest magnitude, of each index of `axis` or of all."""
    if axis is None:
        return np.asarray(np.maximum(data.max(initial=0), -data.min(initial=0))).reshape(1)
    others = tuple(i for i in range(data.ndim) if i != axis)
    return np.asarray(np.maximum(data.max(axis=others, initial=0), -data.min(axis=others, initial=0)))


def weight_scale(data: Array, axis: int | None, dtype: str = "INT8", search: bool = False) -> Array:
    """Scales that cover all weights, or those with the least squared error."""
    full = greatest(data, axis).astype(np.float64) / MOST[dtype]
    if not search:
        return full
    some = _some(data, axis)
    errors = np.stack([_errors(some, full * share, None if axis is None else 0, dtype)
                       for share in _SHRINK])
    return np.asarray(full * _SHRINK[errors.argmin(axis=0)])


def _some(data: Array, axis: int | None) -> Array:
    """As many of the weights as tell the error, those of each channel in a row."""
    rows = data.reshape(1, -1) if axis is None else np.moveaxis(data, axis, 0).reshape(
        data.shape[axis], -1)
    return rows[:, ::max(1, rows.size // _SEARCHED | 1)]


def _errors(data: Array, scale: Array, axis: int | None, dtype: str) -> Array:
    """The squared error of each scale."""
    spread = scale if axis is None else over_axis(scale, axis, data.ndim)
    error = (integers(data, spread, dtype) * spread - data) ** 2
    if axis is None:
        return np.asarray(error.sum().reshape(1))
    return np.asarray(error.sum(axis=tuple(i for i in range(data.ndim) if i != axis)))


def integers(data: Array, scale: Array, dtype: str) -> Array:
    """The nearest symmetric integers, one int8 each."""
    spread = np.asarray(scale, np.float32)
    steps = np.divide(data, spread, out=np.zeros(data.shape, np.float32), where=spread > 0)
    np.clip(np.rint(steps, out=steps), -MOST[dtype], MOST[dtype], out=steps)
    return steps.astype(np.int8)


def settle_scale(scale: Array, bias: Array | None, input_scale: float, bias_type: str) -> Array:
    """Scales with which the bias is neither too large for its type nor, where no weight is, coarse."""
    scale = scale.astype(np.float64)
    if bias is None:
        return np.where(scale > 0, scale, max(scale.max(initial=0), 1e-6)).astype(np.float32)
    size = np.abs(bias.astype(np.float64)) / input_scale
    if scale.size == 1:
        size = size.max(initial=0).reshape(1)
    dead = np.where(size > 0, size / _DEAD_STEPS, max(scale.max(initial=0), 1e-6))
    scale = np.where(scale > 0, scale, dead)
    return np.maximum(scale, size / (_BIAS_LIMIT[bias_type] * 0.999)).astype(np.float32)


def quantized_weights(data: Array, scale: Array, axis: int | None, dtype: str = "INT8"
                      ) -> tuple[Array, Quantization]:
    spread = scale if axis is None else over_axis(scale, axis, data.ndim)
    quantization = Quantization(scale.astype(np.float32), np.zeros(scale.size, np.int64), axis or 0)
    return integers(data, spread, dtype), quantization


def quantized_bias(bias: Array, input_scale: float, weight_scale: Array, bias_type: str
                   ) -> tuple[Array, Quantization]:
    """A bias in steps of input scale times weight scale."""
    scale = (np.float32(input_scale) * weight_scale.astype(np.float32)).astype(np.float32)
    steps = np.round(bias.astype(np.float64) / scale.astype(np.float64))
    limit = _BIAS_LIMIT[bias_type]
    values = np.clip(steps, -limit, limit).astype(np.int32 if bias_type == "INT32" else np.int64)
    return values, Quantization(scale, np.zeros(scale.size, np.int64))


def quantized_values(data: Array, quantization: Quantization, dtype: str) -> Array:
    """Values that are no weights: with a zero point."""
    low, high = LEVELS[dtype]
    scale, zero = float(quantization.scale[0]), int(quantization.zero_point[0])
    steps = np.round(data.astype(np.float64) / scale) + zero
    dtypes = {"INT8": "i1", "UINT8": "u1", "INT16": "<i2"}
    return np.asarray(np.clip(steps, low, high), dtypes[dtype])


def real_values(data: Array, quantization: Quantization | None) -> Array:
    """What integers stand for."""
    if quantization is None:
        return data.astype(np.float32)
    scale, zero = quantization.scale, quantization.zero_point
    if scale.size > 1:
        scale = over_axis(scale, quantization.axis, data.ndim)
        zero = over_axis(zero, quantization.axis, data.ndim)
    values = data.astype(np.float32)
    values -= zero.astype(np.float32)
    values *= scale
    return values
