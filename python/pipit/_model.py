# SPDX-License-Identifier: Apache-2.0
"""A checked model file, and what it says of itself."""

from __future__ import annotations

import ctypes
import mmap
import os
import typing

from . import _library as c
from ._library import lib

_ALIGN = 16
_CUSTOM = 32  # the code of all custom operators


def aligned(size: int, to: int = _ALIGN) -> tuple[ctypes.Array[ctypes.c_char], int]:
    """A zeroed buffer of ctypes, and the address in it that is a multiple of `to`."""
    buffer = ctypes.create_string_buffer(size + to)
    return buffer, -(-ctypes.addressof(buffer) // to) * to


def _numbers(address: int, count: int, size: int) -> list[int]:
    kind: typing.Any = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_int32}[size]
    return list((kind * count).from_address(address)) if count else []


def _path(path: str | bytes) -> bytes:
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise ValueError("Could not open %r: a path has no zero byte" % (path,))
    return raw


class Node(typing.NamedTuple):
    """An operator of a model."""

    op: str
    inputs: list[int]
    outputs: list[int]
    custom: bool


class Signature(typing.NamedTuple):
    """An entry of a model, with the tensor indices of its inputs' and outputs' names."""

    key: str
    number: int
    subgraph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


class Model:
    """The bytes of a `.tflite` file; `handle` is the C interface's."""

    def __init__(self, path: str | bytes | None = None, content: bytes | mmap.mmap = b"") -> None:
        size = lib.pipit_model_bytes()
        self._memory, where = aligned(size)
        self._content: typing.Any = content
        handle, why = ctypes.c_void_p(), c.Message()
        if path is not None:
            code = lib.pipit_model_init_file(
                where, size, _path(path), ctypes.byref(handle), ctypes.byref(why))
        else:
            self.address, self.size = self._address(content), len(content)
            code = lib.pipit_model_init(
                where, size, self.address, self.size, ctypes.byref(handle), ctypes.byref(why))
        if code == c.NO_FILE:
            raise ValueError("Could not open '%s': %s" % (os.fsdecode(path or b""), why.text))
        if code == c.UNSUPPORTED:
            raise ValueError(why.text)
        if code != c.OK:
            raise ValueError("The model is not a valid Flatbuffer buffer: %s" % why.text)
        self.handle = handle

    @classmethod
    def mapped(cls, path: str | bytes) -> Model:
        """A file whose bytes have an `address` here, too."""
        cls(path)  # says what is wrong with it
        with open(path, "rb") as file:
            return cls(content=mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))

    def _address(self, content: bytes | mmap.mmap) -> int:
        if isinstance(content, mmap.mmap):
            return ctypes.addressof(ctypes.c_char.from_buffer(content))
        address = ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value or 0
        if address % _ALIGN == 0:
            return address
        self._content, address = aligned(len(content))
        ctypes.memmove(address, content, len(content))
        return address

    def __del__(self) -> None:
        if getattr(self, "handle", None) is not None:
            lib.pipit_model_release(self.handle)

    def subgraphs(self) -> int:
        return int(lib.pipit_model_subgraphs(self.handle))

    def tensors(self, subgraph: int) -> int:
        """How many; -1 when there is no such subgraph."""
        if not 0 <= subgraph < self.subgraphs():
            return -1
        return int(lib.pipit_model_tensors(self.handle, subgraph))

    def tensor(self, subgraph: int, index: int) -> c.Tensor:
        tensor = c.Tensor()
        lib.pipit_model_tensor(self.handle, subgraph, index, ctypes.byref(tensor))
        return tensor

    def sparsity(self, subgraph: int, index: int) -> dict[str, typing.Any]:
        """How the file stores a sparse tensor, with TensorFlow Lite's names; {} when it is dense."""
        s, d = c.Sparsity(), c.SparseDimension()
        if lib.pipit_model_sparsity(self.handle, subgraph, index, ctypes.byref(s)) != c.OK:
            return {}
        dimensions = []
        for i in range(self.tensor(subgraph, index).sparse_dimensions):
            lib.pipit_model_sparse_dimension(self.handle, subgraph, index, i, ctypes.byref(d))
            dimensions.append({
                "format": 1,
                "array_segments": _numbers(d.segments, d.segment_count, d.segment_bytes),
                "array_indices": _numbers(d.indices, d.index_count, d.index_bytes),
            } if d.sparse else {"format": 0, "dense_size": d.dense_size})
        return {"traversal_order": s.traversal_order[:s.traversal_count],
                "block_map": s.block_map[:s.block_map_count], "dim_metadata": dimensions}

    def inputs(self, subgraph: int = 0) -> list[int]:
        return self._list(lib.pipit_model_inputs, subgraph)

    def outputs(self, subgraph: int = 0) -> list[int]:
        return self._list(lib.pipit_model_outputs, subgraph)

    def _list(self, function: typing.Any, subgraph: int) -> list[int]:
        indices = ctypes.POINTER(ctypes.c_int32)()
        count = function(self.handle, subgraph, ctypes.byref(indices))
        return indices[:count]

    def nodes(self, subgraph: int = 0) -> int:
        return int(lib.pipit_model_nodes(self.handle, subgraph))

    def node(self, index: int, subgraph: int = 0) -> Node | None:
        node = c.Node()
        if not 0 <= index < self.nodes(subgraph):
            return None
        lib.pipit_model_node(self.handle, subgraph, index, ctypes.byref(node))
        return Node(c.decoded(node.op), node.inputs[:node.input_count],
                    node.outputs[:node.output_count], node.code == _CUSTOM)

    def all_nodes(self) -> typing.Iterator[tuple[int, Node]]:
        """(position, node) of each subgraph's."""
        for subgraph in range(self.subgraphs()):
            for i in range(self.nodes(subgraph)):
                node = self.node(i, subgraph)
                if node is not None:
                    yield i, node

    def may_keep_state(self) -> bool:
        """Whether an operator may remember what it computed before, beyond variables."""
        return any(node.custom or node.op.startswith(("RANDOM_", "MULTINOMIAL"))
                   for _, node in self.all_nodes())

    def versions(self) -> dict[str, int]:
        """{operator: version} of all nodes."""
        found: dict[str, int] = {}
        node = c.Node()
        for subgraph in range(self.subgraphs()):
            for i in range(self.nodes(subgraph)):
                lib.pipit_model_node(self.handle, subgraph, i, ctypes.byref(node))
                found[c.decoded(node.op)] = node.version
        return found

    def signatures(self) -> dict[str, Signature]:
        """{key: signature}"""
        found = map(self.signature, range(lib.pipit_model_signatures(self.handle)))
        return {signature.key: signature for signature in found}

    def signature(self, number: int) -> Signature:
        s = c.Signature()
        lib.pipit_model_signature(self.handle, number, ctypes.byref(s))
        return Signature(c.decoded(s.key), number, s.subgraph,
                         self._names(lib.pipit_model_signature_input, number, s.inputs),
                         self._names(lib.pipit_model_signature_output, number, s.outputs))

    def _names(self, function: typing.Any, number: int, count: int) -> dict[str, int]:
        names = {}
        for i in range(count):
            name, tensor = ctypes.c_char_p(), ctypes.c_int32()
            function(self.handle, number, i, ctypes.byref(name), ctypes.byref(tensor))
            names[c.decoded(name.value)] = tensor.value
        return dict(sorted(names.items()))

    def metadata(self) -> dict[str, bytes]:
        """{name: bytes} of what tools have written beside the model."""
        found = {}
        for i in range(lib.pipit_model_metadata_count(self.handle)):
            name, data, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
            lib.pipit_model_metadata(self.handle, i, ctypes.byref(name), ctypes.byref(data),
                                     ctypes.byref(size))
            found[c.decoded(name.value)] = ctypes.string_at(data, size.value) if size.value else b""
        return found
