# SPDX-License-Identifier: Apache-2.0
"""TensorFlow operators of pictures: convolution, pools, normalization, resizing."""

from __future__ import annotations

import numpy as np

from ...building import maths, shapes, windows
from ...building.windows import Pair, Window
from ...format.graph import Array, ConvertError, Tensor, signature
from .node import Handler, Node


def _two(values: list[int], what: str) -> Pair:
    if len(values) != 4 or values[0] != 1 or values[3] != 1:
        raise ConvertError("has %s %s" % (what, values))
    return values[1], values[2]


def _window(n: Node, size: Pair) -> Window:
    if n.text("data_format", "NHWC") != "NHWC":
        raise ConvertError("with data format '%s' is not supported" % n.text("data_format"))
    strides = _two(n.integers("strides"), "strides")
    dilations = _two(n.integers("dilations", [1, 1, 1, 1]), "dilations")
    padding = n.text("padding")
    if padding == "EXPLICIT":
        p = n.integers("explicit_paddings")
        if len(p) != 8 or any(p[i] for i in (0, 1, 6, 7)):
            raise ConvertError("has the paddings %s" % p)
        return Window(size, strides, dilations, ((p[2], p[3]), (p[4], p[5])))
    if padding not in ("SAME", "VALID"):
        raise ConvertError("has the padding '%s'" % padding)
    return Window(size, strides, dilations, same=padding == "SAME")


def _filter(n: Node) -> Array:
    data = n.array(1, "the filter")
    if data.ndim != 4 or not data.size:
        raise ConvertError("has a filter of the shape %s" % list(data.shape))
    return data


def _zeros(n: Node, channels: int) -> Tensor:
    """A bias, which programs that read these files expect."""
    return n.b.constant(np.zeros(channels, np.float32), name=n.name + "/bias")


def _conv(n: Node) -> None:
    data = _filter(n)  # [height, width, in, out]
    weights = n.b.constant(np.ascontiguousarray(data.transpose(3, 0, 1, 2)),
                           name=n.name + "/weights")
    n.put(windows.conv_2d(n.b, n.tensor(0), weights, _zeros(n, data.shape[3]),
                          _window(n, (data.shape[0], data.shape[1]))))


def _depthwise(n: Node) -> None:
    data = _filter(n)  # [height, width, in, multiplier]
    high, wide, channels, multiplier = data.shape
    weights = n.b.constant(data.reshape(1, high, wide, channels * multiplier),
                           name=n.name + "/weights")
    n.put(windows.depthwise(n.b, n.tensor(0), weights, _zeros(n, channels * multiplier),
                            _window(n, (high, wide))))


def _transpose_conv(n: Node) -> None:
    """The gradient of a convolution: the result's shape, the filter, what comes in."""
    shape = shapes.constant_of(n.tensor(0), "the result's shape").reshape(-1).tolist()
    data = _filter(n)  # [height, width, out, in]
    if len(shape) != 4:
        raise ConvertError("has a result of %d dimensions" % len(shape))
    weights = n.b.constant(np.ascontiguousarray(data.transpose(2, 0, 1, 3)),
                           name=n.name + "/weights")
    w = _window(n, (data.shape[0], data.shape[1]))
    if w.pads != windows.NO_PADS:
        raise ConvertError("with explicit paddings is not supported")
    n.put(windows.transpose_conv(n.b, n.tensor(2), weights, _zeros(n, data.shape[2]), w,
                                 size=(int(shape[1]), int(shape[2]))))


def _bias_add(n: Node) -> None:
    if n.text("data_format", "NHWC") != "NHWC":
        raise ConvertError("with data format '%s' is not supported" % n.text("data_format"))
    n.put(maths.binary(n.b, "ADD", n.tensor(0), n.tensor(1)))


def _batch_norm(n: Node) -> None:
    if n.flag("is_training", True):
        raise ConvertError("in training mode is not supported")
    if n.text("data_format", "NHWC") not in ("NHWC", "NDHWC"):
        raise ConvertError("with data format '%s' is not supported" % n.text("data_format"))
    x = n.tensor(0)
    scale, offset, mean, variance = (n.array(i).astype(np.float64).reshape(-1) for i in range(1, 5))
    if {a.size for a in (scale, offset, mean, variance)} != {signature(x)[-1]}:
        raise ConvertError("has %d scales for %s" % (scale.size, list(signature(x))))
    factor = scale / np.sqrt(variance + n.real("epsilon", 1e-4))
    out = maths.binary(n.b, "MUL", x, n.b.constant(factor.astype(np.float32)))
    shift = (offset - mean * factor).astype(np.float32)
    n.put(maths.binary(n.b, "ADD", out, n.b.constant(shift)))


def _pool(kind: str) -> Handler:
    def handle(n: Node) -> None:
        w = _window(n, _two(n.integers("ksize"), "sizes"))
        n.put(windows.pool(n.b, kind, n.tensor(0), w))
    return handle


def _resize(kind: str) -> Handler:
    def handle(n: Node) -> None:
        size = n.list_of_integers(1, "the size")
        if len(size) != 2:
            raise ConvertError("has %d sizes" % len(size))
        x = n.tensor(0)
        if kind == "RESIZE_BILINEAR":
            x = maths.cast(n.b, x, "FLOAT32")
        n.put(windows.resize(n.b, kind, x, (size[0], size[1]), n.flag("align_corners"),
                             n.flag("half_pixel_centers")))
    return handle


def _lrn(n: Node) -> None:
    options = {"radius": n.integer("depth_radius", 5), "bias": n.real("bias", 1.0),
               "alpha": n.real("alpha", 1.0), "beta": n.real("beta", 0.5)}
    n.put(maths.unary(n.b, "LOCAL_RESPONSE_NORMALIZATION", n.tensor(0), **options))


HANDLERS: dict[str, Handler] = {
    "AvgPool": _pool("AVERAGE_POOL_2D"), "BiasAdd": _bias_add, "Conv2D": _conv,
    "Conv2DBackpropInput": _transpose_conv, "DepthwiseConv2dNative": _depthwise,
    "FusedBatchNorm": _batch_norm, "FusedBatchNormV2": _batch_norm, "FusedBatchNormV3": _batch_norm,
    "LRN": _lrn, "MaxPool": _pool("MAX_POOL_2D"), "ResizeBilinear": _resize("RESIZE_BILINEAR"),
    "ResizeNearestNeighbor": _resize("RESIZE_NEAREST_NEIGHBOR"),
}
