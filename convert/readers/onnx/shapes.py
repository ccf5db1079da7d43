# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that move values or make them."""

from __future__ import annotations

import numpy as np

from ...building import evaluate, maths, shapes
from ...building.builder import product
from ...format.graph import Array, ConvertError, Tensor, signature
from .file import TYPES
from .layout import Value, channels_last, identity, plain
from .node import Handler, Node


def dtype_of(code: int) -> str:
    """Our name for one of ONNX's types; all floats are float32."""
    if code in (1, 10, 11):
        return "FLOAT32"
    if code not in TYPES:
        raise ConvertError("data type %d is not supported" % code)
    return evaluate.NAMES[np.dtype(TYPES[code][0])]


def _constant(n: Node) -> None:
    made: Array
    if n.has_attribute("value"):
        made = n.tensor_attribute("value")
    elif n.has_attribute("value_float"):
        made = np.array(n.real("value_float"), np.float32)
    elif n.has_attribute("value_int"):
        made = np.array(n.integer("value_int"), np.int64)
    elif n.has_attribute("value_floats"):
        made = np.array(n.reals("value_floats"), np.float32)
    elif n.has_attribute("value_ints"):
        made = np.array(n.integers("value_ints"), np.int64)
    else:
        raise ConvertError("is of a kind that is not supported")
    n.put(n.b.constant(made))


def _constant_of_shape(n: Node) -> None:
    shape = shapes.constant_of(n.plain(0), "the shape").reshape(-1)
    value = n.tensor_attribute("value") if n.has_attribute("value") else np.zeros(1, np.float32)
    if value.size != 1 or np.any(shape < 0):
        raise ConvertError("makes the shape %s of %d values" % (shape.tolist()[:8], value.size))
    n.put(n.b.emit("FILL", [n.b.integers(shape), n.b.constant(value.reshape(()))],
                   tuple(shape.tolist()), n.b.constant(value).dtype))


def _shape(n: Node) -> None:
    value = n.value(0)
    sizes = value.shape
    made = n.b.constant(np.array([max(s, 1) for s in sizes], np.int64))
    known = np.array([s < 0 for s in sizes], np.bool_)
    start, end, _ = slice(n.integer("start", 0), n.integer("end", len(sizes))).indices(len(sizes))
    cut = n.b.constant(np.asarray(made.data)[start:end])
    n.b.mark_unknown(cut, known[start:end])
    n.put(cut)


def _size(n: Node) -> None:
    sizes = n.value(0).shape
    made = n.b.constant(np.array(product(abs(s) for s in sizes), np.int64))
    n.b.mark_unknown(made, np.array(-1 in sizes))
    n.put(made)


def _identity(n: Node) -> None:
    if n.kind == "Dropout" and n.wanted(1):
        raise ConvertError("its mask is used")
    if n.kind == "Dropout" and n.number(2, 0.0) and n.number(1, 0.5):
        raise ConvertError("in training mode is not supported")
    n.put_value(n.value(0))


def _cast(n: Node) -> None:
    value = n.value(0)
    dtype = n.value(1).tensor.dtype if n.kind == "CastLike" else dtype_of(n.integer("to"))
    if value.tensor.dtype == dtype or value.columns is not None:
        value = plain(n.layout.plain(value)) if value.columns is not None else value
    n.put(maths.cast(n.b, value.tensor, dtype), value.order)


def _reshape(n: Node) -> None:
    value = n.value(0)
    if n.has_attribute("shape"):  # before version 5
        target, marks = n.integers("shape"), [False] * len(n.integers("shape"))
    else:
        shape = n.plain(1)
        target = [int(s) for s in shapes.constant_of(shape, "the shape").reshape(-1)]
        marks = n.b.unknown(shape).reshape(-1).tolist()
    if not n.integer("allowzero", 0):
        sizes = value.shape
        if any(s == 0 and i >= len(sizes) for i, s in enumerate(target)):
            raise ConvertError("shape %s takes over a dimension that is not there" % target)
        marks = [m or (s == 0 and sizes[i] < 0) for i, (s, m) in enumerate(zip(target, marks))]
        target = [max(sizes[i], 1) if s == 0 else s for i, s in enumerate(target)]
    settled = shapes.settle(value.tensor, [-1 if m else s for s, m in zip(target, marks)], target)
    n.put_value(n.layout.reshape(value, settled))


