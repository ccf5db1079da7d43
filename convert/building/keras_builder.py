# SPDX-License-Identifier: Apache-2.0
"""Adds operators to a subgraph one after the other, and knows the shapes that they make.

Sizes are those of `shape_signature`: -1 is one that only the running program knows.
"""

from __future__ import annotations

import math
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Subgraph, Tensor

Shape = typing.Tuple[int, ...]
Padding = typing.Literal["SAME", "VALID"]
Pair = typing.Tuple[int, int]

MAX_OPERATORS = 20_000
MAX_ELEMENTS = 1 << 31  # of one tensor: what the file format can address
NUMPY_TYPES = {"float32": "FLOAT32", "int32": "INT32", "int64": "INT64", "bool": "BOOL",
               "uint8": "UINT8", "int8": "INT8", "int16": "INT16", "float16": "FLOAT16",
               "float64": "FLOAT64", "uint32": "UINT32", "uint16": "UINT16", "uint64": "UINT64"}


class Unsupported(ConvertError):
    """The format, or this converter, has nothing that does what is asked."""


def signature(tensor: Tensor) -> Shape:
    return tensor.shape if tensor.shape_signature is None else tensor.shape_signature


def set_signature(tensor: Tensor, sizes: typing.Sequence[int]) -> None:
    tensor.shape = tuple(1 if n < 0 else n for n in sizes)
    tensor.shape_signature = tuple(sizes) if any(n < 0 for n in sizes) else None


def check_sizes(sizes: typing.Sequence[int]) -> Shape:
    if math.prod(max(n, 1) for n in sizes) >= MAX_ELEMENTS:
        raise ConvertError("a tensor of shape %s is larger than the format allows" % list(sizes))
    if any(n < -1 for n in sizes):
        raise ConvertError("a tensor would have the shape %s" % list(sizes))
    return tuple(sizes)


def broadcast(a: Shape, b: Shape) -> Shape:
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b)
    return tuple(_spread(n, m, a, b) for n, m in pairs)


def _spread(n: int, m: int, a: Shape, b: Shape) -> int:
    if n == m or m == 1:
        return n
    if n == 1:
        return m
    if -1 in (n, m):
        return max(n, m)
    raise ConvertError("shapes %s and %s do not go together" % (list(a), list(b)))


