# SPDX-License-Identifier: Apache-2.0
"""ONNX's QuantizeLinear and DequantizeLinear."""

from __future__ import annotations

import numpy as np

from ...building import shapes
from ...format.graph import ConvertError, Quantization, Tensor, signature
from .layout import Value, plain
from .node import Handler, Node


def _parameters(n: Node, value: Value, dtype: str) -> Quantization:
    scale = n.array(1, "the scale").astype(np.float32).reshape(-1)
    zero = n.array(2, "the zero point").astype(np.int64).reshape(-1) if n.has(2) else \
        np.zeros(scale.size, np.int64)
    axis = value.axis(n.integer("axis", 1)) if scale.size > 1 else 0
    if scale.size != zero.size or not np.all(scale > 0) or n.integer("block_size", 0) or (
            scale.size > 1 and signature(value.tensor)[axis] != scale.size):
        raise ConvertError("has %d scales and %d zero points for %s"
                           % (scale.size, zero.size, list(value.shape)))
    if dtype not in ("INT8", "UINT8", "INT16", "INT32"):
        raise ConvertError("to %s is not supported" % dtype)
    return Quantization(scale, zero, axis)


def _quantize(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    dtype = n.plain(2).dtype if n.has(2) else "UINT8"
    quantization = _parameters(n, value, dtype)
    out = n.b.emit("QUANTIZE", [value.tensor], signature(value.tensor), dtype)
    out.quantization = quantization
    n.put(out, value.order)


def _dequantize(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    x = value.tensor
    quantization = _parameters(n, value, x.dtype)
    if x.data is not None:
        shape = [1] * len(x.shape)
        if quantization.scale.size > 1:
            shape[quantization.axis] = -1
        scale, zero = (a.reshape(shape) for a in (quantization.scale, quantization.zero_point))
        real = (x.data.astype(np.int64) - zero).astype(np.float32) * scale
        n.put(n.b.constant(real.reshape(x.shape).astype(np.float32)), value.order)
        return
    if x.quantization is None:
        x.quantization = quantization
    elif not (np.array_equal(x.quantization.scale, quantization.scale)
              and np.array_equal(x.quantization.zero_point, quantization.zero_point)):
        raise ConvertError("has another scale than the one that its input was quantized with")
    n.put(n.b.emit("DEQUANTIZE", [x], signature(x), "FLOAT32"), value.order)


HANDLERS: dict[str, Handler] = {"DequantizeLinear": _dequantize, "QuantizeLinear": _quantize}
__all__ = ["HANDLERS", "Tensor", "shapes"]
