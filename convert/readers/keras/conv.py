# SPDX-License-Identifier: Apache-2.0
"""Keras' convolutions, pooling, and other layers of pictures and sequences. Those of sequences are
those of pictures that are one row high."""

from __future__ import annotations

import typing

import numpy as np

from ...building import maths, shapes, windows
from ...building.windows import Pair, Window
from ...format.graph import Array, ConvertError, Tensor, signature
from .context import TFJS, Context, Convert, Unsupported
from .dense import Tensors, then_activate


def _as_rows(c: Context, x: Tensor) -> Tensor:
    c.rank(x, 3)
    return shapes.expand(c.builder, x, [1])


def _weights(c: Context, kernel: str, *others: str) -> dict[str, Array]:
    return c.weights(kernel, *others, *(["bias"] * c.flag("use_bias", True)))


def _bias(c: Context, names: typing.Sequence[str], channels: int) -> Tensor:
    """Zeros where the layer has none: other runtimes expect one."""
    def make() -> Array:
        if not c.flag("use_bias", True):
            return np.zeros(channels)
        return c.shaped(_weights(c, names[0], *names[1:])["bias"], [channels], "bias")
    return c.constant("bias", make)


def _geometry(c: Context, rank: int) -> tuple[list[int], Pair, Pair]:
    """Sizes of the kernel, strides, dilations; for sequences, those of one row."""
    def pair(key: str, otherwise: int) -> Pair:
        sizes = c.sizes(key, rank, otherwise)
        return (1, sizes[0]) if rank == 1 else (sizes[0], sizes[1])

    return (c.sizes("kernel_size", rank), pair("strides", 1), pair("dilation_rate", 1))


def _padded(c: Context, x: Tensor, kernel: int, dilation: int) -> tuple[Tensor, str]:
    """Zeros before the first step, where later ones must not be seen."""
    if c.get("padding", "valid") != "causal":
        return x, c.padding()
    amount = (kernel - 1) * dilation
    return shapes.pad(c.builder, x, [(0, 0), (0, 0), (amount, 0), (0, 0)]), "VALID"


def _window(kernel: Tensor, strides: Pair, dilations: Pair, padding: str) -> Window:
    return Window((kernel.shape[1], kernel.shape[2]), strides, dilations, same=padding == "SAME")