def _flatten(n: Node) -> None:
    value = n.value(0)
    axis = n.integer("axis", 1)
    axis = axis + value.rank if axis < 0 else axis
    if not 0 <= axis <= value.rank:
        raise ConvertError("axis %d is not one of %d dimensions" % (axis, value.rank))
    sizes = [
        -1 if -1 in part else product(part) for part in (value.shape[:axis], value.shape[axis:])
    ]
    n.put_value(n.layout.reshape(value, sizes))


def _transpose(n: Node) -> None:
    value = n.value(0)
    order = n.integers("perm", list(range(value.rank))[::-1])
    n.put_value(n.layout.transpose(value, order))


def _unsqueeze(n: Node) -> None:
    value = n.value(0)
    axes = n.integers_of("axes", 1) or []
    rank = value.rank + len(axes)
    new = sorted({shapes.axis_of(a, rank) for a in axes})
    old = [i for i in range(rank) if i not in new]
    if len(new) != len(axes) or rank > shapes.MOST_DIMENSIONS:
        raise ConvertError("axes %s are not new ones of %d dimensions" % (axes, rank))
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    kept = tuple(old[a] for a in value.order)
    candidates = [identity(rank), channels_last(rank)]
    order = next((o for o in candidates if tuple(a for a in o if a not in new) == kept),
                 tuple(new) + kept)
    n.put(shapes.expand(n.b, value.tensor, [order.index(a) for a in new]), order)


