# SPDX-License-Identifier: Apache-2.0
"""ONNX operators of pictures and sounds: convolution, pools, normalization, resizing."""

from __future__ import annotations

import dataclasses
import math
import typing

import numpy as np

from ...building import maths, shapes, windows
from ...building.windows import Pair, Window
from ...format.graph import Array, ConvertError, Tensor, signature
from .layout import Value, channels_last, identity, plain
from .node import Handler, Node

MOST_GROUPS = 64  # of a transposed convolution, which is then as many operators


def _picture(n: Node, index: int = 0) -> Tensor:
    """[batch, height, width, channels]; a row of samples is a picture of height 1."""
    x = n.last(index)
    if len(x.shape) == 3:
        return shapes.expand(n.b, x, [1])
    if len(x.shape) != 4:
        raise ConvertError("of %d dimensions is not supported" % len(x.shape))
    return x


def _put_picture(n: Node, out: Tensor, index: int = 0) -> None:
    if n.value(0).rank == 3:
        out = shapes.squeeze(n.b, out, [1])
    n.put_last(out, index)


def _pair(values: list[typing.Any], fill: typing.Any) -> tuple[typing.Any, typing.Any]:
    if len(values) not in (1, 2):
        raise ConvertError("has %d sizes for one or two dimensions" % len(values))
    return (fill, values[0]) if len(values) == 1 else (values[0], values[1])


def _window(n: Node, x: Tensor, size: list[int]) -> Window:
    rank = len(size)
    strides = n.integers("strides", [1] * rank)
    dilations = n.integers("dilations", [1] * rank)
    given = n.integers("pads", [0] * (2 * rank))
    if not len(strides) == len(dilations) == rank or len(given) != 2 * rank:
        raise ConvertError("has strides %s, dilations %s, pads %s for %d dimensions"
                           % (strides, dilations, given, rank))
    w = Window(_pair(size, 1), _pair(strides, 1), _pair(dilations, 1))
    first, last = _pair(given[:rank], 0), _pair(given[rank:], 0)
    w = dataclasses.replace(w, pads=((first[0], last[0]), (first[1], last[1])))
    w.check()
    how = n.text("auto_pad", "NOTSET")
    if how == "SAME_UPPER":
        return dataclasses.replace(w, pads=windows.NO_PADS, same=True)
    if how == "SAME_LOWER":
        sides = [windows.same_pads(s, w.extent(i), w.strides[i])[::-1]
                 for i, s in enumerate(signature(x)[1:3])]
        if -1 in signature(x)[1:3]:
            raise ConvertError("pads as SAME_LOWER a size that is not known")
        return dataclasses.replace(w, pads=(sides[0], sides[1]))
    return dataclasses.replace(w, pads=windows.NO_PADS) if how == "VALID" else w


# ---- convolution ---------------------------------------------------------------------------------


def _filter(n: Node, rank: int) -> Array:
    """The weights as [first, second, height, width]."""
    data = n.array(1, "the filter")
    if data.ndim != rank + 2:
        raise ConvertError("has a filter of the shape %s" % list(data.shape))
    return np.expand_dims(data, 2) if rank == 1 else data


def _bias(n: Node, channels: int) -> Tensor:
    """The bias, or zeros: programs that read these files expect one."""
    data = np.zeros(channels, np.float32)
    if n.has(2):
        data = n.array(2, "the bias").reshape(-1)
    if data.size != channels:
        raise ConvertError("has %d biases for %d channels" % (data.size, channels))
    return n.b.constant(data, name=n.b.name + "/bias")


