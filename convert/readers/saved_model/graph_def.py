# SPDX-License-Identifier: Apache-2.0
"""TensorFlow's GraphDef: its records, its constants, and its nodes in an order to convert them."""

from __future__ import annotations

import typing

import numpy as np

from ...format.graph import Array, ConvertError
from ..protobuf import Message, Record
from .checkpoint import TYPES

MESSAGES = [
    Message("SavedModel", {2: "meta_graphs: [MetaGraph]"}),
    Message("MetaGraph", {1: "info: MetaInfo?", 2: "graph: GraphDef?", 3: "saver: SaverDef?",
                          5: "signatures: [SignatureEntry]"}),
    Message("MetaInfo", {4: "tags: [text]"}),
    Message("SaverDef", {3: "restore_op_name: text"}),
    Message("SignatureEntry", {1: "key: text", 2: "value: SignatureDef?"}),
    Message("SignatureDef", {1: "inputs: [TensorEntry]", 2: "outputs: [TensorEntry]"}),
    Message("TensorEntry", {1: "key: text", 2: "value: TensorInfo?"}),
    Message("TensorInfo", {1: "name: text", 2: "dtype: int", 3: "shape: Shape?"}),
    Message("GraphDef", {1: "nodes: [NodeDef]", 2: "library: Library?"}),
    Message("Library", {1: "functions: [FunctionDef]"}),
    Message("FunctionDef", {1: "signature: OpDef?", 3: "nodes: [NodeDef]", 4: "ret: [TextEntry]",
                            5: "attributes: [AttrEntry]", 6: "control_ret: [TextEntry]"}),
    Message("OpDef", {1: "name: text", 2: "inputs: [ArgDef]", 3: "outputs: [ArgDef]"}),
    Message("ArgDef", {1: "name: text"}),
    Message("TextEntry", {1: "key: text", 2: "value: text"}),
    Message("NodeDef", {1: "name: text", 2: "op: text", 3: "inputs: [text]",
                        5: "attributes: [AttrEntry]"}),
    Message("AttrEntry", {1: "key: text", 2: "value: AttrValue?"}),
    Message("AttrValue", {1: "list: ListValue?", 2: "s: bytes?", 3: "i: int?", 4: "f: float?",
                          5: "b: bool?", 6: "type: int?", 7: "shape: Shape?", 8: "tensor: Tensor?",
                          10: "func: NameAttrList?"}),
    Message("ListValue", {2: "s: [bytes]", 3: "i: [int]", 4: "f: [float]", 5: "b: [bool]",
                          6: "type: [int]"}),
    Message("NameAttrList", {1: "name: text"}),
    Message("Shape", {2: "dim: [Dim]", 3: "unknown_rank: bool"}),
    Message("Dim", {1: "size: int"}),
    Message("Tensor", {1: "dtype: int", 2: "shape: Shape?", 4: "content: bytes",
                       5: "float_val: [float]", 6: "double_val: [double]", 7: "int_val: [int]",
                       8: "string_val: [bytes]", 10: "int64_val: [int]", 11: "bool_val: [bool]",
                       13: "half_val: [int]", 16: "uint32_val: [uint]", 17: "uint64_val: [uint]"}),
]

_FIELDS = {1: "float_val", 2: "double_val", 3: "int_val", 4: "int_val", 5: "int_val", 6: "int_val",
           9: "int64_val", 10: "bool_val", 17: "int_val", 19: "half_val", 22: "uint32_val",
           23: "uint64_val"}
MOST_ELEMENTS = 1 << 24  # of a constant that says one value once

# Operators with more than one named result; the results of all others are counted through.
RESULTS: dict[str, list[str]] = {
    "FusedBatchNorm": ["y", "batch_mean", "batch_variance"],
    "FusedBatchNormV2": ["y", "batch_mean", "batch_variance"],
    "FusedBatchNormV3": ["y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2",
                         "reserve_space_3"],
    "TopKV2": ["values", "indices"],
    "TensorListPopBack": ["output_handle", "tensor"],
}