def window(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int:
    """How many places a window has along one dimension."""
    if size < 0:
        return -1
    if padding == "SAME":
        return -(-size // stride)
    places = -(-(size - (kernel - 1) * dilation) // stride)
    if places < 1:
        raise ConvertError("a window of %d does not fit into %d" % ((kernel - 1) * dilation + 1, size))
    return places


class Builder:
    """`layer` is what the source calls the part that the next operators stand for."""

    def __init__(self, name: str = "main") -> None:
        self.subgraph = Subgraph(name)
        self.layer = ""
        self._names: dict[str, int] = {}

    # ---- tensors

    def name(self, wanted: str) -> str:
        """`wanted`, or with a number when it is taken."""
        number = self._names.get(wanted, 0)
        self._names[wanted] = number + 1
        return self.name("%s_%d" % (wanted, number)) if number else wanted

    def input(self, name: str, sizes: typing.Sequence[int], dtype: str = "FLOAT32") -> Tensor:
        tensor = self._tensor(name, sizes, dtype)
        self.subgraph.inputs.append(tensor)
        return tensor

    def constant(self, values: typing.Any, name: str = "constant") -> Tensor:
        data = np.asarray(values)
        if data.dtype == np.float64:
            data = data.astype(np.float32)
        return Tensor(self.name("%s/%s" % (self.layer, name)), data.shape,
                      NUMPY_TYPES[data.dtype.name], data)

    def integers(self, values: typing.Any, name: str = "sizes") -> Tensor:
        return self.constant(np.asarray(values, np.int32), name)

    def variable(self, name: str, sizes: Shape) -> Tensor:
        return Tensor(self.name("%s/%s" % (self.layer, name)), sizes, variable=True)

    def _tensor(self, name: str, sizes: typing.Sequence[int], dtype: str) -> Tensor:
        tensor = Tensor(self.name(name), (), dtype)
        set_signature(tensor, check_sizes(sizes))
        return tensor

    # ---- operators of any kind

    def add(self, kind: str, inputs: typing.Sequence[Tensor | None],
            sizes: typing.Sequence[typing.Sequence[int]], dtype: str,
            options: dict[str, typing.Any] | None = None) -> list[Tensor]:
        if len(self.subgraph.operators) >= MAX_OPERATORS:
            raise ConvertError("the model has more than %d operators" % MAX_OPERATORS)
        name = "%s/%s" % (self.layer, kind.lower())
        outputs = [self._tensor(name, each, dtype) for each in sizes]
        self.subgraph.operators.append(
            Operator(kind, list(inputs), outputs, options or {}, layer=self.layer))
        return outputs

    def op(self, kind: str, inputs: typing.Sequence[Tensor | None], sizes: typing.Sequence[int],
           dtype: str | None = None, **options: typing.Any) -> Tensor:
        """An operator with one output, of its first input's type unless `dtype` says otherwise."""
        first = next(t for t in inputs if t is not None)
        return self.add(kind, inputs, [sizes], dtype or first.dtype, options)[0]

    def unary(self, kind: str, x: Tensor, **options: typing.Any) -> Tensor:
        return self.op(kind, [x], signature(x), **options)

    def binary(self, kind: str, a: Tensor, b: Tensor | typing.Any) -> Tensor:
        """b: a tensor, or numbers."""
        if not isinstance(b, Tensor):
            b = self.constant(np.asarray(b, np.float32))
        options = {"fused_activation_function": "NONE"} if kind in ("ADD", "SUB", "MUL", "DIV") else {}
        return self.op(kind, [a, b], broadcast(signature(a), signature(b)), **options)

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        if x.dtype == dtype:
            return x
        return self.op("CAST", [x], signature(x), dtype, in_data_type=x.dtype, out_data_type=dtype)

    # ---- shapes

    def reshape(self, x: Tensor, sizes: typing.Sequence[int]) -> Tensor:
        """At most one size may be unknown. The same number of elements: those who call see to it."""
        if signature(x) == tuple(sizes):
            return x
        if sum(n < 0 for n in sizes) > 1:
            raise Unsupported("more than one size of %s is not fixed" % list(sizes))
        return self.op("RESHAPE", [x, self.integers(sizes)], sizes)

    def reshape_same(self, x: Tensor) -> Tensor:
        """A tensor of its own with the same numbers."""
        return self.op("RESHAPE", [x, self.integers(signature(x))], signature(x))

    def stand_in(self, x: Tensor) -> Tensor:
        """For what could not be computed from x."""
        return self._tensor(self.layer, signature(x), x.dtype)

    def expand(self, x: Tensor, axis: int) -> Tensor:
        sizes = signature(x)[:axis] + (1,) + signature(x)[axis:]
        if sum(n < 0 for n in sizes) < 2:
            return self.reshape(x, sizes)
        return self.op("EXPAND_DIMS", [x, self.integers([axis], "axis")], sizes)

    def squeeze(self, x: Tensor, axis: int) -> Tensor:
        sizes = signature(x)[:axis] + signature(x)[axis + 1:]
        if sum(n < 0 for n in sizes) < 2:
            return self.reshape(x, sizes)
        return self.op("SQUEEZE", [x], sizes, squeeze_dims=[axis])

    def transpose(self, x: Tensor, order: typing.Sequence[int]) -> Tensor:
        sizes = [signature(x)[i] for i in order]
        return self.op("TRANSPOSE", [x, self.integers(order, "order")], sizes)

    def reduce(self, kind: str, x: Tensor, axes: typing.Sequence[int], keep: bool) -> Tensor:
        sizes = [1 if i in axes else n for i, n in enumerate(signature(x)) if keep or i not in axes]
        return self.op(kind, [x, self.integers(axes, "axes")], sizes, keep_dims=keep)

    def pad(self, x: Tensor, amounts: typing.Sequence[Pair]) -> Tensor:
        sizes = [n if n < 0 else n + sum(two) for n, two in zip(signature(x), amounts)]
        return self.op("PAD", [x, self.integers(amounts, "paddings")], sizes)

    def slice(self, x: Tensor, axis: int, begin: int, end: int) -> Tensor:
        """From `begin` up to `end`, both of a size that is known."""
        sizes, rank = list(signature(x)), len(x.shape)
        sizes[axis] = end - begin
        bounds = [[at if i == axis else 0 for i in range(rank)] for at in (begin, end)]
        mask = sum(1 << i for i in range(rank) if i != axis)
        inputs = [x, *(self.integers(each, name) for each, name in zip(bounds, ("begin", "end"))),
                  self.integers([1] * rank, "strides")]
        return self.op("STRIDED_SLICE", inputs, sizes, begin_mask=mask, end_mask=mask,
                       ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0)

    def crop(self, x: Tensor, amounts: typing.Sequence[Pair]) -> Tensor:
        """Without so many at the beginning and at the end of each dimension."""
        sizes = [n if n < 0 else n - sum(two) for n, two in zip(signature(x), amounts)]
        if any(n == 0 or n < -1 for n in sizes):
            raise ConvertError("nothing is left of the shape %s" % list(signature(x)))
        masks = [sum(1 << i for i, two in enumerate(amounts) if not two[end]) for end in (0, 1)]
        inputs = [x, self.integers([before for before, _ in amounts], "begin"),
                  self.integers([-after for _, after in amounts], "end"),
                  self.integers([1] * len(sizes), "strides")]
        return self.op("STRIDED_SLICE", inputs, sizes, begin_mask=masks[0], end_mask=masks[1],
                       ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0)

    def concat(self, parts: typing.Sequence[Tensor], axis: int) -> Tensor:
        sizes = list(signature(parts[0]))
        lengths = [signature(part)[axis] for part in parts]
        sizes[axis] = -1 if min(lengths) < 0 else sum(lengths)
        return self.op("CONCATENATION", parts, sizes, axis=axis, fused_activation_function="NONE")

    def split(self, x: Tensor, axis: int, count: int) -> list[Tensor]:
        sizes = list(signature(x))
        sizes[axis] //= count
        return self.add("SPLIT", [self.integers(axis, "axis"), x], [sizes] * count, x.dtype,
                        {"num_splits": count})

    def unpack(self, x: Tensor, axis: int) -> list[Tensor]:
        sizes, count = signature(x)[:axis] + signature(x)[axis + 1:], signature(x)[axis]
        return self.add("UNPACK", [x], [sizes] * count, x.dtype, {"num": count, "axis": axis})

    def pack(self, parts: typing.Sequence[Tensor], axis: int) -> Tensor:
        sizes = signature(parts[0])
        return self.op("PACK", parts, sizes[:axis] + (len(parts),) + sizes[axis:],
                       values_count=len(parts), axis=axis)

    def tile(self, x: Tensor, times: typing.Sequence[int]) -> Tensor:
        sizes = [n if n < 0 else n * m for n, m in zip(signature(x), times)]
        return self.op("TILE", [x, self.integers(times, "multiples")], sizes)

    def resize(self, kind: str, x: Tensor, height: int, width: int,
               half_pixels: bool = True) -> Tensor:
        sizes = (signature(x)[0], height, width, signature(x)[3])
        return self.op(kind, [x, self.integers([height, width])], sizes, align_corners=False,
                       half_pixel_centers=half_pixels)

    # ---- layers with weights. Those of 2-D layers are of shape [output, height, width, input]

    def dense(self, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        sizes = signature(x)[:-1] + (weights.shape[0],)
        return self.op("FULLY_CONNECTED", [x, weights, bias], sizes, weights_format="DEFAULT",
                       keep_num_dims=len(sizes) > 2, fused_activation_function="NONE")

    def conv(self, x: Tensor, weights: Tensor, bias: Tensor, strides: Pair, dilations: Pair,
             padding: str) -> Tensor:
        sizes = self._places(x, weights, strides, dilations, padding) + (weights.shape[0],)
        return self.op("CONV_2D", [x, weights, bias], sizes,
                       **_window_options(strides, dilations, padding))

    def depthwise(self, x: Tensor, weights: Tensor, bias: Tensor, strides: Pair, dilations: Pair,
                  padding: str) -> Tensor:
        channels = weights.shape[3]
        sizes = self._places(x, weights, strides, dilations, padding) + (channels,)
        return self.op("DEPTHWISE_CONV_2D", [x, weights, bias], sizes,
                       depth_multiplier=channels // x.shape[3],
                       **_window_options(strides, dilations, padding))

    def pool(self, kind: str, x: Tensor, size: Pair, strides: Pair, padding: str) -> Tensor:
        places = tuple(window(signature(x)[i + 1], size[i], strides[i], 1, padding) for i in (0, 1))
        return self.op(kind, [x], (signature(x)[0],) + places + (x.shape[3],), padding=padding,
                       stride_h=strides[0], stride_w=strides[1], filter_height=size[0],
                       filter_width=size[1], fused_activation_function="NONE")

    @staticmethod
    def _places(x: Tensor, weights: Tensor, strides: Pair, dilations: Pair, padding: str) -> Shape:
        sizes = signature(x)
        return (sizes[0],) + tuple(window(sizes[i + 1], weights.shape[i + 1], strides[i],
                                          dilations[i], padding) for i in (0, 1))

    def softmax(self, x: Tensor) -> Tensor:
        return self.unary("SOFTMAX", x, beta=1.0)

    def matmul(self, a: Tensor, b: Tensor, adjoint_a: bool, adjoint_b: bool) -> Tensor:
        rows, columns = signature(a)[-1 if adjoint_a else -2], signature(b)[-2 if adjoint_b else -1]
        inner = signature(a)[-2 if adjoint_a else -1], signature(b)[-1 if adjoint_b else -2]
        if -1 not in inner and inner[0] != inner[1]:
            raise ConvertError("matrices of %s and %s cannot be multiplied"
                               % (list(signature(a)), list(signature(b))))
        sizes = broadcast(signature(a)[:-2], signature(b)[:-2]) + (rows, columns)
        return self.op("BATCH_MATMUL", [a, b], sizes, adj_x=adjoint_a, adj_y=adjoint_b,
                       asymmetric_quantize_inputs=False)


def _window_options(strides: Pair, dilations: Pair, padding: str) -> dict[str, typing.Any]:
    return {"padding": padding, "stride_h": strides[0], "stride_w": strides[1],
            "dilation_h_factor": dilations[0], "dilation_w_factor": dilations[1],
            "fused_activation_function": "NONE"}


def values_of(tensor: Tensor | None) -> Array:
    """A constant's values; those who call have seen that it is one."""
    assert tensor is not None and tensor.data is not None
    return tensor.data