def _conv(n: Node) -> None:
    if n.value(0).rank == 5:
        _conv_3d(n)
        return
    x = _picture(n)
    data = _filter(n, n.value(0).rank - 2)
    channels, groups, out = signature(x)[3], n.integer("group", 1), data.shape[0]
    if groups < 1 or channels != data.shape[1] * groups or out % groups:
        raise ConvertError("has %d channels, a filter %s and %d groups"
                           % (channels, list(data.shape), groups))
    w = _window(n, x, list(data.shape[2 if n.value(0).rank == 4 else 3:]))
    bias = _bias(n, out)
    name = n.b.name + "/weights"
    if groups == channels and groups > 1 and (out == channels or data.shape[1] == 1):
        weights = n.b.constant(np.ascontiguousarray(data.transpose(1, 2, 3, 0)), name=name)
        _put_picture(n, windows.depthwise(n.b, x, weights, bias, w))
        return
    weights = n.b.constant(np.ascontiguousarray(data.transpose(0, 2, 3, 1)), name=name)
    _put_picture(n, windows.conv_2d(n.b, x, weights, bias, w))


def _conv_3d(n: Node) -> None:
    x, data = n.last(0), n.array(1, "the filter")
    if data.ndim != 5 or n.integer("group", 1) != 1 or n.text("auto_pad", "NOTSET") != "NOTSET":
        raise ConvertError("in three dimensions with groups or automatic padding is not supported")
    strides, dilations = n.integers("strides", [1] * 3), n.integers("dilations", [1] * 3)
    pads, size = n.integers("pads", [0] * 6), data.shape[2:]
    if min(strides + dilations) < 1 or signature(x)[4] != data.shape[1] or -1 in signature(x)[1:]:
        raise ConvertError("has strides %s, dilations %s, input %s"
                           % (strides, dilations, list(signature(x))))
    x = shapes.pad(n.b, x, [(0, 0), *((pads[i], pads[i + 3]) for i in range(3)), (0, 0)])
    places = [(s - (k - 1) * d - 1) // t + 1
              for s, k, d, t in zip(signature(x)[1:4], size, dilations, strides)]
    if min(places) < 1:
        raise ConvertError("a window does not fit into %s" % list(signature(x)))
    weights = n.b.constant(np.ascontiguousarray(data.transpose(2, 3, 4, 1, 0)))
    options: dict[str, typing.Any] = {"padding": "VALID", "fused_activation_function": "NONE"}
    for i, axis in enumerate("dhw"):
        options.update({"stride_" + axis: strides[i], "dilation_%s_factor" % axis: dilations[i]})
    n.put_last(n.b.emit("CONV_3D", [x, weights, _bias(n, data.shape[0])],
                        (signature(x)[0], *places, data.shape[0]), options=options))


