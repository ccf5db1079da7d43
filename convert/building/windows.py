# SPDX-License-Identifier: Apache-2.0
"""Convolutions, pools and resizing of [batch, height, width, channels], from any padding: the one
that the format has a name for where it fits, else a PAD before the operator."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import ConvertError, Tensor, signature
from . import maths, shapes
from .builder import Builder

Pair = typing.Tuple[int, int]
NO_PADS: tuple[Pair, Pair] = ((0, 0), (0, 0))
LARGEST_WINDOW = 1 << 16


@dataclasses.dataclass(frozen=True)
class Window:
    """Height and width of what slides over a picture; `same`: TensorFlow's padding of that name."""

    size: Pair
    strides: Pair = (1, 1)
    dilations: Pair = (1, 1)
    pads: tuple[Pair, Pair] = NO_PADS  # before and after, of height and of width
    same: bool = False

    def check(self) -> None:
        for name, values in (("size", self.size), ("strides", self.strides),
                             ("dilations", self.dilations)):
            if min(values) < 1 or max(values) > LARGEST_WINDOW:
                raise ConvertError("%s %s of a window" % (name, list(values)))
        if max(abs(p) for pair in self.pads for p in pair) > LARGEST_WINDOW:
            raise ConvertError("padding %s of a window" % (self.pads,))

    def extent(self, axis: int) -> int:
        return (self.size[axis] - 1) * self.dilations[axis] + 1

    def options(self, padding: str) -> dict[str, typing.Any]:
        return {"padding": padding, "stride_h": self.strides[0], "stride_w": self.strides[1],
                "fused_activation_function": "NONE"}

    def dilated(self) -> dict[str, int]:
        return {"dilation_h_factor": self.dilations[0], "dilation_w_factor": self.dilations[1]}


