# SPDX-License-Identifier: Apache-2.0
"""TensorFlow operators that move values or make them."""

from __future__ import annotations

import numpy as np

from ...building import maths, shapes
from ...building.builder import product
from ...format.graph import Array, ConvertError, Tensor, signature
from .node import Handler, Node, Texts


def _constant(n: Node) -> None:
    values = n.array_attribute("value")
    if values.dtype == object:
        n.put(Texts(tuple(values.reshape(-1).tolist())))
    else:
        n.put(n.b.constant(values, name=n.b.unique(n.name)))


def _shape(n: Node) -> None:
    n.put(n.b.shape_of(n.tensor(0), n.dtype("out_type", "INT32")))


def _size(n: Node) -> None:
    x = n.tensor(0)
    made = n.b.integers(product(x.shape))
    n.b.mark_unknown(made, np.array(-1 in signature(x)))
    n.put(made)


def _rank(n: Node) -> None:
    n.put(n.b.integers(len(n.tensor(0).shape)))


def _reshape(n: Node) -> None:
    n.put(shapes.reshape_to(n.b, n.tensor(0), n.tensor(1)))


def _expand(n: Node) -> None:
    n.put(shapes.expand(n.b, n.tensor(0), n.list_of_integers(1, "the axis")))


def _squeeze(n: Node) -> None:
    n.put(shapes.squeeze(n.b, n.tensor(0), n.integers("squeeze_dims", n.integers("axis", []))))


def _transpose(n: Node) -> None:
    x = n.tensor(0)
    n.put(shapes.transpose(n.b, x, n.list_of_integers(1, "the order")))


def _concat(n: Node) -> None:
    axis = n.list_of_integers(-1, "the axis")[0]
    n.put(shapes.concat(n.b, [n.tensor(i) for i in range(len(n.inputs) - 1)], axis))


def _pack(n: Node) -> None:
    n.put(shapes.pack(n.b, n.tensors(), n.integer("axis", 0)))


def _unpack(n: Node) -> None:
    parts = shapes.unpack(n.b, n.tensor(0), n.integer("axis", 0))
    if len(parts) != n.integer("num", len(parts)):
        raise ConvertError("has %d parts, not %d" % (len(parts), n.integer("num")))
    n.put(*parts)