def _conv_transpose(n: Node) -> None:
    x = _picture(n)
    rank = n.value(0).rank - 2
    data = _filter(n, rank)  # [in, out of one group, height, width]
    groups, channels = n.integer("group", 1), signature(x)[3]
    if not 1 <= groups <= MOST_GROUPS or channels != data.shape[0] or channels % groups:
        raise ConvertError("has %d channels, a filter %s and %d groups"
                           % (channels, list(data.shape), groups))
    w = _window(n, x, list(data.shape[4 - rank:]))
    extra = _pair(n.integers("output_padding", [0] * rank), 0)
    w, extra = _output_shape(n, x, w, extra, rank)
    bias = np.asarray(_bias(n, data.shape[1] * groups).data)
    parts = shapes.split(n.b, x, [channels // groups] * groups, 3)
    made = []
    for part, weights, own in zip(parts, np.split(data, groups), np.split(bias, groups)):
        turned = n.b.constant(np.ascontiguousarray(weights.transpose(1, 2, 3, 0)))
        made.append(windows.transpose_conv(n.b, part, turned, n.b.constant(own), w, extra))
    _put_picture(n, shapes.concat(n.b, made, 3))


def _output_shape(n: Node, x: Tensor, w: Window, extra: Pair, rank: int) -> tuple[Window, Pair]:
    """Pads from a stated shape of the result, or by the rule that it is strides times the input."""
    sizes = signature(x)[1:3]
    stated = n.integers("output_shape", [])
    if stated:
        wanted = _pair(stated[-rank:], 1)
    elif n.text("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        wanted = (sizes[0] * w.strides[0], sizes[1] * w.strides[1])
    else:
        return w, extra
    pads, more = [], []
    for i, size in enumerate(sizes):
        total = w.strides[i] * (size - 1) + extra[i] + w.extent(i) - wanted[i]
        more.append(extra[i] + max(0, -total))
        total = max(0, total)
        small, large = total // 2, total - total // 2
        pads.append((small, large) if n.text("auto_pad", "NOTSET") == "SAME_UPPER" else (large,
                                                                                         small))
    return dataclasses.replace(w, pads=(pads[0], pads[1]), same=False), (more[0], more[1])


# ---- pools ---------------------------------------------------------------------------------------


def _pool(kind: str) -> Handler:
    def handle(n: Node) -> None:
        x = _picture(n)
        w = _window(n, x, n.integers("kernel_shape"))
        if n.integer("ceil_mode", 0) and not w.same:
            w = windows.ceil_pads(x, w)
        counted = bool(n.integer("count_include_pad", 0))
        if counted and n.integer("ceil_mode", 0):
            raise ConvertError("counts padding in windows that are rounded up")
        if n.kind == "MaxPool" and n.wanted(1):
            raise ConvertError("its indices are used")
        _put_picture(n, windows.pool(n.b, kind, x, w, counted))
    return handle


def _global_pool(kind: str) -> Handler:
    def handle(n: Node) -> None:
        value = n.value(0)
        if value.rank < 3:
            raise ConvertError("of %d dimensions" % value.rank)
        out = maths.reduce(n.b, kind, value.tensor, [value.axis(a) for a in range(2, value.rank)],
                           True)
        n.put(out, value.order)
    return handle


# ---- normalization -------------------------------------------------------------------------------


def _floats(n: Node, index: int, size: int) -> Array:
    data = n.array(index).reshape(-1)
    if data.size != size:
        raise ConvertError("input %d has %d values for %d channels" % (index, data.size, size))
    return data.astype(np.float64)


def _by_channel(n: Node, value: Value, factors: Array) -> Tensor:
    """One number for each index of dimension 1, to be broadcast against the tensor."""
    place = value.axis(1)
    trailing = len(value.order) - 1 - place
    return n.b.constant(factors.astype(np.float32).reshape((-1,) + (1,) * trailing))


def _batch_norm(n: Node) -> None:
    if n.integer("training_mode", 0) or any(n.wanted(i) for i in range(1, 5)):
        raise ConvertError("in training mode is not supported")
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    size = value.shape[1] if value.rank > 1 else -1
    scale, offset, mean, variance = (_floats(n, i, size) for i in range(1, 5))
    factor = scale / np.sqrt(variance + n.real("epsilon", 1e-5))
    out = maths.binary(n.b, "MUL", value.tensor, _by_channel(n, value, factor))
    n.put(maths.binary(n.b, "ADD", out, _by_channel(n, value, offset - mean * factor)), value.order)


def _instance_norm(n: Node) -> None:
    value = n.value(0)
    if value.rank < 3:
        raise ConvertError("of %d dimensions" % value.rank)
    size = value.shape[1]
    out, _, _ = maths.layer_norm(n.b, value.tensor, [value.axis(a) for a in range(2, value.rank)],
                                 n.real("epsilon", 1e-5))
    out = maths.binary(n.b, "MUL", out, _by_channel(n, value, _floats(n, 1, size)))
    n.put(maths.binary(n.b, "ADD", out, _by_channel(n, value, _floats(n, 2, size))), value.order)


def _layer_norm(n: Node) -> None:
    x = n.plain(0)
    rank = len(x.shape)
    axis = shapes.axis_of(n.integer("axis", -1), rank)
    out, mean, inverse = maths.layer_norm(n.b, x, list(range(axis, rank)), n.real("epsilon", 1e-5))
    n.put(mean, index=1)
    n.put(inverse, index=2)
    out = maths.binary(n.b, "MUL", out, n.plain(1))
    n.put(maths.binary(n.b, "ADD", out, n.plain(2)) if n.has(2) else out)


def _group_norm(n: Node) -> None:
    """[batch, height, width, channels] seen as [batch, height, width, groups, channels of one]."""
    x = n.last(0)
    sizes, groups = list(signature(x)), n.integer("num_groups")
    channels = sizes[-1]
    if groups < 1 or channels % groups or -1 in sizes[1:]:
        raise ConvertError("has %d channels of %s and %d groups" % (channels, sizes, groups))
    apart = shapes.reshape(n.b, x, sizes[:-1] + [groups, channels // groups])
    over = [i for i in range(1, len(apart.shape)) if i != len(apart.shape) - 2]
    out = shapes.reshape(n.b, maths.layer_norm(n.b, apart, over, n.real("epsilon", 1e-5))[0], sizes)
    scale, offset = (n.array(i).reshape(-1) for i in (1, 2))
    if scale.size == groups != channels:  # before version 21: one for each group
        scale, offset = (np.repeat(a, channels // groups) for a in (scale, offset))
    out = maths.binary(n.b, "MUL", out, n.b.constant(scale))
    n.put_last(maths.binary(n.b, "ADD", out, n.b.constant(offset)))


def _lp_normalization(n: Node) -> None:
    value = n.value(0)
    axis = value.axis(n.integer("axis", -1))
    x = value.tensor
    if n.integer("p", 2) == 1:
        size = maths.reduce(n.b, "SUM", maths.unary(n.b, "ABS", x), [axis], True)
    else:
        square = maths.reduce(n.b, "SUM", maths.unary(n.b, "SQUARE", x), [axis], True)
        size = maths.unary(n.b, "SQRT", square)
    n.put(maths.binary(n.b, "DIV", x, size), value.order)


def _lrn(n: Node) -> None:
    size = n.integer("size")
    if size % 2 == 0:
        raise ConvertError("over an even number of channels is not supported")
    x = n.last(0)
    options = {"radius": size // 2, "bias": n.real("bias", 1.0), "beta": n.real("beta", 0.75),
               "alpha": n.real("alpha", 1e-4) / size}
    n.put_last(maths.unary(n.b, "LOCAL_RESPONSE_NORMALIZATION", x, **options))


# ---- sizes ---------------------------------------------------------------------------------------


def _scales_and_sizes(n: Node, shape: tuple[int, ...]) -> tuple[list[int], list[float]]:
    """The result's sizes and the factors, in the graph's order."""
    if n.kind == "Upsample":
        scales = n.reals("scales") if n.has_attribute("scales") else n.array(1).reshape(-1).tolist()
    elif n.has(3):
        sizes = [int(s) for s in n.array(3, "the size").reshape(-1)]
        sizes = _all_axes(n, sizes, list(shape))
        return sizes, [s / max(old, 1) for s, old in zip(sizes, shape)]
    else:
        at = 2 if n.opset >= 11 else 1
        scales = _all_axes(n, n.array(at, "the scales").reshape(-1).tolist(), [1.0] * len(shape))
    if len(scales) != len(shape) or not all(0 < s < 1e4 for s in scales):
        raise ConvertError("has the scales %s for %s" % (scales[:8], list(shape)))
    return [s if s < 0 else math.floor(s * f) for s, f in zip(shape, scales)], scales


def _all_axes(n: Node, values: list[typing.Any], fill: list[typing.Any]) -> list[typing.Any]:
    axes = n.integers("axes", list(range(len(fill))))
    if len(values) != len(axes):
        raise ConvertError("has %d sizes for %d dimensions" % (len(values), len(axes)))
    for axis, value in zip(axes, values):
        fill[shapes.axis_of(axis, len(fill))] = value
    return fill


def _resize(n: Node) -> None:
    value = n.value(0)
    sizes, scales = _scales_and_sizes(n, value.shape)
    if value.rank not in (3, 4) or sizes[:2] != list(value.shape[:2]):
        raise ConvertError("of %s to %s" % (list(value.shape), sizes))
    if sizes == list(value.shape):
        n.put_value(value)
        return
    x = _picture(n)
    height, width = _pair(sizes[2:], 1)
    exact = all(s < 0 or abs(s * f - t) < 1e-3 for s, f, t in zip(value.shape, scales, sizes))
    mode = n.text("mode", "nearest")
    how = n.text("coordinate_transformation_mode", "half_pixel") if n.kind == "Resize" and \
        n.opset >= 11 else "asymmetric"
    known = {"half_pixel": (False, True), "pytorch_half_pixel": (False, True),
             "align_corners": (True, False), "asymmetric": (False, False)}
    if how not in known or mode not in ("nearest", "linear") or n.integer("antialias", 0) or (
            how == "pytorch_half_pixel" and 1 in (height, width) and value.rank == 4):
        raise ConvertError("with mode '%s' and coordinates '%s' is not supported" % (mode, how))
    if mode == "nearest":
        out = _nearest(n, x, (height, width), how, _pair(scales[2:], 1))
    elif exact:
        out = windows.resize(n.b, "RESIZE_BILINEAR", x, (height, width), *known[how])
    else:
        raise ConvertError("by the scales %s does not end in whole sizes" % scales)
    _put_picture(n, out)


def _nearest(n: Node, x: Tensor, size: Pair, how: str, scales: tuple[float, float]) -> Tensor:
    """The format's operator takes the pixel that a new one begins in; others are gathers."""
    sizes = signature(x)[1:3]
    rounding = n.text("nearest_mode", "round_prefer_floor") if n.kind == "Resize" and \
        n.opset >= 11 else "floor"
    places = [_places(old, new, how, rounding, scale)
              for old, new, scale in zip(sizes, size, scales)]
    plain_places = [np.floor(np.arange(new) * (old / new)) for old, new in zip(sizes, size)]
    if all(np.array_equal(p, q) for p, q in zip(places, plain_places)):
        return windows.resize(n.b, "RESIZE_NEAREST_NEIGHBOR", x, size, False, False)
    for axis, (old, place) in enumerate(zip(sizes, places)):
        if not np.array_equal(place, np.arange(old)):
            x = shapes.gather(n.b, x, n.b.integers(place), axis + 1)
    return x


def _places(old: int, new: int, how: str, rounding: str, scale: float) -> Array:
    """The old pixel for each new one."""
    if old < 1 or not 1 <= new <= 1 << 16:
        raise ConvertError("of a size of %d to %d" % (old, new))
    at = np.arange(new, dtype=np.float64)
    if how == "align_corners":
        at = at * ((old - 1) / (new - 1) if new > 1 else 0.0)
    elif how == "asymmetric":
        at = at / scale
    else:
        at = (at + 0.5) / scale - 0.5
    rounded = {"floor": np.floor(at), "ceil": np.ceil(at), "round_prefer_ceil": np.floor(at + 0.5),
               "round_prefer_floor": np.ceil(at - 0.5)}.get(rounding)
    if rounded is None:
        raise ConvertError("with rounding '%s' is not supported" % rounding)
    return np.asarray(np.clip(rounded, 0, old - 1), np.int64)


HANDLERS: dict[str, Handler] = {
    "AveragePool": _pool("AVERAGE_POOL_2D"), "BatchNormalization": _batch_norm, "Conv": _conv,
    "ConvTranspose": _conv_transpose, "GlobalAveragePool": _global_pool("MEAN"),
    "GlobalMaxPool": _global_pool("REDUCE_MAX"), "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm, "LRN": _lrn, "LayerNormalization": _layer_norm,
    "LpNormalization": _lp_normalization, "MaxPool": _pool("MAX_POOL_2D"), "Resize": _resize,
    "Upsample": _resize,
}
__all__ = ["HANDLERS", "channels_last", "identity"]
