# SPDX-License-Identifier: Apache-2.0
"""Reads an ONNX file: its graph as records, its tensors as arrays, also from files beside it."""

from __future__ import annotations

import pathlib
import typing

import numpy as np

from ...format.graph import Array, ConvertError
from ..mapped import mapped
from ..protobuf import Message, Reader, Record

MESSAGES = [
    Message("ModelProto", {1: "ir_version: int", 2: "producer: text", 7: "graph: GraphProto?",
                           8: "opset_import: [OperatorSetId]", 25: "functions: [bytes]"}),
    Message("OperatorSetId", {1: "domain: text", 2: "version: int"}),
    Message("GraphProto", {1: "node: [NodeProto]", 2: "name: text", 5: "initializer: [TensorProto]",
                           11: "input: [ValueInfoProto]", 12: "output: [ValueInfoProto]",
                           15: "sparse_initializer: [bytes]"}),
    Message("NodeProto", {1: "input: [text]", 2: "output: [text]", 3: "name: text",
                          4: "op_type: text", 5: "attribute: [AttributeProto]", 7: "domain: text"}),
    Message("AttributeProto", {1: "name: text", 2: "f: float", 3: "i: int", 4: "s: bytes",
                               5: "t: TensorProto?", 6: "g: GraphProto?", 7: "floats: [float]",
                               8: "ints: [int]", 9: "strings: [bytes]", 20: "type: int"}),
    Message("ValueInfoProto", {1: "name: text", 2: "type: TypeProto?"}),
    Message("TypeProto", {1: "tensor_type: TensorType?"}),
    Message("TensorType", {1: "elem_type: int", 2: "shape: TensorShapeProto?"}),
    Message("TensorShapeProto", {1: "dim: [Dimension]"}),
    Message("Dimension", {1: "dim_value: int?", 2: "dim_param: text"}),
    Message("TensorProto", {1: "dims: [int]", 2: "data_type: int", 4: "float_data: [float]",
                            5: "int32_data: [int]", 7: "int64_data: [int]", 8: "name: text",
                            9: "raw_data: bytes", 10: "double_data: [double]",
                            11: "uint64_data: [uint]", 13: "external_data: [Entry]",
                            14: "data_location: int"}),
    Message("Entry", {1: "key: text", 2: "value: text"}),
]

# Codes of ONNX's TensorProto.DataType: our name, and the field that holds the values without
# raw_data.
TYPES: dict[int, tuple[typing.Any, str]] = {
    1: (np.float32, "float_data"), 2: (np.uint8, "int32_data"), 3: (np.int8, "int32_data"),
    4: (np.uint16, "int32_data"), 5: (np.int16, "int32_data"), 6: (np.int32, "int32_data"),
    7: (np.int64, "int64_data"), 9: (np.bool_, "int32_data"), 10: (np.float16, "int32_data"),
    11: (np.float64, "double_data"), 12: (np.uint32, "uint64_data"), 13: (np.uint64, "uint64_data"),
}
EXTERNAL = 1
COPIED = 1 << 16  # bytes: so that no small array keeps the whole file in memory


class OnnxFile:
    """A file whose bytes stay where they are: arrays are views of its mapping where they can be."""

    def __init__(self, path: str) -> None:
        self.path = pathlib.Path(path)
        self._maps: dict[pathlib.Path, memoryview] = {}
        reader = Reader(MESSAGES, "the file")
        self.model = reader.parse(self._mapped(self.path, "the file"), "ModelProto")
        if self.model.graph is None or not self.model.opset_import:
            raise ConvertError("it is not an ONNX model")

    def _mapped(self, path: pathlib.Path, name: str) -> memoryview:
        if path not in self._maps:
            self._maps[path] = mapped(path, name)
        return self._maps[path]

    def array(self, tensor: Record) -> Array:
        """The values. Wide floats become float32, which is what the operators compute with."""
        if tensor.data_type not in TYPES:
            raise ConvertError("tensor '%s' has the data type %d, which is not supported"
                               % (tensor.name, tensor.data_type))
        dtype, field = TYPES[tensor.data_type]
        dims = tuple(int(d) for d in tensor.dims)
        values = self._values(tensor, dtype, field)
        if min(dims, default=1) < 0 or len(dims) > 8 or _count(dims) != values.size:
            raise ConvertError("tensor '%s' of the shape %s holds %d values"
                               % (tensor.name, list(dims), values.size))
        values = values.reshape(dims)
        wide = np.dtype(dtype).kind == "f" and dtype is not np.float32
        with np.errstate(over="ignore"):
            return values.astype(np.float32) if wide else values

    def _values(self, tensor: Record, dtype: typing.Any, field: str) -> Array:
        raw = self._external(tensor) if tensor.data_location == EXTERNAL else tensor.raw_data
        size = np.dtype(dtype).itemsize
        if len(raw):
            if len(raw) % size:
                raise ConvertError("tensor '%s' has %d bytes" % (tensor.name, len(raw)))
            values = np.frombuffer(raw, np.dtype(dtype).newbyteorder("<"))
            return values.astype(dtype, copy=len(raw) < COPIED)
        listed: Array = getattr(tensor, field)
        if dtype is np.float16:  # stored as the bits of each
            return listed.astype(np.uint16).view(np.float16)
        return listed.astype(dtype)

    def _external(self, tensor: Record) -> memoryview:
        about = {e.key: e.value for e in tensor.external_data}
        name = about.get("location", "")
        beside = self.path.parent.resolve()
        path = (beside / name.replace("\0", "")).resolve()
        if not name or beside not in path.parents:
            raise ConvertError(
                "tensor '%s' is said to be in '%s', which is not a file beside the model" %
                (tensor.name, name))
        data = self._mapped(path, "'%s', where tensor '%s' is," % (name, tensor.name))
        offset = _number(about.get("offset", "0"), tensor)
        length = _number(about.get("length", str(len(data) - offset)), tensor)
        if offset > len(data) or length > len(data) - offset:
            raise ConvertError("tensor '%s' ends outside of '%s'" % (tensor.name, name))
        return data[offset:offset + length]


def _number(text: str, tensor: Record) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ConvertError("tensor '%s' has the offset or length '%s'" % (tensor.name, text[:40]))
    return int(text)


def _count(dims: tuple[int, ...]) -> int:
    count = 1
    for d in dims:
        count *= d
    return count