def conv(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        sizes, strides, dilations = _geometry(c, rank)
        x = _as_rows(c, inputs[0]) if rank == 1 else inputs[0]
        c.rank(x, 4)
        x, padding = _padded(c, x, sizes[-1], dilations[1])
        groups, filters = c.integer("groups", 1), c.integer("filters")
        channels = c.fixed(x, -1, "the number of channels")
        if channels % groups or filters % groups:
            raise ConvertError("%d channels and %d filters make no %d groups"
                               % (channels, filters, groups))
        shape = sizes + [channels // groups, filters]
        kernel = c.constant("kernel", lambda: _filters(c, shape))
        bias = _bias(c, ["kernel"], filters)
        made = windows.conv_2d(c.builder, x, kernel, bias,
                               _window(kernel, strides, dilations, padding))
        return then_activate(c, shapes.squeeze(c.builder, made, [1]) if rank == 1 else made)
    return convert


def _filters(c: Context, shape: list[int]) -> Array:
    kernel = c.shaped(_weights(c, "kernel")["kernel"], shape, "kernel")
    return kernel.reshape([1] * (4 - kernel.ndim) + shape).transpose(3, 0, 1, 2)


def depthwise(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        made = _depthwise(c, inputs[0], rank, ["depthwise_kernel"], True)
        return then_activate(c, shapes.squeeze(c.builder, made, [1]) if rank == 1 else made)
    return convert


def _depthwise(c: Context, x: Tensor, rank: int, names: list[str], biased: bool) -> Tensor:
    c.channels_last()
    sizes, strides, dilations = _geometry(c, rank)
    x = _as_rows(c, x) if rank == 1 else x
    c.rank(x, 4)
    x, padding = _padded(c, x, sizes[-1], dilations[1])
    channels, times = c.fixed(x, -1, "the number of channels"), c.integer("depth_multiplier", 1)

    def filters() -> Array:
        found = _weights(c, *names)
        kernel = found.get("depthwise_kernel", found.get("kernel"))
        assert kernel is not None
        c.shaped(kernel, sizes + [channels, times], "depthwise kernel")
        return kernel.reshape([1] * (3 - rank) + sizes + [channels * times])

    kernel = c.constant("depthwise_kernel", filters)
    if biased:
        bias = _bias(c, names, channels * times)
    else:
        bias = c.constant("zeros", lambda: np.zeros(channels * times))
    return windows.depthwise(c.builder, x, kernel, bias,
                             _window(kernel, strides, dilations, padding))


def separable(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        names, filters = ["depthwise_kernel", "pointwise_kernel"], c.integer("filters")
        middle = _depthwise(c, inputs[0], rank, names, False)
        shape = [1] * rank + [middle.shape[3], filters]

        def pointwise() -> Array:
            found = c.shaped(_weights(c, *names)["pointwise_kernel"], shape, "pointwise kernel")
            return found.reshape(1, 1, middle.shape[3], filters).transpose(3, 0, 1, 2)

        kernel = c.constant("pointwise_kernel", pointwise)
        made = windows.conv_2d(c.builder, middle, kernel, _bias(c, names, filters), Window((1, 1)))
        return then_activate(c, shapes.squeeze(c.builder, made, [1]) if rank == 1 else made)
    return convert


def conv_transpose(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        x = _as_rows(c, inputs[0]) if rank == 1 else inputs[0]
        c.rank(x, 4)
        sizes, strides, dilations = _geometry(c, rank)
        if dilations != (1, 1):
            raise Unsupported("dilation_rate %s is not supported" % list(dilations))
        filters, padding = c.integer("filters"), c.padding()
        shape = sizes + [filters, c.fixed(x, -1, "the number of channels")]

        def make() -> Array:
            kernel = c.shaped(_weights(c, "kernel")["kernel"], shape, "kernel")
            return kernel.reshape([1] * (4 - kernel.ndim) + shape).transpose(2, 0, 1, 3)

        kernel = c.constant("kernel", make)
        made = _transposed(c, x, kernel, strides, padding)
        return then_activate(c, shapes.squeeze(c.builder, made, [1]) if rank == 1 else made)
    return convert


def _transposed(c: Context, x: Tensor, kernel: Tensor, strides: Pair, padding: str) -> Tensor:
    if c.get("output_padding", None) not in (None, [None], [None, None]):
        raise Unsupported("output_padding is not supported")
    def size(axis: int) -> int:
        inner, stride = c.fixed(x, axis, "the size of its input"), strides[axis - 1]
        return inner * stride + (max(kernel.shape[axis] - stride, 0) if padding == "VALID" else 0)

    c.fixed(x, 0, "the batch")
    return windows.transpose_conv(c.builder, x, kernel, _bias(c, ["kernel"], kernel.shape[0]),
                                  _window(kernel, strides, (1, 1), padding), size=(size(1), size(2)))


# ---- pooling -------------------------------------------------------------------------------------


def pool(kind: str, rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        x = _as_rows(c, inputs[0]) if rank == 1 else inputs[0]
        c.rank(x, 4)
        size = c.sizes("pool_size", rank, 2)
        strides = size if c.get("strides", None) is None else c.sizes("strides", rank)
        size, strides = ([1] * (2 - rank) + each for each in (size, strides))
        made = windows.pool(c.builder, kind, x, Window(
            (size[0], size[1]), (strides[0], strides[1]), same=c.padding() == "SAME"))
        return shapes.squeeze(c.builder, made, [1]) if rank == 1 else made
    return convert


def global_pool(kind: str, rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        c.rank(inputs[0], rank + 2)
        there = c.kept_steps() if c.layer.kind == "GlobalAveragePooling1D" else None
        if there is not None:
            return _mean_of_steps(c, inputs[0], there)
        axes = list(range(1, rank + 1))
        return maths.reduce(c.builder, kind, inputs[0], axes, c.flag("keepdims", False))
    return convert


def _mean_of_steps(c: Context, x: Tensor, there: Tensor) -> Tensor:
    """Of those that are not left out."""
    b, keep, weights = c.builder, c.flag("keepdims", False), maths.cast(c.builder, there, x.dtype)
    total = maths.reduce(b, "SUM", maths.binary(b, "MUL", x, weights), [1], keep)
    return maths.binary(b, "DIV", total, maths.reduce(b, "SUM", weights, [1], keep))


# ---- sizes ---------------------------------------------------------------------------------------


def _borders(c: Context, key: str, rank: int, otherwise: int) -> list[Pair]:
    """One number for all sides, one for each dimension, or two for each."""
    value = c.get(key, otherwise)
    if rank == 1 and isinstance(value, (list, tuple)) and len(value) == 2:
        value = [value]
    sides = value if isinstance(value, (list, tuple)) else [value] * rank
    pairs = [tuple(side) if isinstance(side, (list, tuple)) else (side, side) for side in sides]
    if len(pairs) != rank or any(len(pair) != 2 or not all(
            isinstance(n, int) and 0 <= n < 1 << 20 for n in pair) for pair in pairs):
        raise c.wrong(key, value, "numbers for %d dimensions" % rank)
    return [(int(a), int(b)) for a, b in pairs]


def zero_padding(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        c.rank(inputs[0], rank + 2)
        return shapes.pad(c.builder, inputs[0], [(0, 0), *_borders(c, "padding", rank, 1), (0, 0)])
    return convert


def cropping(rank: int) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        c.channels_last()
        c.rank(inputs[0], rank + 2)
        return _cropped(c, inputs[0], [(0, 0), *_borders(c, "cropping", rank, 1), (0, 0)])
    return convert


def _cropped(c: Context, x: Tensor, amounts: list[Pair]) -> Tensor:
    """Without so many at the beginning and at the end of each dimension."""
    if any(0 <= n <= sum(two) for n, two in zip(signature(x), amounts)):
        raise ConvertError("nothing is left of the shape %s" % list(signature(x)))
    begin, end = np.array(amounts).T
    masks = [sum(1 << i for i, n in enumerate(side) if not n) for side in (begin, end)]
    return shapes.strided_slice(c.builder, x, begin, -end, np.ones_like(begin),
                                {"begin_mask": masks[0], "end_mask": masks[1]})


def up_sampling_2d(c: Context, inputs: Tensors) -> Tensor:
    c.channels_last()
    x = inputs[0]
    c.rank(x, 4)
    kinds = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "bilinear": "RESIZE_BILINEAR"}
    how = c.text("interpolation", "nearest")
    if how not in kinds:
        raise Unsupported("interpolation %s is not supported" % how)
    height, width = (c.fixed(x, axis, "the size of its picture") * times
                     for axis, times in zip((1, 2), c.pair("size", 2)))
    return windows.resize(c.builder, kinds[how], x, (height, width), False, c.keras != TFJS)


def up_sampling_1d(c: Context, inputs: Tensors) -> Tensor:
    b, x = c.builder, _as_rows(c, inputs[0])
    width = c.fixed(x, 2, "the number of steps") * c.integer("size", 2)
    wide = windows.resize(b, "RESIZE_NEAREST_NEIGHBOR", x, (1, width), False, True)
    return shapes.squeeze(b, wide, [1])


def resizing(c: Context, inputs: Tensors) -> Tensor:
    x = maths.cast(c.builder, inputs[0], "FLOAT32")
    c.rank(x, 4)
    kinds = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "bilinear": "RESIZE_BILINEAR"}
    how = c.text("interpolation", "bilinear")
    if how not in kinds or c.flag("crop_to_aspect_ratio", False) or c.flag(
            "pad_to_aspect_ratio", False) or c.flag("antialias", False):
        raise Unsupported("it resizes by more than nearest or bilinear interpolation")
    size = c.integer("height"), c.integer("width")
    return windows.resize(c.builder, kinds[how], x, size, False, True)


LAYERS: dict[str, Convert] = {
    "AveragePooling1D": pool("AVERAGE_POOL_2D", 1), "AveragePooling2D": pool("AVERAGE_POOL_2D", 2),
    "Conv1D": conv(1), "Conv1DTranspose": conv_transpose(1), "Conv2D": conv(2),
    "Conv2DTranspose": conv_transpose(2), "Cropping1D": cropping(1), "Cropping2D": cropping(2),
    "DepthwiseConv1D": depthwise(1), "DepthwiseConv2D": depthwise(2),
    "GlobalAveragePooling1D": global_pool("MEAN", 1),
    "GlobalAveragePooling2D": global_pool("MEAN", 2),
    "GlobalMaxPooling1D": global_pool("REDUCE_MAX", 1),
    "GlobalMaxPooling2D": global_pool("REDUCE_MAX", 2),
    "MaxPooling1D": pool("MAX_POOL_2D", 1), "MaxPooling2D": pool("MAX_POOL_2D", 2),
    "Resizing": resizing, "SeparableConv1D": separable(1), "SeparableConv2D": separable(2),
    "UpSampling1D": up_sampling_1d, "UpSampling2D": up_sampling_2d,
    "ZeroPadding1D": zero_padding(1), "ZeroPadding2D": zero_padding(2),
}