def _split(n: Node) -> None:
    x = n.tensor(1)
    axis, count = n.list_of_integers(0, "the axis")[0], n.integer("num_split")
    size = signature(x)[shapes.axis_of(axis, len(x.shape))]
    if not 0 < count <= 4096 or size < 0 or size % count:
        raise ConvertError("splits a size of %d into %d" % (size, count))
    n.results += shapes.split(n.b, x, [size // count] * count, axis)


def _split_v(n: Node) -> None:
    x, sizes = n.tensor(0), n.list_of_integers(1, "the sizes")
    axis = shapes.axis_of(n.list_of_integers(2, "the axis")[0], len(x.shape))
    rest = signature(x)[axis] - sum(s for s in sizes if s >= 0)
    n.results += shapes.split(n.b, x, [rest if s < 0 else s for s in sizes], axis)


def _slice(n: Node) -> None:
    x = n.tensor(0)
    begin, size = n.list_of_integers(1, "the begin"), n.list_of_integers(2, "the size")
    known = signature(x)
    if not len(begin) == len(size) == len(known):
        raise ConvertError("has %d begins and %d sizes for %d dimensions"
                           % (len(begin), len(size), len(known)))
    out = []
    for b, s, k in zip(begin, size, known):
        if b < 0 or s < -1 or (k >= 0 and b + max(s, 0) > k):
            raise ConvertError("takes %s from %s of %s" % (size, begin, list(known)))
        out.append(k if s == -1 and b == 0 else (-1 if k < 0 else k - b) if s == -1 else s)
    if tuple(out) == known and not any(begin):
        n.results.append(x)
        return
    sizes = [s if o < 0 else o for s, o in zip(size, out)]
    n.put(n.b.emit("SLICE", [x, n.b.integers(begin), n.b.integers(sizes)], tuple(out)))


def _strided_slice(n: Node) -> None:
    x = n.tensor(0)
    begin, end, strides = (n.array(i, "where the slice is").reshape(-1) for i in (1, 2, 3))
    x, begin, end, strides, masks = _without_ellipsis(n, x, begin, end, strides)
    n.put(shapes.strided_slice(n.b, x, begin, end, strides, masks))


def _without_ellipsis(n: Node, x: Tensor, begin: Array, end: Array, strides: Array
                      ) -> tuple[Tensor, Array, Array, Array, dict[str, int]]:
    """A new axis becomes a dimension of x that is taken whole; an ellipsis all it stands for."""
    given = {
        m: n.integer(m, 0)
        for m in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    }
    if not given["ellipsis_mask"] and not given["new_axis_mask"]:
        return x, begin, end, strides, given
    count = len(begin)
    ellipsis = [i for i in range(count) if given["ellipsis_mask"] >> i & 1]
    fresh = [i for i in range(count) if given["new_axis_mask"] >> i & 1 and i not in ellipsis]
    if len(ellipsis) > 1:
        raise ConvertError("has more than one ellipsis")
    stands_for = len(x.shape) - (count - len(ellipsis) - len(fresh))
    if stands_for < 0:
        raise ConvertError("has %d parts for %d dimensions" % (count, len(x.shape)))
    sources: list[int | None] = []  # of each dimension, the entry that speaks of it
    new_axes = []
    for i in range(count):
        if i in ellipsis:
            sources += [None] * stands_for
        else:
            if i in fresh:
                new_axes.append(len(sources))
            sources.append(None if i in fresh else i)
    if new_axes:
        x = shapes.expand(n.b, x, new_axes)
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    for at, source in enumerate(sources):
        for name in masks:
            bit = given[name] >> source & 1 if source is not None else int(
                name != "shrink_axis_mask")
            masks[name] |= bit << at
    pick = [np.array([fill if s is None else a[s] for s in sources], np.int64)
            for a, fill in ((begin, 0), (end, 0), (strides, 1))]
    return x, pick[0], pick[1], pick[2], masks


def _gather(n: Node) -> None:
    axis = n.list_of_integers(2, "the axis")[0] if len(n.inputs) > 2 else 0
    if n.integer("batch_dims", 0):
        raise ConvertError("with batch dimensions is not supported")
    n.put(shapes.gather(n.b, n.tensor(0), n.tensor(1), axis))


def _gather_nd(n: Node) -> None:
    x, indices = n.tensor(0), n.tensor(1)
    depth = indices.shape[-1] if indices.shape else 0
    if not 0 < depth <= len(x.shape):
        raise ConvertError("has indices of the shape %s" % list(indices.shape))
    n.put(n.b.emit("GATHER_ND", [x, indices], signature(indices)[:-1] + signature(x)[depth:]))


def _pad(n: Node) -> None:
    x, pads = n.tensor(0), n.array(1, "the padding")
    if pads.shape != (len(x.shape), 2) or pads.min(initial=0) < 0:
        raise ConvertError("has a padding of the shape %s" % list(pads.shape))
    sides = [(int(a), int(b)) for a, b in pads]
    value = n.tensor(2) if n.kind == "PadV2" else None
    mirror = n.text("mode", "REFLECT") if n.kind == "MirrorPad" else ""
    n.put(shapes.pad(n.b, x, sides, value, mirror))


def _fill(n: Node) -> None:
    shape = shapes.constant_of(n.tensor(0), "the shape").reshape(-1).tolist()
    value = n.tensor(1)
    if min(shape, default=0) < 0:
        raise ConvertError("makes the shape %s" % shape)
    n.put(n.b.emit("FILL", [n.b.integers(shape), value], tuple(shape), value.dtype))


def _like(value: float) -> Handler:
    def handle(n: Node) -> None:
        x = n.tensor(0)
        n.put(
            n.b.emit("FILL",
                     [n.b.integers(x.shape), n.b.constant(value, x.dtype)], x.shape, x.dtype))
    return handle


def _tile(n: Node) -> None:
    n.put(shapes.tile(n.b, n.tensor(0), n.list_of_integers(1, "the number of repeats")))


def _broadcast_to(n: Node) -> None:
    shape = n.tensor(1)
    sizes = shapes.constant_of(shape, "the shape").reshape(-1)
    marks = n.b.unknown(shape).reshape(-1)
    n.put(shapes.broadcast_to(n.b, n.tensor(0),
                              tuple(-1 if m else int(s) for s, m in zip(sizes, marks))))


def _range(n: Node) -> None:
    first, last, step = (n.array(i, "where it counts from or to").reshape(-1)[0].item()
                         for i in range(3))
    if not step or abs((last - first) / step) > 1 << 24:
        raise ConvertError("counts from %s to %s in steps of %s" % (first, last, step))
    n.put(n.b.constant(np.arange(first, last, step), n.tensor(0).dtype))


def _one_hot(n: Node) -> None:
    x, size = n.tensor(0), n.list_of_integers(1, "the depth")[0]
    axis = n.integer("axis", -1)
    at = shapes.axis_of(axis, len(x.shape) + 1)
    if not 0 < size <= 1 << 24:
        raise ConvertError("has the depth %d" % size)
    shape = signature(x)
    n.put(n.b.emit("ONE_HOT", [x, n.b.integers(size), n.tensor(2), n.tensor(3)],
                   shape[:at] + (size,) + shape[at:], n.tensor(2).dtype, {"axis": axis}))


def _depth_to_space(n: Node) -> None:
    _nhwc(n)
    n.put(shapes.depth_to_space(n.b, n.tensor(0), n.integer("block_size")))


def _space_to_depth(n: Node) -> None:
    _nhwc(n)
    n.put(shapes.space_to_depth(n.b, n.tensor(0), n.integer("block_size")))


def _nhwc(n: Node) -> None:
    if n.text("data_format", "NHWC") != "NHWC":
        raise ConvertError("with data format '%s' is not supported" % n.text("data_format"))


def _reverse(n: Node) -> None:
    x = n.tensor(0)
    for axis in n.list_of_integers(1, "the axes"):
        x = shapes.reverse(n.b, x, axis)
    n.put(x)


def _space_to_batch(n: Node) -> None:
    x, block, pads = n.tensor(0), n.list_of_integers(1, "the block"), n.array(2, "the padding")
    if pads.shape != (len(block), 2) or min(block) < 1 or len(x.shape) < len(block) + 1:
        raise ConvertError("has blocks of %s and paddings %s" % (block, list(pads.shape)))
    sizes = list(signature(x))
    sizes[0] = -1 if sizes[0] < 0 else sizes[0] * product(block)
    for i, size in enumerate(block):
        sizes[i + 1] = -1 if sizes[i + 1] < 0 else (sizes[i + 1] + int(pads[i].sum())) // size
    n.put(n.b.emit("SPACE_TO_BATCH_ND", [x, n.b.integers(block), n.b.integers(pads)], tuple(sizes)))


def _batch_to_space(n: Node) -> None:
    x, block, crops = n.tensor(0), n.list_of_integers(1, "the block"), n.array(2, "what is cut")
    if crops.shape != (len(block), 2) or min(block) < 1 or len(x.shape) < len(block) + 1:
        raise ConvertError("has blocks of %s and cuts %s" % (block, list(crops.shape)))
    sizes = list(signature(x))
    sizes[0] = -1 if sizes[0] < 0 else sizes[0] // product(block)
    for i, size in enumerate(block):
        sizes[i + 1] = -1 if sizes[i + 1] < 0 else sizes[i + 1] * size - int(crops[i].sum())
    n.put(n.b.emit("BATCH_TO_SPACE_ND",
                   [x, n.b.integers(block), n.b.integers(crops)], tuple(sizes)))


def _cumsum(n: Node) -> None:
    x = n.tensor(0)
    axis = shapes.axis_of(n.list_of_integers(1, "the axis")[0], len(x.shape))
    options = {"exclusive": n.flag("exclusive"), "reverse": n.flag("reverse")}
    n.put(n.b.emit("CUMSUM", [x, n.b.integers(axis)], signature(x), options=options))


def _cast(n: Node) -> None:
    n.put(maths.cast(n.b, n.tensor(0), n.dtype("DstT")))


HANDLERS: dict[str, Handler] = {
    "BatchToSpaceND": _batch_to_space, "BroadcastTo": _broadcast_to, "Cast": _cast,
    "ConcatV2": _concat, "Const": _constant, "Cumsum": _cumsum, "DepthToSpace": _depth_to_space,
    "ExpandDims": _expand, "Fill": _fill, "Gather": _gather, "GatherNd": _gather_nd,
    "GatherV2": _gather, "MirrorPad": _pad, "OneHot": _one_hot, "OnesLike": _like(1.0),
    "Pack": _pack, "Pad": _pad, "PadV2": _pad, "Range": _range, "Rank": _rank, "Reshape": _reshape,
    "ReverseV2": _reverse, "Shape": _shape, "Size": _size, "Slice": _slice,
    "SpaceToBatchND": _space_to_batch, "SpaceToDepth": _space_to_depth, "Split": _split,
    "SplitV": _split_v, "Squeeze": _squeeze, "StridedSlice": _strided_slice, "Tile": _tile,
    "Transpose": _transpose, "Unpack": _unpack, "ZerosLike": _like(0.0),
}