def _squeeze(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    axes = n.integers_of("axes", 1)
    if axes is None:
        axes = [i for i, s in enumerate(value.shape) if s == 1]
    gone = {shapes.axis_of(a, value.rank) for a in axes}
    if not gone:
        n.put_value(value)
        return
    out = shapes.squeeze(n.b, value.tensor, [value.axis(a) for a in gone])
    n.put(out, n.layout.without(value.order, gone))


def _concat(n: Node) -> None:
    values = n.values()
    orders = [v.order for v in values if not v.constant and v.columns is None]
    order = next((o for o in orders if o != identity(len(o))), identity(values[0].rank))
    if any(v.rank != len(order) for v in values):
        raise ConvertError("joins values of different numbers of dimensions")
    axis = order.index(shapes.axis_of(n.integer("axis"), len(order)))
    n.put(shapes.concat(n.b, [n.layout.ordered(v, order) for v in values], axis), order)


def _split(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    axis = value.axis(n.integer("axis", 0))
    size = signature(value.tensor)[axis]
    sizes = n.integers_of("split", 1)
    if sizes is None:
        part = -(-size // n.outputs)
        sizes = [min(part, size - i * part) for i in range(n.outputs)]
    if len(sizes) != n.outputs:
        raise ConvertError("splits into %d parts, and has %d outputs" % (len(sizes), n.outputs))
    for i, tensor in enumerate(shapes.split(n.b, value.tensor, sizes, axis)):
        n.put(tensor, value.order, i)


def _slice(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    starts = n.integers_of("starts", 1) or []
    ends = n.integers_of("ends", 2) or []
    axes = n.integers_of("axes", 3) or list(range(len(starts)))
    steps = (n.integers_of("steps", 4) if n.opset >= 10 else None) or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise ConvertError("has %d starts, %d ends, %d axes and %d steps"
                           % (len(starts), len(ends), len(axes), len(steps)))
    rank = value.rank
    begin, end, stride = np.zeros(rank, np.int64), np.full(rank,
                                                           (1 << 31) - 1), np.ones(rank, np.int64)
    begin_mask = end_mask = (1 << rank) - 1
    for first, last, axis, step in zip(starts, ends, axes, steps):
        at = value.axis(axis)
        size = signature(value.tensor)[at]
        begin[at], end[at], stride[at] = first, last, step
        # Numbers beyond the size are cut to it; a mask says "to the very end", backwards as well.
        if step > 0:
            whole_begin, whole_end = first == 0, last >= (size if size >= 0 else
                                                          1 << 31) - 1 + (size >= 0)
        else:
            whole_begin, whole_end = first >= size - 1 >= 0, last < -max(size,
                                                                         0) or last < -(1 << 30)
        begin_mask = begin_mask if whole_begin else begin_mask & ~(1 << at)
        end_mask = end_mask if whole_end else end_mask & ~(1 << at)
    limit = (1 << 31) - 1
    out = shapes.strided_slice(n.b, value.tensor, np.clip(begin, -limit, limit),
                               np.clip(end, -limit, limit), stride,
                               {"begin_mask": begin_mask, "end_mask": end_mask})
    n.put(out, value.order)


def _gather(n: Node) -> None:
    value, indices = n.value(0), n.plain(1)
    axis = shapes.axis_of(n.integer("axis", 0), value.rank)
    rank = len(indices.shape)
    if value.columns is not None or (rank > 1 and value.order != identity(value.rank)):
        value = plain(n.layout.plain(value))
    if indices.data is None and value.shape[axis] > 0:  # a negative one counts from the end
        size = n.b.constant(value.shape[axis], indices.dtype)
        indices = maths.binary(n.b, "FLOOR_MOD", indices, size)
    out = shapes.gather(n.b, value.tensor, indices, value.axis(axis))
    if rank == 0:
        n.put(out, n.layout.without(value.order, {axis}))
    else:
        n.put(out, value.order if rank == 1 else identity(len(out.shape)))


def _gather_nd(n: Node) -> None:
    x, indices = n.plain(0), n.plain(1)
    depth = indices.shape[-1] if indices.shape else 0
    if n.integer("batch_dims", 0) or not 0 < depth <= len(x.shape):
        raise ConvertError("has %d batch dimensions and indices %s"
                           % (n.integer("batch_dims", 0), list(indices.shape)))
    out = signature(indices)[:-1] + signature(x)[depth:]
    n.put(n.b.emit("GATHER_ND", [x, indices], out))


def _pad(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    pads = n.integers_of("pads", 1) or []
    axes = [int(a) for a in n.array(3)] if n.has(3) else list(range(value.rank))
    if len(pads) != 2 * len(axes):
        raise ConvertError("has %d paddings for %d dimensions" % (len(pads), len(axes)))
    sides = [(0, 0)] * value.rank
    for i, axis in enumerate(axes):
        sides[value.axis(axis)] = (pads[i], pads[i + len(axes)])
    mode = n.text("mode", "constant")
    if mode not in ("constant", "reflect", "edge"):
        raise ConvertError("pads with mode '%s'" % mode)
    if mode == "edge":
        n.put(_edge(n, value.tensor, sides), value.order)
        return
    number = n.real("value", 0.0) if n.has_attribute("value") else n.number(2, 0.0)
    fill = maths.scalar(n.b, number, value.tensor) if number else None
    n.put(shapes.pad(n.b, value.tensor, sides, fill, "REFLECT" if mode == "reflect" else ""),
          value.order)


def _edge(n: Node, x: Tensor, sides: list[tuple[int, int]]) -> Tensor:
    """The outermost values again and again: a gather for each dimension that grows."""
    for axis, (before, after) in enumerate(sides):
        if not before and not after:
            continue
        size = signature(x)[axis]
        if size < 1 or before < 0 or after < 0 or before + after > 1 << 16:
            raise ConvertError("pads %d and %d of a size of %d" % (before, after, size))
        places = np.clip(np.arange(-before, size + after), 0, size - 1)
        x = shapes.gather(n.b, x, n.b.integers(places), axis)
    return x


def _expand(n: Node) -> None:
    value = n.value(0)
    shape = n.plain(1)
    target = [int(s) for s in shapes.constant_of(shape, "the shape").reshape(-1)]
    marks = n.b.unknown(shape).reshape(-1)
    target = [-1 if m else s for s, m in zip(target, marks)]
    if len(target) <= value.rank and value.columns is None:
        target = [1] * (value.rank - len(target)) + target
        wanted = tuple(target[a] for a in value.order)
        n.put(shapes.broadcast_to(n.b, value.tensor, wanted), value.order)
    else:
        n.put(shapes.broadcast_to(n.b, n.layout.plain(value), tuple(target)))


def _tile(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    counts = [int(c) for c in n.array(1, "the number of repeats").reshape(-1)]
    if len(counts) != value.rank:
        raise ConvertError(
            "has %d numbers of repeats for %d dimensions" % (len(counts), value.rank))
    n.put(shapes.tile(n.b, value.tensor, [counts[a] for a in value.order]), value.order)


def _range(n: Node) -> None:
    parts = [n.plain(i) for i in range(3)]
    first, last, step = (n.array(i).reshape(-1)[0].item() for i in range(3))
    if not step or abs((last - first) / step) > 1 << 24:
        raise ConvertError("counts from %s to %s in steps of %s" % (first, last, step))
    n.put(n.b.constant(np.arange(first, last, step), parts[0].dtype))


def _one_hot(n: Node) -> None:
    indices = n.plain(0)
    depth, values = n.array(1, "the depth").reshape(-1), n.array(2, "the values")
    size = int(depth[0])
    axis = n.integer("axis", -1)
    rank = len(indices.shape)
    axis = shapes.axis_of(axis, rank + 1)
    if values.size != 2 or size < 1 or size > 1 << 24:
        raise ConvertError("has the depth %d and %d values" % (size, values.size))
    index = maths.cast(n.b, indices, "INT32")
    if size > 0:  # a negative index counts from the end
        index = maths.binary(n.b, "FLOOR_MOD", index, n.b.integers(size))
    shape = signature(indices)
    out = shape[:axis] + (size,) + shape[axis:]
    off, on = (n.b.constant(v) for v in values.reshape(-1))
    n.put(n.b.emit("ONE_HOT", [index, n.b.integers(size), on, off], out, on.dtype,
                   {"axis": axis if axis < rank else -1}))


def _depth_to_space(n: Node) -> None:
    x = n.last(0)
    block = n.integer("blocksize")
    channels = signature(x)[3]
    if n.text("mode", "DCR") != "DCR":
        if block < 1 or channels % (block * block):
            raise ConvertError("%d channels do not fill blocks of %d" % (channels, block))
        # Column-row-depth: the channels are put in the order that the format's operator has.
        places = np.arange(channels).reshape(-1, block * block).T.reshape(-1)
        x = shapes.gather(n.b, x, n.b.integers(places), 3)
    n.put_last(shapes.depth_to_space(n.b, x, block))


def _space_to_depth(n: Node) -> None:
    n.put_last(shapes.space_to_depth(n.b, n.last(0), n.integer("blocksize")))


def _cumsum(n: Node) -> None:
    value = n.value(0)
    if value.columns is not None:
        value = plain(n.layout.plain(value))
    axis = value.axis(int(n.array(1, "the axis").reshape(-1)[0]))
    options = {
        "exclusive": bool(n.integer("exclusive", 0)),
        "reverse": bool(n.integer("reverse", 0))
    }
    out = n.b.emit("CUMSUM", [value.tensor, n.b.integers(axis)], signature(value.tensor),
                   options=options)
    n.put(out, value.order)


HANDLERS: dict[str, Handler] = {
    "Cast": _cast, "CastLike": _cast, "Concat": _concat, "Constant": _constant,
    "ConstantOfShape": _constant_of_shape, "CumSum": _cumsum, "DepthToSpace": _depth_to_space,
    "Dropout": _identity, "Expand": _expand, "Flatten": _flatten, "Gather": _gather,
    "GatherND": _gather_nd, "Identity": _identity, "OneHot": _one_hot, "Pad": _pad,
    "Range": _range, "Reshape": _reshape, "Shape": _shape, "Size": _size, "Slice": _slice,
    "SpaceToDepth": _space_to_depth, "Split": _split, "Squeeze": _squeeze, "Tile": _tile,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze,
}
