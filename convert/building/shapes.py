# SPDX-License-Identifier: Apache-2.0
"""Operators that move values: each function adds one, with the shape of its result."""

from __future__ import annotations

import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Shape, Tensor, signature
from . import evaluate
from .builder import LARGEST_SIZE, Builder, product

MOST_DIMENSIONS = 8


def axis_of(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ConvertError("axis %d is not one of %d dimensions" % (axis, rank))
    return axis % rank


def constant_of(tensor: Tensor, what: str) -> Array:
    if tensor.data is None:
        raise ConvertError(
            "%s is computed when the model runs; only constants are supported" % what)
    return tensor.data


def broadcast(*shapes: Shape) -> Shape:
    """The shape that they have in common; an unknown size gives way to a known one above 1."""
    rank = max(len(s) for s in shapes)
    out = []
    for column in zip(*((1,) * (rank - len(s)) + s for s in shapes)):
        wide = {s for s in column if s != 1}
        known = {s for s in wide if s >= 0}
        if len(known) > 1:
            raise ConvertError("shapes %s do not agree" % ", ".join(str(list(s)) for s in shapes))
        out.append(known.pop() if known else -1 if wide else 1)
    return tuple(out)


# ---- shapes --------------------------------------------------------------------------------------


def reshape(b: Builder, x: Tensor, target: typing.Sequence[int]) -> Tensor:
    """To fixed sizes, with at most one of -1 for the rest."""
    sizes = [int(s) for s in target]
    total = product(x.shape)
    rest = product(s for s in sizes if s >= 0)
    if sizes.count(-1) > 1 or min(sizes, default=0) < -1 or (
            total % rest if -1 in sizes and rest else -1 in sizes or rest != total):
        raise ConvertError("shape %s cannot become %s" % (list(signature(x)), sizes))
    fixed = tuple(total // rest if s < 0 else s for s in sizes)
    open_sizes = -1 in signature(x)
    out = b.emit("RESHAPE", [x, b.integers(sizes if open_sizes else fixed)], fixed,
                 options={"new_shape": sizes if open_sizes else list(fixed)})
    if open_sizes and out.data is None:
        out.shape_signature = tuple(sizes) if -1 in sizes else None
    return out


def reshape_to(b: Builder, x: Tensor, shape: Tensor) -> Tensor:
    """To a shape that may hold sizes that are not known before the model runs."""
    wanted = constant_of(shape, "the shape").reshape(-1).tolist()
    unknown = b.unknown(shape).reshape(-1).tolist()
    return reshape(b, x, settle(x, [-1 if u else s for s, u in zip(wanted, unknown)], wanted))


def settle(x: Tensor, sizes: list[int], wanted: list[int]) -> list[int]:
    """Leaves one -1: that of the batch where there is one, the others are computed."""
    if sizes.count(-1) < 2:
        return sizes
    stated = [i for i, s in enumerate(wanted) if s == -1]
    known = product(s for s in signature(x) if s >= 0)
    if sizes.count(-1) == 2 and len(stated) == 1 and signature(x).count(-1) == 1:
        rest = product(s for s in sizes if s >= 0)
        if rest and known % rest == 0:
            sizes[stated[0]] = known // rest
            return sizes
    if signature(x).count(-1) < 1:
        return wanted
    raise ConvertError("more than one size of a new shape is not known before the model runs; "
                       "state the shape of the model's inputs")


def transpose(b: Builder, x: Tensor, order: typing.Sequence[int]) -> Tensor:
    """Where only sizes of 1 move, a reshape does it."""
    order = [int(a) for a in order]
    shape = signature(x)
    if sorted(order) != list(range(len(shape))):
        raise ConvertError("%s is no order of %d dimensions" % (order, len(shape)))
    if order == sorted(order):
        return x
    out = tuple(shape[a] for a in order)
    if [a for a in order if shape[a] != 1] == [a for a in range(len(shape)) if shape[a] != 1] \
            and shape.count(-1) < 2:
        return reshape(b, x, out)
    return b.emit("TRANSPOSE", [x, b.integers(order)], out)


def expand(b: Builder, x: Tensor, axes: typing.Sequence[int]) -> Tensor:
    """New dimensions of size 1, at these places of the result."""
    rank = len(x.shape) + len(axes)
    places = {axis_of(int(a), rank) for a in axes}
    if len(places) != len(axes) or rank > MOST_DIMENSIONS:
        raise ConvertError("axes %s are not new ones of %d dimensions" % (list(axes), rank))
    rest = iter(signature(x))
    return moved(b, x, [1 if i in places else next(rest) for i in range(rank)])


def squeeze(b: Builder, x: Tensor, axes: typing.Sequence[int] | None) -> Tensor:
    shape = signature(x)
    drop = {i for i, s in enumerate(shape) if s == 1} if axes is None or not len(axes) else \
        {axis_of(int(a), len(shape)) for a in axes}
    if any(shape[i] not in (1, -1) for i in drop):
        raise ConvertError("sizes of %s at axes %s are not 1" % (list(shape), sorted(drop)))
    return moved(b, x, [s for i, s in enumerate(shape) if i not in drop])


def moved(b: Builder, x: Tensor, target: list[int]) -> Tensor:
    """A reshape that only adds or drops sizes of 1; several may be unknown."""
    if tuple(target) == signature(x):
        return x
    if target.count(-1) < 2:
        out = reshape(b, x, target)
        if x.data is not None:
            b.mark_unknown(out, b.unknown(x).reshape(out.shape))
        return out
    old = [s for s in signature(x)]
    drop = [i for i, s in enumerate(old) if s == 1]
    if len(target) < len(old):
        return b.emit("SQUEEZE", [x], tuple(target), options={"squeeze_dims": drop})
    at = next(i for i, s in enumerate(target) if s == 1 and (i >= len(old) or old[i] != 1))
    step = tuple(old[:at] + [1] + old[at:])
    out = b.emit("EXPAND_DIMS", [x, b.integers(at)], step)
    return moved(b, out, target)


def concat(b: Builder, parts: typing.Sequence[Tensor], axis: int) -> Tensor:
    shapes = [signature(p) for p in parts]
    axis = axis_of(axis, len(shapes[0]))
    if len(parts) == 1:
        return parts[0]
    for s in shapes:
        if len(s) != len(shapes[0]) or any(m != n and -1 not in (m, n)
                                           for i, (m, n) in enumerate(zip(s, shapes[0]))
                                           if i != axis):
            raise ConvertError("shapes %s cannot be joined along axis %d"
                               % (", ".join(str(list(s)) for s in shapes), axis))
    along = [s[axis] for s in shapes]
    out = [max(column) for column in zip(*shapes)]
    out[axis] = -1 if -1 in along else sum(along)
    return b.emit("CONCATENATION", parts, tuple(out),
                  options={"axis": axis, "fused_activation_function": "NONE"})


def pack(b: Builder, parts: typing.Sequence[Tensor], axis: int) -> Tensor:
    shape = broadcast(*(signature(p) for p in parts))
    if any(len(p.shape) != len(shape) for p in parts):
        raise ConvertError("parts of %d and fewer dimensions cannot be packed" % len(shape))
    axis = axis_of(axis, len(shape) + 1)
    return b.emit("PACK", parts, shape[:axis] + (len(parts),) + shape[axis:],
                  options={"values_count": len(parts), "axis": axis})


def unpack(b: Builder, x: Tensor, axis: int) -> list[Tensor]:
    shape = signature(x)
    axis = axis_of(axis, len(shape))
    count = shape[axis]
    if not 0 < count <= 4096:
        raise ConvertError("%d parts are too many, or not known" % count)
    return b.emit_all("UNPACK", [x], [shape[:axis] + shape[axis + 1:]] * count,
                      options={"num": count, "axis": axis})


def split(b: Builder, x: Tensor, sizes: list[int], axis: int) -> list[Tensor]:
    shape = signature(x)
    axis = axis_of(axis, len(shape))
    if shape[axis] != sum(sizes) or min(sizes, default=-1) < 0:
        raise ConvertError("size %d cannot be split into %s" % (shape[axis], sizes[:16]))
    if len(sizes) == 1:
        return [x]
    shapes = [shape[:axis] + (s,) + shape[axis + 1:] for s in sizes]
    options = {"num_splits": len(sizes)}
    if len(set(sizes)) == 1:
        return b.emit_all("SPLIT", [b.integers(axis), x], shapes, x.dtype, options)
    return b.emit_all("SPLIT_V", [x, b.integers(sizes), b.integers(axis)], shapes, options=options)


def strided_slice(b: Builder, x: Tensor, begin: Array, end: Array, strides: Array,
                  masks: dict[str, int] | None = None) -> Tensor:
    options: dict[str, typing.Any] = dict.fromkeys(
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    options.update(masks or {}, offset=False)
    shape = signature(x)
    if len(begin) > len(shape) or not len(begin) == len(end) == len(strides) or not np.all(strides):
        raise ConvertError("a slice of %s has begin %s, end %s, steps %s" % (
            list(shape), begin.tolist(), end.tolist(), strides.tolist()))
    out, all_whole = [], True
    for i, part in enumerate(evaluate.strided_box(x.shape, begin, end, strides, options)):
        whole = part.start in (None, 0) and part.step in (None, 1) and (
            part.stop is None or part.stop >= (shape[i] if shape[i] >= 0 else LARGEST_SIZE))
        all_whole &= whole
        if not options["shrink_axis_mask"] >> i & 1:
            size = len(range(*part.indices(x.shape[i])))
            out.append(shape[i] if whole else -1 if shape[i] < 0 else size)
        elif shape[i] >= 0 and part.start >= shape[i]:
            raise ConvertError("index %d is outside of size %d" % (begin[i], shape[i]))
    if all_whole and tuple(out) == shape:
        return x
    return b.emit("STRIDED_SLICE", [x, b.integers(begin), b.integers(end), b.integers(strides)],
                  tuple(out), options=options)


def slice_box(b: Builder, x: Tensor, starts: dict[int, tuple[int, int]]) -> Tensor:
    """Of some dimensions, the part from a start up to an end, both within the size."""
    shape = signature(x)
    if all(start == 0 and end == shape[a] for a, (start, end) in starts.items()):
        return x
    begin = [starts.get(i, (0, 0))[0] for i in range(len(shape))]
    size = [starts[i][1] - starts[i][0] if i in starts else s for i, s in enumerate(shape)]
    return b.emit("SLICE", [x, b.integers(begin), b.integers(size)], tuple(size))


def gather(b: Builder, x: Tensor, indices: Tensor, axis: int) -> Tensor:
    shape = signature(x)
    axis = axis_of(axis, len(shape))
    if indices.data is not None and shape[axis] >= 0:
        if np.any(indices.data >= shape[axis]) or np.any(indices.data < -shape[axis]):
            raise ConvertError("an index is outside of size %d" % shape[axis])
        if np.any(indices.data < 0):
            indices = b.constant(np.mod(indices.data, shape[axis]))
    out = shape[:axis] + signature(indices) + shape[axis + 1:]
    if indices.dtype not in ("INT32", "INT64"):
        raise ConvertError("indices of type %s are not supported" % indices.dtype)
    return b.emit("GATHER", [x, indices], out, options={"axis": axis, "batch_dims": 0})


def pad(b: Builder, x: Tensor, pads: list[tuple[int, int]], value: Tensor | None = None,
        mirror: str = "") -> Tensor:
    """Values are added on both sides of each dimension, or cut off where a number is negative."""
    shape = signature(x)
    cut = {i: (max(0, -before), shape[i] - max(0, -after)) for i, (before, after) in enumerate(pads)
           if before < 0 or after < 0}
    if cut:
        if any(shape[i] < 0 or low > high for i, (low, high) in cut.items()):
            raise ConvertError("a negative padding does not fit the shape %s" % list(shape))
        return pad(b, slice_box(b, x, cut), [(max(0, m), max(0, n)) for m, n in pads], value,
                   mirror)
    if not any(m or n for m, n in pads):
        return x
    out = tuple(-1 if s < 0 else s + m + n for s, (m, n) in zip(shape, pads))
    inputs = [x, b.integers(pads)]
    if mirror:
        return b.emit("MIRROR_PAD", inputs, out, options={"mode": mirror})
    if value is None or (value.data is not None and not value.data.any()):
        return b.emit("PAD", inputs, out)
    return b.emit("PADV2", inputs + [value], out)


def tile(b: Builder, x: Tensor, counts: typing.Sequence[int]) -> Tensor:
    if len(counts) != len(x.shape) or min(counts, default=0) < 0:
        raise ConvertError("%s does not say how often %s repeats" % (
            list(counts), list(signature(x))))
    if all(c == 1 for c in counts):
        return x
    out = tuple(-1 if s < 0 else s * int(c) for s, c in zip(signature(x), counts))
    return b.emit("TILE", [x, b.integers(counts)], out)


def broadcast_to(b: Builder, x: Tensor, shape: Shape) -> Tensor:
    out = broadcast(signature(x), shape)
    if out == signature(x) or -1 in out:
        return x
    return b.emit("BROADCAST_TO", [x, b.integers(out)], out)


def depth_to_space(b: Builder, x: Tensor, block: int) -> Tensor:
    n, h, w, c = signature(x)
    if block < 1 or c % (block * block):
        raise ConvertError("%d channels do not fill blocks of %d" % (c, block))
    out = (n, -1 if h < 0 else h * block, -1 if w < 0 else w * block, c // (block * block))
    return b.emit("DEPTH_TO_SPACE", [x], out, options={"block_size": block})


def space_to_depth(b: Builder, x: Tensor, block: int) -> Tensor:
    n, h, w, c = signature(x)
    if block < 1 or (h >= 0 and h % block) or (w >= 0 and w % block):
        raise ConvertError("%d x %d is not made of blocks of %d" % (h, w, block))
    out = (n, -1 if h < 0 else h // block, -1 if w < 0 else w // block, c * block * block)
    return b.emit("SPACE_TO_DEPTH", [x], out, options={"block_size": block})


def reverse(b: Builder, x: Tensor, axis: int) -> Tensor:
    return b.emit("REVERSE_V2", [x, b.integers([axis_of(axis, len(x.shape))])], signature(x))


def copied(b: Builder, tensor: Tensor) -> Tensor:
    """The same values under a name of their own: an output that is an input, say."""
    out = b.tensor(signature(tensor), tensor.dtype)
    shape: Array = np.array(signature(tensor), np.int32)
    if list(shape).count(-1) > 1:
        raise ConvertError("output '%s' is an input of a shape that is not known" % b.name)
    b.operators.append(Operator("RESHAPE", [tensor, b.integers(shape)], [out],
                                {"new_shape": shape.tolist()}, layer=b.layer))
    return out