def same_pads(size: int, extent: int, stride: int) -> Pair:
    """What the padding SAME adds before and after."""
    total = max(0, (-(-size // stride) - 1) * stride + extent - size)
    return total // 2, total - total // 2


def is_same(x: Tensor, w: Window) -> bool:
    """Whether the padding is what SAME would add."""
    if w.same:
        return True
    for axis, size in enumerate(signature(x)[1:3]):
        extent, stride = w.extent(axis), w.strides[axis]
        if size < 0 and stride != 1:
            return False
        if same_pads(extent if size < 0 else size, extent, stride) != w.pads[axis]:
            return False
    return True


def _padding(b: Builder, x: Tensor, w: Window, value: Tensor | None = None) -> tuple[Tensor, str]:
    w.check()
    if len(x.shape) != 4:
        raise ConvertError("input %s has not four dimensions" % list(signature(x)))
    if w.pads == NO_PADS and not w.same:
        return x, "VALID"
    if is_same(x, w):
        return x, "SAME"
    return shapes.pad(b, x, [(0, 0), *w.pads, (0, 0)], value), "VALID"


def _positions(x: Tensor, w: Window, padding: str) -> Pair:
    out = []
    for axis, size in enumerate(signature(x)[1:3]):
        room = size if padding == "SAME" else size - w.extent(axis) + 1
        if size >= 0 and room < 1:
            raise ConvertError(
                "a window of %d does not fit into a size of %d" % (w.extent(axis), size))
        out.append(-1 if size < 0 else -(-room // w.strides[axis]))
    return out[0], out[1]


# ---- convolution ---------------------------------------------------------------------------------


def conv_2d(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None, w: Window) -> Tensor:
    """Weights are [out, height, width, in], or a part of the inputs for each group of outputs."""
    x, padding = _padding(b, x, w)
    channels, per_group, out = signature(x)[3], weights.shape[3], weights.shape[0]
    if channels < 1 or channels % per_group or out % (channels // per_group):
        raise ConvertError("%d channels do not fit weights %s" % (channels, list(weights.shape)))
    shape = (signature(x)[0], *_positions(x, w, padding), out)
    return b.emit("CONV_2D", [x, weights, bias],
                  shape,
                  options={
                      **w.options(padding),
                      **w.dilated()
                  })


def depthwise(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None, w: Window) -> Tensor:
    """Weights are [1, height, width, out]."""
    x, padding = _padding(b, x, w)
    channels, out = signature(x)[3], weights.shape[3]
    if channels < 1 or out % channels:
        raise ConvertError("%d channels do not fit weights %s" % (channels, list(weights.shape)))
    options = {**w.options(padding), **w.dilated(), "depth_multiplier": out // channels}
    shape = (signature(x)[0], *_positions(x, w, padding), out)
    return b.emit("DEPTHWISE_CONV_2D", [x, weights, bias], shape, options=options)


def transpose_conv(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None, w: Window,
                   extra: Pair = (0, 0), size: Pair | None = None) -> Tensor:
    """Weights are [out, height, width, in]; pads are cut from the result, and `extra` is added.
    With `size`, that is the result's height and width, under the padding SAME or VALID."""
    w.check()
    n, h, wide, channels = signature(x)
    if channels != weights.shape[3] or -1 in (h, wide):
        raise ConvertError("input %s does not fit weights %s" % (list(signature(x)),
                                                               list(weights.shape)))
    if w.dilations != (1, 1):
        weights = _dilate(b, weights, w)
    full = [(s - 1) * w.strides[i] + w.extent(i) for i, s in enumerate((h, wide))]
    wanted = size or tuple(f - sum(w.pads[i]) + extra[i] for i, f in enumerate(full))
    same = w.same or all(
        -(-wanted[i] // w.strides[i]) == s
        and same_pads(wanted[i], w.extent(i), w.strides[i])[0] == w.pads[i][0]
        for i, s in enumerate((h, wide)))
    if same or size:
        return _transposed(b, x, weights, bias, w, (wanted[0], wanted[1]), same)
    grown = [max(f, w.pads[i][0] + wanted[i]) for i, f in enumerate(full)]
    if any(g - f >= w.strides[i] for i, (g, f) in enumerate(zip(grown, full))):
        raise ConvertError("output padding %s is not below the strides" % list(extra))
    out = _transposed(b, x, weights, bias, w, (grown[0], grown[1]), False)
    return shapes.slice_box(b, out, {i + 1: (w.pads[i][0], w.pads[i][0] + wanted[i])
                                     for i in range(2)})


def _transposed(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None, w: Window, size: Pair,
                same: bool) -> Tensor:
    if min(size) < 1:
        raise ConvertError("a result of %d x %d" % size)
    shape = (signature(x)[0], *size, weights.shape[0])
    inputs = [b.integers([abs(s) for s in shape]), weights, x] + ([bias] if bias else [])
    return b.emit("TRANSPOSE_CONV", inputs, shape, x.dtype, w.options("SAME" if same else "VALID"))


def _dilate(b: Builder, weights: Tensor, w: Window) -> Tensor:
    data = shapes.constant_of(weights, "the filter")
    out, _, _, channels = data.shape
    if out * w.extent(0) * w.extent(1) * channels > 1 << 26:
        raise ConvertError("a dilated filter is too large")
    wide = np.zeros((out, w.extent(0), w.extent(1), channels), data.dtype)
    wide[:, ::w.dilations[0], ::w.dilations[1]] = data
    return b.constant(wide, name=weights.name)


# ---- pools ---------------------------------------------------------------------------------------


def pool(b: Builder, kind: str, x: Tensor, w: Window, count_pads: bool = False) -> Tensor:
    """MAX_POOL_2D or AVERAGE_POOL_2D, which counts padding as values or not at all."""
    if w.dilations != (1, 1):
        raise ConvertError("dilations %s of a pool" % list(w.dilations))
    w.check()
    average = kind == "AVERAGE_POOL_2D"
    if average and w.pads != NO_PADS and not w.same and (count_pads or not is_same(x, w)):
        return _padded_average(b, x, w, count_pads)
    lowest = None if average or w.pads == NO_PADS else b.constant(_lowest(x), x.dtype)
    x, padding = _padding(b, x, w, lowest)
    shape = (signature(x)[0], *_positions(x, w, padding), signature(x)[3])
    options = {**w.options(padding), "filter_height": w.size[0], "filter_width": w.size[1]}
    return b.emit(kind, [x], shape, options=options)


def _lowest(x: Tensor) -> float:
    if x.dtype == "FLOAT32":
        return float(np.finfo(np.float32).min)
    return int(np.iinfo(x.dtype.lower()).min)


def _padded_average(b: Builder, x: Tensor, w: Window, count_pads: bool) -> Tensor:
    """An average over the padding's zeros, scaled by how many values each window really had."""
    plain = dataclasses.replace(w, pads=NO_PADS)
    wide = shapes.pad(b, x, [(0, 0), *w.pads, (0, 0)])
    out = pool(b, "AVERAGE_POOL_2D", wide, plain)
    if count_pads:
        return out
    scales = [_scales(size, out.shape[i + 1], w, i) for i, size in enumerate(signature(x)[1:3])]
    factor = (scales[0][:, None] * scales[1][None, :])[None, :, :, None].astype(np.float32)
    return maths.binary(b, "MUL", out, b.constant(factor))


def _scales(size: int, positions: int, w: Window, axis: int) -> np.ndarray[typing.Any, typing.Any]:
    if size < 0:
        raise ConvertError("an average pool with padding needs a fixed height and width")
    first = np.arange(positions) * w.strides[axis] - w.pads[axis][0]
    count = np.minimum(first + w.size[axis], size) - np.maximum(first, 0)
    return np.asarray(w.size[axis] / np.maximum(count, 1))


def ceil_pads(x: Tensor, w: Window) -> Window:
    """Adds at the end what a rounding up of the number of positions takes."""
    pads = []
    for axis, size in enumerate(signature(x)[1:3]):
        before, after = w.pads[axis]
        room = size + before + after - w.extent(axis)
        rest = -room % w.strides[axis] if size >= 0 else 0
        # The last window must begin inside of the picture or of the padding before it.
        if rest and (-(-room // w.strides[axis])) * w.strides[axis] >= size + before:
            rest = 0
        pads.append((before, after + rest))
    return dataclasses.replace(w, pads=(pads[0], pads[1]))


# ---- sizes ---------------------------------------------------------------------------------------


def resize(b: Builder, kind: str, x: Tensor, size: Pair, align_corners: bool,
           half_pixel_centers: bool) -> Tensor:
    """RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR."""
    if min(size) < 1:
        raise ConvertError("a picture of %d x %d" % size)
    n, _, _, channels = signature(x)
    return b.emit(kind, [x, b.integers(size)], (n, *size, channels), options={
        "align_corners": align_corners, "half_pixel_centers": half_pixel_centers})