def array(tensor: Record) -> Array:
    """The values of a constant; wide floats as float32, strings as bytes."""
    shape = [int(d.size) for d in tensor.shape.dim] if tensor.shape is not None else []
    count = 1
    for d in shape:
        count *= max(d, 0)
    if min(shape, default=0) < 0 or len(shape) > 8 or count > MOST_ELEMENTS:
        raise ConvertError("is a constant of the shape %s" % shape)
    if tensor.dtype == 7:
        texts = np.array([bytes(s) for s in tensor.string_val] or [b""], object)
        return _filled(texts, count).reshape(shape)
    if tensor.dtype not in TYPES:
        raise ConvertError(
            "is a constant of the data type %d, which is not supported" % tensor.dtype)
    dtype = np.dtype(TYPES[tensor.dtype])
    if len(tensor.content):
        if len(tensor.content) != count * dtype.itemsize:
            raise ConvertError("is a constant of the shape %s with %d bytes"
                               % (shape, len(tensor.content)))
        values = np.frombuffer(tensor.content, dtype.newbyteorder("<"))
    else:
        listed: Array = getattr(tensor, _FIELDS[tensor.dtype])
        values = listed.astype(np.uint16).view(np.float16) if tensor.dtype == 19 else \
            listed.astype(dtype)
        values = _filled(values if len(values) else np.zeros(1, dtype), count)
    with np.errstate(over="ignore"):
        return values.astype(np.float32 if dtype.kind == "f" else dtype, copy=False).reshape(shape)


def _filled(values: Array, count: int) -> Array:
    """The last one again and again, where there are fewer than the shape asks for."""
    if len(values) > count:
        raise ConvertError("is a constant with %d values, not %d" % (len(values), count))
    more = np.repeat(values[-1:], count - len(values))
    return np.concatenate([values, more]) if len(more) else values


def attributes(entries: list[Record]) -> dict[str, Record]:
    return {e.key: e.value for e in entries if e.value is not None}


class Scope:
    """The nodes of the main graph or of one function, by name, and what its arguments are."""

    def __init__(self, nodes: list[Record], arguments: list[str]) -> None:
        self.nodes = {n.name: n for n in nodes}
        self.arguments = arguments

    def source(self, text: str) -> tuple[str, str, int]:
        """Node or argument, the name of its result, and the number; of "node:result:number", or of
        "node:number" in the main graph."""
        parts = text.split(":")
        number = parts[-1] if len(parts) > 1 else "0"
        if len(parts) > 3 or not (number.isascii() and number.isdigit() and len(number) < 8):
            raise ConvertError("'%s' names no result of a node" % text)
        return parts[0], parts[1] if len(parts) == 3 else "", int(number)

    def order(self, wanted: typing.Iterable[str], control: bool) -> list[Record]:
        """The nodes that these need, each after those that it needs itself."""
        done: set[str] = set(self.arguments)
        open_now: set[str] = set()
        found: list[Record] = []
        stack = [(name, False) for name in reversed(list(wanted))]
        while stack:
            name, finished = stack.pop()
            if finished:
                done.add(name)
                open_now.discard(name)
                found.append(self.nodes[name])
            elif name not in done:
                if name in open_now:
                    raise ConvertError("node '%s' needs its own result" % name)
                if name not in self.nodes:
                    raise ConvertError("there is no node '%s'" % name)
                open_now.add(name)
                stack.append((name, True))
                stack += [(n, False) for n in reversed(self._needs(name, control)) if n not in done]
        return found

    def _needs(self, name: str, control: bool) -> list[str]:
        inputs = self.nodes[name].inputs
        return [i.lstrip("^").split(":")[0] for i in inputs if control or not i.startswith("^")]


def result_index(node: Record, name: str, number: int, function: Record | None) -> int:
    """Which of a node's results is meant."""
    names = RESULTS.get(node.op, [])
    if function is not None:
        names = [a.name for a in function.signature.outputs] if node.op == function.signature.name \
            else []
    if not name or name not in names:
        return number
    return names.index(name) + number
