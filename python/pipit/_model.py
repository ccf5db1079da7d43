# SPDX-License-Identifier: Apache-2.0
"""A checked model file, and what it says of itself."""

import ctypes
import os

from . import _library as c
from ._library import lib

_ALIGN = 16


def aligned(size, to=_ALIGN):
    """A zeroed buffer of ctypes, and the address in it that is a multiple of `to`."""
    buffer = ctypes.create_string_buffer(size + to)
    return buffer, -(-ctypes.addressof(buffer) // to) * to


def _numbers(address, count, size):
    kind = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_int32}[size]
    return list((kind * count).from_address(address)) if count else []


class Model:
    """The bytes of a `.tflite` file; `handle` is the C interface's."""

    def __init__(self, path=None, content=None):
        size = lib.pipit_model_bytes()
        self._memory, where = aligned(size)
        self._content = content
        handle, why = ctypes.c_void_p(), c.Message()
        if path is not None:
            code = lib.pipit_model_init_file(
                where, size, os.fsencode(path), ctypes.byref(handle), ctypes.byref(why))
        else:
            code = lib.pipit_model_init(
                where, size, self._address(content), len(content), ctypes.byref(handle),
                ctypes.byref(why))
        if code == c.NO_FILE:
            raise ValueError("Could not open '%s': %s" % (os.fsdecode(path), why.text))
        if code == c.UNSUPPORTED:
            raise ValueError(why.text)
        if code != c.OK:
            raise ValueError("The model is not a valid Flatbuffer buffer: %s" % why.text)
        self.handle = handle

    def _address(self, content):
        address = ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value
        if address % _ALIGN == 0:
            return address
        self._content, address = aligned(len(content))
        ctypes.memmove(address, content, len(content))
        return address

    def __del__(self):
        if getattr(self, "handle", None) is not None:
            lib.pipit_model_release(self.handle)

    def subgraphs(self):
        return lib.pipit_model_subgraphs(self.handle)

    def tensors(self, subgraph):
        """How many; -1 when there is no such subgraph."""
        return lib.pipit_model_tensors(self.handle, subgraph)

    def tensor(self, subgraph, index):
        tensor = c.Tensor()
        lib.pipit_model_tensor(self.handle, subgraph, index, ctypes.byref(tensor))
        return tensor

    def sparsity(self, subgraph, index):
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

    def inputs(self, subgraph=0):
        return self._list(lib.pipit_model_inputs, subgraph)

    def outputs(self, subgraph=0):
        return self._list(lib.pipit_model_outputs, subgraph)

    def _list(self, function, subgraph):
        indices = ctypes.POINTER(ctypes.c_int32)()
        count = function(self.handle, subgraph, ctypes.byref(indices))
        return indices[:count]

    def nodes(self):
        return lib.pipit_model_nodes(self.handle, 0)

    def node(self, index):
        """(operator, inputs, outputs) of a node of subgraph 0, or None."""
        node = c.Node()
        if lib.pipit_model_node(self.handle, 0, index, ctypes.byref(node)) != c.OK:
            return None
        return (c.decoded(node.op), node.inputs[:node.input_count], node.outputs[:node.output_count])

    def versions(self):
        """{operator: version} of all nodes."""
        found, node = {}, c.Node()
        for subgraph in range(self.subgraphs()):
            for i in range(lib.pipit_model_nodes(self.handle, subgraph)):
                lib.pipit_model_node(self.handle, subgraph, i, ctypes.byref(node))
                found[c.decoded(node.op)] = node.version
        return found

    def signatures(self):
        """{key: (number, subgraph, {input name: tensor}, {output name: tensor})}"""
        found = {}
        for number in range(lib.pipit_model_signatures(self.handle)):
            s = c.Signature()
            lib.pipit_model_signature(self.handle, number, ctypes.byref(s))
            found[c.decoded(s.key)] = (
                number, s.subgraph,
                self._names(lib.pipit_model_signature_input, number, s.inputs),
                self._names(lib.pipit_model_signature_output, number, s.outputs))
        return found

    def _names(self, function, number, count):
        names = {}
        for i in range(count):
            name, tensor = ctypes.c_char_p(), ctypes.c_int32()
            function(self.handle, number, i, ctypes.byref(name), ctypes.byref(tensor))
            names[c.decoded(name.value)] = tensor.value
        return dict(sorted(names.items()))
